//! The forms of a service: what was typed, as a specification for a new one or as the members of one that changes.

use domain::catalogue::{Catalogue, OnFailure, Service, SigningKind};
use domain::profile::{PayloadForm, ProfileKind};
use domain::time::{parse_span, show_span};
use serde_json::{Map, Value, json};

use super::words;
use crate::pages::filled::{Filled, Wrong};
use crate::pages::parts::{Control, Field};
use crate::resources::{EventSpec, ServiceSpec, WorkerConfig};

/// An event that a service may hear of.
pub struct EventBox {
    pub kind: String,
    pub told: &'static str,
    pub ticked: bool,
    /// Whether its figures are shown: those of an existing service.
    pub blocks: &'static str,
    pub deadline: String,
}

/// A form's fields, filled in.
pub struct ServiceForm {
    pub kind: ProfileKind,
    /// Whether it changes a service that is there.
    pub changes: bool,
    pub fields: Vec<Field>,
    pub events: Vec<EventBox>,
    /// Other types of event.
    pub others: Field,
    /// What is rarely set.
    pub rare: Vec<Field>,
    /// Whether one of those is wrong, so that they are to be seen.
    pub rare_open: bool,
    pub active: bool,
    pub require_coverage: bool,
    /// What is wrong with none of the fields.
    pub wrong: Option<String>,
}

/// The members that have a field, by the profile.
const FIELDS: &[&str] = &[
    "name",
    "config",
    "url",
    "headers",
    "secret",
    "payload",
    "signing",
    "events",
    "on_failure",
    "allow_networks",
    "concurrency",
    "timeout",
    "plugin_token",
];

const BLOCKS: [(&str, &str); 3] = [("", "As usual"), ("yes", "Verdicts wait for it"), ("no", "Verdicts do not wait")];

const EXAMPLE: &str =
    "{\n  \"type\": \"web\",\n  \"version\": 1,\n  \"url\": \"https://worker.example/process\",\n  \"headers\": {}\n}";

/// The profile that an address names: `worker`.
pub fn kind(word: &str) -> Option<ProfileKind> {
    ProfileKind::ALL.iter().copied().find(|kind| kind.word() == word)
}

/// What is typed into the form of a new service before anybody has typed anything.
pub fn blank(kind: ProfileKind) -> Filled {
    let config = if kind == ProfileKind::Worker { EXAMPLE } else { "" };
    Filled::of([("active", "yes".to_owned()), ("config", config.to_owned())])
}

/// A service as it would be typed.
pub fn typed_of(service: &Service) -> Filled {
    let words = |all: &[String]| all.join(", ");
    let mut pairs = vec![
        ("url", service.url.clone()),
        ("payload", service.form.word().to_owned()),
        ("signing", service.signs.word().to_owned()),
        ("on_failure", service.on_failure.word().to_owned()),
        ("allow_networks", words(&service.allow_networks)),
        ("concurrency", service.concurrency.to_string()),
        ("timeout", show_span(service.attempt)),
    ];
    pairs.extend(service.active.then(|| ("active", "yes".to_owned())));
    pairs.extend(service.require_coverage.then(|| ("require_coverage", "yes".to_owned())));
    let mut typed = Filled::of(pairs);
    for heard in &service.subscriptions {
        if heard.active {
            typed.add("event", &heard.event);
        }
        let blocks = heard.blocks.map_or("", |blocks| if blocks { "yes" } else { "no" });
        typed.add(&format!("blocks {}", heard.event), blocks);
        typed.add(&format!("deadline {}", heard.event), &heard.deadline.map(show_span).unwrap_or_default());
    }
    typed
}

/// The form, with what was typed and what is wrong with it.
pub fn form(
    kind: ProfileKind,
    before: Option<&Service>,
    catalogue: &Catalogue,
    typed: &Filled,
    wrong: &Wrong,
) -> ServiceForm {
    let rare = rare(kind, before, typed, wrong);
    ServiceForm {
        kind,
        changes: before.is_some(),
        fields: fields(kind, before, typed, wrong),
        events: events(kind, before, catalogue, typed),
        others: Field::line("others", "Other types of event")
            .hint("Parted by commas. A star at the end takes every type that begins so: github.*")
            .value(typed.one("others"))
            .wrong(wrong.at(&["events"])),
        rare_open: rare.iter().any(|field| field.wrong.is_some()),
        rare,
        active: typed.has("active", "yes"),
        require_coverage: typed.has("require_coverage", "yes"),
        wrong: wrong.beside(FIELDS),
    }
}

fn fields(kind: ProfileKind, before: Option<&Service>, typed: &Filled, wrong: &Wrong) -> Vec<Field> {
    let filled = |field: Field| {
        let (value, wrong) = (typed.one(field.name).to_owned(), wrong.at(&[field.name]));
        field.value(value).wrong(wrong)
    };
    let mut fields = Vec::new();
    if before.is_none() {
        let name = Field::line("name", "Name").required();
        fields.push(filled(name.hint("What results, rules and verdicts call it. It stays as it is.")));
    }
    if kind == ProfileKind::Worker {
        let hint = if before.is_some() {
            "The address and the headers as JSON. Empty: they stay as they are; headers are never shown again."
        } else {
            "The address that messages are posted to, and headers that are sent along, as JSON."
        };
        let config = Field::line("config", "Configuration").control(Control::Code).hint(hint);
        fields.push(config.value(typed.one("config")).wrong(wrong.at(&["config", "url", "headers"])));
        return fields;
    }
    fields.push(filled(
        Field::line("url", "URL").control(Control::Line("url")).hint("Where events are posted.").required(),
    ));
    if kind == ProfileKind::Scanner {
        let hint = if before.is_some() {
            "The secret that both sides know. Empty: it stays as it is."
        } else {
            "The secret that both sides know; every call is signed with it. It is never shown again."
        };
        let key = Field::line("secret", "API key").control(Control::Secret).hint(hint).autocomplete("new-password");
        fields.push(filled(if before.is_none() { key.required() } else { key }));
        let forms =
            [("basic", "Basic: the file alone"), ("full", "Full: the add-on, its version, and where results go")];
        fields.push(filled(choice("payload", "Payload", &forms)));
    } else {
        let forms = [("v1", "A shared secret (v1)"), ("v1a", "Ed25519, so that the service holds no secret (v1a)")];
        fields.push(filled(choice("signing", "Signed with", &forms)));
    }
    fields
}

fn rare(kind: ProfileKind, before: Option<&Service>, typed: &Filled, wrong: &Wrong) -> Vec<Field> {
    let on_failure: Vec<(&str, &str)> =
        [OnFailure::Hold, OnFailure::Closed, OnFailure::Open].map(|what| (what.word(), words::on_failure(what))).into();
    let token = if before.is_some_and(|service| service.plugin_token.is_some()) {
        "It carries one. Empty: it stays."
    } else {
        "Only where it runs with a license."
    };
    let mut fields = vec![choice("on_failure", "When it gives no usable answer in time", &on_failure)];
    if kind == ProfileKind::Worker {
        // No verdict waits for a worker.
        fields.clear();
    }
    fields.extend([
        Field::line("allow_networks", "Networks that it may be in").hint(
            "Public addresses always work. Others are named here, with a port where one will do: 10.0.0.0/8:8080",
        ),
        Field::line("concurrency", "Calls at once, at most").hint("Empty: 64."),
        Field::line("timeout", "Time of one call").hint("As in 60s or 2m. Empty: 60s."),
        Field::line("plugin_token", "License token").control(Control::Code).hint(token),
    ]);
    let filled = |field: Field| {
        let (value, wrong) = (typed.one(field.name).to_owned(), wrong.at(&[field.name]));
        field.value(value).wrong(wrong)
    };
    fields.into_iter().map(filled).collect()
}

fn choice(name: &'static str, label: &'static str, choices: &[(&str, &str)]) -> Field {
    let choices = choices.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned()));
    Field::line(name, label).control(Control::Choice(choices.collect()))
}

fn events(kind: ProfileKind, before: Option<&Service>, catalogue: &Catalogue, typed: &Filled) -> Vec<EventBox> {
    let mut kinds = words::offered(kind, catalogue);
    let known = before.into_iter().flat_map(|service| &service.subscriptions).map(|heard| heard.event.clone());
    for event in known {
        if !kinds.contains(&event) {
            kinds.push(event);
        }
    }
    let event_box = |kind: String| EventBox {
        told: words::event(&kind),
        ticked: typed.has("event", &kind),
        blocks: BLOCKS
            .iter()
            .map(|(value, _)| *value)
            .find(|value| typed.one(&of("blocks", &kind)) == *value)
            .unwrap_or(""),
        deadline: typed.one(&of("deadline", &kind)).to_owned(),
        kind,
    };
    kinds.into_iter().map(event_box).collect()
}

fn of(figure: &str, kind: &str) -> String {
    format!("{figure} {kind}")
}

impl EventBox {
    /// The choices of whether verdicts wait.
    pub fn waits(&self) -> [(&'static str, &'static str); 3] {
        BLOCKS
    }
}

/// A new service as it was typed.
///
/// # Errors
/// What does not read, with the field that it stands in.
pub fn new_spec(kind: ProfileKind, typed: &Filled) -> Result<ServiceSpec, Wrong> {
    let text = |name: &str| typed.some(name).map(str::to_owned);
    Ok(ServiceSpec {
        name: typed.one("name").to_owned(),
        profile: kind,
        payload: PayloadForm::from_word(typed.one("payload")).unwrap_or(PayloadForm::Basic),
        url: typed.one("url").to_owned(),
        headers: [].into(),
        config: if kind == ProfileKind::Worker { Some(config(typed)?) } else { None },
        secret: text("secret"),
        plugin_token: text("plugin_token"),
        signing: SigningKind::from_word(typed.one("signing")).unwrap_or(SigningKind::V1),
        events: event_specs(None, typed)?,
        on_failure: OnFailure::from_word(typed.one("on_failure")).unwrap_or(OnFailure::Hold),
        require_coverage: typed.has("require_coverage", "yes"),
        concurrency: concurrency(typed)?,
        timeout: text("timeout"),
        allow_networks: typed.words("allow_networks"),
        active: typed.has("active", "yes"),
    })
}

fn config(typed: &Filled) -> Result<WorkerConfig, Wrong> {
    let read = serde_json::from_str::<Value>(typed.one("config"));
    let value =
        read.map_err(|why| Wrong::with("config", format!("expected a JSON object, found other text ({why})")))?;
    if value.is_string() {
        return Err(Wrong::with("config", "expected a JSON object, found a text"));
    }
    WorkerConfig::read(value).map_err(|why| Wrong::with("config", why))
}

fn concurrency(typed: &Filled) -> Result<Option<u32>, Wrong> {
    let read =
        |text: &str| text.parse().map_err(|_| Wrong::with("concurrency", format!("expected a number, found {text:?}")));
    typed.some("concurrency").map(read).transpose()
}

/// The events that were chosen. Those that a service heard of and that are no longer chosen stay, switched off: what came
/// of them names them.
fn event_specs(before: Option<&Service>, typed: &Filled) -> Result<Vec<EventSpec>, Wrong> {
    let mut specs: Vec<EventSpec> = Vec::new();
    let known = before.map(|service| service.subscriptions.as_slice()).unwrap_or_default();
    let chosen = typed.all("event").into_iter().map(str::to_owned).chain(typed.words("others"));
    let chosen: Vec<String> = chosen.collect();
    let off = known.iter().map(|heard| &heard.event).filter(|event| !chosen.contains(event)).cloned();
    for (kind, active) in chosen.iter().map(|kind| (kind.clone(), true)).chain(off.map(|kind| (kind, false))) {
        if specs.iter().any(|spec| spec.r#type == kind) {
            continue;
        }
        let deadline = typed.some(&of("deadline", &kind)).map(parse_span).transpose();
        let deadline = deadline.map_err(|why| Wrong::with("events", format!("{kind}: {why}")))?;
        let blocks = match typed.one(&of("blocks", &kind)) {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let redeliver = known.iter().find(|heard| heard.event == kind).and_then(|heard| heard.redeliver);
        specs.push(EventSpec { r#type: kind, active, blocks, deadline, redeliver });
    }
    Ok(specs)
}

/// The members of a service that were typed otherwise than they stand, as the own API takes them.
///
/// # Errors
/// What does not read, with the field that it stands in.
pub fn changed(before: &Service, typed: &Filled) -> Result<Map<String, Value>, Wrong> {
    let mut members = Map::new();
    let mut set = |name: &str, now: Value, then: Value| {
        if now != then {
            members.insert(name.to_owned(), now);
        }
    };
    let shown = |spec: Vec<EventSpec>| serde_json::to_value(spec).unwrap_or_default();
    let then = before.subscriptions.iter().map(|heard| EventSpec {
        r#type: heard.event.clone(),
        active: heard.active,
        blocks: heard.blocks,
        deadline: heard.deadline,
        redeliver: heard.redeliver,
    });
    let mut now = event_specs(Some(before), typed)?;
    let place = |kind: &str| before.subscriptions.iter().position(|heard| heard.event == kind).unwrap_or(usize::MAX);
    now.sort_by_key(|spec| place(&spec.r#type));
    set("events", shown(now), shown(then.collect()));
    match before.profile {
        ProfileKind::Worker => {}
        ProfileKind::Scanner => {
            set("url", json!(typed.one("url")), json!(before.url));
            set("payload", json!(typed.one("payload")), json!(before.form));
        }
        ProfileKind::Standard => {
            set("url", json!(typed.one("url")), json!(before.url));
            set("signing", json!(typed.one("signing")), json!(before.signs));
        }
    }
    if before.profile != ProfileKind::Worker {
        set("on_failure", json!(typed.one("on_failure")), json!(before.on_failure));
        set("require_coverage", json!(typed.has("require_coverage", "yes")), json!(before.require_coverage));
    }
    set("allow_networks", json!(typed.words("allow_networks")), json!(before.allow_networks));
    set("concurrency", json!(concurrency(typed)?), json!(before.concurrency));
    set("timeout", json!(typed.some("timeout")), json!(show_span(before.attempt)));
    set("active", json!(typed.has("active", "yes")), json!(before.active));
    if before.profile == ProfileKind::Worker && typed.some("config").is_some() {
        config(typed)?;
        members.insert("config".to_owned(), json!(typed.one("config")));
    }
    for secret in ["secret", "plugin_token"] {
        if let Some(text) = typed.some(secret) {
            members.insert(secret.to_owned(), json!(text));
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use domain::catalogue::Subscription;

    use super::super::words::tests::service;
    use super::*;

    fn told(result: Result<impl Sized, Wrong>, members: &[&str]) -> String {
        result.err().and_then(|wrong| wrong.at(members)).unwrap_or_default()
    }

    #[test]
    fn a_worker_is_a_name_and_a_configuration_and_what_is_wrong_stands_beside_it() {
        let spec = |config: &str| {
            let typed = Filled::of([("name", "w".to_owned()), ("config", config.to_owned())]);
            new_spec(ProfileKind::Worker, &typed)
        };
        let good = spec(r#"{"type":"web","version":1,"url":"http://w/","headers":{"X-Key":"k"}}"#);
        assert!(good.is_ok_and(|spec| spec.config.is_some_and(|config| config.headers["X-Key"] == "k")));
        assert!(told(spec("nonsense"), &["config"]).starts_with("Expected a JSON object, found other text"));
        assert_eq!(told(spec("\"{}\""), &["config"]), "Expected a JSON object, found a text.");
        assert!(told(spec(r#"{"type":"web","version":2}"#), &["config"]).contains("found type \"web\" and version 2"));
    }

    #[test]
    fn a_form_that_was_not_touched_changes_nothing() {
        let heard = Subscription {
            event: "github.push".to_owned(),
            active: false,
            blocks: Some(true),
            deadline: Some(std::time::Duration::from_secs(90)),
            redeliver: None,
        };
        let kept = Subscription { event: "during_validation".to_owned(), active: true, ..heard.clone() };
        let before = Service { subscriptions: vec![heard, kept], ..service() };
        let changed = changed(&before, &typed_of(&before)).expect("it reads");
        assert!(changed.is_empty(), "{changed:?}");
    }

    #[test]
    fn only_what_was_typed_otherwise_is_changed_and_an_event_is_switched_off() {
        let heard =
            Subscription { event: "push".to_owned(), active: true, blocks: None, deadline: None, redeliver: None };
        let before = Service { subscriptions: vec![heard], ..service() };
        let typed = Filled::of([
            ("url", "https://other.example/".to_owned()),
            ("payload", "basic".to_owned()),
            ("on_failure", "hold".to_owned()),
            ("concurrency", String::new()),
            ("timeout", "60s".to_owned()),
            ("active", "yes".to_owned()),
            ("event", "during_validation".to_owned()),
            ("deadline during_validation", "2h".to_owned()),
            ("secret", "k".to_owned()),
        ]);
        let changed = changed(&before, &typed).expect("it reads");
        let names: Vec<&str> = changed.keys().map(String::as_str).collect();
        assert_eq!(names, ["concurrency", "events", "secret", "timeout", "url"]);
        assert_eq!(changed["events"][0], json!({"type": "push", "active": false}));
        assert_eq!(changed["events"][1], json!({"type": "during_validation", "active": true, "deadline": "2h"}));
        assert_eq!(changed["concurrency"], Value::Null);
    }

    #[test]
    fn figures_that_do_not_read_are_told_beside_their_field() {
        let typed = |name, value: &str| Filled::of([("event", "a".to_owned()), (name, value.to_owned())]);
        let many = new_spec(ProfileKind::Standard, &typed("concurrency", "many"));
        assert_eq!(told(many, &["concurrency"]), "Expected a number, found \"many\".");
        assert!(
            told(new_spec(ProfileKind::Standard, &typed("deadline a", "soon")), &["events"])
                .starts_with("A: expected a length")
        );
    }

    #[test]
    fn a_form_keeps_what_was_typed_and_never_a_secret() {
        let typed =
            Filled::of([("name", "<b>".to_owned()), ("secret", "hunter2".to_owned()), ("event", "push".to_owned())]);
        let wrong = Wrong::with("url", "expected a url, found none");
        let form = form(ProfileKind::Scanner, None, &Catalogue::default(), &typed, &wrong);
        let html: String = form.fields.iter().map(ToString::to_string).collect();
        assert!(!html.contains("hunter2") && !html.contains("<b>") && html.contains("Expected a url, found none."));
        assert!(form.events.iter().any(|each| each.kind == "push" && each.ticked) && form.wrong.is_none());
    }
}

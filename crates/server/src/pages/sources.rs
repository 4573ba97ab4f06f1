//! Sources: who sends to us, how each fares, and what is to be done at its sender.

use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use domain::catalogue::{Owner, Source};
use domain::event::Receipt;
use domain::{Key, SourceKey, Timestamp};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::StoreError;
use store::row::RowsExt;
use store::table::Rows;
use store::tables::Quarantine;
use verify::provider::{MadeBy, Provider};
use zeroize::Zeroizing;

use super::answer::page;
use super::chrome::{Chrome, done};
use super::parts::{Badge, Control, Facts, Field, Moment, Once, Tone};
use super::quarantine::capital;
use super::visitor::Visitor;
use crate::api::secrets::{self, AddedSecret};
use crate::api::{Params, Segments, View, sources};
use crate::problem::{Problem, ProblemType};
use crate::receive::judge_sample;
use crate::resources::{HandshakeSpec, SecretSpec, SourceSpec, read_value};
use crate::server::{Server, Shared};
use crate::text::{encoded, instant};

/// What stands where a secret is not to be shown.
const HIDDEN: &str = "<the secret>";
/// Receipts and refused requests of the last day that are counted.
const COUNTED_MAX: usize = 2_000;
/// Rows of one reading.
const STEP: usize = 200;
const DAY: Duration = Duration::from_secs(86_400);

/// How a source fares, as far as its requests are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Fares {
    believed: usize,
    refused: usize,
    believed_last: Option<Timestamp>,
    refused_last: Option<Timestamp>,
    /// Why requests were refused: code, how often, and when last; the latest first.
    reasons: Vec<(String, usize, Timestamp)>,
    /// Whether there were more than are counted.
    is_cut: bool,
}

impl Fares {
    fn last(&self) -> Option<Timestamp> {
        self.believed_last.max(self.refused_last)
    }

    fn believe(&mut self, at: Timestamp) {
        self.believed += 1;
        self.believed_last = self.believed_last.max(Some(at));
    }

    fn refuse(&mut self, reason: &str, at: Timestamp) {
        self.refused += 1;
        self.refused_last = self.refused_last.max(Some(at));
        match self.reasons.iter_mut().find(|(known, ..)| known == reason) {
            Some((_, count, last)) => (*count, *last) = (*count + 1, at.max(*last)),
            None => self.reasons.push((reason.to_owned(), 1, at)),
        }
    }

    /// What came in the last day, in words.
    fn told(&self) -> String {
        let least = if self.is_cut { "at least " } else { "" };
        match (self.believed, self.refused) {
            (0, 0) => "no request within the last day".to_owned(),
            (believed, refused) => format!("{least}{believed} believed, {refused} refused within the last day"),
        }
    }
}

/// How the sources fare: one, or each.
fn fares(rows: &mut dyn Rows, of: &[SourceKey], now: Timestamp) -> Result<Vec<Fares>, StoreError> {
    let mut all = vec![Fares::default(); of.len()];
    let place = |source: SourceKey| of.iter().position(|each| *each == source);
    let recent = |at: Timestamp| now.since(at) < DAY;
    let mut below = None;
    let mut counted = 0;
    'receipts: while counted < COUNTED_MAX {
        let found: Vec<Receipt> = rows.page(below, STEP)?;
        let Some(last) = found.last() else { break };
        below = Some(last.key.number());
        for receipt in found {
            if !recent(receipt.at) {
                break 'receipts;
            }
            counted += 1;
            if let Some(place) = place(receipt.source) {
                all[place].believe(receipt.at);
            }
        }
    }
    let is_cut = COUNTED_MAX <= counted;
    let refused: Vec<Quarantine> = rows.page(None, STEP)?;
    for row in refused.iter().filter(|row| recent(row.at)) {
        if let Some(place) = row.source.and_then(place) {
            all[place].refuse(&row.reason, row.at);
        }
    }
    all.iter_mut().for_each(|each| each.is_cut = is_cut);
    Ok(all)
}

/// How a source is doing, in a word and a sentence.
fn state(source: &Source, fares: &Fares, now: Timestamp) -> (Badge, String) {
    let told = |tone, word: &str, text: String| (Badge::new(tone, word), text);
    if !source.active {
        return told(
            Tone::Calm,
            "switched off",
            "Its requests are answered as if there were no such source.".to_owned(),
        );
    }
    if source.handshake.awaits_secret {
        return told(Tone::Wait, "waiting", "It waits for the first request, which brings the secret.".to_owned());
    }
    if source.owner == Owner::Api && !source.secrets.iter().any(|secret| secret.is_in_force(now)) {
        return told(
            Tone::Stop,
            "no secret",
            "None of its secrets counts at present, so nothing is believed.".to_owned(),
        );
    }
    let latest = fares.reasons.iter().max_by_key(|(.., at)| *at);
    match (fares.believed_last, latest) {
        (believed, Some((reason, ..))) if believed < fares.refused_last => {
            told(Tone::Stop, "failing", format!("The last request was refused: {}.", title(reason).to_lowercase()))
        }
        (Some(_), _) => told(Tone::Good, "working", "The last request was believed.".to_owned()),
        (None, _) => told(Tone::Calm, "quiet", "Nothing came within the last day.".to_owned()),
    }
}

/// A reason's code in words.
pub(super) fn title(code: &str) -> &'static str {
    verify::receive::Reason::from_code(code).map_or("Refused", |reason| ProblemType::of_reason(reason).title)
}

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage {
    chrome: Chrome,
    rows: Vec<Line>,
}

struct Line {
    href: String,
    name: String,
    text: String,
    counts: String,
    last: Option<Moment>,
    secrets: String,
    badge: Badge,
}

pub async fn list(State(server): State<Server>, visitor: Visitor) -> Result<Response, Problem> {
    let view = View::of(&server);
    let keys: Vec<SourceKey> = view.catalogue.sources.keys().copied().collect();
    let now = view.now;
    let fares = server.parts.store.read(move |rows| fares(rows, &keys, now)).await?;
    let rows = view.catalogue.sources.values().zip(&fares).map(|(source, fares)| {
        let (badge, text) = state(source, fares, now);
        Line {
            href: format!("/sources/{}", view.id(source.key)),
            name: format!("{}/{}", source.provider, source.name),
            text,
            counts: fares.told(),
            last: last_request(&server, source, fares).map(|at| Moment::new(at, now)),
            secrets: in_force(source, now),
            badge,
        }
    });
    let chrome = Chrome::new(&visitor, "/sources", "Sources");
    Ok(page(StatusCode::OK, &SourcesPage { chrome, rows: rows.collect() }))
}

/// When something came last, be it believed or refused.
fn last_request(server: &Shared, source: &Source, fares: &Fares) -> Option<Timestamp> {
    let used = source.secrets.iter().filter_map(|secret| server.secret_uses.last(source.key, &secret.id)).max();
    fares.last().max(used)
}

fn in_force(source: &Source, now: Timestamp) -> String {
    match source.secrets.iter().filter(|secret| secret.is_in_force(now)).count() {
        0 => "no secret in force".to_owned(),
        1 => "1 secret in force".to_owned(),
        many => format!("{many} secrets in force"),
    }
}

#[derive(Template)]
#[template(path = "source.html")]
struct SourcePage {
    chrome: Chrome,
    id: String,
    name: String,
    is_active: bool,
    /// Whether this page may change it.
    changes: bool,
    is_of_file: bool,
    badge: Badge,
    text: String,
    facts: Facts,
    reasons: Vec<ReasonLine>,
    secrets: Vec<SecretLine>,
    recipe: Option<Recipe>,
    rotation: Vec<Field>,
    sample: Field,
    verdict: Option<Judged>,
}

struct ReasonLine {
    title: &'static str,
    mend: &'static str,
    count: usize,
    last: Moment,
    href: String,
}

struct SecretLine {
    id: String,
    badge: Badge,
    times: String,
    text: String,
}

/// What is to be done at a sender.
struct Recipe {
    title: &'static str,
    docs: &'static str,
    steps: Vec<String>,
}

/// What became of a sample.
struct Judged {
    tone: Tone,
    text: String,
    more: Vec<String>,
}

/// What may be put into the page of a source again.
#[derive(Default)]
struct Typed {
    sample: String,
    sample_wrong: Option<String>,
    verdict: Option<Judged>,
    secret_wrong: Option<String>,
}

pub async fn one(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    shown(&server, &visitor, &id, Typed::default()).await
}

async fn shown(server: &Server, visitor: &Visitor, id: &str, typed: Typed) -> Result<Response, Problem> {
    let view = View::of(server);
    let source = sources::find(server, &view.catalogue, id)?;
    let (key, now) = (source.key, view.now);
    let fares = server.parts.store.read(move |rows| fares(rows, &[key], now)).await?.remove(0);
    let noted = secrets::noted(server, key).await?;
    let (badge, text) = state(source, &fares, now);
    let provider = server.parts.settings.providers.find(&source.provider);
    let wrong = typed.sample_wrong.is_some() || typed.secret_wrong.is_some();
    let name = format!("{}/{}", source.provider, source.name);
    let reasons = fares.reasons.iter().map(|(code, count, last)| ReasonLine {
        title: title(code),
        mend: verify::receive::Reason::from_code(code).map_or("", verify::receive::Reason::mend),
        count: *count,
        last: Moment::new(*last, now),
        href: format!("/quarantine?source={}&reason={}", view.id(key), encoded(code)),
    });
    let source_page = SourcePage {
        chrome: Chrome::new(visitor, "/sources", name.clone()),
        id: view.id(key),
        is_active: source.active,
        changes: visitor.administers() && source.owner == Owner::Api,
        is_of_file: source.owner == Owner::File,
        badge,
        text,
        facts: facts(server, source, &fares, &view),
        reasons: reasons.collect(),
        secrets: secrets::told(server, source, &noted).iter().map(|told| secret_line(told, now)).collect(),
        recipe: provider.map(|provider| recipe(provider, &sources::url(server, provider.name, &source.name), HIDDEN)),
        rotation: rotation(provider, typed.secret_wrong),
        sample: Field::line("sample", "A request as it was sent")
            .control(Control::Code)
            .hint("Its first line, its headers, an empty line, and the body as it is. Nothing of it is kept.")
            .value(typed.sample)
            .wrong(typed.sample_wrong),
        verdict: typed.verdict,
        name,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page(status, &source_page))
}

fn facts(server: &Shared, source: &Source, fares: &Fares, view: &View) -> Facts {
    let last = last_request(server, source, fares);
    Facts::default()
        .and("address", sources::url(server, &source.provider, &source.name))
        .and("last request", last.map_or_else(|| "none within the last day".to_owned(), instant))
        .and("last day", fares.told())
        .and("secrets", in_force(source, view.now))
        .and_some("sender calls", source.public_url.clone())
        .and_some("time limit", source.window_s.map(|seconds| format!("{seconds} s either way")))
        .and_some(
            "rate",
            source.rate.map(|rate| format!("{} requests in {} s from one address", rate.requests, rate.per_s)),
        )
        .and("id", view.id(source.key))
}

fn secret_line(told: &secrets::Told<'_>, now: Timestamp) -> SecretLine {
    let secret = told.secret;
    let badge = match (told.can_go, told.in_force) {
        (true, _) => Badge::new(Tone::Wait, "can go"),
        (false, true) => Badge::new(Tone::Good, "counts"),
        (false, false) => Badge::new(Tone::Calm, "not yet"),
    };
    let times = match (secret.not_before.filter(|from| now < *from), secret.not_after) {
        (None, None) => "counts until it is retired".to_owned(),
        (Some(from), None) => format!("counts from {}", instant(from)),
        (None, Some(until)) if until <= now => format!("counted until {}", instant(until)),
        (None, Some(until)) => format!("counts until {}", instant(until)),
        (Some(from), Some(until)) => format!("counts from {} until {}", instant(from), instant(until)),
    };
    SecretLine { id: secret.id.clone(), badge, times, text: capital(&told.text) }
}

fn recipe(provider: &'static Provider, url: &str, secret: &str) -> Recipe {
    let verify::provider::Recipe { title, docs, .. } = provider.recipe;
    Recipe { title, docs, steps: provider.steps(url, secret) }
}

fn is_ours_to_make(provider: Option<&Provider>) -> bool {
    provider.is_some_and(|provider| provider.recipe.secret == MadeBy::Us)
}

/// The form of a new secret.
fn rotation(provider: Option<&Provider>, wrong: Option<String>) -> Vec<Field> {
    let hint = if is_ours_to_make(provider) {
        "Leave it empty, and one is made for you."
    } else {
        "As the sender shows it, or as you enter it there."
    };
    let keep = [
        ("7d", "for 7 days more"),
        ("1d", "for a day more"),
        ("30d", "for 30 days more"),
        ("", "until they are retired"),
    ];
    let keep = keep.map(|(value, words)| (value.to_owned(), words.to_owned()));
    vec![
        Field::line("secret", "The new secret").control(Control::Secret).hint(hint).wrong(wrong),
        Field::line("keep_old", "The old ones count").control(Control::Choice(keep.to_vec())).value("7d"),
    ]
}

/// A new secret, as its form says it.
#[derive(Deserialize)]
pub struct Rotation {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    keep_old: String,
}

pub async fn rotate(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
    Form(form): Form<Rotation>,
) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let before = sources::find(&server, &catalogue, &id)?;
    let provider = server.parts.settings.providers.find(&before.provider);
    let (secret, is_made) = match (given(&form.secret), provider.and_then(|provider| made(&server, provider))) {
        (Some(secret), _) => (secret, false),
        (None, Some(made)) => (made, true),
        (None, None) => {
            let wrong = Some("Expected the secret that the sender shows, found nothing.".to_owned());
            return shown(&server, &visitor, &id, Typed { secret_wrong: wrong, ..Typed::default() }).await;
        }
    };
    let keep_old = given(&form.keep_old).map(|keep| keep.to_string());
    let added = AddedSecret { id: None, secret: secret.to_string(), not_before: None, not_after: None, keep_old };
    let source = match secrets::add_to(&server, &visitor.name, &id, &added).await {
        Ok(source) => source,
        Err(why) if why.kind.status == 422 => {
            return shown(&server, &visitor, &id, Typed { secret_wrong: Some(why.detail), ..Typed::default() }).await;
        }
        Err(why) => return Err(why),
    };
    if is_made {
        return Ok(once(&server, &visitor, &source, "A new secret", StatusCode::OK, Some(&secret)));
    }
    let notice = "The new secret counts from now on. The old ones stay as long as you said.";
    Ok(done(&format!("/sources/{id}"), notice))
}

/// A secret that goes.
#[derive(Deserialize)]
pub struct Retired {
    secret: String,
}

pub async fn retire(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
    Form(form): Form<Retired>,
) -> Result<Response, Problem> {
    secrets::retire(&server, &visitor.name, &id, &form.secret).await?;
    Ok(done(
        &format!("/sources/{id}"),
        &format!("The secret {:?} is retired: nothing is believed by it any more.", form.secret),
    ))
}

/// Off or on.
#[derive(Deserialize)]
pub struct Switched {
    active: String,
}

pub async fn switch(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
    Form(form): Form<Switched>,
) -> Result<Response, Problem> {
    let active = form.active == "yes";
    let members = Map::from_iter([("active".to_owned(), Value::Bool(active))]);
    sources::amend(&server, &visitor.name, &id, &members).await?;
    let notice = if active { "The source takes requests again." } else { "The source takes no requests any more." };
    Ok(done(&format!("/sources/{id}"), notice))
}

/// A recorded request.
#[derive(Deserialize)]
pub struct Sample {
    #[serde(default)]
    sample: String,
}

/// Says what would become of a sample. Nothing is kept.
pub async fn test(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
    Form(form): Form<Sample>,
) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let source = sources::find(&server, &catalogue, &id)?;
    let mut spec = sources::spec_of(source);
    spec.secrets = sources::opened(source, &server.parts.seal)?;
    let mut typed = Typed { sample: form.sample, ..Typed::default() };
    match judge_sample(&server, &spec, &typed.sample).await {
        Ok(judged) => typed.verdict = Some(verdict(&judged)),
        Err(why) if why.kind.status == 422 => typed.sample_wrong = Some(why.detail),
        Err(why) => return Err(why),
    }
    shown(&server, &visitor, &id, typed).await
}

fn verdict(judged: &Value) -> Judged {
    let text = |name: &str| judged[name].as_str().unwrap_or_default();
    if judged["accepted"] != true {
        let reason = title(text("reason")).to_lowercase();
        let more = vec![capital(text("detail")), capital(text("mend"))];
        return Judged { tone: Tone::Stop, text: format!("It would be refused: {reason}."), more };
    }
    if let Some(status) = judged["handshake"].as_u64() {
        let text = format!("It is a handshake, which would be answered with {status}.");
        return Judged { tone: Tone::Good, text, more: Vec::new() };
    }
    let events = judged["events"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(|event| {
        let kind = event["type"].as_str().unwrap_or_default();
        event["delivery"].as_str().map_or_else(|| kind.to_owned(), |delivery| format!("{kind}, delivery {delivery}"))
    });
    let text = format!("It would be believed, proven by {} with the secret {}.", text("scheme"), text("secret"));
    Judged { tone: Tone::Good, text, more: events.collect() }
}

#[derive(Template)]
#[template(path = "source_new.html")]
struct NewPage {
    chrome: Chrome,
    search: String,
    choices: Vec<Choice>,
    chosen: Option<Chosen>,
}

/// A provider that can be chosen.
struct Choice {
    name: &'static str,
    title: &'static str,
    secret: &'static str,
}

/// The provider that was chosen, and the form of its source.
struct Chosen {
    name: &'static str,
    recipe: Recipe,
    fields: Vec<Field>,
    facts: Vec<(&'static str, String)>,
}

/// A source as its form says it.
#[derive(Default, Deserialize)]
pub struct Made {
    provider: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    secret: String,
}

pub async fn new(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let providers = &server.parts.settings.providers;
    let chosen = params.one("provider").and_then(|name| providers.find(name));
    let search = params.one("q").unwrap_or_default();
    let form = Made { id: "main".to_owned(), ..Made::default() };
    Ok(new_page(&server, &visitor, search, chosen.map(|provider| (provider, &form)), None))
}

fn new_page(
    server: &Shared,
    visitor: &Visitor,
    search: &str,
    chosen: Option<(&'static Provider, &Made)>,
    wrong: Option<Problem>,
) -> Response {
    let providers = &server.parts.settings.providers;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let chosen = chosen.map(|(provider, form)| Chosen {
        name: provider.name,
        recipe: recipe(provider, &sources::url(server, provider.name, "ID"), HIDDEN),
        fields: fields(provider, form, wrong),
        facts: provider.facts(),
    });
    let all = providers.names().filter_map(|name| providers.find(name));
    let choices = all.filter(|provider| matches(provider, search)).map(|provider| Choice {
        name: provider.name,
        title: if provider.recipe.title.is_empty() { provider.name } else { provider.recipe.title },
        secret: match provider.recipe.secret {
            MadeBy::Us => "the secret is made for you",
            MadeBy::Sender => "the sender shows the secret",
            MadeBy::FirstRequest => "the first request brings the secret",
        },
    });
    let new = NewPage {
        chrome: Chrome::new(visitor, "/sources", "New source"),
        search: search.to_owned(),
        choices: choices.collect(),
        chosen,
    };
    page(status, &new)
}

fn matches(provider: &Provider, search: &str) -> bool {
    let search = search.trim().to_lowercase();
    provider.name.contains(&search) || provider.recipe.title.to_lowercase().contains(&search)
}

fn fields(provider: &Provider, form: &Made, wrong: Option<Problem>) -> Vec<Field> {
    let (about_secret, wrong) = wrong.map_or((false, None), |why| (is_about_secret(&why), Some(why.detail)));
    let [id_wrong, secret_wrong] = if about_secret { [None, wrong] } else { [wrong, None] };
    let id = Field::line("id", "Its id in the address")
        .hint("What tells it from other sources of this provider: lower-case letters, digits, dashes.")
        .required()
        .value(form.id.as_str())
        .wrong(id_wrong);
    let secret = |hint| Field::line("secret", "Secret").control(Control::Secret).hint(hint).wrong(secret_wrong.clone());
    match provider.recipe.secret {
        MadeBy::Us => vec![id, secret("Leave it empty, and one is made for you and shown once.")],
        MadeBy::Sender => vec![id, secret("As the sender shows it: the steps beside say where.").required()],
        MadeBy::FirstRequest => vec![id],
    }
}

/// Whether what is wrong is the secret, and not the id.
fn is_about_secret(why: &Problem) -> bool {
    why.member.map_or_else(|| why.detail.contains("secret"), |member| member.starts_with("secret"))
}

pub async fn create(
    State(server): State<Server>,
    visitor: Visitor,
    Form(form): Form<Made>,
) -> Result<Response, Problem> {
    let provider = server.parts.settings.providers.find(&form.provider);
    let provider = provider.ok_or_else(|| Problem::no_such("provider", &form.provider))?;
    let (secret, is_made) = match (given(&form.secret), made(&server, provider)) {
        (Some(secret), _) => (Some(secret), false),
        (None, made) => (made, true),
    };
    let mut spec: SourceSpec = read_value(json!({ "provider": provider.name, "id": form.id.trim() }))?;
    spec.secrets = secret.iter().map(|secret| SecretSpec::Text(secret.to_string())).collect();
    if provider.recipe.secret == MadeBy::FirstRequest && secret.is_none() {
        spec.handshake = Some(HandshakeSpec { awaits_secret: true, ..HandshakeSpec::default() });
    }
    match sources::make(&server, &visitor.name, &spec).await {
        Ok(source) => {
            let shown = secret.filter(|_| is_made);
            Ok(once(
                &server,
                &visitor,
                &source,
                "The source is made",
                StatusCode::CREATED,
                shown.as_deref().map(String::as_str),
            ))
        }
        Err(why) if [409, 422].contains(&why.kind.status) => {
            Ok(new_page(&server, &visitor, "", Some((provider, &form)), Some(why)))
        }
        Err(why) => Err(why),
    }
}

#[derive(Template)]
#[template(path = "source_made.html")]
struct MadePage {
    chrome: Chrome,
    title: &'static str,
    name: String,
    href: String,
    address: String,
    secret: Option<Once>,
    recipe: Option<Recipe>,
}

/// What is shown once: the secret, and what to do with it.
fn once(
    server: &Shared,
    visitor: &Visitor,
    source: &Source,
    title: &'static str,
    status: StatusCode,
    secret: Option<&str>,
) -> Response {
    let provider = server.parts.settings.providers.find(&source.provider);
    let address = sources::url(server, &source.provider, &source.name);
    let made = MadePage {
        chrome: Chrome::new(visitor, "/sources", title),
        title,
        name: format!("{}/{}", source.provider, source.name),
        href: format!("/sources/{}", server.show(source.key)),
        secret: secret.map(|secret| Once {
            id: "secret",
            label: "The secret, which is not shown again",
            value: secret.to_owned(),
        }),
        recipe: provider.map(|provider| recipe(provider, &address, secret.unwrap_or(HIDDEN))),
        address,
    };
    page(status, &made)
}

/// What was typed, if anything was.
fn given(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim();
    (!text.is_empty()).then(|| Zeroizing::new(text.to_owned()))
}

/// A new secret, where it is ours to make.
fn made(server: &Shared, provider: &Provider) -> Option<Zeroizing<String>> {
    let mut random = Zeroizing::new([0; 32]);
    server.parts.random.fill(&mut *random);
    provider.made_secret(&random).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use domain::catalogue::{Handshake, Sealed, SourceMode, SourceSecret};

    use super::*;
    use crate::pages::routes::Needs;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn source() -> Source {
        let secret =
            SourceSecret { id: "s".to_owned(), sealed: Sealed(String::new()), not_before: None, not_after: None };
        Source {
            key: SourceKey(1),
            name: "main".to_owned(),
            provider: "github".to_owned(),
            mode: SourceMode::Modern,
            secrets: vec![secret],
            window_s: None,
            public_url: None,
            subject: None,
            handshake: Handshake::default(),
            rate: None,
            require_https: false,
            active: true,
            owner: Owner::Api,
        }
    }

    fn fares(believed: &[i64], refused: &[(&str, i64)]) -> Fares {
        let mut fares = Fares::default();
        believed.iter().for_each(|at| fares.believe(Timestamp::from_seconds(*at)));
        refused.iter().for_each(|(reason, at)| fares.refuse(reason, Timestamp::from_seconds(*at)));
        fares
    }

    #[test]
    fn a_source_is_told_by_its_last_request() {
        let word = |fares: &Fares| state(&source(), fares, NOW).0.word;
        assert_eq!(word(&fares(&[], &[])), "quiet");
        assert_eq!(word(&fares(&[5], &[("signature-mismatch", 4)])), "working");
        let failing = fares(&[5], &[("missing-header", 6), ("signature-mismatch", 7), ("missing-header", 4)]);
        let (badge, text) = state(&source(), &failing, NOW);
        assert_eq!((badge.tone, failing.refused), (Tone::Stop, 3));
        assert!(text.contains(&title("signature-mismatch").to_lowercase()), "{text}");
        assert_eq!(failing.told(), "1 believed, 3 refused within the last day");
    }

    #[test]
    fn a_source_that_can_believe_nothing_says_why() {
        let none = Fares::default();
        let word = |source: &Source| state(source, &none, NOW).0.word;
        assert_eq!(word(&Source { active: false, ..source() }), "switched off");
        assert_eq!(word(&Source { secrets: Vec::new(), ..source() }), "no secret");
        let awaits = Handshake { awaits_secret: true, ..Handshake::default() };
        assert_eq!(word(&Source { secrets: Vec::new(), handshake: awaits, ..source() }), "waiting");
    }

    #[test]
    fn every_change_of_sources_and_of_the_quarantine_needs_an_administrator() {
        let ours = |path: &str| path.starts_with("/sources") || path.starts_with("/quarantine");
        let changes =
            super::super::routes::routes().into_iter().filter(|route| ours(route.path) && route.method == "POST");
        let needs: Vec<Needs> = changes.map(|route| route.needs).collect();
        assert_eq!(needs, vec![Needs::Administer; 7]);
    }

    #[test]
    fn a_sample_s_verdict_is_one_sentence() {
        let refused =
            verdict(&json!({ "accepted": false, "reason": "signature-mismatch", "detail": "d", "mend": "m" }));
        assert_eq!((refused.tone, refused.more), (Tone::Stop, vec!["D.".to_owned(), "M.".to_owned()]));
        let events = json!([{ "type": "github.push", "delivery": "1" }]);
        let believed = verdict(&json!({ "accepted": true, "scheme": "hmac-sha256", "secret": "s", "events": events }));
        assert_eq!(believed.more, ["github.push, delivery 1"]);
        assert!(verdict(&json!({ "accepted": true, "handshake": 200 })).text.contains("200"));
    }
}

//! One source: how it stands, its recipe, and what an administrator does with it.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::catalogue::{Owner, Source};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use verify::provider::{MadeBy, Provider};

use super::HIDDEN;
use super::fares::{Fares, fares, in_force, last_request, state, title};
use super::make::{given, made, once};
use crate::api::secrets::{self, AddedSecret};
use crate::api::{Segments, View, sources};
use crate::pages::answer::page;
use crate::pages::chrome::{Chrome, done};
use crate::pages::parts::{Badge, Control, Facts, Field, Moment, Tone};
use crate::pages::quarantine::capital;
use crate::pages::visitor::Visitor;
use crate::problem::Problem;
use crate::receive::judge_sample;
use crate::server::{Server, Shared};
use crate::text::{encoded, instant};

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
pub(super) struct Recipe {
    pub title: &'static str,
    pub docs: &'static str,
    pub steps: Vec<String>,
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

pub(super) fn recipe(provider: &'static Provider, url: &str, secret: &str) -> Recipe {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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

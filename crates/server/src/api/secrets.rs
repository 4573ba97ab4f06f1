//! A source's secrets while they change: a new one beside the old one, and when the old one can go.

use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};
use domain::catalogue::{Source, SourceSecret};
use domain::time::parse_span;
use domain::{SourceKey, Timestamp};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::change::Listed;
use store::row::RowsExt;
use store::table::{Find, Value as Cell};
use store::tables::{SECRET_USE_SOURCE, SecretUse};

use super::auth::Caller;
use super::change::{Changed, change, writable};
use super::extract::{Segments, Strict};
use super::sources::{find, opened, show, spec_of};
use crate::problem::Problem;
use crate::resources::{self, SecretSpec, settle_source};
use crate::server::{Server, Shared};

/// How long a secret must have been silent, while another one matched, before it can go: senders have quiet days.
const SETTLED: Duration = Duration::from_secs(24 * 3600);

/// A secret that is added. Without `Debug`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedSecret {
    pub(crate) id: Option<String>,
    pub(crate) secret: String,
    pub(crate) not_before: Option<String>,
    pub(crate) not_after: Option<String>,
    pub(crate) keep_old: Option<String>,
}

/// When a secret matched last.
pub type Uses = Vec<(String, Timestamp)>;

/// Adds a secret in front of the others, and ends those after a while if that is asked for.
pub async fn add(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(added): Strict<AddedSecret>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let source = add_to(&server, &caller.name, &id, &added).await?;
    Ok((StatusCode::CREATED, Json(show(&server, &source, &Vec::new()))))
}

/// Likewise: the source then.
pub(crate) async fn add_to(server: &Shared, who: &str, id: &str, added: &AddedSecret) -> Result<Source, Problem> {
    let keep_old = added.keep_old.as_deref().map(parse_span).transpose();
    let keep_old = keep_old.map_err(|why| Problem::invalid(format!("keep_old: {why}")))?;
    let now = server.now();
    let made = change(server, who, |catalogue, _| {
        let parts = &server.parts;
        let before = find(server, catalogue, id)?;
        writable(before.owner, "source", &before.name)?;
        let AddedSecret { id, secret, not_before, not_after, .. } = added;
        let (id, secret) = (id.clone(), secret.clone());
        let new = SecretSpec::Named { id, secret, not_before: not_before.clone(), not_after: not_after.clone() };
        let mut spec = spec_of(before);
        spec.secrets = std::iter::once(new).chain(opened(before, &parts.seal)?).collect();
        let fresh =
            resources::source(&spec, before.key, before.owner, &parts.seal, &*parts.random, &parts.settings.providers)?;
        let mut source = settle_source(fresh, before, &parts.seal);
        source.handshake.clone_from(&before.handshake);
        if let (Some(span), [new, old @ ..]) = (keep_old, source.secrets.as_mut_slice()) {
            end(old, new.not_before.unwrap_or(now).max(now).after(span));
        }
        let made = source.secrets.first().map(|secret| secret.id.clone()).unwrap_or_default();
        let what = format!("added the secret {made:?} to the source {}/{}", source.provider, source.name);
        Ok(Changed { entries: vec![source.entry()], what, answer: source })
    });
    made.await
}

/// Lets secrets count until then, unless they end earlier.
fn end(secrets: &mut [SourceSecret], at: Timestamp) {
    for secret in secrets {
        secret.not_after = Some(secret.not_after.map_or(at, |until| until.min(at)));
    }
}

/// Removes a secret.
pub async fn remove(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments((id, secret)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    retire(&server, &caller.name, &id, &secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Likewise.
pub(crate) async fn retire(server: &Shared, who: &str, id: &str, secret: &str) -> Result<(), Problem> {
    let now = server.now();
    change(server, who, |catalogue, _| {
        let before = find(server, catalogue, id)?;
        writable(before.owner, "source", &before.name)?;
        let mut source = before.clone();
        source.secrets.retain(|each| each.id != secret);
        if source.secrets.len() == before.secrets.len() {
            return Err(Problem::no_such("secret of this source", secret));
        }
        if !source.secrets.iter().any(|each| each.is_in_force(now)) {
            let detail = "no secret would be left that counts at present: add the new one first, or remove the source";
            return Err(Problem::new(&crate::problem::CONFLICT, detail));
        }
        let what = format!("removed the secret {secret:?} of the source {}/{}", source.provider, source.name);
        Ok(Changed { entries: vec![source.entry()], what, answer: () })
    })
    .await
}

/// When a source's secrets matched last, as it was written down.
pub async fn noted(server: &Shared, source: SourceKey) -> Result<Uses, Problem> {
    let find = Find::equal(&SECRET_USE_SOURCE, vec![Cell::Int(source.0)]);
    let rows = server.parts.store.read(move |rows| rows.all::<SecretUse>(&find)).await?;
    Ok(rows.into_iter().map(|row| (row.secret, row.at)).collect())
}

/// A source's secrets: their ids and times, and when the old ones can go. Never the secrets.
pub fn shown(server: &Shared, source: &Source, noted: &Uses) -> Value {
    let secrets = told(server, source, noted).into_iter().map(|told| {
        json!({
            "id": told.secret.id,
            "in_force": told.in_force,
            "not_before": told.secret.not_before.map(Timestamp::rfc3339_seconds),
            "not_after": told.secret.not_after.map(Timestamp::rfc3339_seconds),
            "last_matched": told.last.map(Timestamp::rfc3339_seconds),
            "can_go": told.can_go,
            "text": told.text,
        })
    });
    Value::Array(secrets.collect())
}

/// What is said of a secret.
pub(crate) struct Told<'s> {
    pub secret: &'s SourceSecret,
    pub in_force: bool,
    /// When it matched last.
    pub last: Option<Timestamp>,
    /// Whether it is of no use any more.
    pub can_go: bool,
    pub text: String,
}

/// What is to be said of each of a source's secrets.
pub(crate) fn told<'s>(server: &Shared, source: &'s Source, noted: &Uses) -> Vec<Told<'s>> {
    let last = |secret: &SourceSecret| {
        let noted = noted.iter().find(|(id, _)| *id == secret.id).map(|(_, at)| *at);
        noted.max(server.secret_uses.last(source.key, &secret.id))
    };
    let seen: Vec<_> = source.secrets.iter().map(|secret| Seen { secret, last: last(secret) }).collect();
    let now = server.now();
    let all = seen.iter().enumerate().map(|(place, each)| {
        let Advice { can_go, text } = advice(&seen, place, now);
        Told { secret: each.secret, in_force: each.secret.is_in_force(now), last: each.last, can_go, text }
    });
    all.collect()
}

/// A secret, and when it matched last.
#[derive(Clone, Copy)]
struct Seen<'s> {
    secret: &'s SourceSecret,
    last: Option<Timestamp>,
}

/// Whether a secret can go, and why.
#[derive(Debug, PartialEq)]
struct Advice {
    can_go: bool,
    text: String,
}

/// What to do with one of the secrets, of which the newest stands first.
fn advice(all: &[Seen<'_>], place: usize, now: Timestamp) -> Advice {
    let Seen { secret, last } = all[place];
    let told = |can_go, text: String| Advice { can_go, text };
    if secret.not_after.is_some_and(|until| until <= now) {
        return told(true, "it counts no more; it can go".to_owned());
    }
    if !secret.is_in_force(now) {
        return told(false, "it does not count yet".to_owned());
    }
    let ago = |at: Timestamp| format!("last matched {} ago", about(now.since(at)));
    let mut others = all.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, seen)| seen);
    let newer = others.find(|other| other.secret.is_in_force(now) && other.last.is_some() && last < other.last);
    match (last, newer) {
        (None, Some(newer)) if place > 0 => {
            told(true, format!("the old secret has not matched, and {:?} has; it can go", newer.secret.id))
        }
        (Some(at), Some(_)) if place > 0 && SETTLED <= now.since(at) => {
            told(true, format!("the old secret {}; it can go", ago(at)))
        }
        (Some(at), Some(_)) if place > 0 => {
            told(false, format!("the old secret {}; it can go once it has not matched for a day", ago(at)))
        }
        (Some(at), None) if place > 0 => {
            told(false, format!("{}, and no newer one has matched since: the sender still uses it", ago(at)))
        }
        (Some(at), _) => told(false, ago(at)),
        (None, _) => told(false, "it has not matched yet".to_owned()),
    }
}

/// A length of time in its largest unit.
fn about(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| *size <= seconds).unwrap_or((1, "second"));
    let count = seconds / size;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use domain::catalogue::Sealed;

    use super::*;

    const DAY_S: i64 = 86_400;

    fn secret(id: &str) -> SourceSecret {
        SourceSecret { id: id.to_owned(), sealed: Sealed(String::new()), not_before: None, not_after: None }
    }

    /// What is said of the new and of the old secret ten days after they were made.
    fn said(new_last_day: Option<i64>, old_last_day: Option<i64>) -> [Advice; 2] {
        let (new, old) = (secret("new"), secret("old"));
        let at = |day: Option<i64>| day.map(|day| Timestamp::from_seconds(day * DAY_S));
        let all = [Seen { secret: &new, last: at(new_last_day) }, Seen { secret: &old, last: at(old_last_day) }];
        [0, 1].map(|place| advice(&all, place, Timestamp::from_seconds(10 * DAY_S)))
    }

    #[test]
    fn an_old_secret_can_go_once_a_new_one_matches_and_it_does_not() {
        let [new, old] = said(Some(9), Some(7));
        assert!(!new.can_go);
        assert_eq!(old, Advice { can_go: true, text: "the old secret last matched 3 days ago; it can go".to_owned() });
        let [_, never] = said(Some(9), None);
        assert!(never.can_go && never.text.contains("has not matched"), "{}", never.text);
    }

    #[test]
    fn an_old_secret_stays_while_its_sender_uses_it() {
        for (new, old) in [(None, Some(1)), (Some(3), Some(5)), (Some(10), Some(10)), (None, None)] {
            let [first, second] = said(new, old);
            assert!(!first.can_go && !second.can_go, "{} {}", first.text, second.text);
        }
        let (new, old) = (secret("new"), secret("old"));
        let now = Timestamp::from_seconds(DAY_S);
        let all =
            [Seen { secret: &new, last: Some(now) }, Seen { secret: &old, last: Some(Timestamp::from_seconds(1)) }];
        assert!(advice(&all, 1, now).text.contains("last matched 23 hours ago; it can go once"));
    }

    #[test]
    fn a_secret_whose_time_is_over_can_go_and_one_whose_time_has_not_come_cannot() {
        let now = Timestamp::from_seconds(10);
        let over = SourceSecret { not_after: Some(now), ..secret("over") };
        let early = SourceSecret { not_before: Some(Timestamp::from_seconds(11)), ..secret("early") };
        let all = [Seen { secret: &over, last: None }, Seen { secret: &early, last: None }];
        assert!(advice(&all, 0, now).can_go);
        assert_eq!(advice(&all, 1, now).text, "it does not count yet");
    }
}

//! Refused requests that are kept: why, what is wrong with each, and trying them again with today's secrets.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use domain::{QuarantineKey, SourceKey};
use http::StatusCode;
use serde::Deserialize;
use store::StoreError;
use store::row::RowsExt;
use store::table::Rows;
use store::tables::Quarantine;
use verify::receive::Reason;

use super::answer::page;
use super::chrome::{Chrome, done};
use super::parts::{Badge, Control, Facts, Field, Moment, Paging, Tone};
use super::sources::title;
use super::visitor::Visitor;
use crate::api::{Params, Segments, View, quarantine};
use crate::problem::Problem;
use crate::receive::{Explained, Held, Tried};
use crate::server::Server;
use crate::text::{encoded, instant};

/// Rows of a page.
const ROWS: usize = 50;
/// Rows of one reading.
const STEP: usize = 100;
/// How much of a body is shown.
const SHOWN_BYTES: usize = 16 * 1024;

/// Which refused requests are to be seen.
#[derive(Clone)]
struct Filter {
    source: Option<SourceKey>,
    reason: Option<Reason>,
    below: Option<i64>,
}

impl Filter {
    fn of(params: &Params, view: &View) -> Result<Self, Problem> {
        let given = |name| params.one(name).filter(|value| !value.is_empty());
        let invalid = |name: &str, why: String| Problem::invalid(format!("{name}: {why}"));
        let source = given("source").map(|id| view.salt.parse::<SourceKey>(id)).transpose();
        let below = given("before").map(|id| view.salt.parse::<QuarantineKey>(id)).transpose();
        let reason = given("reason").map(|code| Reason::from_code(code).ok_or(code)).transpose();
        Ok(Self {
            source: source.map_err(|why| invalid("source", why.to_string()))?,
            reason: reason.map_err(|code| invalid("reason", format!("there is no reason {code:?}")))?,
            below: below.map_err(|why| invalid("before", why.to_string()))?.map(|key| key.0),
        })
    }

    fn takes(&self, row: &Quarantine) -> bool {
        self.source.is_none_or(|source| row.source == Some(source))
            && self.reason.is_none_or(|reason| row.reason == reason.code())
    }

    /// The list with these filters.
    fn href(&self, view: &View, below: Option<QuarantineKey>) -> String {
        let source = self.source.map(|key| ("source", view.id(key)));
        let reason = self.reason.map(|reason| ("reason", reason.code().to_owned()));
        let before = below.map(|key| ("before", view.id(key)));
        let given = [source, reason, before].into_iter().flatten();
        let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
        if pairs.is_empty() { "/quarantine".to_owned() } else { format!("/quarantine?{}", pairs.join("&")) }
    }

    /// The rows that it takes, newest first, and whether there are more.
    fn rows(&self, rows: &mut dyn Rows) -> Result<(Vec<Quarantine>, bool), StoreError> {
        let mut found = Vec::new();
        let mut below = self.below;
        while found.len() <= ROWS {
            let step: Vec<Quarantine> = rows.page(below, STEP)?;
            let Some(last) = step.last() else { break };
            below = Some(last.key.0);
            // Their bodies are not shown here.
            found.extend(step.into_iter().filter(|row| self.takes(row)).map(|row| Quarantine { body: None, ..row }));
        }
        let more = ROWS < found.len();
        found.truncate(ROWS);
        Ok((found, more))
    }
}

#[derive(Template)]
#[template(path = "quarantine.html")]
struct QuarantinePage {
    chrome: Chrome,
    filters: Vec<Field>,
    is_filtered: bool,
    /// The source whose requests can all be tried again.
    all_of: Option<(String, String)>,
    rows: Vec<Line>,
    paging: Paging,
}

struct Line {
    href: String,
    badge: Badge,
    title: String,
    text: String,
    at: Moment,
    from: String,
}

pub async fn list(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let view = View::of(&server);
    let filter = Filter::of(&params, &view)?;
    let asked = filter.clone();
    let (found, more) = server.parts.store.read(move |rows| asked.rows(rows)).await?;
    let older = found.last().filter(|_| more).map(|last| filter.href(&view, Some(last.key)));
    let paging = Paging {
        shown: format!("{} refused requests, newest first", found.len()),
        newest: filter.below.map(|_| filter.href(&view, None)),
        older,
    };
    let named = filter.source.and_then(|key| Some((view.id(key), view.source(key)?)));
    let quarantine = QuarantinePage {
        chrome: Chrome::new(&visitor, "/quarantine", "Quarantine"),
        filters: filters(&filter, &view),
        is_filtered: filter.source.is_some() || filter.reason.is_some(),
        all_of: named.filter(|_| visitor.administers() && !found.is_empty()),
        rows: found.iter().map(|row| line(row, &view)).collect(),
        paging,
    };
    Ok(page(StatusCode::OK, &quarantine))
}

fn filters(filter: &Filter, view: &View) -> Vec<Field> {
    let every = |words: &str| std::iter::once((String::new(), words.to_owned()));
    let sources = view.catalogue.sources.values();
    let sources = sources.map(|source| (view.id(source.key), format!("{}/{}", source.provider, source.name)));
    let reasons = Reason::ALL.into_iter().map(|reason| (reason.code().to_owned(), title(reason.code()).to_owned()));
    vec![
        Field::line("source", "Source")
            .control(Control::Choice(every("every source").chain(sources).collect()))
            .value(filter.source.map(|key| view.id(key)).unwrap_or_default()),
        Field::line("reason", "Why")
            .control(Control::Choice(every("every reason").chain(reasons).collect()))
            .value(filter.reason.map(Reason::code).unwrap_or_default()),
    ]
}

fn line(row: &Quarantine, view: &View) -> Line {
    let from = row.source.and_then(|key| view.source(key));
    let path = row.path.split('?').next().unwrap_or_default();
    Line {
        href: format!("/quarantine/{}", view.id(row.key)),
        badge: Badge::new(Tone::Stop, title(&row.reason)),
        title: from.clone().unwrap_or_else(|| path.to_owned()),
        text: capital(&row.text),
        at: Moment::new(row.at, view.now),
        from: if from.is_some() { path.to_owned() } else { "no source".to_owned() },
    }
}

/// A sentence that begins with a capital and ends with a full stop.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if text.is_empty() || text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[derive(Template)]
#[template(path = "quarantined.html")]
struct OnePage {
    chrome: Chrome,
    id: String,
    title: String,
    lead: String,
    verdict: Verdict,
    facts: Facts,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_text: String,
    source_href: Option<String>,
    /// Why it cannot be tried again, or nothing.
    why_not: Option<String>,
    changes: bool,
}

/// What is said of it today.
struct Verdict {
    tone: Tone,
    text: String,
    mend: String,
}

pub async fn one(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    let row = quarantine::load(&server, &id).await?;
    let view = View::of(&server);
    let source = row.source.and_then(|key| view.source(key));
    let (verdict, why_not) = match Held::of(row.clone(), &server) {
        Ok(held) => {
            let why_not = held.why_not(&server).map(|why| capital(&why.detail));
            (said(&quarantine::explained(&server, held).await?), why_not)
        }
        Err(why) => {
            let text = capital(&why.detail);
            (Verdict { tone: Tone::Calm, text: text.clone(), mend: String::new() }, Some(text))
        }
    };
    let (body, body_text) = shown_body(&row);
    let name = source.clone().unwrap_or_else(|| row.path.clone());
    let one = OnePage {
        chrome: Chrome::new(&visitor, "/quarantine", format!("Refused request to {name}")),
        id: view.id(row.key),
        title: title(&row.reason).to_owned(),
        lead: format!("A request to {name} was refused at {}.", instant(row.at)),
        verdict,
        facts: Facts::default()
            .and("path", row.path.as_str())
            .and("then told", capital(&row.text))
            .and("body", format!("{} bytes, SHA-256 {}", row.body_bytes, verify::hex::encode(&row.digest)))
            .and("id", view.id(row.key)),
        headers: serde_json::from_str(&row.headers).unwrap_or_default(),
        body,
        body_text,
        source_href: row.source.filter(|_| source.is_some()).map(|key| format!("/sources/{}", view.id(key))),
        why_not,
        changes: visitor.administers(),
    };
    Ok(page(StatusCode::OK, &one))
}

fn said(explained: &Explained) -> Verdict {
    let tone = match explained {
        Explained::Believed | Explained::Answered => Tone::Good,
        Explained::Refused(..) => Tone::Stop,
    };
    let likely =
        matches!(explained, Explained::Refused(_, diagnosis) if diagnosis.mistake.is_some() && !diagnosis.certain);
    let text = if likely { format!("probably {}", explained.text()) } else { explained.text().to_owned() };
    Verdict { tone, text: capital(&text), mend: capital(explained.mend()) }
}

/// The body as text, as far as it is shown, and what is to be said of it.
fn shown_body(row: &Quarantine) -> (Option<String>, String) {
    match &row.body {
        None => (None, "Its head was refused, so its body was not read.".to_owned()),
        Some(body) if body.is_empty() => (None, "It had no body.".to_owned()),
        Some(body) => {
            let shown = &body[..body.len().min(SHOWN_BYTES)];
            let is_whole = i64::try_from(shown.len()) == Ok(row.body_bytes);
            let text = if is_whole { String::new() } else { format!("The first {} bytes.", shown.len()) };
            (Some(String::from_utf8_lossy(shown).into_owned()), text)
        }
    }
}

pub async fn retry(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    let held = Held::of(quarantine::load(&server, &id).await?, &server)?;
    Ok(match held.try_again(&server, &visitor.name).await? {
        Tried::Refused(refusal) => {
            done(&format!("/quarantine/{id}"), &format!("It is refused again: {}.", refusal.detail))
        }
        Tried::Recorded(kept) => match kept.event {
            Some(event) => {
                done(&format!("/events/{}", server.show(event)), "The request is believed now, and recorded.")
            }
            None => done("/quarantine", "It had been received since; nothing new was recorded."),
        },
    })
}

/// Whose requests are tried again.
#[derive(Deserialize)]
pub struct All {
    source: String,
}

pub async fn retry_all(
    State(server): State<Server>,
    visitor: Visitor,
    Form(form): Form<All>,
) -> Result<Response, Problem> {
    let source = server.parse::<SourceKey>(&form.source)?;
    let (tried, more) = quarantine::try_all(&server, &visitor.name, source, None).await?;
    let recorded = tried.iter().filter(|(_, tried)| matches!(tried, Ok(Tried::Recorded(_)))).count();
    let refused = tried.iter().filter(|(_, tried)| matches!(tried, Ok(Tried::Refused(_)))).count();
    let notice = told(recorded, refused, tried.len() - recorded - refused, more);
    Ok(done(&format!("/quarantine?source={}", encoded(&form.source)), &notice))
}

fn told(recorded: usize, refused: usize, not_tried: usize, more: bool) -> String {
    let mut parts = vec![format!("{recorded} are believed now"), format!("{refused} are refused again")];
    if not_tried > 0 {
        parts.push(format!("{not_tried} cannot be tried again"));
    }
    let more = if more { " There are more: try again." } else { "" };
    format!("Of the oldest {}, {}.{more}", recorded + refused + not_tried, parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_and_end_as_such() {
        assert_eq!(capital("expected a header"), "Expected a header.");
        assert_eq!(capital("Done."), "Done.");
        assert_eq!(capital(""), "");
    }

    #[test]
    fn what_became_of_all_is_one_sentence() {
        assert_eq!(told(2, 1, 0, false), "Of the oldest 3, 2 are believed now, 1 are refused again.");
        assert!(told(0, 99, 1, true).ends_with("1 cannot be tried again. There are more: try again."));
    }
}

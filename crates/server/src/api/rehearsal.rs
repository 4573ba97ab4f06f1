//! `POST /api/v1/rules/test`: what a rule would have matched among the stored results. Reads, and writes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use domain::rehearsal::{Foreseen, Rehearsal};
use domain::result::ServiceResult;
use domain::rule::Match;
use domain::subject::SubjectName;
use domain::time::micros;
use domain::verdict::VerdictKind;
use domain::{ResultKey, RuleKey, ServiceKey, SubjectKey, Timestamp, profile};
use serde_json::{Map, Value, json};
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{CLEARANCE_SUBJECT, Clearance, MATCH_RESULT};
use store::{StoreError, search};

use super::extract::Strict;
use super::rules;
use super::show::View;
use crate::problem::Problem;
use crate::resources::{self, RuleSpec};
use crate::server::{Server, Shared};
use crate::text::instant;

/// How far back it looks unless told otherwise.
const SINCE: Duration = Duration::from_secs(30 * 86_400);
/// Results that are looked at, at most.
const LOOKED_AT_MAX: usize = 100_000;
/// Bytes of results that are looked at, at most: results may be large.
const LOOKED_AT_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Matching results that are listed, at most.
const LISTED_MAX: usize = 1_000;
/// Results of one reading: few enough to fit into memory at their largest.
const STEP: usize = 32;

pub async fn test(
    State(server): State<Server>,
    Strict(mut members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let span = match members.remove("since") {
        None => SINCE,
        Some(Value::String(text)) => {
            domain::time::parse_span(&text).map_err(|why| Problem::invalid(format!("since: {why}")))?
        }
        Some(_) => return Err(Problem::invalid("since: expected a length of time such as \"30d\"")),
    };
    let spec: RuleSpec = resources::read_value(Value::Object(members))?;
    Ok(Json(rehearse(&server, &spec, span).await?.show(&View::of(&server))))
}

/// What a rule would have matched within the last `span`.
///
/// # Errors
/// When there can be no such rule.
pub(crate) async fn rehearse(server: &Shared, spec: &RuleSpec, span: Duration) -> Result<Rehearsed, Problem> {
    let view = View::of(server);
    // It is never saved, so that any key will do.
    let rule = rules::read(server, &view.catalogue, spec, RuleKey(0))?;
    let search = Arc::new(Looking {
        rehearsal: Rehearsal::new(rule, &view.catalogue),
        since: Timestamp(view.now.0.saturating_sub(micros(span))),
    });
    let mut tally = Tally::default();
    while !tally.over {
        let search = search.clone();
        tally = server.parts.store.read(move |rows| search.step(rows, tally)).await?;
    }
    Ok(Rehearsed { since: search.since, tally })
}

/// What a rule would have matched.
pub(crate) struct Rehearsed {
    since: Timestamp,
    tally: Tally,
}

/// A result that would match.
pub(crate) struct Line {
    pub result: ResultKey,
    pub at: Timestamp,
    pub service: ServiceKey,
    pub subject: Option<(SubjectKey, SubjectName)>,
    pub verdict: Option<VerdictKind>,
    pub late: bool,
    pub foreseen: Foreseen,
}

/// What is looked for, and since when.
struct Looking {
    rehearsal: Rehearsal,
    since: Timestamp,
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    looked_at: usize,
    bytes: usize,
    matched: usize,
    subjects: BTreeSet<SubjectKey>,
    lines: Vec<Line>,
    /// Results whose names no longer read.
    unread: usize,
    /// The last result that was looked at, and its time.
    last: Option<(i64, Timestamp)>,
    /// Whether the limits ended it before the time that was asked for.
    cut_off: bool,
    over: bool,
}

impl Looking {
    /// Looks at the next few results, newest first.
    fn step(&self, rows: &mut dyn Rows, mut tally: Tally) -> Result<Tally, StoreError> {
        let page: Vec<ServiceResult> = rows.page(tally.last.map(|(key, _)| key), STEP)?;
        tally.over = page.len() < STEP;
        for result in page {
            if result.at < self.since {
                tally.over = true;
                break;
            }
            if tally.looked_at >= LOOKED_AT_MAX || tally.bytes >= LOOKED_AT_BYTES_MAX {
                (tally.over, tally.cut_off) = (true, true);
                break;
            }
            tally.looked_at += 1;
            tally.bytes += result.raw.len();
            tally.last = Some((result.key.0, result.at));
            let Some(service) = result.service else { continue };
            if !self.concerned(rows, service, &result, &mut tally)? {
                continue;
            }
            tally.matched += 1;
            tally.subjects.extend(result.subject);
            if tally.lines.len() < LISTED_MAX {
                tally.lines.push(self.line(rows, service, &result)?);
            }
        }
        Ok(tally)
    }

    /// Whether a result names the rule: by its bytes, or where they no longer read, by what rules found in it.
    fn concerned(
        &self,
        rows: &mut dyn Rows,
        service: ServiceKey,
        result: &ServiceResult,
        tally: &mut Tally,
    ) -> Result<bool, StoreError> {
        let known = self.rehearsal.catalogue().services.get(&service);
        if let Some(names) = known.and_then(|known| profile::names(known, result.kind, &result.raw)) {
            return Ok(self.rehearsal.concerns(service, names.iter().map(String::as_str)));
        }
        tally.unread += 1;
        let found: Vec<Match> = rows.all(&Find::equal(&MATCH_RESULT, vec![Cell::Int(result.key.0)]))?;
        Ok(self.rehearsal.concerns(service, found.iter().map(|found| found.name.as_str())))
    }

    fn line(&self, rows: &mut dyn Rows, service: ServiceKey, result: &ServiceResult) -> Result<Line, StoreError> {
        let mut state = match result.subject {
            Some(subject) => search::subject_state(rows, subject)?,
            None => None,
        };
        let verdict = state.as_ref().map(|state| state.subject.verdict);
        if let Some(state) = &mut state {
            // What counts is what a person had done before the result came.
            let of = Find::equal(&CLEARANCE_SUBJECT, vec![Cell::Int(state.subject.key.0)]);
            state.cleared = rows.all::<Clearance>(&of)?.iter().any(|clearance| clearance.at <= result.at);
        }
        let named = result.subject.map(|key| Ok((key, search::subject_name(rows, key)?)));
        let subject = named.transpose()?.and_then(|(key, name)| Some((key, name?)));
        let foreseen = self.rehearsal.foresee(service, state, result.artifact, result.late, result.at);
        Ok(Line { result: result.key, at: result.at, service, subject, verdict, late: result.late, foreseen })
    }
}

impl Line {
    fn show(&self, view: &View) -> Value {
        let subject = self.subject.as_ref().map(|(key, name)| {
            json!({ "id": view.id(*key), "kind": name.kind, "collection": name.collection, "subject": name.id })
        });
        json!({
            "result": view.id(self.result),
            "at": self.at.rfc3339(),
            "service": view.service(self.service),
            "subject": subject,
            "verdict": self.verdict,
            "late": self.late,
            "would": self.foreseen.would,
            "text": self.foreseen.text,
        })
    }
}

impl Rehearsed {
    /// The newest results that would match.
    pub fn lines(&self) -> &[Line] {
        &self.tally.lines
    }

    /// What was found, in a sentence.
    pub fn text(&self) -> String {
        let tally = &self.tally;
        let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let mut text = format!("Looked at {} since {}: ", many(tally.looked_at, "result"), instant(self.since));
        text.push_str(&match tally.matched {
            0 => "none would match".to_owned(),
            matched => format!("{matched} would match, on {}", many(tally.subjects.len(), "subject")),
        });
        if let Some((_, back_to)) = tally.last.filter(|_| tally.cut_off) {
            text.push_str(&format!("; cut off: the older ones, before {}, were not looked at", instant(back_to)));
        }
        if tally.matched > tally.lines.len() {
            text.push_str(&format!("; the newest {} are listed", tally.lines.len()));
        }
        if tally.unread > 0 {
            let unread = many(tally.unread, "result");
            text.push_str(&format!("; in {unread} the names no longer read, so the rules that matched then count"));
        }
        text
    }

    fn show(&self, view: &View) -> Value {
        let tally = &self.tally;
        json!({
            "text": self.text(),
            "since": self.since.rfc3339(),
            "looked_at": tally.looked_at,
            "matched": tally.matched,
            "subjects": tally.subjects.len(),
            "unread": tally.unread,
            "cut_off": tally.cut_off,
            "data": self.lines().iter().map(|line| line.show(view)).collect::<Vec<_>>(),
        })
    }
}

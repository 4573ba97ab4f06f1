//! What has happened to a subject: events, results, what rules found, what people decided. The newest first.

use domain::event::{Event, Provenance, VERDICT};
use domain::expectation::Expectation;
use domain::result::{ResultKind, ServiceResult};
use domain::rule::{Match, MatchState};
use domain::verdict::VerdictKind;
use domain::{SubjectKey, Timestamp};
use store::StoreError;
use store::row::{Row, RowsExt};
use store::table::{Find, Index, Rows, Value as Cell};
use store::tables::{CLEARANCE_SUBJECT, Clearance, EVENT_SUBJECT, MATCH_SUBJECT, RESULT_SUBJECT};

use crate::api::View;
use crate::pages::parts::{Badge, Moment, Tone};
use crate::pages::story::{CONTENT_BYTES_MAX, match_text, sentence};
use crate::text::{clipped, plain};

/// So many steps are shown.
const STEPS_MAX: usize = 100;

/// One thing that happened.
pub struct Step {
    pub at: Moment,
    pub tone: Tone,
    pub title: String,
    /// The event that tells more.
    pub event: Option<String>,
    pub lines: Vec<String>,
}

/// The newest steps, and whether there are older ones.
pub fn read(rows: &mut dyn Rows, view: &View, subject: SubjectKey) -> Result<(Vec<Step>, bool), StoreError> {
    let mut steps: Vec<Step> =
        newest::<Event>(rows, &EVENT_SUBJECT, subject)?.iter().map(|event| of_event(event, view)).collect();
    for result in newest::<ServiceResult>(rows, &RESULT_SUBJECT, subject)? {
        let owed = result.expectation.map_or(Ok(None), |key| rows.load::<Expectation>(key.0))?;
        steps.push(Step { event: owed.map(|owed| view.id(owed.event)), ..of_result(&result, view) });
    }
    steps.extend(newest::<Match>(rows, &MATCH_SUBJECT, subject)?.iter().map(|found| of_match(found, view)));
    steps.extend(
        newest::<Clearance>(rows, &CLEARANCE_SUBJECT, subject)?.into_iter().map(|each| of_clearance(each, view.now)),
    );
    steps.sort_by_key(|step| std::cmp::Reverse(step.at.at));
    let is_cut = steps.len() > STEPS_MAX;
    steps.truncate(STEPS_MAX);
    Ok((steps, is_cut))
}

fn newest<T: Row>(rows: &mut dyn Rows, index: &'static Index, subject: SubjectKey) -> Result<Vec<T>, StoreError> {
    rows.all(&Find::equal(index, vec![Cell::Int(subject.0)]).newest(None).limit(STEPS_MAX + 1))
}

fn of_event(event: &Event, view: &View) -> Step {
    if let Some(verdict) = verdict_of(event) {
        let Badge { tone, word } = Badge::verdict(verdict);
        let lines = reasons_of(event).iter().map(|reason| said_by(reason)).collect();
        return Step { tone, title: format!("The verdict became {word}"), ..step(event.at, lines, view.now) };
    }
    let by = match event.provenance {
        Provenance::Signed(source) => {
            format!("Signed by {}.", view.source(source).unwrap_or("a source that is gone".into()))
        }
        Provenance::Account(account) => {
            format!("Submitted by {}.", view.account(account).unwrap_or("an account that is gone"))
        }
        Provenance::External => "Verified by a forge endpoint.".to_owned(),
        Provenance::Internal => "Made by Countersign itself.".to_owned(),
    };
    let event_id = Some(view.id(event.key));
    Step { title: event.kind.clone(), event: event_id, ..step(event.at, vec![by], view.now) }
}

fn step(at: Timestamp, lines: Vec<String>, now: Timestamp) -> Step {
    Step { at: Moment::new(at, now), tone: Tone::Calm, title: String::new(), event: None, lines }
}

/// The verdict that an event of ours tells.
fn verdict_of(event: &Event) -> Option<VerdictKind> {
    let said = said(event)?;
    said["verdict"].as_str().and_then(VerdictKind::from_word)
}

fn reasons_of(event: &Event) -> Vec<String> {
    let said = said(event).unwrap_or_default();
    let texts = said["reasons"].as_array().into_iter().flatten().filter_map(|reason| reason["text"].as_str());
    texts.map(str::to_owned).collect()
}

fn said(event: &Event) -> Option<serde_json::Value> {
    let is_ours = event.kind == VERDICT && event.provenance == Provenance::Internal;
    is_ours.then(|| serde_json::from_str(event.data.as_deref()?).ok()).flatten()
}

/// What somebody else says, as far as a step has room for it.
fn said_by(text: &str) -> String {
    sentence(&plain(&clipped(text, CONTENT_BYTES_MAX)))
}

fn of_result(result: &ServiceResult, view: &View) -> Step {
    let by = result.service.and_then(|key| view.service(key)).or(result.account.and_then(|key| view.account(key)));
    let by = by.unwrap_or("Somebody");
    let (tone, what) = match result.kind {
        ResultKind::Processed => (Tone::Good, "examined it"),
        ResultKind::Skipped => (Tone::Calm, "found nothing to examine"),
        ResultKind::Rejected => (Tone::Calm, "cannot examine such a subject"),
        ResultKind::Error => (Tone::Stop, "failed"),
        ResultKind::Missing => (Tone::Stop, "gave no answer until its deadline"),
        ResultKind::Pushed => (Tone::Good, "said something of its own accord"),
    };
    let late = result.late.then(|| "It came after the deadline: its rules act, and it satisfies nothing.".to_owned());
    let lines = late.into_iter().chain(result.text.as_deref().map(said_by)).collect();
    Step { tone, title: format!("{by} {what}"), ..step(result.at, lines, view.now) }
}

fn of_match(found: &Match, view: &View) -> Step {
    let tone = match found.state {
        MatchState::Done => Tone::Wait,
        MatchState::Failed | MatchState::Unknown => Tone::Stop,
        MatchState::Planned | MatchState::Started => Tone::Live,
        MatchState::Waiting | MatchState::Superseded | MatchState::Cleared | MatchState::Shadow | MatchState::None => {
            Tone::Calm
        }
    };
    let by = found.service.and_then(|key| view.service(key)).map_or(String::new(), |service| format!(" by {service}"));
    Step {
        tone,
        title: plain(&format!("{} was found{by}", found.name)),
        ..step(found.at, vec![said_by(&format!("{}.", match_text(found)))], view.now)
    }
}

fn of_clearance(clearance: Clearance, now: Timestamp) -> Step {
    let Clearance { by, reason, at, .. } = clearance;
    Step { tone: Tone::Good, title: format!("{by} has dealt with it"), ..step(at, vec![said_by(&reason)], now) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{EventKey, Salt};

    fn view() -> View {
        View { salt: Salt(7), catalogue: std::sync::Arc::default(), now: Timestamp(9) }
    }

    fn event(kind: &str, provenance: Provenance, data: Option<&str>) -> Event {
        Event {
            key: EventKey(1),
            kind: kind.to_owned(),
            at: Timestamp(5),
            receipt: None,
            subject: None,
            artifact: None,
            provenance,
            hops: 0,
            cause: None,
            delivery: None,
            data: data.map(Into::into),
            snapshot: None,
        }
    }

    #[test]
    fn a_change_of_the_verdict_is_told_with_its_reasons() {
        let data = r#"{"verdict": "held", "reasons": [{"text": "a hold is active"}]}"#;
        let step = of_event(&event(VERDICT, Provenance::Internal, Some(data)), &view());
        assert_eq!((step.title.as_str(), step.tone), ("The verdict became held", Tone::Wait));
        assert_eq!(step.lines, ["A hold is active"]);
    }

    #[test]
    fn nobody_else_tells_what_the_verdict_became() {
        let data = Some(r#"{"verdict": "clear"}"#);
        assert_eq!(of_event(&event(VERDICT, Provenance::External, data), &view()).title, VERDICT);
        assert_eq!(of_event(&event(VERDICT, Provenance::Internal, Some("{")), &view()).title, VERDICT);
    }

    #[test]
    fn a_clearance_names_who_and_why() {
        let clearance = Clearance {
            key: domain::ClearanceKey(1),
            subject: SubjectKey(1),
            by: "ada".into(),
            reason: "it is a false alarm".into(),
            at: Timestamp(1),
        };
        let step = of_clearance(clearance, Timestamp(2));
        assert_eq!(
            (step.title.as_str(), &step.lines[..]),
            ("ada has dealt with it", &["It is a false alarm".to_owned()][..])
        );
    }
}

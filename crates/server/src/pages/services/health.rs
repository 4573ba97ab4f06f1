//! How a service is, in one sentence. Pure, but for the reading of its rows.

use std::collections::BTreeMap;

use domain::answer::Answer;
use domain::catalogue::Service;
use domain::gate::{Gate, GateState};
use domain::licensing::Standing;
use domain::run::{Attempt, Run};
use domain::{Key, RunKey, ServiceKey, Timestamp};
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{RUN_DUE, RUN_LEASED};
use store::{StoreError, search};

use crate::pages::filled::sentence;
use crate::pages::parts::{Badge, Tone, span};
use crate::text::instant;

/// So many waiting runs are counted, and no more.
const COUNTED_MAX: usize = 1_000;
/// So many attempts of all services are looked through for the last answer of each.
const ATTEMPTS_MAX: usize = 1_000;
/// Attempts of one reading.
const STEP: usize = 100;

/// What waits for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queue {
    /// How many runs wait; over [`COUNTED_MAX`]: more than that.
    pub waiting: usize,
    /// Since when the oldest of them does.
    pub oldest: Option<Timestamp>,
    /// Calls that are under way.
    pub under_way: usize,
}

/// What a service answered last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    pub at: Timestamp,
    /// The word of its meaning.
    pub answer: String,
    pub status: Option<u16>,
    pub text: Option<String>,
}

/// What the rows say of a service.
#[derive(Debug, Clone)]
pub struct Health {
    pub gate: Gate,
    pub queue: Queue,
    pub last: Option<Last>,
}

/// Reads how some services are.
pub fn read(rows: &mut dyn Rows, services: &[ServiceKey]) -> Result<BTreeMap<ServiceKey, Health>, StoreError> {
    let mut last = last_answers(rows, services)?;
    let under_way: Vec<Run> = rows.all(&Find::equal(&RUN_LEASED, Vec::new()))?;
    let mut read = BTreeMap::new();
    for key in services {
        let due = Find::equal(&RUN_DUE, vec![Cell::Int(key.0)]).limit(COUNTED_MAX + 1);
        let due: Vec<Run> = rows.all(&due)?;
        let queue = Queue {
            waiting: due.len(),
            oldest: due.iter().map(|run| made(run.key)).min(),
            under_way: under_way.iter().filter(|run| run.service == *key).count(),
        };
        read.insert(*key, Health { gate: search::gate(rows, *key)?, queue, last: last.remove(key) });
    }
    Ok(read)
}

/// When a run was made: keys grow with time.
fn made(run: RunKey) -> Timestamp {
    Timestamp((run.number() >> 12).saturating_mul(1_000))
}

/// The newest attempt of each service, as far back as is worth looking.
fn last_answers(rows: &mut dyn Rows, services: &[ServiceKey]) -> Result<BTreeMap<ServiceKey, Last>, StoreError> {
    let (mut found, mut below, mut seen) = (BTreeMap::new(), None, 0);
    while found.len() < services.len() && seen < ATTEMPTS_MAX {
        let page: Vec<Attempt> = rows.page(below, STEP)?;
        seen += STEP;
        below = page.last().map(|attempt| attempt.key.0);
        let is_last_page = page.len() < STEP;
        for attempt in page {
            let Some(run) = rows.load::<Run>(attempt.run.0)? else { continue };
            if services.contains(&run.service) {
                found.entry(run.service).or_insert_with(|| Last::of(attempt));
            }
        }
        if is_last_page {
            break;
        }
    }
    Ok(found)
}

impl Last {
    /// What an attempt brought.
    pub fn of(attempt: Attempt) -> Self {
        Self { at: attempt.ended, answer: attempt.answer, status: attempt.status, text: attempt.text }
    }

    /// It in words: `status 500, failed: the service is down`.
    pub fn text(&self) -> String {
        let status = self.status.map(|status| format!("status {status}, ")).unwrap_or_default();
        let why = self.text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
        format!("{status}{}{why}", self.answer)
    }
}

impl Queue {
    /// What waits, in a sentence.
    pub fn text(&self, now: Timestamp) -> String {
        let waits = match self.waiting {
            0 => "Nothing waits".to_owned(),
            1 => "1 run waits".to_owned(),
            many @ 2..=COUNTED_MAX => format!("{many} runs wait"),
            _ => "More than 1,000 runs wait".to_owned(),
        };
        let age = self.oldest.map(|oldest| match self.waiting {
            1 => format!(", for {}", span(now.since(oldest))),
            2..=COUNTED_MAX => format!(", the oldest for {}", span(now.since(oldest))),
            _ => format!(", the oldest for at least {}", span(now.since(oldest))),
        });
        let calls = match self.under_way {
            0 => String::new(),
            1 => "; 1 call is under way".to_owned(),
            many => format!("; {many} calls are under way"),
        };
        format!("{waits}{}{calls}.", age.unwrap_or_default())
    }
}

/// How a service is: a word, and a sentence.
pub struct Told {
    pub badge: Badge,
    pub text: String,
}

/// Tells how a service is.
pub fn tell(service: &Service, health: &Health, standing: &Standing, now: Timestamp) -> Told {
    let gate = &health.gate;
    let since = clock(gate.since, now);
    let told = |tone, word: &str, text: String| Told { badge: Badge::new(tone, word), text };
    if service.deleted {
        return told(Tone::Calm, "removed", "It was removed, and is not called.".to_owned());
    }
    if !service.active {
        return told(Tone::Calm, "switched off", "It is switched off, and is not called.".to_owned());
    }
    match gate.state {
        GateState::Paused => {
            let by = gate.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            let text = format!("Paused{by} since {since}: it is not called, and its deadlines stand still.");
            told(Tone::Wait, "paused", text)
        }
        GateState::Gone => {
            let text = format!("Gone since {since}: it answered 410, so it is not called until somebody resumes it.");
            told(Tone::Stop, "gone", text)
        }
        GateState::License => {
            let why = match standing {
                Standing::Refused(refusal) => format!(": {}", refusal.text),
                Standing::Free | Standing::Licensed { .. } => String::new(),
            };
            let text = format!("Waits for a license since {since}{why}. Its deadlines stand still.");
            told(Tone::Stop, "no license", text)
        }
        GateState::Breaker => {
            let why = health.last.as_ref().filter(|last| Answer::is_problem(&last.answer));
            let why = why.map(|last| format!(" The last problem: {}", sentence(&last.text()))).unwrap_or_default();
            let text = format!(
                "Failing since {since}: a single call tries it every few seconds, and what waits goes out once it \
                 answers well.{why}"
            );
            told(Tone::Stop, "failing", text)
        }
        GateState::Open => open(health, now),
    }
}

/// How a service is that is being called.
fn open(health: &Health, now: Timestamp) -> Told {
    match &health.last {
        None => {
            Told { badge: Badge::new(Tone::Calm, "not called yet"), text: "It has not been called lately.".to_owned() }
        }
        Some(last) if Answer::is_problem(&last.answer) => Told {
            badge: Badge::new(Tone::Wait, "last call failed"),
            text: format!("The last call failed at {}: {}", clock(last.at, now), sentence(&last.text())),
        },
        Some(last) => Told {
            badge: Badge::new(Tone::Good, "well"),
            text: format!("Well: it last answered at {}, {}.", clock(last.at, now), last.answer),
        },
    }
}

/// An instant to the minute; of today, the time alone.
pub fn clock(at: Timestamp, now: Timestamp) -> String {
    let (text, today) = (instant(at), instant(now));
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) if today.starts_with(day) => format!("{time} UTC"),
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use domain::licensing::Refusal;
    use std::time::Duration;

    use super::*;
    use crate::pages::services::words::tests::service;

    const NOW: Timestamp = Timestamp(1_767_276_000_000_000);

    fn before(minutes: u64) -> Timestamp {
        Timestamp(NOW.0 - domain::time::micros(Duration::from_secs(minutes * 60)))
    }

    fn health(state: GateState, last: Option<&str>) -> Health {
        let gate = Gate::new(ServiceKey(1), before(600)).turned(state, None, before(58));
        let last = last.map(|answer| Last {
            at: before(2),
            answer: answer.to_owned(),
            status: Some(if Answer::is_problem(answer) { 500 } else { 200 }),
            text: Answer::is_problem(answer).then(|| "the disk is full".to_owned()),
        });
        Health { gate, queue: Queue::default(), last }
    }

    fn told(health: &Health) -> String {
        let told = tell(&service(), health, &Standing::Free, NOW);
        format!("{}: {}", told.badge.word, told.text)
    }

    #[test]
    fn a_service_that_is_called_is_as_its_last_answer_says() {
        assert_eq!(told(&health(GateState::Open, None)), "not called yet: It has not been called lately.");
        let well = told(&health(GateState::Open, Some("processed")));
        assert_eq!(well, "well: Well: it last answered at 13:58 UTC, processed.");
        assert_eq!(
            told(&health(GateState::Open, Some("failed"))),
            "last call failed: The last call failed at 13:58 UTC: Status 500, failed: the disk is full."
        );
    }

    #[test]
    fn a_shut_gate_says_since_when_why_and_what_opens_it() {
        let mut paused = health(GateState::Paused, None);
        paused.gate.by = Some("anna".to_owned());
        assert_eq!(
            told(&paused),
            "paused: Paused by anna since 13:02 UTC: it is not called, and its deadlines stand still."
        );
        assert!(told(&health(GateState::Gone, None)).contains("answered 410"));
        let failing = told(&health(GateState::Breaker, Some("failed")));
        assert!(failing.starts_with("failing: Failing since 13:02 UTC") && failing.ends_with("the disk is full."));
        let text = "it ended on Monday".to_owned();
        let refused = Standing::Refused(Refusal { code: "expired", text, until: None });
        let unlicensed = tell(&service(), &health(GateState::License, None), &refused, NOW).text;
        assert_eq!(unlicensed, "Waits for a license since 13:02 UTC: it ended on Monday. Its deadlines stand still.");
    }

    #[test]
    fn what_is_not_called_says_so_whatever_its_gate() {
        let off = Service { active: false, ..service() };
        let word =
            |service: &Service| tell(service, &health(GateState::Breaker, None), &Standing::Free, NOW).badge.word;
        assert_eq!(word(&off), "switched off");
        assert_eq!(word(&Service { deleted: true, ..off }), "removed");
    }

    #[test]
    fn a_queue_says_how_many_wait_and_for_how_long() {
        let told = |waiting, under_way| {
            let oldest = (waiting > 0).then(|| before(3));
            Queue { waiting, oldest, under_way }.text(NOW)
        };
        assert_eq!(told(0, 0), "Nothing waits.");
        assert_eq!(told(1, 0), "1 run waits, for 3 min 0 s.");
        assert_eq!(told(20, 1), "20 runs wait, the oldest for 3 min 0 s; 1 call is under way.");
        assert_eq!(
            told(1_001, 2),
            "More than 1,000 runs wait, the oldest for at least 3 min 0 s; 2 calls are under way."
        );
    }

    #[test]
    fn an_instant_of_another_day_names_it() {
        assert_eq!(clock(before(24 * 60), NOW), "2025-12-31 14:00 UTC");
        assert_eq!(clock(NOW, NOW), "14:00 UTC");
    }
}

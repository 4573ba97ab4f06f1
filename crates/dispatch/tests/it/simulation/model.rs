//! What must be true, worked out from requests and acknowledgements alone. It knows nothing of runs, leases or rows.

use std::collections::{BTreeMap, BTreeSet};

use domain::verdict::VerdictKind;

use super::network::{Mode, Received, finds};

/// An event that was acknowledged.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The id that the answer named.
    pub id: String,
    /// The subject that it is about.
    pub subject: u64,
    /// The services that were registered for it when it was acknowledged.
    pub asked: BTreeSet<String>,
}

/// Everything that the outside knows.
#[derive(Debug, Default)]
pub struct Model {
    /// Acknowledged events by the number in their body.
    pub events: BTreeMap<u64, Acknowledged>,
    /// Events that were sent and never acknowledged: they may or may not have been recorded.
    pub in_doubt: BTreeSet<u64>,
    /// What is known of subjects that an event in doubt may be about.
    pub doubtful_subjects: BTreeSet<u64>,
    /// Subjects on which a person lifted something.
    pub lifted: BTreeSet<u64>,
    /// Call backs that were acknowledged as the conclusion: (service, event).
    pub called_back: BTreeSet<(String, u64)>,
    /// While a service is paused: how many requests it had received when that was acknowledged.
    pub paused: BTreeMap<String, usize>,
}

impl Model {
    /// A repeat must be answered like the first time.
    pub fn acknowledge(&mut self, event: u64, acknowledged: Acknowledged) -> Result<(), String> {
        self.in_doubt.remove(&event);
        if let Some(first) = self.events.get(&event)
            && first.id != acknowledged.id
        {
            return Err(format!("event {event} was recorded twice: {} and {}", first.id, acknowledged.id));
        }
        self.events.entry(event).or_insert(acknowledged);
        Ok(())
    }

    /// What must be true at every moment.
    pub fn always(&self, received: &[Received], verdicts: &BTreeMap<u64, VerdictKind>) -> Result<(), String> {
        ids_are_stable(received)?;
        for (service, before) in &self.paused {
            let since = received.iter().filter(|each| each.service == *service).count() - before;
            if since > 0 {
                return Err(format!("{service} is paused and received {since} requests since"));
            }
        }
        for (subject, verdict) in verdicts {
            if *verdict == VerdictKind::Clear {
                self.may_be_clear(*subject, received)?;
            }
        }
        Ok(())
    }

    /// Nothing is clear while an answer is missing, or with a finding that nobody lifted.
    fn may_be_clear(&self, subject: u64, received: &[Received]) -> Result<(), String> {
        for (event, acknowledged) in self.events.iter().filter(|(_, each)| each.subject == subject) {
            for service in &acknowledged.asked {
                let said = self.said(service, *event, received);
                if !said {
                    return Err(format!("subject {subject} is clear, but {service} has said nothing of event {event}"));
                }
                if finds(service, *event).contains(&"BAD") && !self.lifted.contains(&subject) {
                    return Err(format!("subject {subject} is clear, but {service} found BAD in event {event}"));
                }
            }
        }
        Ok(())
    }

    fn said(&self, service: &str, event: u64, received: &[Received]) -> bool {
        self.called_back.contains(&(service.to_owned(), event))
            || received.iter().any(|each| each.service == service && each.event == event && each.examined)
    }

    /// What must be true once everything is well and much time has passed.
    pub fn finally(
        &self,
        received: &[Received],
        verdicts: &BTreeMap<u64, VerdictKind>,
        programs: &BTreeMap<String, u32>,
    ) -> Result<(), String> {
        self.always(received, verdicts)?;
        for (event, acknowledged) in &self.events {
            for service in &acknowledged.asked {
                let heard = received.iter().any(|each| each.service == *service && each.event == *event);
                if !heard {
                    return Err(format!("event {event} was acknowledged and never reached {service}"));
                }
                self.was_concluded(service, *event, received)?;
            }
        }
        for (input, times) in programs {
            if *times > 1 {
                return Err(format!("a program ran {times} times: {input}"));
            }
        }
        let subjects: BTreeSet<u64> = self.events.values().map(|each| each.subject).collect();
        for subject in subjects {
            let Some(verdict) = verdicts.get(&subject) else {
                return Err(format!("subject {subject} was acknowledged and is not known"));
            };
            self.ends_as_it_must(subject, *verdict, received)?;
        }
        Ok(())
    }

    /// A healthy service is asked until it answers, unless it deferred and forgot.
    fn was_concluded(&self, service: &str, event: u64, received: &[Received]) -> Result<(), String> {
        let of_it = |each: &&Received| each.service == service && each.event == event;
        let deferred = received.iter().filter(of_it).any(|each| matches!(each.mode, Mode::Forgets | Mode::CallsBack));
        if !self.said(service, event, received) && !deferred {
            return Err(format!("{service} is well again and was not asked about event {event} until it answered"));
        }
        Ok(())
    }

    fn ends_as_it_must(&self, subject: u64, verdict: VerdictKind, received: &[Received]) -> Result<(), String> {
        let about = || self.events.iter().filter(|(_, each)| each.subject == subject);
        let pairs = || about().flat_map(|(event, each)| each.asked.iter().map(move |service| (service, *event)));
        let missing = pairs().any(|(service, event)| !self.said(service, event, received));
        let bad = pairs()
            .any(|(service, event)| self.said(service, event, received) && finds(service, event).contains(&"BAD"));
        let lifted = self.lifted.contains(&subject);
        let doubtful = self.doubtful_subjects.contains(&subject);
        let asked = pairs().next().is_some();
        match verdict {
            VerdictKind::Pending if asked => Err(format!("subject {subject} is still pending at the end")),
            VerdictKind::Clear if missing => Err(format!("subject {subject} is clear with a missing answer")),
            VerdictKind::Held if !bad && !missing && !doubtful && !self.may_have_forgotten(subject, received) => {
                Err(format!("subject {subject} is held for nothing"))
            }
            VerdictKind::Clear if bad && !lifted => Err(format!("subject {subject} is clear with a finding")),
            VerdictKind::Blocked => Err(format!("subject {subject} is blocked, and no rule blocks")),
            _ => Ok(()),
        }
    }

    /// Whether a deferral about this subject may have run out before the answer that came later.
    fn may_have_forgotten(&self, subject: u64, received: &[Received]) -> bool {
        let numbers: BTreeSet<u64> =
            self.events.iter().filter(|(_, each)| each.subject == subject).map(|(event, _)| *event).collect();
        received
            .iter()
            .any(|each| numbers.contains(&each.event) && matches!(each.mode, Mode::Forgets | Mode::CallsBack))
    }
}

/// One id stands for one event at one service, through all attempts and lives.
fn ids_are_stable(received: &[Received]) -> Result<(), String> {
    let mut known: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for each in received {
        let meaning = (each.service.as_str(), each.event);
        if *known.entry(&each.webhook_id).or_insert(meaning) != meaning {
            return Err(format!("{} stood for two things", each.webhook_id));
        }
    }
    Ok(())
}

//! One attempt: it reads as one sentence. Prepare, send, read the answer, decide, finish.

use std::time::Duration;

use bytes::Bytes;
use domain::answer::Answer as Meant;
use domain::envelope::{self, Envelope};
use domain::expectation::{Expectation, ExpectationState};
use domain::link::{Link, LinkKind};
use domain::outcome::Outcome;
use domain::profile::{self, Ask, ProfileKind, TellArtifact, ToldArtifact};
use domain::retry::{self, Jitter, NextStep};
use domain::{ServiceKey, Timestamp};
use store::command::{Answer, Claimed, Finish, Step};
use store::row::RowsExt;
use store::table::Rows;
use store::{StoreError, judged, search};

use crate::sender::Call;
use crate::target::Target;
use crate::{Shared, Watched, subscribed};

/// What one attempt says about its service.
#[derive(Debug, Clone)]
pub struct Heard {
    pub service: ServiceKey,
    /// Whether the service spoke its protocol; none: it was not called.
    pub good: Option<bool>,
    /// Whether it says that it is gone for good.
    pub gone: bool,
    /// How long it wants to be left alone.
    pub rest: Option<Duration>,
}

/// The wait before a finish that the store could not take is handed to it again.
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// Kept of an answer that concluded nothing.
const KEPT_BYTES_MAX: usize = 4096;

/// Why a call is not made that its service could not read: what it tells of is larger than its protocol allows.
fn too_large(call: &Call, profile: ProfileKind) -> Option<String> {
    let (found, max) = (call.body.len(), profile::of(profile).body_bytes_max);
    (found > max).then(|| {
        format!(
            "the payload would have {found} bytes, but its protocol allows {max}: \
             make the attributes of the subject or its collection smaller"
        )
    })
}

impl Shared {
    /// Makes one attempt under a lease, and writes down what came of it.
    pub async fn attempt(&self, claimed: &Claimed) -> Heard {
        let service = claimed.run.service;
        let target = match self.targets.of(&self.store.catalogue(), service) {
            Ok(target) => target,
            Err(why) => {
                self.give_up(claimed, why).await;
                return Heard { service, good: None, gone: false, rest: None };
            }
        };
        let started = self.clock.now();
        let call = self.prepare(claimed, &target, started);
        if let Some(why) = too_large(&call, target.service.profile) {
            self.give_up(claimed, why).await;
            return Heard { service, good: None, gone: false, rest: None };
        }
        let outcome = self.sender.send(call).await;
        let now = self.clock.now();
        let meant = profile::read(&target.service, &outcome, now);
        tell(&target, claimed, &meant, outcome.status());
        (self.watcher)(&Watched {
            service: &target.service.name,
            event: subscribed(&target.service, &claimed.told.event.kind),
            outcome: if meant.healthy() { "success" } else { "failure" },
            took: Some(now.since(started)),
        });
        let step = retry::next_step(
            &profile::of(target.service.profile).retry,
            claimed.run.attempt,
            &meant,
            claimed.deadline,
            now,
            self.jitter(),
        );
        let heard = Heard {
            service,
            good: Some(meant.healthy()),
            gone: meant == Meant::Gone,
            rest: if let Meant::Busy { retry_after } = meant { Some(retry_after.unwrap_or_default()) } else { None },
        };
        self.finish(claimed, started, outcome, &meant, step).await;
        heard
    }

    /// The signed request of an attempt.
    fn prepare(&self, claimed: &Claimed, target: &Target, now: Timestamp) -> Call {
        let salt = self.store.salt();
        let event_id = salt.show(claimed.told.event.key);
        let result_url = self.link(claimed, LinkKind::Result, 0);
        let body_url = match claimed.told.event.receipt {
            Some(receipt) => self.link(claimed, LinkKind::Body, receipt.0),
            None => String::new(),
        };
        let tell =
            |told: &[ToldArtifact]| told.iter().map(|each| self.tell_artifact(claimed, each)).collect::<Vec<_>>();
        let (artifacts, others) = (tell(&claimed.told.artifacts), tell(&claimed.told.others));
        let public_url = self.settings.public_url.as_str();
        let scanner_result_url = format!("{public_url}/api/v5/scanner/results/{}/", claimed.expectation.key.0);
        let catalogue = self.store.catalogue();
        let ask = Ask {
            service: &target.service,
            secret: target.secret.as_ref().map(|secret| secret.as_str()),
            told: &claimed.told,
            event_id: &event_id,
            artifacts: &artifacts,
            others: &others,
            event_form: catalogue.event_form(&claimed.told.event.kind),
            variables: &target.variables,
            call_id: call_id(&salt.show(claimed.run.key), claimed.run.attempt),
            public_url,
            scanner_result_url: &scanner_result_url,
            result_url: &result_url,
            body_url: &body_url,
            deadline: claimed.deadline,
        };
        let outgoing = (profile::of(target.service.profile).request)(&ask);
        let mut trace = [0; 24];
        self.random.fill(&mut trace);
        let envelope = Envelope {
            webhook_id: &salt.show(claimed.run.key),
            attempt: claimed.run.attempt,
            deadline: claimed.deadline,
            keys: &target.keys,
            user_agent: &self.settings.user_agent,
            trace,
            now,
        };
        let (headers, body) = envelope::seal(&envelope, outgoing);
        let headers = envelope::with_configured(headers, &target.headers);
        let url = target.service.url.clone();
        Call { url, headers, body, policy: target.policy.clone(), within: target.service.attempt }
    }

    fn tell_artifact(&self, claimed: &Claimed, told: &ToldArtifact) -> TellArtifact {
        let salt = self.store.salt();
        let token = self.link_token(claimed, LinkKind::Artifact, told.key.0);
        let public_url = &self.settings.public_url;
        TellArtifact {
            id: salt.show(told.key),
            sha256: told.sha256.clone(),
            size: told.size,
            content_type: told.content_type.clone(),
            url: format!("{public_url}{}", envelope::link_path(LinkKind::Artifact, &token)),
            download_url: format!("{public_url}/uploads/file/{}/?access_token={token}", salt.show_uuid(told.key)),
            filename: told.filename.clone(),
            role: told.role.clone(),
            created: told.at.rfc3339_seconds(),
        }
    }

    fn link(&self, claimed: &Claimed, kind: LinkKind, thing: i64) -> String {
        let token = self.link_token(claimed, kind, thing);
        format!("{}{}", self.settings.public_url, envelope::link_path(kind, &token))
    }

    fn link_token(&self, claimed: &Claimed, kind: LinkKind, thing: i64) -> String {
        // A result may come late: its token lives on, and the store says that it is late.
        let until = match kind {
            LinkKind::Result => claimed.deadline.after(domain::limits::DEADLINE),
            LinkKind::Body | LinkKind::Artifact => claimed.deadline,
        };
        let link = Link { kind, expectation: claimed.expectation.key, service: claimed.run.service, thing, until };
        self.links.token(&link)
    }

    async fn finish(&self, claimed: &Claimed, started: Timestamp, outcome: Outcome, meant: &Meant, next: NextStep) {
        let status = outcome.status();
        let (connected, body) = match outcome {
            Outcome::Answered(response) => (response.connected, Bytes::from(response.body)),
            _ => (None, Bytes::new()),
        };
        let catalogue = self.store.catalogue();
        let profile = catalogue.services.get(&claimed.run.service).map(|service| service.profile);
        let record = profile.and_then(|profile| profile::record(profile, meant, &body, &next));
        let text = match &next {
            NextStep::Defer { until } => Some(format!("an answer is awaited until {}", until.rfc3339_seconds())),
            _ => meant.text(),
        };
        let (step, conclusion) = match next {
            NextStep::Conclude(conclusion) => (Step::GiveUp, Some(conclusion)),
            NextStep::Defer { until } => (Step::Defer { until }, None),
            // The gate is shut: the retry window stands still.
            NextStep::RetryAt(_) | NextStep::GiveUp if claimed.probe => (Step::ProbeFailed, None),
            NextStep::RetryAt(at) => (Step::RetryAt(at), None),
            NextStep::GiveUp => (Step::GiveUp, None),
        };
        let body = if conclusion.is_some() { body } else { body.slice(..body.len().min(KEPT_BYTES_MAX)) };
        let finish = Finish {
            run: claimed.run.key,
            lease: claimed.lease,
            started,
            connected: connected.map(|after| started.after(after)),
            status,
            answer: meant.word(),
            text,
            body,
            step,
            record,
            now: self.clock.now(),
        };
        loop {
            let finished = match &conclusion {
                Some(conclusion) => judged::conclude(&self.store, claimed, conclusion, finish.clone()).await,
                None => self.store.submit(finish.clone()).await,
            };
            match finished {
                Ok(Answer::LostLease) if conclusion.is_some() => {
                    return self.keep_late(claimed, meant, finish.body.clone()).await;
                }
                // A lease that was lost meanwhile is a normal answer: somebody else has the run.
                Ok(_) | Err(StoreError::Closed) => return,
                Err(why) => {
                    tracing::error!(%why, "an answer cannot be written down; trying again");
                    tokio::time::sleep(STORE_AGAIN).await;
                }
            }
        }
    }

    /// An answer that came after the deadline is kept, and its rules still act, as if the service had called back.
    async fn keep_late(&self, claimed: &Claimed, meant: &Meant, body: Bytes) {
        let key = claimed.expectation.key;
        let is_over = move |rows: &mut dyn Rows| {
            let Some(expectation) = rows.load::<Expectation>(key.0)? else { return Ok(false) };
            // Where it is asked again, the newer run concludes, not this one.
            Ok(expectation.state == ExpectationState::Missing && !search::under_way(rows, &expectation)?)
        };
        if !self.store.read(is_over).await.unwrap_or(false) {
            return;
        }
        let now = self.clock.now();
        if let Err(why) = judged::call_back(&self.store, key, claimed.run.service, body, meant, now).await {
            tracing::error!(%why, "an answer that came too late cannot be kept");
        }
    }

    async fn give_up(&self, claimed: &Claimed, why: String) {
        let now = self.clock.now();
        let meant = Meant::Misconfigured { why };
        self.finish(claimed, now, Outcome::Refused(String::new()), &meant, NextStep::GiveUp).await;
    }

    /// Gives a lease back unused: the run is due at once, and the attempt does not count.
    pub async fn hand_back(&self, claimed: &Claimed) -> Result<Answer, StoreError> {
        let now = self.clock.now();
        let finish = Finish {
            run: claimed.run.key,
            lease: claimed.lease,
            started: now,
            connected: None,
            status: None,
            answer: "handed back",
            text: None,
            body: Bytes::new(),
            step: Step::HandBack,
            record: None,
            now,
        };
        self.store.submit(finish).await
    }

    fn jitter(&self) -> Jitter {
        let mut bytes = [0; 2];
        self.random.fill(&mut bytes);
        Jitter(u16::from_le_bytes(bytes))
    }
}

/// What names a call: the immediate second attempt repeats the first (scanner-pipeline, section 5.3).
fn call_id(run: &str, attempt: u32) -> [u8; 16] {
    let call = attempt.max(2).to_string();
    let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        verify::mac::tag(run.as_bytes(), &[call.as_bytes()]);
    id
}

fn tell(target: &Target, claimed: &Claimed, meant: &Meant, status: Option<u16>) {
    let service = target.service.name.as_str();
    let attempt = claimed.run.attempt;
    match meant {
        Meant::Misconfigured { why } => tracing::warn!(service, attempt, status, %why, "a service is misconfigured"),
        Meant::Gone => {
            tracing::warn!(service, attempt, "a service says it is gone; its gate is shut until you open it")
        }
        _ => tracing::debug!(service, attempt, status, answer = meant.word(), "attempted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_over_its_protocols_limit_is_not_sent() {
        let call = |bytes: usize| Call {
            url: String::new(),
            headers: Vec::new(),
            body: vec![b' '; bytes],
            policy: std::sync::Arc::default(),
            within: Duration::ZERO,
        };
        assert_eq!(too_large(&call(1024 * 1024), ProfileKind::Scanner), None);
        assert_eq!(too_large(&call(1024 * 1024 + 1), ProfileKind::Standard), None);
        let why = too_large(&call(1024 * 1024 + 1), ProfileKind::Scanner).expect("too large");
        assert!(why.contains("1048577 bytes") && why.contains("allows 1048576"), "{why}");
    }
}

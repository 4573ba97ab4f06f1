//! What is owed by a service about an event, and which of its runs may conclude it.

use std::time::Duration;

use crate::catalogue::{Catalogue, OnFailure, Service, Subscription};
use crate::event::{Provenance, may_count};
use crate::gate::ServiceTime;
use crate::profile::ProfileKind;
use crate::result::Coverage;
use crate::words::words;
use crate::{ArtifactKey, EventKey, ExpectationKey, ResultKey, RunKey, ServiceKey, SubjectKey, limits};

words! {
    /// Whether an answer is still owed.
    ExpectationState {
        /// It is.
        Open = "open",
        /// It was given.
        Complete = "complete",
        /// It never came, or was an error.
        Missing = "missing",
    }
}

/// What a service owes about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Its small number.
    pub key: ExpectationKey,
    /// The event.
    pub event: EventKey,
    /// The service.
    pub service: ServiceKey,
    /// The subject that the verdict is about.
    pub subject: Option<SubjectKey>,
    /// The upload it is about.
    pub artifact: Option<ArtifactKey>,
    /// Whether the verdict waits for it.
    pub blocks: bool,
    /// Whether an answer is still owed.
    pub state: ExpectationState,
    /// Whether its protocol refuses another write.
    pub closed: bool,
    /// How much was examined.
    pub coverage: Option<Coverage>,
    /// The result that concluded it.
    pub result: Option<ResultKey>,
    /// The one run whose answer may conclude it; none after a final call back.
    pub bound: Option<RunKey>,
    /// What a missing answer means, frozen with it.
    pub on_failure: OnFailure,
    /// Its deadline, in the service's time.
    pub deadline: ServiceTime,
    /// When to look at it next: a redelivery, a deferral's end, or the deadline.
    pub next_check: ServiceTime,
    /// The time between two redeliveries, in microseconds; zero: none.
    pub redeliver_every: i64,
    /// How many redeliveries are left.
    pub redeliver_left: i64,
    /// The end of the present deferral, in the service's time.
    pub deferred_until: Option<ServiceTime>,
}

/// An expectation before it has a number: what recording an event will ask of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The service.
    pub service: ServiceKey,
    /// Whether the verdict waits for it.
    pub blocks: bool,
    /// What a missing answer means.
    pub on_failure: OnFailure,
    /// How long until the deadline.
    pub deadline: Duration,
    /// Redeliveries until then.
    pub redeliver: Option<Redeliver>,
    /// The worker protocol's record that is set to `Processing`: its source name.
    pub record: Option<String>,
}

/// How often an unanswered request is sent again under a new run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeliver {
    /// The time between two.
    #[serde(with = "crate::time::span_text")]
    pub every: Duration,
    /// How many.
    pub times: u32,
}

/// Everything that an event of this type asks for, by today's catalogue.
///
/// Beyond [`limits::HOPS_MAX`] hops nothing is asked: loops end.
#[must_use]
pub fn plan(catalogue: &Catalogue, kind: &str, provenance: Provenance, hops: u8) -> Vec<Planned> {
    if hops > limits::HOPS_MAX {
        return Vec::new();
    }
    catalogue
        .subscribers(kind)
        .map(|(service, subscription)| plan_one(catalogue, kind, service, subscription, provenance))
        .collect()
}

/// Whether a sender told of it, believed by us or by a program that knows the secret.
fn came_from_a_source(provenance: Provenance) -> bool {
    matches!(provenance, Provenance::Signed(_) | Provenance::External)
}

/// What one service is asked for by an event of this type; its subscription may name more types than that.
#[must_use]
pub fn plan_one(
    catalogue: &Catalogue,
    kind: &str,
    service: &Service,
    subscription: &Subscription,
    provenance: Provenance,
) -> Planned {
    let own_blocking = catalogue.event_form(kind).is_some_and(|form| form.blocks);
    let by_default = match service.profile {
        ProfileKind::Scanner => own_blocking || came_from_a_source(provenance),
        ProfileKind::Standard => came_from_a_source(provenance),
        ProfileKind::Worker => false,
    };
    let redeliver = match (subscription.redeliver, service.profile) {
        (Some(stated), _) => Some(stated),
        (None, ProfileKind::Scanner) => {
            Some(Redeliver { every: limits::REDELIVER_EVERY, times: limits::REDELIVER_TIMES })
        }
        (None, ProfileKind::Worker | ProfileKind::Standard) => None,
    };
    Planned {
        service: service.key,
        blocks: may_count(kind) && subscription.blocks.unwrap_or(by_default),
        on_failure: service.on_failure,
        deadline: subscription.deadline.unwrap_or(limits::DEADLINE),
        redeliver,
        record: (service.profile == ProfileKind::Worker).then(|| service.name.clone()),
    }
}

impl Expectation {
    /// Whether it stands in the way of a release: it blocks, and no usable answer came yet.
    #[must_use]
    pub fn awaits(&self) -> bool {
        self.blocks && self.state == ExpectationState::Open
    }

    /// The next instant at which something is to be done about it, from `now` on.
    #[must_use]
    pub fn check_after(&self, now: ServiceTime) -> ServiceTime {
        let mut next = self.deadline;
        if let Some(until) = self.deferred_until {
            next = next.min(until);
        } else if self.redeliver_every > 0 && self.redeliver_left > 0 {
            next = next.min(ServiceTime(now.0.saturating_add(self.redeliver_every)));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(pattern: &str, blocks: Option<bool>, kind: &str) -> Planned {
        let mut service = crate::judge::tests::service(1, ProfileKind::Scanner);
        service.subscriptions =
            vec![Subscription { event: pattern.to_owned(), active: true, blocks, deadline: None, redeliver: None }];
        let mut catalogue = Catalogue::default();
        catalogue.services.insert(service.key, service);
        plan(&catalogue, kind, Provenance::Internal, 0).remove(0)
    }

    #[test]
    fn whether_it_blocks_follows_from_the_event_and_not_from_the_pattern_that_named_it() {
        for pattern in ["on_version_created", "on_version_*", "*"] {
            assert!(planned(pattern, None, "on_version_created").blocks, "{pattern}");
        }
        assert!(!planned("on_version_*", None, "on_version_entered_review_queue").blocks);
        assert!(planned("on_version_*", Some(true), "on_version_entered_review_queue").blocks);
        assert!(!planned("subject.*", Some(true), crate::event::VERDICT).blocks, "our own never do");
    }
}

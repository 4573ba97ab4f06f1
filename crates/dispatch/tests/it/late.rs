//! An answer that arrives while its call outlived the deadline.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dispatch::{Call, Sender, Sending};
use domain::catalogue::{OnFailure, Service};
use domain::outcome::{Outcome, Response};
use domain::profile::ProfileKind;
use domain::result::{ResultKind, ServiceResult};
use domain::rule::Action;
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use domain::{RuleKey, ServiceKey};

use super::world::{World, rule, service};

/// A service that takes half a minute and then reports a finding.
struct Slow;

impl Sender for Slow {
    fn send(&self, _call: Call) -> Sending<'_> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            let body = br#"{"matched_rules":["BAD"]}"#.to_vec();
            Outcome::Answered(Response { status: 200, retry_after: None, connected: None, body })
        })
    }
}

fn waived_after_ten_seconds() -> Service {
    let mut slow = service(ServiceKey(1), 1, ProfileKind::Standard, "uploaded");
    slow.on_failure = OnFailure::Open;
    slow.subscriptions[0].blocks = Some(true);
    slow.subscriptions[0].deadline = Some(Duration::from_secs(10));
    slow
}

#[tokio::test(start_paused = true)]
async fn it_never_satisfies_and_its_rules_still_act() {
    let rules = [rule(RuleKey(2), "BAD", Action::Block)];
    let world = World::start(&[waived_after_ten_seconds()], &rules, Arc::new(Slow)).await;
    world.report("uploaded", "thing", "all", "1").await;

    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(world.all::<Subject>().await[0].verdict, VerdictKind::Clear, "waived at the deadline");

    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(world.all::<Subject>().await[0].verdict, VerdictKind::Blocked);
    let results = world.all::<ServiceResult>().await;
    let told: Vec<(ResultKind, bool)> = results.iter().map(|each| (each.kind, each.late)).collect();
    assert_eq!(told, [(ResultKind::Processed, true), (ResultKind::Missing, false)]);
    let of = ("service-1".to_owned(), "uploaded".to_owned());
    let expected = [(of.clone(), "missing_results", false), (of, "success", true)];
    assert_eq!(world.watched(), expected, "what is counted");
    assert_eq!(results[0].raw, Bytes::from_static(br#"{"matched_rules":["BAD"]}"#));
}

//! Who takes part in a story.

use std::time::Duration;

use domain::catalogue::{OnFailure, Owner, Service, SigningKind, Source, SourceMode, Subscription};
use domain::profile::{PayloadForm, ProfileKind};
use domain::rule::{Action, HoldFor, HoldScope, Rule};
use domain::{Key, RuleKey, ServiceKey, SourceKey, Timestamp};

use super::world::{DAY, World};
use crate::change::{Listed, NewKeys};
use crate::command::{Answer, Change};
use crate::tables::Entry;

/// A hold that ends by itself after a day.
pub const HOLD_A_DAY: Action = Action::Hold(HoldFor::Span(DAY));
/// A hold that somebody has to lift.
pub const HOLD: Action = Action::Hold(HoldFor::Ever);

/// A subscription with every figure left to the profile.
pub fn subscription(event: &str) -> Subscription {
    Subscription { event: event.to_owned(), active: true, blocks: None, deadline: None, redeliver: None }
}

impl World {
    /// A scanner that is asked when a version is validated.
    pub fn scanner(&self, name: &str) -> ServiceKey {
        self.service(name, ProfileKind::Scanner, "during_validation", |_| {})
    }

    pub fn worker(&self, name: &str) -> ServiceKey {
        self.service(name, ProfileKind::Worker, "Created", |_| {})
    }

    pub fn service(
        &self,
        name: &str,
        profile: ProfileKind,
        event: &str,
        adjust: impl FnOnce(&mut Service),
    ) -> ServiceKey {
        let mut keys = self.keys();
        let mut service = Service {
            key: keys.key(),
            number: 1,
            name: name.to_owned(),
            profile,
            form: PayloadForm::Basic,
            url: "http://127.0.0.1:1/".to_owned(),
            secret: None,
            headers: Vec::new(),
            signs: SigningKind::V1,
            signing: Vec::new(),
            plugin_token: None,
            account: None,
            subscriptions: vec![subscription(event)],
            on_failure: OnFailure::Hold,
            require_coverage: false,
            concurrency: 64,
            attempt: Duration::from_secs(60),
            allow_networks: Vec::new(),
            active: true,
            deleted: false,
            owner: Owner::Api,
        };
        adjust(&mut service);
        self.list(&service);
        service.key
    }

    /// A rule for whatever service reports this name.
    pub fn rule(&self, name: &str, action: Action) -> RuleKey {
        let rule = rule(self.keys().key(), name, action);
        self.list(&rule);
        rule.key
    }

    pub fn source(&self, name: &str, provider: &str) -> SourceKey {
        let source = Source {
            key: self.keys().key(),
            name: name.to_owned(),
            provider: provider.to_owned(),
            mode: SourceMode::Modern,
            secrets: Vec::new(),
            window_s: None,
            public_url: None,
            handshake: domain::catalogue::Handshake::default(),
            subject: None,
            rate: None,
            require_https: false,
            active: true,
            owner: Owner::Api,
        };
        self.list(&source);
        source.key
    }

    pub fn keys(&self) -> NewKeys {
        NewKeys::after(&self.store().catalogue(), Timestamp(0))
    }

    /// The key of a new entry.
    pub fn new_key<K: Key>(&self) -> K {
        self.keys().key()
    }

    /// Adds or replaces an entry.
    pub fn list(&self, entry: &impl Listed) {
        let answer = self.submit(self.change(vec![entry.entry()]));
        assert!(matches!(answer, Answer::Version(_)), "{answer:?}");
    }

    pub fn change(&self, entries: Vec<Entry>) -> Change {
        Change {
            catalogue: self.store().catalogue().version,
            entries,
            who: "a test".to_owned(),
            what: "changed the catalogue".to_owned(),
            now: self.now,
        }
    }
}

pub fn rule(key: RuleKey, name: &str, action: Action) -> Rule {
    Rule {
        key,
        name: name.to_owned(),
        service: None,
        when: None,
        severity: None,
        action,
        active: true,
        shadow: false,
        spare_protected: false,
        users_max: None,
        scope: HoldScope::Subject,
        track: None,
        owner: Owner::Api,
    }
}

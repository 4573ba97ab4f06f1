//! What the installation's license lets run: which services, why not, until when, and what is to be warned of.
//!
//! A service that carries a `plugin_token` runs while the installation's license fits it. One without is free, unless
//! its name is among those that must carry one. The decision is pure; its effect is the service's gate.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use license::{Claims, Kind, LicenseError, Reason, Validator};

use crate::catalogue::Service;
use crate::gate::GateState;
use crate::time::micros;
use crate::{ServiceKey, Timestamp};

pub use license::TOKEN_BYTES_MAX;

/// The days before an end at which it is warned of, the last first.
const WARNING_DAYS: [u32; 3] = [1, 7, 30];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What services are held against. The default holds no license and asks none to carry a token.
#[derive(Debug, Clone, Default)]
pub struct Licensing {
    /// The keys, settings and revocations in force.
    pub validator: Validator,
    /// The installation's license; empty: there is none.
    pub license: String,
    /// The services that must carry a token.
    pub require_token: Vec<NamePattern>,
}

/// A service's name, or the beginning of several: `acme-scan`, `@acme/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(String);

impl FromStr for NamePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_suffix('*').unwrap_or(text);
        if text.is_empty() || name.contains('*') {
            return Err(format!(
                "expected a service's name, or a beginning and \"*\" as in \"@acme/*\", found {text:?}"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl NamePattern {
    /// Whether it means this name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.0 == name,
        }
    }
}

/// How something stands with the license.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It needs none.
    Free,
    /// It may run.
    Licensed {
        /// When that ends; none: it does not.
        until: Option<Timestamp>,
        /// The token that ends then.
        ends: Kind,
    },
    /// It may not.
    Refused(Refusal),
}

impl Standing {
    /// Whether it may run.
    #[must_use]
    pub fn lets_run(&self) -> bool {
        !matches!(self, Standing::Refused(_))
    }

    /// The state that a gate turns to, if it turns. What a person or the service itself shut stays as it is.
    #[must_use]
    pub fn turn(&self, gate: GateState) -> Option<GateState> {
        match (self.lets_run(), gate) {
            (false, GateState::Open | GateState::Breaker) => Some(GateState::License),
            (true, GateState::License) => Some(GateState::Open),
            _ => None,
        }
    }

    /// When it changes by itself.
    fn changes(&self) -> Option<Timestamp> {
        match self {
            Standing::Free => None,
            Standing::Licensed { until, .. } => *until,
            Standing::Refused(refusal) => refusal.until,
        }
    }
}

/// Why something may not run. It holds names, categories and times, never a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: &'static str,
    /// What was expected and found, as a part of a sentence.
    pub text: String,
    /// Until when, where that is known.
    pub until: Option<Timestamp>,
}

impl Refusal {
    fn of(error: &LicenseError) -> Self {
        let until = match error.reason {
            Reason::NotYetValid { from } => Some(instant(from)),
            _ => None,
        };
        Self { code: error.code().name(), text: text(error), until }
    }
}

/// An end that is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What ends.
    pub ends: Kind,
    /// When.
    pub at: Timestamp,
    /// It is at most so many days away: 30, 7 or 1.
    pub days: u32,
    /// The services that stop then, by name.
    pub services: Vec<String>,
}

impl Warning {
    /// It as a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        let what = if self.ends == Kind::User { "The license" } else { "A plugin_token" };
        let days = if self.days == 1 { "1 day".to_owned() } else { format!("{} days", self.days) };
        let stops = match self.services.as_slice() {
            [] => String::new(),
            names => format!(" Renew it, or what is owed to {} waits from then on.", names.join(", ")),
        };
        format!("{what} ends on {}, within {days}.{stops}", self.at.rfc3339_seconds())
    }
}

/// How everything stands at one instant.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the license says, or why it is refused; none where there is none.
    pub license: Option<Result<Claims, Refusal>>,
    /// Each service that was not removed.
    pub services: BTreeMap<ServiceKey, Standing>,
    /// The ends that are near, the next first.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// The next instant at which something changes by itself.
    #[must_use]
    pub fn changes(&self) -> Option<Timestamp> {
        self.services.values().filter_map(Standing::changes).min()
    }
}

impl Licensing {
    /// Whether a service of this name must carry a token.
    #[must_use]
    pub fn requires_token(&self, name: &str) -> bool {
        self.require_token.iter().any(|pattern| pattern.takes(name))
    }

    /// How a service stands. Its token must be for its name, to the letter.
    #[must_use]
    pub fn standing(&self, service: &Service, now: Timestamp) -> Standing {
        let token = service.plugin_token.as_deref();
        let token = match token {
            Some(token) => token,
            // An empty one is refused as what is missing.
            None if self.requires_token(&service.name) => "",
            None => return Standing::Free,
        };
        if token.is_empty() {
            let text = "it has no plugin_token, and [license] require_token asks for one".to_owned();
            return Standing::Refused(Refusal { code: license::Code::TokenEmpty.name(), text, until: None });
        }
        match self.validator.check_plugin(Some(&service.name), Some(token), &self.license, since_1970(now)) {
            Ok(activation) => match activation.ends() {
                Some((at, ends)) => Standing::Licensed { until: Some(instant(at)), ends },
                None => Standing::Licensed { until: None, ends: Kind::User },
            },
            Err(error) => Standing::Refused(Refusal::of(&error)),
        }
    }

    /// How everything stands.
    #[must_use]
    pub fn report<'a>(&self, services: impl IntoIterator<Item = &'a Service>, now: Timestamp) -> Report {
        let verified = || self.validator.verify(Kind::User, &self.license, since_1970(now));
        let license = (!self.license.is_empty()).then(|| verified().map_err(|error| Refusal::of(&error)));
        let mut standings = BTreeMap::new();
        let mut ends: BTreeMap<(Timestamp, Kind), Vec<String>> = BTreeMap::new();
        if let Some(at) = license.as_ref().and_then(|read| read.as_ref().ok()).and_then(|claims| claims.expires) {
            ends.insert((instant(at), Kind::User), Vec::new());
        }
        for service in services.into_iter().filter(|service| !service.deleted) {
            let standing = self.standing(service, now);
            if let Standing::Licensed { until: Some(at), ends: kind } = standing {
                ends.entry((at, kind)).or_default().push(service.name.clone());
            }
            standings.insert(service.key, standing);
        }
        let near = |((at, ends), services)| Some(Warning { ends, at, days: days_before(at, now)?, services });
        Report { license, services: standings, warnings: ends.into_iter().filter_map(near).collect() }
    }
}

/// The warning that is due about an end: the last of them, if any.
fn days_before(at: Timestamp, now: Timestamp) -> Option<u32> {
    WARNING_DAYS.into_iter().find(|days| at.since(now) <= DAY * *days)
}

fn instant(since_1970: Duration) -> Timestamp {
    Timestamp(micros(since_1970))
}

fn since_1970(at: Timestamp) -> Duration {
    at.since(Timestamp(0))
}

/// Why, in this product's words where it has such.
fn text(error: &LicenseError) -> String {
    let what = if error.token == Some(Kind::User) { "the license" } else { "its plugin_token" };
    let at = |at: Duration| instant(at).rfc3339_seconds();
    match &error.reason {
        Reason::Empty => "there is no license; name its file under [license] token_file".to_owned(),
        Reason::Expired { at: ended } => format!("{what} ended on {}; renew it", at(*ended)),
        Reason::NotYetValid { from } => format!("{what} begins on {}", at(*from)),
        Reason::ClockSetBack { seen } => format!("the clock was at {} before; set it right", at(*seen)),
        Reason::RevokedToken => format!("{what} was revoked"),
        Reason::RevokedKey => format!("{what} is signed with a key that was revoked"),
        Reason::NoRevocationList => "[license] revocations = \"required\", and there is no list".to_owned(),
        Reason::RevocationListEnded { at: ended } => {
            format!("the revocation list ended on {}; get a newer one", at(*ended))
        }
        Reason::Audience { name, audience } => {
            let name = name.as_deref().unwrap_or_default();
            format!("its plugin_token is for {}, not for {name}", audience.join(", "))
        }
        Reason::Customer { expected, audience } => {
            format!("expected a license for {expected}, found one for {}", audience.join(", "))
        }
        Reason::CategoryMismatch { license, companion, .. } => {
            format!("the license is in category {license}, and its plugin_token is open to {companion}")
        }
        _ => match error.hint() {
            Some(hint) => format!("{error}: {hint}"),
            None => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use license::{
        Algorithm, Categories, Draft, Entry, KeySet, Names, PrivateKey, RevocationList, Revocations, Revoked,
    };

    use super::*;
    use crate::judge::tests::service;
    use crate::profile::ProfileKind;

    const NOW: Duration = Duration::from_secs(1_767_225_600);

    fn key() -> PrivateKey {
        PrivateKey::generate(Algorithm::EdDsa, "test", &[7; 32]).expect("a key")
    }

    fn token(kind: Kind, audience: &str, categories: Categories, expires: Option<Duration>) -> String {
        let draft = Draft {
            kind,
            audience: audience.to_owned(),
            categories,
            not_before: None,
            expires,
            lease: None,
            id: kind.to_string(),
            issued_at: NOW,
            long: false,
            algorithm_by_new_name: false,
        };
        draft.issue(&key(), &Names::default()).expect("a token")
    }

    /// A license in category M that ends after so many days.
    fn licensed(days: u32) -> Licensing {
        let keys = KeySet::read(&key().public_jwk().expect("a public half"), None).expect("a set");
        Licensing {
            validator: Validator::new(keys),
            license: token(Kind::User, "customer", Categories::M, Some(NOW + DAY * days)),
            require_token: Vec::new(),
        }
    }

    /// The service `service-1` with a token for a plugin of this name.
    fn carrying(audience: &str, categories: Categories) -> Service {
        let plugin_token = Some(token(Kind::Plugin, audience, categories, None));
        Service { plugin_token, ..service(1, ProfileKind::Standard) }
    }

    fn at(days: u32) -> Timestamp {
        instant(NOW + DAY * days)
    }

    fn refused(licensing: &Licensing, service: &Service, now: Timestamp) -> (&'static str, String) {
        match licensing.standing(service, now) {
            Standing::Refused(Refusal { code, text, .. }) => (code, text),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_service_runs_while_its_token_and_the_license_fit() {
        let (licensing, fitting) = (licensed(30), carrying("service-1", Categories::M));

        let until = Standing::Licensed { until: Some(at(30)), ends: Kind::User };
        assert_eq!(licensing.standing(&fitting, at(0)), until);
        assert_eq!(licensing.standing(&fitting, at(29)), until);
        let (code, text) = refused(&licensing, &fitting, at(30));
        assert_eq!((code, text.as_str()), ("EXPIRED", "the license ended on 2026-01-31T00:00:00Z; renew it"));
        let early = Timestamp(at(0).0 - 1);
        let Standing::Refused(refusal) = licensing.standing(&fitting, early) else { panic!("it has not begun") };
        assert_eq!((refusal.code, refusal.until), ("NOT_YET_VALID", Some(at(0))));
    }

    #[test]
    fn a_service_is_told_why_it_may_not_run() {
        let licensing = licensed(30);
        let why = |service: &Service| refused(&licensing, service, at(0));

        let (code, text) = why(&carrying("another", Categories::M));
        assert_eq!((code, text.as_str()), ("AUDIENCE_MISMATCH", "its plugin_token is for another, not for service-1"));
        let (code, text) = why(&carrying("service-1", Categories::XL));
        assert_eq!(code, "CATEGORY_MISMATCH");
        assert_eq!(text, "the license is in category M, and its plugin_token is open to XL");
        let none = Licensing { license: String::new(), ..licensed(30) };
        let (code, text) = refused(&none, &carrying("service-1", Categories::M), at(0));
        assert!(code == "TOKEN_EMPTY" && text.contains("token_file"), "{code} {text}");
        let strange = Licensing { validator: Validator::default(), ..licensed(30) };
        assert_eq!(refused(&strange, &carrying("service-1", Categories::M), at(0)).0, "ALG_REJECTED");
    }

    #[test]
    fn a_revoked_license_lets_nothing_run() {
        let revoked = Entry { what: Revoked::Token(Kind::User.to_string()), at: None, reason: None };
        let list = Revocations::Optional(Some(RevocationList::trusted([revoked])));
        let licensing = licensed(30);
        let licensing = Licensing { validator: licensing.validator.clone().with_revocations(list), ..licensing };

        let (code, text) = refused(&licensing, &carrying("service-1", Categories::M), at(0));
        assert_eq!((code, text.as_str()), ("REVOKED", "the license was revoked"));
        let free = service(1, ProfileKind::Standard);
        assert_eq!(licensing.standing(&free, at(0)), Standing::Free);
    }

    #[test]
    fn names_may_be_asked_to_carry_a_token() {
        let pattern = |text: &str| text.parse::<NamePattern>().expect("a pattern");
        let licensing = Licensing { require_token: vec![pattern("service-*"), pattern("exact")], ..licensed(30) };

        assert_eq!(refused(&licensing, &service(1, ProfileKind::Standard), at(0)).0, "TOKEN_EMPTY");
        assert!(licensing.standing(&carrying("service-1", Categories::M), at(0)).lets_run());
        let other = Service { name: "exactly".to_owned(), ..service(2, ProfileKind::Standard) };
        assert_eq!(licensing.standing(&other, at(0)), Standing::Free);
        for text in ["", "*x", "a*b", "**"] {
            assert!(text.parse::<NamePattern>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_gate_is_shut_by_the_license_alone_and_opened_from_that_alone() {
        let refused = Standing::Refused(Refusal { code: "EXPIRED", text: String::new(), until: None });
        for gate in GateState::ALL {
            let shuts = matches!(gate, GateState::Open | GateState::Breaker).then_some(GateState::License);
            assert_eq!(refused.turn(*gate), shuts, "{gate}");
            let opens = (*gate == GateState::License).then_some(GateState::Open);
            assert_eq!(Standing::Free.turn(*gate), opens, "{gate}");
        }
    }

    #[test]
    fn an_end_is_warned_of_thirty_seven_and_one_days_before() {
        let (licensing, fitting) = (licensed(100), carrying("service-1", Categories::M));
        let removed = Service { key: ServiceKey(2), deleted: true, ..fitting.clone() };
        let days = |after: u32| {
            let warnings = licensing.report([&fitting, &removed], at(after)).warnings;
            warnings.iter().map(|warning| warning.days).collect::<Vec<_>>()
        };

        assert_eq!([days(69), days(70), days(92), days(93)], [vec![], vec![30], vec![30], vec![7]]);
        assert_eq!([days(98), days(99), days(100)], [vec![7], vec![1], vec![]]);
        let report = licensing.report([&fitting], at(99));
        assert_eq!(report.changes(), Some(at(100)));
        let text = "The license ends on 2026-04-11T00:00:00Z, within 1 day. \
                    Renew it, or what is owed to service-1 waits from then on.";
        assert_eq!(report.warnings[0].text(), text);
    }
}

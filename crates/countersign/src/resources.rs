//! Sources, services and rules of the configuration file, brought into the store in one change.
//!
//! They are told apart by kind and name. What stands in the file belongs to the file; what the file no longer names is
//! switched off, never removed, since results and verdicts refer to it. What did not change is not written.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use domain::catalogue::{Account, Catalogue, Owner, Service, Source};
use domain::event;
use domain::event_type::{self, EventType};
use domain::rule::Rule;
use domain::{Clock, Random, Timestamp};
use server::Problem;
use server::resources::{self, RuleSpec, ServiceSpec, SourceSpec};
use store::Store;
use store::change::{Listed, NewKeys, next_number};
use store::command::{Answer, Change};
use store::seal::SealKey;
use store::tables::Entry;

use crate::config::Config;
use crate::exit::{Exit, Failure};

/// What entries are made with.
pub struct Makers<'a> {
    /// Seals their secrets.
    pub seal: &'a SealKey,
    /// Nonces and signing secrets.
    pub random: &'a dyn Random,
    /// When.
    pub clock: &'a dyn Clock,
    /// Where no service may be.
    pub own_listeners: &'a [SocketAddr],
}

/// Brings the file's entries into the store.
///
/// # Errors
/// When one of them cannot be, or the store fails.
pub async fn apply(config: &Config, store: &Store, makers: &Makers<'_>) -> Result<(), Failure> {
    loop {
        let catalogue = store.catalogue();
        let now = makers.clock.now();
        let entries = Planning { config, catalogue: &catalogue, makers, now }.entries()?;
        if entries.is_empty() {
            return Ok(());
        }
        let what = format!("applied {} entries of the configuration file", entries.len());
        let change = Change { catalogue: catalogue.version, entries, who: "configuration file".to_owned(), what, now };
        if !matches!(store.submit(change).await.map_err(Failure::internal)?, Answer::Recompute) {
            return Ok(());
        }
    }
}

/// Says whether the file's entries can be, without a store.
///
/// # Errors
/// The first that cannot be, and why.
pub fn check(config: &Config) -> Result<(), Failure> {
    let makers = Makers {
        seal: &SealKey::new(crate::clock::random()),
        random: &crate::clock::SystemRandom,
        clock: &crate::clock::SystemClock,
        own_listeners: &[],
    };
    let catalogue = Catalogue::default();
    let now = makers.clock.now();
    Planning { config, catalogue: &catalogue, makers: &makers, now }.entries().map(drop)
}

/// One pass over the file, against one version of the catalogue.
struct Planning<'a> {
    config: &'a Config,
    catalogue: &'a Catalogue,
    makers: &'a Makers<'a>,
    now: Timestamp,
}

impl Planning<'_> {
    fn entries(&self) -> Result<Vec<Entry>, Failure> {
        let mut keys = NewKeys::after(self.catalogue, self.now);
        let mut entries = self.sources(&mut keys)?;
        let services = self.services(&mut keys)?;
        entries.extend(self.rules(&services, &mut keys)?);
        entries.extend(self.changed(&services));
        entries.extend(self.event_types(&mut keys)?);
        Ok(entries)
    }

    fn event_types(&self, keys: &mut NewKeys) -> Result<Vec<Entry>, Failure> {
        let mut named = Vec::new();
        for (name, form) in &self.config.form.event {
            let told = |why: &str| Failure::new(Exit::Config, format!("[event.{name}]: {why}"));
            if event_type::built_in(name).is_some() || !event::may_count(name) {
                return Err(told("this type of event is built in").mend("choose another name"));
            }
            form.check().map_err(|why| told(&why))?;
            let before = self.catalogue.event_types.values().find(|each| each.name == *name);
            let key = before.map_or_else(|| keys.key(), |before| before.key);
            named.push(EventType { key, name: name.clone(), active: true, form: form.clone() });
        }
        let kept: BTreeSet<_> = named.iter().map(|each| each.key).collect();
        let gone = self.catalogue.event_types.values().filter(|each| each.active && !kept.contains(&each.key));
        let gone: Vec<EventType> = gone.map(|each| EventType { active: false, ..each.clone() }).collect();
        let wanted = named.into_iter().chain(gone);
        let changed = wanted.filter(|each| self.catalogue.event_types.get(&each.key) != Some(each));
        Ok(changed.map(|each| each.entry()).collect())
    }

    fn sources(&self, keys: &mut NewKeys) -> Result<Vec<Entry>, Failure> {
        let mut named: Vec<Source> = Vec::new();
        for spec in &self.config.form.source {
            let made = self.source(spec, keys)?;
            if named.iter().any(|other| other.provider == made.provider && other.name.eq_ignore_ascii_case(&made.name))
            {
                return Err(twice("source", &format!("{}/{}", made.provider, made.name)));
            }
            named.push(made);
        }
        let kept: BTreeSet<_> = named.iter().map(|source| source.key).collect();
        let all = self.catalogue.sources.values();
        let gone = all.filter(|source| source.owner == Owner::File && source.active && !kept.contains(&source.key));
        let gone: Vec<Source> = gone.map(|source| Source { active: false, ..source.clone() }).collect();
        let wanted = named.into_iter().chain(gone);
        let changed = wanted.filter(|source| self.catalogue.sources.get(&source.key) != Some(source));
        Ok(changed.map(|source| source.entry()).collect())
    }

    fn source(&self, spec: &SourceSpec, keys: &mut NewKeys) -> Result<Source, Failure> {
        let before = self.catalogue.source_at(&spec.provider, &spec.id);
        let key = before.map_or_else(|| keys.key(), |before| before.key);
        let fresh =
            resources::source(spec, key, Owner::File, self.makers.seal, self.makers.random, &self.config.providers);
        let fresh = fresh.map_err(|problem| refused("source", &spec.id, &problem))?;
        Ok(match before {
            Some(before) => resources::settle_source(fresh, before, self.makers.seal),
            None => fresh,
        })
    }

    fn services(&self, keys: &mut NewKeys) -> Result<Vec<Service>, Failure> {
        let mut named: Vec<Service> = Vec::new();
        for spec in &self.config.form.service {
            if named.iter().any(|other| other.name == spec.name) {
                return Err(twice("service", &spec.name));
            }
            let number = next_number(self.catalogue.services.values().chain(&named).map(|service| service.number));
            named.push(self.service(spec, number, keys)?);
        }
        Ok(named)
    }

    fn service(&self, spec: &ServiceSpec, number: i64, keys: &mut NewKeys) -> Result<Service, Failure> {
        let Makers { seal, random, own_listeners, .. } = *self.makers;
        let before = self.catalogue.services.values().find(|service| service.name == spec.name);
        let (key, number) = before.map_or_else(|| (keys.key(), number), |before| (before.key, before.number));
        let made = resources::service(spec, key, number, Owner::File, own_listeners, seal, random);
        let fresh = made.map_err(|problem| refused("service", &spec.name, &problem))?.service;
        Ok(match before {
            Some(before) => resources::settle_service(fresh, before, seal),
            None => fresh,
        })
    }

    /// The entries of services that are new, changed, or no longer named, and of the accounts of the last.
    fn changed(&self, named: &[Service]) -> Vec<Entry> {
        let kept: BTreeSet<_> = named.iter().map(|service| service.key).collect();
        let all = self.catalogue.services.values();
        let gone = all.filter(|service| service.owner == Owner::File && !kept.contains(&service.key));
        let (gone, accounts): (Vec<Service>, Vec<Option<Account>>) = gone.map(|service| self.ended(service)).unzip();
        let services = named.iter().chain(&gone);
        let services = services.filter(|service| self.catalogue.services.get(&service.key) != Some(*service));
        let accounts = accounts.iter().flatten();
        let accounts = accounts.filter(|account| self.catalogue.accounts.get(&account.key) != Some(*account));
        services.map(Listed::entry).chain(accounts.map(Listed::entry)).collect()
    }

    /// A service that is no longer named, and its account: both are switched off, and none of its credentials stays in
    /// force.
    fn ended(&self, service: &Service) -> (Service, Option<Account>) {
        let mut service = Service { active: false, ..service.clone() };
        let mut account = service.account.and_then(|key| self.catalogue.accounts.get(&key)).cloned();
        if account.as_mut().is_some_and(resources::revoke) {
            // Named again, it may have another; not if a person switched this one off.
            service.account = None;
        }
        (service, account)
    }

    fn rules(&self, services: &[Service], keys: &mut NewKeys) -> Result<Vec<Entry>, Failure> {
        let mut named: Vec<Rule> = Vec::new();
        for spec in &self.config.form.rule {
            let made = self.rule(spec, services, keys)?;
            if named.iter().any(|other| other.name == made.name && other.service == made.service) {
                return Err(twice("rule", &made.name));
            }
            named.push(made);
        }
        let kept: BTreeSet<_> = named.iter().map(|rule| rule.key).collect();
        let all = self.catalogue.rules.values();
        let gone = all.filter(|rule| rule.owner == Owner::File && rule.active && !kept.contains(&rule.key));
        let gone: Vec<Rule> = gone.map(|rule| Rule { active: false, ..rule.clone() }).collect();
        let wanted = named.into_iter().chain(gone);
        let changed = wanted.filter(|rule| self.catalogue.rules.get(&rule.key) != Some(rule));
        Ok(changed.map(|rule| rule.entry()).collect())
    }

    fn rule(&self, spec: &RuleSpec, services: &[Service], keys: &mut NewKeys) -> Result<Rule, Failure> {
        let programs: BTreeSet<String> = self.config.form.exec.keys().cloned().collect();
        let service_key = |name: &str| {
            let in_file = services.iter().find(|service| service.name == name);
            in_file.or_else(|| self.catalogue.service_named(name)).map(|service| service.key)
        };
        let service = spec.service.as_deref().and_then(service_key);
        let before = self.catalogue.rules.values().find(|rule| rule.name == spec.name && rule.service == service);
        let key = before.map_or_else(|| keys.key(), |before| before.key);
        resources::rule(spec, key, Owner::File, &service_key, &programs)
            .map_err(|problem| refused("rule", &spec.name, &problem))
    }
}

fn refused(kind: &str, name: &str, problem: &Problem) -> Failure {
    let detail = &problem.detail;
    // The problem names its entry where it can.
    let what = if detail.contains(name) { detail.clone() } else { format!("{kind} {name:?}: {detail}") };
    Failure::new(Exit::Config, what)
}

fn twice(kind: &str, name: &str) -> Failure {
    Failure::new(Exit::Config, format!("the {kind} {name:?} stands in the configuration twice"))
        .mend("keep one of them")
}

#[cfg(test)]
mod tests {
    use domain::AccountKey;
    use store::change;

    use super::*;

    const SCANNER: &str = r#"
        [[service]]
        name = "scan"
        profile = "scanner"
        url = "https://scan.example/"
        secret = "hunter2"
    "#;

    /// Brings this file into a catalogue, and answers how many entries that took.
    fn apply(text: &str, catalogue: &mut Catalogue) -> usize {
        let config = Config {
            file: None,
            form: toml::from_str(text).expect("a configuration"),
            aspnet: server::AspnetSwitches::default(),
            providers: verify::provider::Providers::default(),
            shown: Vec::new(),
        };
        let (seal, random) = (SealKey::new([3; 32]), crate::clock::SystemRandom);
        let makers = Makers { seal: &seal, random: &random, clock: &crate::clock::SystemClock, own_listeners: &[] };
        let planning = Planning { config: &config, catalogue, makers: &makers, now: Timestamp(1) };
        let entries = planning.entries().unwrap_or_else(|_| panic!("entries"));
        entries.iter().for_each(|entry| change::take(catalogue, entry).expect("it reads"));
        entries.len()
    }

    /// A catalogue whose one scanner of the file has an account with a key.
    fn scanning() -> Catalogue {
        let mut catalogue = Catalogue::default();
        assert_eq!(apply(SCANNER, &mut catalogue), 1);
        let mut account = resources::scanner_account(&catalogue, "scan", 1, AccountKey(7), 1);
        let (seal, random) = (SealKey::new([3; 32]), crate::clock::SystemRandom);
        let new = resources::jwt_key(&account, domain::CredentialKey(8), &seal, &random, Timestamp(1));
        resources::add_jwt_key(&mut account, new.key);
        catalogue.accounts.insert(account.key, account);
        service(&mut catalogue).account = Some(AccountKey(7));
        catalogue
    }

    fn service(catalogue: &mut Catalogue) -> &mut Service {
        catalogue.services.values_mut().next().expect("a service")
    }

    #[test]
    fn the_credentials_of_a_service_end_when_the_file_names_it_no_more() {
        let mut catalogue = scanning();
        let inactive = format!("{SCANNER}active = false");
        assert_eq!(apply(&inactive, &mut catalogue), 1);
        assert!(catalogue.accounts[&AccountKey(7)].active, "a late answer of an inactive one is taken");

        assert_eq!(apply("", &mut catalogue), 2);

        let account = &catalogue.accounts[&AccountKey(7)];
        assert!(!account.active && account.jwt[0].revoked);
        assert_eq!(apply("", &mut catalogue), 0, "nothing is left to write");
        assert_eq!(apply(SCANNER, &mut catalogue), 1);
        assert_eq!(service(&mut catalogue).account, None, "it is back and may have another");
    }

    #[test]
    fn an_account_that_a_person_switched_off_stays_that_of_its_service() {
        let mut catalogue = scanning();
        catalogue.accounts.get_mut(&AccountKey(7)).expect("an account").active = false;

        assert_eq!(apply("", &mut catalogue), 2);

        assert!(catalogue.accounts[&AccountKey(7)].jwt[0].revoked);
        assert_eq!(apply("", &mut catalogue), 0);
        assert_eq!(apply(SCANNER, &mut catalogue), 1);
        assert_eq!(service(&mut catalogue).account, Some(AccountKey(7)));
    }
}

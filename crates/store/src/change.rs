//! The catalogue as entries, and the keys of new ones.

use domain::catalogue::{Account, Catalogue, Service, Source, Switch, Variable};
use domain::event_type::EventType;
use domain::rule::Rule;
use domain::{Key, Timestamp};

use crate::StoreError;
use crate::tables::{Entry, EntryKind};

/// What can be an entry of the catalogue.
pub trait Listed: serde::Serialize {
    /// What it is.
    const KIND: EntryKind;
    /// Its key.
    fn key(&self) -> i64;
    /// Its name.
    fn name(&self) -> &str;

    /// It as an entry.
    fn entry(&self) -> Entry {
        Entry {
            key: self.key(),
            kind: Self::KIND,
            name: self.name().to_owned(),
            doc: serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

macro_rules! listed {
    ($($type:ident),+) => {$(
        impl Listed for $type {
            const KIND: EntryKind = EntryKind::$type;
            fn key(&self) -> i64 { self.key.number() }
            fn name(&self) -> &str { &self.name }
        }
    )+};
}
listed!(Source, Service, Rule, Account, EventType, Variable);

impl Listed for Switch {
    const KIND: EntryKind = EntryKind::Switch;
    fn key(&self) -> i64 {
        self.key.number()
    }
    /// There is one for each service and one for the gate, and nobody names them.
    fn name(&self) -> &str {
        if self.service.is_some() { "service" } else { "gate" }
    }
}

/// Takes an entry into a catalogue.
///
/// # Errors
/// [`StoreError::Corrupt`] when its content does not read.
pub fn take(catalogue: &mut Catalogue, entry: &Entry) -> Result<(), StoreError> {
    match entry.kind {
        EntryKind::Source => {
            let source: Source = read(entry)?;
            catalogue.sources.insert(source.key, source);
        }
        EntryKind::Service => {
            let service: Service = read(entry)?;
            catalogue.services.insert(service.key, service);
        }
        EntryKind::Rule => {
            let rule: Rule = read(entry)?;
            catalogue.rules.insert(rule.key, rule);
        }
        EntryKind::Account => {
            let account: Account = read(entry)?;
            catalogue.accounts.insert(account.key, account);
        }
        EntryKind::Switch => {
            let switch: Switch = read(entry)?;
            catalogue.switches.insert(switch.key, switch);
        }
        EntryKind::EventType => {
            let event_type: EventType = read(entry)?;
            catalogue.event_types.insert(event_type.key, event_type);
        }
        EntryKind::Variable => {
            let variable: Variable = read(entry)?;
            catalogue.variables.insert(variable.key, variable);
        }
    }
    Ok(())
}

/// Reads an entry's content.
pub(crate) fn read<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T, StoreError> {
    serde_json::from_str(&entry.doc).map_err(|why| StoreError::Corrupt {
        expected: format!("the {} {:?}", entry.kind.word(), entry.name),
        found: why.to_string(),
    })
}

/// Keys for new entries: above every entry of a catalogue, and growing with time.
pub struct NewKeys {
    last: i64,
}

impl NewKeys {
    /// Keys above everything in this catalogue.
    #[must_use]
    pub fn after(catalogue: &Catalogue, now: Timestamp) -> Self {
        let highest = [
            catalogue.sources.keys().next_back().map(|key| key.0),
            catalogue.services.keys().next_back().map(|key| key.0),
            catalogue.rules.keys().next_back().map(|key| key.0),
            catalogue.accounts.keys().next_back().map(|key| key.0),
            catalogue.event_types.keys().next_back().map(|key| key.0),
            catalogue.switches.keys().next_back().map(|key| key.0),
            catalogue.variables.keys().next_back().map(|key| key.0),
            catalogue.accounts.values().filter_map(highest_credential).max(),
            Some(now.milliseconds().saturating_mul(1 << 12)),
        ];
        Self { last: highest.into_iter().flatten().max().unwrap_or(0) }
    }

    /// The next key.
    pub fn key<K: Key>(&mut self) -> K {
        self.last += 1;
        K::from_number(self.last)
    }
}

/// Credentials draw from the same keys, so that each is named by its own also where two are made at one instant.
fn highest_credential(account: &Account) -> Option<i64> {
    let tokens = account.credentials.iter().map(|each| each.key.0);
    tokens.chain(account.jwt.iter().map(|each| each.key.0)).chain(account.access.iter().map(|each| each.key.0)).max()
}

/// The next small number of a kind that shows one.
pub fn next_number(taken: impl Iterator<Item = i64>) -> i64 {
    taken.max().unwrap_or(0) + 1
}

//! The filters of the lists, as a query states them: read once, for the own API and for the pages alike.

use std::collections::BTreeSet;

use domain::event::{Event, Provenance, Receipt};
use domain::result::{ResultKind, ServiceResult};
use domain::run::Run;
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use domain::*;
use store::StoreError;
use store::lists::{self, EventFilter, EventState, Kind, Page, QuarantineFilter, ResultFilter, RunFilter, Span};
use store::lists::{AuditFilter, ReceiptFilter, SubjectFilter};
use store::search::{COLLECTION_KINDS, collection_by_name};
use store::table::Rows;
use store::tables::{Audit, Quarantine};

use super::extract::Params;
use super::show::View;
use crate::problem::Problem;
use crate::sight::Sight;

/// Reads one page of a list whose filters were read.
pub type Search<T> = Box<dyn FnOnce(&mut dyn Rows, &Span, &mut Sight) -> Result<Page<T>, StoreError> + Send>;

/// The longest word that is looked for.
const WORD_CHARS_MAX: usize = 200;

/// A query's values, each refused with what was expected.
struct Query<'a> {
    view: &'a View,
    params: &'a Params,
}

/// A collection as a query names it.
enum Named {
    Key(CollectionKey),
    Name(String),
}

impl Named {
    /// The collections of this name, of whatever kind.
    fn find(&self, rows: &mut dyn Rows) -> Result<BTreeSet<CollectionKey>, StoreError> {
        match self {
            Self::Key(key) => Ok([*key].into()),
            Self::Name(name) => {
                let mut keys = BTreeSet::new();
                for kind in COLLECTION_KINDS {
                    keys.extend(collection_by_name(rows, kind, name)?.map(|found| found.key));
                }
                Ok(keys)
            }
        }
    }
}

fn refused(name: &str, expected: &str, found: &str) -> Problem {
    let found: String = found.chars().take(80).collect();
    Problem::invalid(format!("{name}: expected {expected}, found {found:?}"))
}

/// Words as a sentence names a choice: `open, failed or done`.
fn choice(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

impl<'a> Query<'a> {
    /// A value that is stated; an empty one states nothing, as a form sends it.
    fn text(&self, name: &str) -> Option<&'a str> {
        self.params.one(name).map(str::trim).filter(|text| !text.is_empty())
    }

    fn word(&self, name: &str) -> Result<Option<String>, Problem> {
        let word = self.text(name);
        if let Some(long) = word.filter(|word| word.chars().count() > WORD_CHARS_MAX) {
            return Err(refused(name, &format!("at most {WORD_CHARS_MAX} characters"), long));
        }
        Ok(word.map(str::to_owned))
    }

    fn id<K: Key>(&self, name: &str) -> Result<Option<K>, Problem> {
        let read = |id: &str| self.view.salt.parse(id).map_err(|why| Problem::invalid(format!("{name}: {why}")));
        self.text(name).map(read).transpose()
    }

    fn expectation(&self) -> Result<Option<ExpectationKey>, Problem> {
        let read = |id: &str| self.view.salt.parse_expectation(id).map(|(key, _)| key);
        self.text("expectation")
            .map(|id| read(id).map_err(|why| Problem::invalid(format!("expectation: {why}"))))
            .transpose()
    }

    fn one_of<T: Copy>(&self, name: &str, all: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
        match all.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => Err(refused(name, &format!("one of {}", choice(&words)), text)),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.one_of(name, &[("true", true), ("false", false), ("yes", true), ("no", false)])
    }

    fn service(&self) -> Result<Option<ServiceKey>, Problem> {
        let Some(name) = self.text("service") else { return Ok(None) };
        let services = &self.view.catalogue.services;
        let named = services.values().find(|service| service.name == name).map(|service| service.key);
        let found = named.or_else(|| self.view.salt.parse(name).ok().filter(|key| services.contains_key(key)));
        found.map(Some).ok_or_else(|| refused("service", "the name or id of a service", name))
    }

    /// The sources of this id, of this `provider/name`, or of this provider.
    fn sources(&self) -> Result<Option<Vec<SourceKey>>, Problem> {
        let Some(name) = self.text("source") else { return Ok(None) };
        let by_id = self.view.salt.parse::<SourceKey>(name).ok();
        let sources = self.view.catalogue.sources.values().filter(|source| {
            by_id == Some(source.key)
                || source.provider == name
                || name.split_once('/').is_some_and(|(provider, id)| source.provider == provider && source.name == id)
        });
        let keys: Vec<SourceKey> = sources.map(|source| source.key).collect();
        if keys.is_empty() {
            return Err(refused("source", "a source as provider/name, its id, or a provider", name));
        }
        Ok(Some(keys))
    }

    fn source(&self) -> Result<Option<SourceKey>, Problem> {
        match self.sources()?.as_deref() {
            None => Ok(None),
            Some([one]) => Ok(Some(*one)),
            Some(_) => {
                Err(refused("source", "one source as provider/name or its id", self.text("source").unwrap_or_default()))
            }
        }
    }

    fn account(&self) -> Result<Option<AccountKey>, Problem> {
        let Some(name) = self.text("account") else { return Ok(None) };
        let accounts = &self.view.catalogue.accounts;
        let named = accounts.values().find(|account| account.name == name).map(|account| account.key);
        let found = named.or_else(|| self.view.salt.parse(name).ok().filter(|key| accounts.contains_key(key)));
        found.map(Some).ok_or_else(|| refused("account", "the name or id of an account", name))
    }

    fn collection(&self) -> Option<Named> {
        let name = self.text("collection")?;
        Some(self.view.salt.parse(name).map_or_else(|_| Named::Name(name.to_owned()), Named::Key))
    }

    /// An instant; a date is its beginning, a length of time that long ago.
    fn instant(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let ago = || {
            let span = domain::time::parse_span(text).ok()?;
            Some(Timestamp(self.view.now.0.saturating_sub(domain::time::micros(span))))
        };
        let day = || Timestamp::parse(&format!("{text}T00:00:00Z"));
        let minute = || Timestamp::parse(&format!("{text}:00Z")).or_else(|| Timestamp::parse(&format!("{text}Z")));
        let found = Timestamp::parse(text).or_else(day).or_else(minute).or_else(ago);
        let expected = "an instant as 2026-11-21T20:59:00Z, a date as 2026-11-21, or how long ago as 24h";
        found.map(Some).ok_or_else(|| refused(name, expected, text))
    }
}

/// Which page a query asks for, beside its cursor.
pub fn times(view: &View, params: &Params) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let query = Query { view, params };
    Ok((query.instant("from")?, query.instant("until")?))
}

/// A list of what belongs to no collection: only whoever sees all sees any of it.
fn whole<T>(list: impl FnOnce(&mut dyn Rows, &Span) -> Result<Page<T>, StoreError> + Send + 'static) -> Search<T> {
    Box::new(move |rows, span, sight| {
        if sight.is_whole() { list(rows, span) } else { Ok(Page { rows: Vec::new(), next: None, looked_to: None }) }
    })
}

/// A row whose list has filters that combine.
pub trait Filtered: Sized {
    /// Their names.
    const NAMES: &'static [&'static str];

    /// The list that a query asks for.
    ///
    /// # Errors
    /// What is wrong with a value, and what was expected.
    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem>;
}

impl Filtered for Event {
    const NAMES: &'static [&'static str] =
        &["type", "source", "account", "subject", "collection", "state", "q", "from", "until"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let query = Query { view, params };
        let kind = query.word("type")?.map(|text| match text.strip_suffix('*') {
            Some(beginning) => Kind::Begins(beginning.to_owned()),
            None => Kind::Is(text),
        });
        let sources = query.sources()?.map(|keys| keys.into_iter().map(Provenance::Signed).collect::<Vec<_>>());
        let account = query.account()?.map(Provenance::Account);
        let by = match (sources, account) {
            (None, account) => account.map(|account| vec![account]),
            (Some(sources), None) => Some(sources),
            (Some(_), Some(_)) => Some(Vec::new()),
        };
        let collection = query.collection();
        let filter = EventFilter {
            kind,
            by,
            subject: query.id("subject")?,
            state: query.one_of("state", &EventState::ALL.map(|state| (state.word(), state)))?,
            word: query.word("q")?,
            ..EventFilter::default()
        };
        Ok(Box::new(move |rows, span, sight| {
            let within = sight.within(rows)?;
            let collections = collection.map(|named| named.find(rows)).transpose()?;
            lists::events(rows, &EventFilter { collections, within, ..filter }, span)
        }))
    }
}

/// The words of where a run stands, and the states that each means.
pub const RUN_STATES: [(&str, &[&str]); 7] = [
    ("waiting", &["due", "leased", "deferred"]),
    ("due", &["due"]),
    ("leased", &["leased"]),
    ("deferred", &["deferred"]),
    ("exhausted", &["exhausted"]),
    ("cancelled", &["cancelled"]),
    ("answered", &["answered"]),
];

impl Filtered for Run {
    const NAMES: &'static [&'static str] = &["state", "service", "expectation", "event", "subject", "from", "until"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let query = Query { view, params };
        let filter = RunFilter {
            states: query.one_of("state", &RUN_STATES)?.map(<[&str]>::to_vec),
            service: query.service()?,
            expectation: query.expectation()?,
            event: query.id("event")?,
            subject: query.id("subject")?,
            within: None,
        };
        Ok(Box::new(move |rows, span, sight| {
            let within = sight.within(rows)?;
            lists::runs(rows, &RunFilter { within, ..filter }, span)
        }))
    }
}

impl Filtered for ServiceResult {
    const NAMES: &'static [&'static str] =
        &["service", "rule", "kind", "late", "subject", "expectation", "artifact", "q", "from", "until"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let query = Query { view, params };
        let kinds: Vec<(&str, ResultKind)> = ResultKind::ALL.iter().map(|kind| (kind.word(), *kind)).collect();
        let filter = ResultFilter {
            service: query.service()?,
            rule: query.word("rule")?,
            kind: query.one_of("kind", &kinds)?,
            late: query.flag("late")?,
            subject: query.id("subject")?,
            expectation: query.expectation()?,
            artifact: query.id("artifact")?,
            word: query.word("q")?,
            within: None,
        };
        Ok(Box::new(move |rows, span, sight| {
            let within = sight.within(rows)?;
            lists::results(rows, &ResultFilter { within, ..filter }, span)
        }))
    }
}

impl Filtered for Subject {
    const NAMES: &'static [&'static str] = &["verdict", "kind", "collection", "flagged", "held", "q", "from", "until"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let query = Query { view, params };
        let verdicts: Vec<(&str, VerdictKind)> = VerdictKind::ALL.iter().map(|kind| (kind.word(), *kind)).collect();
        let collection = query.collection();
        let filter = SubjectFilter {
            verdict: query.one_of("verdict", &verdicts)?,
            kind: query.word("kind")?,
            flagged: query.flag("flagged")?,
            held: query.flag("held")?,
            word: query.word("q")?,
            ..SubjectFilter::default()
        };
        Ok(Box::new(move |rows, span, sight| {
            let within = sight.within(rows)?;
            let collections = collection.map(|named| named.find(rows)).transpose()?;
            lists::subjects(rows, &SubjectFilter { collections, within, ..filter }, span)
        }))
    }
}

impl Filtered for Receipt {
    const NAMES: &'static [&'static str] = &["source", "from", "until"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let filter = ReceiptFilter { source: Query { view, params }.source()? };
        Ok(whole(move |rows, span| lists::receipts(rows, &filter, span)))
    }
}

impl Filtered for Quarantine {
    const NAMES: &'static [&'static str] = &["source", "reason", "from", "until"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let query = Query { view, params };
        let filter = QuarantineFilter { source: query.source()?, reason: query.word("reason")? };
        Ok(whole(move |rows, span| lists::quarantine(rows, &filter, span)))
    }
}

impl Filtered for Audit {
    const NAMES: &'static [&'static str] = &["who", "q", "from", "until"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let query = Query { view, params };
        let filter = AuditFilter { who: query.word("who")?, word: query.word("q")? };
        Ok(whole(move |rows, span| lists::audit(rows, &filter, span)))
    }
}

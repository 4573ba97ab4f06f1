//! What an account may do in an operation and with an evidence.
//!
//! What was granted counts, and nothing else, with one exception: the account of a worker service may read what its
//! service was asked about, and write results there under its service's name. Between what is not there and what is not permitted no difference
//! is told.

use domain::catalogue::{Access, Account};
use domain::expectation::Expectation;
use domain::subject::{Collection, Subject, SubjectName};
use domain::{ExpectationKey, ServiceKey};
use store::StoreError;
use store::row::RowsExt as _;
use store::search;
use store::table::{Find, Rows, Value};
use store::tables::EXPECTATION_SUBJECT;

use super::error::Refused;
use super::evidence::Said;
use crate::server::Shared;

pub use domain::catalogue::OPERATION;
/// The kind of subject that evidence is.
pub const EVIDENCE: &str = "evidence";

/// What is asked for with an evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// To read it, its file and its results.
    Read,
    /// To write a result.
    Answer,
    /// To change it.
    Change,
}

impl Needs {
    const fn access(self) -> Access {
        match self {
            Needs::Read => Access::Read,
            Needs::Answer | Needs::Change => Access::Write,
        }
    }
}

/// An evidence that the caller may do something with.
pub struct Evidence {
    /// Its operation.
    pub operation: Collection,
    /// It itself.
    pub subject: Subject,
    /// What is said of it.
    pub said: Said,
    /// The newest question about it to the caller's own service, if there was one.
    pub asked: Option<(ExpectationKey, ServiceKey)>,
    /// Whether it was granted; if not, the caller may do only what its own service was asked for.
    pub granted: bool,
}

/// What is said to whoever may not do this, or does it to what is not there.
fn refusal(access: Access) -> Refused {
    match access {
        Access::Read => Refused::NotFound,
        Access::Write | Access::Admin => Refused::Unauthorized,
    }
}

/// The operation of this slug, if the account may do this in it.
pub async fn operation(server: &Shared, account: &Account, slug: &str, access: Access) -> Result<Collection, Refused> {
    let name = slug.to_owned();
    let found = server.parts.store.read(move |rows| search::collection_by_name(rows, OPERATION, &name)).await?;
    found.filter(|_| account.operations.allow(slug, access)).ok_or_else(|| refusal(access))
}

/// The evidence of this id in the operation of this slug, if the account may do this with it.
pub async fn evidence(
    server: &Shared,
    account: &Account,
    slug: &str,
    uuid: &str,
    needs: Needs,
) -> Result<Evidence, Refused> {
    let catalogue = server.parts.store.catalogue();
    let own = catalogue.services.values().find(|service| service.account == Some(account.key) && !service.deleted);
    let own = own.map(|service| service.key);
    let name = SubjectName { kind: EVIDENCE.to_owned(), collection: slug.to_owned(), id: uuid.to_owned() };
    let found = server.parts.store.read(move |rows| find(rows, &name, own)).await?;
    let granted = account.operations.allow(slug, needs.access());
    found
        .map(|found| Evidence { granted, ..found })
        .filter(|found| granted || (needs != Needs::Change && found.asked.is_some()))
        .ok_or_else(|| refusal(needs.access()))
}

fn find(rows: &mut dyn Rows, name: &SubjectName, own: Option<ServiceKey>) -> Result<Option<Evidence>, StoreError> {
    let Some(operation) = search::collection_by_name(rows, OPERATION, &name.collection)? else { return Ok(None) };
    let subject = search::subject_by_name(rows, name)?.filter(|subject| subject.collection == operation.key);
    let Some(subject) = subject else { return Ok(None) };
    let asked = match own {
        Some(service) => {
            let all: Vec<Expectation> =
                rows.all(&Find::equal(&EXPECTATION_SUBJECT, vec![Value::Int(subject.key.0)]))?;
            all.into_iter().filter(|each| each.service == service).map(|each| each.key).max()
        }
        None => None,
    };
    let asked = asked.zip(own);
    let said = Said::of(rows, &subject)?;
    Ok(Some(Evidence { operation, subject, said, asked, granted: false }))
}

//! Every sealed value of an installation, each with what it is sealed for: in the catalogue's entries, and the heads of
//! refused requests.

use domain::catalogue::{Account, Sealed, Service, Source, Variable};

use crate::StoreError;
use crate::change::{Listed, read};
use crate::seal::of;
use crate::tables::{Entry, EntryKind, Quarantine};

/// What is shown each sealed value in its place, and may put another there.
pub type Visit<'a> = dyn FnMut(&mut Sealed, &str) + 'a;

/// Shows every sealed value of an entry, and answers the entry as it is afterwards.
///
/// # Errors
/// [`StoreError::Corrupt`] when the entry's content does not read.
pub fn in_entry(entry: &Entry, visit: &mut Visit<'_>) -> Result<Entry, StoreError> {
    // What was forgotten is empty: there is nothing to open.
    let mut visit = |sealed: &mut Sealed, of: &str| {
        if !sealed.0.is_empty() {
            visit(sealed, of);
        }
    };
    Ok(match entry.kind {
        EntryKind::Source => in_source(read(entry)?, &mut visit).entry(),
        EntryKind::Service => in_service(read(entry)?, &mut visit).entry(),
        EntryKind::Account => in_account(read(entry)?, &mut visit).entry(),
        EntryKind::Variable => {
            let mut variable: Variable = read(entry)?;
            visit(&mut variable.value, &of::variable(variable.operation.as_deref(), &variable.slug));
            variable.entry()
        }
        EntryKind::Rule | EntryKind::Switch | EntryKind::EventType => entry.clone(),
    })
}

/// Shows the sealed head of a refused request, and answers the request as it is afterwards.
#[must_use]
pub fn in_refused(refused: &Quarantine, visit: &mut Visit<'_>) -> Quarantine {
    let credential = refused.credential.clone().map(|text| {
        let mut sealed = Sealed(text);
        visit(&mut sealed, of::QUARANTINE);
        sealed.0
    });
    Quarantine { credential, ..refused.clone() }
}

fn in_source(mut source: Source, visit: &mut Visit<'_>) -> Source {
    let of = of::source(&source.provider, &source.name);
    for secret in &mut source.secrets {
        visit(&mut secret.sealed, &of);
    }
    if let Some(token) = &mut source.handshake.verify_token {
        visit(token, &of);
    }
    source
}

fn in_service(mut service: Service, visit: &mut Visit<'_>) -> Service {
    if let Some(secret) = &mut service.secret {
        visit(secret, &of::service_secret(&service.name));
    }
    for header in &mut service.headers {
        visit(&mut header.value, &of::service_header(&service.name, &header.name));
    }
    for key in &mut service.signing {
        visit(key, &of::service_signing(&service.name));
    }
    service
}

fn in_account(mut account: Account, visit: &mut Visit<'_>) -> Account {
    for key in &mut account.jwt {
        visit(&mut key.secret, &of::account_jwt(account.number));
    }
    for key in &mut account.access {
        visit(&mut key.secret, &of::account_access(account.number));
    }
    if let Some(second) = &mut account.sign_in.second {
        visit(&mut second.secret, &of::account_second(account.number));
    }
    account
}

//! What people write about sources, services, rules and accounts, and the catalogue's entries made of it.
//!
//! The own API and the configuration file share these: the same members, the same checks, the same words on what is
//! wrong. Everything here is pure; randomness is an argument.

mod account;
mod rule;
mod service;
mod settle;
mod source;
mod strict;
mod variable;
mod worker;

pub use account::{
    AccountSpec, NewAccessKey, NewJwtKey, NewToken, access_key, account, add_access_key, add_jwt_key, jwt_key, revoke,
    scanner_account, service_account, token,
};
pub use rule::{RuleSpec, rule};
pub use service::{EventSpec, NewService, ServiceSpec, ShownKey, public_keys, service, signing_key};
pub use settle::{settle_service, settle_source};
pub use source::{HandshakeSpec, SecretSpec, SourceSpec, VerifierSpec, source};
pub(crate) use source::{endpoint, paths, secrets};
pub use strict::{read, read_value};
pub use variable::{VariableSpec, variable};
pub use worker::{WorkerConfig, same_host};

use domain::limits::NAME_CHARS_MAX;

use crate::problem::Problem;

/// The name in this member as it may be: something, not too long, no control characters, no blanks around it.
fn check_name(member: &'static str, what: &str, name: &str) -> Result<(), Problem> {
    let found = name.chars().count();
    if found == 0 || found > NAME_CHARS_MAX {
        let detail = format!("expected {what} of 1 to {NAME_CHARS_MAX} characters, found {found}");
        return Err(Problem::invalid(detail).about(member));
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        let detail = format!("expected {what} without control characters and blanks around it, found {name:?}");
        return Err(Problem::invalid(detail).about(member));
    }
    Ok(())
}

//! Accounts: a person or a machine that may call us, and its tokens.

use domain::catalogue::{Account, Credential, Role};
use domain::{AccountKey, CredentialKey, Random, Timestamp};
use serde::{Deserialize, Serialize};

use super::check_name;
use super::source::yes;
use crate::problem::Problem;

/// What bearer tokens begin with.
pub const TOKEN_PREFIX: &str = "cs_";

/// An account as people write it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSpec {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Whether it may do anything.
    #[serde(default = "yes")]
    pub active: bool,
}

/// A token that was just made, with its text that is shown this once. Without `Debug`.
pub struct NewToken {
    /// The text.
    pub text: String,
    /// What is kept of it.
    pub credential: Credential,
}

/// Makes an account with one token.
///
/// # Errors
/// When its name cannot be.
pub fn account(spec: &AccountSpec, key: AccountKey, number: i64, token: &NewToken) -> Result<Account, Problem> {
    check_name("an account's name", &spec.name)?;
    let AccountSpec { name, role, active } = spec.clone();
    Ok(Account { key, number, name, role, credentials: vec![token.credential.clone()], active })
}

/// Makes a bearer token.
#[must_use]
pub fn token(key: CredentialKey, random: &dyn Random, now: Timestamp) -> NewToken {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    let text = format!("{TOKEN_PREFIX}{}", verify::hex::encode(&bytes));
    let token_sha256 = verify::hex::encode(&verify::mac::token_digest(text.as_bytes()));
    NewToken { text, credential: Credential { key, token_sha256, at: now, revoked: false } }
}

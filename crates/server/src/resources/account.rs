//! Accounts: a person or a machine that may call us, its tokens, and the keys with which it signs its own.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use domain::catalogue::{
    Access, AccessKey, Account, Catalogue, Credential, JwtKey, Operations, Permission, Role, Sealed,
};
use domain::person::SignIn;
use domain::{AccountKey, CredentialKey, Random, Timestamp};
use serde::{Deserialize, Serialize};
use store::seal::SealKey;
use zeroize::Zeroizing;

use super::check_name;
use super::source::yes;
use crate::problem::Problem;
use store::seal::of;

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
    /// What it may do in a protocol of services.
    #[serde(default)]
    pub permissions: BTreeSet<Permission>,
    /// What it may do in operations, by slug.
    #[serde(default)]
    pub operations: BTreeMap<String, Access>,
    /// What it may do in every operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_operations: Option<Access>,
    /// What it may do as a member of other collections: by their kind, then by their name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub collections: BTreeMap<String, BTreeMap<String, Access>>,
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

/// A key for tokens that was just made, with its secret that is shown this once. Without `Debug`.
pub struct NewJwtKey {
    /// The secret, 64 characters of hex; the characters are the HMAC's key.
    pub secret: Zeroizing<String>,
    /// What is kept of it.
    pub key: JwtKey,
}

/// A key for signed requests that was just made, with its secret that is shown this once. Without `Debug`.
pub struct NewAccessKey {
    /// The secret, 64 bytes in base64; the bytes are the HMAC's key.
    pub secret: Zeroizing<String>,
    /// What is kept of it.
    pub key: AccessKey,
}

impl AccountSpec {
    /// An account of this name that may do nothing but what its role allows.
    #[must_use]
    pub fn new(name: &str, role: Role) -> Self {
        Self {
            name: name.to_owned(),
            role,
            permissions: BTreeSet::new(),
            operations: BTreeMap::new(),
            all_operations: None,
            collections: BTreeMap::new(),
            active: true,
        }
    }
}

/// Makes an account, with a token where it is to have one.
///
/// # Errors
/// When its name cannot be.
pub fn account(spec: &AccountSpec, key: AccountKey, number: i64, token: Option<&NewToken>) -> Result<Account, Problem> {
    check_name("name", "an account's name", &spec.name)?;
    let AccountSpec { name, role, permissions, operations, all_operations, collections, active } = spec.clone();
    Ok(Account {
        key,
        number,
        name,
        role,
        permissions: permissions.into_iter().collect(),
        credentials: token.map(|token| token.credential.clone()).into_iter().collect(),
        jwt: Vec::new(),
        access: Vec::new(),
        operations: Operations { all: all_operations, granted: operations },
        collections,
        sign_in: SignIn::default(),
        active,
    })
}

/// Makes the account of a scanner, which has no key yet and may send what its own service found.
#[must_use]
pub fn scanner_account(
    catalogue: &Catalogue,
    service: &str,
    service_number: i64,
    key: AccountKey,
    number: i64,
) -> Account {
    let name = scanner_account_name(catalogue, service, service_number);
    Account { permissions: vec![Permission::PatchResults], ..service_account(key, number, name) }
}

/// Makes the account of a service, which has nothing yet to call with.
#[must_use]
pub fn service_account(key: AccountKey, number: i64, name: String) -> Account {
    Account {
        key,
        number,
        name,
        role: Role::Service,
        permissions: Vec::new(),
        credentials: Vec::new(),
        jwt: Vec::new(),
        access: Vec::new(),
        operations: Operations::default(),
        collections: BTreeMap::new(),
        sign_in: SignIn::default(),
        active: true,
    }
}

/// `service-account-webhook-` and the service's name as a slug; its number follows where that is taken.
fn scanner_account_name(catalogue: &Catalogue, service: &str, service_number: i64) -> String {
    let mut name = slug(&format!("service-account-webhook-{service}"));
    while catalogue.accounts.values().any(|account| account.name == name) {
        name = format!("{name}-{service_number}");
    }
    name
}

/// The longest slug: a number after it still fits into a name.
const SLUG_CHARS_MAX: usize = 160;

/// Small letters, digits and underscores, joined by single hyphens where blanks and hyphens were; nothing else stays.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            slug.push(letter.to_ascii_lowercase());
        } else if (letter == '-' || letter.is_whitespace()) && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_CHARS_MAX);
    slug.trim_matches(['-', '_']).to_owned()
}

/// Makes a key with which an account signs its tokens.
#[must_use]
pub fn jwt_key(
    account: &Account,
    key: CredentialKey,
    seal: &SealKey,
    random: &dyn Random,
    now: Timestamp,
) -> NewJwtKey {
    let mut suffix = [0; 4];
    random.fill(&mut suffix);
    let mut suffix = u32::from_le_bytes(suffix);
    let name_of = |suffix: u32| format!("user:{}:{suffix}", account.number);
    while account.jwt.iter().any(|known| known.name == name_of(suffix)) {
        suffix = suffix.wrapping_add(1);
    }
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    let secret = Zeroizing::new(verify::hex::encode(&*bytes));
    let mut nonce = [0; 24];
    random.fill(&mut nonce);
    let sealed = seal.seal(&secret, &of::account_jwt(account.number), nonce);
    NewJwtKey { key: JwtKey { key, name: name_of(suffix), secret: sealed, at: now, revoked: false }, secret }
}

/// Makes a key with which an account signs its requests.
#[must_use]
pub fn access_key(
    account: &Account,
    key: CredentialKey,
    seal: &SealKey,
    random: &dyn Random,
    now: Timestamp,
) -> NewAccessKey {
    let mut bytes = [0; 18];
    random.fill(&mut bytes);
    let name = verify::account::access_key(&bytes);
    let mut bytes = Zeroizing::new([0; 64]);
    random.fill(&mut *bytes);
    let secret = Zeroizing::new(verify::account::secret_key(&bytes));
    let mut nonce = [0; 24];
    random.fill(&mut nonce);
    let sealed = seal.seal(&secret, &of::account_access(account.number), nonce);
    NewAccessKey { key: AccessKey { key, name, secret: sealed, at: now, revoked: false }, secret }
}

/// Keys that are usable at a time: the newest, and the one before it until its holder has changed over.
const SERVICE_KEYS_MAX: usize = 2;

/// Gives an account a new key. The one before it stays usable; older ones are revoked and their secrets forgotten.
pub fn add_jwt_key(account: &mut Account, key: JwtKey) {
    account.jwt.push(key);
    let usable = account.jwt.iter_mut().rev().filter(|key| !key.revoked);
    for old in usable.skip(SERVICE_KEYS_MAX) {
        revoke(old);
    }
}

/// Gives the account of a service a new access key, as [`add_jwt_key`] does.
pub fn add_access_key(account: &mut Account, key: AccessKey) {
    account.access.push(key);
    let usable = account.access.iter_mut().rev().filter(|key| !key.revoked);
    for old in usable.skip(SERVICE_KEYS_MAX) {
        revoke(old);
    }
}

/// Revokes a token, a key, or an account with all that it has. Whether it was in force until now.
pub fn revoke(what: &mut impl Revoke) -> bool {
    what.revoke()
}

/// What can be revoked.
pub trait Revoke {
    /// Revokes it. Whether it was in force until now.
    fn revoke(&mut self) -> bool;
}

impl Revoke for Credential {
    fn revoke(&mut self) -> bool {
        !mem::replace(&mut self.revoked, true)
    }
}

/// Its secret is forgotten.
impl Revoke for JwtKey {
    fn revoke(&mut self) -> bool {
        self.secret = Sealed(String::new());
        !mem::replace(&mut self.revoked, true)
    }
}

/// Its secret is forgotten.
impl Revoke for AccessKey {
    fn revoke(&mut self) -> bool {
        self.secret = Sealed(String::new());
        !mem::replace(&mut self.revoked, true)
    }
}

/// It is switched off, and who switches it on again finds none of its tokens and keys in force. It stays in the list,
/// since the audit names it.
impl Revoke for Account {
    fn revoke(&mut self) -> bool {
        for token in &mut self.credentials {
            token.revoke();
        }
        for key in &mut self.jwt {
            key.revoke();
        }
        for key in &mut self.access {
            key.revoke();
        }
        let was_active = mem::replace(&mut self.active, false);
        if was_active {
            self.sign_in.end_sessions();
        }
        was_active
    }
}

/// Makes a bearer token.
#[must_use]
pub fn token(key: CredentialKey, random: &dyn Random, now: Timestamp) -> NewToken {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    let text = format!("{TOKEN_PREFIX}{}", verify::hex::encode(&bytes));
    let token_sha256 = verify::hex::encode(&verify::mac::token_digest(text.as_bytes()));
    NewToken { text, credential: Credential { key, name: None, token_sha256, at: now, revoked: false } }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nines;

    impl Random for Nines {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(9);
        }
    }

    #[test]
    fn an_accounts_name_is_a_slug_of_its_services_and_never_anothers() {
        let mut catalogue = Catalogue::default();
        let account = scanner_account(&catalogue, "My  Scanner (v2)", 7, AccountKey(1), 3);
        assert_eq!(account.name, "service-account-webhook-my-scanner-v2");
        assert_eq!(account.permissions, [Permission::PatchResults]);
        catalogue.accounts.insert(account.key, account);
        assert_eq!(scanner_account_name(&catalogue, "my scanner V2", 8), "service-account-webhook-my-scanner-v2-8");
        assert_eq!(scanner_account_name(&catalogue, "扫描", 9), "service-account-webhook");
    }

    #[test]
    fn of_an_accounts_keys_the_newest_two_are_usable_and_no_two_have_one_name() {
        let seal = SealKey::new([1; 32]);
        let mut account = scanner_account(&Catalogue::default(), "s", 1, AccountKey(1), 3);
        for nth in 1..=3 {
            let new = jwt_key(&account, CredentialKey(nth), &seal, &Nines, Timestamp(nth));
            assert_eq!(new.secret.len(), 64);
            assert_eq!(seal.open(&new.key.secret, "account/3/jwt").as_deref(), Ok(&*new.secret));
            add_jwt_key(&mut account, new.key);
        }
        let revoked: Vec<bool> = account.jwt.iter().map(|key| key.revoked).collect();
        assert_eq!(revoked, [true, false, false]);
        assert_eq!(account.jwt[0].secret, Sealed(String::new()));
        let first = u32::from_le_bytes([9; 4]);
        assert_eq!(account.jwt[0].name, format!("user:3:{first}"));
        assert_eq!(account.jwt[1].name, format!("user:3:{}", first + 1));
    }

    #[test]
    fn an_access_key_has_a_name_of_27_characters_and_a_secret_of_64_bytes() {
        let seal = SealKey::new([1; 32]);
        let account = scanner_account(&Catalogue::default(), "s", 1, AccountKey(1), 3);
        let new = access_key(&account, CredentialKey(1), &seal, &Nines, Timestamp(1));
        assert_eq!((new.key.name.as_str(), new.secret.len()), ("AS-CQkJCQkJCQkJCQkJCQkJCQkJ", 88));
        assert_eq!(seal.open(&new.key.secret, "account/3/access").as_deref(), Ok(&*new.secret));
    }

    #[test]
    fn an_account_that_was_revoked_has_nothing_left_to_call_with() {
        let seal = SealKey::new([1; 32]);
        let mut account = scanner_account(&Catalogue::default(), "s", 1, AccountKey(1), 3);
        let key = jwt_key(&account, CredentialKey(1), &seal, &Nines, Timestamp(1)).key;
        add_jwt_key(&mut account, key);
        account.credentials.push(token(CredentialKey(2), &Nines, Timestamp(1)).credential);
        account.access.push(access_key(&account, CredentialKey(3), &seal, &Nines, Timestamp(1)).key);

        assert!(revoke(&mut account));

        assert!(!account.active && account.credentials[0].revoked && account.jwt[0].revoked);
        assert!(account.access[0].revoked && account.access[0].secret == Sealed(String::new()));
        assert_eq!(account.jwt[0].secret, Sealed(String::new()));
        assert_eq!(account.permissions, [Permission::PatchResults], "what a person gave is not taken");
        assert!(!revoke(&mut account), "it was in force no more");
    }
}

//! When each account and each of its keys was last recognised: written at most once a minute for each, whatever it
//! sends.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{AccountKey, CredentialKey, Timestamp};
use store::command::Command;
use store::tables::LastLogin;

use crate::server::Shared;

/// The shortest time between two notes of one account.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// What was noted, by account and what it was recognised by.
#[derive(Debug, Default)]
pub(crate) struct Logins(Mutex<HashMap<(AccountKey, Option<CredentialKey>), Timestamp>>);

impl Logins {
    /// Whether this use of an account is to be written down; then it counts as written.
    fn is_news(&self, account: AccountKey, by: Option<CredentialKey>, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&(account, by)).is_some_and(|at| now < at.after(NOTE_EVERY)) {
            return false;
        }
        noted.insert((account, by), now);
        true
    }
}

impl Shared {
    /// Notes that an account was recognised, and by which key. That it cannot be written down stops nobody.
    pub(crate) async fn logged_in(&self, account: AccountKey, by: Option<CredentialKey>) {
        let at = self.now();
        if !self.logins.is_news(account, by, at) {
            return;
        }
        if let Err(why) = self.parts.store.submit(Command::LoggedIn(LastLogin { account, at }, by)).await {
            tracing::warn!(%why, "the use of an account cannot be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{AccountKey, CredentialKey, Timestamp};

    use super::{Logins, NOTE_EVERY};

    #[test]
    fn each_account_and_each_key_is_noted_once_a_minute() {
        let logins = Logins::default();
        let (one, other) = (AccountKey(1), AccountKey(2));
        let start = Timestamp(0);
        assert!(logins.is_news(one, None, start));
        assert!(logins.is_news(other, None, start));
        assert!(logins.is_news(one, Some(CredentialKey(3)), start), "each of its keys, too");
        assert!(!logins.is_news(one, None, Timestamp(59_999_999)));
        assert!(logins.is_news(one, None, start.after(NOTE_EVERY)));
    }
}

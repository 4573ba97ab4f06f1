//! The first account: whoever can read `<data_dir>/admin-token` administers this gateway.

use std::path::PathBuf;

use domain::catalogue::{Account, Catalogue, Role};
use domain::{Random, Timestamp};
use server::resources::{self, AccountSpec, NewToken};
use store::Store;
use store::change::{Listed, NewKeys, next_number};
use store::command::{Answer, Change};

use crate::data_dir::DataDir;
use crate::exit::Failure;

/// The account's name.
const NAME: &str = "administrator";

/// Sees to it that the token in the file opens the administrator's account; where it wrote the token, if it did.
///
/// # Errors
/// When the file or the account cannot be written.
pub async fn ensure(
    store: &Store,
    data: &DataDir,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Option<PathBuf>, Failure> {
    loop {
        let catalogue = store.catalogue();
        let before = catalogue.accounts.values().find(|account| account.name == NAME);
        if before.is_some_and(|account| opens(account, data)) {
            return Ok(None);
        }
        let mut keys = NewKeys::after(&catalogue, now);
        let token = resources::token(keys.key(), random, now);
        let account = with_token(&catalogue, before, &token, &mut keys)?;
        // The file first: a token that opens nothing is replaced at the next start, an account without one is lost.
        data.write_token(&token.text)?;
        let change = Change {
            catalogue: catalogue.version,
            entries: vec![account.entry()],
            who: "first start".to_owned(),
            what: "issued the administrator's token".to_owned(),
            now,
        };
        if !matches!(store.submit(change).await.map_err(Failure::internal)?, Answer::Recompute) {
            return Ok(Some(data.token_file()));
        }
    }
}

fn opens(account: &Account, data: &DataDir) -> bool {
    let Ok(text) = std::fs::read_to_string(data.token_file()) else { return false };
    let digest = verify::hex::encode(&verify::mac::token_digest(text.trim().as_bytes()));
    account.credentials.iter().any(|credential| !credential.revoked && credential.token_sha256 == digest)
}

/// The account with this token as its only one: an older one that stood in the file is lost, and so worth nothing.
fn with_token(
    catalogue: &Catalogue,
    before: Option<&Account>,
    token: &NewToken,
    keys: &mut NewKeys,
) -> Result<Account, Failure> {
    if let Some(before) = before {
        return Ok(Account { credentials: vec![token.credential.clone()], ..before.clone() });
    }
    let number = next_number(catalogue.accounts.values().map(|account| account.number));
    resources::account(&AccountSpec::new(NAME, Role::Administrator), keys.key(), number, Some(token))
        .map_err(Failure::internal)
}

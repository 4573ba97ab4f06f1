//! What the pages of accounts share: roles in words, keys as lines, and what is shown once.

use askama::Template;
use domain::catalogue::{Account, Role};

use super::chrome::Chrome;
use super::parts::{Moment, Once};
use crate::api::accounts;
use crate::problem::Problem;
use crate::server::Shared;

/// Something that was just made and is shown this once.
#[derive(Template)]
#[template(path = "once.html")]
pub struct OncePage {
    pub chrome: Chrome,
    pub lead: String,
    pub values: Vec<Once>,
    pub back: String,
}

/// A key of an account.
pub struct KeyLine {
    pub id: String,
    pub name: String,
    pub kind: &'static str,
    pub made: Moment,
    pub used: Option<Moment>,
    pub revoked: bool,
}

/// The keys of an account, those in force first, the newest first.
pub async fn key_lines(server: &Shared, account: &Account) -> Result<Vec<KeyLine>, Problem> {
    let (key, credentials, now) = (account.key, accounts::credentials(account), server.now());
    let used = server.parts.store.read(move |rows| accounts::uses(rows, key, &credentials)).await?.keys;
    let tokens = account.credentials.iter().map(|each| {
        let name = each.name.clone().unwrap_or_else(|| "Without a name".to_owned());
        (each.key, name, "API key", each.at, each.revoked)
    });
    let access = account.access.iter().map(|each| (each.key, each.name.clone(), "Access key", each.at, each.revoked));
    let jwt = account.jwt.iter().map(|each| (each.key, each.name.clone(), "Signing key", each.at, each.revoked));
    let mut all: Vec<_> = tokens.chain(access).chain(jwt).collect();
    all.sort_by_key(|(key, .., revoked)| (*revoked, std::cmp::Reverse(*key)));
    let line = |(key, name, kind, at, revoked)| KeyLine {
        id: server.show(key),
        name,
        kind,
        made: Moment::new(at, now),
        used: used.iter().find(|(of, _)| *of == key).map(|(_, at)| Moment::new(*at, now)),
        revoked,
    };
    Ok(all.into_iter().map(line).collect())
}

/// What a role may do, in a sentence.
pub const fn role_words(role: Role) -> &'static str {
    match role {
        Role::Administrator => "Administrator: may do everything.",
        Role::Submitter => "Submitter: submits subjects and events, and reads everything.",
        Role::Member => "Member: sees and changes what belongs to the collections it was granted.",
        Role::Reader => "Reader: reads everything but secrets and the audit, and changes nothing.",
        Role::Service => "Service: answers for its own service, and does not sign in.",
    }
}

/// The roles that a person may have, for a choice.
pub fn role_choices() -> Vec<(String, String)> {
    let people = [Role::Member, Role::Reader, Role::Submitter, Role::Administrator];
    people.iter().map(|role| (role.word().to_owned(), role_words(*role).to_owned())).collect()
}

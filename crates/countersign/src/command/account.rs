//! `account`: who may call us.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::catalogue::Permission;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::exit::{Done, Exit};
use crate::output::Column;

/// What can be done about accounts.
#[derive(clap::Subcommand)]
pub enum Account {
    /// List accounts.
    List(Page),
    /// Show one.
    Show(Named),
    /// Let one do more in a protocol of services: `Scanners:PushResults`.
    Permit(Permissions),
    /// Let one do less.
    Forbid(Permissions),
}

/// Which account.
#[derive(clap::Args)]
pub struct Named {
    /// Its id, `acc_...`, or its name.
    account: String,
}

/// Which account, and what it may or may not do.
#[derive(clap::Args)]
pub struct Permissions {
    /// Its id, `acc_...`, or its name.
    account: String,
    /// What it may or may not do; several may be given.
    #[arg(required = true, value_name = "PERMISSION", value_parser = permission())]
    permissions: Vec<Permission>,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("NAME", "name"),
    Column("ROLE", "role"),
    Column("ACTIVE", "active"),
    Column("PERMISSIONS", "permissions"),
];

impl Account {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Account::List(page) => page.print(common, "accounts", COLUMNS).await,
            Account::Show(named) => page::show(common, "accounts", &named.account).await,
            Account::Permit(these) => these.set(common, |held, these| held.extend_from_slice(these)).await,
            Account::Forbid(these) => {
                these.set(common, |held, these| held.retain(|permission| !these.contains(permission))).await
            }
        }
    }
}

impl Permissions {
    async fn set(self, common: &Common, change: impl FnOnce(&mut Vec<Value>, &[Value])) -> Done {
        let path = format!("/api/v1/accounts/{}", segment(&self.account));
        let client = common.client()?;
        let before = client.get(&path).await?.body;
        let mut held = before["permissions"].as_array().cloned().unwrap_or_default();
        let these: Vec<Value> = self.permissions.into_iter().map(|each| each.word().into()).collect();
        change(&mut held, &these);
        let reply = client.patch(&path, &json!({ "permissions": held })).await?;
        page::print(common, &reply.body);
        Ok(Exit::Yes)
    }
}

/// A permission by its word. A name that is not one is refused here: to forbid it would change nothing.
fn permission() -> impl TypedValueParser<Value = Permission> {
    let words = Permission::ALL.iter().map(|permission| permission.word());
    PossibleValuesParser::new(words).try_map(|word| Permission::from_word(&word).ok_or("no permission has this name"))
}

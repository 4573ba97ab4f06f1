//! `account`: who may call us.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::catalogue::{Access, Permission, Role};
use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

/// What can be done about accounts.
#[derive(clap::Subcommand)]
pub enum Account {
    /// List accounts.
    List(Page),
    /// Show one.
    Show(Named),
    /// Make one; its token is shown once.
    Add {
        /// Its name.
        name: String,
        /// What it may do.
        #[arg(long, default_value = "service", value_parser = role())]
        role: Role,
    },
    /// Let a service's account do more: `Scanners:PushResults`.
    Permit(Permissions),
    /// Let one do less.
    Forbid(Permissions),
    /// Let one read operations, or write to them too, with signed requests.
    Grant(Grant),
    /// Take that back.
    Withdraw(Withdraw),
    /// The access keys with which one signs its requests.
    #[command(subcommand)]
    Key(Key),
}

/// What can be done about access keys.
#[derive(clap::Subcommand)]
pub enum Key {
    /// List the keys of an account.
    List(Named),
    /// Make one more; its secret is shown once. The others stay valid, so that a key can be changed without a gap.
    Add(Named),
    /// Revoke one.
    Revoke {
        /// The account's id, `acc_...`, or its name.
        account: String,
        /// The key's id, `crd_...`, or its name, `AS-...`.
        key: String,
    },
}

/// Which account, and which operations.
#[derive(clap::Args)]
pub struct Grant {
    /// Its id, `acc_...`, or its name.
    account: String,
    #[command(flatten)]
    of: Of,
    /// What it may do there.
    #[arg(long, default_value = "read", value_parser = access())]
    access: Access,
}

/// Which account, and which operations no more.
#[derive(clap::Args)]
pub struct Withdraw {
    /// Its id, `acc_...`, or its name.
    account: String,
    #[command(flatten)]
    of: Of,
}

/// Which operations.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Of {
    /// The slug of an operation; may be given again.
    #[arg(long = "operation", value_name = "SLUG")]
    operations: Vec<String>,
    /// Every operation, also those that are made later.
    #[arg(long)]
    all_operations: bool,
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
    Column("LAST LOGIN", "last_login"),
    Column("PERMISSIONS", "permissions"),
];

const KEY_COLUMNS: &[Column] =
    &[Column("ID", "id"), Column("KEY", "name"), Column("SINCE", "at"), Column("REVOKED", "revoked")];

impl Account {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Account::List(page) => page.print(common, "accounts", COLUMNS).await,
            Account::Show(named) => page::show(common, "accounts", &named.account).await,
            Account::Add { name, role } => {
                let body = json!({ "name": name, "role": role.word() });
                let reply = common.client()?.post("/api/v1/accounts", &body).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
            Account::Grant(grant) => grant.of.set(common, &grant.account, Some(grant.access)).await,
            Account::Withdraw(withdraw) => withdraw.of.set(common, &withdraw.account, None).await,
            Account::Key(key) => key.run(common).await,
            Account::Permit(these) => these.set(common, |held, these| held.extend_from_slice(these)).await,
            Account::Forbid(these) => {
                these.set(common, |held, these| held.retain(|permission| !these.contains(permission))).await
            }
        }
    }
}

impl Of {
    /// What the account may do there from now on; none: nothing.
    async fn set(self, common: &Common, account: &str, access: Option<Access>) -> Done {
        let path = path_of(account);
        let client = common.client()?;
        let access = json!(access.map(Access::word));
        let change = if self.all_operations {
            json!({ "all_operations": access })
        } else {
            let mut granted = client.get(&path).await?.body["operations"].clone();
            for slug in self.operations {
                granted[slug] = access.clone();
            }
            if let Some(granted) = granted.as_object_mut() {
                granted.retain(|_, access| !access.is_null());
            }
            json!({ "operations": granted })
        };
        let mut account = client.patch(&path, &change).await?.body;
        if common.form() == Form::Human
            && let Some(Value::String(warning)) = account.as_object_mut().and_then(|members| members.remove("warning"))
        {
            output::remark(format_args!("warning: {warning}"));
        }
        page::print(common, &account);
        Ok(Exit::Yes)
    }
}

impl Key {
    async fn run(self, common: &Common) -> Done {
        match self {
            Key::List(named) => {
                let keys = common.client()?.get(&path_of(&named.account)).await?.body["access_keys"].clone();
                match (common.form(), keys.as_array().map(Vec::as_slice)) {
                    (Form::Json, _) => output::json(&keys),
                    (Form::Human, None | Some([])) => output::remark(format_args!("no access keys")),
                    (Form::Human, Some(rows)) => output::table(KEY_COLUMNS, rows),
                }
            }
            Key::Add(named) => {
                let reply = common.client()?.post(&format!("{}/keys", path_of(&named.account)), &json!({})).await?;
                page::print(common, &reply.body);
            }
            Key::Revoke { account, key } => {
                common.client()?.delete(&format!("{}/keys/{}", path_of(&account), segment(&key))).await?;
                if common.form() == Form::Human {
                    output::line(format_args!("revoked {key}"));
                }
            }
        }
        Ok(Exit::Yes)
    }
}

fn path_of(account: &str) -> String {
    format!("/api/v1/accounts/{}", segment(account))
}

impl Permissions {
    async fn set(self, common: &Common, change: impl FnOnce(&mut Vec<Value>, &[Value])) -> Done {
        let path = path_of(&self.account);
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

/// A role by its word.
fn role() -> impl TypedValueParser<Value = Role> {
    let words = Role::ALL.iter().map(|role| role.word());
    PossibleValuesParser::new(words).try_map(|word| Role::from_word(&word).ok_or("no role has this name"))
}

/// What may be done in an operation, by its word.
fn access() -> impl TypedValueParser<Value = Access> {
    let words = Access::ALL.iter().map(|access| access.word());
    PossibleValuesParser::new(words).try_map(|word| Access::from_word(&word).ok_or("expected read, write or admin"))
}

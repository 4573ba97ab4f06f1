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
        /// Make it for a person: with a one-time link in the place of a token.
        #[arg(long)]
        person: bool,
    },
    /// Make a one-time link with which a person chooses a password and signs in: the first, or another.
    Link(Named),
    /// Give a person another role; every session of theirs ends.
    Role {
        /// Its id, `acc_...`, or its name.
        account: String,
        /// What it may do from now on.
        #[arg(value_parser = role())]
        role: Role,
    },
    /// Switch one off: its sessions end and its keys are revoked, at once.
    Off(Named),
    /// Turn two-factor sign-in off, for a person who lost the authenticator.
    ForgetFactor(Named),
    /// The API keys of one: bearer tokens of the own API.
    #[command(subcommand)]
    Token(Token),
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

/// What can be done about API keys.
#[derive(clap::Subcommand)]
pub enum Token {
    /// List the API keys of an account, and when each was last used.
    List(Named),
    /// Make one more; it is shown once.
    Add {
        /// The account's id, `acc_...`, or its name.
        account: String,
        /// What it is for.
        #[arg(long)]
        name: Option<String>,
    },
    /// Revoke one.
    Revoke {
        /// The account's id, `acc_...`, or its name.
        account: String,
        /// The key's id, `crd_...`.
        credential: String,
    },
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
    /// A collection of another kind, for a member: `addon:85`; may be given again.
    #[arg(long = "collection", value_name = "KIND:NAME", value_parser = collection)]
    collections: Vec<(String, String)>,
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
    Column("TWO-FACTOR", "two_factor"),
    Column("LAST LOGIN", "last_login"),
    Column("PERMISSIONS", "permissions"),
];

const KEY_COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("KEY", "name"),
    Column("SINCE", "at"),
    Column("LAST USED", "last_used"),
    Column("REVOKED", "revoked"),
];

impl Account {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Account::List(page) => page.print(common, "accounts", COLUMNS).await,
            Account::Show(named) => page::show(common, "accounts", &named.account).await,
            Account::Add { name, role, person } => {
                let body = json!({ "name": name, "role": role.word() });
                let path = if person { "/api/v1/accounts?with=link" } else { "/api/v1/accounts" };
                let client = common.client()?;
                let mut made = client.post(path, &body).await?.body;
                if let Some(path) = made["link"].as_str() {
                    made["link"] = json!(client.page(path));
                }
                page::print(common, &made);
                Ok(Exit::Yes)
            }
            Account::Link(named) => {
                let client = common.client()?;
                let mut link = client.post(&format!("{}/link", path_of(&named.account)), &json!({})).await?.body;
                link["link"] = json!(link["path"].as_str().map(|path| client.page(path)));
                page::print(common, &link);
                Ok(Exit::Yes)
            }
            Account::Role { account, role } => {
                let change = json!({ "role": role.word() });
                page::print(common, &common.client()?.patch(&path_of(&account), &change).await?.body);
                Ok(Exit::Yes)
            }
            Account::Off(named) => {
                common.client()?.delete(&path_of(&named.account)).await?;
                said(common, format_args!("switched off {}", named.account))
            }
            Account::ForgetFactor(named) => {
                common.client()?.delete(&format!("{}/second-factor", path_of(&named.account))).await?;
                said(common, format_args!("two-factor sign-in is off for {}", named.account))
            }
            Account::Token(token) => token.run(common).await,
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
        } else if !self.collections.is_empty() {
            let mut granted = client.get(&path).await?.body["collections"].clone();
            for (kind, name) in self.collections {
                granted[kind][name] = access.clone();
            }
            for by_name in granted.as_object_mut().into_iter().flat_map(|kinds| kinds.values_mut()) {
                if let Some(by_name) = by_name.as_object_mut() {
                    by_name.retain(|_, access| !access.is_null());
                }
            }
            json!({ "collections": granted })
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

impl Token {
    async fn run(self, common: &Common) -> Done {
        match self {
            Token::List(named) => list_keys(common, &named.account, "tokens", "no API keys").await,
            Token::Add { account, name } => {
                let body = name.map_or_else(|| json!({}), |name| json!({ "name": name }));
                let reply = common.client()?.post(&format!("{}/tokens", path_of(&account)), &body).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
            Token::Revoke { account, credential } => {
                common.client()?.delete(&format!("{}/tokens/{}", path_of(&account), segment(&credential))).await?;
                said(common, format_args!("revoked {credential}"))
            }
        }
    }
}

async fn list_keys(common: &Common, account: &str, list: &str, none: &str) -> Done {
    let keys = common.client()?.get(&path_of(account)).await?.body[list].clone();
    match (common.form(), keys.as_array().map(Vec::as_slice)) {
        (Form::Json, _) => output::json(&keys),
        (Form::Human, None | Some([])) => output::remark(format_args!("{none}")),
        (Form::Human, Some(rows)) => output::table(KEY_COLUMNS, rows),
    }
    Ok(Exit::Yes)
}

/// Says what was done to whoever reads along; a program sees the exit code.
fn said(common: &Common, what: std::fmt::Arguments<'_>) -> Done {
    if common.form() == Form::Human {
        output::line(what);
    }
    Ok(Exit::Yes)
}

impl Key {
    async fn run(self, common: &Common) -> Done {
        match self {
            Key::List(named) => return list_keys(common, &named.account, "access_keys", "no access keys").await,
            Key::Add(named) => {
                let reply = common.client()?.post(&format!("{}/keys", path_of(&named.account)), &json!({})).await?;
                page::print(common, &reply.body);
            }
            Key::Revoke { account, key } => {
                common.client()?.delete(&format!("{}/keys/{}", path_of(&account), segment(&key))).await?;
                return said(common, format_args!("revoked {key}"));
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

/// A collection, as `addon:85`.
fn collection(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok((kind.to_owned(), name.to_owned())),
        _ => Err("expected its kind, a colon and its name: addon:85".to_owned()),
    }
}

/// What may be done in a collection, by its word.
fn access() -> impl TypedValueParser<Value = Access> {
    let words = Access::ALL.iter().map(|access| access.word());
    PossibleValuesParser::new(words).try_map(|word| Access::from_word(&word).ok_or("expected read, write or admin"))
}

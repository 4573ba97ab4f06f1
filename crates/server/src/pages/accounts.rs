//! Everybody who may call or sign in: the list, and one account's page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::catalogue::{Access, Account, OPERATION, Role};
use domain::{AccountKey, CredentialKey};
use http::StatusCode;
use serde::Deserialize;
use store::row::RowsExt;
use store::search::COLLECTION_KINDS;
use store::tables::LastLogin;

use super::account::KeyName;
use super::answer::page;
use super::chrome::{Chrome, done};
use super::form::Typed;
use super::keys::{KeyLine, OncePage, key_lines, role_choices, role_words};
use super::login::sentence;
use super::parts::{Badge, Control, Field, Moment, Once, Tone};
use super::visitor::Visitor;
use crate::api::{Segments, accounts, on_itself};
use crate::people::session::Browser;
use crate::people::{link, second};
use crate::problem::{self, Problem};
use crate::resources::AccountSpec;
use crate::server::{Server, Shared};

const HERE: &str = "/accounts";

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    chrome: Chrome,
    people: Vec<Line>,
    machines: Vec<Line>,
}

struct Line {
    id: String,
    name: String,
    role: Role,
    standing: Badge,
    two_factor: bool,
    seen: Option<Moment>,
}

impl Line {
    fn is_person(account: &Account) -> bool {
        account.role != Role::Service
    }
}

type Answer = Result<Response, Problem>;

pub async fn list(State(server): State<Server>, visitor: Visitor) -> Answer {
    let catalogue = server.parts.store.catalogue();
    let keys: Vec<AccountKey> = catalogue.accounts.keys().copied().collect();
    let seen = server
        .parts
        .store
        .read(move |rows| keys.iter().map(|key| rows.load::<LastLogin>(key.0)).collect::<Result<Vec<_>, _>>());
    let (seen, now) = (seen.await?, server.now());
    let line = |(account, login): (&Account, Option<LastLogin>)| Line {
        id: server.show(account.key),
        name: account.name.clone(),
        role: account.role,
        standing: standing(account),
        two_factor: account.sign_in.second.is_some(),
        seen: login.map(|login| Moment::new(login.at, now)),
    };
    let all = catalogue.accounts.values().zip(seen);
    let (people, machines): (Vec<_>, Vec<_>) = all.partition(|(account, _)| Line::is_person(account));
    let lines = |of: Vec<(&Account, Option<LastLogin>)>| of.into_iter().map(line).collect();
    let chrome = Chrome::new(&visitor, HERE, "Accounts");
    Ok(page(StatusCode::OK, &AccountsPage { chrome, people: lines(people), machines: lines(machines) }))
}

fn standing(account: &Account) -> Badge {
    let has_token = account.credentials.iter().any(|each| !each.revoked);
    match (account.active, account.role, account.sign_in.password.is_some() || has_token) {
        (false, ..) => Badge::new(Tone::Stop, "switched off"),
        (true, Role::Service, _) | (true, _, true) => Badge::new(Tone::Good, "active"),
        (true, _, false) => Badge::new(Tone::Wait, "not signed in yet"),
    }
}

#[derive(Template)]
#[template(path = "account-new.html")]
struct NewPage {
    chrome: Chrome,
    name: Field,
    role: Field,
}

pub async fn new(visitor: Visitor) -> Response {
    new_form(&visitor, StatusCode::OK, "", Role::Member.word(), None)
}

fn new_form(visitor: &Visitor, status: StatusCode, name: &str, role: &str, wrong: Option<String>) -> Response {
    let hint = "What they sign in with, and what the audit says. It stays as it is.";
    let form = NewPage {
        chrome: Chrome::new(visitor, HERE, "Add a person"),
        name: Field::line("name", "Name").hint(hint).value(name).required().wrong(wrong),
        role: Field::line("role", "Role").control(Control::Choice(role_choices())).value(role),
    };
    page(status, &form)
}

#[derive(Deserialize)]
pub struct NewAccount {
    name: String,
    role: String,
}

/// Makes a person's account, and shows the link with which they choose a password.
pub async fn create(
    State(server): State<Server>,
    visitor: Visitor,
    browser: Browser,
    Typed(typed): Typed<NewAccount>,
) -> Answer {
    let spec = AccountSpec::new(typed.name.trim(), role_of(&typed.role)?);
    match accounts::make_person(&server, &visitor.name, &spec).await {
        Ok(account) => link_page(&server, &visitor, &account, &browser).await,
        Err(why) if [problem::INVALID, problem::TAKEN].contains(why.kind) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(new_form(&visitor, status, &typed.name, &typed.role, Some(sentence(&why.detail))))
        }
        Err(why) => Err(why),
    }
}

fn role_of(word: &str) -> Result<Role, Problem> {
    Role::from_word(word).ok_or_else(|| Problem::invalid("role: expected one of those that the form offers"))
}

async fn link_page(server: &Shared, visitor: &Visitor, account: &Account, browser: &Browser) -> Answer {
    let path = link::make(server, &visitor.name, account.key).await?;
    let lead = format!(
        "With this link {} chooses a password and signs in. It works once, for ten minutes. It begins with the address \
         under which you reach these pages.",
        account.name
    );
    let once = Once { id: "link", label: "One-time link", value: format!("{}{path}", browser.base) };
    let chrome = Chrome::new(visitor, HERE, format!("A link for {}", account.name));
    let back = format!("{HERE}/{}", server.show(account.key));
    Ok(page(StatusCode::OK, &OncePage { chrome, lead, values: vec![once], back }))
}

#[derive(Template)]
#[template(path = "account-one.html")]
struct OnePage {
    chrome: Chrome,
    id: String,
    standing: Badge,
    role: &'static str,
    active: bool,
    is_person: bool,
    is_member: bool,
    has_password: bool,
    two_factor: bool,
    change_role: Field,
    all_operations: Option<Access>,
    grants: Vec<Grant>,
    grant: [Field; 3],
    keys: Vec<KeyLine>,
    key_name: Field,
}

impl OnePage {
    fn base(&self) -> String {
        format!("{HERE}/{}", self.id)
    }
}

struct Grant {
    kind: String,
    name: String,
    access: Access,
}

pub async fn one(State(server): State<Server>, visitor: Visitor, Segments(id): Segments<String>) -> Answer {
    let account = found(&server, &id)?;
    show(&server, &visitor, StatusCode::OK, &account, None).await
}

async fn show(
    server: &Shared,
    visitor: &Visitor,
    status: StatusCode,
    account: &Account,
    wrong_key_name: Option<String>,
) -> Answer {
    let choice = |name, label, choices| Field::line(name, label).control(Control::Choice(choices));
    let kinds = COLLECTION_KINDS.iter().map(|kind| ((*kind).to_owned(), (*kind).to_owned())).collect();
    let accesses = Access::ALL.iter().map(|each| (each.word().to_owned(), access_words(*each).to_owned())).collect();
    let one = OnePage {
        chrome: Chrome::new(visitor, HERE, account.name.clone()),
        id: server.show(account.key),
        standing: standing(account),
        role: role_words(account.role),
        active: account.active,
        is_person: Line::is_person(account),
        is_member: account.role == Role::Member,
        has_password: account.sign_in.password.is_some(),
        two_factor: account.sign_in.second.is_some(),
        change_role: choice("role", "Role", role_choices()).value(account.role.word()),
        all_operations: account.operations.all,
        grants: grants(account),
        grant: [
            choice("kind", "Kind", kinds),
            Field::line("name", "Name").required(),
            choice("access", "May", accesses),
        ],
        keys: key_lines(server, account).await?,
        key_name: Field::line("name", "Name").id("key-name").hint("What it is for.").wrong(wrong_key_name),
    };
    Ok(page(status, &one))
}

fn grants(account: &Account) -> Vec<Grant> {
    let operations = account.operations.granted.iter();
    let operations = operations.map(|(name, access)| (OPERATION, name, access));
    let others = account
        .collections
        .iter()
        .flat_map(|(kind, by_name)| by_name.iter().map(move |(name, access)| (kind.as_str(), name, access)));
    let grant = |(kind, name, access): (&str, &String, &Access)| Grant {
        kind: kind.to_owned(),
        name: name.clone(),
        access: *access,
    };
    operations.chain(others).map(grant).collect()
}

pub const fn access_words(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "read and decide",
        Access::Admin => "that, and manage its members",
    }
}

fn found(server: &Shared, id: &str) -> Result<Account, Problem> {
    accounts::find(server, &server.parts.store.catalogue(), id).cloned()
}

fn path_of(server: &Shared, account: &Account) -> String {
    format!("{HERE}/{}", server.show(account.key))
}

#[derive(Deserialize)]
pub struct NewRole {
    role: String,
}

pub async fn set_role(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
    Typed(typed): Typed<NewRole>,
) -> Answer {
    let (account, role) = (found(&server, &id)?, role_of(&typed.role)?);
    if !Line::is_person(&account) || role == Role::Service {
        return Err(Problem::new(&problem::CONFLICT, "the account of a service keeps its role"));
    }
    let edit = |before: &AccountSpec| Ok(AccountSpec { role, ..before.clone() });
    accounts::edited(&server, &visitor.name, account.key, edit).await?;
    let notice = match account.role == role {
        true => format!("{} has the role {role} already.", account.name),
        false => format!("{} has the role {role} now. Its sessions have ended.", account.name),
    };
    Ok(done(&path_of(&server, &account), &notice))
}

/// A collection, and what is granted in it; without that, what was granted is taken back.
#[derive(Deserialize)]
pub struct Granted {
    kind: String,
    name: String,
    access: Option<String>,
}

pub async fn grant(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
    Typed(typed): Typed<Granted>,
) -> Answer {
    let account = found(&server, &id)?;
    let Granted { kind, name, access } = &typed;
    let name = name.trim();
    let access = match access.as_deref().map(|word| Access::from_word(word).ok_or(word)) {
        None => None,
        Some(Ok(access)) => Some(access),
        Some(Err(_)) => return Err(Problem::invalid("access: expected read, write or admin")),
    };
    if !COLLECTION_KINDS.contains(&kind.as_str()) || name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::invalid("expected a kind of collection, and a name of 1 to 200 characters"));
    }
    let edit = |before: &AccountSpec| {
        let mut spec = before.clone();
        let granted =
            if kind == OPERATION { &mut spec.operations } else { spec.collections.entry(kind.clone()).or_default() };
        match access {
            Some(access) => granted.insert(name.to_owned(), access),
            None => granted.remove(name),
        };
        spec.collections.retain(|_, by_name| !by_name.is_empty());
        Ok(spec)
    };
    accounts::edited(&server, &visitor.name, account.key, edit).await?;
    let notice = match access {
        Some(access) => format!("{} may {} in the {kind} {name}.", account.name, access_words(access)),
        None => format!("{} may do nothing in the {kind} {name} any more.", account.name),
    };
    Ok(done(&path_of(&server, &account), &notice))
}

/// An account that is not the visitor's own: on one's own page the password is asked for first.
fn other(server: &Shared, visitor: &Visitor, id: &str) -> Result<Account, Problem> {
    let account = found(server, id)?;
    if account.key == visitor.key { Err(on_itself()) } else { Ok(account) }
}

pub async fn make_link(
    State(server): State<Server>,
    visitor: Visitor,
    browser: Browser,
    Segments(id): Segments<String>,
) -> Answer {
    link_page(&server, &visitor, &other(&server, &visitor, &id)?, &browser).await
}

pub async fn turn_off_second(State(server): State<Server>, visitor: Visitor, Segments(id): Segments<String>) -> Answer {
    let account = other(&server, &visitor, &id)?;
    second::turn_off(&server, &visitor.name, account.key).await?;
    let notice = format!("Two-factor sign-in is off for {}.", account.name);
    Ok(done(&path_of(&server, &account), &notice))
}

pub async fn add_token(
    State(server): State<Server>,
    visitor: Visitor,
    Segments(id): Segments<String>,
    Typed(typed): Typed<KeyName>,
) -> Answer {
    let account = other(&server, &visitor, &id)?;
    match accounts::issue_token(&server, &visitor.name, account.key, Some(&typed.name)).await {
        Ok(token) => {
            let once = Once { id: "key", label: "API key", value: token.text };
            Ok(once_page(&server, &visitor, &account, "A new API key", vec![once]))
        }
        Err(why) if *why.kind == problem::INVALID => {
            let wrong = Some(sentence(&why.detail));
            show(&server, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &account, wrong).await
        }
        Err(why) => Err(why),
    }
}

pub async fn add_access_key(State(server): State<Server>, visitor: Visitor, Segments(id): Segments<String>) -> Answer {
    let account = other(&server, &visitor, &id)?;
    let new = accounts::issue_access_key(&server, &visitor.name, account.key).await?;
    let values = vec![
        Once { id: "access", label: "Access key", value: new.key.name.clone() },
        Once { id: "secret", label: "Secret key", value: new.secret.to_string() },
    ];
    Ok(once_page(&server, &visitor, &account, "A new access key", values))
}

fn once_page(server: &Shared, visitor: &Visitor, account: &Account, title: &str, values: Vec<Once>) -> Response {
    let lead = format!("It is {}'s, and may do what this account may do.", account.name);
    let chrome = Chrome::new(visitor, HERE, title);
    page(StatusCode::OK, &OncePage { chrome, lead, values, back: path_of(server, account) })
}

pub async fn revoke_key(
    State(server): State<Server>,
    visitor: Visitor,
    Segments((id, key)): Segments<(String, String)>,
) -> Answer {
    let account = found(&server, &id)?;
    let key: CredentialKey = server.parse(&key)?;
    accounts::revoke_key(&server, &visitor.name, account.key, key).await?;
    Ok(done(&path_of(&server, &account), "The key was revoked; whoever uses it is refused from now on."))
}

pub async fn switch_off(State(server): State<Server>, visitor: Visitor, Segments(id): Segments<String>) -> Answer {
    let account = found(&server, &id)?;
    accounts::switch_off(&server, &visitor.name, account.key).await?;
    let notice = format!("{} is switched off; its sessions have ended and its keys are revoked.", account.name);
    Ok(done(&path_of(&server, &account), &notice))
}

pub async fn switch_on(State(server): State<Server>, visitor: Visitor, Segments(id): Segments<String>) -> Answer {
    let account = found(&server, &id)?;
    let edit = |before: &AccountSpec| Ok(AccountSpec { active: true, ..before.clone() });
    accounts::edited(&server, &visitor.name, account.key, edit).await?;
    let notice = format!("{} is on again. Keys that were revoked stay so.", account.name);
    Ok(done(&path_of(&server, &account), &notice))
}

//! Signing in, step by step: a name and a password, then a code where one is asked for; or a one-time link.

use std::net::{IpAddr, Ipv6Addr};

use domain::Timestamp;
use domain::catalogue::{Account, Catalogue, Role};
use domain::person::check_password;
use store::StoreError;
use store::change::Listed as _;

use super::Throttle;
use super::link::Leave;
use super::session::Browser;
use crate::api::change::{Changed, change};
use crate::problem::{self, Problem};
use crate::server::Shared;

/// Failures without a consequence, by name ...
const FREE_OF_NAME: u32 = 5;
/// ... and by address, behind which there may be many people.
const FREE_OF_ADDRESS: u32 = 20;

/// What was guessed, by whose name and by whom.
pub(crate) struct Guesses {
    names: Throttle<[u8; 32]>,
    addresses: Throttle<Option<IpAddr>>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { names: Throttle::new(FREE_OF_NAME), addresses: Throttle::new(FREE_OF_ADDRESS) }
    }
}

impl Guesses {
    fn enter(&mut self, guess: &Guess, now: Timestamp) -> Result<(), Timestamp> {
        self.addresses.enter(&guess.address, now)?;
        // A guess that is turned away for its name is none of the address either.
        self.names.enter(&guess.name, now).inspect_err(|_| self.addresses.take_back(&guess.address))
    }

    fn forgive(&mut self, guess: &Guess) {
        self.addresses.take_back(&guess.address);
        self.names.forgive(&guess.name);
    }

    fn take_back(&mut self, guess: &Guess) {
        self.addresses.take_back(&guess.address);
        self.names.take_back(&guess.name);
    }
}

/// One guess: at what, and from where.
pub(crate) struct Guess {
    name: [u8; 32],
    address: Option<IpAddr>,
}

impl Guess {
    fn at(name: &str, browser: &Browser) -> Self {
        Self { name: verify::mac::token_digest(name.as_bytes()), address: browser.address.map(network) }
    }

    /// A guess by whoever holds a session already. It is counted apart, so that strangers who guess lock nobody out who
    /// is in, and the other way round.
    pub fn again(name: &str, browser: &Browser) -> Self {
        Self { name: verify::mac::token_digest(format!("again/{name}").as_bytes()), ..Self::at(name, browser) }
    }
}

/// Of IPv6, a network of 64 bits is one caller.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A session has begun; the cookie to be set.
    In(String),
    /// A code is asked for, with this ticket.
    Code(String),
}

/// Why somebody is not let in.
#[derive(Debug)]
pub(crate) enum NotIn {
    /// What was given is not right; what it was, is not told.
    Wrong,
    /// Too often wrong.
    Shut {
        /// When one may try again.
        until: Timestamp,
        now: Timestamp,
    },
    /// The link or the step was used up, or its time is over.
    Over,
    /// The new password is not taken; why.
    Weak(String),
    /// It failed on this side.
    Failed(Problem),
}

impl From<Problem> for NotIn {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<StoreError> for NotIn {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// The first step: a name and a password.
pub(crate) async fn with_password(
    server: &Shared,
    name: &str,
    password: &str,
    browser: &Browser,
) -> Result<Next, NotIn> {
    let guess = Guess::at(name, browser);
    enter(server, &guess)?;
    let account = server.parts.store.catalogue().accounts.values().find(|each| each.name == name).cloned();
    let account = account.filter(may_sign_in);
    let hash = account.as_ref().and_then(|account| account.sign_in.password.as_ref());
    let is_right = server.people.passwords.is_right(password, hash).await?;
    let Some(account) = account.filter(|_| is_right) else { return Err(NotIn::Wrong) };
    // Until the code is right too, what failed before still counts.
    if account.sign_in.second.is_none() {
        server.people.kept().guesses.forgive(&guess);
    } else {
        server.people.kept().guesses.take_back(&guess);
    }
    proven(server, &account, browser).await
}

/// The second step: a code of the authenticator, or one of the recovery codes.
pub(crate) async fn with_code(server: &Shared, ticket: &str, code: &str, browser: &Browser) -> Result<Next, NotIn> {
    let account = holder(server, ticket, Leave::ShowCode).ok_or(NotIn::Over)?;
    let guess = Guess::at(&account.name, browser);
    enter(server, &guess)?;
    if !super::second::is_right(server, &account, code).await? {
        return Err(NotIn::Wrong);
    }
    if !server.people.kept().tickets.spend(ticket, server.now()) {
        return Err(NotIn::Over);
    }
    server.people.kept().guesses.forgive(&guess);
    Ok(Next::In(server.begin_session(&account, browser).await?))
}

/// A link that begins a session as it is.
pub(crate) async fn with_link(server: &Shared, ticket: &str, browser: &Browser) -> Result<Next, NotIn> {
    let account = holder(server, ticket, Leave::BeginSession).ok_or(NotIn::Over)?;
    if !server.people.kept().tickets.spend(ticket, server.now()) {
        return Err(NotIn::Over);
    }
    Ok(Next::In(server.begin_session(&account, browser).await?))
}

/// A link with which a password is chosen. Every session of the account ends; a code is asked for where one is set up.
pub(crate) async fn with_new_password(
    server: &Shared,
    ticket: &str,
    password: &str,
    browser: &Browser,
) -> Result<Next, NotIn> {
    let account = holder(server, ticket, Leave::ChoosePassword).ok_or(NotIn::Over)?;
    check_password(password, &account.name).map_err(|why| NotIn::Weak(why.to_string()))?;
    if !server.people.kept().tickets.spend(ticket, server.now()) {
        return Err(NotIn::Over);
    }
    let what = format!("chose a password for the account {} with a one-time link", account.name);
    let account = set_password(server, &account, password, &what).await?;
    proven(server, &account, browser).await
}

/// Sets an account's password, which ends its sessions; the account as it is now.
///
/// # Errors
/// When the account has changed meanwhile in what concerns signing in, or the store fails.
pub(crate) async fn set_password(
    server: &Shared,
    account: &Account,
    password: &str,
    what: &str,
) -> Result<Account, Problem> {
    let mut salt = [0; 16];
    server.parts.random.fill(&mut salt);
    let hash = server.people.passwords.hash(password, salt).await?;
    change(server, &account.name, |catalogue, _| {
        let mut changed = unchanged(catalogue, account)?.clone();
        changed.sign_in.password = Some(hash.clone());
        changed.sign_in.end_sessions();
        Ok(Changed { entries: vec![changed.entry()], what: what.to_owned(), answer: changed })
    })
    .await
}

/// The account as it is now, if it is on and nothing has ended its sessions since it was read.
pub(crate) fn unchanged<'a>(catalogue: &'a Catalogue, account: &Account) -> Result<&'a Account, Problem> {
    let now = catalogue.accounts.get(&account.key);
    now.filter(|now| may_sign_in(now) && now.sign_in.era == account.sign_in.era)
        .ok_or_else(|| Problem::new(&problem::SIGNED_OUT, "the account was changed meanwhile; sign in and try again"))
}

/// Whose ticket this is, if it is open and for this.
pub(crate) fn holder(server: &Shared, ticket: &str, leave: Leave) -> Option<Account> {
    let (key, era, what_for) = server.people.kept().tickets.look(ticket, server.now())?;
    let account = server.parts.store.catalogue().accounts.get(&key).cloned()?;
    (what_for == leave && account.sign_in.era == era && may_sign_in(&account)).then_some(account)
}

/// Counts a guess.
///
/// # Errors
/// When there were too many.
pub(crate) fn enter(server: &Shared, guess: &Guess) -> Result<(), NotIn> {
    let now = server.now();
    server.people.kept().guesses.enter(guess, now).map_err(|until| NotIn::Shut { until, now })
}

/// It was right: nothing before it counts any more.
pub(crate) fn forgive(server: &Shared, guess: &Guess) {
    server.people.kept().guesses.forgive(guess);
}

async fn proven(server: &Shared, account: &Account, browser: &Browser) -> Result<Next, NotIn> {
    if account.sign_in.second.is_none() {
        return Ok(Next::In(server.begin_session(account, browser).await?));
    }
    let ticket = server.token("cod_");
    server.people.kept().tickets.add(&ticket, account, Leave::ShowCode, server.now());
    Ok(Next::Code(ticket))
}

fn may_sign_in(account: &Account) -> bool {
    account.active && account.role != Role::Service
}

//! Signing in, step by step: a name and a password, then a code where one is asked for; or a one-time link.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use domain::Timestamp;
use domain::catalogue::{Account, Catalogue, Role};
use domain::person::{PasswordHash, check_password};
use store::StoreError;
use store::change::Listed as _;

use super::Throttle;
use super::link::Leave;
use super::session::Browser;
use crate::api::change::{Changed, change};
use crate::problem::{self, Problem};
use crate::server::Shared;

/// Failures without a consequence, of one name from one place ...
const FREE_OF_PLACE: u32 = 5;
/// ... from one place whatever the name, behind which there may be many people ...
const FREE_OF_ADDRESS: u32 = 20;
/// ... of one name from wherever ...
const FREE_OF_NAME: u32 = 100;
/// ... and of one account's codes: whoever guesses those has its password.
const FREE_OF_CODES: u32 = 10;
/// For so long a place is remembered.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 86_400);
/// The most places that are remembered because somebody got in from there.
const KNOWN_MAX: usize = 10_000;

/// What was guessed, by whose name and from where.
///
/// Strangers must not keep anybody out by guessing. So a name is counted by place first; and where its owner got in
/// before, what is guessed at the name from elsewhere does not count, nor what is guessed at other names from there.
pub(crate) struct Guesses {
    places: Throttle<Guess>,
    names: Throttle<[u8; 32]>,
    codes: Throttle<[u8; 32]>,
    addresses: Throttle<Option<IpAddr>>,
    known: HashMap<([u8; 32], Option<IpAddr>), Timestamp>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            places: Throttle::new(FREE_OF_PLACE),
            names: Throttle::new(FREE_OF_NAME),
            codes: Throttle::new(FREE_OF_CODES),
            addresses: Throttle::new(FREE_OF_ADDRESS),
            known: HashMap::new(),
        }
    }
}

impl Guesses {
    /// Whether the guess counts beyond its place too.
    fn enter(&mut self, guess: &Guess, now: Timestamp) -> Result<bool, Timestamp> {
        let known = self.known.get(&(guess.name, guess.network)).is_some_and(|at| now.since(*at) < KNOWN_FOR);
        let is_wide = guess.what != What::Again && !known;
        if !is_wide {
            return self.places.enter(guess, now).map(|()| false);
        }
        self.addresses.enter(&guess.network, now)?;
        // A guess that is turned away for its name is none of the address either.
        let named = self.named(guess.what).enter(&guess.name, now);
        named.inspect_err(|_| self.addresses.take_back(&guess.network))?;
        let placed = self.places.enter(guess, now);
        placed.inspect_err(|_| self.take_back_wide(guess)).map(|()| true)
    }

    /// Ends a guess; whether that shut a door.
    fn close(&mut self, guess: &Guess, is_wide: bool, end: End, now: Timestamp) -> bool {
        match end {
            End::Wrong if is_wide => {
                let named = self.named(guess.what).fail(&guess.name, now);
                let placed = self.places.fail(guess, now);
                self.addresses.fail(&guess.network, now) || named || placed
            }
            End::Gone if is_wide => {
                self.places.take_back(guess);
                self.named(guess.what).take_back(&guess.name);
                self.addresses.fail(&guess.network, now)
            }
            End::Wrong | End::Gone => self.places.fail(guess, now),
            End::Right | End::Ours => {
                self.places.take_back(guess);
                if is_wide {
                    self.take_back_wide(guess);
                }
                if end == End::Right {
                    self.places.forgive(guess);
                }
                false
            }
        }
    }

    fn take_back_wide(&mut self, guess: &Guess) {
        self.named(guess.what).take_back(&guess.name);
        self.addresses.take_back(&guess.network);
    }

    fn named(&mut self, what: What) -> &mut Throttle<[u8; 32]> {
        if what == What::Code { &mut self.codes } else { &mut self.names }
    }

    /// Somebody got in by this name from there.
    fn let_in(&mut self, guess: &Guess, now: Timestamp) {
        let place = (guess.name, guess.network);
        if self.known.len() >= KNOWN_MAX
            && !self.known.contains_key(&place)
            && let Some(first) = self.known.iter().min_by_key(|(_, at)| **at).map(|(place, _)| *place)
        {
            self.known.remove(&first);
        }
        self.known.insert(place, now);
        self.places.forgive(&Guess { what: What::Password, ..*guess });
    }
}

/// What is guessed at. Each is counted apart: who guesses passwords shuts nobody's second step, and nothing of whoever
/// is in already.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Password,
    /// Asked of whoever has given the password.
    Code,
    /// The password, asked of whoever has a session.
    Again,
}

/// One guess: at what, and from where.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Guess {
    what: What,
    name: [u8; 32],
    network: Option<IpAddr>,
}

impl Guess {
    fn at(what: What, name: &str, browser: &Browser) -> Self {
        Self { what, name: verify::mac::token_digest(name.as_bytes()), network: browser.address.map(network) }
    }

    /// A guess by whoever holds a session, from wherever.
    pub fn again(name: &str) -> Self {
        Self { what: What::Again, name: verify::mac::token_digest(name.as_bytes()), network: None }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Right,
    Wrong,
    /// Neither: it failed on this side.
    Ours,
    /// Nobody waited for the answer, which cost as much: it counts where it came from.
    Gone,
}

/// A guess under way; dropped before it ended, nobody waited for the answer.
pub(crate) struct Try<'a> {
    server: &'a Shared,
    guess: Guess,
    is_wide: bool,
    end: End,
}

impl Try<'_> {
    /// It was wrong.
    pub fn wrong(mut self) -> NotIn {
        self.end = End::Wrong;
        NotIn::Wrong
    }

    /// What came of looking; where that failed, it was no guess.
    pub fn looked<T>(&mut self, looked: Result<T, Problem>) -> Result<T, Problem> {
        if looked.is_err() {
            self.end = End::Ours;
        }
        looked
    }

    /// It was no failure, and what failed before still counts.
    pub fn on(mut self) {
        self.end = End::Ours;
    }

    /// It was right: what failed before it from the same place counts no more.
    pub fn right(mut self) {
        self.end = End::Right;
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let now = self.server.now();
        let shut = self.server.people.kept().guesses.close(&self.guess, self.is_wide, self.end, now);
        if shut {
            let from = self.guess.network.map(|network| network.to_string());
            tracing::warn!(from, "too many sign-ins were wrong: the next have to wait");
        }
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
    let guess = Guess::at(What::Password, name, browser);
    let mut attempt = enter(server, guess)?;
    let account = server.parts.store.catalogue().accounts.values().find(|each| each.name == name).cloned();
    let account = account.filter(may_sign_in);
    let hash = account.as_ref().and_then(|account| account.sign_in.password.as_ref());
    let is_right = attempt.looked(server.people.passwords.is_right(password, hash).await)?;
    let Some(account) = account.filter(|_| is_right) else { return Err(attempt.wrong()) };
    // Until the code is right too, what failed before still counts.
    match account.sign_in.second {
        None => attempt.right(),
        Some(_) => attempt.on(),
    }
    proven(server, &account, browser).await
}

/// The second step: a code of the authenticator, or one of the recovery codes.
pub(crate) async fn with_code(server: &Shared, ticket: &str, code: &str, browser: &Browser) -> Result<Next, NotIn> {
    let account = holder(server, ticket, Leave::ShowCode).ok_or(NotIn::Over)?;
    let mut attempt = enter(server, Guess::at(What::Code, &account.name, browser))?;
    if !attempt.looked(super::second::is_right(server, &account, code).await)? {
        return Err(attempt.wrong());
    }
    if !server.people.kept().tickets.spend(ticket, server.now()) {
        return Err(NotIn::Over);
    }
    attempt.right();
    begin(server, &account, browser).await
}

/// A link that begins a session as it is.
pub(crate) async fn with_link(server: &Shared, ticket: &str, browser: &Browser) -> Result<Next, NotIn> {
    let account = holder(server, ticket, Leave::BeginSession).ok_or(NotIn::Over)?;
    if !server.people.kept().tickets.spend(ticket, server.now()) {
        return Err(NotIn::Over);
    }
    begin(server, &account, browser).await
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
    // Hashed before the link is used up: a gateway that is busy costs nobody their link.
    let hash = hash(server, password).await?;
    if !server.people.kept().tickets.spend(ticket, server.now()) {
        return Err(NotIn::Over);
    }
    let what = format!("chose a password for the account {} with a one-time link", account.name);
    let account = set_password(server, &account, hash, &what).await?;
    proven(server, &account, browser).await
}

/// Hashes a new password.
///
/// # Errors
/// When too many are hashed at this moment.
pub(crate) async fn hash(server: &Shared, password: &str) -> Result<PasswordHash, Problem> {
    let mut salt = [0; 16];
    server.parts.random.fill(&mut salt);
    server.people.passwords.hash(password, salt).await
}

/// Sets an account's password, which ends its sessions; the account as it is now.
///
/// # Errors
/// When the account has changed meanwhile in what concerns signing in, or the store fails.
pub(crate) async fn set_password(
    server: &Shared,
    account: &Account,
    hash: PasswordHash,
    what: &str,
) -> Result<Account, Problem> {
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

/// Counts a guess, until it ends.
///
/// # Errors
/// When there were too many.
pub(crate) fn enter(server: &Shared, guess: Guess) -> Result<Try<'_>, NotIn> {
    let now = server.now();
    let entered = server.people.kept().guesses.enter(&guess, now);
    match entered {
        Ok(is_wide) => Ok(Try { server, guess, is_wide, end: End::Gone }),
        Err(until) => Err(NotIn::Shut { until, now }),
    }
}

/// Begins a session of whoever has shown what is asked for.
async fn begin(server: &Shared, account: &Account, browser: &Browser) -> Result<Next, NotIn> {
    let cookie = server.begin_session(account, browser).await?.ok_or(NotIn::Over)?;
    let guess = Guess::at(What::Code, &account.name, browser);
    server.people.kept().guesses.let_in(&guess, server.now());
    Ok(Next::In(cookie))
}

async fn proven(server: &Shared, account: &Account, browser: &Browser) -> Result<Next, NotIn> {
    if account.sign_in.second.is_none() {
        return begin(server, account, browser).await;
    }
    let ticket = server.token("cod_");
    server.people.kept().tickets.add(&ticket, account, Leave::ShowCode, server.now());
    Ok(Next::Code(ticket))
}

fn may_sign_in(account: &Account) -> bool {
    account.active && account.role != Role::Service
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn guess(what: What, name: u8, network: u8) -> Guess {
        Guess { what, name: [name; 32], network: Some(IpAddr::from([192, 0, 2, network])) }
    }

    fn wrong(guesses: &mut Guesses, guess: Guess) -> Result<(), Timestamp> {
        let is_wide = guesses.enter(&guess, NOW)?;
        guesses.close(&guess, is_wide, End::Wrong, NOW);
        Ok(())
    }

    fn is_open(guesses: &mut Guesses, guess: Guess) -> bool {
        let entered = guesses.enter(&guess, NOW);
        let _ = entered.map(|is_wide| guesses.close(&guess, is_wide, End::Ours, NOW));
        entered.is_ok()
    }

    #[test]
    fn guesses_from_one_place_shut_that_place_alone() {
        let mut guesses = Guesses::default();
        let stranger = guess(What::Password, 1, 1);
        for _ in 0..5 {
            assert_eq!(wrong(&mut guesses, stranger), Ok(()));
        }
        assert!(!is_open(&mut guesses, stranger));
        assert!(is_open(&mut guesses, guess(What::Password, 1, 2)), "the same name from elsewhere");
        assert!(is_open(&mut guesses, guess(What::Password, 2, 1)), "another name from there");
        assert!(is_open(&mut guesses, guess(What::Code, 1, 1)), "the code is counted apart");
        assert!(is_open(&mut guesses, guess(What::Again, 1, 1)), "and so is whoever is in");
    }

    #[test]
    fn who_got_in_from_a_place_is_not_shut_out_there_by_others() {
        let mut guesses = Guesses::default();
        let ada = guess(What::Password, 1, 1);
        guesses.let_in(&ada, NOW);
        for nth in 0..100 {
            assert_eq!(wrong(&mut guesses, guess(What::Password, 1, 100 + nth)), Ok(()), "{nth}");
        }
        assert!(!is_open(&mut guesses, guess(What::Password, 1, 2)), "the name is shut where it is not known");
        for name in 10..30 {
            assert_eq!(wrong(&mut guesses, guess(What::Password, name, 1)), Ok(()), "{name}");
        }
        assert!(!is_open(&mut guesses, guess(What::Password, 9, 1)), "the address is shut for other names");
        assert!(is_open(&mut guesses, ada) && is_open(&mut guesses, Guess { what: What::Code, ..ada }));
        for _ in 0..5 {
            assert_eq!(wrong(&mut guesses, ada), Ok(()));
        }
        assert!(!is_open(&mut guesses, ada), "even there one's own guesses count");
    }

    #[test]
    fn what_is_right_takes_nothing_from_what_others_guessed() {
        let mut guesses = Guesses::default();
        for name in 10..29 {
            assert_eq!(wrong(&mut guesses, guess(What::Password, name, 1)), Ok(()));
        }
        let own = guess(What::Password, 1, 1);
        let is_wide = guesses.enter(&own, NOW).expect("open");
        guesses.close(&own, is_wide, End::Right, NOW);
        assert_eq!(wrong(&mut guesses, guess(What::Password, 30, 1)), Ok(()));
        assert!(!is_open(&mut guesses, guess(What::Password, 31, 1)), "an own account renews no guesses at others");
    }
}

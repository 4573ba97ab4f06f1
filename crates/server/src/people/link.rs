//! One-time links: made by an administrator, they let one person in once, to choose a password.

use std::collections::HashMap;
use std::time::Duration;

use domain::catalogue::{Account, Role};
use domain::{AccountKey, Timestamp};

use crate::api::change::{Changed, change};
use crate::problem::{self, Problem};
use crate::server::Shared;

/// How long a link counts.
pub(crate) const LINK_SPAN: Duration = Duration::from_secs(600);
/// How long somebody may take from one step of signing in to the next.
const STEP_SPAN: Duration = Duration::from_secs(600);
/// More of them are not kept; the one that ends first goes.
const KEPT_MAX: usize = 1_000;

/// What whoever holds a ticket may do once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Choose a password, and go on from there.
    ChoosePassword,
    /// Begin a session as it is: the demonstration's own link.
    BeginSession,
    /// Show a code: the password was right.
    ShowCode,
}

/// Open tickets, each as the digest of its text. They are forgotten at a stop: links are made anew.
#[derive(Default)]
pub(crate) struct Tickets(HashMap<[u8; 32], Ticket>);

#[derive(Clone, Copy)]
struct Ticket {
    account: AccountKey,
    /// The account's era when it was made: what ends sessions ends tickets too.
    era: i64,
    leave: Leave,
    until: Timestamp,
}

impl Tickets {
    /// Takes note of a new ticket.
    pub fn add(&mut self, text: &str, account: &Account, leave: Leave, now: Timestamp) {
        self.0.retain(|_, ticket| now < ticket.until);
        if self.0.len() >= KEPT_MAX
            && let Some(first) = self.0.iter().min_by_key(|(_, ticket)| ticket.until).map(|(text, _)| *text)
        {
            self.0.remove(&first);
        }
        let span = if leave == Leave::ShowCode { STEP_SPAN } else { LINK_SPAN };
        let ticket = Ticket { account: account.key, era: account.sign_in.era, leave, until: now.after(span) };
        self.0.insert(digest(text), ticket);
    }

    /// Whose ticket this is, and what for, if it is open.
    pub fn look(&self, text: &str, now: Timestamp) -> Option<(AccountKey, i64, Leave)> {
        let ticket = self.0.get(&digest(text)).filter(|ticket| now < ticket.until)?;
        Some((ticket.account, ticket.era, ticket.leave))
    }

    /// Uses a ticket up. Whether it was open until now.
    pub fn spend(&mut self, text: &str, now: Timestamp) -> bool {
        self.0.remove(&digest(text)).is_some_and(|ticket| now < ticket.until)
    }
}

/// Looking up a digest tells nothing about the tickets behind it, however long it takes.
fn digest(text: &str) -> [u8; 32] {
    verify::mac::token_digest(text.as_bytes())
}

/// Makes a one-time link for an account; its path, to be shown this once.
///
/// # Errors
/// When there is no such account, or it is a service's or switched off.
pub(crate) async fn make(server: &Shared, who: &str, account: AccountKey) -> Result<String, Problem> {
    let found = change(server, who, |catalogue, _| {
        let account = catalogue.accounts.get(&account);
        let account = account.ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the account is gone"))?;
        if account.role == Role::Service {
            let detail = format!("{:?} is the account of a service, and services do not sign in", account.name);
            return Err(Problem::new(&problem::CONFLICT, detail));
        }
        if !account.active {
            let detail = format!("the account {:?} is switched off; switch it on first", account.name);
            return Err(Problem::new(&problem::CONFLICT, detail));
        }
        let what = format!("made a one-time link for the account {}", account.name);
        Ok(Changed { entries: Vec::new(), what, answer: account.clone() })
    });
    let account = found.await?;
    let ticket = server.token("tkt_");
    server.people.kept().tickets.add(&ticket, &account, Leave::ChoosePassword, server.now());
    Ok(format!("/login?ticket={ticket}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::service_account;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn a_ticket_is_looked_at_often_and_spent_once_within_ten_minutes() {
        let ada = service_account(AccountKey(7), 1, "ada".to_owned());
        let mut tickets = Tickets::default();
        tickets.add("one", &ada, Leave::ChoosePassword, NOW);
        tickets.add("two", &ada, Leave::BeginSession, NOW);

        let found = Some((AccountKey(7), 0, Leave::ChoosePassword));
        assert_eq!((tickets.look("one", NOW), tickets.look("one", NOW)), (found, found));
        assert!(tickets.spend("one", NOW) && !tickets.spend("one", NOW));
        assert_eq!((tickets.look("one", NOW), tickets.look("never", NOW)), (None, None));
        assert_eq!(tickets.look("two", NOW.after(LINK_SPAN)), None);
        assert!(!tickets.spend("two", NOW.after(LINK_SPAN)));
    }

    #[test]
    fn only_so_many_are_kept() {
        let ada = service_account(AccountKey(7), 1, "ada".to_owned());
        let mut tickets = Tickets::default();
        for nth in 0..=i64::try_from(KEPT_MAX).expect("few") {
            tickets.add(&nth.to_string(), &ada, Leave::ChoosePassword, Timestamp(nth));
        }
        assert_eq!(tickets.0.len(), KEPT_MAX);
        assert!(tickets.look("0", NOW).is_none() && tickets.look("1", Timestamp(2_000)).is_some());
    }
}

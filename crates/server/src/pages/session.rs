//! Sessions of the pages: in memory, made from a ticket or the administrator's token.

use std::collections::HashMap;
use std::time::Duration;

use domain::Timestamp;

const TICKET: Duration = Duration::from_secs(600);
const SESSION: Duration = Duration::from_secs(8 * 3600);
/// More open tickets or sessions than this are not kept; the oldest goes.
const OPEN_MAX: usize = 1_000;

/// Open tickets and sessions, each as the digest of its token with the time at which it ends.
#[derive(Default)]
pub struct Sessions {
    tickets: HashMap<[u8; 32], Timestamp>,
    open: HashMap<[u8; 32], Timestamp>,
}

impl Sessions {
    /// Takes note of a new ticket.
    pub fn add_ticket(&mut self, ticket: &str, now: Timestamp) {
        add(&mut self.tickets, ticket, now, TICKET);
    }

    /// Takes a ticket in: whether it was open. It never is again.
    pub fn redeem(&mut self, ticket: &str, now: Timestamp) -> bool {
        self.tickets.remove(&digest(ticket)).is_some_and(|until| now < until)
    }

    /// Begins a session.
    pub fn begin(&mut self, token: &str, now: Timestamp) {
        add(&mut self.open, token, now, SESSION);
    }

    /// Ends a session.
    pub fn end(&mut self, token: &str) {
        self.open.remove(&digest(token));
    }

    /// Whether a session is open.
    pub fn is_open(&self, token: &str, now: Timestamp) -> bool {
        self.open.get(&digest(token)).is_some_and(|until| now < *until)
    }
}

fn add(tokens: &mut HashMap<[u8; 32], Timestamp>, token: &str, now: Timestamp, span: Duration) {
    tokens.retain(|_, until| now < *until);
    if tokens.len() >= OPEN_MAX
        && let Some(oldest) = tokens.iter().min_by_key(|(_, until)| **until).map(|(token, _)| *token)
    {
        tokens.remove(&oldest);
    }
    tokens.insert(digest(token), now.after(span));
}

/// Looking up a digest tells nothing about the tokens behind it, however long it takes.
fn digest(token: &str) -> [u8; 32] {
    verify::mac::token_digest(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn a_ticket_works_once_and_for_ten_minutes() {
        let mut sessions = Sessions::default();
        sessions.add_ticket("one", NOW);
        sessions.add_ticket("two", NOW);

        assert!(sessions.redeem("one", NOW) && !sessions.redeem("one", NOW));
        assert!(!sessions.redeem("two", NOW.after(TICKET)) && !sessions.redeem("never", NOW));
    }

    #[test]
    fn a_session_lasts_until_its_time_or_its_end() {
        let mut sessions = Sessions::default();
        sessions.begin("one", NOW);
        assert!(sessions.is_open("one", NOW) && !sessions.is_open("one", NOW.after(SESSION)));
        sessions.end("one");
        assert!(!sessions.is_open("one", NOW));
    }
}

//! People: how they sign in, what they may reach, and what they change about themselves.
//!
//! A name and a password, perhaps a code beside it, open a session; so does a one-time link, which sets the password
//! first. Sessions are rows, found by the digest of the token in the browser's cookie; a page and the own API believe
//! the same ones. Whatever is guessed at is counted (`throttle`), and hashing has few places (`password`).

pub(crate) mod link;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod second;
pub(crate) mod session;
pub(crate) mod sign_in;
mod throttle;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use link::Tickets;
pub(crate) use password::Passwords;
pub(crate) use throttle::Throttle;

/// What is remembered of people between requests, and forgotten at a stop.
#[derive(Default)]
pub(crate) struct People {
    pub passwords: Passwords,
    kept: Mutex<Kept>,
}

/// The part of it that one request at a time holds.
#[derive(Default)]
pub(crate) struct Kept {
    pub tickets: Tickets,
    pub guesses: sign_in::Guesses,
    pub enrolling: second::Enrolling,
}

impl People {
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

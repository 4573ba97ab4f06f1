//! Passwords: hashed with Argon2id, few at a time, away from the threads that answer requests.

use std::sync::Arc;

use argon2::password_hash::phc;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use domain::person::{PASSWORD_BYTES_MAX, PasswordHash};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::problem::{self, Problem};

/// Memory of one hashing in KiB, passes and lanes: what OWASP recommends for Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Hashings at a time.
const AT_ONCE: usize = 2;
/// Those that may wait for a place; more are turned away.
const WAITING_MAX: usize = 64;

/// A hash of this cost that no password has: unknown names are held against it, so that time does not tell them apart.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24gc2FsdA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The places for hashing.
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    room: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), room: Arc::new(Semaphore::new(AT_ONCE + WAITING_MAX)) }
    }
}

impl Passwords {
    /// Hashes a password.
    pub async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<PasswordHash, Problem> {
        let password = Zeroizing::new(password.to_owned());
        let hashed = self.aside(move || {
            let argon2 = argon2()?;
            let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt).ok()?;
            Some(PasswordHash(hash.to_string()))
        });
        hashed.await?.ok_or_else(|| Problem::new(&problem::INTERNAL, "the password could not be hashed"))
    }

    /// Whether this is the password of that hash; without one it is not, after the same time.
    pub async fn is_right(&self, password: &str, hash: Option<&PasswordHash>) -> Result<bool, Problem> {
        // What is longer than any password is not hashed whole, and is none.
        let fits = password.len() <= PASSWORD_BYTES_MAX;
        let password = Zeroizing::new(if fits { password.to_owned() } else { String::new() });
        let known = hash.is_some() && fits;
        let hash = hash.map_or_else(|| NOBODYS.to_owned(), |hash| hash.0.clone());
        let matches = self.aside(move || {
            let hash = phc::PasswordHash::new(&hash).ok()?;
            Some(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(matches.await?.unwrap_or(false) && known)
    }

    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = |_| Problem::new(&problem::UNAVAILABLE, "too many people sign in at this moment");
        let room: OwnedSemaphorePermit = self.room.clone().try_acquire_owned().map_err(busy)?;
        let place = self.places.clone().acquire_owned().await;
        let place = place.map_err(|_| Problem::new(&problem::UNAVAILABLE, "the gateway is stopping"))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Whoever hangs up meanwhile gives no room back before the hash is done.
            drop((place, room));
            done
        });
        done.await.map_err(|_| Problem::new(&problem::INTERNAL, "hashing was interrupted"))
    }
}

fn argon2() -> Option<Argon2<'static>> {
    let (memory_kib, passes, lanes) = COST;
    let params = Params::new(memory_kib, passes, lanes, None).ok()?;
    Some(Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery", [7; 16]).await.expect("a hash");
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert_eq!(passwords.is_right("correct horse battery", Some(&hash)).await, Ok(true));
        assert_eq!(passwords.is_right("correct horse batterz", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.is_right("", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.is_right("correct horse battery", None).await, Ok(false));
        assert_eq!(passwords.is_right("anything", Some(&PasswordHash("broken".to_owned()))).await, Ok(false));
    }

    #[test]
    fn nobodys_hash_costs_as_much_as_any() {
        let hash = phc::PasswordHash::new(NOBODYS).expect("a hash");
        let params = Params::try_from(&hash).expect("parameters");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), COST);
        assert_eq!(hash.hash.map(|hash| hash.as_bytes().len()), Some(32));
    }

    #[tokio::test]
    async fn more_than_may_wait_are_turned_away() {
        let passwords = Passwords::default();
        let all = u32::try_from(AT_ONCE + WAITING_MAX).expect("few");
        let taken = passwords.room.clone().try_acquire_many_owned(all).expect("room");
        let refused = passwords.is_right("anything", None).await.expect_err("no room");
        assert_eq!(refused.kind.code, "unavailable");
        drop(taken);
        assert_eq!(passwords.is_right("anything", None).await, Ok(false));
    }
}

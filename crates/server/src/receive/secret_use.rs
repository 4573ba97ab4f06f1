//! Which secret of each source matched last, and when: exactly in memory, and on disk to the minute.
//!
//! It is written with the receipt that it proved, so that noting it never costs a commit of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{SourceKey, Timestamp};

/// The shortest time between two notes of one secret.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// What was seen since the start, by source.
#[derive(Debug, Default)]
pub struct SecretUses(Mutex<HashMap<SourceKey, Vec<Use>>>);

#[derive(Debug)]
struct Use {
    secret: String,
    seen: Timestamp,
    noted: Timestamp,
}

impl SecretUses {
    /// Remembers that a secret matched; whether that is to be written down, and then it counts as written.
    pub fn is_news(&self, source: SourceKey, secret: &str, now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let uses = seen.entry(source).or_default();
        let Some(known) = uses.iter_mut().find(|each| each.secret == secret) else {
            uses.push(Use { secret: secret.to_owned(), seen: now, noted: now });
            return true;
        };
        known.seen = now;
        let is_news = known.noted.after(NOTE_EVERY) <= now;
        if is_news {
            known.noted = now;
        }
        is_news
    }

    /// When a secret matched last, as far as this process has seen.
    pub fn last(&self, source: SourceKey, secret: &str) -> Option<Timestamp> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&source)?.iter().find(|each| each.secret == secret).map(|each| each.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_noted_once_a_minute_and_remembered_exactly() {
        let uses = SecretUses::default();
        let at = Timestamp::from_seconds;
        let one = SourceKey(1);

        assert!(uses.is_news(one, "old", at(0)));
        assert!(uses.is_news(one, "new", at(0)));
        assert!(uses.is_news(SourceKey(2), "old", at(0)));
        assert!(!uses.is_news(one, "old", at(59)));
        assert_eq!((uses.last(one, "old"), uses.last(one, "new")), (Some(at(59)), Some(at(0))));
        assert!(uses.is_news(one, "old", at(60)));
        assert_eq!(uses.last(one, "other"), None);
    }
}

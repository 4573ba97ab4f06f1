//! Room for bodies whose signature is not judged yet.
//!
//! The name of an access key travels in the clear: whoever has seen it can begin uploads that are refused at their end.
//! So each account has room for few at once, and a stranger who uses it up holds up nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::AccountKey;

/// Bodies of one account that may arrive at the same time.
const AT_ONCE: usize = 16;

/// How many bodies of each account are arriving.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<HashMap<AccountKey, usize>>>);

/// A place for one body; given back when it is dropped.
pub struct Room {
    rooms: Rooms,
    account: AccountKey,
}

impl Rooms {
    /// A place for one more body of this account, if there is one.
    pub fn take(&self, account: AccountKey) -> Option<Room> {
        let mut arriving = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = arriving.entry(account).or_default();
        if *count >= AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Room { rooms: self.clone(), account })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut arriving = self.rooms.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = arriving.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                arriving.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_few_places_and_gets_them_back() {
        let rooms = Rooms::default();
        let mut taken: Vec<Room> = (0..AT_ONCE).filter_map(|_| rooms.take(AccountKey(1))).collect();
        assert_eq!(taken.len(), AT_ONCE);
        assert!(rooms.take(AccountKey(1)).is_none());
        assert!(rooms.take(AccountKey(2)).is_some(), "another account has places of its own");
        taken.pop();
        assert!(rooms.take(AccountKey(1)).is_some());
        drop(taken);
        assert!(rooms.0.lock().expect("not poisoned").is_empty());
    }
}

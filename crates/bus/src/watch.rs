//! Watching a subject: woken when it is judged. Costs nothing while nobody watches.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::SubjectKey;
use tokio::sync::Notify;

/// How many may wait at once.
const WAITERS_MAX: usize = 1_000;

/// So many wait already that another would only use memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyWaiters;

/// Everyone who watches.
#[derive(Default)]
pub struct Watchers {
    count: AtomicUsize,
    subjects: Mutex<BTreeMap<SubjectKey, (usize, Arc<Notify>)>>,
}

/// One who watches one subject, until dropped.
pub struct Watch<'a> {
    watchers: &'a Watchers,
    subject: SubjectKey,
    notify: Arc<Notify>,
}

impl Watchers {
    pub fn watch(&self, subject: SubjectKey) -> Result<Watch<'_>, TooManyWaiters> {
        let mut subjects = self.subjects();
        if self.count.load(Ordering::Acquire) >= WAITERS_MAX {
            return Err(TooManyWaiters);
        }
        self.count.fetch_add(1, Ordering::AcqRel);
        let entry = subjects.entry(subject).or_default();
        entry.0 += 1;
        Ok(Watch { watchers: self, subject, notify: entry.1.clone() })
    }

    pub fn wake(&self, subject: SubjectKey) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        if let Some((_, notify)) = self.subjects().get(&subject) {
            notify.notify_waiters();
        }
    }

    fn subjects(&self) -> MutexGuard<'_, BTreeMap<SubjectKey, (usize, Arc<Notify>)>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch<'_> {
    /// Begins to listen now: what happens between this call and awaiting its future is not missed.
    pub fn next(&self) -> impl Future<Output = ()> + use<> {
        let notify = self.notify.clone();
        let mut notified = Box::pin(notify.notified_owned());
        notified.as_mut().enable();
        notified
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut subjects = self.watchers.subjects();
        self.watchers.count.fetch_sub(1, Ordering::AcqRel);
        if let Some(entry) = subjects.get_mut(&self.subject) {
            entry.0 -= 1;
            if entry.0 == 0 {
                subjects.remove(&self.subject);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn what_happens_between_listening_and_waiting_is_not_missed() {
        let watchers = Watchers::default();
        let watch = watchers.watch(SubjectKey(1)).expect("a place");
        let mut next = pin!(watch.next());
        watchers.wake(SubjectKey(2));
        let mut context = Context::from_waker(Waker::noop());
        assert!(next.as_mut().poll(&mut context).is_pending());
        watchers.wake(SubjectKey(1));
        assert_eq!(next.as_mut().poll(&mut context), Poll::Ready(()));
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let watchers = Watchers::default();
        let all: Vec<_> = (0..1_000).map(|nth| watchers.watch(SubjectKey(nth)).expect("a place")).collect();
        assert!(watchers.watch(SubjectKey(1)).is_err());
        drop(all);
        assert!(watchers.watch(SubjectKey(1)).is_ok());
        assert!(watchers.subjects().is_empty());
    }
}

//! Work that takes long: beside the threads that answer requests, and only a little of it at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::problem::{self, Problem};

/// How much of it is done at once.
const AT_ONCE: usize = 2;

/// The places where it is done. Whoever finds none free waits.
pub struct Slow(Arc<Semaphore>);

impl Default for Slow {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Slow {
    /// What this work yields. A place is taken until it is done, even if nobody waits for it any more.
    ///
    /// # Errors
    /// When it was broken off.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let interrupted = || Problem::new(&problem::INTERNAL, "slow work was interrupted");
        let place = self.0.clone().acquire_owned().await.map_err(|_| interrupted())?;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_| interrupted())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn everybody_has_a_turn_and_few_at_once() {
        let slow = Arc::new(Slow::default());
        let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let asked = (0..20).map(|nth| {
            let (slow, busy, most) = (slow.clone(), busy.clone(), most.clone());
            let work = move || {
                most.fetch_max(busy.fetch_add(1, Ordering::AcqRel) + 1, Ordering::AcqRel);
                std::thread::yield_now();
                busy.fetch_sub(1, Ordering::AcqRel);
                nth
            };
            tokio::spawn(async move { slow.run(work).await })
        });
        for (nth, each) in asked.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(each.await.expect("it ran").expect("it is done"), nth);
        }
        assert!(most.load(Ordering::Acquire) <= AT_ONCE);
    }
}

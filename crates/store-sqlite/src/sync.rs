//! The sync, beside the writer: while one group is being synced, the next one is written.
//!
//! The engine writes a commit into its log without waiting for the disk; a group is told of, answered and acted on only
//! after the log was synced behind it. What a reader sees may be ahead of the disk by one sync, no answer ever is. After
//! a sync that failed nothing is known of the disk any more, so nothing is taken any more: a restart finds out.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use domain::catalogue::Catalogue;
use store::command::{Answer, News};
use store::{Listener, Reply, StoreError};

use crate::OpenError;
use crate::writer::Counts;

/// Groups that may wait for the disk; then the writer waits too.
const GROUPS_MAX: usize = 8;

/// A group that was written: what to tell and answer once it is on disk.
pub struct Group {
    pub answers: Vec<(Reply, Result<Answer, StoreError>)>,
    pub news: Vec<News>,
    /// The catalogue, where the group changed it.
    pub catalogue: Option<Arc<Catalogue>>,
}

/// What syncs.
pub struct Syncer {
    shared: Arc<Shared>,
    groups: Option<SyncSender<Group>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    log: File,
    listener: Arc<dyn Listener>,
    catalogue: Arc<RwLock<Arc<Catalogue>>>,
    counts: Arc<Counts>,
    /// Groups that were handed over and not answered yet.
    outstanding: AtomicUsize,
    failed: AtomicBool,
}

impl Syncer {
    /// Starts syncing the log of the store in this file.
    pub fn start(
        file: &Path,
        listener: Arc<dyn Listener>,
        catalogue: Arc<RwLock<Arc<Catalogue>>>,
        counts: Arc<Counts>,
    ) -> Result<Self, OpenError> {
        let failed = |why: std::io::Error| OpenError::Failed(format!("its log cannot be opened: {why}"));
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let log = OpenOptions::new().read(true).write(true).open(log).map_err(failed)?;
        let shared = Arc::new(Shared {
            log,
            listener,
            catalogue,
            counts,
            outstanding: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        });
        let (groups, queue) = sync_channel(GROUPS_MAX);
        let worker = shared.clone();
        let thread = std::thread::Builder::new()
            .name("store-sync".to_owned())
            .spawn(move || worker.run(&queue))
            .map_err(|why| OpenError::Failed(why.to_string()))?;
        Ok(Self { shared, groups: Some(groups), thread: Some(thread) })
    }

    /// Takes a group that was written. Where nothing else waits, it is synced here and now: a hand-over would only cost
    /// time.
    pub fn take(&self, group: Group, more_waits: bool) {
        if !more_waits && self.shared.outstanding.load(Ordering::Acquire) == 0 {
            self.shared.settle(vec![group]);
            return;
        }
        self.shared.outstanding.fetch_add(1, Ordering::AcqRel);
        if let Some(groups) = &self.groups {
            // The other end lives as long as this one.
            let _ = groups.send(group);
        }
    }

    /// Whether a sync has failed.
    pub fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.groups.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self, queue: &Receiver<Group>) {
        while let Ok(first) = queue.recv() {
            // One sync serves all groups that were written before it.
            let groups: Vec<Group> = std::iter::once(first).chain(queue.try_iter()).collect();
            let count = groups.len();
            self.settle(groups);
            self.outstanding.fetch_sub(count, Ordering::AcqRel);
        }
    }

    fn settle(&self, groups: Vec<Group>) {
        if let Err(why) = self.log.sync_data() {
            tracing::error!(%why, "the disk refused a sync; nothing is taken any more until a restart");
            self.failed.store(true, Ordering::Release);
        }
        self.counts.synced();
        let failed = self.failed.load(Ordering::Acquire);
        for group in groups {
            if failed {
                for (reply, _) in group.answers {
                    let _ = reply.send(Err(no_longer()));
                }
                continue;
            }
            if let Some(catalogue) = group.catalogue {
                *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = catalogue;
            }
            if !group.news.is_empty() {
                self.listener.committed(group.news);
            }
            for (reply, answer) in group.answers {
                let _ = reply.send(answer);
            }
        }
    }
}

/// What is answered after a sync that failed.
pub fn no_longer() -> StoreError {
    StoreError::Failed("the disk refused a sync; restart once it is mended".to_owned())
}

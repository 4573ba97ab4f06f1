//! What was committed and the dispatcher has not heard yet.
//!
//! News is put together as it comes: of each service when it is next due, of the calendar the next instant. So what waits
//! to be heard is bounded by the number of services and of places for calls, however far behind the dispatcher is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{ServiceKey, Timestamp};
use store::command::News;
use tokio::sync::Notify;

/// Where the bus's news arrives. One task reads it.
pub struct Inbox(Arc<Letters>);

/// The side of the inbox into which news is put.
#[derive(Default)]
pub(crate) struct Letters {
    unread: Mutex<Unread>,
    come: Notify,
}

#[derive(Default)]
struct Unread {
    /// Leases and turned gates, in their order.
    each: Vec<News>,
    due: BTreeMap<ServiceKey, Timestamp>,
    check: Option<Timestamp>,
    hold: Option<Timestamp>,
    catalogue: Option<i64>,
    perform: bool,
    batch: bool,
    recheck: bool,
}

impl Letters {
    pub(crate) fn inbox(self: &Arc<Self>) -> Inbox {
        Inbox(self.clone())
    }

    pub(crate) fn put(&self, news: Vec<News>) {
        let mut unread = self.unread();
        news.into_iter().for_each(|each| unread.add(each));
        drop(unread);
        self.come.notify_one();
    }

    fn unread(&self) -> MutexGuard<'_, Unread> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// The news since it was read last, as soon as there is some.
    pub async fn read(&mut self) -> Vec<News> {
        loop {
            let news = self.unread();
            if !news.is_empty() {
                return news;
            }
            self.0.come.notified().await;
        }
    }

    /// The news since it was read last; nothing if there is none.
    pub fn unread(&mut self) -> Vec<News> {
        std::mem::take(&mut *self.0.unread()).news()
    }
}

impl Unread {
    fn add(&mut self, news: News) {
        match news {
            // A lease has a place, and a gate turns seldom.
            News::Leased(_) | News::Turned { .. } => self.each.push(news),
            News::Due { service, at } => {
                let known = self.due.entry(service).or_insert(at);
                *known = at.min(*known);
            }
            News::CheckAt(at) => self.check = Some(self.check.map_or(at, |known| known.min(at))),
            News::HoldUntil(at) => self.hold = Some(self.hold.map_or(at, |known| known.min(at))),
            News::Catalogue(version) => self.catalogue = self.catalogue.max(Some(version)),
            News::Perform => self.perform = true,
            News::Batch => self.batch = true,
            News::Recheck => self.recheck = true,
            // Whoever waits for a verdict is woken by name.
            News::Judged(_) => {}
        }
    }

    fn news(self) -> Vec<News> {
        let Unread { each, due, check, hold, catalogue, perform, batch, recheck } = self;
        let mut news = each;
        news.extend(catalogue.map(News::Catalogue));
        news.extend(due.into_iter().map(|(service, at)| News::Due { service, at }));
        news.extend(check.map(News::CheckAt));
        news.extend(hold.map(News::HoldUntil));
        news.extend(perform.then_some(News::Perform));
        news.extend(batch.then_some(News::Batch));
        news.extend(recheck.then_some(News::Recheck));
        news
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn due(service: i64, at: i64) -> News {
        News::Due { service: ServiceKey(service), at: Timestamp(at) }
    }

    #[test]
    fn what_waits_to_be_heard_does_not_grow_with_the_events() {
        let letters = Arc::new(Letters::default());
        let mut inbox = letters.inbox();
        for nth in 0..10_000 {
            letters.put(vec![due(nth % 3, 20_000 - nth), News::CheckAt(Timestamp(nth)), News::Batch, News::Batch]);
            letters.put(vec![News::Catalogue(nth), News::Judged(domain::SubjectKey(nth)), News::Perform]);
        }

        let news = inbox.unread();

        assert_eq!(news.len(), 3 + 4, "{news:?}");
        let of_first = |news: &News| matches!(news, News::Due { service: ServiceKey(0), at: Timestamp(10_001) });
        assert!(news.iter().any(of_first), "when the first of its runs is due: {news:?}");
        assert!(news.iter().any(|news| matches!(news, News::CheckAt(Timestamp(0)))), "{news:?}");
        assert!(news.iter().any(|news| matches!(news, News::Catalogue(9_999))), "{news:?}");
        assert!(inbox.unread().is_empty());
    }

    #[test]
    fn gates_are_heard_of_in_their_order() {
        let letters = Arc::new(Letters::default());
        for to in [domain::gate::GateState::Paused, domain::gate::GateState::Open] {
            letters.put(vec![News::Turned { service: ServiceKey(1), to }]);
        }

        let news = letters.inbox().unread();

        let [News::Turned { to: first, .. }, News::Turned { to: last, .. }] = news.as_slice() else {
            panic!("{news:?}");
        };
        assert_eq!((first.word(), last.word()), ("paused", "open"));
    }

    #[test]
    fn whoever_reads_is_woken_and_misses_nothing() {
        let letters = Arc::new(Letters::default());
        let mut inbox = letters.inbox();
        let mut context = Context::from_waker(Waker::noop());
        let mut read = pin!(inbox.read());
        assert!(read.as_mut().poll(&mut context).is_pending());

        letters.put(vec![due(1, 1)]);
        letters.put(vec![due(2, 1)]);

        assert!(matches!(read.as_mut().poll(&mut context), Poll::Ready(news) if news.len() == 2));
    }
}

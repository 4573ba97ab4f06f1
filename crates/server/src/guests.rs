//! The connections of one listener: how many there may be, and who gives way when there would be more.
//!
//! A connection is *busy* from the moment its request's head has come whole until its answer is on its way; else it is
//! *quiet*: it has said nothing yet, its head is still coming, or it waits for the next request. When there is no place
//! left, the connection that has been quiet the longest gives way. So a crowd that says nothing, or says it a byte at a
//! time, keeps nobody out, and a request under way is never cut.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// A seat that is busy, or left.
const BUSY: u64 = u64::MAX;
/// A seat that was asked to leave and is still quiet.
const LEAVING: u64 = u64::MAX - 1;
/// How many of those that have been quiet the longest are looked for in one walk through all seats.
const LOOKED_FOR: usize = 256;

/// The connections of one listener. Cheap to clone.
#[derive(Clone)]
pub struct Guests(Arc<Hall>);

struct Hall {
    places: Arc<Semaphore>,
    seats: Mutex<Seats>,
    /// Counts what makes a seat quiet: the smaller its number, the longer it has been.
    turns: AtomicU64,
    /// Somebody waits for a place.
    wanted: AtomicBool,
    /// Somebody is quiet who was not.
    quiet: Notify,
    /// Whoever was asked to leave has got a request first, and stays.
    stays: Notify,
}

#[derive(Default)]
struct Seats {
    all: HashMap<u64, Arc<Seat>>,
    next: u64,
    /// Those that had been quiet the longest when all were looked at, and since when.
    quietest: VecDeque<(u64, Arc<Seat>)>,
}

struct Seat {
    quiet_since: AtomicU64,
    leave: Notify,
}

/// One connection's place, until it is dropped.
pub struct Guest {
    hall: Arc<Hall>,
    number: u64,
    seat: Arc<Seat>,
    _place: OwnedSemaphorePermit,
}

/// Says of one connection whether it is busy.
#[derive(Clone)]
pub struct Standing {
    hall: Arc<Hall>,
    seat: Arc<Seat>,
}

impl Guests {
    /// At most so many.
    pub fn new(guests_max: usize) -> Self {
        Self(Arc::new(Hall {
            places: Arc::new(Semaphore::new(guests_max)),
            seats: Mutex::default(),
            turns: AtomicU64::new(0),
            wanted: AtomicBool::new(false),
            quiet: Notify::new(),
            stays: Notify::new(),
        }))
    }

    /// A place for one more: a free one, or that of whoever has been quiet the longest. While all are busy: the first
    /// that comes free.
    pub async fn admit(&self) -> Guest {
        let hall = &self.0;
        let place = match hall.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => hall.make_room().await,
        };
        let seat = Arc::new(Seat { quiet_since: AtomicU64::new(hall.turn()), leave: Notify::new() });
        let mut seats = hall.seats();
        let number = seats.next;
        seats.next += 1;
        seats.all.insert(number, seat.clone());
        drop(seats);
        Guest { hall: hall.clone(), number, seat, _place: place }
    }
}

impl Hall {
    async fn make_room(self: &Arc<Self>) -> OwnedSemaphorePermit {
        self.wanted.store(true, Ordering::SeqCst);
        let mut freed = std::pin::pin!(self.places.clone().acquire_owned());
        loop {
            let again = if self.ask_one_to_leave() { &self.stays } else { &self.quiet };
            let place = tokio::select! {
                place = freed.as_mut() => place,
                () = again.notified() => continue,
            };
            if let Ok(place) = place {
                self.wanted.store(false, Ordering::SeqCst);
                return place;
            }
            // The places are never closed.
            std::future::pending::<()>().await;
        }
    }

    /// Asks the one that has been quiet the longest to leave; false if nobody is quiet.
    fn ask_one_to_leave(&self) -> bool {
        let mut seats = self.seats();
        loop {
            if seats.quietest.is_empty() {
                seats.look();
            }
            let Some((since, seat)) = seats.quietest.pop_front() else { return false };
            // It may have become busy since it was looked at: then it stays.
            if seat.quiet_since.compare_exchange(since, LEAVING, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                seat.leave.notify_one();
                return true;
            }
        }
    }

    fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    fn look(&mut self) {
        let quiet = self.all.values().map(|seat| (seat.quiet_since.load(Ordering::Acquire), seat));
        let mut quiet: Vec<_> = quiet.filter(|(since, _)| *since < LEAVING).collect();
        if quiet.len() > LOOKED_FOR {
            quiet.select_nth_unstable_by_key(LOOKED_FOR, |(since, _)| *since);
            quiet.truncate(LOOKED_FOR);
        }
        quiet.sort_unstable_by_key(|(since, _)| *since);
        self.quietest = quiet.into_iter().map(|(since, seat)| (since, seat.clone())).collect();
    }
}

impl Guest {
    /// Comes when this one is to give way.
    pub async fn asked_to_leave(&self) {
        loop {
            self.seat.leave.notified().await;
            if self.seat.quiet_since.load(Ordering::Acquire) == LEAVING {
                return;
            }
        }
    }

    /// What says whether this one is busy.
    pub fn standing(&self) -> Standing {
        Standing { hall: self.hall.clone(), seat: self.seat.clone() }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.seat.quiet_since.store(BUSY, Ordering::Release);
        self.hall.seats().all.remove(&self.number);
    }
}

impl Standing {
    /// A request has come.
    pub fn busy(&self) {
        if self.seat.quiet_since.swap(BUSY, Ordering::AcqRel) == LEAVING {
            self.hall.stays.notify_one();
        }
    }

    /// Its answer is on its way.
    pub fn quiet(&self) {
        self.seat.quiet_since.store(self.hall.turn(), Ordering::SeqCst);
        if self.hall.wanted.load(Ordering::SeqCst) {
            self.hall.quiet.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn is_ready<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    async fn full(guests: &Guests, count: usize) -> Vec<Guest> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(guests.admit().await);
        }
        all
    }

    #[tokio::test]
    async fn the_one_that_has_been_quiet_the_longest_gives_way() {
        let guests = Guests::new(3);
        let mut all = full(&guests, 3).await;
        all[0].standing().busy();
        all[1].standing().busy();
        all[1].standing().quiet();
        let mut fourth = pin!(guests.admit());

        assert!(is_ready(fourth.as_mut()).is_none());

        assert!(is_ready(pin!(all[0].asked_to_leave())).is_none(), "it is busy");
        assert!(is_ready(pin!(all[1].asked_to_leave())).is_none(), "it was busy after the third came");
        assert!(is_ready(pin!(all[2].asked_to_leave())).is_some());
        drop(all.pop());
        assert!(is_ready(fourth.as_mut()).is_some());
    }

    #[tokio::test]
    async fn a_request_under_way_is_not_cut_and_its_end_makes_room() {
        let guests = Guests::new(2);
        let all = full(&guests, 2).await;
        all.iter().for_each(|guest| guest.standing().busy());
        let mut third = pin!(guests.admit());
        assert!(is_ready(third.as_mut()).is_none());

        all[1].standing().quiet();

        assert!(is_ready(third.as_mut()).is_none(), "it has not left yet");
        assert!(is_ready(pin!(all[0].asked_to_leave())).is_none());
        assert!(is_ready(pin!(all[1].asked_to_leave())).is_some());
        drop(all);
        assert!(is_ready(third.as_mut()).is_some());
    }

    #[tokio::test]
    async fn one_that_became_busy_after_it_was_looked_at_stays() {
        let guests = Guests::new(2);
        let mut all = full(&guests, 2).await;
        {
            let mut third = pin!(guests.admit());
            assert!(is_ready(third.as_mut()).is_none());
            drop(all.remove(0));
            all.push(is_ready(third.as_mut()).expect("a place"));
        }
        // What was looked at then is remembered; the second of it has a request now.
        all[0].standing().busy();
        let mut fourth = pin!(guests.admit());
        assert!(is_ready(fourth.as_mut()).is_none());

        assert!(is_ready(pin!(all[0].asked_to_leave())).is_none());
        assert!(is_ready(pin!(all[1].asked_to_leave())).is_some());
    }

    #[tokio::test]
    async fn one_that_gets_a_request_after_it_was_asked_to_leave_stays_and_another_leaves() {
        let guests = Guests::new(2);
        let all = full(&guests, 2).await;
        let mut third = pin!(guests.admit());
        assert!(is_ready(third.as_mut()).is_none());

        all[0].standing().busy();

        assert!(is_ready(pin!(all[0].asked_to_leave())).is_none());
        assert!(is_ready(third.as_mut()).is_none());
        assert!(is_ready(pin!(all[1].asked_to_leave())).is_some());
    }

    #[tokio::test]
    async fn one_that_left_by_itself_is_not_asked() {
        let guests = Guests::new(2);
        let mut all = full(&guests, 2).await;
        {
            let mut third = pin!(guests.admit());
            assert!(is_ready(third.as_mut()).is_none());
            drop(all.remove(0));
            all.push(is_ready(third.as_mut()).expect("a place"));
        }
        // The one that is remembered as quiet leaves, and its place is taken.
        drop(all.remove(0));
        all.push(guests.admit().await);
        let mut fifth = pin!(guests.admit());
        assert!(is_ready(fifth.as_mut()).is_none());

        assert!(is_ready(pin!(all[0].asked_to_leave())).is_some());
    }

    #[tokio::test]
    async fn many_guests_come_and_go_and_no_seat_is_left_behind() {
        let guests = Guests::new(LOOKED_FOR + 10);
        let mut all: VecDeque<Guest> = full(&guests, LOOKED_FOR + 10).await.into();
        for _ in 0..2 * LOOKED_FOR {
            // A task may do only so much at a time.
            tokio::task::yield_now().await;
            let mut next = pin!(guests.admit());
            assert!(is_ready(next.as_mut()).is_none());
            let oldest = all.pop_front().expect("a guest");
            assert!(is_ready(pin!(oldest.asked_to_leave())).is_some(), "the oldest first");
            drop(oldest);
            all.push_back(is_ready(next.as_mut()).expect("a place"));
        }
        drop(all);
        assert_eq!(guests.0.seats().all.len(), 0);
    }
}

//! Places for calls: how many to one service are under way, and whether a new run may go at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use domain::ServiceKey;

/// The places of every service.
#[derive(Default)]
pub struct Places {
    services: RwLock<BTreeMap<ServiceKey, Arc<Place>>>,
}

#[derive(Default)]
struct Place {
    calls_max: AtomicU32,
    under_way: AtomicU32,
    /// Older runs wait: a new one must not overtake them.
    backlog: AtomicBool,
}

impl Place {
    fn take_up_to(&self, wanted: u32) -> u32 {
        let calls_max = self.calls_max.load(Ordering::Acquire);
        let mut taken = 0;
        let _ = self.under_way.fetch_update(Ordering::AcqRel, Ordering::Acquire, |under_way| {
            taken = wanted.min(calls_max.saturating_sub(under_way));
            (taken > 0).then_some(under_way + taken)
        });
        taken
    }
}

impl Places {
    pub fn allow(&self, service: ServiceKey, calls_max: u32) {
        let mut services = self.services.write().unwrap_or_else(PoisonError::into_inner);
        services.entry(service).or_default().calls_max.store(calls_max, Ordering::Release);
    }

    pub fn take(&self, service: ServiceKey) -> bool {
        let Some(place) = self.of(service) else { return false };
        if place.backlog.load(Ordering::Acquire) {
            return false;
        }
        if place.take_up_to(1) == 1 {
            return true;
        }
        // This run will wait; those after it queue behind.
        place.backlog.store(true, Ordering::Release);
        false
    }

    pub fn take_for_claim(&self, service: ServiceKey, wanted: u32) -> u32 {
        self.of(service).map_or(0, |place| place.take_up_to(wanted))
    }

    pub fn give_back(&self, service: ServiceKey) {
        if let Some(place) = self.of(service) {
            let _ =
                place.under_way.fetch_update(Ordering::AcqRel, Ordering::Acquire, |under_way| under_way.checked_sub(1));
        }
    }

    pub fn backlog(&self, service: ServiceKey, waits: bool) {
        if let Some(place) = self.of(service) {
            place.backlog.store(waits, Ordering::Release);
        }
    }

    pub fn calls_max(&self, service: ServiceKey) -> u32 {
        self.of(service).map_or(0, |place| place.calls_max.load(Ordering::Acquire))
    }

    pub fn under_way(&self, service: ServiceKey) -> u32 {
        self.of(service).map_or(0, |place| place.under_way.load(Ordering::Acquire))
    }

    fn of(&self, service: ServiceKey) -> Option<Arc<Place>> {
        self.services.read().unwrap_or_else(PoisonError::into_inner).get(&service).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ServiceKey = ServiceKey(1);

    #[test]
    fn a_service_is_called_so_many_times_at_once_and_no_more() {
        let places = Places::default();
        assert!(!places.take(ONE), "an unknown service has no places");
        places.allow(ONE, 2);
        assert!(places.take(ONE) && places.take(ONE) && !places.take(ONE));
        places.give_back(ONE);
        assert_eq!(places.take_for_claim(ONE, 5), 1);
        assert_eq!(places.under_way(ONE), 2);
    }

    #[test]
    fn a_new_run_does_not_overtake_older_ones() {
        let places = Places::default();
        places.allow(ONE, 1);
        assert!(places.take(ONE) && !places.take(ONE));
        places.give_back(ONE);
        assert!(!places.take(ONE), "the one that found no place waits first");
        places.backlog(ONE, false);
        assert!(places.take(ONE));
    }

    #[test]
    fn a_place_that_was_never_taken_is_not_given_back() {
        let places = Places::default();
        places.allow(ONE, 1);
        places.give_back(ONE);
        assert!(places.take(ONE) && !places.take(ONE));
    }
}

//! Places for calls: how many are under way, to one service and in all, and whether a new run may go at once.
//!
//! Half of all places are kept, in equal parts, for the services that are called; the other half goes to whoever asks
//! first. So a service whose calls last long never takes the last place of another, and a busy one may use what is idle.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::ServiceKey;

/// The places of every service.
pub struct Places {
    table: Mutex<Table>,
}

struct Table {
    /// Places in all.
    calls_max: u32,
    services: BTreeMap<ServiceKey, Place>,
    /// Places that are kept for nobody.
    open: u32,
    /// How many of those are taken. May be more than `open` for a while when a service was added.
    open_taken: u32,
}

#[derive(Default)]
struct Place {
    calls_max: u32,
    under_way: u32,
    /// So many of its places nobody else takes.
    kept: u32,
    /// Older runs wait: a new one must not overtake them.
    backlog: bool,
}

impl Place {
    /// Calls under way in places that are not its own.
    fn beyond(&self) -> u32 {
        self.under_way.saturating_sub(self.kept)
    }
}

impl Table {
    /// Divides the places anew: each service that is called keeps at least one.
    fn share(&mut self) {
        let called = self.services.values().filter(|place| place.calls_max > 0).count();
        let part = self.calls_max / 2 / u32::try_from(called).unwrap_or(u32::MAX).max(1);
        let mut kept = 0_u32;
        for place in self.services.values_mut() {
            place.kept = part.max(1).min(place.calls_max);
            kept = kept.saturating_add(place.kept);
        }
        self.open = self.calls_max.saturating_sub(kept);
        self.open_taken = self.services.values().map(Place::beyond).sum();
    }

    fn take_up_to(&mut self, service: ServiceKey, wanted: u32) -> u32 {
        let Some(place) = self.services.get_mut(&service) else { return 0 };
        let beyond = place.beyond();
        let kept_free = place.kept.saturating_sub(place.under_way);
        let free = kept_free.saturating_add(self.open.saturating_sub(self.open_taken));
        let taken = wanted.min(free).min(place.calls_max.saturating_sub(place.under_way));
        place.under_way += taken;
        self.open_taken += place.beyond() - beyond;
        taken
    }

    fn give_back(&mut self, service: ServiceKey) {
        if let Some(place) = self.services.get_mut(&service) {
            let beyond = place.beyond();
            place.under_way = place.under_way.saturating_sub(1);
            self.open_taken -= beyond - place.beyond();
        }
    }
}

impl Places {
    pub fn new(calls_max: u32) -> Self {
        Self { table: Mutex::new(Table { calls_max, services: BTreeMap::new(), open: calls_max, open_taken: 0 }) }
    }

    pub fn allow(&self, service: ServiceKey, calls_max: u32) {
        let mut table = self.table();
        table.services.entry(service).or_default().calls_max = calls_max;
        table.share();
    }

    pub fn take(&self, service: ServiceKey) -> bool {
        let mut table = self.table();
        if table.services.get(&service).is_none_or(|place| place.backlog) {
            return false;
        }
        let taken = table.take_up_to(service, 1) == 1;
        if let Some(place) = table.services.get_mut(&service) {
            // A run that finds no place will wait; those after it queue behind.
            place.backlog = !taken;
        }
        taken
    }

    pub fn take_for_claim(&self, service: ServiceKey, wanted: u32) -> u32 {
        self.table().take_up_to(service, wanted)
    }

    pub fn give_back(&self, service: ServiceKey) {
        self.table().give_back(service);
    }

    pub fn backlog(&self, service: ServiceKey, waits: bool) {
        if let Some(place) = self.table().services.get_mut(&service) {
            place.backlog = waits;
        }
    }

    pub fn calls_max(&self, service: ServiceKey) -> u32 {
        self.table().services.get(&service).map_or(0, |place| place.calls_max)
    }

    pub fn under_way(&self, service: ServiceKey) -> u32 {
        self.table().services.get(&service).map_or(0, |place| place.under_way)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ServiceKey = ServiceKey(1);
    const TWO: ServiceKey = ServiceKey(2);

    #[test]
    fn a_service_is_called_so_many_times_at_once_and_no_more() {
        let places = Places::new(100);
        assert!(!places.take(ONE), "an unknown service has no places");
        places.allow(ONE, 2);
        assert!(places.take(ONE) && places.take(ONE) && !places.take(ONE));
        places.give_back(ONE);
        assert_eq!(places.take_for_claim(ONE, 5), 1);
        assert_eq!(places.under_way(ONE), 2);
    }

    #[test]
    fn a_new_run_does_not_overtake_older_ones() {
        let places = Places::new(100);
        places.allow(ONE, 1);
        assert!(places.take(ONE) && !places.take(ONE));
        places.give_back(ONE);
        assert!(!places.take(ONE), "the one that found no place waits first");
        places.backlog(ONE, false);
        assert!(places.take(ONE));
    }

    #[test]
    fn a_place_that_was_never_taken_is_not_given_back() {
        let places = Places::new(100);
        places.allow(ONE, 1);
        places.give_back(ONE);
        assert!(places.take(ONE) && !places.take(ONE));
    }

    #[test]
    fn all_services_together_have_so_many_places_and_no_more() {
        let places = Places::new(8);
        places.allow(ONE, 100);
        places.allow(TWO, 100);
        assert_eq!(places.take_for_claim(ONE, 100), 6, "the open half and its own part of the other");
        assert_eq!(places.take_for_claim(TWO, 100), 2, "what was kept for it");
        assert!(!places.take(ONE) && !places.take(TWO));
        places.give_back(ONE);
        places.backlog(TWO, false);
        assert!(places.take(TWO), "an open place is anybody's");
        places.give_back(TWO);
        places.backlog(ONE, false);
        assert!(places.take(ONE) && !places.take(ONE));
    }

    #[test]
    fn each_service_has_a_place_of_its_own_however_many_there_are() {
        let places = Places::new(2);
        for service in 1..=5 {
            places.allow(ServiceKey(service), 10);
        }
        for service in 1..=5 {
            assert!(places.take(ServiceKey(service)) && !places.take(ServiceKey(service)));
        }
    }

    #[test]
    fn a_service_that_is_added_gets_its_places_though_all_are_taken() {
        let places = Places::new(4);
        places.allow(ONE, 100);
        assert_eq!(places.take_for_claim(ONE, 100), 4);
        places.allow(TWO, 100);
        assert_eq!(places.take_for_claim(TWO, 100), 1, "what is kept for it now");
        for _ in 0..4 {
            places.give_back(ONE);
        }
        assert_eq!(places.take_for_claim(TWO, 100), 2);
        assert_eq!(places.take_for_claim(ONE, 100), 1);
    }

    #[test]
    fn places_of_a_service_that_is_no_longer_called_are_shared_again() {
        let places = Places::new(4);
        places.allow(ONE, 100);
        places.allow(TWO, 100);
        places.allow(ONE, 0);
        assert_eq!(places.take_for_claim(ONE, 1), 0);
        assert_eq!(places.take_for_claim(TWO, 100), 4);
    }
}

//! What is due at a time: expectations to be looked at, holds that end.

use domain::event::Event;
use domain::expectation::Expectation;
use domain::{ServiceKey, Timestamp};
use store::command::Answer;
use store::row::RowsExt;
use store::search::{self, Agenda};
use store::{StoreError, judged};

use crate::{Shared, Watched, subscribed};

/// Looked at in one go; the rest follows at once.
const AT_ONCE: usize = 256;

impl Shared {
    /// Does everything that is due, and answers when something is due next.
    pub async fn keep_calendar(&self) -> Result<Agenda, StoreError> {
        let services: Vec<ServiceKey> = self.store.catalogue().services.keys().copied().collect();
        loop {
            let now = self.clock.now();
            let mut done = 0;
            for service in services.iter().copied() {
                let due = self.store.read(move |rows| search::due_checks(rows, service, now, AT_ONCE)).await?;
                for expectation in due {
                    let answer = judged::check(&self.store, expectation.key, now).await?;
                    if matches!(answer, Answer::Concluded(_)) {
                        self.missed(&expectation).await?;
                    }
                    done += usize::from(!matches!(answer, Answer::NotDue));
                }
            }
            for hold in self.store.read(move |rows| search::due_holds(rows, now, AT_ONCE)).await? {
                let answer = judged::end_hold(&self.store, &hold, now).await?;
                done += usize::from(!matches!(answer, Answer::NotDue));
            }
            if done == 0 {
                return self.agenda(services, now).await;
            }
        }
    }

    /// Tells that nothing of use came until the deadline.
    async fn missed(&self, expectation: &Expectation) -> Result<(), StoreError> {
        let key = expectation.event;
        let event = self.store.read(move |rows| rows.load::<Event>(key.0)).await?;
        let catalogue = self.store.catalogue();
        if let (Some(event), Some(service)) = (event, catalogue.services.get(&expectation.service)) {
            let event = subscribed(service, &event.kind);
            (self.watcher)(&Watched { service: &service.name, event, outcome: "missing_results", took: None });
        }
        Ok(())
    }

    /// When something is due next.
    pub async fn agenda(&self, services: Vec<ServiceKey>, now: Timestamp) -> Result<Agenda, StoreError> {
        self.store.read(move |rows| search::agenda(rows, &services, now)).await
    }
}

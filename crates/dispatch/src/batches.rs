//! Batches: the next runs of each, as far as its services have got with those before.
//!
//! Where a batch stands is in the store alone, so that a restart goes on from there. A service that does not answer
//! keeps only its own part back.

use store::{StoreError, batches};

use crate::Shared;

impl Shared {
    /// Makes one step of every part of a batch that has room for more runs; answers whether there was one.
    pub async fn step_batches(&self) -> Result<bool, StoreError> {
        let catalogue = self.store.catalogue();
        let parts = self.store.read(move |rows| batches::with_room(rows, &catalogue)).await?;
        let any = !parts.is_empty();
        for (batch, part) in parts {
            let (catalogue, now) = (self.store.catalogue(), self.clock.now());
            let step = self.store.read(move |rows| batches::next_step(rows, &catalogue, &batch, &part, now)).await?;
            // One that was paused meanwhile, or stepped by somebody else, has moved: it is read again.
            self.store.submit(step).await?;
        }
        Ok(any)
    }
}

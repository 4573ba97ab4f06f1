//! Rechecks: subjects that are judged again, step by step, since something outside them changed.
//!
//! Where a recheck stands is in the store alone, so that a restart goes on from there.

use store::row::RowsExt;
use store::tables::Recheck;
use store::{StoreError, judged};

use crate::Shared;

/// Rechecks of which a step is made in one go; the rest follows at once.
const AT_ONCE: usize = 64;

impl Shared {
    /// Makes one step of every recheck; answers whether there was one.
    pub async fn step_rechecks(&self) -> Result<bool, StoreError> {
        let rechecks = self.store.read(|rows| rows.page::<Recheck>(None, AT_ONCE)).await?;
        for recheck in &rechecks {
            // One that began anew meanwhile, or was stepped by somebody else, has moved: it is read again.
            judged::step_recheck(&self.store, recheck, self.clock.now()).await?;
        }
        Ok(!rechecks.is_empty())
    }
}

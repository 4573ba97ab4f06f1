//! Lists: the rows that match filters, newest first, in pages that cost a bounded amount of work.
//!
//! An index is paid for by every event that is recorded, a list by whoever looks at it. So only filters on what is
//! rarely written have an index; every other filter looks at the first columns of the newest rows, and when it has
//! looked at [`LOOKED_MAX`] of them without a full page, the page says how far back it looked and where to go on.

mod audit;
mod events;
mod results;
mod runs;
mod subjects;
mod walk;
mod word;

pub use audit::{AuditFilter, QuarantineFilter, ReceiptFilter, audit, quarantine, receipts};
pub use events::{EventFilter, EventState, Kind, events, state_of};
pub use results::{ResultFilter, results};
pub use runs::{RunFilter, runs};
pub use subjects::{SubjectFilter, subjects};
pub use walk::{LOOKED_MAX, Page, Span};

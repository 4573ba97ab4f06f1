//! A request against a configured endpoint: accept, reply, or refuse with the exact reason.
//!
//! The row of steps is fixed, and the first that objects ends it: the credential (every secret against every
//! candidate), the signed time, the body's presence, the event's name, the subject. A body is parsed only where the
//! definition takes something from it that the event needs, and never before it is believed, except for the one form
//! field that some forges sign.

mod content;
mod credential;
mod endpoint;
mod event;
pub(crate) mod form;
mod handshake;
mod head;
pub(crate) mod json;
mod outcome;
mod replay;
mod settings;
mod vouched;

pub(crate) use content::Content;
pub(crate) use credential::Presented;
pub use endpoint::Endpoint;
pub(crate) use endpoint::{known_url, prepared};
pub(crate) use event::NAMELESS;
pub use head::Head;
pub use outcome::{Accepted, Arrival, Effect, Outcome, Proof, Reply, SubjectName};
pub use settings::{EndpointSettings, HandshakeSettings, Misconfigured, SubjectPaths};
pub use vouched::UnverifiedClaim;

pub use crate::refusal::{Reason, Refusal};

//! The only client that leaves the gateway.
//!
//! Everything sent passes one gate. A name is resolved once, every address is held against the service's
//! [`Policy`], and exactly an address that passed is dialled, so a literal address, a name, and a name that changes
//! its mind between two look-ups all meet the same rule. Redirects are answers, never followed; there are no proxy
//! variables, no cookies and no decompression. One deadline covers a whole exchange, one limit the whole answer.
//!
//! Reading order: [`classify`] says what an address is, [`AllowedNetwork`] how an exception is written, [`Policy`]
//! what may be dialled, [`Target`] what a URL may look like; `connect` dials and [`Egress::send`] speaks HTTP.

mod address;
mod client;
mod connect;
mod exchange;
mod network;
mod policy;
mod pools;
mod refused;
mod resolve;
mod target;
mod tls;

pub use address::{AddressClass, classify};
pub use client::{Egress, EgressSettings};
pub use exchange::{Outgoing, Sent};
pub use network::{AllowedNetwork, NetworkError};
pub use policy::Policy;
pub use refused::Refused;
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use target::Target;

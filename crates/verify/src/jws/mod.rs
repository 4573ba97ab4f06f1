//! Signed tokens in their compact form (RFC 7515), strictly: the ground that account tokens, license tokens and a
//! provider's tokens stand on.
//!
//! [`Compact`] takes a token apart and believes nothing. [`Object`] reads a header or claims, in which no name may occur
//! twice. A [`VerifyingKey`] has one [`Algorithm`], whatever a token says of its own: which key a token is held against
//! is decided by whoever holds the keys.

mod compact;
mod key;
mod object;

pub use compact::{Compact, CompactFault};
pub use key::{Algorithm, KeyFault, SigningKey, VerifyingKey};
pub use object::Object;

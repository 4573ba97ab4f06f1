//! License tokens: which plugin or container may run, for whom, until when.
//!
//! A license is a token that a customer has; a companion is one that a plugin or a container carries. Both are signed.
//! They fit if the companion names the plugin or the container that it is checked for, and is open to the category of
//! the license. [`Validator`] decides that. It opens no file and no socket and reads no clock: keys, revocations and the
//! time are arguments. No input makes it panic, and no token chooses how it is checked.
//!
//! - [`Validator`]: a plugin or a container against a license; a token by itself.
//! - [`KeySet`]: the public keys of a verifier, or the [built-in](KeySet::built_in) ones; [`PrivateKey`]: what signs.
//! - [`Draft`]: a token to be issued.
//! - [`RevocationList`]: what is refused from now on, signed.
//! - [`inspect()`]: what a token says, unverified.
//! - [`LicenseError`]: why not: a stable [`Code`], a text, and which token it was.
#![warn(missing_docs)]

mod built_in;
mod category;
mod claims;
mod error;
mod inspect;
mod issue;
mod jwk;
mod keys;
mod mask;
mod pem;
mod private_key;
mod revocation;
mod settings;
mod time;
mod token;
mod validator;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "fuzz")]
pub mod fuzz;

pub use category::{Categories, NoCategory};
pub use claims::Claims;
pub use error::{Claim, Code, LicenseError, Reason};
pub use inspect::{Inspected, inspect};
pub use issue::{DAYS_MAX, Draft, IssueFault};
pub use jwk::{JwkFault, Status};
pub use keys::{KeySet, KeySetFault};
pub use private_key::{PrivateKey, PrivateKeyFault};
pub use revocation::{Entry, RevocationFault, RevocationList, Revocations, Revoked};
pub use settings::{Kind, LEEWAY_S_MAX, Leeway, Names, Settings};
pub use token::TOKEN_BYTES_MAX;
pub use validator::{Activation, Validator};
pub use verify::jws::Algorithm;

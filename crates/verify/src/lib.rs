//! Who sent these bytes, and may we believe it?
//!
//! A webhook is believed when a secret that only its sender shares with us explains a value in the request: a MAC
//! or a signature over the exact bytes that arrived, or the secret itself. This crate decides that, and nothing
//! else: it opens no socket and no file, reads no clock, spawns nothing and holds no C. What it cannot know (the
//! time, random bytes) is an argument. No input makes it panic.
//!
//! - [`provider`]: what each sender does, as data. One short definition per file, listed in [`provider::ALL`].
//! - [`receive`]: a request against a configured [`receive::Endpoint`]: accept, reply, or refuse with the reason.
//! - [`explain`]: what went wrong with a refused request, found by trying the usual mistakes.
//! - [`aspnet`]: likewise for the receivers of ASP.NET Core WebHooks, to the letter.
//! - [`certificate`]: what is asked of whoever can do RSA, for the senders that sign with it.
//! - [`account`]: the token or the signature with which a service's account calls us.
//! - [`sign`]: the signatures on what we send, and the receiving side of the scanner protocol.
//! - [`jws`]: signed tokens, taken apart and held against keys; available alone with the feature `jws`.
//! - [`mac`], [`hex`], [`compare`]: the ground, available alone with the feature `hmac`.
#![warn(missing_docs)]

#[cfg(feature = "hmac")]
pub mod compare;
#[cfg(feature = "hmac")]
pub mod hex;
#[cfg(feature = "hmac")]
pub mod mac;

#[cfg(feature = "jws")]
pub mod base64;
#[cfg(feature = "jws")]
mod ed25519;
#[cfg(feature = "jws")]
pub mod jws;

#[cfg(feature = "full")]
pub mod account;
#[cfg(feature = "full")]
pub mod aspnet;
#[cfg(feature = "full")]
mod calendar;
#[cfg(feature = "full")]
pub mod certificate;
#[cfg(feature = "full")]
pub mod explain;
#[cfg(feature = "full")]
mod key;
#[cfg(feature = "full")]
pub mod provider;
#[cfg(feature = "full")]
pub mod receive;
#[cfg(feature = "full")]
pub mod refusal;
#[cfg(feature = "full")]
pub mod secret;
#[cfg(feature = "full")]
pub mod sign;
#[cfg(feature = "full")]
pub mod totp;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "fuzz")]
pub mod fuzz;

//! What a token says, for people. Nothing of it is believed.

use serde_json::{Map, Value};
use verify::jws::Object;

use crate::error::Reason;
use crate::token::{self, TOKEN_BYTES_MAX};

/// What a token says, unverified.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// Its header.
    pub unverified_header: Map<String, Value>,
    /// Its claims.
    pub unverified_claims: Map<String, Value>,
}

/// Decodes a token without checking anything but its form.
///
/// # Errors
///
/// [`Reason::Form`] or [`Reason::Json`] where it cannot be decoded.
pub fn inspect(token: &str) -> Result<Inspected, Reason> {
    let compact = token::taken_apart(token, TOKEN_BYTES_MAX)?;
    Ok(Inspected { unverified_header: object(&compact.header)?, unverified_claims: object(&compact.claims)? })
}

fn object(json: &[u8]) -> Result<Map<String, Value>, Reason> {
    let sound = Object::read(json).ok_or(Reason::Json)?;
    let members = sound.names().map(|name| {
        let json = sound.member(name).unwrap_or_default();
        // A number beyond every float is shown as it is written.
        (name.to_owned(), serde_json::from_str(json).unwrap_or_else(|_| Value::from(json)))
    });
    Ok(members.collect())
}

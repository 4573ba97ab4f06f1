//! One token by itself: its form, its header, its key, its signature, and only then what it says.

use core::time::Duration;

use verify::jws::{Algorithm, Compact, Object};

use crate::error::Reason;
use crate::keys::{Key, KeySet};
use crate::{Claims, Kind, RevocationList, Settings, Status};

/// The longest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8192;

/// Members of a header that would have a verifier do what this one does not.
const NOT_UNDERSTOOD: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// Believes a token, or says why not, in the order of license-tokens, section 4.2.
pub fn verified(
    keys: &KeySet,
    settings: &Settings,
    revoked: Option<&RevocationList>,
    kind: Kind,
    token: &str,
    now: Duration,
) -> Result<Claims, Reason> {
    let compact = taken_apart(token, TOKEN_BYTES_MAX)?;
    let key = signer(keys, revoked, &compact, is_license)?;
    let object = Object::read(&compact.claims).ok_or(Reason::Json)?;
    let claims = Claims::judge(&object, kind, key.id.as_deref(), settings, now)?;
    let is_revoked = |id: &String| revoked.is_some_and(|list| list.revokes_token(id));
    if claims.id.as_ref().is_some_and(is_revoked) { Err(Reason::RevokedToken) } else { Ok(claims) }
}

/// The parts of a token that is not too long.
pub fn taken_apart(token: &str, bytes_max: usize) -> Result<Compact<'_>, Reason> {
    if token.len() > bytes_max {
        return Err(Reason::Form);
    }
    Compact::split(token.as_bytes()).map_err(|_| Reason::Form)
}

/// The key that made the signature. The header is read to find it, and believed in nothing: what a key can do is known
/// of the key.
pub fn signer<'k>(
    keys: &'k KeySet,
    revoked: Option<&RevocationList>,
    compact: &Compact<'_>,
    is_type: fn(Option<&str>) -> bool,
) -> Result<&'k Key, Reason> {
    let header = Object::read(&compact.header).ok_or(Reason::Json)?;
    let text = |name, fault| header.member(name).map(|_| header.text(name).ok_or(fault)).transpose();
    if !is_type(text("typ", Reason::Type)?.as_deref()) {
        return Err(Reason::Type);
    }
    if let Some(name) = NOT_UNDERSTOOD.into_iter().find(|name| header.member(name).is_some()) {
        return Err(Reason::Header(name));
    }
    let id = text("kid", Reason::Header("kid"))?;
    let algorithm = match header.member("alg") {
        None => return Err(Reason::AlgorithmMissing),
        Some(_) => header.text("alg").and_then(|name| Algorithm::named(&name)),
    };
    let key = keys.choose(algorithm, id.as_deref())?;
    let is_listed = |id: &String| revoked.is_some_and(|list| list.revokes_key(id));
    if key.status == Status::Revoked || key.id.as_ref().is_some_and(is_listed) {
        return Err(Reason::RevokedKey);
    }
    if key.key.holds(compact.signed, &compact.signature) { Ok(key) } else { Err(Reason::Signature) }
}

fn is_license(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("license+jwt"))
}

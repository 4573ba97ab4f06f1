//! What a token claims, and what of it may be believed at which time.

use serde_json::{Map, Value};

use super::refusal::JwtRefusal;

/// By how much two clocks may differ.
pub const LEEWAY_S: i64 = 5;
/// The longest life of a token.
pub const LIFETIME_S_MAX: i64 = 300;

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The key that signed it.
    pub iss: String,
    /// What sets it apart from other tokens, if anything; nobody checked that it does.
    pub jti: Option<String>,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// A time as it is claimed.
#[derive(Clone, Copy)]
enum Claimed {
    Number(f64),
    /// A number that is written as text: it is compared with the clock, and refused in the end.
    Text(f64),
}

impl Claimed {
    fn read(value: &Value) -> Option<Claimed> {
        match value {
            Value::Number(number) => number.as_f64().map(Claimed::Number),
            Value::String(text) => text.trim().parse().ok().map(|whole: i64| Claimed::Text(seconds(whole))),
            _ => None,
        }
    }

    fn value(self) -> f64 {
        match self {
            Claimed::Number(value) | Claimed::Text(value) => value,
        }
    }
}

/// Judges the claims of a token whose signature is right.
pub(super) fn judge(members: &Map<String, Value>, now_s: i64) -> Result<Claims, JwtRefusal> {
    let exp = present(members, "exp").ok_or(JwtRefusal::NoExpiry)?;
    let iat = present(members, "iat").ok_or(JwtRefusal::NoIssuedAt)?;
    let (now, leeway) = (seconds(now_s), seconds(LEEWAY_S));
    let ends = Claimed::read(exp).filter(|ends| ends.value().fract() == 0.0).ok_or(JwtRefusal::WrongType)?;
    if ends.value() + leeway <= now {
        return Err(JwtRefusal::Expired);
    }
    let begins = Claimed::read(iat).ok_or(JwtRefusal::BadIssuedAt)?;
    if begins.value() > now + leeway {
        return Err(JwtRefusal::BadIssuedAt);
    }
    let (Claimed::Number(ends), Claimed::Number(begins)) = (ends, begins) else {
        return Err(JwtRefusal::WrongType);
    };
    if ends - begins > seconds(LIFETIME_S_MAX) {
        return Err(JwtRefusal::TooLong);
    }
    if members.contains_key("orig_iat") {
        return Err(JwtRefusal::Refreshed);
    }
    let iss = issuer(members)?.to_owned();
    let jti = present(members, "jti").map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    // It lies between now and 305 seconds from now.
    #[expect(clippy::cast_possible_truncation, reason = "a whole number near the present time")]
    Ok(Claims { iss, jti, exp: ends as i64 })
}

/// The key that the members name.
pub(super) fn issuer(members: &Map<String, Value>) -> Result<&str, JwtRefusal> {
    // A name that is no text is the name of no key.
    members.get("iss").ok_or(JwtRefusal::NoIssuer)?.as_str().ok_or(JwtRefusal::UnknownIssuer)
}

fn present<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

/// Times are far below 2^53, where every whole number of seconds has its float.
#[expect(clippy::cast_precision_loss, reason = "exact for every time that passes")]
const fn seconds(whole: i64) -> f64 {
    whole as f64
}

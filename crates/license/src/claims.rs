//! What a token says, and what of it is believed at which time.

use core::time::Duration;

use verify::jws::Object;

use crate::error::{Claim, Reason};
use crate::{Categories, Kind, Settings, time};

/// The greatest whole number that every reader of JSON has as it is.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// What kind of token it is.
    pub kind: Kind,
    /// Of a license the customer, of a companion the plugin or container: one or more names.
    pub audience: Vec<String>,
    /// Of a license the one category that it is in, of a companion those that it is open to.
    pub categories: Categories,
    /// When it begins, since 1970.
    pub not_before: Option<Duration>,
    /// When it ends, since 1970. At that time it is invalid.
    pub expires: Option<Duration>,
    /// When it was made, since 1970.
    pub issued_at: Option<Duration>,
    /// What sets it apart from other tokens.
    pub id: Option<String>,
    /// When the contract behind it ends, if it says so. It decides nothing.
    pub contract_ends: Option<Duration>,
    /// The name of the key that it is signed with, if that has one.
    pub key: Option<String>,
}

impl Claims {
    /// Believes the claims of a token whose signature holds (license-tokens, section 4.2, steps 11 to 18).
    pub(crate) fn judge(
        object: &Object<'_>,
        kind: Kind,
        key: Option<&str>,
        settings: &Settings,
        now: Duration,
    ) -> Result<Claims, Reason> {
        if object.text("iss").as_deref() != Some(&settings.names.issuer) {
            return Err(Reason::Issuer);
        }
        if object.text("sub").as_deref() != Some(settings.names.subject(kind)) {
            return Err(Reason::Subject);
        }
        let leeway = settings.leeway.duration();
        let expires = required_of_licenses(object, kind, Claim::Exp)?;
        if let Some(at) = expires.filter(|at| now >= *at + leeway) {
            return Err(Reason::Expired { at });
        }
        let not_before = required_of_licenses(object, kind, Claim::Nbf)?;
        if let Some(from) = not_before.filter(|from| now + leeway < *from) {
            return Err(Reason::NotYetValid { from });
        }
        let issued_at = instant(object, Claim::Iat)?;
        if let Some(seen) = issued_at.filter(|at| kind == Kind::User && now + leeway < *at)
            && settings.refuse_clock_before_issue
        {
            return Err(Reason::ClockSetBack { seen });
        }
        Ok(Claims {
            kind,
            audience: audience(object)?,
            categories: categories(object, kind)?,
            not_before,
            expires,
            issued_at,
            id: id(object)?,
            contract_ends: object.member("contract_exp").and_then(time::read),
            key: key.map(str::to_owned),
        })
    }
}

fn required_of_licenses(object: &Object<'_>, kind: Kind, claim: Claim) -> Result<Option<Duration>, Reason> {
    match instant(object, claim)? {
        None if kind == Kind::User => Err(Reason::Missing(claim)),
        time => Ok(time),
    }
}

/// A time that is claimed, if it is.
pub(crate) fn instant(object: &Object<'_>, claim: Claim) -> Result<Option<Duration>, Reason> {
    let read = |json| time::read(json).ok_or(Reason::Invalid(claim));
    object.member(claim.name()).map(read).transpose()
}

fn audience(object: &Object<'_>) -> Result<Vec<String>, Reason> {
    let json = object.member(Claim::Aud.name()).ok_or(Reason::Missing(Claim::Aud))?;
    let names = serde_json::from_str(json).map(|name: String| vec![name]).or_else(|_| serde_json::from_str(json));
    names
        .ok()
        .filter(|names: &Vec<String>| !names.is_empty() && names.iter().all(|name| !name.is_empty()))
        .ok_or(Reason::Invalid(Claim::Aud))
}

fn categories(object: &Object<'_>, kind: Kind) -> Result<Categories, Reason> {
    let json = object.member(Claim::Category.name()).ok_or(Reason::Missing(Claim::Category))?;
    let number = integer(json).ok_or(Reason::Invalid(Claim::Category))?;
    let categories = Categories::of_sum(number).ok_or(Reason::Category(number))?;
    if kind == Kind::User && !categories.is_one() { Err(Reason::Category(number)) } else { Ok(categories) }
}

/// The whole number that is written as one: `2.0` and `2e0` are none.
pub(crate) fn integer(json: &str) -> Option<i64> {
    // JSON has no sign `+`, which this would read; it was read as JSON before.
    json.parse().ok().filter(|number: &i64| number.abs() <= INTEGER_MAX)
}

fn id(object: &Object<'_>) -> Result<Option<String>, Reason> {
    let json = object.member(Claim::Jti.name());
    let read = |json| serde_json::from_str(json).map_err(|_| Reason::Invalid(Claim::Jti));
    json.map(read).transpose()
}

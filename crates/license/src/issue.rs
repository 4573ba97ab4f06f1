//! A token to be issued.

use core::fmt;
use core::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use verify::jws::Compact;

use crate::{Algorithm, Categories, Kind, Names, PrivateKey, TOKEN_BYTES_MAX, time};

/// The longest validity that is not asked for expressly.
pub const DAYS_MAX: u64 = 3653;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A token to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What kind of token.
    pub kind: Kind,
    /// Of a license the customer, of a companion the plugin or container.
    pub audience: String,
    /// The categories; of a license one.
    pub categories: Categories,
    /// When it begins, since 1970. A license that does not say begins when it is issued.
    pub not_before: Option<Duration>,
    /// When it ends, since 1970; a license must.
    pub expires: Option<Duration>,
    /// How long the token lives at most, for licenses that are renewed: then `expires` is the contract's end.
    pub lease: Option<Duration>,
    /// What sets it apart from all others.
    pub id: String,
    /// When it is issued, since 1970.
    pub issued_at: Duration,
    /// Whether it may be valid for more than [`DAYS_MAX`] days.
    pub long: bool,
    /// Whether the algorithm EdDSA is called Ed25519, as RFC 9864 has it and fewer verifiers know it.
    pub algorithm_by_new_name: bool,
}

/// Why a token is not issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueFault {
    /// It names nobody.
    NoAudience,
    /// A license in several categories.
    SeveralCategories,
    /// A license that does not end.
    NoEnd,
    /// It ends before it begins.
    EndsBeforeItBegins,
    /// It ends or begins after the year 9999.
    OutOfRange,
    /// It is valid for longer than [`DAYS_MAX`] days.
    TooLong {
        /// For so many days.
        days: u64,
    },
    /// Longer than a token may be.
    TooManyBytes,
}

impl fmt::Display for IssueFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IssueFault::NoAudience => out.write_str("the token must name a customer, a plugin or an image"),
            IssueFault::SeveralCategories => {
                out.write_str("a license is in one category: S, M, L or XL; only plugins and containers have several")
            }
            IssueFault::NoEnd => out.write_str("a license must end: give its end or its days"),
            IssueFault::EndsBeforeItBegins => out.write_str("the token ends before it begins"),
            IssueFault::OutOfRange => out.write_str("the token begins or ends after the year 9999"),
            IssueFault::TooLong { days } => {
                write!(out, "the token is valid for {days} days; beyond {DAYS_MAX} that must be asked for expressly")
            }
            IssueFault::TooManyBytes => {
                write!(out, "the token is longer than {TOKEN_BYTES_MAX} bytes, and would be refused")
            }
        }
    }
}

impl core::error::Error for IssueFault {}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Written<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    category: u8,
    iat: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_exp: Option<Box<RawValue>>,
    jti: &'a str,
}

impl Draft {
    /// Issues it: the token, signed.
    ///
    /// # Errors
    ///
    /// [`IssueFault`] says why it is not issued.
    pub fn issue(&self, key: &PrivateKey, names: &Names) -> Result<String, IssueFault> {
        let is_license = self.kind == Kind::User;
        if self.audience.trim().is_empty() {
            return Err(IssueFault::NoAudience);
        }
        if is_license && !self.categories.is_one() {
            return Err(IssueFault::SeveralCategories);
        }
        let begins = self.not_before.unwrap_or(self.issued_at);
        let ends = self.ends(begins)?;
        let is_leased = ends != self.expires;
        let claims = Written {
            iss: &names.issuer,
            sub: names.subject(self.kind),
            aud: &self.audience,
            category: self.categories.sum(),
            iat: number(self.issued_at)?,
            nbf: if is_license { Some(begins) } else { self.not_before }.map(number).transpose()?,
            exp: ends.map(number).transpose()?,
            contract_exp: self.expires.filter(|_| is_leased).map(number).transpose()?,
            jti: &self.id,
        };
        let token = Compact::join(&json(&self.header(key)), &json(&claims), |signed| key.sign(signed));
        if token.len() > TOKEN_BYTES_MAX { Err(IssueFault::TooManyBytes) } else { Ok(token) }
    }

    fn header<'a>(&self, key: &'a PrivateKey) -> Header<'a> {
        let alg = match key.algorithm() {
            Algorithm::EdDsa if self.algorithm_by_new_name => "Ed25519",
            algorithm => algorithm.name(),
        };
        // Key pairs name their tokens' type; tokens of the secret look as they always did.
        let typ = if key.algorithm() == Algorithm::Hs512 { "JWT" } else { "license+jwt" };
        Header { alg, typ, kid: key.id() }
    }

    /// When the token ends, if it does.
    fn ends(&self, begins: Duration) -> Result<Option<Duration>, IssueFault> {
        if self.expires.is_none() && self.kind == Kind::User {
            return Err(IssueFault::NoEnd);
        }
        let leased = self.lease.map(|lease| begins.saturating_add(lease));
        let ends: Vec<Duration> = self.expires.into_iter().chain(leased).collect();
        if ends.iter().any(|end| *end <= begins) {
            return Err(IssueFault::EndsBeforeItBegins);
        }
        let valid = self.expires.or(leased).map_or(Duration::ZERO, |end| end - begins);
        if valid > DAY * DAYS_MAX as u32 && !self.long {
            return Err(IssueFault::TooLong { days: valid.as_secs() / DAY.as_secs() });
        }
        Ok(ends.into_iter().min())
    }
}

fn number(time: Duration) -> Result<Box<RawValue>, IssueFault> {
    let written = Some(time).filter(|time| time::is_in_range(*time)).map(time::written);
    written.and_then(|written| RawValue::from_string(written).ok()).ok_or(IssueFault::OutOfRange)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are JSON")
}

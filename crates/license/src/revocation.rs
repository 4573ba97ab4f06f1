//! What is refused from now on: a signed list, which needs no network.

use core::fmt;
use core::time::Duration;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use verify::jws::{Compact, Object};

use crate::error::{Claim, Reason};
use crate::keys::KeySet;
use crate::private_key::PrivateKey;
use crate::{Names, Status, claims, time, token};

/// The longest list, in bytes.
const LIST_BYTES_MAX: usize = 1 << 20;

/// What is revoked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revoked {
    /// The token with this `jti`.
    Token(String),
    /// The key with this `kid`, and with it every token that it signed.
    Key(String),
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is revoked.
    pub what: Revoked,
    /// Since when, for people.
    pub at: Option<Duration>,
    /// Why, for people.
    pub reason: Option<String>,
}

/// A list that is believed. A later one has a higher number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationList {
    number: u64,
    issued_at: Duration,
    expires: Option<Duration>,
    entries: Vec<Entry>,
    tokens: HashSet<String>,
    keys: HashSet<String>,
}

/// Which list is in force, and whether there must be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocations {
    /// None is looked at.
    Off,
    /// This one, if there is one.
    Optional(Option<RevocationList>),
    /// This one; without one, or once it has ended, every check fails.
    Required(Option<RevocationList>),
}

impl Default for Revocations {
    fn default() -> Revocations {
        Revocations::Optional(None)
    }
}

impl Revocations {
    /// The list in force at `now`.
    pub(crate) fn in_force(&self, now: Duration) -> Result<Option<&RevocationList>, Reason> {
        match self {
            Revocations::Off => Ok(None),
            Revocations::Optional(list) => Ok(list.as_ref()),
            Revocations::Required(None) => Err(Reason::NoRevocationList),
            Revocations::Required(Some(list)) => match list.expires.filter(|at| now >= *at) {
                Some(at) => Err(Reason::RevocationListEnded { at }),
                None => Ok(Some(list)),
            },
        }
    }
}

/// Why a text is no revocation list. The last good one stays in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationFault {
    /// It is no token of these keys, or no revocation list of this issuer.
    Token(Reason),
    /// It is signed with a key that is retired.
    Retired,
    /// A claim is missing or holds something else.
    Claim(&'static str),
    /// It is older than one that was seen before.
    Older {
        /// Its number.
        number: u64,
        /// The number that was seen.
        seen: u64,
    },
}

impl fmt::Display for RevocationFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RevocationFault::Token(reason) => out.write_str(match reason {
                Reason::Form | Reason::Json => "the revocation list is no token of the form that one has",
                Reason::Type | Reason::Subject => "the token is no revocation list",
                Reason::Issuer => "the revocation list is another issuer's",
                Reason::RevokedKey => "the revocation list is signed with a revoked key",
                Reason::Signature => "the signature of the revocation list does not hold",
                _ => "the revocation list is signed with no key of this verifier",
            }),
            RevocationFault::Retired => out.write_str(
                "the revocation list is signed with a retired key: its issuer signs it anew with the active one",
            ),
            RevocationFault::Claim(name) => write!(out, "the revocation list has no usable `{name}`"),
            RevocationFault::Older { number, seen } => {
                write!(out, "the revocation list has the number {number}, but number {seen} was seen before")
            }
        }
    }
}

impl core::error::Error for RevocationFault {}

#[derive(Deserialize, Serialize)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Box<serde_json::value::RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl RevocationList {
    /// A list that the caller trusts without a signature.
    #[must_use]
    pub fn trusted(entries: impl IntoIterator<Item = Entry>) -> RevocationList {
        let mut list = RevocationList::default();
        entries.into_iter().for_each(|entry| list.add(entry));
        list
    }

    /// Believes a list that one of the active keys signed, and that is not older than the one with the number `seen`.
    ///
    /// # Errors
    ///
    /// [`RevocationFault`] says why it is refused.
    pub fn read(
        token: &str,
        keys: &KeySet,
        names: &Names,
        seen: Option<u64>,
    ) -> Result<RevocationList, RevocationFault> {
        let (list, status) = RevocationList::signed(token, keys, names)?;
        if status != Status::Active {
            return Err(RevocationFault::Retired);
        }
        match seen.filter(|seen| list.number < *seen) {
            Some(seen) => Err(RevocationFault::Older { number: list.number, seen }),
            None => Ok(list),
        }
    }

    /// Reads a list that was believed before, and stays so when its key retires: else a new key would set free what the
    /// old one had revoked.
    ///
    /// # Errors
    ///
    /// [`RevocationFault`] says why it is refused.
    pub fn read_again(token: &str, keys: &KeySet, names: &Names) -> Result<RevocationList, RevocationFault> {
        RevocationList::signed(token, keys, names).map(|(list, _)| list)
    }

    fn signed(token: &str, keys: &KeySet, names: &Names) -> Result<(RevocationList, Status), RevocationFault> {
        let compact = token::taken_apart(token, LIST_BYTES_MAX).map_err(RevocationFault::Token)?;
        let key = token::signer(keys, None, &compact, is_revocation).map_err(RevocationFault::Token)?;
        let object = Object::read(&compact.claims).ok_or(RevocationFault::Token(Reason::Json))?;
        Ok((RevocationList::judge(&object, names)?, key.status))
    }

    fn judge(object: &Object<'_>, names: &Names) -> Result<RevocationList, RevocationFault> {
        if object.text("iss").as_deref() != Some(&names.issuer) {
            return Err(RevocationFault::Token(Reason::Issuer));
        }
        if object.text("sub").as_deref() != Some(&names.revocation) {
            return Err(RevocationFault::Token(Reason::Subject));
        }
        let instant = |claim: Claim| claims::instant(object, claim).map_err(|_| RevocationFault::Claim(claim.name()));
        let number = object.member("seq").and_then(claims::integer).and_then(|number| u64::try_from(number).ok());
        let lines = object.member("revoked").and_then(|json| serde_json::from_str::<Vec<Line>>(json).ok());
        let entries = lines.ok_or(RevocationFault::Claim("revoked"))?.into_iter().map(Entry::of_line);
        Ok(RevocationList {
            number: number.ok_or(RevocationFault::Claim("seq"))?,
            issued_at: instant(Claim::Iat)?.ok_or(RevocationFault::Claim("iat"))?,
            expires: instant(Claim::Exp)?,
            ..RevocationList::trusted(entries.collect::<Option<Vec<_>>>().ok_or(RevocationFault::Claim("revoked"))?)
        })
    }

    /// Its number, which counts up.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was made, since 1970.
    #[must_use]
    pub fn issued_at(&self) -> Duration {
        self.issued_at
    }

    /// Until when there should be a new one, since 1970.
    #[must_use]
    pub fn expires(&self) -> Option<Duration> {
        self.expires
    }

    /// Its lines, in their order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds a line, unless that is revoked already.
    pub fn add(&mut self, entry: Entry) {
        let is_new = match &entry.what {
            Revoked::Token(id) => self.tokens.insert(id.clone()),
            Revoked::Key(id) => self.keys.insert(id.clone()),
        };
        if is_new {
            self.entries.push(entry);
        }
    }

    /// The token of the list that follows this one: its lines, made at `now`, to be renewed by `expires`. None where it
    /// would be longer than verifiers read.
    #[must_use]
    pub fn sign_next(
        &self,
        key: &PrivateKey,
        names: &Names,
        now: Duration,
        expires: Option<Duration>,
    ) -> Option<String> {
        let lines: Vec<Line> = self.entries.iter().map(Entry::line).collect();
        let expires = expires.map(|at| format!(r#""exp":{},"#, time::written(at))).unwrap_or_default();
        let claims = format!(
            r#"{{"iss":{},"sub":{},"iat":{},{expires}"seq":{},"revoked":{}}}"#,
            quoted(&names.issuer),
            quoted(&names.revocation),
            time::written(now),
            self.number + 1,
            serde_json::to_string(&lines).unwrap_or_default(),
        );
        let id = key.id().map(|id| format!(r#","kid":{}"#, quoted(id))).unwrap_or_default();
        let header = format!(r#"{{"alg":"{}","typ":"revocation+jwt"{id}}}"#, key.algorithm().name());
        let token = Compact::join(&header, &claims, |signed| key.sign(signed));
        Some(token).filter(|token| token.len() <= LIST_BYTES_MAX)
    }

    pub(crate) fn revokes_token(&self, id: &str) -> bool {
        self.tokens.contains(id)
    }

    pub(crate) fn revokes_key(&self, id: &str) -> bool {
        self.keys.contains(id)
    }
}

impl Entry {
    fn of_line(line: Line) -> Option<Entry> {
        let what = match (line.jti, line.kid) {
            (Some(id), None) => Revoked::Token(id),
            (None, Some(id)) => Revoked::Key(id),
            _ => return None,
        };
        Some(Entry { what, at: line.at.and_then(|at| time::read(at.get())), reason: line.reason })
    }

    fn line(&self) -> Line {
        let (jti, kid) = match &self.what {
            Revoked::Token(id) => (Some(id.clone()), None),
            Revoked::Key(id) => (None, Some(id.clone())),
        };
        let at = self.at.and_then(|at| serde_json::value::RawValue::from_string(time::written(at)).ok());
        Line { jti, kid, at, reason: self.reason.clone() }
    }
}

fn is_revocation(typ: Option<&str>) -> bool {
    typ.is_some_and(|typ| typ.eq_ignore_ascii_case("revocation+jwt"))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

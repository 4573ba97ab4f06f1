//! Every reason to say no.

use core::fmt;
use core::time::Duration;

use crate::{Categories, Kind};

/// The kind of a reason. The list is closed and its names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A call with arguments of another number or type; for bindings.
    Argument,
    /// An empty token.
    TokenEmpty,
    /// Not a token: its length, its parts, their base64, their JSON.
    TokenMalformed,
    /// A header that asks for what is not understood.
    HeaderInvalid,
    /// An algorithm of no key, or not of the key that is named.
    AlgRejected,
    /// No key of that name, or several without one.
    KeyUnknown,
    /// A signature that does not hold.
    SignatureInvalid,
    /// Another issuer.
    IssuerInvalid,
    /// Another kind of token.
    SubjectInvalid,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// A claim that must be there is not.
    ClaimMissing,
    /// A claim of another type, or out of range.
    ClaimInvalid,
    /// No such category.
    CategoryInvalid,
    /// The key or the token is on the revocation list.
    Revoked,
    /// It is for somebody else.
    AudienceMismatch,
    /// The license is in a category that the plugin or container is not open to.
    CategoryMismatch,
    /// A fault of this program; for bindings.
    Internal,
}

impl Code {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Code::Argument => "ARGUMENT",
            Code::TokenEmpty => "TOKEN_EMPTY",
            Code::TokenMalformed => "TOKEN_MALFORMED",
            Code::HeaderInvalid => "HEADER_INVALID",
            Code::AlgRejected => "ALG_REJECTED",
            Code::KeyUnknown => "KEY_UNKNOWN",
            Code::SignatureInvalid => "SIGNATURE_INVALID",
            Code::IssuerInvalid => "ISSUER_INVALID",
            Code::SubjectInvalid => "SUBJECT_INVALID",
            Code::Expired => "EXPIRED",
            Code::NotYetValid => "NOT_YET_VALID",
            Code::ClaimMissing => "CLAIM_MISSING",
            Code::ClaimInvalid => "CLAIM_INVALID",
            Code::CategoryInvalid => "CATEGORY_INVALID",
            Code::Revoked => "REVOKED",
            Code::AudienceMismatch => "AUDIENCE_MISMATCH",
            Code::CategoryMismatch => "CATEGORY_MISMATCH",
            Code::Internal => "INTERNAL",
        }
    }

    /// The exit code of a program that ends with it (license-tokens, section 7.2).
    #[must_use]
    pub fn exit(self) -> u8 {
        match self {
            Code::Argument => 2,
            Code::TokenEmpty => 10,
            Code::TokenMalformed | Code::HeaderInvalid => 11,
            Code::AlgRejected | Code::KeyUnknown | Code::SignatureInvalid => 12,
            Code::Expired => 13,
            Code::NotYetValid => 14,
            Code::IssuerInvalid
            | Code::SubjectInvalid
            | Code::ClaimMissing
            | Code::ClaimInvalid
            | Code::CategoryInvalid => 15,
            Code::AudienceMismatch => 16,
            Code::CategoryMismatch => 17,
            Code::Revoked => 18,
            Code::Internal => 70,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A claim that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// When it ends.
    Exp,
    /// When it begins.
    Nbf,
    /// When it was made.
    Iat,
    /// Whom it is for.
    Aud,
    /// The categories.
    Category,
    /// What sets it apart from others.
    Jti,
}

impl Claim {
    /// Its name in the token.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Claim::Exp => "exp",
            Claim::Nbf => "nbf",
            Claim::Iat => "iat",
            Claim::Aud => "aud",
            Claim::Category => "category",
            Claim::Jti => "jti",
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Claim::Exp | Claim::Nbf | Claim::Iat => "a number of seconds from 0 to 253402300799",
            Claim::Aud => "a text that is not empty, or a list of such",
            Claim::Category => "a whole number",
            Claim::Jti => "a text",
        }
    }
}

/// Why a token is refused, with what may be told about it: names, categories and times, never a token, a secret or a
/// signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is none.
    Empty,
    /// Longer than [`crate::TOKEN_BYTES_MAX`], not three parts, or not canonical base64 for URLs.
    Form,
    /// The header or the claims are no JSON object, or one with a name twice.
    Json,
    /// A `typ` of another kind of token.
    Type,
    /// A member of the header that is not understood, or `kid` that is no text.
    Header(&'static str),
    /// No `alg`, or one that is no text.
    AlgorithmMissing,
    /// `alg` is no key's, or not the named key's.
    Algorithm,
    /// `kid` names no key, or is missing where several keys could be meant.
    Key,
    /// The signature does not hold.
    Signature,
    /// `iss` is missing or another.
    Issuer,
    /// `sub` is missing or another.
    Subject,
    /// It ended then.
    Expired {
        /// Its `exp`.
        at: Duration,
    },
    /// It begins then.
    NotYetValid {
        /// Its `nbf`.
        from: Duration,
    },
    /// The clock was set back: it was later than now before.
    ClockSetBack {
        /// The time that it should be at least.
        seen: Duration,
    },
    /// This claim is missing.
    Missing(Claim),
    /// This claim is of another type, or out of range.
    Invalid(Claim),
    /// A number that is no category, or of a license several.
    Category(i64),
    /// The token is on the revocation list.
    RevokedToken,
    /// The key is on the revocation list, or set to `revoked`.
    RevokedKey,
    /// A revocation list is required, and there is none.
    NoRevocationList,
    /// A revocation list is required that has not ended.
    RevocationListEnded {
        /// Its `exp`.
        at: Duration,
    },
    /// The companion is for another plugin or container than the one that it is checked for.
    Audience {
        /// What it is checked for.
        name: Option<String>,
        /// What it is for.
        audience: Vec<String>,
    },
    /// The license is another customer's.
    Customer {
        /// Whose it should be.
        expected: String,
        /// Whose it is.
        audience: Vec<String>,
    },
    /// The categories do not fit.
    CategoryMismatch {
        /// Of the license.
        license: Categories,
        /// The kind of the companion.
        kind: Kind,
        /// Of the companion.
        companion: Categories,
    },
}

/// A token that is refused, and why.
///
/// The text is the one that validators of these tokens have always had, to the letter, so that nobody who looks for it
/// must change; [`LicenseError::hint`] says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseError {
    /// Why.
    pub reason: Reason,
    /// Which token; none where it takes two to fail.
    pub token: Option<Kind>,
}

impl LicenseError {
    pub(crate) fn of(kind: Kind, reason: Reason) -> LicenseError {
        LicenseError { reason, token: Some(kind) }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.reason {
            Reason::Empty => Code::TokenEmpty,
            Reason::Form | Reason::Json => Code::TokenMalformed,
            Reason::Type | Reason::Header(_) => Code::HeaderInvalid,
            Reason::AlgorithmMissing | Reason::Algorithm => Code::AlgRejected,
            Reason::Key => Code::KeyUnknown,
            Reason::Signature => Code::SignatureInvalid,
            Reason::Issuer => Code::IssuerInvalid,
            Reason::Subject => Code::SubjectInvalid,
            Reason::Expired { .. } => Code::Expired,
            Reason::NotYetValid { .. } | Reason::ClockSetBack { .. } => Code::NotYetValid,
            Reason::Missing(_) => Code::ClaimMissing,
            Reason::Invalid(_) => Code::ClaimInvalid,
            Reason::Category(_) => Code::CategoryInvalid,
            Reason::RevokedToken
            | Reason::RevokedKey
            | Reason::NoRevocationList
            | Reason::RevocationListEnded { .. } => Code::Revoked,
            Reason::Audience { .. } | Reason::Customer { .. } => Code::AudienceMismatch,
            Reason::CategoryMismatch { .. } => Code::CategoryMismatch,
        }
    }

    /// What the text does not say: what was expected, or how to mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match &self.reason {
            Reason::Empty => "set COUNTERSIGN_LICENSE_KEY or COUNTERSIGN_LICENSE_FILE".to_owned(),
            Reason::Algorithm => "no key of this verifier has the token's algorithm".to_owned(),
            Reason::Key => "the key set holds no key of the name that the token gives; it may be older".to_owned(),
            Reason::Invalid(claim) => format!("`{}` must be {}", claim.name(), claim.expected()),
            Reason::ClockSetBack { .. } => "the clock was later before; set it right".to_owned(),
            Reason::Category(_) if self.token == Some(Kind::User) => "a license is in one of 1, 2, 4, 8".to_owned(),
            Reason::Category(_) => "expected 1 to 15".to_owned(),
            Reason::NoRevocationList => "set COUNTERSIGN_LICENSE_REVOCATIONS to the file with the list".to_owned(),
            Reason::RevocationListEnded { .. } => "get a newer revocation list".to_owned(),
            _ => return None,
        })
        .filter(|_| !(self.reason == Reason::Empty && self.token != Some(Kind::User)))
    }

    /// How texts call the token.
    fn word(&self) -> &'static str {
        self.token.unwrap_or(Kind::User).word()
    }
}

impl fmt::Display for LicenseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        let failed = |what: &str, why: &dyn fmt::Display| {
            format!("Failed to validate {word} token. (Reason: {what} (Reason: {why}))")
        };
        let undecoded = |why: &dyn fmt::Display| failed("Failed to decode token.", why);
        let unverified = |why: &dyn fmt::Display| failed("Failed to verify token.", why);
        let unexpected = |why: &dyn fmt::Display| failed("Unexpected error occured.", why);
        let text = match &self.reason {
            Reason::Empty => {
                let token = match self.token {
                    Some(Kind::Plugin) => "Plugin",
                    Some(Kind::Container) => "Container",
                    _ => "User license",
                };
                format!("Missing token info. {token} token is empty.")
            }
            Reason::Form => undecoded(&"signature format is incorrect"),
            Reason::Json => undecoded(&"json parse failed"),
            Reason::AlgorithmMissing => undecoded(&"missing algorithm header"),
            Reason::Type => unverified(&"type mismatch"),
            Reason::Header(name) => unverified(&format_args!("header not understood: {name}")),
            Reason::Algorithm => unverified(&"invalid algorithm"),
            Reason::Key => unverified(&"unknown key"),
            Reason::Signature => unverified(&"invalid signature"),
            Reason::Issuer => unverified(&"invalid issuer"),
            Reason::Subject => unverified(&"invalid subject"),
            Reason::Expired { .. } => unverified(&"Token is expired and no longer valid"),
            Reason::NotYetValid { .. } => unverified(&"Token not yet valid"),
            Reason::ClockSetBack { .. } => unverified(&"the clock was set back"),
            Reason::Missing(Claim::Aud) => format!("Missing audience information in {word} token."),
            Reason::Missing(Claim::Category) if self.token == Some(Kind::User) => {
                "Missing category in license token.".to_owned()
            }
            Reason::Missing(Claim::Category) => "Missing token category".to_owned(),
            Reason::Missing(claim) => unexpected(&format_args!("Missing '{}' timestamp in {word} token", claim.name())),
            Reason::Invalid(_) => unverified(&"type conversion error"),
            Reason::Category(number) => unexpected(&format_args!("Invalid token category: {number}")),
            Reason::RevokedToken => unverified(&"token is revoked"),
            Reason::RevokedKey => unverified(&"key is revoked"),
            Reason::NoRevocationList => unverified(&"no revocation list"),
            Reason::RevocationListEnded { .. } => unverified(&"the revocation list has ended"),
            Reason::Audience { name, audience } => {
                let (what, of, unnamed) = match self.token {
                    Some(Kind::Container) => ("Container", "image", "UNKNOWN_ENVIRONMENT"),
                    _ => ("Plugin", "plugin", "UNKNOWN_PACKAGE"),
                };
                let name = name.as_deref().filter(|name| !name.is_empty()).unwrap_or(unnamed);
                format!("Invalid token! {what} {name} tries to use token for {of}: {}", audience.join(", "))
            }
            Reason::Customer { expected, audience } => {
                format!("Invalid token! Customer {expected} tries to use license for customer: {}", audience.join(", "))
            }
            Reason::CategoryMismatch { license, kind, companion } => format!(
                "License missmatch. User license category {} does not match {} category {}",
                license.sum(),
                kind.word(),
                companion.sum()
            ),
        };
        out.write_str(&text)
    }
}

impl core::error::Error for LicenseError {}

#[cfg(test)]
mod tests {
    use super::{Claim, LicenseError, Reason};
    use crate::{Categories, Kind};
    use core::time::Duration;

    #[test]
    fn texts_are_those_that_people_look_for() {
        let text = |kind, reason| LicenseError::of(kind, reason).to_string();
        let at = Duration::ZERO;
        for (kind, reason, expected) in [
            (Kind::User, Reason::Empty, "Missing token info. User license token is empty."),
            (Kind::Plugin, Reason::Empty, "Missing token info. Plugin token is empty."),
            (Kind::Container, Reason::Empty, "Missing token info. Container token is empty."),
            (
                Kind::Plugin,
                Reason::Signature,
                "Failed to validate plugin token. (Reason: Failed to verify token. (Reason: invalid signature))",
            ),
            (
                Kind::User,
                Reason::Expired { at },
                "Failed to validate license token. (Reason: Failed to verify token. \
                 (Reason: Token is expired and no longer valid))",
            ),
            (
                Kind::User,
                Reason::Missing(Claim::Nbf),
                "Failed to validate license token. (Reason: Unexpected error occured. \
                 (Reason: Missing 'nbf' timestamp in license token))",
            ),
            (Kind::Container, Reason::Missing(Claim::Aud), "Missing audience information in container token."),
            (Kind::User, Reason::Missing(Claim::Category), "Missing category in license token."),
            (Kind::Plugin, Reason::Missing(Claim::Category), "Missing token category"),
            (
                Kind::Plugin,
                Reason::Category(100),
                "Failed to validate plugin token. (Reason: Unexpected error occured. \
                 (Reason: Invalid token category: 100))",
            ),
            (
                Kind::Plugin,
                Reason::Audience { name: Some("a".to_owned()), audience: vec!["b".to_owned()] },
                "Invalid token! Plugin a tries to use token for plugin: b",
            ),
            (
                Kind::Container,
                Reason::Audience { name: None, audience: vec!["b".to_owned()] },
                "Invalid token! Container UNKNOWN_ENVIRONMENT tries to use token for image: b",
            ),
        ] {
            assert_eq!(text(kind, reason), expected);
        }
        let (license, companion) = (Categories::M, Categories::L);
        let mismatch =
            LicenseError { reason: Reason::CategoryMismatch { license, kind: Kind::Plugin, companion }, token: None };
        assert_eq!(mismatch.to_string(), "License missmatch. User license category 2 does not match plugin category 4");
    }
}

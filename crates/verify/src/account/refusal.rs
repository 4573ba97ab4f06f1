//! Every reason for which an account is not recognised.
//!
//! That a platform's agreement was not accepted is none: every account counts as having accepted it (scanner-pipeline,
//! section 2.3).

use core::fmt;

/// Why an account is not recognised. Each is answered 401 with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtRefusal {
    /// Nobody said who they are, where somebody must.
    Anonymous,
    /// The scheme alone.
    NoToken,
    /// More after the scheme than one token.
    TokenWithSpaces,
    /// It does not decode, or the signature is another one.
    Undecodable,
    /// Another algorithm, or a header that asks for something that is not done here.
    Invalid,
    /// It names no key.
    NoIssuer,
    /// The key that it names is none, or was revoked.
    UnknownIssuer,
    /// It never ends.
    NoExpiry,
    /// It never began.
    NoIssuedAt,
    /// It has ended.
    Expired,
    /// It begins later than now, or its beginning is no time.
    BadIssuedAt,
    /// It would live too long.
    TooLong,
    /// A time that is not written as a number.
    WrongType,
    /// It claims to be renewed from another token.
    Refreshed,
    /// The key was there and cannot be used.
    KeyGone,
    /// The account was switched off.
    Disabled,
    /// A token of this `jti` was used before, where each is to be used once. A token without a `jti` is never refused for
    /// this, however often it comes.
    Repeated,
}

impl JwtRefusal {
    /// The text that is answered.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            JwtRefusal::Anonymous => "Authentication credentials were not provided.",
            JwtRefusal::NoToken => "Invalid Authorization header. No credentials provided.",
            JwtRefusal::TokenWithSpaces => {
                "Invalid Authorization header. Credentials string should not contain spaces."
            }
            JwtRefusal::Undecodable => "Error decoding signature.",
            JwtRefusal::Invalid => "Invalid JWT Token.",
            JwtRefusal::NoIssuer => "JWT iss (issuer) claim is missing.",
            JwtRefusal::UnknownIssuer => "Unknown JWT iss (issuer).",
            JwtRefusal::NoExpiry => "Invalid JWT: Token is missing the \"exp\" claim.",
            JwtRefusal::NoIssuedAt => "Invalid JWT: Token is missing the \"iat\" claim.",
            JwtRefusal::Expired => "Signature has expired.",
            JwtRefusal::BadIssuedAt => {
                "JWT iat (issued at time) is invalid. Make sure your system clock is synchronized with something like \
                 TLSdate."
            }
            JwtRefusal::TooLong => "JWT exp (expiration) is too long.",
            JwtRefusal::WrongType => "Wrong type for one or more keys in payload",
            JwtRefusal::Refreshed => {
                "API key based tokens are not refreshable, don't include `orig_iat` in their payload."
            }
            JwtRefusal::KeyGone => "Invalid API Key.",
            JwtRefusal::Disabled => "User account is disabled.",
            JwtRefusal::Repeated => "JWT jti (nonce) has been used before.",
        }
    }
}

impl fmt::Display for JwtRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

impl core::error::Error for JwtRefusal {}

/// Why a signed request is not believed. Each is answered alike; the reason is for the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRefusal {
    /// No `Date`.
    NoDate,
    /// A `Date` of another form, or in another zone.
    BadDate,
    /// A `Date` too far from the clock.
    DateOutOfRange,
    /// No `Authorization`.
    NoAuthorization,
    /// An `Authorization` of another form.
    MalformedAuthorization,
    /// The access key that it names is none, or was revoked.
    UnknownKey,
    /// The signature is another one.
    BadSignature,
    /// The account was switched off.
    Disabled,
}

impl RequestRefusal {
    /// The stable code, as the log has it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            RequestRefusal::NoDate => "missing_date",
            RequestRefusal::BadDate => "bad_date",
            RequestRefusal::DateOutOfRange => "date_out_of_range",
            RequestRefusal::NoAuthorization => "missing_authorization",
            RequestRefusal::MalformedAuthorization => "malformed_authorization",
            RequestRefusal::UnknownKey => "unknown_key",
            RequestRefusal::BadSignature => "bad_signature",
            RequestRefusal::Disabled => "user_disabled",
        }
    }
}

impl fmt::Display for RequestRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl core::error::Error for RequestRefusal {}

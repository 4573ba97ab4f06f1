//! How a command ends: its exit code, and what a person is told when it fails.

use std::fmt;
use std::process::ExitCode;

use crate::config::Complaint;

/// The exit codes, the same for every command; those from 10 on are of licenses alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Yes, done, clear.
    Yes = 0,
    /// A negative answer: refused, held, blocked.
    Negative = 1,
    /// The command line, or a value in it, is not right.
    Usage = 2,
    /// The configuration is not right.
    Config = 3,
    /// There is no such thing.
    NotFound = 4,
    /// The account may not do this.
    NotAllowed = 5,
    /// The present state does not allow it.
    Conflict = 6,
    /// The server cannot be reached.
    Unreachable = 7,
    /// Timed out, or still pending.
    Pending = 8,
    /// Something failed on our side.
    Internal = 9,
    /// No license is set.
    NoLicense = 10,
    /// A license token is malformed.
    TokenMalformed = 11,
    /// The algorithm, the key or the signature of a license token is refused.
    SignatureRefused = 12,
    /// A license token has ended.
    Expired = 13,
    /// A license token has not begun.
    NotYetValid = 14,
    /// The claims of a license token are refused.
    ClaimsRefused = 15,
    /// A license token is for somebody else.
    AudienceMismatch = 16,
    /// The categories of license and companion do not fit.
    CategoryMismatch = 17,
    /// A license token or its key is revoked.
    Revoked = 18,
    /// Something failed on our side in a check of licenses.
    LicenseInternal = 70,
}

impl Exit {
    /// What a status of the own API means.
    pub fn of_status(status: u16) -> Self {
        match status {
            200..300 => Exit::Yes,
            401 | 403 | 421 => Exit::NotAllowed,
            404 | 410 => Exit::NotFound,
            409 => Exit::Conflict,
            408 | 504 => Exit::Pending,
            502 | 503 => Exit::Unreachable,
            400..500 => Exit::Usage,
            _ => Exit::Internal,
        }
    }

    /// What a check of licenses ends with (license-tokens, section 7.2).
    pub fn of_license(exit: u8) -> Self {
        match exit {
            0 => Exit::Yes,
            2 => Exit::Usage,
            10 => Exit::NoLicense,
            11 => Exit::TokenMalformed,
            12 => Exit::SignatureRefused,
            13 => Exit::Expired,
            14 => Exit::NotYetValid,
            15 => Exit::ClaimsRefused,
            16 => Exit::AudienceMismatch,
            17 => Exit::CategoryMismatch,
            18 => Exit::Revoked,
            _ => Exit::LicenseInternal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What was expected and what was found.
    pub what: String,
    /// How to mend it.
    pub mend: Option<String>,
}

/// What a command comes to.
pub type Done = Result<Exit, Failure>;

impl Failure {
    /// A failure that says what happened.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), mend: None }
    }

    /// A command line that is not right.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// Something that failed on our side.
    pub fn internal(what: impl fmt::Display) -> Self {
        Self::new(Exit::Internal, what.to_string())
    }

    /// The same, with how to mend it.
    #[must_use]
    pub fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)?;
        match &self.mend {
            Some(mend) => write!(out, "\n  {mend}"),
            None => Ok(()),
        }
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::new(Exit::Config, complaint.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_exit_codes() {
        let codes = [(201, 0), (422, 2), (404, 4), (403, 5), (409, 6), (503, 7), (408, 8), (500, 9)];
        for (status, code) in codes {
            assert_eq!(Exit::of_status(status) as u8, code, "{status}");
        }
    }
}

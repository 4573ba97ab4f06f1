//! Why no verdict was reached.

use std::fmt;

/// Why no verdict was reached. Each has an exit code of its own; none betrays whether a repository is known.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The call is not of the form that the program has.
    Usage(String),
    /// A kind of claim that the program does not know.
    Kind,
    /// Nothing that names a repository.
    Identifier,
    /// No secrets directory could be determined, or it is none.
    NoDirectory,
    /// The secrets directory must not or cannot be used.
    Directory(&'static str),
    /// The body could not be read, or is too large.
    Body(&'static str),
    /// What cannot happen.
    Internal(&'static str),
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Kind => 3,
            Failure::Identifier => 4,
            Failure::NoDirectory => 5,
            Failure::Directory(_) => 6,
            Failure::Body(_) => 7,
            Failure::Internal(_) => 70,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(fault) => write!(out, "{fault}; see `whck --help`"),
            Failure::Kind => out.write_str("kind not supported: expected hmac-sha256 or token"),
            Failure::Identifier => out
                .write_str("identifier malformed: expected a URL in base16 or base64url, or the name of a secret file"),
            Failure::NoDirectory => out.write_str("no secrets directory: create it, or name one in WHCK_DIR"),
            Failure::Directory(fault) => write!(out, "the secrets directory {fault}"),
            Failure::Body(fault) => write!(out, "the body {fault}"),
            Failure::Internal(fault) => write!(out, "internal error: {fault}"),
        }
    }
}

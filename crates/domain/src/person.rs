//! How a person signs in: a password, perhaps a second factor, and what ends their sessions.

use std::time::Duration;

use crate::catalogue::{Account, Role, Sealed};
use crate::{AccountKey, SessionKey, Timestamp};

/// The shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The longest, in bytes: hashing takes time for each.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// How a person signs in with an account. Without a password, only a one-time link opens a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct SignIn {
    /// The password's hash.
    pub password: Option<PasswordHash>,
    /// What is asked for beside the password.
    pub second: Option<SecondFactor>,
    /// SHA-256 of each recovery code that is unused, in hex.
    pub recovery: Vec<String>,
    /// A session counts only while it began in this era: a changed password or role, and the account's being switched
    /// off, begin the next one and so end every session in the same commit.
    pub era: i64,
}

impl SignIn {
    /// Ends every session.
    pub fn end_sessions(&mut self) {
        self.era += 1;
    }
}

/// The hash of a password, in the PHC string form: it names its algorithm and parameters.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// An authenticator that shows time-based codes (RFC 6238).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SecondFactor {
    /// Its secret, in hex.
    pub secret: Sealed,
    /// Since when.
    pub at: Timestamp,
}

/// A session ends when nothing was asked for so long ...
pub const SESSION_IDLE: Duration = Duration::from_secs(8 * 3600);
/// ... and after so long in any case.
pub const SESSION_SPAN: Duration = Duration::from_secs(7 * 24 * 3600);
/// The most sessions of one account; a new one ends the one that was seen the longest ago.
pub const SESSIONS_MAX: usize = 20;

/// A person's being signed in with one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its key.
    pub key: SessionKey,
    /// Whose it is.
    pub account: AccountKey,
    /// The account's era when it began.
    pub era: i64,
    /// SHA-256 of the token in the browser's cookie.
    pub token: [u8; 32],
    /// Since when.
    pub begun: Timestamp,
    /// When something was last asked, give or take a minute.
    pub seen: Timestamp,
    /// From which address, if that is known.
    pub address: Option<String>,
    /// What the browser calls itself, shortened.
    pub agent: String,
}

impl Session {
    /// Whether it counts: its account is a person's and on, nothing has ended it, and it was used of late.
    #[must_use]
    pub fn is_open(&self, account: &Account, now: Timestamp) -> bool {
        let may_sign_in = account.active && account.role != Role::Service;
        may_sign_in && self.account == account.key && self.era == account.sign_in.era && self.is_fresh(now)
    }

    /// Whether its time has not run out.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.seen.after(SESSION_IDLE) && now < self.begun.after(SESSION_SPAN)
    }
}

/// Passwords that everybody tries first, a longer one before what it begins with; compared without regard to case and to what is no letter or digit.
const PLAIN: &[&str] = &[
    "password",
    "passwort",
    "qwerty",
    "qwertz",
    "letmein",
    "welcome",
    "iloveyou",
    "administrator",
    "admin",
    "changeme",
    "countersign",
    "secret",
    "abcdef",
    "abc",
    "trustno",
];

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weak {
    /// It is shorter than [`PASSWORD_CHARS_MIN`].
    Short {
        /// How many characters it has.
        chars: usize,
    },
    /// It is longer than [`PASSWORD_BYTES_MAX`].
    Long {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It is the account's name, with little beside it.
    Name,
    /// It is among the first that are tried.
    Plain,
}

impl std::fmt::Display for Weak {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Weak::Short { chars } => write!(f, "expected at least {PASSWORD_CHARS_MIN} characters, found {chars}"),
            Weak::Long { bytes } => write!(f, "expected at most {PASSWORD_BYTES_MAX} bytes, found {bytes}"),
            Weak::Name => f.write_str("it is little more than the account's name; choose something else"),
            Weak::Plain => f.write_str("it is among the first that are tried; several unrelated words are better"),
        }
    }
}

/// Holds a new password against the rules.
///
/// # Errors
/// Why it is not taken.
pub fn check_password(password: &str, name: &str) -> Result<(), Weak> {
    let (chars, bytes) = (password.chars().count(), password.len());
    if bytes > PASSWORD_BYTES_MAX {
        return Err(Weak::Long { bytes });
    }
    if chars < PASSWORD_CHARS_MIN {
        return Err(Weak::Short { chars });
    }
    let core = core(password);
    let name = self::core(name);
    let without_digits = |text: &str| text.trim_matches(|c: char| c.is_ascii_digit()).to_owned();
    if !name.is_empty() && (core == name || without_digits(&core) == without_digits(&name)) {
        return Err(Weak::Name);
    }
    if is_plain(&core) { Err(Weak::Plain) } else { Ok(()) }
}

fn core(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether nothing is left once plain words are taken away, digits, and letters that only repeat.
fn is_plain(core: &str) -> bool {
    let letters: String = core.chars().filter(|c| !c.is_ascii_digit()).collect();
    let mut kinds: Vec<char> = letters.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut rest = letters;
    for word in PLAIN {
        rest = rest.replace(word, "");
    }
    kinds.len() <= 2 || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_the_first_that_is_tried() {
        assert_eq!(check_password("correct horse battery", "ada"), Ok(()));
        assert_eq!(check_password("äöüäöü-zwölf", "ada"), Ok(()), "characters are counted, not bytes");
        assert_eq!(check_password("elf-zeichen", "ada"), Err(Weak::Short { chars: 11 }));
        assert_eq!(check_password(&"x1y2z3".repeat(200), "ada"), Err(Weak::Long { bytes: 1_200 }));
        for plain in
            ["Password1234!", "passwordpassword", "aaaaaaaaaaaa", "123456789012", "Welcome-Admin-2026", "abcdef123456"]
        {
            assert_eq!(check_password(plain, "ada"), Err(Weak::Plain), "{plain}");
        }
        assert_eq!(check_password("Ada.Lovelace-1815", "ada lovelace"), Err(Weak::Name));
        assert_eq!(check_password("ada-1815-1815", "ada1815"), Err(Weak::Name));
        assert_eq!(check_password("correct horse battery", "1815"), Ok(()), "a name of digits is nobody's password");
    }
}

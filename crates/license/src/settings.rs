//! What a verifier is set to.

use core::fmt;
use core::time::Duration;

/// Which of the three tokens it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A license: the token that a customer has.
    User,
    /// The token that a plugin carries.
    Plugin,
    /// The token that a container carries.
    Container,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::User, Kind::Plugin, Kind::Container];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Plugin => "plugin",
            Kind::Container => "container",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What texts call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::User => "license",
            Kind::Plugin => "plugin",
            Kind::Container => "container",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Who issues, and what the subjects are called: `iss` and `sub`, to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The issuer of every token.
    pub issuer: String,
    /// The subject of a license.
    pub user: String,
    /// The subject of a plugin's token.
    pub plugin: String,
    /// The subject of a container's token.
    pub container: String,
    /// The subject of a revocation list.
    pub revocation: String,
}

impl Names {
    /// Names of a product: it is the issuer, and its subjects begin with it.
    #[must_use]
    pub fn of_product(name: &str) -> Names {
        Names { issuer: name.to_owned(), ..Names::beginning(name) }
    }

    fn beginning(name: &str) -> Names {
        Names {
            issuer: String::new(),
            user: format!("{name}_user"),
            plugin: format!("{name}_plugin"),
            container: format!("{name}_container"),
            revocation: format!("{name}_revocation"),
        }
    }

    /// The subject of this kind.
    #[must_use]
    pub fn subject(&self, kind: Kind) -> &str {
        match kind {
            Kind::User => &self.user,
            Kind::Plugin => &self.plugin,
            Kind::Container => &self.container,
        }
    }
}

impl Default for Names {
    /// The names of the tokens that there are.
    fn default() -> Names {
        Names { issuer: "sakuli.io".to_owned(), ..Names::beginning("sakuli") }
    }
}

/// The most seconds that two clocks may be allowed to differ.
pub const LEEWAY_S_MAX: u64 = 300;

/// By how much two clocks may differ: 0 to [`LEEWAY_S_MAX`] seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leeway(Duration);

impl Leeway {
    /// So many seconds, if that is not too much.
    #[must_use]
    pub fn of_seconds(seconds: u64) -> Option<Leeway> {
        (seconds <= LEEWAY_S_MAX).then(|| Leeway(Duration::from_secs(seconds)))
    }

    pub(crate) fn duration(self) -> Duration {
        self.0
    }
}

/// What a verifier is set to, beside its keys and revocations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Who issues, and what the subjects are called.
    pub names: Names,
    /// By how much two clocks may differ.
    pub leeway: Leeway,
    /// The customer that the license must name, if it must name a certain one.
    pub expected_customer: Option<String>,
    /// Whether a plugin without a token is refused instead of being open.
    pub require_token: bool,
    /// Whether a clock is refused that is earlier than when the license, or the revocation list, was issued.
    pub refuse_clock_before_issue: bool,
    /// The highest time ever seen, if one is kept: a clock more than a day behind it is refused.
    pub latest_seen: Option<Duration>,
}

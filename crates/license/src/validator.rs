//! A companion against a license.

use core::time::Duration;

use crate::error::{LicenseError, Reason};
use crate::revocation::Revocations;
use crate::{Claims, KeySet, Kind, Settings, token};

/// How far a clock may lie behind the highest time ever seen.
const SET_BACK_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Holds tokens against keys, settings and revocations.
#[derive(Clone, Debug, Default)]
pub struct Validator {
    keys: KeySet,
    settings: Settings,
    revocations: Revocations,
}

/// What a plugin or a container runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The license; none for a plugin without a token, which needs none.
    pub license: Option<Claims>,
    /// The token of the plugin or container.
    pub companion: Option<Claims>,
}

impl Activation {
    /// When it ends, since 1970, and which token ends then: the license or the companion, whichever is first. None: it
    /// does not.
    #[must_use]
    pub fn ends(&self) -> Option<(Duration, Kind)> {
        let tokens = [&self.license, &self.companion].into_iter().flatten();
        tokens.filter_map(|claims| claims.expires.map(|at| (at, claims.kind))).min()
    }
}

impl Validator {
    /// A validator that takes every token of these keys, with the settings at their defaults and without a revocation
    /// list.
    #[must_use]
    pub fn new(keys: KeySet) -> Validator {
        Validator { keys, ..Validator::default() }
    }

    /// The same with these settings.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Validator {
        Validator { settings, ..self }
    }

    /// The same with these revocations.
    #[must_use]
    pub fn with_revocations(self, revocations: Revocations) -> Validator {
        Validator { revocations, ..self }
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the plugin of this name may run at `now` (since 1970): the license is valid, and so is the plugin's
    /// token, which is for this name and fits the license. A plugin without a token is open, unless the settings say
    /// otherwise; then the license is not looked at.
    ///
    /// # Errors
    ///
    /// [`LicenseError`] says why not: the first reason there is, the license's before the plugin's.
    pub fn check_plugin(
        &self,
        name: Option<&str>,
        plugin: Option<&str>,
        license: &str,
        now: Duration,
    ) -> Result<Activation, LicenseError> {
        match plugin {
            Some(plugin) => self.check(Kind::Plugin, name, plugin, license, now),
            None if self.settings.require_token => Err(LicenseError::of(Kind::Plugin, Reason::Empty)),
            None => Ok(Activation { license: None, companion: None }),
        }
    }

    /// Whether the container of this image may run at `now` (since 1970).
    ///
    /// # Errors
    ///
    /// [`LicenseError`] says why not.
    pub fn check_container(
        &self,
        image: Option<&str>,
        container: &str,
        license: &str,
        now: Duration,
    ) -> Result<Activation, LicenseError> {
        self.check(Kind::Container, image, container, license, now)
    }

    /// One token by itself.
    ///
    /// # Errors
    ///
    /// [`LicenseError`] says why it is refused.
    pub fn verify(&self, kind: Kind, token: &str, now: Duration) -> Result<Claims, LicenseError> {
        if token.is_empty() {
            return Err(LicenseError::of(kind, Reason::Empty));
        }
        self.judge(kind, token, now).map_err(|reason| LicenseError::of(kind, reason))
    }

    fn check(
        &self,
        kind: Kind,
        name: Option<&str>,
        companion: &str,
        license: &str,
        now: Duration,
    ) -> Result<Activation, LicenseError> {
        for (kind, token) in [(Kind::User, license), (kind, companion)] {
            if token.is_empty() {
                return Err(LicenseError::of(kind, Reason::Empty));
            }
        }
        let license = self.verify(Kind::User, license, now)?;
        let companion = self.verify(kind, companion, now)?;
        let is_named = name.is_some_and(|name| !name.is_empty() && companion.audience.iter().any(|each| each == name));
        if !is_named {
            let reason = Reason::Audience { name: name.map(str::to_owned), audience: companion.audience };
            return Err(LicenseError::of(kind, reason));
        }
        if !license.categories.fit(companion.categories) {
            let (license, companion) = (license.categories, companion.categories);
            return Err(LicenseError { reason: Reason::CategoryMismatch { license, kind, companion }, token: None });
        }
        Ok(Activation { license: Some(license), companion: Some(companion) })
    }

    fn judge(&self, kind: Kind, token: &str, now: Duration) -> Result<Claims, Reason> {
        if let Some(seen) = self.settings.latest_seen.filter(|seen| now + SET_BACK_MAX < *seen) {
            return Err(Reason::ClockSetBack { seen });
        }
        let list = self.revocations.in_force(now)?;
        let issued_at = list.map(crate::RevocationList::issued_at).unwrap_or_default();
        if self.settings.refuse_clock_before_issue && now + self.settings.leeway.duration() < issued_at {
            return Err(Reason::ClockSetBack { seen: issued_at });
        }
        let claims = token::verified(&self.keys, &self.settings, list, kind, token, now)?;
        match &self.settings.expected_customer {
            Some(expected) if kind == Kind::User && !claims.audience.contains(expected) => {
                Err(Reason::Customer { expected: expected.clone(), audience: claims.audience })
            }
            _ => Ok(claims),
        }
    }
}

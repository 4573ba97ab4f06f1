//! Tokens against keys.

use core::time::Duration;

use license::{
    Entry, KeySet, Kind, Leeway, LicenseError, Names, RevocationList, Revocations, Revoked, Settings, Validator,
};
use napi::bindgen_prelude::Either;
use napi::{Error, Status};
use napi_derive::napi;

use crate::claims::{Claims, Inspected};

/// The last second of the year 9999: no clock shows a later time.
const SECONDS_MAX: f64 = 253_402_300_799.0;

/// What a validator is made of. What is missing has its default.
#[napi(object, object_to_js = false)]
pub struct ValidatorSettings {
    /// A JWK set, a JWK or a public key in PEM; without it, what was built in.
    pub keys: Option<String>,
    pub issuer: Option<String>,
    pub subjects: Option<Subjects>,
    /// Whole seconds.
    pub leeway: Option<f64>,
    pub revocations: Option<RevocationSettings>,
    pub expected_customer: Option<String>,
    pub require_token: Option<bool>,
}

/// What the subjects are called.
#[napi(object, object_to_js = false)]
pub struct Subjects {
    pub user: Option<String>,
    pub plugin: Option<String>,
    pub container: Option<String>,
    pub revocation: Option<String>,
}

/// What is revoked: a signed list, or ids that the caller trusts.
#[napi(object, object_to_js = false)]
pub struct RevocationSettings {
    /// `off`, `optional` or `required`.
    pub mode: Option<String>,
    pub list: Option<String>,
    /// The number of the list that was seen last.
    pub seen: Option<f64>,
    pub jti: Option<Vec<String>>,
    pub kid: Option<Vec<String>>,
}

/// Why a token is refused.
#[napi(object, object_from_js = false)]
pub struct Refused {
    pub code: &'static str,
    pub message: String,
    pub token: Option<&'static str>,
    pub hint: Option<String>,
}

impl From<&LicenseError> for Refused {
    fn from(error: &LicenseError) -> Self {
        let token = error.token.map(Kind::name);
        Refused { code: error.code().name(), message: error.to_string(), token, hint: error.hint() }
    }
}

/// Holds tokens against keys, settings and revocations.
#[napi(js_name = "Validator")]
pub struct NodeValidator(Validator);

#[napi]
impl NodeValidator {
    #[napi(constructor, catch_unwind)]
    pub fn new(settings: ValidatorSettings) -> napi::Result<NodeValidator> {
        let keys = match &settings.keys {
            Some(text) => KeySet::read(text, None),
            None => KeySet::built_in(),
        };
        let keys = keys.map_err(|fault| unusable(format!("keys: {fault}")))?;
        let names = named(settings.issuer, settings.subjects);
        let revocations = match settings.revocations {
            Some(revocations) => revocations.read(&keys, &names)?,
            None => Revocations::default(),
        };
        let settings = Settings {
            names,
            leeway: settings.leeway.map_or(Ok(Leeway::default()), leeway)?,
            expected_customer: settings.expected_customer,
            require_token: settings.require_token.unwrap_or_default(),
            ..Settings::default()
        };
        Ok(NodeValidator(Validator::new(keys).with_settings(settings).with_revocations(revocations)))
    }

    /// Whether a plugin may run: nothing, or why not.
    #[napi(catch_unwind)]
    pub fn check_plugin(
        &self,
        name: Option<String>,
        plugin: Option<String>,
        license: String,
        now: f64,
    ) -> napi::Result<Option<Refused>> {
        let checked = self.0.check_plugin(name.as_deref(), plugin.as_deref(), &license, instant(now)?);
        Ok(checked.err().as_ref().map(Refused::from))
    }

    /// Whether a container may run: nothing, or why not.
    #[napi(catch_unwind)]
    pub fn check_container(
        &self,
        image: Option<String>,
        container: String,
        license: String,
        now: f64,
    ) -> napi::Result<Option<Refused>> {
        let checked = self.0.check_container(image.as_deref(), &container, &license, instant(now)?);
        Ok(checked.err().as_ref().map(Refused::from))
    }

    /// One token by itself: what it says, or why it is refused.
    #[napi(catch_unwind)]
    pub fn verify(&self, kind: String, token: String, now: f64) -> napi::Result<Either<Claims, Refused>> {
        let kind = Kind::named(&kind).ok_or_else(|| unusable(format!("{kind:?} is no kind of token")))?;
        Ok(match self.0.verify(kind, &token, instant(now)?) {
            Ok(claims) => Either::A(Claims::from(claims)),
            Err(error) => Either::B(Refused::from(&error)),
        })
    }
}

/// What a token says, without believing it.
#[napi(catch_unwind)]
pub fn inspect(token: String) -> Either<Inspected, Refused> {
    match license::inspect(&token) {
        Ok(inspected) => Either::A(Inspected::from(inspected)),
        Err(reason) => Either::B(Refused::from(&LicenseError { reason, token: None })),
    }
}

impl RevocationSettings {
    fn read(self, keys: &KeySet, names: &Names) -> napi::Result<Revocations> {
        let in_force = match self.mode.as_deref() {
            Some("off") => return Ok(Revocations::Off),
            Some("required") => Revocations::Required,
            None | Some("optional") => Revocations::Optional,
            Some(other) => return Err(unusable(format!("revocations: {other:?} is none of off, optional, required"))),
        };
        let seen = self.seen.map(whole).transpose()?;
        if let Some(list) = &self.list {
            let list = RevocationList::read(list, keys, names, seen);
            return list.map(|list| in_force(Some(list))).map_err(|fault| unusable(format!("revocations: {fault}")));
        }
        if self.jti.is_none() && self.kid.is_none() {
            return Ok(in_force(None));
        }
        let tokens = self.jti.into_iter().flatten().map(Revoked::Token);
        let keys = self.kid.into_iter().flatten().map(Revoked::Key);
        let entries = tokens.chain(keys).map(|what| Entry { what, at: None, reason: None });
        Ok(in_force(Some(RevocationList::trusted(entries))))
    }
}

fn named(issuer: Option<String>, subjects: Option<Subjects>) -> Names {
    let own = Names::default();
    let issuer = issuer.unwrap_or(own.issuer);
    let Some(subjects) = subjects else { return Names { issuer, ..Names::default() } };
    Names {
        issuer,
        user: subjects.user.unwrap_or(own.user),
        plugin: subjects.plugin.unwrap_or(own.plugin),
        container: subjects.container.unwrap_or(own.container),
        revocation: subjects.revocation.unwrap_or(own.revocation),
    }
}

fn leeway(seconds: f64) -> napi::Result<Leeway> {
    let most = license::LEEWAY_S_MAX;
    let leeway = Leeway::of_seconds(whole(seconds)?);
    leeway.ok_or_else(|| unusable(format!("leeway: expected 0 to {most} seconds, found {seconds}")))
}

/// The whole number that JavaScript holds as a float.
fn whole(number: f64) -> napi::Result<u64> {
    let is_whole = number.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&number);
    if is_whole { Ok(number as u64) } else { Err(unusable(format!("expected a whole number, found {number}"))) }
}

/// The time that a clock shows.
fn instant(seconds: f64) -> napi::Result<Duration> {
    let shown = Duration::try_from_secs_f64(seconds).ok().filter(|_| seconds <= SECONDS_MAX);
    shown.ok_or_else(|| unusable(format!("now: expected seconds since 1970, to the year 9999, found {seconds}")))
}

/// Settings or arguments that cannot be.
pub(crate) fn unusable(why: String) -> Error {
    Error::new(Status::InvalidArg, why)
}

//! `license verify`, `check-plugin` and `check-container`: yes or no, and why.

use container_check::{Outcome, check_container};
use license::{Activation, Claims, Kind, LicenseError, Reason};

use crate::cli::Common;
use crate::command::license::arguments::{How, TheLicense, environment, kind, shown, token};
use crate::exit::{Done, Exit};
use crate::output::{self, Form};

/// One token by itself.
#[derive(clap::Args)]
pub struct Verify {
    /// What kind it must be: `user` (a license), `plugin` or `container`.
    #[arg(long, value_parser = kind)]
    kind: Kind,
    /// Whom it must be for.
    #[arg(long)]
    name: Option<String>,
    /// The token, `@FILE`, or `-` for standard input.
    token: String,
    #[command(flatten)]
    how: How,
}

/// A plugin.
#[derive(clap::Args)]
pub struct Plugin {
    /// The package that the plugin is.
    #[arg(long)]
    name: String,
    /// The plugin's token, `@FILE`, or `-` for standard input. A plugin without one is open.
    #[arg(long, value_name = "TOKEN")]
    plugin_token: Option<String>,
    /// Refuse a plugin without a token.
    #[arg(long)]
    require_token: bool,
    #[command(flatten)]
    license: TheLicense,
    #[command(flatten)]
    how: How,
}

/// A container.
#[derive(clap::Args)]
pub struct Container {
    /// The image that the container is made of, instead of `$IMG`.
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    #[command(flatten)]
    how: How,
}

impl Verify {
    /// Prints the verdict.
    pub fn run(&self, common: &Common) -> Done {
        let token = token(&self.token)?;
        let verdict = self.how.validator(false)?.verify(self.kind, &token, self.how.now());
        let verdict = verdict.and_then(|claims| self.named(claims)).map(|claims| match self.kind {
            Kind::User => Activation { license: Some(claims), companion: None },
            Kind::Plugin | Kind::Container => Activation { license: None, companion: Some(claims) },
        });
        Ok(told(common, &Outcome::of(&verdict, Vec::new()), ends(&verdict)))
    }

    fn named(&self, claims: Claims) -> Result<Claims, LicenseError> {
        let Some(name) = self.name.clone().filter(|name| !claims.audience.contains(name)) else { return Ok(claims) };
        let audience = claims.audience;
        let reason = match self.kind {
            Kind::User => Reason::Customer { expected: name, audience },
            Kind::Plugin | Kind::Container => Reason::Audience { name: Some(name), audience },
        };
        Err(LicenseError { reason, token: Some(self.kind) })
    }
}

impl Plugin {
    /// Prints the verdict.
    pub fn run(&self, common: &Common) -> Done {
        let plugin = self.plugin_token.as_deref().map(token).transpose()?;
        let license = if plugin.is_some() { self.license.read()? } else { String::new() };
        let validator = self.how.validator(self.require_token)?;
        let verdict = validator.check_plugin(Some(&self.name), plugin.as_deref(), &license, self.how.now());
        Ok(told(common, &Outcome::of(&verdict, Vec::new()), ends(&verdict)))
    }
}

impl Container {
    /// Prints the verdict.
    pub fn run(&self, common: &Common) -> Done {
        let options = self.how.options(false);
        let outcome = check_container(&environment(), self.image.as_deref(), &options, self.how.now());
        Ok(told(common, &outcome, None))
    }
}

/// When what may run ends.
fn ends(verdict: &Result<Activation, LicenseError>) -> Option<String> {
    let (at, kind) = verdict.as_ref().ok()?.ends()?;
    Some(format!("valid until {}, when the {} ends", shown(at), of(kind)))
}

/// What people call a token.
pub fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "license",
        Kind::Plugin => "plugin's token",
        Kind::Container => "container's token",
    }
}

fn told(common: &Common, outcome: &Outcome, ends: Option<String>) -> Exit {
    outcome.warnings.iter().for_each(|warning| output::remark(format_args!("countersign: warning: {warning}")));
    match (&outcome.line, common.form()) {
        (_, Form::Json) => output::json(&outcome.json),
        (None, Form::Human) => output::line(ends.unwrap_or_else(|| "valid".to_owned())),
        (Some(_), Form::Human) => {}
    }
    if let Some(line) = &outcome.line {
        output::remark(format_args!("countersign: {line}"));
    }
    Exit::of_license(outcome.exit)
}

/// That no exit code of licenses is unknown.
#[cfg(test)]
mod tests {
    use super::Exit;
    use license::Code;

    #[test]
    fn every_reason_has_its_exit_code() {
        for code in [Code::TokenEmpty, Code::HeaderInvalid, Code::KeyUnknown, Code::Expired, Code::NotYetValid] {
            assert_eq!(Exit::of_license(code.exit()) as u8, code.exit());
        }
        for code in
            [Code::CategoryInvalid, Code::AudienceMismatch, Code::CategoryMismatch, Code::Revoked, Code::Internal]
        {
            assert_eq!(Exit::of_license(code.exit()) as u8, code.exit());
        }
    }
}

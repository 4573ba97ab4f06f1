//! What a check came to, for whoever started the program.

use core::time::Duration;

use license::{Activation, LicenseError};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::surroundings::{Options, Surroundings};

/// The exit code of a check that was not asked for rightly.
const USAGE: u8 = 2;

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code (license-tokens, section 7.2).
    pub exit: u8,
    /// One line: code, reason, and how to mend it. None where all is well.
    pub line: Option<String>,
    /// What should be told besides.
    pub warnings: Vec<String>,
    /// The same for programs.
    pub json: Value,
}

impl Outcome {
    /// A check that was not asked for rightly.
    #[must_use]
    pub fn unusable(fault: &Fault) -> Outcome {
        let line = fault.to_string();
        let json = json!({ "valid": false, "code": "CONFIGURATION", "token": null, "message": line, "exit": USAGE });
        Outcome { exit: USAGE, line: Some(line), warnings: Vec::new(), json }
    }

    /// A verdict.
    #[must_use]
    pub fn of(verdict: &Result<Activation, LicenseError>, warnings: Vec<String>) -> Outcome {
        match verdict {
            Ok(activation) => {
                let ends = activation.ends();
                let json = json!({
                    "valid": true,
                    "ends": ends.map(|(at, _)| at.as_secs_f64()),
                    "ended_by": ends.map(|(_, kind)| kind.name()),
                });
                Outcome { exit: 0, line: None, warnings, json }
            }
            Err(error) => {
                let (code, hint) = (error.code(), error.hint());
                let hinted: String = hint.iter().map(|hint| format!("; {hint}")).collect();
                // Names come from outside, and a line is a line.
                let line = format!("{code}: {error}{hinted}").replace(char::is_control, " ");
                let json = json!({
                    "valid": false,
                    "code": code.name(),
                    "token": error.token.map(license::Kind::name),
                    "message": error.to_string(),
                    "hint": hint,
                    "exit": code.exit(),
                });
                Outcome { exit: code.exit(), line: Some(line), warnings, json }
            }
        }
    }
}

/// Whether the container of this image, by default of the one that `IMG` names, may run at `now`, since 1970.
#[must_use]
pub fn check_container(
    surroundings: &Surroundings<'_>,
    image: Option<&str>,
    options: &Options,
    now: Duration,
) -> Outcome {
    judged(surroundings, image, options, now).unwrap_or_else(|fault| Outcome::unusable(&fault))
}

fn judged(
    surroundings: &Surroundings<'_>,
    image: Option<&str>,
    options: &Options,
    now: Duration,
) -> Result<Outcome, Fault> {
    let named = surroundings.image();
    let container = surroundings.container_token()?;
    let license = surroundings.license()?;
    let prepared = surroundings.prepared(options, now)?;
    let verdict = prepared.validator.check_container(image.or(named.as_deref()), &container, &license, now);
    Ok(Outcome::of(&verdict, prepared.warnings))
}

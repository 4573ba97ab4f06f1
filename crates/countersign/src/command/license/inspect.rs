//! `license inspect`.

use std::time::Duration;

use license::{Categories, Inspected, Kind, LicenseError};
use serde_json::{Map, Value, json};

use crate::cli::Common;
use crate::command::license::arguments::{How, shown, token};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// Which token.
#[derive(clap::Args)]
pub struct Inspect {
    /// The token, `@FILE`, or `-` for standard input.
    token: String,
    #[command(flatten)]
    how: How,
}

impl Inspect {
    /// Prints what it says.
    pub fn run(&self, common: &Common) -> Done {
        let token = token(&self.token)?;
        let inspected = license::inspect(&token).map_err(|reason| {
            let error = LicenseError { reason, token: None };
            Failure::new(Exit::of_license(error.code().exit()), format!("{}: {error}", error.code()))
        })?;
        let verified = self.verified(&inspected, &token)?;
        let shown = json!({
            "verified": verified.is_ok(),
            "why_not": verified.err(),
            "header": inspected.unverified_header,
            "claims": inspected.unverified_claims,
            "in_words": in_words(&inspected.unverified_claims),
        });
        match common.form() {
            Form::Json => output::json(&shown),
            Form::Human => {
                output::line(match shown["why_not"].as_str() {
                    None => "verified".to_owned(),
                    Some(why) => format!("not verified: {why}"),
                });
                output::object(
                    &json!({ "header": shown["header"], "claims": shown["claims"], "in words": shown["in_words"] }),
                );
            }
        }
        Ok(Exit::Yes)
    }

    /// Whether it verifies as what it says it is, or why not.
    fn verified(&self, inspected: &Inspected, token: &str) -> Result<Result<(), String>, Failure> {
        let validator = match self.how.validator(false) {
            Ok(validator) => validator,
            Err(failure) if self.how.names_keys() => return Err(failure),
            Err(failure) => return Ok(Err(failure.to_string())),
        };
        let subject = inspected.unverified_claims.get("sub").and_then(Value::as_str);
        let names = &validator.settings().names;
        let Some(kind) = Kind::ALL.into_iter().find(|kind| subject == Some(names.subject(*kind))) else {
            return Ok(Err("SUBJECT_INVALID: it is no kind of license token".to_owned()));
        };
        let verdict = validator.verify(kind, token, self.how.now());
        Ok(verdict.map(drop).map_err(|error| format!("{}: {error}", error.code())))
    }
}

/// Times as dates, categories as letters.
fn in_words(claims: &Map<String, Value>) -> Map<String, Value> {
    let date = |name: &str| {
        let seconds = claims.get(name).and_then(Value::as_f64).filter(|seconds| (0.0..2.6e11).contains(seconds))?;
        Some((name.to_owned(), Value::from(shown(Duration::from_secs_f64(seconds)))))
    };
    let category = claims.get("category").and_then(Value::as_i64).and_then(Categories::of_sum);
    let letters = category.map(|category| ("category".to_owned(), Value::from(category.to_string())));
    ["iat", "nbf", "exp", "contract_exp"].into_iter().filter_map(date).chain(letters).collect()
}

//! What was found elsewhere, and what becomes of it here.

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::Client;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// One thing that was found: a source, or why it can be none, and the rest of it.
pub struct Found {
    /// What it is called there.
    pub name: String,
    /// The source as the own API takes it.
    pub source: Result<Value, String>,
    /// The inactive rule for its program, and how the configuration file declares that.
    pub rule: Option<(Value, String)>,
    /// What of it is not carried over.
    pub left: Vec<String>,
}

/// Everything that was found.
#[derive(Default)]
pub struct Carried(Vec<Found>);

/// What was made, and what was not.
#[derive(Default)]
struct Outcome {
    made: Vec<Value>,
    declarations: Vec<String>,
    left: Vec<Value>,
}

impl Carried {
    pub fn take(&mut self, found: Found) {
        self.0.push(found);
    }

    /// Makes all that can be made, and tells of it; or only tells.
    pub async fn make(self, common: &Common, dry_run: bool) -> Done {
        let client = if dry_run { None } else { Some(common.client()?) };
        let mut outcome = Outcome::default();
        for found in self.0 {
            let Found { name, source, rule, left } = found;
            let mut parts = vec![("source", "/api/v1/sources", source)];
            let declaration = rule.map(|(rule, declaration)| {
                parts.push(("rule", "/api/v1/rules", Ok(rule)));
                declaration
            });
            for (what, path, part) in parts {
                let made = match part {
                    Ok(part) => make(client.as_ref(), path, part).await?,
                    Err(why) => Err(why),
                };
                match made {
                    Ok(made) => outcome.made.push(json!({ what: made })),
                    Err(why) => outcome.left.push(json!({ "name": name, "what": what, "why": why })),
                }
            }
            outcome.declarations.extend(declaration);
            let conditions =
                left.into_iter().map(|what| json!({ "name": name, "what": what, "why": "not carried over" }));
            outcome.left.extend(conditions);
        }
        outcome.tell(common, dry_run);
        Ok(if outcome.left.is_empty() { Exit::Yes } else { Exit::Negative })
    }
}

/// What was made, or what the API objected to. What concerns more than this one ends everything.
async fn make(client: Option<&Client>, path: &str, part: Value) -> Result<Result<Value, String>, Failure> {
    let Some(client) = client else { return Ok(Ok(without_secrets(part))) };
    match client.post(path, &part).await {
        Ok(reply) => Ok(Ok(reply.body)),
        Err(failure) if matches!(failure.exit, Exit::Usage | Exit::Conflict) => Ok(Err(failure.what)),
        Err(failure) => Err(failure),
    }
}

fn without_secrets(mut part: Value) -> Value {
    if let Some(secrets) = part["secrets"].as_array() {
        part["secrets"] = json!(secrets.len());
    }
    part
}

impl Outcome {
    fn tell(&self, common: &Common, dry_run: bool) {
        if common.form() == Form::Json {
            return output::json(&json!({
                "dry_run": dry_run, "made": self.made, "left": self.left, "declare": self.declarations,
            }));
        }
        let verb = if dry_run { "would make" } else { "made" };
        for made in &self.made {
            if let Some(source) = made.get("source") {
                let text = |names: [&str; 2]| names.iter().find_map(|name| source[*name].as_str()).unwrap_or_default();
                output::line(format_args!("{verb} the source {}/{}", text(["provider"; 2]), text(["name", "id"])));
            }
            if let Some(rule) = made.get("rule") {
                output::line(format_args!("{verb} the inactive rule {}", rule["name"].as_str().unwrap_or_default()));
            }
        }
        for left in &self.left {
            let text = |name: &str| left[name].as_str().unwrap_or_default();
            output::line(format_args!("left out of {}: {}: {}", text("name"), text("what"), text("why")));
        }
        if !self.declarations.is_empty() {
            output::remark(
                "programs are declared in the configuration file, before their rules can be put into force:",
            );
            self.declarations.iter().for_each(output::line);
        }
    }
}

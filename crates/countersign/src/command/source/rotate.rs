//! `source rotate`, `source retire`: another secret for a source, without a moment in which none counts.

use serde_json::json;
use verify::provider;

use super::made;
use crate::cli::Common;
use crate::client::segment;
use crate::command::page;
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// A new secret.
#[derive(clap::Args)]
pub struct Rotate {
    /// The source's id, `src_...`, or its provider and name: `github/website`.
    source: String,
    /// The new secret's id; without it one is made from the secret.
    #[arg(long)]
    id: Option<String>,
    /// From when it counts: `2026-12-01T00:00:00Z`; without it, at once.
    #[arg(long, value_name = "TIME")]
    not_before: Option<String>,
    /// How long the old secrets count on: `7d`; without it, until they are retired.
    #[arg(long, value_name = "SPAN")]
    keep_old: Option<String>,
    #[command(flatten)]
    secret: SecretFrom,
}

/// A secret that goes.
#[derive(clap::Args)]
pub struct Retire {
    /// The source's id, `src_...`, or its provider and name: `github/website`.
    source: String,
    /// The secret's id, as `source show` tells it.
    secret: String,
}

impl Rotate {
    /// Adds it.
    pub async fn run(self, common: &Common) -> Done {
        let client = common.client()?;
        let path = format!("/api/v1/sources/{}", segment(&self.source));
        let (given, ours) = match self.secret.read()? {
            Some(given) => (given, false),
            None => {
                let source = client.get(&path).await?.body;
                let provider = source["provider"].as_str().and_then(provider::find);
                let made = provider.and_then(made).ok_or_else(|| {
                    Failure::usage("expected --secret-file FILE or --secret-env NAME, found neither")
                        .mend("this provider's secret is made at the sender: take it from there")
                })?;
                (made, true)
            }
        };
        let body = json!({
            "secret": given.as_str(),
            "id": self.id,
            "not_before": self.not_before,
            "keep_old": self.keep_old,
        });
        let mut reply = client.post(&format!("{path}/secrets"), &body).await?.body;
        if common.form() == Form::Json {
            if ours {
                reply["secret"] = given.as_str().into();
            }
            output::json(&reply);
            return Ok(Exit::Yes);
        }
        page::print(common, &reply);
        if ours {
            output::line(format_args!("\nThe new secret, which is not shown again: {}", given.as_str()));
        }
        output::line("\nEnter the new secret at the sender. `source show` says when the old one can go.");
        Ok(Exit::Yes)
    }
}

impl Retire {
    /// Removes it.
    pub async fn run(self, common: &Common) -> Done {
        let path = format!("/api/v1/sources/{}/secrets/{}", segment(&self.source), segment(&self.secret));
        common.client()?.delete(&path).await?;
        if common.form() == Form::Human {
            output::line(format_args!("removed the secret {} of {}", self.secret, self.source));
        }
        Ok(Exit::Yes)
    }
}

//! `source`: who sends to us.

mod recipe;
mod rotate;
mod sample;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use verify::provider::{self, MadeBy, Provider};
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::client::segment;
use crate::clock::random;
use crate::command::page::{self, Page};
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be done about sources.
#[derive(clap::Subcommand)]
pub enum Source {
    /// List sources.
    List(Page),
    /// Show one.
    Show {
        /// Its id, `src_...`, or its provider and name: `github/website`.
        source: String,
    },
    /// Add one, and print what to do at the sender. A secret that is ours to make is made, and shown once.
    Add(Add),
    /// Print what to do at a sender, and what to write here.
    Recipe(recipe::Recipe),
    /// Add a new secret in front of the old ones, which count on until they are retired, or for `--keep-old`.
    Rotate(rotate::Rotate),
    /// Remove one of its secrets.
    Retire(rotate::Retire),
    /// Remove one.
    Remove {
        /// Its id, `src_...`, or its provider and name: `github/website`.
        source: String,
    },
}

/// A new source.
#[derive(clap::Args)]
pub struct Add {
    /// The provider's name: `github`.
    #[arg(long)]
    provider: String,
    /// Its id in the URL: `website`.
    #[arg(long)]
    id: String,
    #[command(flatten)]
    secret: SecretFrom,
    /// A recorded request: its first line, headers, an empty line, its body. The source is made only if it accepts it.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("PROVIDER", "provider"),
    Column("NAME", "name"),
    Column("ACTIVE", "active"),
    Column("OWNER", "owner"),
    Column("URL", "url"),
];

impl Source {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Source::List(page) => page.print(common, "sources", COLUMNS).await,
            Source::Show { source } => page::show(common, "sources", &source).await,
            Source::Add(add) => add.run(common).await,
            Source::Recipe(recipe) => recipe.run(common),
            Source::Rotate(rotate) => rotate.run(common).await,
            Source::Retire(retire) => retire.run(common).await,
            Source::Remove { source } => {
                common.client()?.delete(&format!("/api/v1/sources/{}", segment(&source))).await?;
                if common.form() == Form::Human {
                    output::line(format_args!("removed {source}"));
                }
                Ok(Exit::Yes)
            }
        }
    }
}

impl Add {
    async fn run(self, common: &Common) -> Done {
        let provider = recipe::known(&self.provider, common).ok();
        let (given, made) = (self.secret.read()?, provider.and_then(made));
        let mut body = json!({ "provider": self.provider, "id": self.id });
        let shown = match (&given, &made, provider) {
            (Some(given), ..) => {
                body["secrets"] = json!([given.as_str()]);
                None
            }
            (None, Some(made), _) => {
                body["secrets"] = json!([made.as_str()]);
                Some(made.as_str())
            }
            (None, None, Some(provider)) if provider.recipe.secret == MadeBy::FirstRequest => {
                body["handshake"] = json!({ "awaits_secret": true });
                None
            }
            (None, None, _) => return Err(self.lacks_secret()),
        };
        let client = common.client()?;
        if let Some(path) = &self.sample {
            let judged = client.post("/api/v1/sources/test", &with_sample(&body, path)?).await?.body;
            sample::print(common, &judged);
            if judged["accepted"] != true {
                return Ok(Exit::Negative);
            }
        }
        let mut reply = client.post("/api/v1/sources", &body).await?.body;
        let url = reply["url"].as_str().unwrap_or_default().to_owned();
        if common.form() == Form::Json {
            if let Some(secret) = shown {
                reply["secret"] = secret.into();
            }
            if let Some(provider) = provider {
                reply["recipe"] = recipe::told(provider, &url, shown);
            }
            output::json(&reply);
            return Ok(Exit::Yes);
        }
        page::print(common, &reply);
        if let Some(provider) = provider {
            recipe::print(provider, &url, shown);
        }
        if let Some(secret) = shown {
            output::line(format_args!("\nThe secret, which is not shown again: {secret}"));
        }
        Ok(Exit::Yes)
    }

    fn lacks_secret(&self) -> Failure {
        let lacks = Failure::usage("expected --secret-file FILE or --secret-env NAME, found neither");
        if provider::find(&self.provider).is_none() {
            return lacks;
        }
        lacks.mend(format!(
            "the sender makes the secret: `countersign source recipe {} --id {}` says where",
            self.provider, self.id
        ))
    }
}

/// A source as it would be made, and the request that it is to judge.
fn with_sample(source: &Value, path: &Path) -> Result<Value, Failure> {
    let told =
        |why: &dyn std::fmt::Display| Failure::usage(format!("the sample {} cannot be read: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|why| told(&why))?;
    let mut asked = source.clone();
    asked["sample"] = text.into();
    Ok(asked)
}

/// A new secret, where it is ours to make.
fn made(provider: &'static Provider) -> Option<Zeroizing<String>> {
    let bytes = Zeroizing::new(random());
    provider.made_secret(&bytes).map(Zeroizing::new)
}

//! `sign`: the headers that prove a body, for whoever tries a receiver.

use clap::ValueEnum;
use domain::Clock;
use serde_json::{Map, Value};
use verify::sign;

use crate::cli::Common;
use crate::clock::{SystemClock, random};
use crate::command::secret::SecretFrom;
use crate::command::verify::body;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// How to sign. The body is read from standard input, byte for byte.
#[derive(clap::Args)]
pub struct Sign {
    /// Whose way of signing.
    #[arg(long = "as", value_enum)]
    manner: Manner,
    #[command(flatten)]
    secret: SecretFrom,
    /// The message's id, for `standard`; else a random one.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The time in seconds since 1970, for `standard`; else now.
    #[arg(long, value_name = "SECONDS")]
    at: Option<i64>,
}

/// A way of signing.
#[derive(Clone, Copy, ValueEnum)]
enum Manner {
    /// Standard Webhooks, with a `whsec_` or `whsk_` key.
    Standard,
    /// GitHub's `X-Hub-Signature-256`.
    Github,
    /// The scanner protocol's `Authorization`.
    Scanner,
}

impl Sign {
    /// Signs and prints.
    pub fn run(&self, common: &Common) -> Done {
        let headers = self.headers(&body()?)?;
        match common.form() {
            Form::Json => {
                let all: Map<String, Value> =
                    headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
                output::json(&all.into());
            }
            Form::Human => headers.iter().for_each(|(name, value)| output::line(format_args!("{name}: {value}"))),
        }
        Ok(Exit::Yes)
    }

    fn headers(&self, body: &[u8]) -> Result<Vec<(&'static str, String)>, Failure> {
        let secret = self.secret.required()?;
        Ok(match self.manner {
            Manner::Github => vec![("X-Hub-Signature-256", sign::github(&secret, body))],
            Manner::Scanner => vec![("Authorization", sign::scanner(&secret, body))],
            Manner::Standard => {
                let key =
                    sign::SigningKey::read(&secret).map_err(|fault| Failure::usage(format!("the secret {fault}")))?;
                let id = self.id.clone().unwrap_or_else(|| format!("msg_{}", verify::hex::encode(&random::<16>())));
                let at = self.at.unwrap_or_else(|| SystemClock.now().seconds());
                let signature = sign::standard(&id, at, body, &[key]);
                vec![("webhook-id", id), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)]
            }
        })
    }
}

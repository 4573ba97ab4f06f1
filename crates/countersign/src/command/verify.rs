//! `verify`: a webhook judged offline: yes or no, why, and how to mend it.

use std::io::Read;

use serde_json::json;
use verify::receive::{Head, Outcome};

use crate::cli::Common;
use crate::command::judge::JudgedBy;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// What arrived, and what it is judged by. The body is read from standard input, byte for byte.
#[derive(clap::Args)]
pub struct Verify {
    #[command(flatten)]
    by: JudgedBy,
    /// A header as it arrived, `Name: value`; may be given again.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The URL as it was called, where the provider looks at it.
    #[arg(long)]
    url: Option<String>,
}

impl Verify {
    /// Judges and prints.
    pub fn run(&self, common: &Common) -> Done {
        let outcome = self.judge(common, &body()?)?;
        let (exit, told) = match &outcome {
            Outcome::Accept(accepted) => {
                let types: Vec<&str> = accepted.arrivals.iter().map(|each| each.event_type.as_str()).collect();
                (Exit::Yes, json!({ "verified": true, "scheme": accepted.proof.scheme(), "events": types }))
            }
            Outcome::Reply { reply, .. } => (Exit::Yes, json!({ "verified": true, "handshake": reply.status })),
            Outcome::Refuse(refusal) => (
                Exit::Negative,
                json!({
                    "verified": false,
                    "reason": refusal.reason.code(),
                    "detail": refusal.detail,
                    "mend": refusal.reason.mend(),
                }),
            ),
        };
        match common.form() {
            Form::Json => output::json(&told),
            Form::Human => print(&outcome),
        }
        Ok(exit)
    }

    fn judge(&self, common: &Common, body: &[u8]) -> Result<Outcome, Failure> {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let judge = self.by.judge(common)?;
        let url = self.url.clone().unwrap_or_else(|| judge.usual_url());
        judge.receive(&Head { method: "POST", url: &url, headers: &headers }, body)
    }
}

fn print(outcome: &Outcome) {
    match outcome {
        Outcome::Accept(accepted) => {
            let types: Vec<&str> = accepted.arrivals.iter().map(|each| each.event_type.as_str()).collect();
            output::line(format_args!("yes: {}, proven by {}", types.join(", "), accepted.proof.scheme()));
        }
        Outcome::Reply { reply, .. } => output::line(format_args!("yes: a handshake, to be answered {}", reply.status)),
        Outcome::Refuse(refusal) => {
            output::line(format_args!("no: {}: {}", refusal.reason, refusal.detail));
            output::line(format_args!("  {}", refusal.reason.mend()));
        }
    }
}

/// Everything on standard input.
pub fn body() -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut body);
    read.map_err(|why| Failure::usage(format!("expected the body on standard input: {why}")))?;
    Ok(body)
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| format!("expected \"Name: value\", found {text:?}"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

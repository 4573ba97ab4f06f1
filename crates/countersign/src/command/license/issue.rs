//! `license issue`.

use std::path::PathBuf;
use std::time::Duration;

use license::{Algorithm, Categories, Draft, KeySet, Kind, PrivateKey, Settings, Status, Validator};
use serde_json::json;
use verify::hex;

use crate::cli::Common;
use crate::clock::random;
use crate::command::license::arguments::{Naming, environment, kind, now, private_key, shown, span, time};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// The token.
#[derive(clap::Args)]
pub struct Issue {
    /// What kind: `user` (a license), `plugin` or `container`.
    #[arg(long, value_parser = kind)]
    kind: Kind,
    /// Whom it is for: the customer, the plugin's package, or the image.
    #[arg(long, value_name = "NAME")]
    aud: String,
    /// The category of a license, S, M, L or XL; those that a plugin or container is open to, such as `M,L`.
    #[arg(long)]
    category: Categories,
    /// When it begins: seconds since 1970, or RFC 3339. A license begins now unless this says otherwise.
    #[arg(long, value_name = "TIME", value_parser = time)]
    nbf: Option<Duration>,
    /// When it ends.
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "days")]
    exp: Option<Duration>,
    /// How many days it is valid.
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// How long the token lives at most, such as `30d`, for licenses that are renewed before their contract's end.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    lease: Option<Duration>,
    /// The private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The verifiers' key set, by default `$COUNTERSIGN_LICENSE_KEYSET`: the key must be active in it.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// What the header calls the algorithm of an Ed25519 key: `EdDSA`, which most verifiers know, or `Ed25519`.
    #[arg(long, value_parser = ["EdDSA", "Ed25519"])]
    alg: Option<String>,
    /// Let it be valid for more than ten years.
    #[arg(long)]
    long: bool,
    #[command(flatten)]
    naming: Naming,
}

impl Issue {
    /// Issues and prints it.
    pub fn run(&self, common: &Common) -> Done {
        let key = private_key(&self.key)?;
        if self.alg.is_some() && key.algorithm() != Algorithm::EdDsa {
            return Err(Failure::usage(format!(
                "--alg is for Ed25519 keys, and this one is {}",
                key.algorithm().name()
            )));
        }
        let set = self.set(&key)?;
        let draft = self.draft();
        let token = draft.issue(&key, &self.naming.names()).map_err(|fault| match fault {
            license::IssueFault::TooLong { .. } => Failure::usage(fault.to_string()).mend("with --long"),
            fault => Failure::usage(fault.to_string()),
        })?;
        if let Some(set) = set {
            self.verifies(set, &token, &draft)?;
        }
        match common.form() {
            Form::Human => output::line(token),
            Form::Json => {
                let expires = draft.expires.map(shown);
                output::json(&json!({ "token": token, "jti": draft.id, "kid": key.id(), "expires": expires }));
            }
        }
        Ok(Exit::Yes)
    }

    fn draft(&self) -> Draft {
        let issued_at = now();
        let day = Duration::from_secs(24 * 60 * 60);
        let begins = self.nbf.unwrap_or(issued_at);
        Draft {
            kind: self.kind,
            audience: self.aud.clone(),
            categories: self.category,
            not_before: self.nbf,
            expires: self.exp.or(self.days.map(|days| begins.saturating_add(day.saturating_mul(days)))),
            lease: self.lease,
            id: hex::encode(&random::<16>()),
            issued_at,
            long: self.long,
            algorithm_by_new_name: self.alg.as_deref() == Some("Ed25519"),
        }
    }

    /// The verifiers' key set, where it is known here. That of the environment may be for other keys than this one.
    fn set(&self, key: &PrivateKey) -> Result<Option<KeySet>, Failure> {
        let environment = environment();
        if self.keys.is_none() && !environment.names_keys() {
            return Ok(None);
        }
        let set = environment.keys(self.keys.as_deref())?;
        let name = key.id().unwrap_or_default();
        let status = set.keys().find(|(id, ..)| *id == key.id()).map(|(.., status)| status);
        match status {
            Some(Status::Active) => Ok(Some(set)),
            Some(status) => Err(Failure::usage(format!("the key {name:?} is {} in the key set", status.name()))
                .mend("sign with the active one")),
            None if self.keys.is_none() => Ok(None),
            None => Err(Failure::usage(format!("the key set does not have the key {name:?}"))
                .mend("add its public half with `countersign license keys add`")),
        }
    }

    /// That the set's key of this name is the same key.
    fn verifies(&self, set: KeySet, token: &str, draft: &Draft) -> Result<(), Failure> {
        let settings = Settings { names: self.naming.names(), ..Settings::default() };
        let begins = draft.not_before.unwrap_or(draft.issued_at);
        let verdict = Validator::new(set).with_settings(settings).verify(draft.kind, token, begins);
        verdict.map(drop).map_err(|error| {
            Failure::usage(format!("verifiers would refuse the token: {error}"))
                .mend("give the private key whose public half is in the key set")
        })
    }
}

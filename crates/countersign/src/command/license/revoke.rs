//! `license revoke`.

use std::path::PathBuf;
use std::time::Duration;

use license::{Entry, KeySet, RevocationList, Revoked};
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::command::license::arguments::{Naming, environment, now, private_key, read, replace, time};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// What, why, and on which list.
#[derive(clap::Args)]
pub struct Revoke {
    /// The token with this `jti`.
    #[arg(long, value_name = "ID", conflicts_with = "kid")]
    jti: Option<String>,
    /// The key of this name, and with it every token that it signed.
    #[arg(long, value_name = "ID")]
    kid: Option<String>,
    /// Why, for people.
    #[arg(long)]
    reason: Option<String>,
    /// The list; a new one is begun where there is none.
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// The private key that signs the list; verifiers must have it as active.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key set that the present list is verified with, where another key signed it; that one may be retired.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Until when there should be a new list. By default as long after now as it was before.
    #[arg(long, value_name = "TIME", value_parser = time)]
    exp: Option<Duration>,
    #[command(flatten)]
    naming: Naming,
}

impl Revoke {
    /// Adds to the list, counts it up, signs it.
    pub fn run(&self, common: &Common) -> Done {
        let key = private_key(&self.key)?;
        if self.kid.is_some() && self.kid.as_deref() == key.id() {
            return Err(Failure::usage("a list that revokes the key it is signed with proves nothing")
                .mend("sign it with the key that takes its place"));
        }
        let now = now();
        let mut list = self.present()?;
        let before = list.expires().map(|at| now + at.saturating_sub(list.issued_at()));
        let token = self.jti.clone().map(Revoked::Token);
        if let Some(what) = token.or_else(|| self.kid.clone().map(Revoked::Key)) {
            list.add(Entry { what, at: Some(now), reason: self.reason.clone() });
        }
        let signed = list.sign_next(&key, &self.naming.names(), now, self.exp.or(before)).ok_or_else(|| {
            Failure::usage("the list would be longer than verifiers read: nothing was changed")
                .mend("revoke the key instead (--kid), and issue with another what should go on")
        })?;
        replace(&self.list, &format!("{signed}\n"), 0o644)?;
        let (number, entries) = (list.number() + 1, list.entries().len());
        match common.form() {
            Form::Json => {
                output::json(&json!({ "list": self.list.display().to_string(), "seq": number, "entries": entries }))
            }
            Form::Human => output::line(format_args!("{}: number {number}, {entries} revoked", self.list.display())),
        }
        Ok(Exit::Yes)
    }

    /// The list as it is; an empty one where there is none.
    fn present(&self) -> Result<RevocationList, Failure> {
        if !self.list.exists() {
            return Ok(RevocationList::default());
        }
        let keys = match &self.keys {
            Some(file) => environment().keys(Some(file))?,
            None => {
                let own = KeySet::read_with_private(&Zeroizing::new(read(&self.key)?));
                own.map_err(|fault| Failure::usage(fault.to_string()))?
            }
        };
        RevocationList::read_again(read(&self.list)?.trim(), &keys, &self.naming.names()).map_err(|fault| {
            Failure::usage(format!("{}: {fault}", self.list.display()))
                .mend("with --keys FILE it is verified with the verifiers' key set")
        })
    }
}

//! `license keys`: the key set that verifiers have.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use license::KeySet;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::command::license::arguments::{read, replace};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be done about a key set.
#[derive(clap::Subcommand)]
pub enum Keys {
    /// List its keys.
    List {
        /// The key set.
        set: PathBuf,
    },
    /// Add a public key; the set is begun where there is none.
    Add {
        /// The key set.
        set: PathBuf,
        /// The public JWK.
        jwk: PathBuf,
    },
    /// Let a key verify what it signed, and sign nothing more.
    Retire {
        /// The key set.
        set: PathBuf,
        /// The key's name.
        kid: String,
    },
    /// Refuse what a key signed.
    Revoke {
        /// The key set.
        set: PathBuf,
        /// The key's name.
        kid: String,
    },
    /// Take a key out that is not active.
    Drop {
        /// The key set.
        set: PathBuf,
        /// The key's name.
        kid: String,
    },
}

const COLUMNS: &[Column] = &[Column("KID", "kid"), Column("ALG", "alg"), Column("STATUS", "status")];

impl Keys {
    /// Does it, and lists the keys.
    pub fn run(&self, common: &Common) -> Done {
        let path = match self {
            Keys::List { set } => set,
            Keys::Add { set, jwk } => {
                add(set, jwk)?;
                set
            }
            Keys::Retire { set, kid } => {
                change(set, kid, |key| key["status"] = "retired".into())?;
                set
            }
            Keys::Revoke { set, kid } => {
                change(set, kid, |key| key["status"] = "revoked".into())?;
                set
            }
            Keys::Drop { set, kid } => {
                take_out(set, kid)?;
                set
            }
        };
        let keys = known(path, &read(path)?)?;
        let rows: Vec<Value> = keys
            .keys()
            .map(|(kid, algorithm, status)| json!({ "kid": kid, "alg": algorithm.name(), "status": status.name() }))
            .collect();
        match common.form() {
            Form::Json => output::json(&json!({ "keys": rows })),
            Form::Human => output::table(COLUMNS, &rows),
        }
        Ok(Exit::Yes)
    }
}

fn known(path: &Path, text: &str) -> Result<KeySet, Failure> {
    KeySet::read(text, None).map_err(|fault| Failure::usage(format!("{}: {fault}", path.display())))
}

/// The set as it is written; what is not known of it stays.
fn document(path: &Path) -> Result<Value, Failure> {
    let text = read(path)?;
    known(path, &text)?;
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    // A single key becomes a set of one.
    Ok(if document["keys"].is_array() { document } else { json!({ "keys": [document] }) })
}

fn keys_of(document: &mut Value) -> &mut Vec<Value> {
    if !document["keys"].is_array() {
        document["keys"] = json!([]);
    }
    document["keys"].as_array_mut().expect("it was made one")
}

fn write(path: &Path, document: &Value) -> Result<(), Failure> {
    let text = format!("{document:#}\n");
    if document["keys"].as_array().is_some_and(|keys| !keys.is_empty()) {
        known(path, &text)?;
    }
    // A secret verifies what it signed, so that a set which holds one is a secret.
    let is_secret = document["keys"].as_array().is_some_and(|keys| keys.iter().any(|key| key["kty"] == "oct"));
    if is_secret {
        narrow(path)?
    }
    replace(path, &text, if is_secret { 0o600 } else { 0o644 })
}

/// Lets nobody else read a set that now gets a secret.
fn narrow(path: &Path) -> Result<(), Failure> {
    let Ok(file) = std::fs::metadata(path) else { return Ok(()) };
    if file.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(|why| Failure::usage(format!("{} cannot be kept from others: {why}", path.display())))
}

fn add(path: &Path, jwk: &Path) -> Result<(), Failure> {
    let text = read(jwk)?;
    known(jwk, &text)?;
    let new = document(jwk)?["keys"].take();
    let mut set = if path.exists() { document(path)? } else { json!({ "keys": [] }) };
    keys_of(&mut set).extend(new.as_array().cloned().unwrap_or_default());
    write(path, &set)
}

fn place(keys: &[Value], path: &Path, kid: &str) -> Result<usize, Failure> {
    let place = keys.iter().position(|key| key["kid"] == kid);
    place.ok_or_else(|| Failure::usage(format!("{} has no key {kid:?}", path.display())))
}

fn change(path: &Path, kid: &str, change: impl FnOnce(&mut Value)) -> Result<(), Failure> {
    let mut set = document(path)?;
    let keys = keys_of(&mut set);
    let place = place(keys, path, kid)?;
    change(&mut keys[place]);
    write(path, &set)
}

fn take_out(path: &Path, kid: &str) -> Result<(), Failure> {
    let mut set = document(path)?;
    let keys = keys_of(&mut set);
    let place = place(keys, path, kid)?;
    if matches!(keys[place]["status"].as_str(), None | Some("active")) {
        return Err(Failure::usage(format!("the key {kid:?} is active"))
            .mend("retire it first, and drop it when its last token has ended"));
    }
    keys.remove(place);
    if keys.is_empty() {
        return Err(Failure::usage(format!("{kid:?} is the only key of the set")).mend("remove the file instead"));
    }
    write(path, &set)
}

//! Runs published vectors of license tokens.

use core::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::{Entry, KeySet, Leeway, LicenseError, RevocationList, Revocations, Revoked, Settings, Validator};

/// What became of one vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The vector's id.
    pub id: String,
    /// What it expects: `ok`, or the code and which token.
    pub expected: String,
    /// What came out, in the same words.
    pub got: String,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    call: String,
    name: Option<String>,
    keyset: String,
    now: u64,
    leeway: u64,
    revoked: Option<Listed>,
    token: Option<String>,
    user_token: String,
    expect: Expected,
}

#[derive(Deserialize)]
struct Listed {
    jti: Vec<String>,
    kid: Vec<String>,
}

#[derive(Deserialize)]
struct Expected {
    ok: bool,
    error: Option<String>,
    token: Option<String>,
}

/// Whether a file holds such vectors.
#[must_use]
pub fn is_ours(file: &Value) -> bool {
    ["subjects", "keysets", "vectors"].into_iter().all(|name| file.get(name).is_some())
}

/// Runs every vector of a file but those that need a process.
///
/// # Errors
///
/// A sentence about the vector or the keys that cannot be read.
pub fn run(file: &Value) -> Result<Vec<Row>, String> {
    let vectors = file["vectors"].as_array().ok_or("`vectors` is no list")?;
    vectors.iter().map(|vector| judge(file, vector)).collect()
}

fn judge(file: &Value, vector: &Value) -> Result<Row, String> {
    let id = vector["id"].as_str().unwrap_or_default();
    let failed = |what: String| format!("the vector {id} cannot be read: {what}");
    let vector = Vector::deserialize(vector).map_err(|fault| failed(fault.to_string()))?;
    let keys = KeySet::read_with_private(&file["keysets"][&vector.keyset].to_string());
    let keys = keys.map_err(|fault| failed(fault.to_string()))?;
    let leeway = Leeway::of_seconds(vector.leeway).ok_or_else(|| failed("its leeway is too large".to_owned()))?;
    let mut validator = Validator::new(keys).with_settings(Settings { leeway, ..Settings::default() });
    if let Some(listed) = &vector.revoked {
        validator = validator.with_revocations(Revocations::Optional(Some(listed.list())));
    }
    let now = Duration::from_secs(vector.now);
    let (name, license) = (vector.name.as_deref(), &vector.user_token);
    let outcome = match (vector.call.as_str(), vector.token.as_deref()) {
        ("verifyPlugin", token) => validator.check_plugin(name, token, license, now),
        ("verifyEnvironment", token) => validator.check_container(name, token.unwrap_or_default(), license, now),
        (other, _) => return Err(failed(format!("{other:?} is no call"))),
    };
    Ok(Row { expected: vector.expect.words(), got: words(outcome.map(drop)), id: vector.id })
}

impl Listed {
    fn list(&self) -> RevocationList {
        let tokens = self.jti.iter().cloned().map(Revoked::Token);
        let revoked = tokens.chain(self.kid.iter().cloned().map(Revoked::Key));
        RevocationList::trusted(revoked.map(|what| Entry { what, at: None, reason: None }))
    }
}

impl Expected {
    fn words(&self) -> String {
        match self.ok {
            true => "ok".to_owned(),
            false => said(self.error.as_deref().unwrap_or("?"), self.token.as_deref()),
        }
    }
}

fn words(outcome: Result<(), LicenseError>) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(error) => said(error.code().name(), error.token.map(crate::Kind::name)),
    }
}

fn said(code: &str, token: Option<&str>) -> String {
    match token {
        Some(token) => format!("{code} of the {token} token"),
        None => code.to_owned(),
    }
}

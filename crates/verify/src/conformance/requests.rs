//! Requests that their senders signed whole.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::account::{PresentedRequest, RequestKey, RequestRefusal, SignedText};
use crate::{base64, mac};

use super::{ConformanceError, Row, parsed};

/// The vectors of a file of this kind: to be accepted, to be refused, and either.
pub(super) struct Vectors<'f> {
    pub valid: &'f [Value],
    pub invalid: &'f [Value],
    pub either: &'f [Value],
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    method: String,
    path: String,
    server_now_unix: f64,
    #[serde(flatten)]
    body: Body,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A body as it is told: as text, encoded, or as a text that is repeated.
#[derive(Deserialize)]
struct Body {
    body: Option<String>,
    body_base64: Option<String>,
    body_repeat: Option<Repeated>,
}

#[derive(Deserialize)]
struct Repeated {
    text: String,
    count: usize,
}

/// The one key that the server of a vector knows.
struct Known<'v> {
    access_key: &'v str,
    key: RequestKey,
    disabled: bool,
}

/// The vectors of a file of this kind.
pub(super) fn vectors(file: &Value) -> Option<Vectors<'_>> {
    file["algorithm"]["string_to_sign"].as_str()?;
    let list = |name| file[name].as_array().map(Vec::as_slice);
    Some(Vectors { valid: list("valid")?, invalid: list("invalid")?, either: list("either").unwrap_or_default() })
}

/// A valid vector: we sign so, over that text, and believe it.
pub(super) fn valid(at: usize, vector: &Value) -> Result<Row, ConformanceError> {
    let vector: Vector = parsed(at, vector)?;
    let known = vector.known(&vector.rest)?;
    let (date, authorization) = (vector.member("date")?, vector.member("authorization")?);
    let body_digest = &vector.body_digest()?;
    let signed = SignedText { method: &vector.method, target: &vector.path, date, body_digest };
    let (text, ours) = (base64::encode(&signed.bytes()), signed.authorization(known.access_key, &known.key));
    let verdict = vector.verdict(Some(date), Some(authorization), &known)?;
    let expected = format!("{}, {authorization}, accept", vector.member("string_to_sign_base64")?);
    Ok(Row::new(&vector.id, expected, format!("{text}, {ours}, {verdict}")))
}

/// An invalid vector: we refuse it, for that reason.
pub(super) fn invalid(at: usize, vector: &Value) -> Result<Row, ConformanceError> {
    let vector: Vector = parsed(at, vector)?;
    let server = vector.rest.get("server_knows").and_then(Value::as_object);
    let known = vector.known(server.ok_or_else(|| vector.lacks("server_knows"))?)?;
    let verdict = vector.verdict(vector.header("Date"), vector.header("Authorization"), &known)?;
    Ok(Row::new(&vector.id, format!("refuse, {}", vector.member("reason")?), verdict))
}

/// A vector on which implementations may differ: it passes, and says how we differ.
pub(super) fn either(at: usize, vector: &Value) -> Result<Row, ConformanceError> {
    let vector: Vector = parsed(at, vector)?;
    let known = vector.known(&vector.rest)?;
    let got = vector.verdict(vector.header("Date"), vector.header("Authorization"), &known)?;
    Ok(Row { id: vector.id.clone(), pass: true, expected: "either".to_owned(), got })
}

impl Vector {
    fn verdict(
        &self,
        date: Option<&str>,
        authorization: Option<&str>,
        known: &Known<'_>,
    ) -> Result<String, ConformanceError> {
        let digest = &self.body_digest()?;
        Ok(match self.judge(date, authorization, digest, known) {
            Ok(()) => "accept".to_owned(),
            Err(refusal) => format!("refuse, {}", refusal.code()),
        })
    }

    fn judge(
        &self,
        date: Option<&str>,
        authorization: Option<&str>,
        digest: &[u8; 32],
        known: &Known<'_>,
    ) -> Result<(), RequestRefusal> {
        // Whole seconds, as the gateway's clock has them.
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        let now_s = self.server_now_unix.floor() as i64;
        let presented = PresentedRequest::read(date.map(str::as_bytes), authorization.map(str::as_bytes), now_s)?;
        let key = (presented.unverified_access_key() == known.access_key).then_some(&known.key);
        presented.verify(&self.method, &self.path, digest, key)?;
        if known.disabled { Err(RequestRefusal::Disabled) } else { Ok(()) }
    }

    fn known<'v>(&self, server: &'v Map<String, Value>) -> Result<Known<'v>, ConformanceError> {
        let text = |name: &str| server.get(name).and_then(Value::as_str);
        let access_key = text("access_key").ok_or_else(|| self.lacks("access_key"))?;
        let secret = text("secret_key_base64");
        let key = secret.and_then(|text| RequestKey::read(text).ok()).ok_or_else(|| self.lacks("secret_key_base64"))?;
        Ok(Known { access_key, key, disabled: server.get("user_disabled") == Some(&Value::Bool(true)) })
    }

    fn body_digest(&self) -> Result<[u8; 32], ConformanceError> {
        let body = match &self.body {
            Body { body: Some(text), .. } => text.clone().into_bytes(),
            Body { body_repeat: Some(repeated), .. } => repeated.text.repeat(repeated.count).into_bytes(),
            Body { body_base64, .. } => {
                let bytes = body_base64.as_deref().and_then(|text| base64::decode(text.as_bytes()));
                bytes.ok_or_else(|| self.lacks("body"))?
            }
        };
        Ok(mac::token_digest(&body))
    }

    fn member(&self, name: &str) -> Result<&str, ConformanceError> {
        self.rest.get(name).and_then(Value::as_str).ok_or_else(|| self.lacks(name))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.rest.get("headers")?.get(name)?.as_str()
    }

    fn lacks(&self, member: &str) -> ConformanceError {
        ConformanceError::Malformed { id: self.id.clone(), fault: format!("it has no readable {member}") }
    }
}

//! Signatures on calls to scanners.

use serde::Deserialize;
use serde_json::Value;

use crate::sign;

use super::{ConformanceError, Row, parsed};

#[derive(Deserialize)]
struct Vector {
    id: String,
    key_utf8: String,
    body_base64: Option<String>,
    body_generator: Option<Generator>,
    authorization: Option<String>,
    refuse_as: Option<String>,
}

/// A long body, told shortly.
#[derive(Deserialize)]
struct Generator {
    prefix: String,
    repeat: String,
    count: usize,
    suffix: String,
}

/// The positive and the negative vectors of a file of this kind.
pub(super) fn vectors(file: &Value) -> Option<(&Vec<Value>, &Vec<Value>)> {
    let (positive, negative) = (file["positive"].as_array()?, file["negative"].as_array()?);
    negative.iter().any(|vector| vector["refuse_as"].is_string()).then_some((positive, negative))
}

/// A positive vector: we sign so, and accept it.
pub(super) fn signed(at: usize, vector: &Value) -> Result<Row, ConformanceError> {
    let vector: Vector = parsed(at, vector)?;
    let body = vector.body()?;
    let ours = sign::scanner(&vector.key_utf8, &body);
    let verdict = vector.verdict(&body);
    let expected = format!("{}, accepted", vector.authorization.as_deref().unwrap_or_default());
    Ok(Row::new(&vector.id, expected, format!("{ours}, {verdict}")))
}

/// A negative vector: we refuse it, for that reason.
pub(super) fn refused(at: usize, vector: &Value) -> Result<Row, ConformanceError> {
    let vector: Vector = parsed(at, vector)?;
    let verdict = vector.verdict(&vector.body()?);
    let expected = vector.refuse_as.as_deref().unwrap_or_default();
    Ok(Row::new(&vector.id, expected, verdict))
}

impl Vector {
    fn verdict(&self, body: &[u8]) -> &'static str {
        match sign::scanner_authorization(self.authorization.as_deref(), &self.key_utf8, body) {
            Ok(()) => "accepted",
            Err(refusal) => refusal.code(),
        }
    }

    fn body(&self) -> Result<Vec<u8>, ConformanceError> {
        if let Some(generator) = &self.body_generator {
            let middle = generator.repeat.repeat(generator.count);
            return Ok([&generator.prefix, &middle, &generator.suffix].map(String::as_bytes).concat());
        }
        let encoded = self.body_base64.as_deref();
        encoded.and_then(|text| crate::base64::decode(text.as_bytes())).ok_or_else(|| {
            let fault = "it has neither body_base64 nor body_generator".to_owned();
            ConformanceError::Malformed { id: self.id.clone(), fault }
        })
    }
}

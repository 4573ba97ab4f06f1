//! A body of the scanner protocol's API: JSON with few members, each judged on its own.

use std::collections::BTreeMap;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::error::Refused;
use super::schema::{self, Results};
use crate::receive::read_body;

/// A body is at most so large.
const BYTES_MAX: usize = 1024 * 1024;

const REQUIRED: &str = "This field is required.";
const NOT_NULL: &str = "This field may not be null.";
const NOT_INTEGER: &str = "A valid integer is required.";
const UNEXPECTED: &str = "Unexpected field.";

/// The members of a body, and what was said about them so far.
#[derive(Debug, Default)]
pub struct Members {
    present: BTreeMap<String, Box<RawValue>>,
    remarks: Map<String, Value>,
}

impl Members {
    /// Reads a body. An empty one has no members.
    ///
    /// # Errors
    /// When it is too large or too slow, of another kind, or no JSON object.
    pub async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refused> {
        let body = read_body(body, BYTES_MAX).await?;
        if body.is_empty() {
            return Ok(Self::default());
        }
        let kind = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let kind = kind.unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Refused::MediaType(kind.chars().take(80).collect()));
        }
        Self::parse(&body)
    }

    fn parse(body: &[u8]) -> Result<Self, Refused> {
        let malformed = |why: serde_json::Error| Refused::Malformed(why.to_string());
        let whole: &RawValue = serde_json::from_slice(body).map_err(malformed)?;
        if whole.get().starts_with('{') {
            let present = serde_json::from_str(whole.get()).map_err(malformed)?;
            return Ok(Self { present, remarks: Map::new() });
        }
        let remark = match schema::kind_of(&serde_json::from_str(whole.get()).map_err(malformed)?) {
            "NoneType" => "No data provided".to_owned(),
            kind => format!("Invalid data. Expected a dictionary, but got {kind}."),
        };
        Err(Refused::member("non_field_errors", remark))
    }

    /// The member `results`.
    ///
    /// # Errors
    /// When it cannot be parsed at all. What else is wrong with it is remarked, and it is none.
    pub fn results(&mut self) -> Result<Option<Results>, Refused> {
        let Some(raw) = self.present.remove("results") else { return Ok(self.remark("results", REQUIRED)) };
        let value: Value = serde_json::from_str(raw.get()).map_err(|why| Refused::Malformed(why.to_string()))?;
        if value.is_null() {
            return Ok(self.remark("results", NOT_NULL));
        }
        match schema::check(&value) {
            Ok(matched) => Ok(Some(Results { matched, raw: Bytes::from(String::from(Box::<str>::from(raw))) })),
            Err(remark) => Ok(self.remark("results", &remark)),
        }
    }

    /// The member `version_id`: an integer, also as text.
    pub fn version_id(&mut self) -> Option<String> {
        let Some(raw) = self.present.remove("version_id") else { return self.remark("version_id", REQUIRED) };
        let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let digits = match &value {
            Value::Null => return self.remark("version_id", NOT_NULL),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return self.remark("version_id", NOT_INTEGER),
        };
        // `42.0` is the integer 42.
        let whole = digits.split_once('.').filter(|(_, rest)| rest.bytes().all(|byte| byte == b'0'));
        let whole = whole.map_or(digits.as_str(), |(whole, _)| whole);
        match whole.parse::<i128>() {
            Ok(number) => Some(number.to_string()),
            Err(_) => self.remark("version_id", NOT_INTEGER),
        }
    }

    /// Says what is wrong with a member.
    pub fn remark<T>(&mut self, name: &str, what: &str) -> Option<T> {
        self.remarks.insert(name.to_owned(), json!([what]));
        None
    }

    /// Says that everything was looked at.
    ///
    /// # Errors
    /// Every remark; without one, every member that was not asked for.
    pub fn finish(mut self) -> Result<(), Refused> {
        if self.remarks.is_empty() {
            self.remarks = self.present.into_keys().map(|name| (name, json!([UNEXPECTED]))).collect();
        }
        if self.remarks.is_empty() { Ok(()) } else { Err(Refused::Members(self.remarks)) }
    }
}

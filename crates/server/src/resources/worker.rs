//! A worker as its people configure it: `{"type":"web","version":1,"url":"..","headers":{..}}` (event-workers, section 2).

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

/// A worker's own configuration, an object or a text that holds one. Without `Debug`: it holds secrets.
#[derive(Clone)]
pub struct WorkerConfig {
    /// Where messages are posted.
    pub url: String,
    /// Sent with every message.
    pub headers: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for WorkerConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(Value::deserialize(from)?).map_err(|why| de::Error::custom(format!("config: {why}")))
    }
}

impl WorkerConfig {
    /// Reads it. Members that are not known are ignored.
    ///
    /// # Errors
    /// A sentence on what was expected and found, and what to use instead.
    pub fn read(value: Value) -> Result<Self, String> {
        let value = match value {
            Value::String(text) => {
                serde_json::from_str(&text).map_err(|_| "expected a JSON object, found other text")?
            }
            value => value,
        };
        let Value::Object(members) = value else { return Err("expected a JSON object".to_owned()) };
        check_kind(&members)?;
        let url = members.get("url").and_then(Value::as_str);
        let url = url.ok_or("expected the member \"url\", the address that messages are posted to")?.to_owned();
        let headers = match members.get("headers") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(headers)) => headers.iter().map(text_of).collect::<Result<_, _>>()?,
            Some(_) => return Err("expected headers to be an object of texts".to_owned()),
        };
        Ok(Self { url, headers })
    }
}

fn check_kind(members: &Map<String, Value>) -> Result<(), String> {
    let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind == "aws" {
        return Err(
            "functions are not called by their name: give the function an address of its own (a function URL) \
                    and use {\"type\":\"web\",\"version\":1,\"url\":\"https://..\"}"
                .to_owned(),
        );
    }
    if kind != "web" || members.get("version").and_then(Value::as_f64) != Some(1.0) {
        let found: Vec<String> = ["type", "version"]
            .map(|name| members.get(name).map_or_else(|| format!("no {name}"), |found| format!("{name} {found}")))
            .into();
        return Err(format!("expected \"type\":\"web\" and \"version\":1, found {}", found.join(" and ")));
    }
    Ok(())
}

fn text_of((name, value): (&String, &Value)) -> Result<(String, String), String> {
    let text = value.as_str().ok_or_else(|| format!("expected the header {name:?} to be a text"))?;
    Ok((name.clone(), text.to_owned()))
}

/// What the exchange itself says, and what proves that we call: nobody else says it.
const OURS: &[&str] =
    &["host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect", "keep-alive"];

/// Whether these headers can be sent; their values are never told.
///
/// # Errors
/// A sentence on the first that cannot.
pub fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for (name, value) in headers {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        let parsed = parsed.map_err(|_| format!("headers: {name:?} has characters that no header's name has"))?;
        if HeaderValue::from_str(value).is_err() {
            return Err(format!("headers: the value of {name:?} has characters that no header's value has"));
        }
        let lower = parsed.as_str();
        if OURS.contains(&lower) || lower.starts_with("webhook-") || lower.starts_with("countersign-") {
            return Err(format!("headers: {name:?} is set by the gateway itself; leave it out"));
        }
        if !seen.insert(lower.to_owned()) {
            return Err(format!("headers: {name:?} stands there twice, in another case"));
        }
    }
    Ok(())
}

/// Whether two addresses lead to the same host under the same scheme.
#[must_use]
pub fn same_host(left: &str, right: &str) -> bool {
    let origin = |url: &str| {
        let uri = url.parse::<http::Uri>().ok()?;
        Some((uri.scheme_str()?.to_ascii_lowercase(), uri.authority()?.as_str().to_ascii_lowercase()))
    };
    origin(left).is_some_and(|left| Some(left) == origin(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(config: Value) -> String {
        WorkerConfig::read(config).map(|config| config.url).expect_err("refused")
    }

    #[test]
    fn a_configuration_is_read_as_an_object_and_as_a_text() {
        let config = json!({ "type": "web", "version": 1, "url": "http://w/", "headers": { "X-Key": "k" }, "more": 1 });
        for config in [config.clone(), Value::String(config.to_string())] {
            let read = WorkerConfig::read(config).map_err(|why| panic!("{why}")).expect("read");
            assert_eq!((read.url.as_str(), read.headers["X-Key"].as_str()), ("http://w/", "k"));
        }
        let bare = WorkerConfig::read(json!({ "type": "web", "version": 1, "url": "u", "headers": null }));
        assert!(bare.is_ok_and(|bare| bare.headers.is_empty()));
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert_eq!(refused(json!("nonsense")), "expected a JSON object, found other text");
        assert_eq!(refused(json!([])), "expected a JSON object");
        assert!(refused(json!({ "type": "aws", "version": 1, "lambdaName": "f" })).contains("\"type\":\"web\""));
        assert_eq!(
            refused(json!({ "type": "web", "version": 2, "url": "u" })),
            "expected \"type\":\"web\" and \"version\":1, found type \"web\" and version 2"
        );
        assert!(refused(json!({ "version": 1, "url": "u" })).contains("found no type"));
        assert!(refused(json!({ "type": "web", "version": 1 })).contains("\"url\""));
        let headers = |headers: Value| refused(json!({ "type": "web", "version": 1, "url": "u", "headers": headers }));
        assert_eq!(headers(json!({ "X-Key": 7 })), "expected the header \"X-Key\" to be a text");
        assert!(headers(json!("X-Key: k")).contains("an object of texts"));
    }

    #[test]
    fn headers_that_cannot_be_sent_are_told_without_their_values() {
        let of = |pairs: &[(&str, &str)]| {
            check_headers(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!(of(&[("X-Api-Key", "k"), ("Content-Type", "application/json")]), Ok(()));
        for (name, value) in [("X Key", "hunter2"), ("X-Key", "hunter2\n"), ("Host", "h"), ("webhook-id", "h")] {
            assert!(of(&[(name, value)]).is_err_and(|why| why.contains(name) && !why.contains("hunter2")), "{name}");
        }
        assert!(of(&[("X-Key", "a"), ("x-key", "b")]).is_err());
    }

    #[test]
    fn a_host_is_the_same_under_any_path() {
        assert!(same_host("https://a.example/x", "HTTPS://A.example/y?z"));
        for other in ["https://b.example/x", "http://a.example/x", "https://a.example:8443/x", ""] {
            assert!(!same_host("https://a.example/x", other), "{other}");
        }
    }
}

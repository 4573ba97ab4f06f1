//! Reading JSON strictly: an unknown member is refused with the nearest known name.

use serde::de::DeserializeOwned;

use crate::problem::{self, Problem};
use crate::text::nearest;

/// Reads a JSON document.
///
/// # Errors
/// `malformed-request`, `unknown-member` or `invalid-value`.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(json).map_err(|error| explain(&error))
}

/// Reads a JSON value.
///
/// # Errors
/// As [`read`].
pub fn read_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| explain(&error))
}

fn explain(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if !error.is_data() {
        return Problem::new(&problem::MALFORMED, format!("expected JSON, but {text}"));
    }
    if let Some((kind, rest)) = text.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        // The value itself may be a secret in the wrong form.
        let kind = kind.split(['`', '"']).next().unwrap_or_default().trim();
        return Problem::invalid(format!("expected {rest}, found {kind}"));
    }
    if !text.starts_with("unknown field") {
        return Problem::invalid(text);
    }
    let mut names = text.split('`').skip(1).step_by(2);
    let found = names.next().unwrap_or_default();
    let suggestion = nearest(found, names).map(|name| format!("; did you mean {name:?}?"));
    let found: String = found.chars().take(80).collect();
    let detail = format!("the member {found:?} is not known here{}", suggestion.unwrap_or_default());
    Problem::new(&problem::UNKNOWN_MEMBER, detail)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Two {
        #[expect(dead_code, reason = "only read")]
        deadline: String,
        #[expect(dead_code, reason = "only read")]
        events: Vec<String>,
    }

    #[test]
    fn what_is_wrong_is_told_with_the_nearest_name() {
        let problem = |json: &str| read::<Two>(json.as_bytes()).expect_err("refused");

        let unknown = problem(r#"{"deadlien": "26h"}"#);
        assert_eq!(unknown.kind.code, "unknown-member");
        assert_eq!(unknown.detail, r#"the member "deadlien" is not known here; did you mean "deadline"?"#);
        assert_eq!(problem(r#"{"zzz": 1}"#).detail, r#"the member "zzz" is not known here"#);
        assert_eq!(problem("{").kind.code, "malformed-request");
        let wrong = problem(r#"{"deadline": 1234}"#);
        assert_eq!(wrong.kind.code, "invalid-value");
        assert_eq!(wrong.detail, "expected a string at line 1 column 17, found integer");
    }
}

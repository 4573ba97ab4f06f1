//! A request's headers and path as they are kept: in full, except for what proves who sent it.

use http::{HeaderMap, HeaderName};

/// What stands in the place of a credential.
const REDACTED: &str = "[redacted]";

/// Headers that hold a credential whatever the provider.
const CREDENTIALS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];
/// Parts of names that tell of a credential.
const TELLING: [&str; 4] = ["token", "secret", "signature", "key"];

/// Names and values as a JSON array of pairs, `own` being the provider's own credential headers. Written by hand: this runs for every request.
pub fn kept(headers: &HeaderMap, own: &[&str]) -> String {
    let mut json = String::with_capacity(64 * (headers.len() + 1));
    json.push('[');
    for (name, value) in headers {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str("[\"");
        // Header names are lower-case tokens: nothing in them needs an escape.
        json.push_str(name.as_str());
        json.push_str("\",\"");
        if is_credential(name, own) {
            json.push_str(REDACTED);
        } else {
            push_escaped(&mut json, value.as_bytes());
        }
        json.push_str("\"]");
    }
    json.push(']');
    json
}

/// The path and query as they are kept, `own` being the provider's own names in the query that hold a credential: such
/// are left out.
pub fn kept_path(path: &str, query: Option<&str>, own: &[&str]) -> String {
    let Some(query) = query else { return path.to_owned() };
    let kept = query.split('&').map(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        let plain = crate::text::decoded(&name.replace('+', " ")).unwrap_or_default().to_lowercase();
        let is_own = own.iter().any(|own| own.to_lowercase() == plain);
        let is_credential = is_own || plain == "code" || TELLING.iter().any(|part| plain.contains(part));
        if is_credential { format!("{name}={REDACTED}") } else { pair.to_owned() }
    });
    format!("{path}?{}", kept.collect::<Vec<_>>().join("&"))
}

fn is_credential(name: &HeaderName, own: &[&str]) -> bool {
    let text = name.as_str();
    CREDENTIALS.contains(&text)
        || text.starts_with("x-hub-signature")
        || TELLING.iter().any(|part| text.contains(part))
        || is_own(name, own)
}

/// Whether it is one of these, or one of them with a number after it.
fn is_own(name: &HeaderName, own: &[&str]) -> bool {
    let name = name.as_str();
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    own.iter().any(|own| own.eq_ignore_ascii_case(name) || own.eq_ignore_ascii_case(plain))
}

/// A value as the inside of a JSON string; bytes above ASCII as the Latin-1 characters that headers count as.
fn push_escaped(json: &mut String, value: &[u8]) {
    for byte in value {
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\t' => json.push_str("\\t"),
            other => json.push(char::from(*other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn headers_are_kept_in_full_except_for_credentials() {
        let mut headers = HeaderMap::new();
        headers.insert("x-github-event", HeaderValue::from_static("a \"b\" \\c"));
        headers.insert("x-odd", HeaderValue::from_bytes(b"\xe9\t1").expect("a value"));
        for name in ["authorization", "cookie", "x-hub-signature", "x-gitlab-token", "my-api-key"] {
            headers.insert(name, HeaderValue::from_static("hunter2"));
        }

        let json = kept(&headers, &verify::provider::GITHUB.credential.headers());

        let pairs: Vec<(String, String)> = serde_json::from_str(&json).expect("JSON");
        assert_eq!(pairs[0], ("x-github-event".to_owned(), "a \"b\" \\c".to_owned()));
        assert_eq!(pairs[1], ("x-odd".to_owned(), "é\t1".to_owned()));
        assert!(pairs[2..].iter().all(|(_, value)| value == REDACTED) && !json.contains("hunter2"), "{json}");
    }

    #[test]
    fn a_code_in_the_query_is_left_out_of_the_path() {
        assert_eq!(kept_path("/a", None, &["auth"]), "/a");
        let kept = |query: &str, own: &[&str]| kept_path("/a", Some(query), own);
        assert_eq!(kept("x=1&code=hunter2&C%6Fde=h", &[]), "/a?x=1&code=[redacted]&C%6Fde=[redacted]");
        assert_eq!(kept("auth=hunter2&a%75th=h&x=1", &["auth"]), "/a?auth=[redacted]&a%75th=[redacted]&x=1");
        assert_eq!(kept("auth=1&x=1", &["x"]), "/a?auth=1&x=[redacted]");
    }
}

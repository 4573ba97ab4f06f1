//! The `scanner` profile: the scanner pipeline's call and answers (scanner-pipeline, sections 4 to 6).

mod body;

use super::{Ask, Outgoing, PayloadForm, Profile, ProfileKind, distinct, read_status};
use crate::Timestamp;
use crate::answer::{Answer, Said};
use crate::catalogue::Service;
use crate::outcome::Response;
use crate::retry::RetryPolicy;
use crate::rule::When;

pub use body::{PATHS, is_path};

/// The profile.
pub const SCANNER: Profile = Profile {
    kind: ProfileKind::Scanner,
    when: When::Gate,
    highest: true,
    retry: RetryPolicy::SCANNER,
    // What the published library reads (section 5.1).
    body_bytes_max: 1024 * 1024,
    request,
    read,
};

fn request(ask: &Ask<'_>) -> Outgoing {
    let body = body::write(ask);
    // The real client library refuses any parameter after the media type.
    let mut headers =
        vec![("content-type", "application/json".to_owned()), ("x-amo-request-id", verify::hex::encode(&ask.call_id))];
    if let Some(key) = ask.secret {
        headers.push(("authorization", verify::sign::scanner(key, &body)));
    }
    Outgoing { headers, body }
}

fn read(response: &Response, service: &Service, now: Timestamp) -> Answer {
    match response.status {
        204 => Answer::Skipped { open: true },
        202 => match read_body(&response.body, service.form) {
            said @ (Answer::Processed(_) | Answer::Failed { .. }) => said,
            _ => Answer::Deferred { until: None },
        },
        200 | 201 => read_body(&response.body, service.form),
        _ => read_status(response, now),
    }
}

#[derive(serde::Deserialize)]
struct Reported {
    /// That it is there at all is what counts, null included.
    #[serde(default, deserialize_with = "present")]
    error: Option<serde_json::Value>,
}

#[derive(serde::Deserialize)]
struct Members {
    version: Option<String>,
    #[serde(rename = "matchedRules")]
    matched_rules: Option<Vec<String>>,
    annotations: Option<std::collections::BTreeMap<String, Vec<serde_json::Map<String, serde_json::Value>>>>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde::Deserialize::deserialize(from).map(Some)
}

/// What the body of an answer, or of a result that is sent later, means.
#[must_use]
pub fn read_body(body: &[u8], form: PayloadForm) -> Answer {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Answer::Unreadable { why: "expected a JSON object".to_owned() };
    }
    // It is read first and alone: whatever else does not read, the scanner has said that it failed.
    if let Ok(Reported { error: Some(error) }) = serde_json::from_slice(body) {
        return Answer::Failed { why: format!("it reports an error: {}", short(&error.to_string())) };
    }
    let said: Members = match serde_json::from_slice(body) {
        Ok(said) => said,
        Err(why) => return Answer::Unreadable { why: format!("expected a scanner's JSON object: {why}") },
    };
    if said.version.is_none() {
        return Answer::Unreadable {
            why: "expected the member \"version\" (a string, the scanner's version), found none".to_owned(),
        };
    }
    let Some(matched) = said.matched_rules else {
        return match form {
            // Nothing could complete it later: the first generation has no way to send results.
            PayloadForm::Basic => Answer::Processed(Said { complete: true, ..Said::default() }),
            PayloadForm::Full => Answer::Deferred { until: None },
        };
    };
    let strays: Vec<&String> =
        said.annotations.iter().flat_map(|all| all.keys()).filter(|name| !matched.contains(name)).collect();
    if !strays.is_empty() {
        return Answer::Unreadable { why: short(&format!("Annotation keys not in matchedRules: {strays:?}")) };
    }
    match distinct(matched) {
        Ok(matched) => Answer::Processed(Said { matched, coverage: None, complete: true, note: None }),
        Err(why) => Answer::Unreadable { why },
    }
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

    fn answer(form: PayloadForm, status: u16, body: &str) -> Answer {
        let response = Response { status, retry_after: None, connected: None, body: body.as_bytes().to_vec() };
        let service = Service { form, ..crate::judge::tests::service(1, ProfileKind::Scanner) };
        read(&response, &service, NOW)
    }

    #[test]
    fn a_version_alone_completes_in_the_basic_form_and_acknowledges_in_the_full_one() {
        let only_version = r#"{"version":"1.0"}"#;
        assert_eq!(answer(PayloadForm::Basic, 200, only_version).word(), "processed");
        assert_eq!(answer(PayloadForm::Basic, 202, only_version).word(), "processed");
        assert_eq!(answer(PayloadForm::Full, 200, only_version).word(), "deferred");
    }

    #[test]
    fn statuses_read_as_the_pipeline_says() {
        let word = |status, body| answer(PayloadForm::Full, status, body).word();
        assert_eq!(word(204, ""), "skipped");
        assert_eq!(word(202, "any text at all"), "deferred");
        assert_eq!(word(200, r#"{"version":"1","matchedRules":["X"]}"#), "processed");
        assert_eq!(word(201, r#"{"version":"1","matchedRules":[]}"#), "processed");
        assert_eq!(word(200, r#"{"version":"1","error":"no"}"#), "failed");
        assert_eq!(word(401, r#"{"error":"authentication has failed"}"#), "misconfigured");
        assert_eq!(word(200, r#"{"version":"1","matchedRules":[],"error":null}"#), "failed", "it is there");
        assert_eq!(word(202, r#"{"error":"boom"}"#), "failed");
        assert_eq!(word(202, r#"{"error":"boom","matchedRules":5}"#), "failed");
        assert_eq!(word(203, r#"{"version":"1","matchedRules":[]}"#), "unreadable");
        assert_eq!(word(206, r#"{"version":"1","matchedRules":[]}"#), "unreadable");
        assert_eq!(word(502, ""), "failed");
        assert_eq!(word(302, ""), "misconfigured");
    }

    #[test]
    fn what_is_not_the_protocol_is_never_a_pass() {
        for body in [
            "",
            "null",
            "[]",
            "\"error\"",
            "{}",
            r#"{"version":1}"#,
            r#"{"version":"1","matchedRules":"X"}"#,
            r#"{"version":"1","matchedRules":["A"],"annotations":{"B":[{}]}}"#,
        ] {
            assert_eq!(answer(PayloadForm::Full, 200, body).word(), "unreadable", "{body:?}");
        }
    }

    #[test]
    fn a_finding_cannot_hide_behind_a_thousand_others() {
        let names = |count: usize| (0..count).map(|nth| format!("\"N{nth}\"")).collect::<Vec<_>>().join(",");
        let body = |count| format!(r#"{{"version":"1","matchedRules":[{}]}}"#, names(count));
        assert_eq!(answer(PayloadForm::Full, 200, &body(1_000)).word(), "processed");
        assert_eq!(answer(PayloadForm::Full, 200, &body(1_001)).word(), "unreadable");
    }

    #[test]
    fn a_skip_may_still_be_replaced() {
        assert_eq!(answer(PayloadForm::Full, 204, ""), Answer::Skipped { open: true });
    }
}

//! The `standard` profile: for services written for Countersign, or any receiver of Standard Webhooks.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Ask, Outgoing, Profile, ProfileKind, TellArtifact, distinct, read_status};
use crate::Timestamp;
use crate::answer::{Answer, Said};
use crate::catalogue::Service;
use crate::outcome::Response;
use crate::result::Coverage;
use crate::retry::RetryPolicy;
use crate::rule::When;
use crate::subject::SubjectName;

/// The profile.
pub const STANDARD: Profile = Profile {
    kind: ProfileKind::Standard,
    when: When::Result,
    highest: false,
    retry: RetryPolicy::DEFAULT,
    body_bytes_max: usize::MAX,
    request,
    read,
};

#[derive(serde::Serialize)]
struct Call<'a> {
    r#type: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(serde::Serialize)]
struct Data<'a> {
    event: &'a str,
    subject: Option<&'a SubjectName>,
    artifacts: &'a [TellArtifact],
    body: Option<&'a RawValue>,
    body_url: Option<&'a str>,
    result_url: &'a str,
    deadline: String,
}

fn request(ask: &Ask<'_>) -> Outgoing {
    let body = ask.told.json().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    let call = Call {
        r#type: &ask.told.event.kind,
        timestamp: ask.told.event.at.rfc3339(),
        data: Data {
            event: ask.event_id,
            subject: ask.told.subject.as_ref(),
            artifacts: ask.artifacts,
            body,
            body_url: (body.is_none() && ask.told.has_body).then_some(ask.body_url),
            result_url: ask.result_url,
            deadline: ask.deadline.rfc3339(),
        },
    };
    Outgoing {
        headers: vec![("content-type", "application/json".to_owned())],
        body: serde_json::to_vec(&call).unwrap_or_default(),
    }
}

/// The members of an answer and of a call back.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Members {
    action: Option<String>,
    deadline: Option<String>,
    reason: Option<String>,
    matched_rules: Option<Vec<String>>,
    #[serde(rename = "matchedRules")]
    matched_rules_camel: Option<Vec<String>>,
    coverage: Option<Coverage>,
}

fn read(response: &Response, _service: &Service, now: Timestamp) -> Answer {
    match response.status {
        204 => Answer::Skipped { open: false },
        406 => Answer::Rejected { reason: members(&response.body).ok().and_then(|said| said.reason) },
        202 => match members(&response.body) {
            Ok(said) => deferred(said.deadline.as_deref()).unwrap_or(Answer::Deferred { until: None }),
            Err(_) => Answer::Deferred { until: None },
        },
        200 | 201 => read_body(&response.body),
        200..300 => {
            Answer::Unreadable { why: format!("expected the status 200, 201, 202 or 204, found {}", response.status) }
        }
        _ => read_status(response, now),
    }
}

/// What the body of an answer with 200 or 201, or of a call back, means.
#[must_use]
pub fn read_body(body: &[u8]) -> Answer {
    let said = match members(body) {
        Ok(said) => said,
        Err(why) => return Answer::Unreadable { why },
    };
    match said.action.as_deref() {
        None | Some("processed") => {
            match distinct(said.matched_rules.or(said.matched_rules_camel).unwrap_or_default()) {
                Ok(matched) => Answer::Processed(Said { matched, coverage: said.coverage, complete: true, note: None }),
                Err(why) => Answer::Unreadable { why },
            }
        }
        Some("deferred") => match deferred(said.deadline.as_deref()) {
            Some(answer) => answer,
            None => Answer::Unreadable {
                why: format!(
                    "expected \"deadline\" to be a time in RFC 3339 form, found {:?}",
                    said.deadline.unwrap_or_default()
                ),
            },
        },
        Some("skipped") => Answer::Skipped { open: false },
        Some("rejected") => Answer::Rejected { reason: said.reason },
        Some("error") => Answer::Error { reason: said.reason },
        Some(other) => Answer::Unreadable {
            why: format!(
                "expected \"action\" to be processed, deferred, skipped, rejected or error, found {:?}",
                other.chars().take(40).collect::<String>()
            ),
        },
    }
}

/// A deferral, unless its deadline does not read.
fn deferred(deadline: Option<&str>) -> Option<Answer> {
    let until = match deadline {
        Some(text) => Some(Timestamp::parse(text)?),
        None => None,
    };
    Some(Answer::Deferred { until })
}

fn members(body: &[u8]) -> Result<Members, String> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err("expected a JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|why| format!("expected a JSON object of the profile's members: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

    fn answer(status: u16, body: &str) -> Answer {
        let response = Response { status, retry_after: None, connected: None, body: body.as_bytes().to_vec() };
        let service = crate::judge::tests::service(1, ProfileKind::Standard);
        read(&response, &service, NOW)
    }

    #[test]
    fn every_row_of_the_answer_table_reads_as_it_says() {
        let word = |status, body| answer(status, body).word();
        assert_eq!(word(200, r#"{"action":"processed"}"#), "processed");
        assert_eq!(word(201, "{}"), "processed");
        assert_eq!(word(200, r#"{"action":"deferred"}"#), "deferred");
        assert_eq!(word(202, "accepted"), "deferred");
        assert_eq!(word(204, ""), "skipped");
        assert_eq!(word(200, r#"{"action":"skipped"}"#), "skipped");
        assert_eq!(word(406, ""), "rejected");
        assert_eq!(word(200, r#"{"action":"rejected","reason":"no"}"#), "rejected");
        assert_eq!(word(200, r#"{"action":"error","reason":"x"}"#), "error");
        for status in [500, 502, 504, 599, 408, 425] {
            assert_eq!(word(status, ""), "failed", "{status}");
        }
        for status in [429, 503] {
            assert_eq!(word(status, ""), "busy", "{status}");
        }
        assert_eq!(word(410, ""), "gone");
        for status in [301, 307, 400, 401, 404, 413] {
            assert_eq!(word(status, ""), "misconfigured", "{status}");
        }
        for status in [203, 206, 226] {
            assert_eq!(word(status, "{}"), "unreadable", "{status}");
        }
    }

    #[test]
    fn what_is_not_the_protocol_is_never_a_pass() {
        for body in [
            "",
            "[]",
            "null",
            "\"ok\"",
            "{",
            r#"{"action":"fine"}"#,
            r#"{"matched_rules":"X"}"#,
            r#"{"coverage":"all"}"#,
            r#"{"action":"deferred","deadline":"soon"}"#,
        ] {
            assert_eq!(answer(200, body).word(), "unreadable", "{body:?}");
        }
    }

    #[test]
    fn rule_names_are_taken_once_under_either_spelling() {
        let Answer::Processed(said) = answer(200, r#"{"matchedRules":["B","A","B"],"coverage":"partial"}"#) else {
            panic!("not processed");
        };
        assert_eq!(said.matched, ["B", "A"]);
        assert_eq!(said.coverage, Some(Coverage::Partial));
    }
}

//! Every error that leaves this crate: one closed table of types, one answer (RFC 9457, `application/problem+json`).
//!
//! A type's URI is `urn:countersign:problem:` and its code. The first half of the table is what the own API, the links
//! and the listeners say; the second half is the reasons of [`verify::refusal::Reason`], with which webhooks are
//! refused. Documentation is generated from [`PROBLEMS`].

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use store::StoreError;
use verify::receive::{Reason, Refusal};

use crate::text::capital;

/// What the URIs of all types begin with.
pub const TYPE_PREFIX: &str = "urn:countersign:problem:";

/// One type of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemType {
    /// Its stable code, the last part of its URI.
    pub code: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What the caller can do; empty where [`Reason::mend`] says it.
    mend: &'static str,
}

impl ProblemType {
    /// What the caller can do about it.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        Reason::from_code(self.code).map_or(self.mend, Reason::mend)
    }

    /// The type of a refused webhook.
    #[must_use]
    pub fn of_reason(reason: Reason) -> &'static ProblemType {
        PROBLEMS.iter().find(|each| each.code == reason.code()).unwrap_or(&INTERNAL)
    }
}

macro_rules! problems {
    (
        own { $($name:ident = $status:literal $code:literal $title:literal, $mend:literal;)+ }
        reasons { $($reason_status:literal $reason_code:literal $reason_title:literal;)+ }
    ) => {
        $(
            #[doc = $title]
            pub const $name: ProblemType =
                ProblemType { code: $code, status: $status, title: $title, mend: $mend };
        )+
        /// Every type of error, in the order of the documentation.
        pub const PROBLEMS: &[ProblemType] = &[
            $($name,)+
            $(ProblemType { code: $reason_code, status: $reason_status, title: $reason_title, mend: "" },)+
        ];
    };
}

problems! {
    own {
        NOT_FOUND = 404 "not-found" "There is no such thing",
            "Check the path and the id; lists show the ids that exist.";
        METHOD_NOT_ALLOWED = 405 "method-not-allowed" "Another method is needed here",
            "Use one of the methods in the header Allow.";
        UNAUTHENTICATED = 401 "unauthenticated" "No account was recognised",
            "Send the header Authorization with Bearer and a token of an active account.";
        FORBIDDEN = 403 "forbidden" "The account may not do this",
            "Use an account whose role allows it.";
        HOST_NOT_ALLOWED = 421 "host-not-allowed" "This host name is not served here",
            "Call it by a loopback name, or add the name to the configuration's list of admin hosts.";
        ORIGIN_NOT_ALLOWED = 403 "origin-not-allowed" "The form was sent from another site",
            "Open the page on this host and send the form from there.";
        SIGNED_OUT = 403 "signed-out" "The link or token does not sign in",
            "Ask for a new link; each works once, for ten minutes.";
        MALFORMED = 400 "malformed-request" "The request does not parse",
            "Send a JSON object as the operation's description shows it.";
        UNKNOWN_MEMBER = 400 "unknown-member" "The request has a member that is not known",
            "Correct the name or leave the member out.";
        INVALID = 422 "invalid-value" "A value is not acceptable",
            "Correct the value that the detail names.";
        TOO_LARGE = 413 "too-large" "The body is too large",
            "Send less than the limit that the detail names.";
        TOO_SLOW = 408 "too-slow" "The body came too slowly",
            "Send the body without pauses.";
        BROKEN = 400 "broken-body" "The body ended early",
            "Send the body whole.";
        TAKEN = 409 "name-taken" "The name is taken",
            "Choose another name, or change the entry that has it.";
        READ_ONLY = 409 "read-only" "The entry belongs to the configuration file",
            "Change it in the configuration file and restart.";
        CONFLICT = 409 "conflict" "The present state does not allow it",
            "Read the present state and decide again.";
        NOT_LICENSED = 409 "not-licensed" "The license does not let the service run",
            "Install a license that fits the service's plugin_token, or leave the service inactive.";
        ALREADY_COMPLETE = 409 "already-complete" "The result is complete or came too late",
            "Nothing to do: what came late was kept as late.";
        SUBMISSION_REFUSED = 403 "submission-refused" "An actor behind the subject may not submit",
            "An administrator lifts the restriction first.";
        UNREADABLE_RESULT = 400 "unreadable-result" "The result does not read",
            "Send the members that an answer may have; nothing was changed.";
        LINK_VOID = 410 "link-void" "The link has ended with what it was for",
            "Nothing to do: the answer is no longer awaited.";
        TOO_MANY_WAITERS = 503 "too-many-waiters" "Too many callers wait already",
            "Ask again without waiting, a little later.";
        FULL = 503 "store-full" "There is no room left to record it",
            "The operator makes room; send it again later.";
        DISK = 503 "disk-unusable" "The disk cannot be used at present",
            "The operator finds the cause in the log; send it again later.";
        UNAVAILABLE = 503 "unavailable" "The gateway is starting or stopping",
            "Send it again in a few seconds.";
        TOO_MANY_REQUESTS = 429 "too-many-requests" "Too many requests come from this address",
            "Send it again after the time in the header Retry-After.";
        SENDER_UNREACHABLE = 503 "sender-unreachable" "The sender's own host gave no answer",
            "The sender sends it again; check that this gateway may call that host.";
        VERIFIER_FAILED = 503 "verifier-failed" "The program that verifies the source gave no answer",
            "The sender sends it again; the operator finds the cause in the log.";
        INTERNAL = 500 "internal" "Something failed on this side",
            "The operator finds the cause in the log.";
    }
    reasons {
        404 "unknown-receiver" "No such provider is configured";
        404 "unknown-id" "No such source is configured";
        400 "not-https" "Plain HTTP is refused";
        405 "bad-method" "Webhooks are delivered with POST";
        400 "empty-body" "There is no body";
        400 "malformed-body" "The body does not parse";
        400 "missing-value" "A needed value is missing";
        400 "missing-event" "The event is not named";
        415 "bad-content-type" "Another content type is needed";
        401 "missing-header" "A header of the proof is missing";
        401 "missing-token" "There is no token";
        401 "missing-code" "There is no code in the URL";
        400 "repeated-header" "A header occurs twice";
        400 "malformed-header" "A header has another form";
        400 "malformed-signature" "The signature cannot be decoded";
        400 "bad-timestamp" "The time cannot be read";
        401 "no-known-signature" "Only signatures of other versions";
        401 "signature-mismatch" "The signature does not match";
        401 "token-mismatch" "The token does not match";
        401 "code-mismatch" "The code does not match";
        401 "unknown-key" "The key is not known";
        401 "untrusted-certificate" "The certificate is not trusted";
        401 "stale-timestamp" "Signed too long ago";
        401 "future-timestamp" "Signed for a time that has not come";
        403 "challenge-refused" "The handshake is refused";
        500 "misconfigured" "The source is not set up";
    }
}

/// One error, ready to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its type.
    pub kind: &'static ProblemType,
    /// What was expected and found this time; never a secret.
    pub detail: String,
    /// The member that it is about, where it is about one.
    pub member: Option<&'static str>,
}

impl Problem {
    /// An error of this type.
    #[must_use]
    pub fn new(kind: &'static ProblemType, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), member: None }
    }

    /// A value that is not acceptable.
    #[must_use]
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(&INVALID, detail)
    }

    /// A thing that is not there: "service" and what it was called.
    #[must_use]
    pub fn no_such(what: &str, name: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        Self::new(&NOT_FOUND, format!("there is no {what} {name:?}"))
    }

    /// Its detail as a sentence.
    pub(crate) fn sentence(&self) -> String {
        let end = if self.detail.ends_with(['.', '?', '!']) { "" } else { "." };
        format!("{}{end}", capital(&self.detail))
    }

    /// The same, about this member of what was sent.
    #[must_use]
    pub fn about(self, member: &'static str) -> Self {
        Self { member: Some(member), ..self }
    }

    fn json(&self) -> Vec<u8> {
        #[derive(serde::Serialize)]
        struct Members<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            member: Option<&'a str>,
            mend: &'a str,
        }
        let members = Members {
            r#type: format!("{TYPE_PREFIX}{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: &self.detail,
            member: self.member,
            mend: self.kind.mend(),
        };
        serde_json::to_vec(&members).unwrap_or_default()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.json().into());
        *response.status_mut() = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.kind.status {
            503 => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10")),
            401 if *self.kind == UNAUTHENTICATED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            405 if Reason::from_code(self.kind.code).is_some() => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"))
            }
            _ => None,
        };
        // For whoever shows it in another form.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        Self::new(ProblemType::of_reason(refusal.reason), refusal.detail.clone())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::new(&FULL, "the disk is full"),
            StoreError::Disk(_) => {
                tracing::error!(%error, "the store cannot be used");
                Self::new(&DISK, "the store cannot be written or read")
            }
            StoreError::Closed => Self::new(&UNAVAILABLE, "the store is closing"),
            StoreError::Taken(what) => Self::new(&TAKEN, format!("taken: {what}")),
            StoreError::Failed(_) | StoreError::Corrupt { .. } => {
                tracing::error!(%error, "the store failed");
                Self::new(&INTERNAL, "the store failed")
            }
        }
    }
}

impl From<artifacts::BlobError> for Problem {
    fn from(error: artifacts::BlobError) -> Self {
        match error {
            artifacts::BlobError::NoSpace(_) => Self::new(&FULL, "the disk is full"),
            artifacts::BlobError::Io(cause) => {
                tracing::error!(%cause, "the blobs cannot be used");
                Self::new(&DISK, "files cannot be written or read")
            }
            other => {
                tracing::error!(error = %other, cause = ?std::error::Error::source(&other), "the blobs failed");
                Self::new(&INTERNAL, "a stored file cannot be used")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_in_the_table_with_its_status() {
        for reason in Reason::ALL {
            let kind = ProblemType::of_reason(reason);
            assert_eq!((kind.code, kind.status), (reason.code(), reason.status()));
        }
    }

    #[test]
    fn codes_are_unique_and_every_type_says_what_to_do() {
        for (nth, kind) in PROBLEMS.iter().enumerate() {
            assert!(PROBLEMS[..nth].iter().all(|other| other.code != kind.code), "{}", kind.code);
            assert!(kind.mend().ends_with('.') && !kind.title.ends_with('.'), "{}", kind.code);
        }
    }
}

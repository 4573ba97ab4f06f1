//! A request that goes no further, and its answer.

use serde_json::json;

use crate::receive::Reply;
use crate::refusal::{Reason, Refusal};

use super::fault::Fault;

/// The media type of every text.
const TEXT: &str = "text/plain; charset=utf-8";

/// Why a request goes no further: the first step that objects ends it.
#[derive(Debug)]
pub(super) enum Ended {
    /// It only wants this answer.
    Answered(Reply),
    /// It is refused.
    Refused(Refusal, Reply),
}

impl Ended {
    /// 200, nothing else.
    pub fn ok() -> Self {
        Self::Answered(Reply::of(200, None, Vec::new()))
    }

    /// 200 and the text that was sent, which a browser must not take for anything else.
    pub fn echo(text: Vec<u8>) -> Self {
        let headers = vec![("X-Content-Type-Options", "nosniff".to_owned())];
        Self::Answered(Reply { headers, ..Reply::of(200, Some(TEXT), text) })
    }

    /// A status and a text, which is all there is to say.
    pub fn text(reason: Reason, status: u16, text: impl Into<String>) -> Self {
        let text = text.into();
        let reply = Reply::of(status, Some(TEXT), text.clone().into_bytes());
        Self::Refused(Refusal::new(reason, text), reply)
    }

    /// 400 and a text.
    pub fn bad(reason: Reason, text: impl Into<String>) -> Self {
        Self::text(reason, 400, text)
    }

    /// A bare status; the detail is for ourselves.
    pub fn bare(reason: Reason, status: u16, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(reason, detail), Reply::of(status, None, Vec::new()))
    }

    /// 400 and a JSON object of lists of errors: the body cannot be read.
    pub fn unreadable(reason: Reason, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let body = json!({ "": [&detail] }).to_string().into_bytes();
        Self::Refused(Refusal::new(reason, detail), Reply::of(400, Some("application/json; charset=utf-8"), body))
    }

    /// No handler could be chosen for it.
    pub fn not_found(reason: Reason, detail: impl Into<String>) -> Self {
        Self::bare(reason, 404, detail)
    }
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::UnknownId { .. } | Fault::Corrupted { .. } => Self::not_found(Reason::UnknownId, fault.to_string()),
            Fault::NoSecret { .. } | Fault::Length { .. } | Fault::UnknownReceiver { .. } => {
                Self::bare(Reason::Misconfigured, 500, fault.to_string())
            }
        }
    }
}

//! One call: what the gateway asks to be scanned.

use bytes::Bytes;
use serde_json::Value;

/// A call whose signature was right.
#[derive(Clone)]
pub struct Call {
    pub(crate) body: Bytes,
    pub(crate) json: Value,
    pub(crate) request_id: Option<String>,
}

impl Call {
    /// What it says. A member that is not there reads as null: `call.json()["event"]`.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The exact bytes that were signed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The `X-AMO-Request-ID`, if it came with one: 32 hex digits. The signature does not cover it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The event's type, where the payload form names it.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        self.text("event")
    }

    /// Where the file to scan is, if the event is about one.
    #[must_use]
    pub fn download_url(&self) -> Option<&str> {
        self.text("download_url")
    }

    /// Where a result may be sent later; nothing in the first generation's payload form.
    #[must_use]
    pub fn result_url(&self) -> Option<&str> {
        self.text("scanner_result_url")
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.json.get(member).and_then(Value::as_str)
    }
}

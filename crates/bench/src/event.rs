//! The events we send: Standard Webhooks requests of 1 KiB, each with its number inside.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::wire::{digits, find};

/// The key of the source `bench`.
const KEY: &[u8; 32] = b"a key that guards nothing at all";

/// How long a body is.
const BODY_BYTES: usize = 1024;

/// What stands before an event's number, in what we send and in what is delivered.
const BEFORE_NUMBER: &[u8] = b"\"sequence\":\"";

/// The secret as a configuration spells it.
pub fn secret() -> String {
    format!("whsec_{}", STANDARD.encode(KEY))
}

/// Writes signed requests to one path of one host.
#[derive(Clone)]
pub struct Events {
    mac: Hmac<Sha256>,
    head: String,
    series: String,
    kind: &'static str,
}

/// The type of events, unless something else is said.
const KIND: &str = "bench";

impl Events {
    /// Requests for `path`. Two series never share an event's id, so a running product takes both.
    pub fn new(path: &str, series: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {BODY_BYTES}\r\n"
        );
        let mac = Hmac::new_from_slice(KEY).expect("HMAC takes any key");
        Self { mac, head, series: series.to_owned(), kind: KIND }
    }

    /// The same, of another type.
    pub fn of_type(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// Writes the request of event `sequence` to `request`.
    pub fn write(&self, sequence: u64, request: &mut Vec<u8>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let body = body(self.kind, sequence);
        let id = format!("msg_{}_{sequence}", self.series);
        let mut mac = self.mac.clone();
        mac.update(format!("{id}.{now}.").as_bytes());
        mac.update(&body);
        let signature = STANDARD.encode(mac.finalize().into_bytes());

        request.extend_from_slice(self.head.as_bytes());
        write!(request, "webhook-id: {id}\r\nwebhook-timestamp: {now}\r\nwebhook-signature: v1,{signature}\r\n\r\n")
            .expect("a Vec takes everything");
        request.extend_from_slice(&body);
    }

    /// The request of event 0 with a signature that belongs to another body: only a verifier sees that it is forged.
    pub fn forged(&self) -> Vec<u8> {
        let mut request = Vec::new();
        self.write(0, &mut request);
        let filling = request.len() - b"x\"}}".len();
        request[filling] = b'y';
        request
    }
}

/// The number of the event that this body carries, however deep.
pub fn sequence(body: &[u8]) -> Option<u64> {
    let at = find(body, BEFORE_NUMBER)?;
    digits(&body[at + BEFORE_NUMBER.len()..])
}

fn body(kind: &str, sequence: u64) -> Vec<u8> {
    let mut body = Vec::with_capacity(BODY_BYTES);
    write!(
        body,
        r#"{{"type":"{kind}","timestamp":"2026-01-01T00:00:00Z","data":{{"sequence":"{sequence}","filling":""#
    )
    .expect("a Vec takes everything");
    body.resize(BODY_BYTES - 3, b'x');
    body.extend_from_slice(br#""}}"#);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_of_the_right_length_with_its_number_inside() {
        for number in [0, 7, u64::MAX] {
            let body = body(KIND, number);
            let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");

            assert_eq!(body.len(), BODY_BYTES);
            assert_eq!(json["data"]["sequence"], number.to_string());
            assert_eq!(sequence(&body), Some(number));
        }
        assert_eq!(sequence(b"{}"), None);
    }

    #[test]
    fn a_type_of_its_own_changes_the_body_and_nothing_of_its_length() {
        let mut request = Vec::new();
        Events::new("/in", "t").of_type("filling").write(5, &mut request);

        let text = String::from_utf8(request).expect("text");
        let (_, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(body.starts_with(r#"{"type":"filling","#), "{body}");
        assert_eq!(body.len(), BODY_BYTES);
    }

    #[test]
    fn a_request_is_signed_over_id_time_and_body() {
        let mut request = Vec::new();
        Events::new("/in", "t").write(5, &mut request);
        let text = String::from_utf8(request).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).expect("a header");

        let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("a key");
        mac.update(format!("{}.{}.{body}", header("webhook-id: "), header("webhook-timestamp: ")).as_bytes());

        assert_eq!(header("webhook-id: "), "msg_t_5");
        assert_eq!(header("webhook-signature: v1,"), STANDARD.encode(mac.finalize().into_bytes()));
    }
}

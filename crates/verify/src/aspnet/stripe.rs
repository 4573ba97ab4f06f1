//! Stripe: `Stripe-Signature: t=..,v1=..`, and the id and the type in the body.
//!
//! The time is signed and never compared with a clock, as in the original.

use crate::provider::Algorithm;
use crate::refusal::Reason;

use super::body;
use super::ended::Ended;
use super::pipeline::{Believed, Request};
use super::receiver::Written;
use super::signature::explains;

/// The header that holds it.
pub(super) const HEADER: &str = "Stripe-Signature";

/// The value that holds the event's id.
pub(super) const NOTIFICATION_ID: &str = "notificationId";

/// What the header holds.
struct Presented<'v> {
    time: &'v [u8],
    signatures: Vec<&'v [u8]>,
}

impl Request<'_> {
    /// Believes what the header signs, and reads what must be there besides.
    pub(super) fn stripe(&self) -> Result<Believed, Ended> {
        let believed = self.stripe_signed()?;
        if self.body.is_empty() {
            return Ok(believed);
        }
        if !self.receiver.body.is_announced(self.head) {
            let detail = format!("expected JSON, found the content type '{}'", body::content_type(self.head));
            return Err(Ended::unreadable(Reason::BadContentType, detail));
        }
        let id = self.property("id", Reason::MissingValue)?;
        let event = self.property("type", Reason::MissingEvent)?;
        Ok(Believed { events: vec![event], values: vec![(NOTIFICATION_ID, id)], ..believed })
    }

    fn stripe_signed(&self) -> Result<Believed, Ended> {
        self.https()?;
        let presented = presented(self.only_header(HEADER)?)?;
        let secrets = self.secrets()?;
        let algorithm = Algorithm::HmacSha256;
        let message = [presented.time, b".", self.body];
        // One that cannot be decoded ends the request when its turn comes; the body is hashed once, however many there are.
        let (mut candidates, mut undecodable) = (Vec::new(), None);
        for text in presented.signatures {
            match self.decoded(HEADER, text, Written::Hex) {
                Ok(candidate) => candidates.push(candidate),
                Err(ended) => {
                    undecodable = Some(ended);
                    break;
                }
            }
        }
        let explains = |secret: &str| explains(algorithm, secret, &message, &candidates);
        let believed = secrets.believed(algorithm.name(), explains);
        believed.ok_or_else(|| undecodable.unwrap_or_else(|| self.mismatch(HEADER)))
    }

    fn property(&self, name: &str, missing: Reason) -> Result<String, Ended> {
        self.json_values(name)?.into_iter().next().ok_or_else(|| {
            Ended::bad(missing, format!("The HTTP request body did not contain a required '{name}' property."))
        })
    }
}

/// Pairs between commas, blanks and empty parts aside. Of several times the last is the signed one.
fn presented(value: &[u8]) -> Result<Presented<'_>, Ended> {
    let refused = |expected: &str| {
        let text = format!("The '{HEADER}' header value is invalid. It must {expected}");
        Ended::bad(Reason::MalformedHeader, text)
    };
    let (mut time, mut signatures) = (None, Vec::new());
    for part in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|part| !part.is_empty()) {
        let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let (key, text) = (part[..at].trim_ascii(), part.get(at + 1..).unwrap_or_default().trim_ascii());
        match key {
            _ if key.is_empty() || text.is_empty() => {
                return Err(refused("be formatted as key=value pairs separated by commas."));
            }
            b"t" => time = Some(text),
            b"v1" => signatures.push(text),
            _ => {}
        }
    }
    match time {
        Some(time) if !signatures.is_empty() => Ok(Presented { time, signatures }),
        _ => Err(refused("contain timestamp ('t') and signature ('v1') values.")),
    }
}

//! The envelope of everything we send: who it is, when, and our signature, whatever the profile put inside.

use verify::sign::SigningKey;
use zeroize::Zeroizing;

use crate::profile::Outgoing;
use crate::{Timestamp, link};

/// What the envelope is made from.
pub struct Envelope<'a> {
    /// The run's id: the same for all its attempts.
    pub webhook_id: &'a str,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The expectation's deadline.
    pub deadline: Timestamp,
    /// Our signing keys for this service: one, or two while a change is under way.
    pub keys: &'a [SigningKey],
    /// `countersign/<version>`.
    pub user_agent: &'a str,
    /// The trace's id and the span's id, random.
    pub trace: [u8; 24],
    /// Now.
    pub now: Timestamp,
}

/// The request's headers, the profile's own first, and its body as signed.
#[must_use]
pub fn seal(envelope: &Envelope<'_>, outgoing: Outgoing) -> (Vec<(&'static str, String)>, Vec<u8>) {
    let Outgoing { mut headers, body } = outgoing;
    let seconds = envelope.now.seconds();
    let (trace, span) = envelope.trace.split_at(16);
    headers.extend([
        ("webhook-id", envelope.webhook_id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("countersign-attempt", envelope.attempt.to_string()),
        ("countersign-deadline", envelope.deadline.rfc3339()),
        ("user-agent", envelope.user_agent.to_owned()),
        ("traceparent", format!("00-{}-{}-01", verify::hex::encode(trace), verify::hex::encode(span))),
    ]);
    if !envelope.keys.is_empty() {
        let signature = verify::sign::standard(envelope.webhook_id, seconds, &body, envelope.keys);
        headers.push(("webhook-signature", signature));
    }
    (headers, body)
}

/// The headers of a request, with those that the service's people configured, each in the place of ours of that name.
#[must_use]
pub fn with_configured(
    ours: Vec<(&'static str, String)>,
    configured: &[(String, Zeroizing<String>)],
) -> Vec<(String, String)> {
    let replaced = |name: &str| configured.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let kept = ours.into_iter().filter(|(name, _)| !replaced(name)).map(|(name, value)| (name.to_owned(), value));
    kept.chain(configured.iter().map(|(name, value)| (name.clone(), value.to_string()))).collect()
}

/// The address under which a link's token is answered, below the public URL.
#[must_use]
pub fn link_path(kind: link::LinkKind, token: &str) -> String {
    match kind {
        link::LinkKind::Result => format!("/api/results/{token}"),
        link::LinkKind::Body => format!("/api/bodies/{token}"),
        link::LinkKind::Artifact => format!("/api/artifacts/{token}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_configured_takes_the_place_of_ours() {
        let ours = vec![("content-type", "application/json".to_owned()), ("webhook-id", "run_x".to_owned())];
        let configured = [("Content-Type".to_owned(), "application/x".to_owned().into())];
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            with_configured(ours, &configured),
            [pair("webhook-id", "run_x"), pair("Content-Type", "application/x")]
        );
    }

    #[test]
    fn the_envelope_verifies_as_a_standard_webhook() {
        let secret = verify::secret::whsec(&[7; 32]);
        let key = SigningKey::read(&secret).expect("a key");
        let envelope = Envelope {
            webhook_id: "run_x",
            attempt: 2,
            deadline: Timestamp::from_seconds(1_767_229_200),
            keys: std::slice::from_ref(&key),
            user_agent: "countersign/test",
            trace: [1; 24],
            now: Timestamp::from_seconds(1_767_225_600),
        };
        let outgoing =
            Outgoing { headers: vec![("content-type", "application/json".to_owned())], body: b"{}".to_vec() };
        let (headers, body) = seal(&envelope, outgoing);

        let endpoint = verify::receive::Endpoint::new(verify::receive::EndpointSettings {
            provider: &verify::provider::STANDARD_WEBHOOKS,
            secrets: vec![("one".to_owned(), secret)],
            window_s: None,
            public_url: None,
            handshake: verify::receive::HandshakeSettings::default(),
            subject: None,
        })
        .expect("an endpoint");
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let head = verify::receive::Head { method: "POST", url: "http://localhost/", headers: &headers };
        // The body has no type, so the event cannot be named; that refusal comes only after the signature matched.
        let outcome = endpoint.receive(&head, &body, 1_767_225_600);
        assert!(
            matches!(&outcome, verify::receive::Outcome::Refuse(refusal) if refusal.reason.code() == "missing-event")
                || matches!(outcome, verify::receive::Outcome::Accept(_))
        );
    }
}

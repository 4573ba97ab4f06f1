//! Certificates as the gateway reads them, and what senders that sign with one may and may not do.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use verify::certificate::{Certificate, RsaDigest};
use verify::provider::{self, Provider};
use verify::receive::{Accepted, Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, Reason};
use webpki::EndEntityCert;

/// A public key out of a certificate.
struct PublicKey(Vec<u8>);

impl Certificate for PublicKey {
    fn explains(&self, digest: RsaDigest, message: &[u8], signature: &[u8]) -> bool {
        let scheme = match digest {
            RsaDigest::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            RsaDigest::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(scheme, &self.0).verify(message, signature).is_ok()
    }
}

/// The certificate in a PEM text.
pub fn read(pem: &str) -> Option<Box<dyn Certificate>> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let certificate = EndEntityCert::try_from(&der).ok()?;
    Some(Box::new(PublicKey(certificate.subject_public_key_info().to_vec())))
}

pub fn endpoint(provider: &'static Provider, identifier: &str, window_s: Option<u64>) -> Endpoint {
    let secrets = vec![("ours".to_owned(), identifier.to_owned())];
    let handshake = HandshakeSettings::default();
    Endpoint::new(EndpointSettings { provider, secrets, window_s, public_url: None, handshake, subject: None })
        .expect("an endpoint")
}

pub fn vector(id: &str) -> Value {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../vectors/providers.json")).expect("JSON");
    vectors.into_iter().find(|vector| vector["id"] == id).expect("the vector")
}

/// What becomes of a vector's request with this body and these headers in place of its own.
fn received(id: &str, endpoint: &Endpoint, now_s: i64, body: Option<&str>, headers: &[(&str, &str)]) -> Outcome {
    let vector = vector(id);
    let own: Vec<(String, String)> = serde_json::from_value(vector["headers"].clone()).expect("headers");
    let own = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = own.filter(|(name, _)| headers.iter().all(|(other, _)| other != name)).chain(headers.iter().copied());
    let all: Vec<(&str, &[u8])> = kept.map(|(name, value)| (name, value.as_bytes())).collect();
    let head = Head { method: "POST", url: "https://hooks.example.test/in", headers: &all };
    let body = body.or(vector["body"].as_str()).expect("a body").as_bytes();
    let needed = match endpoint.unverified_certificate(&head, body) {
        Ok(needed) => needed.expect("an address"),
        Err(refusal) => return Outcome::Refuse(refusal),
    };
    let certificate = read(vector["config"]["certificates"][&needed.url].as_str().expect("a certificate"));
    endpoint.receive_with(&head, body, now_s, certificate.as_deref())
}

pub fn accepted(outcome: Outcome) -> Accepted {
    match outcome {
        Outcome::Accept(accepted) => accepted,
        other => panic!("expected an accepted request, found {other:?}"),
    }
}

pub fn reason(outcome: Outcome) -> Reason {
    match outcome {
        Outcome::Refuse(refusal) => refusal.reason,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:scans";
const WEBHOOK: &str = "8PT597110X687430LKGECATA";
const SIGNED_AT_S: i64 = 1_767_225_600;

#[test]
fn a_message_is_proven_by_its_certificate_and_known_by_its_signed_id() {
    let sns = endpoint(&provider::AWS_SNS, TOPIC, None);
    for (id, scheme) in [("aws-sns/accept", "rsa-sha256"), ("aws-sns/v1", "rsa-sha1")] {
        let accepted = accepted(received(id, &sns, SIGNED_AT_S, None, &[]));

        assert_eq!((accepted.proof.scheme(), accepted.proof.secret_id()), (scheme, "ours"));
        assert_eq!(accepted.arrivals[0].event_type, "aws-sns.Notification");
        assert_eq!(accepted.arrivals[0].delivery_id.as_deref(), Some("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"));
        assert!(accepted.arrivals[0].replay_key.is_some());
    }
}

#[test]
fn without_its_certificate_nothing_is_believed() {
    let sns = endpoint(&provider::AWS_SNS, TOPIC, None);
    let vector = vector("aws-sns/accept");
    let head = Head { method: "POST", url: "https://hooks.example.test/in", headers: &[] };

    let outcome = sns.receive(&head, vector["body"].as_str().expect("a body").as_bytes(), SIGNED_AT_S);

    assert_eq!(reason(outcome), Reason::UntrustedCertificate);
}

/// The lines that are signed could else be cut in another way.
#[test]
fn a_line_break_may_stand_in_the_message_alone() {
    let sns = endpoint(&provider::AWS_SNS, TOPIC, None);
    let body: Value = serde_json::from_str(vector("aws-sns/accept")["body"].as_str().expect("a body")).expect("JSON");
    for (name, expected) in [
        ("Message", Reason::SignatureMismatch),
        ("Subject", Reason::MalformedBody),
        ("MessageId", Reason::MalformedBody),
        ("Timestamp", Reason::MalformedBody),
        ("TopicArn", Reason::MalformedBody),
        ("Type", Reason::MalformedBody),
    ] {
        let mut body = body.clone();
        body[name] = json!(format!("{}\nMessageId\n1", body[name].as_str().unwrap_or_default()));

        let outcome = received("aws-sns/accept", &sns, SIGNED_AT_S, Some(&body.to_string()), &[]);

        assert_eq!(reason(outcome), expected, "{name}");
    }
}

#[test]
fn a_confirmation_is_visited_on_the_sender_s_own_hosts_alone_and_only_for_our_topic() {
    let confirm =
        |topic| received("aws-sns/subscription", &endpoint(&provider::AWS_SNS, topic, None), SIGNED_AT_S, None, &[]);
    let Outcome::Reply { effect: Some(effect), .. } = confirm(TOPIC) else { panic!("no visit") };
    assert_eq!(effect.name(), "visit-subscribe-url");
    assert_eq!(reason(confirm("arn:aws:sns:eu-west-1:123456789012:others")), Reason::TokenMismatch);
}

#[test]
fn each_transmission_of_paypal_is_one_delivery_whatever_its_body() {
    let paypal = endpoint(&provider::PAYPAL, WEBHOOK, None);
    let accepted = accepted(received("paypal/accept", &paypal, SIGNED_AT_S, None, &[]));
    let body = vector("paypal/accept")["body"].as_str().expect("a body").to_owned();
    let forged = with_the_checksum_of(&body, r#"{"id":"WH-FORGED","event_type":"PAYMENT.CAPTURE.COMPLETED","x":"#);

    let same = received("paypal/accept", &paypal, SIGNED_AT_S, Some(&forged), &[]);

    assert_eq!(accepted.proof.signed_at_s(), Some(SIGNED_AT_S));
    assert_eq!(accepted.arrivals[0].delivery_id.as_deref(), Some("WH-2WR32451HC0233532-67976317FL4543714"));
    // PayPal's signature holds for it, which nobody but PayPal can mend; it is the first one's repetition to us.
    assert_eq!(self::accepted(same).arrivals[0].replay_key, accepted.arrivals[0].replay_key);
}

#[test]
fn a_window_may_be_set_for_the_time_that_paypal_signs() {
    let paypal = endpoint(&provider::PAYPAL, WEBHOOK, Some(300));
    let at = |now_s| received("paypal/accept", &paypal, now_s, None, &[]);

    assert_eq!(accepted(at(SIGNED_AT_S + 300)).arrivals.len(), 1);
    assert_eq!(reason(at(SIGNED_AT_S + 301)), Reason::StaleTimestamp);
    assert_eq!(reason(at(SIGNED_AT_S - 301)), Reason::FutureTimestamp);
}

#[test]
fn paypal_signs_with_one_algorithm() {
    let paypal = endpoint(&provider::PAYPAL, WEBHOOK, None);
    let with = |algorithm| received("paypal/accept", &paypal, SIGNED_AT_S, None, &[("PAYPAL-AUTH-ALGO", algorithm)]);

    assert_eq!(accepted(with("sha256WithRSA")).arrivals.len(), 1);
    assert_eq!(reason(with("SHA1withRSA")), Reason::NoKnownSignature);
}

/// A JSON object that begins like this and has the CRC-32 of another text: eight letters out of few make up for it.
fn with_the_checksum_of(text: &str, begin: &str) -> String {
    let wanted = crc32(text.as_bytes());
    let solve = |pad: u64| -> Option<String> {
        // Thirty-two bits, each of which one character toggles ('a' or 'b' and so on), leave a linear system.
        let base: Vec<u8> = format!("{begin}\"{pad:04}{}\"}}", "`".repeat(40)).into_bytes();
        let from = base.len() - 42;
        let zero = crc32(&base);
        let mut basis: Vec<(u32, u64)> = Vec::new();
        let reduce = |basis: &[(u32, u64)], mut value: u32, mut used: u64| {
            for (vector, by) in basis {
                if value ^ vector < value {
                    (value, used) = (value ^ vector, used ^ by);
                }
            }
            (value, used)
        };
        for at in 0..40 {
            let mut toggled = base.clone();
            toggled[from + at] ^= 1;
            let (value, used) = reduce(&basis, crc32(&toggled) ^ zero, 1 << at);
            if value != 0 {
                basis.push((value, used));
                basis.sort_by_key(|(vector, _)| std::cmp::Reverse(*vector));
            }
        }
        let (left, used) = reduce(&basis, wanted ^ zero, 0);
        let mut forged = base;
        (0..40).filter(|at| used >> at & 1 == 1).for_each(|at| forged[from + at] ^= 1);
        (left == 0).then(|| String::from_utf8(forged).expect("text"))
    };
    (0..10_000).find_map(solve).expect("a body of the same checksum")
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 })
    })
}

/// Every shorter text of a signature, and longer ones.
pub fn spoilt(text: &str) -> Vec<String> {
    let shorter = (0..text.len()).map(|length| text[..length].to_owned());
    let longer =
        ["A", "=", "AAAA", "0"].into_iter().flat_map(|more| [format!("{text}{more}"), format!("{more}{text}")]);
    shorter.chain(longer).collect()
}

#[test]
fn a_signature_of_rsa_that_was_truncated_or_lengthened_never_passes() {
    let sns = endpoint(provider::find("aws-sns").expect("known"), TOPIC, None);
    let body = vector("aws-sns/accept")["body"].as_str().expect("a body").to_owned();
    let message: Value = serde_json::from_str(&body).expect("JSON");
    let signature = message["Signature"].as_str().expect("a signature");
    accepted(received("aws-sns/accept", &sns, SIGNED_AT_S, Some(&body), &[]));
    for text in spoilt(signature) {
        let body = body.replace(signature, &text);
        reason(received("aws-sns/accept", &sns, SIGNED_AT_S, Some(&body), &[]));
    }

    let paypal = endpoint(provider::find("paypal").expect("known"), WEBHOOK, None);
    let headers: Vec<(String, String)> =
        serde_json::from_value(vector("paypal/accept")["headers"].clone()).expect("headers");
    let (name, signature) = headers.iter().find(|(name, _)| name == "PAYPAL-TRANSMISSION-SIG").expect("a signature");
    accepted(received("paypal/accept", &paypal, SIGNED_AT_S, None, &[(name, signature)]));
    for text in spoilt(signature) {
        reason(received("paypal/accept", &paypal, SIGNED_AT_S, None, &[(name, &text)]));
    }
}

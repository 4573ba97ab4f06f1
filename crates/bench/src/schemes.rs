//! One check of one request, and the bare primitive that it cannot do without: the same key, prepared alike, over the
//! same bytes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use hmac::{Hmac, KeyInit, Mac};
use p256::pkcs8::EncodePublicKey;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use verify::provider::{
    GITHUB, Provider, SENDGRID, STANDARD_WEBHOOKS, STANDARD_WEBHOOKS_ED25519, TERRAFORM_CLOUD, VERCEL,
};
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head};
use verify::{hex, secret};

/// How large bodies are, in bytes, and how that is called.
pub const SIZES: [(usize, &str); 4] =
    [(102, "0.1 KiB"), (1 << 10, "1 KiB"), (10 << 10, "10 KiB"), (100 << 10, "100 KiB")];

const NOW_S: i64 = 1_767_225_600;
const TIME: &str = "1767225600";
const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const SEED: [u8; 32] = [7; 32];

/// How long one side is called at a stretch: long against a clock's steps, short against the scheduler's.
const STRETCH: Duration = Duration::from_millis(2);

/// A request, and how its signature is checked without us.
pub struct Scheme {
    /// What is measured.
    pub name: &'static str,
    endpoint: Endpoint,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    bare: Box<dyn Fn() -> bool>,
}

/// How many checks there are in a second, ours and the bare ones.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Through an endpoint.
    pub ours: f64,
    /// The primitive alone.
    pub bare: f64,
}

impl Scheme {
    /// Checks in turn, stretch by stretch, and tells each side's best one: whatever else the machine does only slows.
    pub fn measure(&self, stretches: usize) -> Rates {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let head = Head { method: "POST", url: "https://hooks.example.test/in", headers: &headers };
        let ours = || self.endpoint.proven_by(black_box(&head), black_box(&self.body), NOW_S).is_ok();
        assert!(ours() && (self.bare)(), "a genuine request is believed: {}", self.name);
        (0..stretches).fold(Rates { ours: 0.0, bare: 0.0 }, |best, _| Rates {
            ours: best.ours.max(rate(ours)),
            bare: best.bare.max(rate(&self.bare)),
        })
    }
}

/// How often this is done in a second.
fn rate(check: impl Fn() -> bool) -> f64 {
    let begun = Instant::now();
    let mut done = 0_u32;
    while begun.elapsed() < STRETCH {
        for _ in 0..16 {
            black_box(check());
        }
        done += 16;
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}

/// Every scheme, with a body of this many bytes.
pub fn all(size: usize) -> Vec<Scheme> {
    let body = body(size);
    vec![
        by_mac::<Hmac<Sha256>>("hmac-sha256, hex", &GITHUB, "X-Hub-Signature-256", "sha256=", &body),
        standard(&body),
        by_mac::<Hmac<Sha1>>("hmac-sha1, hex", &VERCEL, "x-vercel-signature", "", &body),
        by_mac::<Hmac<Sha512>>("hmac-sha512, hex", &TERRAFORM_CLOUD, "X-TFE-Notification-Signature", "", &body),
        ed25519(&body),
        p256(&body),
    ]
}

fn body(size: usize) -> Vec<u8> {
    let frame = r#"{"type":"bench","text":""}"#.len();
    format!(r#"{{"type":"bench","text":"{}"}}"#, "x".repeat(size - frame)).into_bytes()
}

fn endpoint(provider: &'static Provider, secret: String) -> Endpoint {
    Endpoint::new(EndpointSettings {
        provider,
        secrets: vec![("bench".to_owned(), secret)],
        window_s: None,
        public_url: None,
        handshake: HandshakeSettings::default(),
        subject: None,
    })
    .expect("our own settings")
}

/// The headers that requests have besides what proves them, and these.
fn headers(more: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(&'static str, Vec<u8>)> {
    let usual = [
        ("host", "hooks.example.test"),
        ("user-agent", "bench/1.0"),
        ("content-type", "application/json"),
        ("content-length", "1024"),
        ("accept", "*/*"),
    ];
    let usual = usual.into_iter().map(|(name, value)| (name, value.to_owned()));
    usual.chain(more).map(|(name, value)| (name, value.into_bytes())).collect()
}

/// A MAC in hex over the body.
fn by_mac<M: Mac + KeyInit + Clone + 'static>(
    name: &'static str,
    provider: &'static Provider,
    header: &'static str,
    prefix: &str,
    body: &[u8],
) -> Scheme {
    let secret = hex::encode(&SEED);
    let key = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes any key");
    let tag = key.clone().chain_update(body).finalize().into_bytes().to_vec();
    let headers = headers([(header, format!("{prefix}{}", hex::encode(&tag)))]);
    let bare = mac_check(key, vec![body.to_vec()], tag);
    Scheme { name, endpoint: endpoint(provider, secret), headers, body: body.to_vec(), bare }
}

/// Whether a prepared key makes this tag of these parts.
fn mac_check<M: Mac + Clone + 'static>(key: M, parts: Vec<Vec<u8>>, tag: Vec<u8>) -> Box<dyn Fn() -> bool> {
    Box::new(move || {
        let mut mac = key.clone();
        parts.iter().for_each(|part| mac.update(black_box(part)));
        mac.verify_slice(black_box(&tag)).is_ok()
    })
}

/// A MAC in base64 over id, time and body.
fn standard(body: &[u8]) -> Scheme {
    let key = <Hmac<Sha256> as KeyInit>::new_from_slice(&SEED).expect("HMAC takes any key");
    let parts = vec![format!("{ID}.{TIME}.").into_bytes(), body.to_vec()];
    let tag = key.clone().chain_update(&parts[0]).chain_update(body).finalize().into_bytes().to_vec();
    Scheme {
        name: "hmac-sha256, base64",
        endpoint: endpoint(&STANDARD_WEBHOOKS, secret::whsec(&SEED)),
        headers: standard_headers(format!("v1,{}", STANDARD.encode(&tag))),
        body: body.to_vec(),
        bare: mac_check(key, parts, tag),
    }
}

fn standard_headers(signature: String) -> Vec<(&'static str, Vec<u8>)> {
    headers([("webhook-id", ID.to_owned()), ("webhook-timestamp", TIME.to_owned()), ("webhook-signature", signature)])
}

fn ed25519(body: &[u8]) -> Scheme {
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let message = [format!("{ID}.{TIME}.").as_bytes(), body].concat();
    let signature = key.sign(&message);
    let public = key.verifying_key();
    Scheme {
        name: "ed25519",
        endpoint: endpoint(&STANDARD_WEBHOOKS_ED25519, secret::whpk(&SEED)),
        headers: standard_headers(format!("v1a,{}", STANDARD.encode(signature.to_bytes()))),
        body: body.to_vec(),
        bare: Box::new(move || public.verify_strict(black_box(&message), black_box(&signature)).is_ok()),
    }
}

fn p256(body: &[u8]) -> Scheme {
    use p256::ecdsa::signature::Verifier;

    let key = p256::ecdsa::SigningKey::from_slice(&SEED).expect("a key");
    let message = [TIME.as_bytes(), body].concat();
    let signature: p256::ecdsa::Signature = key.sign(&message);
    let public = *key.verifying_key();
    let spki = p256::PublicKey::from(public).to_public_key_der().expect("a key");
    Scheme {
        name: "ecdsa-p256-sha256",
        endpoint: endpoint(&SENDGRID, STANDARD.encode(spki.as_bytes())),
        headers: headers([
            ("X-Twilio-Email-Event-Webhook-Signature", STANDARD.encode(signature.to_der().as_bytes())),
            ("X-Twilio-Email-Event-Webhook-Timestamp", TIME.to_owned()),
        ]),
        body: body.to_vec(),
        bare: Box::new(move || public.verify(black_box(&message), black_box(&signature)).is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::{SIZES, all};

    #[test]
    fn every_scheme_is_measured_on_both_sides() {
        for (size, name) in SIZES {
            for scheme in all(size) {
                let rates = scheme.measure(1);

                assert_eq!(scheme.body.len(), size);
                assert!(rates.ours > 0.0 && rates.bare > 0.0, "{} at {name}", scheme.name);
            }
        }
    }
}

//! What strangers' bytes reach before anything is proven: each parser, and each whole judgement, as a function of bytes.
//!
//! A target panics where something holds that must not; whatever the bytes are, nothing is believed. The tests run each
//! over its seeds and what comes of them by chance; `fuzz/` lets `cargo fuzz` look further. `license` and `server` have
//! lists of their own, of the same form.

use std::str;
use std::sync::LazyLock;

use p256::pkcs8::EncodePublicKey;

use crate::account::{Presented, PresentedRequest, RequestKey};
use crate::aspnet::{self, CodeLength, Configuration, Receivers};
use crate::mac::token_digest;
use crate::provider::{self, KeyForm};
use crate::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, form, json};
use crate::{base64, calendar, hex, secret, sign};

/// When everything here happens.
const NOW_S: i64 = 1_767_225_600;

/// The random bytes of every key here, which no input knows.
const SEED: [u8; 32] = *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";

/// Something that strangers' bytes reach.
pub struct Target {
    /// Its name, and that of its file in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// What is done with the bytes.
    pub run: fn(&[u8]),
    /// Bytes that get far, to begin with.
    pub seeds: &'static [&'static [u8]],
}

/// Every target.
pub const ALL: &[Target] = &[
    Target {
        name: "request",
        run: request,
        seeds: &[
            b"github\nPOST https://h/\nX-Hub-Signature-256: sha256=00ff\nX-GitHub-Event: push\n\n{}",
            b"twilio\nPOST https://h:8443/?a=b\nX-Twilio-Signature: AAAA\n\
              Content-Type: application/x-www-form-urlencoded\n\nBody=a+b&From=%2B1",
            b"netlify\nPOST https://h/\nX-Webhook-Signature: eyJhbGciOiJIUzI1NiJ9.e30.AAAA\n\n{}",
            b"stripe\nPOST https://h/\nStripe-Signature: t=1767225600,v1=00ff,v0=00\n\n{\"type\":\"x\"}",
            b"cloudevents\nOPTIONS https://h/\nWebHook-Request-Origin: a.test\nWebHook-Request-Rate: 1\n\n",
        ],
    },
    Target {
        name: "aspnet",
        run: aspnet_request,
        seeds: &[
            b"POST https://h/api/webhooks/incoming/salesforce/a\nContent-Type: text/xml\n\n\
              <a:Envelope xmlns:a=\"b\"><a:Body><n><OrganizationId>x&amp;&#x41;</OrganizationId></n></a:Body></a:Envelope>",
            b"POST https://h/api/webhooks/incoming/slack\nContent-Type: multipart/form-data; boundary=b\n\n\
              --b\r\ncontent-disposition: form-data; name=\"token\"\r\n\r\nx\r\n--b--\r\n",
            b"POST https://h/api/webhooks/incoming/stripe?code=x\nStripe-Signature: t=1,v1=00\n\
              Content-Type: application/json\n\n{\"id\":\"evt_1\"}",
            b"GET https://h/api/webhooks/incoming/dropbox?challenge=x\n\n",
        ],
    },
    Target {
        name: "json",
        run: json_text,
        seeds: &[b"{\"a\":[{\"b\":1},{\"b\":\"\\u00e9\"}],\"a\":null}", b"[[[[]]]]", b"{\"a\":-1e400}", b"\xef\xbb\xbf{}"],
    },
    Target { name: "form", run: form_text, seeds: &[b"a=%7b+&b&=c&&d=%zz%", b"payload=%7B%22a%22%3A1%7D"] },
    Target {
        name: "text",
        run: encoded_text,
        seeds: &[b"2026-01-01T00:00:00.123456789Z", b"2024-02-29 23:59:60-08:30", b"00ffAB", b"+/8=", b"-_8", b"whsec_AAAA"],
    },
    Target {
        name: "account",
        run: account_header,
        seeds: &[
            b"JWT eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJrIiwiaWF0IjoxLCJleHAiOjJ9.AAAA",
            b"key:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            b"HMAC-SHA256 00ff",
            b"Thu, 01 Jan 2026 00:00:00 GMT",
        ],
    },
];

/// One request to one provider: its name on the first line, then method and URL, headers, an empty line, the body.
pub fn request(bytes: &[u8]) {
    let Some((name, rest)) = line(bytes) else { return };
    let Some(endpoint) = endpoint_named(name) else { return };
    let Some((head, headers, body)) = parsed(rest) else { return };
    let head = Head { headers: &headers, ..head };
    let looked_at = endpoint.look(&head, NOW_S);
    let received = endpoint.receive(&head, body, NOW_S);
    assert!(!matches!(received, Outcome::Accept(_)), "nothing here knows a secret");
    if let Ok(Some(address)) = endpoint.unverified_certificate(&head, body) {
        let host = address.url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let ends = [".paypal.com", ".amazonaws.com", ".amazonaws.com.cn"];
        assert!(ends.iter().any(|end| host.ends_with(end)), "a certificate is fetched from its sender's hosts alone");
    }
    let refused = matches!(received, Outcome::Refuse(_));
    assert!(refused || looked_at.is_ok(), "what is refused by its head is refused");
}

/// One request to the receivers of ASP.NET Core WebHooks.
pub fn aspnet_request(bytes: &[u8]) {
    static RECEIVERS: LazyLock<Receivers> = LazyLock::new(|| {
        let mut configuration = Configuration::default();
        for receiver in aspnet::ALL {
            configuration.add(&format!("WebHooks:{}:SecretKey:default", receiver.name), &hex::encode(&SEED));
        }
        Receivers::new(configuration, CodeLength::default())
    });
    let Some((head, headers, body)) = parsed(bytes) else { return };
    let outcome = RECEIVERS.receive(&Head { headers: &headers, ..head }, body);
    assert!(!matches!(outcome, aspnet::Outcome::Accept(_)), "nothing here knows a secret");
}

/// Values out of a JSON text.
pub fn json_text(bytes: &[u8]) {
    let found = json::read(bytes, &["a", "a.b", "a[*].b", "[*]", "0.0"]);
    let is_json = str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    assert!(is_json || found.is_err(), "what is read is JSON");
    let _ = json::items(bytes, "a");
}

/// The pairs of a form.
pub fn form_text(bytes: &[u8]) {
    let decoded: usize = form::pairs(bytes).map(|(name, value)| name.len() + value.len()).sum();
    assert!(decoded <= bytes.len(), "decoding adds nothing");
}

/// Times, encodings and configured keys.
pub fn encoded_text(bytes: &[u8]) {
    if let Some(decoded) = hex::decode(bytes) {
        assert!(hex::encode(&decoded).as_bytes().eq_ignore_ascii_case(bytes), "hex has one spelling but for its case");
    }
    if let Some(decoded) = base64::decode(bytes) {
        assert_eq!(base64::encode(&decoded).as_bytes(), bytes, "base64 has one spelling");
    }
    let _ = (base64::decode_any(bytes), base64::decode_padding_optional(bytes), base64::decode_url(bytes));
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _ = calendar::rfc3339_ms(text);
    for form in [KeyForm::Text, KeyForm::Whsec, KeyForm::Whpk, KeyForm::Ed25519Hex, KeyForm::Spki, KeyForm::Named] {
        let _ = secret::key_bytes(form, text);
    }
}

/// The headers by which accounts prove themselves.
pub fn account_header(bytes: &[u8]) {
    let key = || RequestKey::read(&base64::encode(&[SEED, SEED].concat())).ok();
    for (date, authorization) in [(Some(bytes), None), (Some(&b"Thu, 01 Jan 2026 00:00:00 GMT"[..]), Some(bytes))] {
        if let Ok(presented) = PresentedRequest::read(date, authorization, NOW_S) {
            assert!(presented.verify("POST", "/", &token_digest(b""), key().as_ref()).is_err());
        }
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    assert!(sign::scanner_authorization(Some(text), &hex::encode(&SEED), b"body").is_err());
    if let Ok(Some(presented)) = Presented::read(Some(text)) {
        assert!(presented.verify(&hex::encode(&SEED), NOW_S).is_err());
    }
}

/// The endpoint of the provider of this name, made once.
fn endpoint_named(name: &[u8]) -> Option<&'static Endpoint> {
    static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
        let endpoint = |provider: &&'static provider::Provider| {
            let text = match (secret::made(provider.key, &SEED), provider.key) {
                (Some(text), _) => text,
                (None, KeyForm::Whpk) => secret::whpk(&SEED),
                (None, KeyForm::Named) => format!("name:{}", hex::encode(&SEED)),
                (None, KeyForm::Ed25519Hex) => {
                    hex::encode(ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key().as_bytes())
                }
                (None, KeyForm::Identifier { prefix, .. }) => format!("{prefix}aws:sns:eu-west-1:123456789012:scans"),
                (None, _) => spki(),
            };
            let settings = EndpointSettings {
                provider,
                secrets: vec![("own".to_owned(), text)],
                window_s: None,
                public_url: None,
                handshake: HandshakeSettings::default(),
                subject: None,
            };
            Endpoint::new(settings).ok()
        };
        provider::ALL.iter().filter_map(endpoint).collect()
    });
    ENDPOINTS.iter().find(|endpoint| endpoint.provider().name.as_bytes() == name)
}

/// A public key on P-256.
fn spki() -> String {
    let key = p256::ecdsa::SigningKey::from_slice(&SEED).expect("a key");
    let point = p256::PublicKey::from(key.verifying_key()).to_public_key_der().expect("a point");
    base64::encode(point.as_bytes())
}

type Headers<'a> = Vec<(&'a str, &'a [u8])>;

/// A request: its head without headers, the headers, and the body.
fn parsed(bytes: &[u8]) -> Option<(Head<'_>, Headers<'_>, &[u8])> {
    let (first, mut rest) = line(bytes)?;
    let (method, url) = str::from_utf8(first).ok()?.split_once(' ')?;
    let mut headers = Vec::new();
    while let Some((header, after)) = line(rest) {
        rest = after;
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        headers.push((str::from_utf8(&header[..colon]).ok()?, &header[colon + 1..]));
    }
    Some((Head { method, url, headers: &[] }, headers, rest))
}

/// The first line, and what follows.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// Runs each target over its seeds, and over so many inputs that come of them by chance: the same on every run.
pub fn try_all(targets: &[Target], inputs: usize, seeds: impl Fn(&Target) -> Vec<Vec<u8>>) {
    for target in targets {
        let seeds = seeds(target);
        seeds.iter().for_each(|seed| (target.run)(seed));
        let mut chance = Chance::new();
        for _ in 0..inputs {
            (target.run)(&chance.mutated(&seeds));
        }
    }
}

/// A target's own seeds.
#[must_use]
pub fn own_seeds(target: &Target) -> Vec<Vec<u8>> {
    target.seeds.iter().map(|seed| seed.to_vec()).collect()
}

/// A sequence that looks random, and is the same on every run (Marsaglia's xorshift).
#[derive(Debug)]
pub struct Chance(u64);

impl Default for Chance {
    fn default() -> Self {
        Self::new()
    }
}

impl Chance {
    /// From its beginning.
    #[must_use]
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).expect("below a usize")
    }

    /// One of the seeds with a few changes.
    pub fn mutated(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(8)).min(bytes.len());
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.insert(at, u8::try_from(self.below(256)).expect("a byte")),
                3 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
                4 => {
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece.repeat(self.below(40)));
                }
                5 => {
                    const PIECES: [&[u8]; 12] =
                        [b"\"", b"{", b"[", b"%", b"=", b",", b"\n", b"\xff", b"\0", b"0", b"<", b"&#x110000;"];
                    bytes.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied());
                }
                _ if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }
}

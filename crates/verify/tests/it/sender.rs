//! Every sender whose signature is data, played by its own definition: what it would send, signed or mis-signed.

use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit, Mac};
use p256::pkcs8::EncodePublicKey;
use serde_json::Value;
use sha2::{Digest, Sha256};
use verify::provider::{
    Algorithm, Credential, Encoding, KeyForm, Part, Provider, Shape, Signature, TimeAt, Unit, Where,
};
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome};
use verify::{hex, secret};

/// When everything here happens.
pub const NOW_S: i64 = 1_767_225_600;

/// The bytes of every key.
const SEED: [u8; 32] = [7; 32];

/// A sender and its key.
pub struct Sender {
    pub provider: &'static Provider,
    pub signature: Signature,
    secret: String,
}

/// What a sender tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub method: String,
    pub url: String,
    /// The value of every signed header.
    pub id: String,
    pub time: String,
    pub body: Vec<u8>,
}

/// A request as it arrives.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Sender {
    /// `None` where the signature is no data, or made by something that this crate does not hold.
    pub fn new(provider: &'static Provider) -> Option<Self> {
        let Credential::Signature(signature) = provider.credential else { return None };
        let secret = match (signature.algorithm, provider.key) {
            (Algorithm::Ed25519, KeyForm::Whpk) => secret::whpk(&SEED),
            (Algorithm::Ed25519, _) => hex::encode(ed25519().verifying_key().as_bytes()),
            (Algorithm::EcdsaP256, _) => {
                let key = p256::PublicKey::from(p256().verifying_key()).to_public_key_der().expect("a key");
                base64(key.as_bytes())
            }
            (_, KeyForm::Named) => format!("name:{}", hex::encode(&SEED)),
            (
                Algorithm::HmacSha1 | Algorithm::HmacSha256 | Algorithm::HmacSha512 | Algorithm::Sha256SecretFirst,
                form,
            ) => secret::made(form, &SEED).expect("a shared secret"),
            #[expect(unreachable_patterns, reason = "algorithms that are checked elsewhere come and go")]
            _ => return None,
        };
        Some(Self { provider, signature, secret })
    }

    /// Who receives from it.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(EndpointSettings {
            provider: self.provider,
            secrets: vec![("own".to_owned(), self.secret.clone())],
            window_s: None,
            public_url: None,
            handshake: HandshakeSettings::default(),
            subject: None,
        })
        .expect("an endpoint")
    }

    /// What it says with this body, in which everything that it signs is there.
    pub fn says(&self, body: &Value) -> Said {
        let time = match self.signature.time.map(|time| time.unit) {
            Some(Unit::Milliseconds) => format!("{NOW_S}123"),
            Some(Unit::Rfc3339) => "2026-01-01T00:00:00.123456789Z".to_owned(),
            Some(Unit::Seconds) | None => NOW_S.to_string(),
        };
        let mut body = body.clone();
        for part in self.signature.message {
            match part {
                Part::JsonOf(path, bytes) => self.put(&mut body, path, &"5".repeat(*bytes)),
                Part::Json(path) | Part::JsonOrNothing(path) | Part::JsonWithout(path, _) => {
                    self.put(&mut body, path, "some value");
                }
                _ => {}
            }
        }
        if let Some(TimeAt::Json(path)) = self.signature.time.map(|time| time.at) {
            self.put(&mut body, path, &time);
        }
        Said {
            method: self.provider.methods[0].to_owned(),
            url: "https://hooks.example.test/in?a=b".to_owned(),
            id: "msg_1".to_owned(),
            time,
            body: body.to_string().into_bytes(),
        }
    }

    /// What is signed of it.
    pub fn message(&self, said: &Said) -> Vec<u8> {
        let json = |path: &str| {
            let body: Value = serde_json::from_slice(&said.body).expect("JSON");
            let found = body.pointer(&self.pointer(path)).cloned().unwrap_or_default();
            found.as_str().map(str::to_owned).unwrap_or_default().into_bytes()
        };
        let parts = self.signature.message.iter().map(|part| match part {
            Part::Body | Part::Payload => said.body.clone(),
            Part::Time => said.time.clone().into_bytes(),
            Part::Header(_) => said.id.clone().into_bytes(),
            Part::Text(text) => text.as_bytes().to_vec(),
            Part::Method => said.method.clone().into_bytes(),
            Part::Url | Part::UrlPartlyDecoded => said.url.clone().into_bytes(),
            Part::Json(path) | Part::JsonOf(path, _) | Part::JsonOrNothing(path) | Part::JsonWithout(path, _) => {
                json(path)
            }
        });
        parts.collect::<Vec<_>>().concat()
    }

    /// The bytes of the signature.
    pub fn tag(&self, said: &Said) -> Vec<u8> {
        let message = self.message(said);
        let secret = self.secret.strip_prefix("name:").unwrap_or(&self.secret).as_bytes();
        let key = match self.provider.key {
            KeyForm::Whsec | KeyForm::WhsecOnly { .. } | KeyForm::Hex => &SEED[..],
            _ => secret,
        };
        match self.signature.algorithm {
            Algorithm::HmacSha1 => mac::<Hmac<sha1::Sha1>>(key, &message),
            Algorithm::HmacSha256 => mac::<Hmac<Sha256>>(key, &message),
            Algorithm::HmacSha512 => mac::<Hmac<sha2::Sha512>>(key, &message),
            Algorithm::Sha256SecretFirst => Sha256::digest([key, &message].concat()).to_vec(),
            Algorithm::Ed25519 => ed25519().sign(&message).to_vec(),
            Algorithm::EcdsaP256 => {
                let signature: p256::ecdsa::Signature = p256().sign(&message);
                signature.to_der().as_bytes().to_vec()
            }
            #[expect(unreachable_patterns, reason = "see `Sender::new`")]
            _ => unreachable!("no such sender is made"),
        }
    }

    /// A signature as it is written.
    pub fn written(&self, tag: &[u8]) -> String {
        match self.signature.encoding {
            Encoding::Hex => hex::encode(tag),
            Encoding::Base64 => base64(tag),
        }
    }

    /// What it sends, rightly signed.
    pub fn sends(&self, said: &Said) -> Sent {
        self.sends_with(said, &self.written(&self.tag(said)))
    }

    /// What it sends with this for a signature.
    pub fn sends_with(&self, said: &Said, signature: &str) -> Sent {
        let mut headers: Vec<(String, Vec<u8>)> = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.as_bytes().to_vec()));
        for part in self.signature.message {
            if let Part::Header(name) = part {
                add(name, &said.id);
            }
        }
        let mut item = None;
        match self.signature.time.map(|time| time.at) {
            Some(TimeAt::Header(name)) => add(name, &said.time),
            Some(TimeAt::Item(key)) => item = Some((key, said.time.as_str())),
            Some(TimeAt::Json(_)) | None => {}
        }
        if let Some(name) = self.signature.key_name {
            add(name, "name");
        }
        let value = match self.signature.shape {
            Shape::Bare => signature.to_owned(),
            Shape::Prefix(prefix) => format!("{prefix}{signature}"),
            Shape::List { between, after_key, key } => {
                let time = item.map(|(key, time)| format!("{key}{after_key}{time}{between}")).unwrap_or_default();
                format!("{time}{key}{after_key}{signature}")
            }
        };
        let mut body = said.body.clone();
        match self.signature.at {
            Where::Header(name) => add(name, &value),
            Where::AnyOf(names) => add(names[0], &value),
            Where::Numbered(name) => add(&format!("{name}-1"), &value),
            Where::Json(path) => {
                let mut json: Value = serde_json::from_slice(&body).expect("JSON");
                self.put(&mut json, path, &value);
                body = json.to_string().into_bytes();
            }
        }
        Sent { method: said.method.clone(), url: said.url.clone(), headers, body }
    }

    fn pointer(&self, path: &str) -> String {
        let each = self.signature.each.map(|each| format!("/{each}/0")).unwrap_or_default();
        format!("{each}/{}", path.replace('.', "/"))
    }

    /// Puts a text at a path, and makes what leads to it.
    fn put(&self, json: &mut Value, path: &str, text: &str) {
        let pointer = self.pointer(path);
        let mut at = json;
        for name in pointer[1..].split('/') {
            at = match name {
                "0" => {
                    if !at.is_array() {
                        *at = Value::Array(vec![Value::Null]);
                    }
                    &mut at[0]
                }
                name => &mut at[name],
            };
        }
        *at = text.into();
    }
}

impl Sent {
    /// The same request, announced as another type of content.
    pub fn announced(mut self, content_type: &str) -> Self {
        self.headers[0].1 = content_type.as_bytes().to_vec();
        self
    }

    /// What becomes of it.
    pub fn received(&self, endpoint: &Endpoint) -> Outcome {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let head = Head { method: &self.method, url: &self.url, headers: &headers };
        endpoint.receive(&head, &self.body, NOW_S)
    }
}

/// Every sender that can be played.
pub fn all() -> Vec<Sender> {
    let senders: Vec<_> = verify::provider::ALL.iter().filter_map(|provider| Sender::new(provider)).collect();
    assert!(senders.len() > 45, "only {} senders are played", senders.len());
    senders
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn ed25519() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&SEED)
}

fn p256() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&SEED).expect("a key")
}

//! Strangers' bytes: whatever they are, there is an answer, and it is no.

use proptest::prelude::*;
use verify::account::{self, JwtRefusal, Presented};
use verify::provider::{self, Credential, KeyForm, Place, Provider, Signature, Time, TimeAt};
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, SubjectPaths};
use verify::{secret, sign};

const ED25519_HEX: &str = "312c3823ebf3f1381c33c4ed4f60294f0a8f3037eb4930a83b3abb01f0cd4b87";
const SPKI: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";

/// Names that get far: those of every provider, and a stranger's.
fn header_names() -> Vec<&'static str> {
    let places = |provider: &Provider| provider.event.places().iter().chain(provider.delivery_id.places()).copied();
    let named = provider::ALL.iter().flat_map(|provider| {
        let time = match &provider.credential {
            Credential::Signature(Signature { time: Some(Time { at: TimeAt::Header(name), .. }), .. }) => Some(*name),
            _ => None,
        };
        let placed = places(provider).filter_map(|place| match place {
            Place::Header(name) => Some(name),
            _ => None,
        });
        provider.credential.headers().into_iter().chain(time).chain(placed).collect::<Vec<_>>()
    });
    named.chain(["content-type", "content-type", "webhook-id", "X-Stranger"]).collect()
}

/// A text that is a key of this form.
fn key(form: KeyForm) -> String {
    match form {
        KeyForm::Whpk => secret::whpk(&[3; 32]),
        KeyForm::Ed25519Hex => ED25519_HEX.to_owned(),
        KeyForm::Spki => SPKI.to_owned(),
        KeyForm::Identifier { .. } => "arn:aws:sns:eu-west-1:123456789012:scans".to_owned(),
        KeyForm::Hex => "0102030405060708".to_owned(),
        KeyForm::Named | KeyForm::UserPassword => "name:secret".to_owned(),
        KeyForm::Text | KeyForm::TextOf { .. } | KeyForm::Whsec | KeyForm::WhsecOnly { .. } => secret::whsec(&[3; 32]),
    }
}

fn endpoint(provider: &'static Provider) -> Endpoint {
    let key = key(provider.key);
    let subject = SubjectPaths {
        event: None,
        kind: "commit".into(),
        collection: "repository.full_name".into(),
        id: "after".into(),
    };
    Endpoint::new(EndpointSettings {
        provider,
        secrets: vec![("one".into(), key.clone()), ("two".into(), key)],
        window_s: None,
        public_url: None,
        handshake: HandshakeSettings::default(),
        subject: Some(subject),
    })
    .expect("an endpoint")
}

/// Bytes that get far: pieces of right values among arbitrary ones.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "(sha256=)?[0-9a-fA-F]{0,70}".prop_map(String::into_bytes),
        "(v1a?,[A-Za-z0-9+/]{0,90}={0,2} ?){0,4}".prop_map(String::into_bytes),
        "-?[0-9]{0,20}".prop_map(String::into_bytes),
        Just(b"application/x-www-form-urlencoded".to_vec()),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "(payload|x)?=?[%0-9a-f+&=]{0,60}".prop_map(String::into_bytes),
        r#"\{("type":("a"|1|null|\[\[)?,?|"after":[\[{"]?){0,3}[\]}]{0,3}"#.prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn no_account_is_believed_without_its_secret_and_no_claims_panic(
        header in prop_oneof!["(JWT|jwt) ?.{0,40}", "JWT [A-Za-z0-9_.=-]{0,80}", ".{0,20}"],
        claims in concat!(
            r#"\{"iss":"k"(,"(iat|exp|jti|orig_iat)":"#,
            r#"(-?[0-9]{1,20}|1e[0-9]{1,3}|"[0-9]{0,12}"|null|\[\])){0,4}\}"#
        ),
        now_s in prop_oneof![any::<i64>(), Just(1_767_225_600)],
    ) {
        if let Ok(Some(presented)) = Presented::read(Some(&header)) {
            prop_assert!(presented.verify("secret", now_s).is_err());
        }
        let header = format!("JWT {}", account::token("secret", &claims));
        if let Ok(Some(presented)) = Presented::read(Some(&header)) {
            let _ = presented.verify("secret", now_s);
            prop_assert_eq!(presented.verify("another", now_s), Err(JwtRefusal::Undecodable));
        }
    }

    #[test]
    fn no_bytes_panic_or_are_believed(
        method in prop_oneof![Just("POST".to_owned()), ".{0,8}"],
        url in prop_oneof!["https://h/\\?(code=?[%&+#=a-z0-9]{0,12}){0,3}", ".{0,40}"],
        headers in prop::collection::vec((prop::sample::select(header_names()), value()), 0..12),
        body in body(),
        now_s in prop_oneof![any::<i64>(), Just(1_767_225_600)],
    ) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let head = Head { method: &method, url: &url, headers: &headers };
        for provider in provider::ALL {
            let endpoint = endpoint(provider);
            let _ = endpoint.look(&head, now_s);
            prop_assert!(!matches!(endpoint.receive(&head, &body, now_s), Outcome::Accept(_)));
        }
    }

    #[test]
    fn no_believed_body_panics(body in body(), form in any::<bool>(), event in value()) {
        let signature = sign::github(&secret::whsec(&[3; 32]), &body);
        let content_type: &[u8] =
            if form { b"application/x-www-form-urlencoded" } else { b"application/json" };
        let headers: [(&str, &[u8]); 4] = [
            ("X-Hub-Signature-256", signature.as_bytes()),
            ("X-GitHub-Event", &event),
            ("X-GitHub-Delivery", b"1"),
            ("content-type", content_type),
        ];
        let head = Head { method: "POST", url: "https://h/", headers: &headers };

        let outcome = endpoint(&provider::GITHUB).receive(&head, &body, 0);

        let believed = !body.is_empty() && str::from_utf8(&event).is_ok();
        prop_assert_eq!(believed, !matches!(outcome, Outcome::Refuse(_)));
    }

    #[test]
    fn no_configured_text_panics(text in ".{0,80}", signing in "wh(sec|pk|sk)_[A-Za-z0-9+/]{0,90}=*") {
        for provider in provider::ALL {
            for text in [&text, &signing] {
                let _ = Endpoint::new(EndpointSettings {
                    provider,
                    secrets: vec![("one".into(), text.clone())],
                    window_s: None,
                    public_url: None,
                    handshake: HandshakeSettings::default(),
                    subject: None,
                });
                let _ = sign::SigningKey::read(text);
            }
        }
    }
}

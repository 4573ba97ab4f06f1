//! Strangers' bytes: whatever they are, there is an answer, and it is no.

use proptest::prelude::*;
use verify::account::{self, JwtRefusal, Presented};
use verify::provider::{self, Provider};
use verify::receive::{Endpoint, EndpointSettings, Head, Outcome, SubjectPaths};
use verify::{secret, sign};

const HEADERS: [&str; 12] = [
    "content-type",
    "X-Hub-Signature-256",
    "X-GitHub-Event",
    "X-Gitea-Signature",
    "X-Gitlab-Token",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "X-Stranger",
];

fn endpoint(provider: &'static Provider) -> Endpoint {
    let key = match provider.name {
        "standard-webhooks-ed25519" => {
            let key = sign::SigningKey::read(&secret::whsk(&[3; 32])).expect("a key");
            key.public_key().expect("a public key")
        }
        _ => secret::whsec(&[3; 32]),
    };
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
        headers in prop::collection::vec((prop::sample::select(&HEADERS[..]), value()), 0..9),
        body in body(),
        now_s in prop_oneof![any::<i64>(), Just(1_767_225_600)],
    ) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let head = Head { method: &method, url: &url, headers: &headers };
        for provider in provider::ALL {
            let endpoint = endpoint(provider);
            let _ = endpoint.look(&head, now_s);
            prop_assert!(matches!(endpoint.receive(&head, &body, now_s), Outcome::Refuse(_)));
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
                    subject: None,
                });
                let _ = sign::SigningKey::read(text);
            }
        }
    }
}

//! A request's way through an endpoint, from the outside.

use std::time::Instant;

use verify::provider::{self, Provider};
use verify::receive::{
    Accepted, Endpoint, EndpointSettings, HandshakeSettings, Head, Misconfigured, Outcome, Reason, Refusal, SubjectName,
};
use verify::{secret, sign};

const SECRET: &str = "It's a Secret to Everybody";
const GITHUB_PUSH: &[u8] = include_bytes!("../../vectors/forge/github-push.json");
const GITLAB_PUSH: &[u8] = include_bytes!("../../vectors/forge/gitlab-push.json");
const TWILIO_URL_ALONE: &[u8] = b"sXBkxbcHbGWeBhb/y2qbeGi0u5I=";
const NOW_S: i64 = 1_767_225_600;

fn settings(provider: &'static Provider, secrets: &[&str]) -> EndpointSettings {
    let secrets = secrets.iter().enumerate();
    EndpointSettings {
        provider,
        secrets: secrets.map(|(at, text)| (format!("sec_{at}"), (*text).to_owned())).collect(),
        window_s: None,
        public_url: None,
        handshake: HandshakeSettings::default(),
        subject: None,
    }
}

fn endpoint(provider: &'static Provider, secrets: &[&str]) -> Endpoint {
    Endpoint::new(settings(provider, secrets)).expect("an endpoint")
}

fn post<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Head<'a> {
    Head { method: "POST", url: "https://hooks.example.test/in", headers }
}

fn accepted(outcome: Outcome) -> Accepted {
    match outcome {
        Outcome::Accept(accepted) => accepted,
        other => panic!("expected an accepted request, found {other:?}"),
    }
}

fn refused(outcome: Outcome) -> Refusal {
    match outcome {
        Outcome::Refuse(refusal) => refusal,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

/// A GitHub push with this body, rightly signed.
fn github_push(body: &[u8]) -> Outcome {
    let signature = sign::github(SECRET, body);
    let headers: [(&str, &[u8]); 3] = [
        ("x-hub-signature-256", signature.as_bytes()),
        ("x-github-event", b"push"),
        ("x-github-delivery", b"72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    ];
    endpoint(&provider::GITHUB, &["another secret", SECRET]).receive(&post(&headers), body, NOW_S)
}

#[test]
fn a_real_push_is_accepted_with_its_proof_and_its_commit() {
    let accepted = accepted(github_push(GITHUB_PUSH));

    assert_eq!(accepted.proof.scheme(), "hmac-sha256");
    assert_eq!(accepted.proof.secret_id(), "sec_1");
    assert_eq!(accepted.proof.signed_at_s(), None);
    assert_eq!(accepted.reply.status, 204);
    let [arrival] = accepted.arrivals.as_slice() else { panic!("one event") };
    assert_eq!(arrival.event_type, "github.push");
    assert_eq!(arrival.delivery_id.as_deref(), Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
    assert_eq!(
        arrival.subject,
        Some(SubjectName {
            kind: "commit".into(),
            collection: "Codertocat/Hello-World".into(),
            id: "6113728f27ae82c7b1a177c8d03f9e96e0adf246".into(),
        })
    );
    assert!(arrival.replay_key.is_some());
}

#[test]
fn the_same_delivery_has_the_same_key_and_another_body_another() {
    let key = |body: &[u8]| accepted(github_push(body)).arrivals[0].replay_key;

    assert_eq!(key(GITHUB_PUSH), key(GITHUB_PUSH));
    assert_ne!(key(GITHUB_PUSH), key(b"{}"));
}

#[test]
fn a_gitlab_push_names_its_project_and_its_commit() {
    let headers: [(&str, &[u8]); 2] = [("X-Gitlab-Token", b"glt-5sQ3pN8xV1"), ("X-Gitlab-Event", b"Push Hook")];

    let outcome = endpoint(&provider::GITLAB_TOKEN, &["glt-5sQ3pN8xV1"]).receive(&post(&headers), GITLAB_PUSH, 0);

    let arrival = accepted(outcome).arrivals.remove(0);
    assert_eq!(arrival.event_type, "gitlab-token.Push Hook");
    assert_eq!(
        arrival.subject,
        Some(SubjectName {
            kind: "commit".into(),
            collection: "mike/diaspora".into(),
            id: "5566778899aabbccddeeff00112233445566778a".into(),
        })
    );
    assert_eq!(arrival.replay_key, None);
}

#[test]
fn what_we_sign_we_believe() {
    let keys = [secret::whsec(&[1; 32]), secret::whsk(&[2; 32])];
    let keys = keys.map(|text| sign::SigningKey::read(&text).expect("a key"));
    let public = keys[1].public_key().expect("a public key");
    let body = br#"{"type": "contact.created"}"#;
    let signatures = sign::standard("msg_1", NOW_S, body, &keys);
    let headers: [(&str, &[u8]); 3] =
        [("webhook-id", b"msg_1"), ("webhook-timestamp", b"1767225600"), ("webhook-signature", signatures.as_bytes())];

    let token = endpoint(&provider::STANDARD_WEBHOOKS, &[&secret::whsec(&[1; 32])]);
    let key = endpoint(&provider::STANDARD_WEBHOOKS_ED25519, &[&public]);

    for (endpoint, scheme) in [(token, "hmac-sha256"), (key, "ed25519")] {
        let accepted = accepted(endpoint.receive(&post(&headers), body, NOW_S + 300));
        assert_eq!(accepted.proof.scheme(), scheme);
        assert_eq!(accepted.proof.signed_at_s(), Some(NOW_S));
    }
}

#[test]
fn a_body_without_an_event_s_name_is_an_event_without_a_name() {
    let signature = sign::github(SECRET, b"x");
    let headers: [(&str, &[u8]); 1] = [("x-hub-signature-256", signature.as_bytes())];

    let outcome = endpoint(&provider::GITHUB, &[SECRET]).receive(&post(&headers), b"x", NOW_S);

    assert_eq!(accepted(outcome).arrivals[0].event_type, "github.event");
}

#[test]
fn the_head_alone_refuses_what_no_body_could_mend() {
    let github = endpoint(&provider::GITHUB, &[SECRET]);
    let get = Head { method: "GET", ..post(&[]) };
    let look = |head: &Head| github.look(head, NOW_S).expect_err("refused");

    assert_eq!(look(&get).reason, Reason::BadMethod);
    assert_eq!(look(&post(&[])).to_string(), "expected the header X-Hub-Signature-256, found none");
}

#[test]
fn an_empty_body_is_refused_only_after_it_is_believed() {
    let receive = |secret: &str| {
        let signature = sign::github(secret, b"");
        let headers: [(&str, &[u8]); 1] = [("x-hub-signature-256", signature.as_bytes())];
        refused(endpoint(&provider::GITHUB, &[SECRET]).receive(&post(&headers), b"", NOW_S)).reason
    };

    assert_eq!(receive(SECRET), Reason::EmptyBody);
    assert_eq!(receive("another"), Reason::SignatureMismatch);
}

#[test]
fn a_window_may_be_set_where_a_time_is_signed() {
    let with_window = |provider, secret: &str| {
        let window_s = Some(60);
        Endpoint::new(EndpointSettings { window_s, ..settings(provider, &[secret]) })
    };

    let svix = with_window(&provider::SVIX, &secret::whsec(&[1; 32])).expect("an endpoint");
    let github = with_window(&provider::GITHUB, SECRET).expect_err("no time");

    assert_eq!(svix.window_s(), Some(60));
    assert_eq!(github, Misconfigured::NoTime { provider: "github" });
}

#[test]
fn a_secret_that_cannot_be_is_named_and_not_shown() {
    let fault =
        |provider, secrets: &[&str]| Endpoint::new(settings(provider, secrets)).expect_err("misconfigured").to_string();

    assert_eq!(fault(&provider::GITHUB, &["x", ""]), "the secret `sec_1` is empty");
    assert_eq!(fault(&provider::GITHUB, &[]), "a source of the provider `github` needs a secret, found none");
    let gitlab = fault(&provider::GITLAB, &["glt-5sQ3pN8xV1"]);
    assert!(gitlab.contains("`gitlab-token`") && !gitlab.contains("glt-5"), "{gitlab}");
    assert_eq!(
        fault(&provider::AZUREALERT, &["0123456789012345678901234567890"]),
        "the secret `sec_0` has 31 characters, but must have 32 to 128"
    );
}

#[test]
fn nothing_that_is_shown_holds_a_secret() {
    let shown = [
        format!("{:?}", settings(&provider::GITHUB, &[SECRET])),
        format!("{:?}", endpoint(&provider::GITHUB, &[SECRET])),
        format!("{:?}", endpoint(&provider::GITLAB_TOKEN, &[SECRET])),
    ];

    for text in shown {
        assert!(text.contains("sec_0") && !text.contains("Secret to"), "{text}");
    }
}

#[test]
fn limits_follow_the_provider() {
    assert_eq!(endpoint(&provider::GITHUB, &[SECRET]).body_bytes_max(), 25 << 20);
    assert_eq!(endpoint(&provider::SVIX, &[&secret::whsec(&[1; 32])]).body_bytes_max(), 1 << 20);
}

/// Not a benchmark: a quadratic reader would need minutes for this.
#[test]
fn a_push_of_twenty_mebibytes_is_read_in_one_pass() {
    let commits = r#"{"id":"3f8b","message":"a \"quoted\" line"},"#.repeat(20 << 20 >> 5);
    let body = format!(r#"{{"commits":[{commits}0],"after":"3f8b","repository":{{"full_name":"owner/repo"}}}}"#);
    let started = Instant::now();

    let accepted = accepted(github_push(body.as_bytes()));

    assert!(accepted.arrivals[0].subject.is_some());
    assert!(started.elapsed().as_secs() < 60);
}

/// What a stranger can have X's endpoint sign is never an event.
#[test]
fn a_token_that_was_answered_with_its_mac_is_no_event() {
    let endpoint = endpoint(&provider::X_TWITTER, &[SECRET]);
    for token in ["123", "abc", "MTIz="] {
        let url = format!("https://hooks.example.test/in?crc_token={token}");
        let ask = Head { method: "GET", url: &url, headers: &[] };
        let Outcome::Reply { reply, .. } = endpoint.receive(&ask, b"", NOW_S) else { panic!("no answer to {token}") };
        let reply: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
        let mac = reply["response_token"].as_str().expect("a MAC").as_bytes();
        let headers: [(&str, &[u8]); 1] = [("x-twitter-webhooks-signature", mac)];

        let refusal = refused(endpoint.receive(&post(&headers), token.as_bytes(), NOW_S));

        assert_eq!(refusal.reason, Reason::MalformedBody, "{token}");
    }
    let ask = Head { method: "GET", url: "https://hooks.example.test/in?crc_token=%7B%7D", headers: &[] };
    assert_eq!(refused(endpoint.receive(&ask, b"", NOW_S)).reason, Reason::ChallengeRefused);
}

#[test]
fn a_twilio_body_that_is_no_form_is_bound_by_its_digest_and_a_get_has_none() {
    let url = "https://hooks.example.test/in";
    let endpoint = endpoint(&provider::TWILIO, &["auth-token"]);
    // HMAC-SHA1 of the URL alone under `auth-token`.
    let signature: [(&str, &[u8]); 1] = [("X-Twilio-Signature", TWILIO_URL_ALONE)];
    let get = Head { method: "GET", url, headers: &signature };

    assert_eq!(accepted(endpoint.receive(&get, b"", NOW_S)).arrivals.len(), 1);
    assert_eq!(refused(endpoint.receive(&post(&signature), b"{}", NOW_S)).reason, Reason::SignatureMismatch);
    assert_eq!(refused(endpoint.receive(&post(&signature), b"", NOW_S)).reason, Reason::EmptyBody);
}

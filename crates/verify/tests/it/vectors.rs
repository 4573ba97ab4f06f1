//! The published vectors, each of which must come out as it says.

use crate::rsa;
use verify::conformance::{Row, run};
use verify::provider;
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome};

const PROVIDERS: &str = include_str!("../../vectors/providers.json");
const OLDER: &str = include_str!("../../vectors/older-headers.json");
const REQUESTS: &str = include_str!("../../vectors/request-hmac.json");
const SCANNER: &str = include_str!("../../vectors/scanner-hmac.json");

fn failures<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<String> {
    let failed = rows.into_iter().filter(|row| !row.pass);
    failed.map(|row| format!("{}: expected {}, got {}", row.id, row.expected, row.got)).collect()
}

#[test]
fn every_modern_row_of_every_provider_comes_out_as_it_says() {
    let rows: Vec<_> =
        [PROVIDERS, OLDER].into_iter().flat_map(|file| run(file, &rsa::read).expect("vectors")).collect();

    for provider in provider::ALL.iter().filter(|provider| **provider != &provider::AZUREALERT) {
        let prefix = format!("{}/", provider.name);
        let own: Vec<_> = rows.iter().filter(|row| row.id.starts_with(&prefix)).collect();

        assert!(own.len() > 2, "{} has {} vectors", provider.name, own.len());
        assert_eq!(failures(own), [] as [String; 0]);
    }
}

#[test]
fn every_row_of_aspnet_comes_out_as_it_says() {
    let rows = run(PROVIDERS, &rsa::read).expect("vectors");
    let own: Vec<_> = rows.iter().filter(|row| row.id.starts_with("aspnet/")).collect();

    assert_eq!(own.len(), 120);
    assert_eq!(failures(own), [] as [String; 0]);
}

#[test]
fn every_row_is_of_a_known_provider() {
    let rows = run(PROVIDERS, &rsa::read).expect("vectors");

    assert_eq!(rows.len(), 477);
    assert_eq!(failures(&rows), [] as [String; 0]);
}

#[test]
fn every_scanner_signature_comes_out_as_it_says() {
    let rows = run(SCANNER, &rsa::read).expect("vectors");

    assert_eq!(rows.len(), 51);
    assert_eq!(failures(&rows), [] as [String; 0]);
}

#[test]
fn every_signed_request_comes_out_as_it_says() {
    let rows = run(REQUESTS, &rsa::read).expect("vectors");
    let got = |id: &str| rows.iter().find(|row| row.id == id).map(|row| row.got.as_str());

    assert_eq!(rows.len(), 88);
    assert_eq!(failures(&rows), [] as [String; 0]);
    assert_eq!(got("get-with-body-signed-as-empty"), Some("refuse, bad_signature"));
    assert_eq!(got("get-with-body-signed-with-body"), Some("accept"));
    assert_eq!(got("one-digit-hour"), Some("refuse, bad_date"));
}

/// The look at the head alone refuses nothing that the whole judgement would accept.
#[test]
fn looking_refuses_only_what_is_refused() {
    let vectors: Vec<serde_json::Value> = serde_json::from_str(PROVIDERS).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let mut looked = 0;
    for vector in vectors.iter().filter(|vector| vector["profile"] == "modern") {
        let Some(provider) = provider::find(&text(&vector["provider"])) else {
            continue;
        };
        let named = vector["config"]["keys"].as_object().into_iter().flatten();
        let named = named.map(|(name, secret)| format!("{name}:{}", text(secret)));
        let secrets = vector["secrets"].as_array().expect("secrets").iter().map(text).chain(named);
        let identifiers = ["topic_arn", "webhook_id"].iter().filter_map(|name| vector["config"][*name].as_str());
        let secrets = secrets.chain(identifiers.map(str::to_owned));
        let endpoint = Endpoint::new(EndpointSettings {
            provider,
            secrets: secrets.map(|secret| ("s".to_owned(), secret)).collect(),
            window_s: None,
            public_url: None,
            handshake: HandshakeSettings { awaited: true, ..HandshakeSettings::default() },
            subject: None,
        })
        .expect("an endpoint");
        let headers: Vec<(String, String)> = serde_json::from_value(vector["headers"].clone()).expect("headers");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, value.as_bytes())).collect();
        let (method, url) = (text(&vector["method"]), text(&vector["url"]));
        let head = Head { method: &method, url: &url, headers: &headers };
        let now_s = vector["clock"].as_i64().expect("a clock");

        let looked_at = endpoint.look(&head, now_s);
        let received = endpoint.receive(&head, text(&vector["body"]).as_bytes(), now_s);

        if let Err(refusal) = looked_at {
            assert!(matches!(received, Outcome::Refuse(later) if later == refusal), "{}", vector["id"]);
            looked += 1;
        }
    }
    assert!(looked > 20, "only {looked} requests were refused by their head");
}

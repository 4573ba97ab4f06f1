//! A signature is believed as it is, and nothing near it is.

use proptest::prelude::*;
use serde_json::json;
use verify::provider::{self, Algorithm, Encoding, Part, readings};
use verify::receive::{Endpoint, Head, Outcome};

use crate::rsa;
use crate::sender::{self, NOW_S, Said, Sender, Sent};

/// The types and the keys of what is accepted; nothing else will do.
#[track_caller]
fn accepted(sender: &Sender, sent: &Sent, endpoint: &Endpoint) -> Vec<(String, Option<[u8; 16]>)> {
    match sent.received(endpoint) {
        Outcome::Accept(accepted) => {
            accepted.arrivals.into_iter().map(|each| (each.event_type, each.replay_key)).collect()
        }
        other => panic!("{}: {other:?} of {sent:?}", sender.provider.name),
    }
}

#[track_caller]
fn not_accepted(sender: &Sender, sent: &Sent, endpoint: &Endpoint) {
    let outcome = sent.received(endpoint);
    assert!(matches!(outcome, Outcome::Refuse(_)), "{}: {outcome:?} of {sent:?}", sender.provider.name);
}

#[test]
fn every_sender_is_believed() {
    for sender in sender::all() {
        let said = sender.says(&json!({ "type": "a thing" }));

        accepted(&sender, &sender.sends(&said), &sender.endpoint());
    }
}

/// Every bit, every shorter and many longer signatures, in the bytes and in the text.
#[test]
fn a_signature_that_was_truncated_lengthened_or_changed_never_passes() {
    for sender in sender::all() {
        let endpoint = sender.endpoint();
        let said = sender.says(&json!({ "type": "a thing" }));
        let tag = sender.tag(&said);
        let refused = |text: &str| not_accepted(&sender, &sender.sends_with(&said, text), &endpoint);

        for bit in 0..tag.len() * 8 {
            let mut flipped = tag.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            refused(&sender.written(&flipped));
        }
        for length in 0..tag.len() {
            refused(&sender.written(&tag[..length]));
            refused(&sender.written(&tag[tag.len() - length..]));
        }
        for more in [1, 2, 3, 32] {
            refused(&sender.written(&[&tag[..], &vec![0; more]].concat()));
            refused(&sender.written(&[&vec![0; more], &tag[..]].concat()));
            refused(&sender.written(&[&tag[..], &tag[..more.min(tag.len())]].concat()));
        }
        let text = sender.written(&tag);
        for length in 0..text.len() {
            refused(&text[..length]);
        }
        for end in ["0", "=", "A", "==", "\u{e9}", "\0", "00", "AAAA"] {
            refused(&format!("{text}{end}"));
            refused(&format!("{end}{text}"));
        }
    }
}

/// Hex is the same in either case. In base64 a letter's case is another six bits.
#[test]
fn the_case_of_a_signature_counts_in_base64_alone() {
    for sender in sender::all() {
        let endpoint = sender.endpoint();
        let said = sender.says(&json!({ "type": "a thing" }));
        let text = sender.written(&sender.tag(&said));
        for changed in [text.to_uppercase(), text.to_lowercase()] {
            let sent = sender.sends_with(&said, &changed);
            match sender.signature.encoding {
                Encoding::Hex => drop(accepted(&sender, &sent, &endpoint)),
                Encoding::Base64 => not_accepted(&sender, &sent, &endpoint),
            }
        }
    }
}

/// Of an ECDSA signature there is another one that fits the same message, which anybody can make; it proves the same
/// message, and what tells a delivery apart is not the signature.
#[test]
fn no_signature_tells_one_delivery_from_another() {
    for sender in sender::all().into_iter().filter(|sender| sender.signature.algorithm == Algorithm::EcdsaP256) {
        let said = sender.says(&json!([{ "event": "open", "sg_event_id": "1" }]));
        let signature = p256::ecdsa::Signature::from_der(&sender.tag(&said)).expect("a signature");
        let (r, s) = signature.split_scalars();
        let twin = p256::ecdsa::Signature::from_scalars(r, -s).expect("a signature");
        let endpoint = sender.endpoint();

        let first = accepted(&sender, &sender.sends(&said), &endpoint);
        let second = accepted(&sender, &sender.sends_with(&said, &sender.written(twin.to_der().as_bytes())), &endpoint);

        assert_eq!(first, second);
        assert!(first[0].1.is_some());
    }
}

#[test]
fn a_message_that_can_be_read_in_two_ways_has_a_reason_why_that_does_no_harm() {
    for provider in provider::ALL {
        let (ambiguous, told) = (readings::is_ambiguous(provider), provider.ambiguity.is_some());
        let lacks = "two requests can have the same signed bytes; say in `ambiguity` what keeps that from doing harm";

        assert!(told || !ambiguous, "{}: {lacks}", provider.name);
        assert!(ambiguous || !told, "{}: what is signed has one reading: `ambiguity` is too much", provider.name);
    }
    let ambiguous = provider::ALL.iter().filter(|provider| provider.ambiguity.is_some());
    assert_eq!(
        ambiguous.map(|provider| provider.name).collect::<Vec<_>>(),
        [
            "discord",
            "discord-events",
            "gitlab",
            "hubspot-v2",
            "hubspot-v3",
            "paypal",
            "sendgrid",
            "square",
            "square-sha1",
            "standard-webhooks",
            "standard-webhooks-ed25519",
            "svix",
            "trello",
            "twilio",
            "twitch",
        ]
    );
}

/// A body in which everything stands that could be taken for a border.
fn hostile_bodies() -> Vec<serde_json::Value> {
    let times = format!("x.{NOW_S}.{{ {NOW_S}{{}} {NOW_S}000[] 2026-01-01T00:00:00Z{{}} 2026-01-01T00:00:00Z");
    let urls = "https://hooks.example.test/in https://hooks.example.test/in?a=b";
    vec![
        json!({ "type": "x", "id": "1", "text": times, "urls": urls, "more": ["{", ":", "}", "[]", "{}", "\"{}"] }),
        json!([{ "event": times, "id": 1, "more": format!("{NOW_S}.{{\"type\":\"y\"}}") }]),
    ]
}

/// Every other request with the same signed bytes: the borders between its parts lie elsewhere.
fn divided_otherwise(sender: &Sender, said: &Said) -> Vec<Said> {
    let message = sender.message(said);
    let mut found = Vec::new();
    divide(sender, sender.signature.message, &message, &mut said.clone(), &mut found);
    found.retain(|other| other != said);
    found
}

fn divide(sender: &Sender, parts: &[Part], rest: &[u8], so_far: &mut Said, found: &mut Vec<Said>) {
    let [part, parts @ ..] = parts else {
        if rest.is_empty() {
            found.push(so_far.clone());
        }
        return;
    };
    let lengths = match part {
        Part::Text(text) => {
            if let Some(rest) = rest.strip_prefix(text.as_bytes()) {
                divide(sender, parts, rest, so_far, found);
            }
            return;
        }
        Part::Time => 1..=rest.len().min(35),
        _ => 0..=rest.len(),
    };
    // The last part is all that is left.
    let lengths = if parts.is_empty() { rest.len()..=rest.len() } else { lengths };
    for length in lengths {
        let (value, after) = rest.split_at(length);
        let text = || String::from_utf8(value.to_vec()).ok();
        let before = so_far.clone();
        match part {
            Part::Body | Part::Payload => so_far.body = value.to_vec(),
            Part::Time => match text().filter(|text| text.as_bytes().first().is_some_and(u8::is_ascii_digit)) {
                Some(text) => so_far.time = text,
                None => continue,
            },
            Part::Header(_) => match text() {
                Some(text) => so_far.id = text,
                None => continue,
            },
            Part::Url | Part::UrlPartlyDecoded => match text() {
                Some(text) => so_far.url = text,
                None => continue,
            },
            Part::Method => match text().filter(|text| sender.provider.methods.contains(&text.as_str())) {
                Some(text) => so_far.method = text,
                None => continue,
            },
            _ => return,
        }
        divide(sender, parts, after, so_far, found);
        *so_far = before;
    }
}

/// Whether values of the body are signed one by one; the next test is about these.
fn signs_values(sender: &Sender) -> bool {
    use Part::{Json, JsonOf, JsonOrNothing, JsonWithout};
    let is_value = |part: &Part| matches!(part, Json(_) | JsonOf(..) | JsonOrNothing(_) | JsonWithout(..));
    sender.signature.message.iter().any(is_value)
}

#[test]
fn a_request_that_was_divided_otherwise_is_not_believed() {
    let mut tried = 0;
    for sender in sender::all().into_iter().filter(|sender| sender.signature.message.len() > 1 && !signs_values(sender))
    {
        let endpoint = sender.endpoint();
        for body in hostile_bodies() {
            let said = sender.says(&body);
            let tag = sender.written(&sender.tag(&said));
            for other in divided_otherwise(&sender, &said) {
                assert_eq!(sender.message(&other), sender.message(&said));
                let sent = sender.sends_with(&other, &tag);
                not_accepted(&sender, &sent, &endpoint);
                not_accepted(&sender, &sent.announced("application/x-www-form-urlencoded"), &endpoint);
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "only {tried} were tried");
}

#[test]
fn values_of_the_body_that_are_signed_without_an_end_are_held_against_their_form() {
    let sender = Sender::new(&provider::MAILGUN).expect("a sender");
    let said = sender.says(&json!({ "event-data": { "event": "opened" } }));
    let tag = sender.written(&sender.tag(&said));
    let moved = |time: &str, token: &str| {
        let body = json!({ "signature": { "timestamp": time, "token": token }, "event-data": { "event": "opened" } });
        Said { body: body.to_string().into_bytes(), ..said.clone() }
    };
    let (time, token) = (NOW_S.to_string(), "5".repeat(50));
    accepted(&sender, &sender.sends_with(&moved(&time, &token), &tag), &sender.endpoint());
    for other in [moved(&format!("{time}5"), &token[1..]), moved(&time[..9], &format!("0{token}"))] {
        assert_eq!(sender.message(&other), sender.message(&said));
        not_accepted(&sender, &sender.sends_with(&other, &tag), &sender.endpoint());
    }

    let sender = Sender::new(&provider::ADYEN).expect("a sender");
    let item = |reference: &str, account: &str, own: &str| {
        let item = json!({ "pspReference": reference, "merchantAccountCode": account, "merchantReference": own });
        let body = json!({ "notificationItems": [{ "NotificationRequestItem": item }] });
        Said { body: body.to_string().into_bytes(), ..sender.says(&json!({})) }
    };
    let said = item("8313", "Shop", "order:7");
    let tag = sender.written(&sender.tag(&said));
    accepted(&sender, &sender.sends_with(&said, &tag), &sender.endpoint());
    let other = item("8313", "Shop:order", "7");
    assert_eq!(sender.message(&other), sender.message(&said));
    not_accepted(&sender, &sender.sends_with(&other, &tag), &sender.endpoint());
}

/// The head's word on the body is not signed: it changes neither what has arrived nor how it is told apart.
#[test]
fn a_delivery_is_the_same_whatever_its_head_calls_it() {
    for sender in sender::all() {
        let endpoint = sender.endpoint();
        let sent = sender.sends(&sender.says(&json!({ "type": "a thing", "id": "1", "event_id": "2" })));
        let first = accepted(&sender, &sent, &endpoint);

        for content_type in ["application/x-www-form-urlencoded", "text/plain", "application/xml", ""] {
            let other = accepted(&sender, &sent.clone().announced(content_type), &endpoint);

            assert_eq!(first, other, "{} as {content_type}", sender.provider.name);
        }
    }
}

proptest! {
    #[test]
    fn no_other_signature_passes(
        at in any::<prop::sample::Index>(),
        text in "[0-9a-fA-F]{40}|[0-9a-f]{64}|[A-Za-z0-9+/]{43}=|.{0,90}",
    ) {
        let sender = Sender::new(provider::ALL[at.index(provider::ALL.len())]);
        if let Some(sender) = sender {
            let said = sender.says(&json!({ "type": "a thing" }));
            not_accepted(&sender, &sender.sends_with(&said, &text), &sender.endpoint());
        }
    }
}

#[test]
fn a_signature_of_twilio_or_netlify_that_was_truncated_or_lengthened_never_passes() {
    for (id, name) in [("twilio/official-form", "X-Twilio-Signature"), ("netlify/accept", "X-Webhook-Signature")] {
        let vector = rsa::vector(id);
        let provider = provider::find(vector["provider"].as_str().expect("a provider")).expect("known");
        let endpoint = rsa::endpoint(provider, vector["secrets"][0].as_str().expect("a secret"), None);
        let headers: Vec<(String, String)> = serde_json::from_value(vector["headers"].clone()).expect("headers");
        let outcome = |signature: &str| {
            let said = |(other, value)| if other == name { (other, signature) } else { (other, value) };
            let headers = headers.iter().map(|(name, value)| said((name.as_str(), value.as_str())));
            let headers: Vec<(&str, &[u8])> = headers.map(|(name, value)| (name, value.as_bytes())).collect();
            let head = Head { method: "POST", url: vector["url"].as_str().expect("a URL"), headers: &headers };
            endpoint.receive(&head, vector["body"].as_str().expect("a body").as_bytes(), NOW_S)
        };
        let (_, signature) = headers.iter().find(|(other, _)| other == name).expect("a signature");

        rsa::accepted(outcome(signature));
        for text in rsa::spoilt(signature) {
            rsa::reason(outcome(&text));
        }
    }
}

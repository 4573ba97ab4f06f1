//! The receivers of ASP.NET Core WebHooks: what the published vectors leave open, and strangers' bytes.

use proptest::prelude::*;
use verify::aspnet::{self, Accepted, CodeLength, Configuration, Outcome, Receivers, Verification};
use verify::receive::{Head, Reply};
use verify::refusal::Reason;

const SECRET: &str = "01234567890123456789012345678901";
const INCOMING: &str = "https://h/api/webhooks/incoming/";

const JSON: (&str, &[u8]) = ("Content-Type", b"application/json");
const FORM: (&str, &[u8]) = ("Content-Type", b"application/x-www-form-urlencoded");

type Header<'a> = (&'a str, &'a [u8]);

fn receivers(entries: &[(&str, &str)]) -> Receivers {
    let mut configuration = Configuration::default();
    entries.iter().for_each(|(path, value)| configuration.add(&format!("WebHooks:{path}"), value));
    Receivers::new(configuration, CodeLength::default())
}

/// Each receiver with one secret.
fn all() -> Receivers {
    let path = |name: &str| format!("{name}:SecretKey:default{}", if name == "pusher" { ":app" } else { "" });
    let paths: Vec<_> = aspnet::ALL.iter().map(|receiver| path(receiver.name)).collect();
    let entries: Vec<_> = paths.iter().map(|path| (path.as_str(), SECRET)).collect();
    receivers(&entries)
}

fn send(method: &str, path: &str, headers: &[Header<'_>], body: &[u8]) -> Outcome {
    let url = format!("{INCOMING}{path}");
    all().receive(&Head { method, url: &url, headers }, body)
}

fn accepted(outcome: Outcome) -> Accepted {
    match outcome {
        Outcome::Accept(accepted) => accepted,
        other => panic!("expected it to be believed, got {other:?}"),
    }
}

fn refused(outcome: Outcome) -> (Reason, Reply) {
    match outcome {
        Outcome::Refuse { refusal, reply } => (refusal.reason, reply),
        other => panic!("expected it to be refused, got {other:?}"),
    }
}

/// A GitHub signature of a body.
fn signed(body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(body);
    format!("sha1={}", verify::hex::encode(&mac.finalize().into_bytes()))
}

#[test]
fn the_whole_configuration_is_as_it_should_be() {
    assert_eq!(all().check(), []);
}

#[test]
fn what_is_believed_becomes_arrivals_that_nothing_tells_from_repeated_ones() {
    let path = format!("azurecontainerregistry/DEFAULT?code={SECRET}");
    let outcome = send("POST", &path, &[JSON], br#"{"action": "push"}"#);

    let believed = accepted(outcome);
    assert_eq!(
        (believed.id.as_str(), believed.proof.scheme(), believed.proof.secret_id()),
        ("default", "code", "default")
    );
    let received = verify::receive::Accepted::from(believed);
    assert_eq!(received.arrivals.len(), 1);
    assert_eq!(received.arrivals[0].event_type, "AzureContainerRegistry.push");
    assert_eq!(received.arrivals[0].replay_key, None);
    assert_eq!(received.reply.status, 200);
}

#[test]
fn an_event_without_a_name_is_one_all_the_same() {
    let believed = accepted(send("POST", &format!("dynamicscrm?code={SECRET}"), &[JSON], b"{}"));

    assert_eq!(verify::receive::Accepted::from(believed).arrivals[0].event_type, "dynamicscrm.event");
}

#[test]
fn a_body_is_parsed_even_where_nothing_of_it_is_needed() {
    let post = |event: &'static str, body: &[u8]| {
        let signature = signed(body);
        send(
            "POST",
            "github",
            &[JSON, ("X-GitHub-Event", event.as_bytes()), ("X-Hub-Signature", signature.as_bytes())],
            body,
        )
    };

    assert_eq!(accepted(post("push", b"\xef\xbb\xbf{}")).events, ["push"]);
    assert!(matches!(post("PING", b"{"), Outcome::Answer(reply) if reply.status == 200 && reply.body.is_empty()));
    let (reason, reply) = refused(post("push", b"{"));
    assert_eq!((reason, reply.status), (Reason::MalformedBody, 400));
    assert_eq!(reply.content_type, Some("application/json; charset=utf-8"));
    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok_and(|body| body[""].is_array()));
}

#[test]
fn no_more_than_a_hundred_events_are_told() {
    let names = vec!["push"; 101].join(",");
    let signature = signed(b"{}");
    let headers: [Header<'_>; 3] =
        [JSON, ("x-github-event", names.as_bytes()), ("x-hub-signature", signature.as_bytes())];

    assert_eq!(accepted(send("POST", "github", &headers, b"{}")).events.len(), 100);
}

#[test]
fn slack_tells_the_text_besides_the_event() {
    let told = |body: &str| {
        let body = format!("token={SECRET}&{body}");
        let Accepted { events, values, .. } = accepted(send("POST", "slack", &[FORM], body.as_bytes()));
        (events.concat(), values.into_iter().map(|(name, text)| format!("{name}={text}")).collect::<String>())
    };
    let expected = |event: &str, value: &str| (event.to_owned(), value.to_owned());

    assert_eq!(told("trigger_word=Scan&text=scan++it"), expected("Scan", "subtext=it"));
    assert_eq!(told("command=/w&text=94070"), expected("/w", ""));
    assert_eq!(told("text=hello"), expected("hello", "subtext=hello"));
    let empty = format!("token={SECRET}&trigger_word=&text=hello");
    assert_eq!(refused(send("POST", "slack", &[FORM], empty.as_bytes())).0, Reason::MissingEvent);
}

#[test]
fn slack_takes_a_form_in_parts() {
    let part =
        |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body = format!("{}{}--b--\r\n", part("token", SECRET), part("text", "hello"));
    let headers: [Header<'_>; 1] = [("Content-Type", b"multipart/form-data; boundary=b")];

    assert_eq!(accepted(send("POST", "slack", &headers, body.as_bytes())).events, ["hello"]);
}

#[test]
fn slack_and_salesforce_never_say_that_an_id_is_unknown() {
    let slack = send("POST", "slack/other", &[FORM], b"token=x&text=y");
    let salesforce = b"<E><Body><notifications><OrganizationId>x</OrganizationId></notifications></Body></E>";
    let salesforce = send("POST", "salesforce/other", &[("content-type", b"text/xml")], salesforce);

    assert_eq!(refused(slack).0, Reason::TokenMismatch);
    assert_eq!(refused(salesforce).0, Reason::TokenMismatch);
}

#[test]
fn receivers_that_read_their_body_early_refuse_its_type_with_400() {
    let (reason, reply) = refused(send("POST", "salesforce", &[JSON], b"{}"));
    assert_eq!((reason, reply.status), (Reason::BadContentType, 400));

    let (reason, reply) = refused(send("POST", "salesforce", &[("content-type", b"text/xml")], b"<a>"));
    assert_eq!((reason, reply.status), (Reason::MalformedBody, 400));
}

#[test]
fn https_is_asked_of_get_only_where_a_get_is_verified() {
    let get = |path: &str| {
        all()
            .receive(&Head { method: "GET", url: &format!("http://h/api/webhooks/incoming/{path}"), headers: &[] }, b"")
    };

    assert!(matches!(get("dropbox?challenge=x"), Outcome::Answer(reply) if reply.body == b"x"));
    for receiver in ["slack", "salesforce", "kudu"] {
        assert_eq!(refused(get(receiver)).0, Reason::NotHttps, "{receiver}");
    }
}

#[test]
fn an_id_never_walks_into_the_configuration() {
    let receivers = receivers(&[("github:SecretKey:one:SecretKey:two", SECRET)]);
    let signature = signed(b"{}");
    let headers: [Header<'_>; 3] = [JSON, ("x-github-event", b"push"), ("x-hub-signature", signature.as_bytes())];
    for id in ["one", "one:SecretKey:two", "one%3ASecretKey%3Atwo"] {
        let url = format!("{INCOMING}github/{id}");
        let (reason, reply) = refused(receivers.receive(&Head { method: "POST", url: &url, headers: &headers }, b"{}"));

        assert_eq!((reason, reply.status, reply.body.len()), (Reason::UnknownId, 404, 0), "{id}");
    }
}

#[test]
fn several_secrets_of_one_id_are_as_good_and_are_told_apart() {
    let mut configuration = Configuration::default();
    let kudu = aspnet::find("kudu").expect("a receiver");
    let other = "x".repeat(32);
    let secrets = [("old", SECRET.to_owned()), ("new", other.clone())];
    configuration.add_secrets(kudu, "One", secrets.map(|(id, secret)| (id.to_owned(), secret)));
    let receivers = Receivers::new(configuration, CodeLength::default());
    let send = |code: &str| {
        let url = format!("{INCOMING}kudu/one?code={code}");
        receivers.receive(&Head { method: "POST", url: &url, headers: &[JSON] }, br#"{"status": "success"}"#)
    };

    for (code, secret_id) in [(SECRET, "old"), (&other, "new")] {
        let believed = accepted(send(code));
        assert_eq!((believed.id.as_str(), believed.proof.secret_id()), ("One", secret_id));
    }
    assert_eq!(refused(send("neither")).0, Reason::CodeMismatch);
}

/// The look at the head alone tells nothing that the whole judgement would not.
#[test]
fn looking_tells_only_what_becomes_of_it() {
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../vectors/providers.json")).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let mut told = 0;
    for vector in vectors.iter().filter(|vector| vector["profile"] == "aspnet") {
        let mut configuration = Configuration::default();
        let entries = vector["config"].as_object().expect("entries");
        entries.iter().for_each(|(path, value)| configuration.add(path, &text(value)));
        let receivers = Receivers::new(configuration, CodeLength::default());
        let headers: Vec<(String, String)> = serde_json::from_value(vector["headers"].clone()).expect("headers");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, value.as_bytes())).collect();
        let (method, url) = (text(&vector["method"]), text(&vector["url"]));
        let head = Head { method: &method, url: &url, headers: &headers };

        if let Some(outcome) = receivers.look(&head) {
            let whole = receivers.receive(&head, text(&vector["body"]).as_bytes());
            assert_eq!(format!("{outcome:?}"), format!("{whole:?}"), "{}", vector["id"]);
            told += 1;
        }
    }
    assert!(told > 50, "only {told} requests were told by their head");
}

fn header_names() -> Vec<&'static str> {
    let names = aspnet::ALL.iter().flat_map(|receiver| {
        let signature = match receiver.verification {
            Verification::Signature(signature) => vec![signature.header],
            _ => vec![],
        };
        signature.into_iter().chain(receiver.required_headers.iter().copied())
    });
    names.chain(["Stripe-Signature", "X-Pusher-Key", "X-Event-Key", "X-Github-Event", "content-type"]).collect()
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "(sha1=)?[0-9a-fA-F]{0,40}".prop_map(String::into_bytes),
        "(t=[0-9]{0,4}|v1=[0-9a-f]{0,64}|,){0,4}".prop_map(String::into_bytes),
        prop::sample::select(vec![
            "application/json",
            "text/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "app"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "(token|text|&|=|%|[a-f0-9]){0,40}".prop_map(String::into_bytes),
        r#"\{("(id|type|action)":("a"|1|null|\[\[)?,?){0,3}[\]}]{0,3}"#.prop_map(String::into_bytes),
        r#"(<(/?(a|Body|b:notifications|OrganizationId)( a="")?/?|!--|\?|!\[CDATA\[)?>?|&(amp|#x4);|x|]]>){0,20}"#
            .prop_map(String::into_bytes),
        "(--b(--)?|\r\n|content-disposition: form-data; name=\"token\"|=|x){0,20}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn no_bytes_panic_or_are_believed(
        method in prop_oneof![Just("POST".to_owned()), Just("GET".to_owned()), Just("HEAD".to_owned()), ".{0,8}"],
        url in prop_oneof!["https?://h/api/webhooks/incoming/[a-z%0-9:]{0,9}(/[a-z%:]{0,5})?(\\?(code|challenge)=?[%&+a-z0-9]{0,9})?", ".{0,40}"],
        headers in prop::collection::vec((prop::sample::select(header_names()), value()), 0..12),
        body in body(),
    ) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let all = all();
        let outcome = all.receive(&Head { method: &method, url: &url, headers: &headers }, &body);
        prop_assert!(!matches!(outcome, Outcome::Accept(_)));
        let query = url.split_once('?').map_or("", |(_, query)| query);
        for receiver in aspnet::ALL {
            let url = format!("{INCOMING}{}?{query}", receiver.name);
            let outcome = all.receive(&Head { method: &method, url: &url, headers: &headers }, &body);
            prop_assert!(!matches!(outcome, Outcome::Accept(_)));
        }
    }

    #[test]
    fn no_settings_panic(text in prop_oneof![".{0,80}", r#"\{("(WebHooks|github|SecretKey|:|a){0,5}"|:|\{|\}|/\*|\*/|//|\n|1|,){0,12}"#]) {
        let mut configuration = Configuration::default();
        let _ = configuration.add_json(&text);
        configuration.add_environment([(text.as_str(), text.as_str())]);
        configuration.add(&format!("WebHooks:{text}"), &text);
        let _ = Receivers::new(configuration, CodeLength::default()).check();
    }
}

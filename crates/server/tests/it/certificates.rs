//! Senders that sign with certificates: what is fetched, from where, how often, and what is confirmed.

use base64::Engine;
use domain::catalogue::Owner;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SigningKey};
use serde_json::{Value, json};

use crate::own_hosts::OwnHosts;
use crate::world::{Answered, World};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:scans";
const URL: &str = "https://sns.eu-west-1.amazonaws.com/one.pem";
const CONFIRM: &str = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";
const PATH: &str = "/api/webhooks/incoming/aws-sns/scans";

/// Amazon's key, as these tests have it.
struct Amazon {
    key: KeyPair,
    pem: String,
}

impl Amazon {
    fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
        let parameters = CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).expect("parameters");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let text = base64::engine::general_purpose::STANDARD.encode(certificate.der());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        Self { key, pem }
    }

    /// A message of this type and id, signed, its certificate at that address.
    fn message(&self, kind: &str, id: &str, url: &str) -> Value {
        let confirmation = [("SubscribeURL", CONFIRM), ("Token", "t")];
        let mut fields = vec![("Message", "hello"), ("MessageId", id), ("Timestamp", "2026-01-01T00:00:00.000Z")];
        fields.extend(confirmation.into_iter().filter(|_| kind != "Notification"));
        fields.extend([("TopicArn", TOPIC), ("Type", kind)]);
        fields.sort_unstable();
        let signed: String = fields.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
        let signature = self.key.sign(signed.as_bytes()).expect("a signature");
        let mut message: Value = fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        message["SignatureVersion"] = json!("2");
        message["SigningCertURL"] = json!(url);
        message["Signature"] = json!(base64::engine::general_purpose::STANDARD.encode(signature));
        message
    }
}

async fn world(hosts: &OwnHosts) -> World {
    let world = hosts.world(&[]).await;
    world.source("aws-sns", "scans", TOPIC, Owner::Api).await;
    world
}

async fn send(world: &World, message: &Value) -> Answered {
    world.webhook(PATH, &[("content-type", "text/plain; charset=UTF-8")], message.to_string()).await
}

#[tokio::test]
async fn a_certificate_is_fetched_once_for_many_requests_and_again_after_a_day() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    hosts.put(URL, 200, &amazon.pem);
    let world = world(&hosts).await;
    let messages: Vec<Value> = (0..8).map(|n| amazon.message("Notification", &format!("m{n}"), URL)).collect();

    let [a, b, c, d] = [0, 1, 2, 3].map(|n| send(&world, &messages[n]));
    let at_once = tokio::join!(a, b, c, d);

    for answered in [&at_once.0, &at_once.1, &at_once.2, &at_once.3] {
        assert_eq!(answered.status, 200, "{}", answered.text());
    }
    assert_eq!(hosts.asked(), ["/one.pem"]);
    world.clock.forward(24 * 60 * 60);
    assert_eq!(send(&world, &messages[5]).await.status, 200);
    assert_eq!(hosts.asked(), ["/one.pem", "/one.pem"]);
}

#[tokio::test]
async fn nobody_is_called_for_a_foreign_address_a_foreign_topic_or_a_broken_message() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    let world = world(&hosts).await;
    let foreign = ["https://sns-eu-west-1.s3.amazonaws.com/x.pem", "http://sns.eu-west-1.amazonaws.com/one.pem"];
    for url in foreign {
        assert_eq!(send(&world, &amazon.message("Notification", "m", url)).await.problem(), "untrusted-certificate");
    }
    let mut other = amazon.message("Notification", "m", URL);
    other["TopicArn"] = json!("arn:aws:sns:eu-west-1:999999999999:scans");
    assert_eq!(send(&world, &other).await.problem(), "token-mismatch");
    let mut unsigned = amazon.message("Notification", "m", URL);
    unsigned["Signature"] = json!("!");
    assert_eq!(send(&world, &unsigned).await.problem(), "malformed-signature");

    assert_eq!(hosts.looked_up(), [] as [String; 0]);
}

#[tokio::test]
async fn a_failure_asks_the_sender_to_come_again_and_is_not_tried_at_once() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    let world = world(&hosts).await;
    let message = amazon.message("Notification", "m", URL);

    for status in [404, 302] {
        hosts.put(URL, status, "");
        let before = hosts.asked().len();
        for _ in 0..3 {
            let answered = send(&world, &message).await;
            assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (503, "sender-unreachable"));
            assert_eq!(answered.header("retry-after"), "10");
        }
        assert_eq!(hosts.asked().len(), before + 1);
        world.clock.forward(30);
    }
    hosts.put(URL, 200, &amazon.pem);
    assert_eq!(send(&world, &message).await.status, 200);
    assert!(hosts.looked_up().iter().all(|name| name == "sns.eu-west-1.amazonaws.com"), "no redirect is followed");
}

#[tokio::test]
async fn what_is_no_certificate_or_another_one_is_not_trusted() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    hosts.put(URL, 200, "<html>");
    let others = "https://sns.eu-west-1.amazonaws.com/others.pem";
    hosts.put(others, 200, &Amazon::new().pem);
    let world = world(&hosts).await;

    let nonsense = send(&world, &amazon.message("Notification", "m", URL)).await;
    let of_another = send(&world, &amazon.message("Notification", "m", others)).await;

    assert_eq!((nonsense.status.as_u16(), nonsense.problem().as_str()), (401, "untrusted-certificate"));
    assert_eq!((of_another.status.as_u16(), of_another.problem().as_str()), (401, "signature-mismatch"));
}

/// A vector's request, sent to the source of PayPal.
async fn paypal(world: &World) -> Answered {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../verify/vectors/providers.json")).expect("JSON");
    let vector = vectors.into_iter().find(|vector| vector["id"] == "paypal/accept").expect("the vector");
    let headers: Vec<(String, String)> = serde_json::from_value(vector["headers"].clone()).expect("headers");
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    world.webhook("/api/webhooks/incoming/paypal", &headers, vector["body"].as_str().expect("a body").to_owned()).await
}

#[tokio::test]
async fn an_authority_must_vouch_for_paypal_s_certificate() {
    let vectors = include_str!("../../../verify/vectors/providers.json");
    let vectors: Vec<Value> = serde_json::from_str(vectors).expect("JSON");
    let vector = vectors.iter().find(|vector| vector["id"] == "paypal/accept").expect("the vector");
    let certificates = vector["config"]["certificates"].as_object().expect("certificates");
    let (url, pem) = certificates.iter().next().expect("one");
    let pem = pem.as_str().expect("a certificate");
    let hosts = OwnHosts::start().await;
    hosts.put(url, 200, pem);
    for (roots, status) in [(&[pem][..], 200), (&[], 401)] {
        let world = hosts.world(roots).await;
        world.source("paypal", "default", "8PT597110X687430LKGECATA", Owner::Api).await;

        let answered = paypal(&world).await;

        assert_eq!(answered.status, status, "{}", answered.text());
    }
}

#[tokio::test]
async fn strangers_cannot_have_many_certificates_fetched_nor_push_out_a_good_one() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    hosts.put(URL, 200, &amazon.pem);
    let world = world(&hosts).await;
    assert_eq!(send(&world, &amazon.message("Notification", "first", URL)).await.status, 200);

    for n in 0..200 {
        let url = format!("https://sns.eu-west-1.amazonaws.com/{n}.pem");
        assert_eq!(send(&world, &amazon.message("Notification", "m", &url)).await.problem(), "sender-unreachable");
    }

    assert_eq!(hosts.asked().len(), 24);
    assert_eq!(send(&world, &amazon.message("Notification", "last", URL)).await.status, 200);
}

#[tokio::test]
async fn a_subscription_is_confirmed_once_it_is_proven_and_the_sender_asks_again_if_that_fails() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    hosts.put(URL, 200, &amazon.pem);
    let world = world(&hosts).await;
    let message = amazon.message("SubscriptionConfirmation", "m", URL);
    let mut forged = message.clone();
    forged["Token"] = json!("another");

    assert_eq!(send(&world, &forged).await.problem(), "signature-mismatch");
    assert_eq!(hosts.asked(), ["/one.pem"]);
    assert_eq!(send(&world, &message).await.problem(), "sender-unreachable");
    hosts.put(CONFIRM, 200, "<ConfirmSubscriptionResponse/>");
    let confirmed = send(&world, &message).await;

    assert_eq!((confirmed.status.as_u16(), confirmed.text().as_str()), (200, ""));
    assert_eq!(hosts.asked()[1..], ["/?Action=ConfirmSubscription&Token=t", "/?Action=ConfirmSubscription&Token=t"]);
    assert_eq!(world.api("GET", "/events", Value::Null).await.json()["data"], json!([]));
}

#[tokio::test]
async fn the_end_of_a_subscription_is_an_event_and_is_not_undone() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    hosts.put(URL, 200, &amazon.pem);
    let world = world(&hosts).await;

    let ended = send(&world, &amazon.message("UnsubscribeConfirmation", "m", URL)).await;

    assert_eq!(ended.status, 200, "{}", ended.text());
    assert_eq!(hosts.asked(), ["/one.pem"]);
    let events = world.api("GET", "/events", Value::Null).await.json();
    assert_eq!(events["data"][0]["type"], "aws-sns.UnsubscribeConfirmation");
}

/// From now on the source of [`world`] takes what comes from this topic.
async fn take(world: &World, topic: &str) {
    let changed = world.api("PATCH", "/sources/aws-sns%2Fscans", json!({ "secrets": [topic] })).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
}

#[tokio::test]
async fn of_all_that_is_tried_again_one_that_fails_does_not_keep_the_others() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    hosts.put(URL, 200, &amazon.pem);
    let world = world(&hosts).await;
    assert_eq!(send(&world, &amazon.message("Notification", "m0", URL)).await.status, 200);
    take(&world, "arn:aws:sns:eu-west-1:999999999999:scans").await;
    let gone = "https://sns.eu-west-1.amazonaws.com/gone.pem";
    for (id, url) in [("m1", URL), ("m2", gone), ("m3", URL)] {
        assert_eq!(send(&world, &amazon.message("Notification", id, url)).await.problem(), "token-mismatch");
        world.clock.forward(1);
    }
    take(&world, TOPIC).await;

    let tried = world.api("POST", "/quarantine/retry", json!({ "source": "aws-sns/scans" })).await;

    assert_eq!(tried.status, 200, "{}", tried.text());
    let tried = tried.json();
    let believed: Vec<_> = tried["data"].as_array().expect("a list").iter().map(|each| &each["believed"]).collect();
    assert_eq!(believed, [true, false, true], "{tried}");
    assert!(tried["data"][1]["text"].as_str().is_some_and(|text| text.contains("could not be fetched")), "{tried}");
}

#[tokio::test]
async fn a_refused_confirmation_is_not_tried_again_and_nobody_is_called() {
    let (hosts, amazon) = (OwnHosts::start().await, Amazon::new());
    hosts.put(URL, 200, &amazon.pem);
    let world = world(&hosts).await;
    take(&world, "arn:aws:sns:eu-west-1:999999999999:scans").await;
    let confirmation = amazon.message("SubscriptionConfirmation", "m", URL);
    assert_eq!(send(&world, &confirmation).await.problem(), "token-mismatch");
    take(&world, TOPIC).await;
    let kept = world.api("GET", "/quarantine", Value::Null).await.json();

    let path = format!("/quarantine/{}/retry", kept["data"][0]["id"].as_str().expect("an id"));
    let refused = world.api("POST", &path, Value::Null).await;

    assert_eq!(refused.problem(), "conflict");
    assert!(refused.text().contains("confirm again"), "{}", refused.text());
    assert_eq!(hosts.asked(), ["/one.pem"], "only its certificate was fetched");
}

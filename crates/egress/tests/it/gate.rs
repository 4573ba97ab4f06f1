//! What is dialled and what is not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use egress::{AddressClass, Outgoing, Policy, Refused, Sent};
use tokio::sync::oneshot;

use crate::peer::{answered, client, client_resolving, policy, post, serve, serve_answer, unreachable};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

fn refused(sent: Sent) -> Refused {
    match sent {
        Sent::Refused(why) => why,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn loopback(address: SocketAddr) -> Refused {
    Refused::Address { address, class: AddressClass::Loopback }
}

#[tokio::test]
async fn a_literal_address_is_refused_without_an_exception_and_dialled_with_one() {
    let peer = serve_answer(OK).await;
    let strict = Outgoing { policy: policy(&[]), ..post(format!("http://{peer}/")) };
    let narrow = Outgoing { policy: policy(&[&format!("127.0.0.1:{}", peer.port())]), ..strict.clone() };
    let client = client();

    assert_eq!(refused(client.send(strict).await), loopback(peer));
    assert_eq!(client.connections_opened(), 0);
    assert_eq!(answered(client.send(narrow).await), (200, "{}".to_owned()));
}

#[tokio::test]
async fn a_name_is_judged_by_every_address_it_has() {
    for (address, class) in [
        ("10.0.0.1", AddressClass::Private),
        ("127.0.0.1", AddressClass::Loopback),
        ("0.0.0.0", AddressClass::Unspecified),
        ("100.64.0.1", AddressClass::Shared),
        ("169.254.0.1", AddressClass::LinkLocal),
        ("192.0.2.1", AddressClass::Documentation),
        ("198.18.0.1", AddressClass::Benchmarking),
        ("224.0.0.1", AddressClass::Multicast),
        ("240.0.0.1", AddressClass::Reserved),
        ("fd00::1", AddressClass::UniqueLocal),
        ("64:ff9b::10.0.0.1", AddressClass::Private),
        ("2002:7f00:1::1", AddressClass::Loopback),
    ] {
        let (client, _) = client_resolving(&[&[address]]);
        let strict = Outgoing { policy: policy(&[]), ..post("http://scanner.example/") };

        let why = refused(client.send(strict).await);

        let address = SocketAddr::new(address.parse().expect("an address"), 80);
        assert_eq!(why, Refused::Address { address, class });
    }
}

#[tokio::test]
async fn the_system_resolver_meets_the_same_gate() {
    let peer = serve_answer(OK).await;
    let url = format!("http://localhost:{}/", peer.port());
    let strict = Outgoing { policy: policy(&[]), ..post(url.clone()) };

    assert!(matches!(refused(client().send(strict).await), Refused::Address { class: AddressClass::Loopback, .. }));
    assert_eq!(answered(client().send(post(url)).await).0, 200);
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_asked_once_and_the_checked_address_is_dialled() {
    let peer = serve_answer(OK).await;
    let exact = policy(&[&peer.to_string()]);
    let rebinding: &[&[&str]] = &[&["127.0.0.1"], &["127.0.0.2"]];
    let (client, resolver) = client_resolving(rebinding);
    let call = Outgoing { policy: exact, ..post(format!("http://scanner.example:{}/", peer.port())) };

    assert_eq!(answered(client.send(call).await).0, 200);
    assert_eq!(resolver.left(), 1);
}

#[tokio::test]
async fn a_name_that_was_public_when_saved_is_refused_when_it_turns_private() {
    let strict = policy(&[]);
    let (client, _) = client_resolving(&[&["127.0.0.1"]]);
    let saved = strict.check_url("https://scanner.example/").expect("a name passes until it is resolved");

    let sent = client.send(Outgoing { policy: strict, ..post(saved.uri().to_string()) }).await;

    assert_eq!(refused(sent), loopback("127.0.0.1:443".parse().expect("an address")));
}

#[tokio::test]
async fn of_several_addresses_only_the_checked_ones_are_dialled() {
    let peer = serve_answer(OK).await;
    let (client, _) = client_resolving(&[&["10.0.0.1", "::1", "127.0.0.1"]]);
    let call = Outgoing { policy: policy(&["127.0.0.1"]), ..post(format!("http://scanner.example:{}/", peer.port())) };

    assert_eq!(answered(client.send(call).await).0, 200);
}

#[tokio::test]
async fn our_own_listener_and_metadata_are_not_reached_through_a_range() {
    let peer = serve_answer(OK).await;
    let entries = ["127.0.0.0/8", "169.254.0.0/16"].map(|entry| entry.parse().expect("an entry"));
    let ranges = Arc::new(Policy::new(entries, &[peer]));
    let (client, _) = client_resolving(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let to = |url: String| Outgoing { policy: Arc::clone(&ranges), ..post(url) };

    let own = client.send(to(format!("http://scanner.example:{}/", peer.port()))).await;
    let metadata = client.send(to("http://scanner.example/".to_owned())).await;

    assert_eq!(refused(own), Refused::OwnListener { address: peer });
    assert!(matches!(refused(metadata), Refused::Metadata { .. }));
}

#[tokio::test]
async fn odd_urls_and_headers_never_leave() {
    let client = client();
    let bad_header = Outgoing { headers: vec![("host".to_owned(), "else".to_owned())], ..post("http://127.0.0.1/") };

    assert!(matches!(refused(client.send(post("http://2130706433/")).await), Refused::OddAddress { .. }));
    assert!(matches!(refused(client.send(post("file:///etc/passwd")).await), Refused::NotAUrl));
    assert!(matches!(refused(client.send(bad_header).await), Refused::Header { .. }));
}

#[tokio::test]
async fn a_name_without_addresses_is_unreachable() {
    let (client, _) = client_resolving(&[&[]]);

    let empty = unreachable(client.send(post("http://scanner.example/")).await);
    let failed = unreachable(client.send(post("http://scanner.example/")).await);

    assert_eq!(empty, "the name scanner.example has no address");
    assert_eq!(failed, "the name scanner.example could not be resolved: no such name");
}

#[tokio::test]
async fn a_connection_that_takes_too_long_is_given_up() {
    // A server that accepts and never shakes hands.
    let (hold, held) = oneshot::channel::<()>();
    let held = Arc::new(tokio::sync::Mutex::new(held));
    let peer = serve(move |stream| {
        let held = Arc::clone(&held);
        async move {
            let _ = (&mut *held.lock().await).await;
            drop(stream);
        }
    })
    .await;
    let call = Outgoing { connect_within: Duration::from_millis(20), ..post(format!("https://{peer}/")) };

    assert_eq!(unreachable(client().send(call).await), "no connection within 20ms");
    drop(hold);
}

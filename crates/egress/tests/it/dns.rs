//! Names whose look-up never ends.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use egress::{Egress, EgressSettings, Outgoing, Resolve, Resolving};
use tokio::task::JoinSet;

use crate::peer::{answered, post, serve_answer, unreachable};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// A resolver that never answers for one name, and has this machine for all others.
#[derive(Default)]
struct Hanging {
    asked: AtomicUsize,
}

impl Resolve for Hanging {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        if host == "hangs.example" {
            self.asked.fetch_add(1, Ordering::Relaxed);
            return Box::pin(std::future::pending());
        }
        Box::pin(async move { Ok(vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)]) })
    }
}

fn hanging() -> (Egress, Arc<Hanging>) {
    let resolver = Arc::new(Hanging::default());
    let settings = EgressSettings { resolver: Arc::clone(&resolver) as _, ..EgressSettings::default() };
    (Egress::new(settings).expect("a client"), resolver)
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_never_resolved_ends_the_call_and_is_told_as_such() {
    let (client, _) = hanging();

    let told = unreachable(client.send(post("http://hangs.example/")).await);
    let hurried = Outgoing { connect_within: Duration::from_millis(20), ..post("http://hangs.example/") };
    let cut = unreachable(client.send(hurried).await);

    assert_eq!(told, "the name hangs.example could not be resolved: no answer within 8s");
    assert_eq!(cut, "no connection within 20ms");
    assert_eq!(client.connections_opened(), 0);
}

#[tokio::test]
async fn a_name_that_hangs_keeps_no_other_waiting_and_is_asked_for_once() {
    let peer = serve_answer(OK).await;
    let (client, resolver) = hanging();
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        waiting.spawn(async move { client.send(post("http://hangs.example/")).await });
    }
    while resolver.asked.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }

    let url = format!("http://scanner.example:{}/", peer.port());
    assert_eq!(answered(client.send(post(url)).await).0, 200);

    assert!(waiting.try_join_next().is_none(), "the others still wait");
    assert_eq!(resolver.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_hung_is_made_anew_for_the_next_call() {
    let (client, resolver) = hanging();

    for nth in 1..=3 {
        unreachable(client.send(post("http://hangs.example/")).await);
        assert_eq!(resolver.asked.load(Ordering::Relaxed), nth);
    }
}

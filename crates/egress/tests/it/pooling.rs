//! Which connections are kept, and for whom.

use std::time::Duration;

use egress::{Egress, EgressSettings, Outgoing, Sent};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::peer::{answered, client, policy, post, read_request, serve, serve_answer, unreachable};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn a_kept_connection_is_used_again() {
    let peer = serve_answer(OK).await;
    let client = client();

    for _ in 0..20 {
        assert_eq!(answered(client.send(post(format!("http://{peer}/"))).await).0, 200);
    }

    assert_eq!(client.connections_opened(), 1);
}

#[tokio::test]
async fn a_connection_opened_under_one_policy_never_serves_another() {
    let peer = serve_answer(OK).await;
    let client = client();
    let under = |allowed: &[&str]| Outgoing { policy: policy(allowed), ..post(format!("http://{peer}/")) };

    assert_eq!(answered(client.send(under(&["127.0.0.0/8"])).await).0, 200);
    assert!(matches!(client.send(under(&[])).await, Sent::Refused(_)));
    assert!(matches!(client.send(under(&["127.0.0.1:1"])).await, Sent::Refused(_)));
    assert_eq!(answered(client.send(under(&["127.0.0.1"])).await).0, 200);
    assert_eq!(client.connections_opened(), 2);
    assert_eq!(answered(client.send(under(&["127.0.0.0/8"])).await).0, 200);
    assert_eq!(client.connections_opened(), 2);
}

#[tokio::test]
async fn a_name_under_a_narrower_policy_does_not_find_the_wider_ones_connection() {
    let peer = serve_answer(OK).await;
    let url = format!("http://localhost:{}/", peer.port());
    let client = client();

    assert_eq!(answered(client.send(post(url.clone())).await).0, 200);
    let narrower = Outgoing { policy: policy(&[]), ..post(url) };

    assert!(matches!(client.send(narrower).await, Sent::Refused(_)));
}

#[tokio::test]
async fn a_connection_closed_while_idle_gives_way_to_a_fresh_one() {
    let (closed, mut closings) = mpsc::unbounded_channel();
    let peer = serve(move |mut stream| {
        let closed = closed.clone();
        async move {
            let _ = read_request(&mut stream).await;
            let _ = stream.write_all(OK.as_bytes()).await;
            drop(stream);
            let _ = closed.send(());
        }
    })
    .await;
    let client = client();

    for _ in 0..5 {
        assert_eq!(answered(client.send(post(format!("http://{peer}/"))).await).0, 200);
        closings.recv().await.expect("a closing");
        // The kernel knows that the stream ended; let the client hear of it.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(client.connections_opened(), 5);
}

#[tokio::test]
async fn a_request_that_was_written_is_not_sent_twice() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let peer = serve(move |mut stream| {
        let seen = seen.clone();
        async move {
            // Answers the first request of a connection and hangs up on the second, unanswered.
            for answer in [OK, ""] {
                if let Some(request) = read_request(&mut stream).await {
                    let _ = seen.send(request);
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        }
    })
    .await;
    let client = client();

    assert_eq!(answered(client.send(post(format!("http://{peer}/"))).await).0, 200);
    assert_ne!(unreachable(client.send(post(format!("http://{peer}/"))).await), "");

    assert!(requests.try_recv().is_ok() && requests.try_recv().is_ok());
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn a_connection_past_its_age_takes_no_other_request() {
    let peer = serve_answer(OK).await;
    let settings = EgressSettings { age_max: Duration::ZERO, ..EgressSettings::default() };
    let client = Egress::new(settings).expect("a client");

    for _ in 0..3 {
        assert_eq!(answered(client.send(post(format!("http://{peer}/"))).await).0, 200);
    }

    assert_eq!(client.connections_opened(), 3);
}

#[tokio::test]
async fn a_connection_idle_for_a_minute_is_not_used_again() {
    let peer = serve_answer(OK).await;
    let client = client();
    let call = || client.send(post(format!("http://{peer}/")));

    assert_eq!(answered(call().await).0, 200);
    // The clock stands still only while nobody waits for the network.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    assert_eq!(answered(call().await).0, 200);

    assert_eq!(client.connections_opened(), 2);
}

#[tokio::test]
async fn many_at_once_are_all_answered_and_their_connections_kept() {
    let peer = serve_answer(OK).await;
    let client = client();
    let round = || async {
        let calls: Vec<_> = (0..64)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.send(post(format!("http://{peer}/"))).await })
            })
            .collect();
        for call in calls {
            assert_eq!(answered(call.await.expect("a call")).0, 200);
        }
    };

    round().await;
    let after_first = client.connections_opened();
    round().await;

    assert!(after_first <= 64);
    assert!(client.connections_opened() <= 64 + after_first);
}

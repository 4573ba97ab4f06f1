//! Answers of every kind, honest and not.

use std::time::Duration;

use egress::{Outgoing, Sent};
use http::Method;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::peer::{answered, client, post, read_request, serve, serve_answer, unreachable};

/// Long enough for loopback, short enough for a test.
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn the_request_arrives_as_it_was_given() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let peer = serve(move |mut stream| {
        let seen = seen.clone();
        async move {
            let request = read_request(&mut stream).await.expect("a request");
            let _ = seen.send(request);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nx-from: peer\r\n\r\n").await;
        }
    })
    .await;

    let sent = client().send(post(format!("http://{peer}/hook?a=1"))).await;

    let Sent::Answered { status: 204, headers, body, .. } = sent else { panic!("expected 204, got {sent:?}") };
    assert_eq!((headers["x-from"].as_bytes(), body.len()), (&b"peer"[..], 0));
    assert_eq!(
        requests.recv().await.expect("a request"),
        format!(
            "POST /hook?a=1 HTTP/1.1\r\ncontent-type: application/json\r\nhost: {peer}\r\ncontent-length: 2\r\n\r\n{{}}"
        )
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let peer = serve_answer("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;

    for method in [Method::GET, Method::POST] {
        let client = client();
        let sent = client.send(Outgoing { method, ..post(format!("http://{peer}/")) }).await;
        assert_eq!(answered(sent).0, 302);
        assert_eq!(client.connections_opened(), 1);
    }
    drop(elsewhere);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_cut_whether_it_says_so_or_not() {
    let announced = serve_answer("HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n").await;
    let chunked = serve(|mut stream| async move {
        let _ = read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ntransfer-encoding: chunked\r\n\r\n").await;
        while stream.write_all(&[b"100\r\n", &[b'x'; 256][..], b"\r\n"].concat()).await.is_ok() {}
    })
    .await;

    let first = client().send(post(format!("http://{announced}/"))).await;
    let second = client().send(post(format!("http://{chunked}/"))).await;

    assert!(matches!(first, Sent::TooLarge { status: 200 }), "{first:?}");
    assert!(matches!(second, Sent::TooLarge { status: 502 }), "{second:?}");
}

#[tokio::test]
async fn an_answer_at_the_limit_is_whole_in_any_number_of_pieces() {
    let peer = serve(|mut stream| async move {
        let _ = read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        for _ in 0..4 {
            let _ = stream.write_all(&[b"100\r\n", &[b'x'; 256][..], b"\r\n"].concat()).await;
            tokio::task::yield_now().await;
        }
        let _ = stream.write_all(b"0\r\n\r\n").await;
    })
    .await;

    assert_eq!(answered(client().send(post(format!("http://{peer}/"))).await), (200, "x".repeat(1024)));
}

#[tokio::test]
async fn silence_a_dripping_head_and_an_endless_body_end_at_the_deadline() {
    async fn drip(mut stream: TcpStream, head: &str, piece: &str) {
        let _ = read_request(&mut stream).await;
        let _ = stream.write_all(head.as_bytes()).await;
        let mut beat = tokio::time::interval(Duration::from_millis(1));
        while stream.write_all(piece.as_bytes()).await.is_ok() {
            beat.tick().await;
        }
    }
    let silent = serve(|stream| drip(stream, "", "")).await;
    let head = serve(|stream| drip(stream, "HTTP/1.1 200 OK\r\nx-a: ", "a")).await;
    let informational = serve(|stream| drip(stream, "", "HTTP/1.1 103 Early Hints\r\n\r\n")).await;
    let body = serve(|stream| drip(stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", "a")).await;

    for peer in [silent, head, informational, body] {
        let call = Outgoing { answer_within: SHORT, ..post(format!("http://{peer}/")) };
        let sent = client().send(call).await;
        assert!(matches!(sent, Sent::TimedOut), "{sent:?}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_cut_by_its_size() {
    let peer = serve(|mut stream| async move {
        let _ = read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-a: ").await;
        while stream.write_all(&[b'a'; 4096]).await.is_ok() {}
    })
    .await;

    assert_eq!(unreachable(client().send(post(format!("http://{peer}/"))).await), "message head is too large");
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_from_an_answer() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let hangs_up = serve(|mut stream| async move {
        let _ = read_request(&mut stream).await;
    })
    .await;
    let promises_more = serve(|mut stream| async move {
        let _ = read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}").await;
    })
    .await;
    let other_protocol = serve_answer("SSH-2.0-OpenSSH_9.6\r\n\r\n").await;

    for peer in [nobody, hangs_up, promises_more, other_protocol] {
        assert_ne!(unreachable(client().send(post(format!("http://{peer}/"))).await), "");
    }
}

#[tokio::test]
async fn bytes_beyond_the_announced_length_are_not_read_as_another_answer() {
    let peer =
        serve_answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n")
            .await;
    let client = client();

    for _ in 0..3 {
        assert_eq!(answered(client.send(post(format!("http://{peer}/"))).await), (200, "{}".to_owned()));
    }
    assert_eq!(client.connections_opened(), 3);
}

#[tokio::test]
async fn nothing_is_decompressed_and_no_encoding_asked_for() {
    let peer = serve_answer("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope").await;

    assert_eq!(answered(client().send(post(format!("http://{peer}/"))).await), (200, "nope".to_owned()));
}

//! Servers that follow a script, resolvers that say what they are told, and requests with the usual limits.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use egress::{Egress, EgressSettings, Outgoing, Policy, Resolve, Resolving, Sent};
use http::Method;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than any test may take; a test that reaches it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Serves every connection with `script` and returns where.
pub async fn serve<F, S>(script: F) -> SocketAddr
where
    F: Fn(TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// Answers every request with `answer` and keeps the connection.
pub async fn serve_answer(answer: &'static str) -> SocketAddr {
    serve(move |mut stream| async move {
        while read_request(&mut stream).await.is_some() {
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await
}

/// One request with its body, or nothing when the connection ended.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    loop {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |digits| digits.parse().expect("a length")) {
            return Some(text.into_owned());
        }
    }
}

/// A policy with these exceptions.
pub fn policy(allowed: &[&str]) -> Arc<Policy> {
    Arc::new(Policy::new(allowed.iter().map(|entry| entry.parse().expect("an entry")), &[]))
}

/// A POST of `{}` to `url` under a policy that allows loopback.
pub fn post(url: impl Into<String>) -> Outgoing {
    Outgoing {
        method: Method::POST,
        url: url.into(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Bytes::from_static(b"{}"),
        policy: policy(&["127.0.0.0/8"]),
        connect_within: PATIENCE,
        answer_within: PATIENCE,
        answer_bytes_max: 1024,
    }
}

/// A client with the default settings.
pub fn client() -> Egress {
    Egress::new(EgressSettings::default()).expect("a client")
}

/// A client whose names have the addresses of `answers`, one list per question.
pub fn client_resolving(answers: &[&[&str]]) -> (Egress, Arc<Scripted>) {
    let parse = |list: &&[&str]| list.iter().map(|text| text.parse().expect("an address")).collect();
    let resolver = Arc::new(Scripted { answers: Mutex::new(answers.iter().map(parse).collect()) });
    let settings = EgressSettings { resolver: Arc::clone(&resolver) as _, ..EgressSettings::default() };
    (Egress::new(settings).expect("a client"), resolver)
}

/// A resolver that gives its answers in order, then fails.
pub struct Scripted {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
}

impl Scripted {
    /// How many answers nobody asked for.
    pub fn left(&self) -> usize {
        self.answers.lock().expect("the answers").len()
    }
}

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> Resolving<'a> {
        let answer = self.answers.lock().expect("the answers").pop_front();
        Box::pin(async move {
            let addresses = answer.ok_or_else(|| io::Error::other("no such name"))?;
            Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
        })
    }
}

/// The status and body of a whole answer.
pub fn answered(sent: Sent) -> (u16, String) {
    match sent {
        Sent::Answered { status, body, .. } => (status, String::from_utf8_lossy(&body).into_owned()),
        other => panic!("expected an answer, got {other:?}"),
    }
}

/// The text of a call that found nobody.
pub fn unreachable(sent: Sent) -> String {
    match sent {
        Sent::Unreachable(text) => text,
        other => panic!("expected nobody to be there, got {other:?}"),
    }
}

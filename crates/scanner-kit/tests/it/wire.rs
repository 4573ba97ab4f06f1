//! Plain HTTP, written and read by hand, so that no client mends what a test breaks.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The status, and the text of the error.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().expect("an error").to_owned())
    }
}

/// One request over a connection of its own.
pub async fn send(to: SocketAddr, start: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("{start} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    raw(to, &[head.as_bytes(), body].concat()).await
}

/// These bytes over a connection of their own.
pub async fn raw(to: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect(to).await;
    // The other side may have refused and closed before everything was written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    read(answer)
}

/// A connection for more than one request, or for none.
pub async fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).await.expect("connected")
}

fn read(answer: Vec<u8>) -> Reply {
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status");
    Reply { status, body: body.to_owned() }
}

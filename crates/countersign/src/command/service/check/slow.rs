//! A call that comes in pieces, as over a bad line.

use std::time::Duration;

use hyper::Uri;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::grade::Found;

/// Into how many pieces the body is cut.
const PIECES: usize = 8;

/// How long after each piece the next one follows: two seconds for all.
const BETWEEN: Duration = Duration::from_millis(250);

/// The longest line that is looked for a status in.
const LINE_BYTES_MAX: u64 = 4096;

/// Sends the call so; nothing over TLS, which this does not speak.
pub async fn send(url: &str, authorization: &str, body: &[u8], within: Duration) -> Option<Found> {
    let uri: Uri = url.parse().ok()?;
    if uri.scheme_str() != Some("http") {
        return None;
    }
    let exchanged = exchange(&uri, authorization, body);
    let found = timeout(within, exchanged).await.unwrap_or(Ok(Found::Silent(within)));
    Some(found.unwrap_or_else(|why| Found::Closed(why.to_string())))
}

async fn exchange(uri: &Uri, authorization: &str, body: &[u8]) -> std::io::Result<Found> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
    // Without it small pieces might wait for each other, which costs nothing but the test's meaning.
    let _ = stream.set_nodelay(true);
    let (mut reading, mut writing) = stream.into_split();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         authorization: {authorization}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    writing.write_all(head.as_bytes()).await?;
    for piece in body.chunks(body.len().div_ceil(PIECES).max(1)) {
        sleep(BETWEEN).await;
        if writing.write_all(piece).await.is_err() {
            // It has answered, or it has gone: the answer says which.
            break;
        }
    }
    status(&mut reading).await
}

async fn status(reading: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Found> {
    let mut line = Vec::new();
    let mut limited = reading.take(LINE_BYTES_MAX);
    while !line.contains(&b'\n') {
        if limited.read_buf(&mut line).await? == 0 {
            return Ok(Found::Closed("it closed the connection without an answer".to_owned()));
        }
    }
    let status = std::str::from_utf8(&line).ok().and_then(|line| line.split(' ').nth(1)?.get(..3)?.parse().ok());
    Ok(match status {
        Some(status) => Found::Answered { status, body: Vec::new() },
        None => Found::Closed("what it answered is not HTTP".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(answer: &[u8]) -> Found {
        let mut answer = answer;
        status(&mut answer).await.expect("read")
    }

    #[tokio::test]
    async fn the_status_is_read_from_the_first_line() {
        assert_eq!(read(b"HTTP/1.1 200 OK\r\nx: y").await, Found::Answered { status: 200, body: Vec::new() });
        assert_eq!(read(b"HTTP/1.1 204\r\n").await, Found::Answered { status: 204, body: Vec::new() });
        for wrong in ["", "HTTP/1.1 200 OK", "hello\r\n", "HTTP/1.1 x\r\n"] {
            assert!(matches!(read(wrong.as_bytes()).await, Found::Closed(_)), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn another_scheme_than_http_is_not_tried() {
        assert_eq!(send("https://127.0.0.1/", "", b"{}", Duration::ZERO).await, None);
    }
}

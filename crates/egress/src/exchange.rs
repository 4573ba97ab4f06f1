//! One request and what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};

use crate::policy::Policy;
use crate::refused::Refused;

/// A request to send. Without `Debug`: its headers may hold secrets.
#[derive(Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The absolute URL; checked again, as it may have been saved under another policy.
    pub url: String,
    /// Names and values. Those that frame the message (`host`, `content-length`, ...) are ours to write.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// Where the call may go.
    pub policy: Arc<Policy>,
    /// How long to wait for a connection: name, TCP and TLS together.
    pub connect_within: Duration,
    /// How long the whole exchange may take, to the answer's last byte.
    pub answer_within: Duration,
    /// How long the answer's body may be.
    pub answer_bytes_max: usize,
}

/// What came of it.
#[derive(Debug)]
pub enum Sent {
    /// A whole answer. A redirect is an answer like any other.
    Answered {
        /// The status code.
        status: u16,
        /// The headers.
        headers: HeaderMap,
        /// The body, as it was sent: nothing is decompressed.
        body: Bytes,
        /// How long it took until there was a connection: name, TCP and TLS. Next to nothing where one was kept open.
        connected: Duration,
    },
    /// An answer whose body is over the limit; the rest was not read.
    TooLarge {
        /// The status code.
        status: u16,
    },
    /// Nothing was sent: the address gate, or a request that cannot be written.
    Refused(Refused),
    /// No connection, or one that broke before the answer was whole.
    Unreachable(String),
    /// The answer was not whole in time.
    TimedOut,
}

/// Headers of the connection rather than of the message.
const FRAMING: [HeaderName; 8] = [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
const FRAMING_UNLISTED: [&str; 2] = ["keep-alive", "proxy-connection"];

impl Outgoing {
    /// Checks everything that can be checked before dialling and writes the request.
    pub(crate) fn into_request(self) -> Result<Request<Full<Bytes>>, Refused> {
        let target = self.policy.check_url(&self.url)?;
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = target.into_uri();
        *request.headers_mut() = header_map(self.headers)?;
        Ok(request)
    }
}

fn header_map(headers: Vec<(String, String)>) -> Result<HeaderMap, Refused> {
    let mut map = HeaderMap::with_capacity(headers.len() + 2);
    for (name, value) in headers {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::try_from(value));
        match parsed {
            (Ok(header), Ok(value)) if !is_framing(&header) => map.append(header, value),
            _ => return Err(Refused::Header { name }),
        };
    }
    Ok(map)
}

fn is_framing(name: &HeaderName) -> bool {
    FRAMING.contains(name) || FRAMING_UNLISTED.contains(&name.as_str())
}

/// Reads the answer's body, as far as the limit.
pub(crate) async fn read_answer(response: Response<Incoming>, bytes_max: usize, connected: Duration) -> Sent {
    let (head, mut body) = response.into_parts();
    let status = head.status.as_u16();
    if body.size_hint().lower() > bytes_max as u64 {
        return Sent::TooLarge { status };
    }
    let mut pieces = Pieces::default();
    while let Some(frame) = body.frame().await {
        match frame.map(|frame| frame.into_data()) {
            Ok(Ok(data)) if pieces.len() + data.len() > bytes_max => {
                return Sent::TooLarge { status };
            }
            Ok(Ok(data)) => pieces.push(data),
            Ok(Err(_trailers)) => {}
            Err(error) => return Sent::Unreachable(chain(&error)),
        }
    }
    Sent::Answered { status, headers: head.headers, body: pieces.whole(), connected }
}

/// A body in the making; one that comes in one piece, as most do, is not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    joined: BytesMut,
}

impl Pieces {
    fn len(&self) -> usize {
        self.first.len().max(self.joined.len())
    }

    fn push(&mut self, piece: Bytes) {
        if self.first.is_empty() {
            self.first = piece;
            return;
        }
        if self.joined.is_empty() {
            self.joined.extend_from_slice(&self.first);
        }
        self.joined.extend_from_slice(&piece);
    }

    fn whole(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_header(name: &str, value: &str) -> Result<HeaderMap, Refused> {
        header_map(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn headers_of_the_message_are_written_and_those_of_the_connection_refused() {
        assert!(with_header("Webhook-Id", "run_1").is_ok_and(|map| map["webhook-id"] == "run_1"));

        for name in ["Host", "content-length", "Transfer-Encoding", "keep-alive", "connection", "sp ace", ""] {
            assert_eq!(with_header(name, "x"), Err(Refused::Header { name: name.to_owned() }));
        }
        assert!(with_header("x-token", "a\r\nx-other: b").is_err());
    }

    #[test]
    fn pieces_join_to_the_whole() {
        let mut pieces = Pieces::default();
        for piece in ["ab", "", "cd", "e"] {
            pieces.push(Bytes::from_static(piece.as_bytes()));
        }

        assert_eq!(pieces.len(), 5);
        assert_eq!(pieces.whole(), "abcde");
    }
}

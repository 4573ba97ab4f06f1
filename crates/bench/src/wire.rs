//! The least HTTP/1.1 that a load generator and a sink need: heads are searched, not parsed.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than any head or answer of ours.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A keep-alive connection, from either end.
pub struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
}

/// Where a message's parts lie in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    head: usize,
    body: usize,
}

impl Wire {
    /// Takes over a connection.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: BytesMut::with_capacity(16 * 1024) })
    }

    /// Writes one message.
    pub async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message).await
    }

    /// Reads one message, shows its head and body, and forgets it. `None`: the other side closed between messages.
    pub async fn read<T>(&mut self, look: impl FnOnce(&[u8], &[u8]) -> T) -> io::Result<Option<T>> {
        loop {
            if let Some(Extent { head, body }) = extent(&self.buffer)? {
                let seen = look(&self.buffer[..head], &self.buffer[head..head + body]);
                self.buffer.advance(head + body);
                return Ok(Some(seen));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }
}

/// The status of an answer's head: `HTTP/1.1 204 ...`.
pub fn status(head: &[u8]) -> Option<u16> {
    digits(head.get(9..12)?).map(|status| status as u16)
}

/// The number that `bytes` begins with.
pub fn digits(bytes: &[u8]) -> Option<u64> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    if end == 0 {
        return None;
    }
    bytes[..end].iter().try_fold(0u64, |number, digit| number.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

/// Where `needle` first stands in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut from = 0;
    while let Some(at) = hay[from..].iter().position(|byte| byte == first) {
        let after = from + at + 1;
        if hay[after..].starts_with(rest) {
            return Some(after - 1);
        }
        from = after;
    }
    None
}

/// The first whole message in the buffer, if it is there.
fn extent(buffer: &[u8]) -> io::Result<Option<Extent>> {
    let Some(end) = find(buffer, b"\r\n\r\n") else {
        return if buffer.len() > MESSAGE_BYTES_MAX { Err(too_long()) } else { Ok(None) };
    };
    let head = end + 4;
    let body = content_length(&buffer[..head]);
    if body > MESSAGE_BYTES_MAX {
        return Err(too_long());
    }
    Ok((buffer.len() >= head + body).then_some(Extent { head, body }))
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message is longer than any of ours")
}

/// The length a head announces; 0 if it does not.
fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    head.split(|byte| *byte == b'\n')
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))
        .and_then(|line| digits(line[NAME.len()..].trim_ascii_start()))
        .map_or(0, |length| length as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_when_its_body_is() {
        let message = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1";

        assert_eq!(extent(&message[..30]).expect("fine"), None);
        assert_eq!(extent(&message[..39]).expect("fine"), None);
        assert_eq!(extent(message).expect("fine"), Some(Extent { head: 38, body: 2 }));
        assert_eq!(extent(b"HTTP/1.1 204 No\r\n\r\n").expect("fine"), Some(Extent { head: 19, body: 0 }));
        assert!(extent(b"POST / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n").is_err());
    }

    #[test]
    fn status_and_digits_are_read() {
        assert_eq!(status(b"HTTP/1.1 204 No Content\r\n"), Some(204));
        assert_eq!(status(b"HTTP"), None);
        assert_eq!(digits(b"0012x"), Some(12));
        assert_eq!(digits(b"x"), None);
        assert_eq!(digits(&[b'9'; 30]), None);
        assert_eq!(find(b"aab", b"ab"), Some(1));
        assert_eq!(find(b"aa", b"ab"), None);
    }
}

//! Reading a body within its limits: a size, a total time and a least rate.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::{Instant, timeout_at};

use crate::problem::{self, Problem};

/// The time for a whole body.
const WITHIN: Duration = Duration::from_secs(30);
/// The time before the rate counts.
const GRACE: Duration = Duration::from_secs(5);
/// The least rate after that, in bytes per second.
const RATE_MIN: u64 = 1024;

/// Reads the whole body.
///
/// # Errors
/// `too-large`, `too-slow`, `broken-body`.
pub async fn read(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let begun = Instant::now();
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    loop {
        let received = first.len().max(joined.len());
        let frame = timeout_at(begun + patience(received), body.frame()).await;
        let frame = frame.map_err(|_| Problem::new(&problem::TOO_SLOW, too_slow(received)))?;
        let data = match frame {
            None if joined.is_empty() => return Ok(first),
            None => return Ok(joined.freeze()),
            Some(Err(error)) => {
                tracing::debug!(%error, "a body broke off");
                return Err(Problem::new(&problem::BROKEN, "the connection broke off in the body"));
            }
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        if received + data.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        // Most bodies come in one piece, which is then not copied.
        if received == 0 {
            first = data;
            continue;
        }
        if joined.is_empty() {
            let expected = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(bytes_max);
            joined.reserve(received + data.len() + expected);
            joined.extend_from_slice(&first);
        }
        joined.extend_from_slice(&data);
    }
}

/// How long after its beginning a body of which so much has come may take.
fn patience(received: usize) -> Duration {
    let earned = Duration::from_millis(received as u64 * 1000 / RATE_MIN);
    GRACE.saturating_add(earned).min(WITHIN)
}

/// The same for an upload: as long as it comes fast enough, it may take as long as it is large.
pub fn patience_of_upload(received: u64) -> Duration {
    GRACE.saturating_add(Duration::from_secs(received / RATE_MIN))
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(&problem::TOO_LARGE, format!("expected a body of at most {bytes_max} bytes, found more"))
}

fn too_slow(received: usize) -> String {
    format!(
        "expected the body within {} s and at {RATE_MIN} bytes per second or more, found {received} bytes so far",
        WITHIN.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_with_what_has_come_and_ends() {
        assert_eq!(patience(0), GRACE);
        assert_eq!(patience(2048), GRACE + Duration::from_secs(2));
        assert_eq!(patience(100 * 1024 * 1024), WITHIN);
    }

    #[tokio::test]
    async fn a_body_over_its_limit_is_refused_and_one_at_it_is_read() {
        let whole = read(Body::from("12345"), 5).await;
        assert_eq!(whole, Ok(Bytes::from_static(b"12345")));
        let refused = read(Body::from("123456"), 5).await;
        assert_eq!(refused.map_err(|problem| problem.kind.code), Err("too-large"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_cut_off() {
        let silent = Body::new(http_body_util::combinators::BoxBody::new(Never));
        assert_eq!(read(silent, 5).await.map_err(|problem| problem.kind.code), Err("too-slow"));
    }

    struct Never;

    impl hyper::body::Body for Never {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }
}

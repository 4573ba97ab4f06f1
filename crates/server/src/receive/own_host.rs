//! Calls to a sender's own host, which a request asked for. `verify` has held the address against the sender's hosts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use egress::{Outgoing, Policy, Sent};
use http::Method;

use crate::server::Shared;

/// The time for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The time for the whole answer: less than any sender waits for ours.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What stands there: the body of an answer 200. A redirect is not followed.
///
/// # Errors
/// A sentence on what came instead.
pub async fn get(server: &Shared, url: &str, answer_bytes_max: usize) -> Result<Bytes, String> {
    let settings = &server.parts.settings;
    let policy = Policy::new(settings.provider_networks.iter().copied(), &settings.own_listeners);
    let outgoing = Outgoing {
        method: Method::GET,
        url: url.to_owned(),
        headers: vec![("user-agent".to_owned(), settings.user_agent.clone())],
        body: Bytes::new(),
        policy: Arc::new(policy),
        connect_within: CONNECT_WITHIN,
        answer_within: ANSWER_WITHIN,
        answer_bytes_max,
    };
    match server.parts.egress.send(outgoing).await {
        Sent::Answered { status: 200, body, .. } => Ok(body),
        Sent::Answered { status, .. } => Err(format!("expected the status 200, found {status}")),
        Sent::TooLarge { .. } => Err(format!("expected at most {answer_bytes_max} bytes, found more")),
        Sent::Refused(why) => Err(why.to_string()),
        Sent::Unreachable(why) => Err(why),
        Sent::TimedOut => Err(format!("no whole answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}

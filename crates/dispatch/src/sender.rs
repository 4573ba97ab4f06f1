//! What sends a request. The product sends through `egress`; the simulation through a network of its own.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::limits;
use domain::outcome::{Outcome, Response};
use egress::{Egress, Outgoing, Policy, Sent};

/// A signed request, ready to be sent.
pub struct Call {
    /// Where to.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Which addresses it may reach.
    pub policy: Arc<Policy>,
    /// The whole exchange's time.
    pub within: Duration,
}

/// A request under way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// What sends.
pub trait Sender: Send + Sync {
    /// Sends a request and brings back what happened.
    fn send(&self, call: Call) -> Sending<'_>;
}

/// Sends through the one outgoing client.
pub struct EgressSender {
    egress: Egress,
}

impl EgressSender {
    /// Sends through this client.
    #[must_use]
    pub fn new(egress: Egress) -> Self {
        Self { egress }
    }
}

/// Connecting takes at most this, within the time of the whole exchange.
const CONNECT: Duration = Duration::from_secs(10);

impl Sender for EgressSender {
    fn send(&self, call: Call) -> Sending<'_> {
        Box::pin(async move {
            let within = call.within;
            let outgoing = Outgoing {
                method: http::Method::POST,
                url: call.url,
                headers: call.headers,
                body: Bytes::from(call.body),
                policy: call.policy,
                connect_within: CONNECT.min(within),
                answer_within: within,
                answer_bytes_max: limits::ANSWER_BYTES_MAX,
            };
            match self.egress.send(outgoing).await {
                Sent::Answered { status, headers, body, connected } => {
                    let retry_after = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                    let retry_after = retry_after.map(ToOwned::to_owned);
                    Outcome::Answered(Response { status, retry_after, connected: Some(connected), body: body.to_vec() })
                }
                Sent::TooLarge { status } => Outcome::TooLarge { status },
                Sent::Refused(why) => Outcome::Refused(why.to_string()),
                Sent::Unreachable(why) => Outcome::Unreachable(why),
                Sent::TimedOut => Outcome::TimedOut(within),
            }
        })
    }
}

//! What becomes of a request.

use crate::receive::{self, Arrival, Proof, Reply};
use crate::refusal::Refusal;

use super::receiver::Receiver;

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It is believed, and is to be dispatched.
    Accept(Accepted),
    /// It only wants this answer: a ping, a test event or a handshake.
    Answer(Reply),
    /// It is refused.
    Refuse {
        /// Why.
        refusal: Refusal,
        /// The answer, to the letter.
        reply: Reply,
    },
}

/// A believed request.
#[derive(Debug)]
pub struct Accepted {
    /// Whose it is.
    pub receiver: &'static Receiver,
    /// The id of the sender, as configured.
    pub id: String,
    /// The names of its events, as they were sent; none if it has none.
    pub events: Vec<String>,
    /// What else the receiver tells: `notificationId` of stripe, `subtext` of slack.
    pub values: Vec<(&'static str, String)>,
    /// How it was proven.
    pub proof: Proof,
}

impl From<Accepted> for receive::Accepted {
    /// Every event as an arrival of its own, `<receiver>.<event>`; nothing tells a repeated one from a new one.
    fn from(accepted: Accepted) -> Self {
        let Accepted { receiver, mut events, proof, .. } = accepted;
        if events.is_empty() {
            events.push(receive::NAMELESS.to_owned());
        }
        let arrivals = events.iter().map(|event| Arrival {
            event_type: format!("{}.{event}", receiver.name),
            delivery_id: None,
            subject: None,
            replay_key: None,
        });
        Self { proof, arrivals: arrivals.collect(), reply: Reply::from(receiver.success) }
    }
}

impl From<Outcome> for receive::Outcome {
    /// Without the answer to a refusal: whoever sends that keeps it.
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accept(accepted) => Self::Accept(accepted.into()),
            Outcome::Answer(reply) => Self::Reply { reply, effect: None },
            Outcome::Refuse { refusal, .. } => Self::Refuse(refusal),
        }
    }
}

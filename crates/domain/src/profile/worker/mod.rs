//! The `worker` profile: what event workers are sent, and what their answers mean (event-workers, sections 3 to 7).

mod answer;
mod message;
mod test;

use super::{Outgoing, Profile, ProfileKind};
use crate::retry::RetryPolicy;
use crate::rule::When;

pub use answer::{Fault, Understood, read, read_body, record, too_large, understood};
pub use test::{Live, test_message, test_read};

/// The profile.
pub const WORKER: Profile = Profile {
    kind: ProfileKind::Worker,
    when: When::Result,
    highest: false,
    retry: RetryPolicy::WORKER,
    body_bytes_max: usize::MAX,
    request: message::request,
    read: |response, _, now| read(response, now),
};

/// A request with this JSON; workers refuse a body that is labelled otherwise.
fn json(body: Vec<u8>) -> Outgoing {
    Outgoing { headers: vec![("content-type", "application/json".to_owned())], body }
}

//! Reading a body: in bounded size, time and memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::answer::Refusal;

/// The largest body: 25 MiB, the most that GitHub sends.
pub const BODY_BYTES_MAX: usize = 25 << 20;

/// How much all bodies together may hold, in octets.
const TOGETHER_BYTES_MAX: usize = 256 << 20;

/// The time for a whole body.
const WITHIN: Duration = Duration::from_secs(30);

/// How much of a refused body is taken in, so that its sender comes to read the answer, and for how long.
const DRAINED_BYTES_MAX: usize = 64 << 20;
const DRAINED_WITHIN: Duration = Duration::from_secs(10);

/// Memory that bodies share.
#[derive(Clone)]
pub struct Memory(Arc<Semaphore>);

/// A body, and the part of the memory that it takes until it is dropped.
pub struct Body {
    pub bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// For the bodies that are read and checked.
    pub fn new() -> Self {
        Self::of(TOGETHER_BYTES_MAX)
    }

    /// For so many octets.
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Moves a body's share into this memory. If it has no room, the body is gone.
    pub fn take_over(&self, body: Body) -> Option<Body> {
        let share = self.take(body.bytes.len()).ok()?;
        Some(Body { bytes: body.bytes, _share: Some(share) })
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let count = u32::try_from(bytes).map_err(|_| Refusal::TooLarge)?;
        self.0.clone().try_acquire_many_owned(count).map_err(|_| Refusal::Busy)
    }
}

/// Reads the whole body.
pub async fn read(body: &mut Incoming, memory: &Memory) -> Result<Body, Refusal> {
    let announced = body.size_hint().lower();
    if announced > BODY_BYTES_MAX as u64 {
        return Err(Refusal::TooLarge);
    }
    let until = Instant::now() + WITHIN;
    let mut bytes = BytesMut::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = timeout_at(until, body.frame()).await.map_err(|_| Refusal::TooSlow)? {
        let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > BODY_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        let more = memory.take(data.len())?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Body { bytes: bytes.freeze(), _share: share })
}

/// Takes in what is left of a refused body and keeps none of it. Many senders read no answer before they have sent all.
pub async fn drain(mut body: Incoming) {
    let until = Instant::now() + DRAINED_WITHIN;
    let mut left = DRAINED_BYTES_MAX;
    while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

//! Telling another program of a valid request, beside the answer and never before it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::body::{Body, Memory};
use crate::child;
use crate::tell;

/// How many may run at a time.
const RUNNING_MAX: usize = 8;

/// How many may run or wait.
const PENDING_MAX: u32 = 64;

/// How much the bodies that they are told of may hold, in octets: of its own, so that those that hang take no memory from
/// requests.
const BODIES_BYTES_MAX: usize = 64 << 20;

/// The time for one.
const WITHIN: Duration = Duration::from_secs(60);

/// The program that is told, if there is one.
#[derive(Clone)]
pub struct Notifier {
    program: Option<PathBuf>,
    running: Arc<Semaphore>,
    pending: Arc<Semaphore>,
    memory: Memory,
}

impl Notifier {
    pub fn new(program: Option<PathBuf>) -> Self {
        let pending = Semaphore::new(PENDING_MAX as usize);
        Self {
            program,
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            pending: Arc::new(pending),
            memory: Memory::of(BODIES_BYTES_MAX),
        }
    }

    /// Starts telling it, and returns at once. Too many that hang, and this one is left out.
    pub fn tell(&self, arguments: [String; 3], body: Body) {
        let Some(program) = self.program.clone() else { return };
        let Ok(place) = self.pending.clone().try_acquire_owned() else {
            return tell("forgehook-notify was left out: too many of them are under way");
        };
        let Some(body) = self.memory.take_over(body) else {
            return tell("forgehook-notify was left out: those under way hold too much");
        };
        let running = self.running.clone();
        tokio::spawn(async move {
            let _place = place;
            let Ok(_running) = running.acquire().await else { return };
            let mut command = Command::new(program);
            command.args(arguments);
            match child::start(&mut command) {
                Ok(child) => match child.finish(&body.bytes, WITHIN).await {
                    Ok(Some(status)) if status.success() => {}
                    Ok(Some(status)) => tell(&format!("forgehook-notify failed: {status}")),
                    Ok(None) => tell("forgehook-notify was ended: it took longer than 60 seconds"),
                    Err(why) => tell(&format!("forgehook-notify cannot be waited for: {why}")),
                },
                Err(why) => tell(&format!("forgehook-notify cannot be started: {why}")),
            }
        });
    }

    /// Waits, for a while, until none is under way.
    pub async fn settle(&self, within: Duration) {
        if timeout(within, self.pending.acquire_many(PENDING_MAX)).await.is_err() {
            let left = PENDING_MAX as usize - self.pending.available_permits();
            tell(&format!("{left} times forgehook-notify was not run to its end: the program ends"));
        }
    }
}

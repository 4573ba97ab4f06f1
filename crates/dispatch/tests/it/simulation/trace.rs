//! What happened in a story, line by line, for whoever has to find out why it went wrong.

use std::sync::{Arc, Mutex};

use domain::Clock;

use super::process::SimClock;

/// The trace of one story. Clones write to the same.
#[derive(Clone)]
pub struct Trace {
    clock: Arc<SimClock>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Trace {
    pub fn new(clock: Arc<SimClock>) -> Self {
        Self { clock, lines: Arc::default() }
    }

    /// Writes down what happened now.
    pub fn tell(&self, what: &str) {
        let line = format!("  {}  {what}", self.clock.now().rfc3339());
        self.lines.lock().expect("not poisoned").push(line);
    }

    /// The story that went wrong: how, what happened before, and how to have it told again.
    pub fn of_failure(&self, seed: u64, why: &str) -> String {
        let lines = self.lines.lock().expect("not poisoned").join("\n");
        format!("seed {seed}: {why}\n{lines}\nTell it again: SEED={seed} cargo test -p dispatch one_seed")
    }
}

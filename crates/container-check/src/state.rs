//! What is remembered between checks: the highest time seen, and the last good revocation list.

use core::time::Duration;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::replace;
use crate::surroundings::read;

/// What a state file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub latest_seen: Duration,
    pub revocations: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Written {
    latest_seen_s: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocations: Option<String>,
}

impl State {
    /// Reads a state file; one that is not there yet holds nothing.
    pub fn read(path: &Path) -> Result<State, Fault> {
        if !path.exists() {
            return Ok(State::default());
        }
        let written: Written = serde_json::from_str(&read(path)?).map_err(|why| {
            let mend = "remove it to begin anew";
            Fault::new(format!("the state file {} cannot be understood: {why}; {mend}", path.display()))
        })?;
        Ok(State { latest_seen: Duration::from_secs(written.latest_seen_s), revocations: written.revocations })
    }

    /// What is to be remembered after a check at `now` with this list.
    pub fn kept(&self, now: Duration, list: Option<&String>) -> State {
        State {
            latest_seen: self.latest_seen.max(Duration::from_secs(now.as_secs())),
            revocations: list.or(self.revocations.as_ref()).cloned(),
        }
    }

    /// Writes it in one step, so that no reader meets half of it.
    pub fn write(&self, path: &Path) -> Result<(), Fault> {
        let written = Written { latest_seen_s: self.latest_seen.as_secs(), revocations: self.revocations.clone() };
        let text = serde_json::to_string(&written).unwrap_or_default();
        replace(path, &text, 0o644)
            .map_err(|why| Fault::new(format!("the state file {} cannot be written: {why}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::State;
    use core::time::Duration;

    #[test]
    fn time_seen_only_rises_and_a_list_stays_until_another_comes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        let first = State::read(&path).expect("nothing yet");
        assert_eq!(first, State::default());

        let list = "a.b.c".to_owned();
        first.kept(Duration::from_millis(9_500), Some(&list)).write(&path).expect("written");
        let second = State::read(&path).expect("read");
        assert_eq!(second, State { latest_seen: Duration::from_secs(9), revocations: Some(list) });
        assert_eq!(second.kept(Duration::from_secs(3), None), second);

        std::fs::write(&path, "{").expect("written");
        assert!(State::read(&path).is_err());
    }
}

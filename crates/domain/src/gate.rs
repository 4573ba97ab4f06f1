//! A service's gate: one row says why a million runs wait.

use std::time::Duration;

use crate::time::micros;
use crate::words::words;
use crate::{ServiceKey, Timestamp, limits};

words! {
    /// Whether a service is being sent to, and if not, why.
    GateState {
        /// It is being sent to.
        Open = "open",
        /// It failed too often in a row; probes find out when it is back.
        Breaker = "breaker",
        /// It answered 410; a person must open it again.
        Gone = "gone",
        /// A person stopped it.
        Paused = "paused",
        /// No valid license covers it.
        License = "license",
    }
}

impl GateState {
    /// Whether deadlines stand still behind it: only where a person or the license stopped the service.
    #[must_use]
    pub const fn stops_time(self) -> bool {
        matches!(self, GateState::Paused | GateState::License)
    }
}

/// The gate of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Whose gate.
    pub service: ServiceKey,
    /// Its state.
    pub state: GateState,
    /// Since when.
    pub since: Timestamp,
    /// Microseconds lost so far to states that stop time, the present one not included.
    pub stopped: i64,
    /// Who turned it last; none: its own answers, or nobody yet.
    pub by: Option<String>,
}

/// An instant in a service's own time: wall time less what its gate stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceTime(pub i64);

impl ServiceTime {
    /// This instant moved forward.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }
}

impl Gate {
    /// The gate of a service that was just registered.
    #[must_use]
    pub const fn new(service: ServiceKey, now: Timestamp) -> Self {
        Self { service, state: GateState::Open, since: now, stopped: 0, by: None }
    }

    /// The service's own time at a wall instant.
    #[must_use]
    pub fn time(&self, now: Timestamp) -> ServiceTime {
        let standing = if self.state.stops_time() { micros(now.since(self.since)) } else { 0 };
        ServiceTime(now.0.saturating_sub(self.stopped).saturating_sub(standing))
    }

    /// The wall instant of an instant of the service's own time, should the gate stay as it is.
    #[must_use]
    pub fn wall(&self, at: ServiceTime, now: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_add(now.0.saturating_sub(self.time(now).0)))
    }

    /// The same gate in another state from now on, turned by somebody or by the service's own answers.
    #[must_use]
    pub fn turned(&self, state: GateState, by: Option<&str>, now: Timestamp) -> Self {
        let lost = if self.state.stops_time() { micros(now.since(self.since)) } else { 0 };
        let stopped = self.stopped.saturating_add(lost);
        Self { service: self.service, state, since: now, stopped, by: by.map(str::to_owned) }
    }
}

/// What one service's latest calls say about it. In memory only: after a restart it begins afresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Failures since the last good answer.
    pub failures: u32,
    /// Good answers since the gate's last probe began.
    pub probes_good: u32,
    /// How many probes may be under way at once while the gate is at `breaker`.
    pub probes_max: u32,
    /// How many times in a row a probe has failed.
    pub probes_failed: u32,
}

/// What follows for the gate from one more call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    Stay,
    /// Shut it: it failed too often in a row.
    Shut,
    /// Probe again after this long.
    ProbeAfter(Duration),
    /// It is well: open.
    Open,
}

impl Health {
    /// Takes one more outcome into account.
    pub fn heard(&mut self, good: bool, gate: GateState) -> Turn {
        match (gate, good) {
            (GateState::Breaker, true) => {
                self.failures = 0;
                self.probes_failed = 0;
                self.probes_good += 1;
                // 1, 2, 4 probes, then the backlog.
                if self.probes_good < self.probes_max {
                    return Turn::Stay;
                }
                self.probes_good = 0;
                self.probes_max = self.probes_max.max(1) * 2;
                if self.probes_max <= 4 { Turn::Stay } else { Turn::Open }
            }
            (GateState::Breaker, false) => {
                self.probes_good = 0;
                self.probes_max = 1;
                self.probes_failed = self.probes_failed.saturating_add(1);
                let wait = limits::BREAKER_WAIT.saturating_mul(1 << self.probes_failed.min(6));
                Turn::ProbeAfter(wait.min(limits::BREAKER_WAIT_MAX))
            }
            (_, true) => {
                self.failures = 0;
                Turn::Stay
            }
            (_, false) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures < limits::BREAKER_FAILURES {
                    return Turn::Stay;
                }
                *self = Health { probes_max: 1, ..Health::default() };
                Turn::Shut
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const START: Timestamp = Timestamp(1_000_000_000_000);

    #[test]
    fn time_stands_still_while_a_person_or_the_license_stops_the_service() {
        let gate = Gate::new(ServiceKey(1), START);
        let before = gate.time(START);
        let paused = gate.turned(GateState::Paused, Some("anna"), START.after(HOUR));
        assert_eq!(paused.time(START.after(30 * HOUR)), before.after(HOUR));
        let open = paused.turned(GateState::Open, None, START.after(30 * HOUR));
        assert_eq!(open.time(START.after(31 * HOUR)), before.after(2 * HOUR));
    }

    #[test]
    fn time_goes_on_behind_a_breaker_or_a_service_that_is_gone() {
        for state in [GateState::Breaker, GateState::Gone] {
            let gate = Gate::new(ServiceKey(1), START).turned(state, None, START);
            assert_eq!(gate.time(START.after(HOUR)), gate.time(START).after(HOUR));
        }
    }

    #[test]
    fn ten_failures_in_a_row_shut_the_gate_and_one_good_answer_forgives_nine() {
        let mut health = Health::default();
        for _ in 0..9 {
            assert_eq!(health.heard(false, GateState::Open), Turn::Stay);
        }
        assert_eq!(health.heard(true, GateState::Open), Turn::Stay);
        for _ in 0..9 {
            assert_eq!(health.heard(false, GateState::Open), Turn::Stay);
        }
        assert_eq!(health.heard(false, GateState::Open), Turn::Shut);
    }

    #[test]
    fn probes_go_one_two_four_and_then_the_gate_opens() {
        let mut health = Health { probes_max: 1, ..Health::default() };
        let mut good = 0;
        while health.heard(true, GateState::Breaker) != Turn::Open {
            good += 1;
        }
        assert_eq!(good + 1, 1 + 2 + 4);
    }

    #[test]
    fn a_failed_probe_waits_longer_up_to_the_limit() {
        let mut health = Health { probes_max: 1, ..Health::default() };
        let waits: Vec<Turn> = (0..4).map(|_| health.heard(false, GateState::Breaker)).collect();
        assert_eq!(waits[0], Turn::ProbeAfter(Duration::from_secs(2)));
        assert_eq!(waits[3], Turn::ProbeAfter(limits::BREAKER_WAIT_MAX));
    }
}

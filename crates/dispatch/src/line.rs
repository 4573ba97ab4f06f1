//! One service's line: what waits for it, and when it may be called next. Pure.

use std::time::Duration;

use domain::gate::{GateState, Health, Turn};
use domain::{Timestamp, limits};

/// What is known of one service between two of its calls.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its gate, as last heard.
    pub gate: GateState,
    /// When its oldest waiting run is due; none: nothing waits, as far as is known.
    pub due: Option<Timestamp>,
    /// What its latest calls say of it.
    health: Health,
    /// It is left alone until then.
    rest: Timestamp,
    /// The next probe, while its gate is at `breaker`.
    probe: Option<Timestamp>,
    /// It has just come back: what waits goes out whatever its time.
    flush: bool,
    /// A claim is under way.
    pub claiming: bool,
}

/// What to claim for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// At most so many; none: as many as there are places.
    pub limit: Option<u32>,
    /// Whether it is a probe.
    pub probe: bool,
    /// Only what is due by then.
    pub due_by: Timestamp,
}

/// How long a busy service is left alone when it does not say.
const REST: Duration = Duration::from_secs(1);

impl Line {
    pub const fn new(gate: GateState, due: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            gate,
            due,
            health: Health { failures: 0, probes_good: 0, probes_max: 1, probes_failed: 0 },
            rest: Timestamp(0),
            probe: if matches!(gate, GateState::Breaker) { Some(now) } else { None },
            flush: false,
            claiming: false,
        }
    }

    /// A run waits until then.
    pub fn waits(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |known| known.min(at)));
    }

    /// Its gate turned.
    pub fn turned(&mut self, to: GateState, now: Timestamp) {
        let from = std::mem::replace(&mut self.gate, to);
        if from == to {
            // The desk has turned it already, and now hears that it is on disk.
            return;
        }
        match to {
            GateState::Open => {
                self.flush = from == GateState::Breaker;
                self.health = Health::default();
                self.probe = None;
                self.due = Some(now);
            }
            GateState::Breaker => {
                self.health = Health { probes_max: 1, ..Health::default() };
                self.probe = Some(now.after(limits::BREAKER_WAIT));
            }
            GateState::Gone | GateState::Paused | GateState::License => self.probe = None,
        }
    }

    /// A call ended; answers what its gate should become.
    pub fn heard(&mut self, good: bool, rest: Option<Duration>, now: Timestamp) -> Option<GateState> {
        if let Some(asked) = rest {
            self.rest = now.after(asked.max(REST));
            self.waits(self.rest);
        }
        if !matches!(self.gate, GateState::Open | GateState::Breaker) {
            // A person, the license or the service itself shut it; what was still under way does not change that.
            return None;
        }
        match self.health.heard(good, self.gate) {
            Turn::Stay => {
                if self.gate == GateState::Breaker && good {
                    self.probe = Some(now);
                }
                None
            }
            Turn::Shut => Some(GateState::Breaker),
            Turn::ProbeAfter(wait) => {
                self.probe = Some(now.after(wait));
                None
            }
            Turn::Open => Some(GateState::Open),
        }
    }

    /// What to claim now, if anything.
    pub fn wants(&self, now: Timestamp) -> Option<Wanted> {
        if self.claiming || now < self.rest {
            return None;
        }
        match self.gate {
            GateState::Open => {
                let due = self.due?;
                let due_by = if self.flush { Timestamp::NEVER } else { now };
                (due <= due_by).then_some(Wanted { limit: None, probe: false, due_by })
            }
            GateState::Breaker => {
                let at = self.probe?;
                let limit = Some(self.health.probes_max.max(1));
                (at <= now).then_some(Wanted { limit, probe: true, due_by: Timestamp::NEVER })
            }
            GateState::Gone | GateState::Paused | GateState::License => None,
        }
    }

    /// When it wants something next, if nothing happens until then.
    pub fn next(&self) -> Option<Timestamp> {
        if self.claiming {
            return None;
        }
        let at = match self.gate {
            GateState::Open => self.due?,
            GateState::Breaker => self.probe?,
            GateState::Gone | GateState::Paused | GateState::License => return None,
        };
        Some(at.max(self.rest))
    }

    /// A claim failed, or a probe was not heard of: try again in a while.
    pub fn unheard(&mut self, now: Timestamp) {
        if self.gate == GateState::Breaker && self.probe.is_none() {
            self.nothing_to_probe(now);
        }
    }

    /// The wall clock jumped by so many microseconds: what was to come in a while still comes in that while.
    pub fn jumped(&mut self, by: i64) {
        self.rest = Timestamp(self.rest.0.saturating_add(by));
        self.probe = self.probe.map(|at| Timestamp(at.0.saturating_add(by)));
    }

    /// A claim has begun.
    pub fn claim(&mut self) {
        self.claiming = true;
        if self.gate == GateState::Breaker {
            self.probe = None;
        }
    }

    /// A claim brought everything there was; the oldest that still waits is due then.
    pub fn drained(&mut self, oldest: Option<Timestamp>) {
        self.flush = false;
        self.due = oldest;
    }

    /// A probe found nothing to probe with: look again later.
    pub fn nothing_to_probe(&mut self, now: Timestamp) {
        self.probe = Some(now.after(limits::BREAKER_WAIT_MAX));
    }

    /// Whether older runs wait, so that a new one must queue behind them.
    pub fn has_backlog(&self, now: Timestamp) -> bool {
        now < self.rest || self.flush || self.due.is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn open() -> Line {
        Line::new(GateState::Open, None, NOW)
    }

    #[test]
    fn nothing_is_claimed_before_it_is_due() {
        let mut line = open();
        assert_eq!(line.wants(NOW), None);
        line.waits(NOW.after(SECOND));
        assert_eq!(line.wants(NOW), None);
        assert_eq!(line.next(), Some(NOW.after(SECOND)));
        let wanted = Wanted { limit: None, probe: false, due_by: NOW.after(SECOND) };
        assert_eq!(line.wants(NOW.after(SECOND)), Some(wanted));
    }

    #[test]
    fn a_service_that_came_back_gets_everything_that_waits_whatever_its_time() {
        let mut line = open();
        line.turned(GateState::Breaker, NOW);
        assert_eq!(line.wants(NOW), None, "the first probe waits");
        let probe = line.wants(NOW.after(limits::BREAKER_WAIT)).expect("a probe");
        assert_eq!((probe.limit, probe.probe), (Some(1), true));
        line.turned(GateState::Open, NOW);
        line.turned(GateState::Open, NOW);
        assert_eq!(line.wants(NOW).expect("a claim").due_by, Timestamp::NEVER);
        line.drained(None);
        assert_eq!(line.wants(NOW), None);
    }

    #[test]
    fn a_probe_that_is_never_heard_of_is_followed_by_another() {
        let mut line = open();
        line.turned(GateState::Breaker, NOW);
        line.claim();
        line.claiming = false;
        line.unheard(NOW);
        assert!(line.wants(NOW.after(limits::BREAKER_WAIT_MAX)).is_some_and(|wanted| wanted.probe));
    }

    #[test]
    fn a_busy_service_is_left_alone() {
        let mut line = open();
        line.waits(NOW);
        line.heard(false, Some(SECOND * 5), NOW);
        assert_eq!(line.wants(NOW.after(SECOND)), None);
        assert!(line.has_backlog(NOW), "new runs queue behind the rest");
        assert!(line.wants(NOW.after(SECOND * 5)).is_some());
    }

    #[test]
    fn a_clock_that_goes_back_an_hour_keeps_nobody_from_being_probed_or_called_for_an_hour() {
        const HOUR: i64 = 3_600_000_000;
        let earlier = Timestamp(NOW.0 - HOUR);
        let mut failing = open();
        failing.turned(GateState::Breaker, NOW);
        failing.jumped(-HOUR);
        assert!(failing.wants(earlier.after(limits::BREAKER_WAIT)).is_some_and(|wanted| wanted.probe));
        let mut busy = open();
        busy.heard(false, Some(SECOND * 5), NOW);
        busy.jumped(-HOUR);
        assert!(busy.has_backlog(earlier.after(SECOND * 4)));
        assert!(!busy.has_backlog(earlier.after(SECOND * 5)));
    }

    #[test]
    fn calls_that_end_after_a_pause_do_not_turn_the_gate() {
        let mut line = open();
        line.turned(GateState::Paused, NOW);
        for _ in 0..20 {
            assert_eq!(line.heard(false, None, NOW), None);
        }
    }

    #[test]
    fn a_paused_or_gone_service_wants_nothing() {
        for gate in [GateState::Paused, GateState::Gone, GateState::License] {
            let mut line = open();
            line.waits(NOW);
            line.turned(gate, NOW);
            assert_eq!((line.wants(NOW), line.next()), (None, None));
        }
    }
}

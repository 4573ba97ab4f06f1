//! What is counted. The counters of the hot path are looked up once, here, and only raised afterwards.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::history::Counts;

type ByWord = Family<[(&'static str, &'static str); 1], Counter>;
/// How long calls took, by service and subscription.
type Spans = Family<[(&'static str, String); 2], Histogram, fn() -> Histogram>;

/// Everything that `/metrics` shows.
pub struct Metrics {
    registry: Registry,
    outcomes: ByWord,
    refusals: ByWord,
    /// Requests of sources that were believed and recorded.
    pub accepted: Counter,
    /// Requests that had been recorded before.
    pub repeated: Counter,
    /// Pings and handshakes.
    pub replied: Counter,
    /// Believed requests that could not be recorded.
    pub failed: Counter,
    /// Receipts written.
    pub receipts: Counter,
    /// Artifacts whose bytes were let go.
    pub artifacts_expired: Counter,
    /// Refused requests that were kept.
    pub quarantined: Counter,
    /// Refused requests that were not kept, because too many came.
    pub quarantine_dropped: Counter,
    /// Events that the own API recorded.
    pub submitted: Counter,
    answered: Counter,
    called_in_vain: Counter,
    accept_seconds: Histogram,
    service_calls: Family<[(&'static str, String); 3], Counter>,
    service_call_seconds: Spans,
}

/// From a tenth of a millisecond to three seconds.
const ACCEPT_BOUNDS_S: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 1.0, 3.0];

/// From ten milliseconds to the two minutes that no call outlasts by much.
const CALL_BOUNDS_S: [f64; 10] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0];

impl Default for Metrics {
    fn default() -> Self {
        let outcomes = ByWord::default();
        let count = |word| outcomes.get_or_create(&[("outcome", word)]).clone();
        let mut metrics = Self {
            registry: Registry::with_prefix("countersign"),
            accepted: count("accepted"),
            repeated: count("repeated"),
            replied: count("replied"),
            failed: count("failed"),
            outcomes,
            refusals: ByWord::default(),
            receipts: Counter::default(),
            artifacts_expired: Counter::default(),
            quarantined: Counter::default(),
            quarantine_dropped: Counter::default(),
            submitted: Counter::default(),
            answered: Counter::default(),
            called_in_vain: Counter::default(),
            accept_seconds: Histogram::new(ACCEPT_BOUNDS_S),
            service_calls: Family::default(),
            service_call_seconds: Family::new_with_constructor(|| Histogram::new(CALL_BOUNDS_S)),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("webhooks", "Requests to sources, by what became of them", self.outcomes.clone());
        registry.register("webhooks_refused", "Refused requests to sources, by reason", self.refusals.clone());
        registry.register("receipts", "Receipts written", self.receipts.clone());
        registry.register("events_submitted", "Events that the own API recorded", self.submitted.clone());
        let expired = "Artifacts that expired and were let go";
        registry.register("artifacts_expired", expired, self.artifacts_expired.clone());
        registry.register("quarantined", "Refused requests that were kept", self.quarantined.clone());
        let dropped = "Refused requests that were not kept, because too many came";
        registry.register("quarantine_dropped", dropped, self.quarantine_dropped.clone());
        let accept = "From a request's head to its answer, for requests that were recorded";
        registry.register("accept_seconds", accept, self.accept_seconds.clone());
        let calls = "Calls of services and answers that never came, by service, subscription and outcome";
        registry.register("service_calls", calls, self.service_calls.clone());
        let call = "From a call's beginning to its answer, by service and subscription";
        registry.register("service_call_seconds", call, self.service_call_seconds.clone());
    }

    /// Counts a refusal.
    pub fn refused(&self, reason: &'static str) {
        self.outcomes.get_or_create(&[("outcome", "refused")]).inc();
        self.refusals.get_or_create(&[("reason", reason)]).inc();
    }

    /// Notes how long it took to record a request.
    pub fn accepted_within(&self, span: Duration) {
        self.accept_seconds.observe(span.as_secs_f64());
    }

    /// Counts what became of a call (`success`, `failure`), or that an answer never came (`missing_results`).
    pub fn called(&self, service: &str, event: &str, outcome: &'static str, took: Option<Duration>) {
        let [service, event] = [("service", service.to_owned()), ("event", event.to_owned())];
        if let Some(took) = took {
            let seconds = self.service_call_seconds.get_or_create(&[service.clone(), event.clone()]);
            seconds.observe(took.as_secs_f64());
        }
        if outcome == "success" { &self.answered } else { &self.called_in_vain }.inc();
        self.service_calls.get_or_create(&[service, event, ("outcome", outcome.to_owned())]).inc();
    }

    /// What the first page shows of it.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            believed: self.accepted.get() + self.submitted.get(),
            refused: self.outcomes.get_or_create(&[("outcome", "refused")]).get(),
            answered: self.answered.get(),
            failed: self.called_in_vain.get(),
        }
    }

    /// Everything, in the OpenMetrics text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Metrics;

    #[test]
    fn what_happened_is_shown_by_outcome_and_reason() {
        let metrics = Metrics::default();
        metrics.accepted.inc();
        metrics.refused("signature-mismatch");
        metrics.called("scan", "during_validation", "success", Some(Duration::from_millis(20)));
        metrics.called("scan", "during_validation", "missing_results", None);

        let text = metrics.text();

        assert!(text.contains("countersign_webhooks_total{outcome=\"accepted\"} 1"), "{text}");
        let labels = "service=\"scan\",event=\"during_validation\"";
        for outcome in ["success", "missing_results"] {
            let line = format!("countersign_service_calls_total{{{labels},outcome=\"{outcome}\"}} 1");
            assert!(text.contains(&line), "{text}");
        }
        assert!(text.contains(&format!("countersign_service_call_seconds_count{{{labels}}} 1")), "{text}");
        assert!(text.contains("countersign_webhooks_refused_total{reason=\"signature-mismatch\"} 1"), "{text}");
    }
}

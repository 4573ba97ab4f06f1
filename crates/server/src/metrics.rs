//! What is counted. The counters of the hot path are looked up once, here, and only raised afterwards.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

type ByWord = Family<[(&'static str, &'static str); 1], Counter>;

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
    /// Refused requests that were kept.
    pub quarantined: Counter,
    /// Refused requests that were not kept, because too many came.
    pub quarantine_dropped: Counter,
    accept_seconds: Histogram,
}

/// From a tenth of a millisecond to three seconds.
const ACCEPT_BOUNDS_S: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 1.0, 3.0];

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
            quarantined: Counter::default(),
            quarantine_dropped: Counter::default(),
            accept_seconds: Histogram::new(ACCEPT_BOUNDS_S),
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
        registry.register("quarantined", "Refused requests that were kept", self.quarantined.clone());
        let dropped = "Refused requests that were not kept, because too many came";
        registry.register("quarantine_dropped", dropped, self.quarantine_dropped.clone());
        let accept = "From a request's head to its answer, for requests that were recorded";
        registry.register("accept_seconds", accept, self.accept_seconds.clone());
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
    use super::Metrics;

    #[test]
    fn what_happened_is_shown_by_outcome_and_reason() {
        let metrics = Metrics::default();
        metrics.accepted.inc();
        metrics.refused("signature-mismatch");

        let text = metrics.text();

        assert!(text.contains("countersign_webhooks_total{outcome=\"accepted\"} 1"), "{text}");
        assert!(text.contains("countersign_webhooks_refused_total{reason=\"signature-mismatch\"} 1"), "{text}");
    }
}

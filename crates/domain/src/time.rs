//! Instants and lengths of time, as microseconds.

use std::time::Duration;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Later than every instant that occurs: "for ever".
    pub const NEVER: Timestamp = Timestamp(i64::MAX);

    /// The instant so many whole seconds after 1970.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole milliseconds since 1970, rounded down.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This instant moved forward by `span`; [`Timestamp::NEVER`] stays what it is.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// The length from `earlier` to this instant, zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 text in UTC to the second, `2026-11-21T20:59:00Z`.
    #[must_use]
    pub fn rfc3339_seconds(self) -> String {
        let text = self.rfc3339();
        format!("{}Z", text.get(..19).unwrap_or(&text))
    }

    /// RFC 3339 text in UTC with milliseconds, `2026-11-21T20:59:00.123Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.milliseconds()) {
            Ok(at) => format!("{at:.3}"),
            Err(_) => "9999-12-31T23:59:59.999Z".to_owned(),
        }
    }

    /// The instant that an RFC 3339 text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_microsecond()))
    }
}

/// Where instants come from. Only the binary and the tests implement it.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Where random bytes come from. Only the binary and the tests implement it.
pub trait Random: Send + Sync {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// A length in microseconds, at most `i64::MAX`.
#[must_use]
pub fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Reads a length as people write it: `90s`, `15m`, `26h`, `2d`, `500ms`, or parts joined: `1h30m`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("expected a length of time such as \"90s\", \"15m\", \"26h\" or \"2d\", found {text:?}");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit_ms: u64 = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        rest = &rest[letters..];
        total = total.saturating_add(Duration::from_millis(count.checked_mul(unit_ms).ok_or_else(wrong)?));
    }
    Ok(total)
}

/// Writes a length the way [`parse_span`] reads it.
#[must_use]
pub fn show_span(span: Duration) -> String {
    let ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    for (unit_ms, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

/// Serde form of a length: the text of [`parse_span`].
pub mod span_text {
    use std::time::Duration;

    /// Writes the length as text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: serde::Serializer>(span: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&super::show_span(*span))
    }

    /// Reads the length from text.
    ///
    /// # Errors
    /// When the text is no length.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(from)?;
        super::parse_span(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        assert_eq!(parse_span("26h"), Ok(Duration::from_secs(93_600)));
        assert_eq!(parse_span("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(parse_span("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "26", "h", "1y", "-1s", "1.5h"] {
            assert!(parse_span(wrong).is_err(), "{wrong:?} was read");
        }
    }

    #[test]
    fn spans_survive_the_round_trip() {
        for text in ["26h", "90s", "2d", "1m", "250ms", "0ms"] {
            let span = parse_span(text).expect("a length");
            assert_eq!(parse_span(&show_span(span)), Ok(span));
        }
    }

    #[test]
    fn instants_show_as_rfc3339_and_read_back() {
        let at = Timestamp(1_767_225_600_123_000);
        assert_eq!(at.rfc3339(), "2026-01-01T00:00:00.123Z");
        assert_eq!(at.rfc3339_seconds(), "2026-01-01T00:00:00Z");
        assert_eq!(Timestamp::parse("2026-01-01T00:00:00.123Z"), Some(at));
        assert_eq!(Timestamp::NEVER.rfc3339(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::NEVER.after(Duration::from_secs(1)), Timestamp::NEVER);
    }
}

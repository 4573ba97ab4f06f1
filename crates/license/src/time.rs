//! Times in claims: seconds since 1970, from then to the end of the year 9999, fractions allowed.

use core::time::Duration;

/// The last second of the year 9999.
const SECONDS_MAX: u64 = 253_402_300_799;

/// Longer exponents than any token has digits make no difference.
const EXPONENT_MAX: i64 = 100_000;

/// The time that a JSON number says, to the nanosecond and without a detour over floats; what is finer is cut off.
/// None: something else, or out of range.
pub fn read(json: &str) -> Option<Duration> {
    let (negative, number) = json.strip_prefix('-').map_or((false, json), |number| (true, number));
    if !number.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.bytes().all(|digit| digit == b'0') {
        return Some(Duration::ZERO);
    }
    if negative {
        return None;
    }
    shifted(&digits, i64::try_from(whole.len()).ok()?.checked_add(power(exponent))?)
}

/// A number as an exponent of ten.
fn power(exponent: &str) -> i64 {
    let bound = if exponent.starts_with('-') { -EXPONENT_MAX } else { EXPONENT_MAX };
    exponent.parse().map_or(bound, |power: i64| power.clamp(-EXPONENT_MAX, EXPONENT_MAX))
}

/// The time of these digits, `point` of them before the point.
fn shifted(digits: &str, point: i64) -> Option<Duration> {
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let (digits, point) = (&digits[leading..], point - i64::try_from(leading).ok()?);
    if point > 12 {
        return None;
    }
    // From here on all is short: at most twelve digits before the point, and of those behind it nine count.
    let before = usize::try_from(point).unwrap_or(0);
    let (whole, fraction) = digits.split_at_checked(before).unwrap_or((digits, ""));
    let seconds: u64 = format!("0{whole:0<before$}").parse().ok()?;
    if seconds > SECONDS_MAX || (seconds == SECONDS_MAX && fraction.bytes().any(|digit| digit != b'0')) {
        return None;
    }
    let zeros = usize::try_from(-point).unwrap_or(0).min(9);
    let behind = "0".repeat(zeros) + fraction + "000000000";
    Some(Duration::new(seconds, behind.get(..9)?.parse().ok()?))
}

/// A time as a JSON number.
pub fn written(time: Duration) -> String {
    match time.subsec_nanos() {
        0 => time.as_secs().to_string(),
        nanos => format!("{}.{nanos:09}", time.as_secs()).trim_end_matches('0').to_owned(),
    }
}

/// Whether a time may be claimed.
pub fn is_in_range(time: Duration) -> bool {
    time <= Duration::from_secs(SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::{read, written};
    use core::time::Duration;

    #[test]
    fn numbers_are_read_exactly() {
        for (json, seconds, nanos) in [
            ("0", 0, 0),
            ("-0.0e5", 0, 0),
            ("1760000000", 1_760_000_000, 0),
            ("1760000000.5", 1_760_000_000, 500_000_000),
            ("1760000000.0000000019", 1_760_000_000, 1),
            ("1.76e9", 1_760_000_000, 0),
            ("1.7600000005E+9", 1_760_000_000, 500_000_000),
            ("17600000005e-1", 1_760_000_000, 500_000_000),
            ("5e-2", 0, 50_000_000),
            ("12e-10", 0, 1),
            ("5e-999999999999999999999", 0, 0),
            ("0e999999999999999999999", 0, 0),
            ("253402300799", 253_402_300_799, 0),
            ("253402300799.000", 253_402_300_799, 0),
        ] {
            assert_eq!(read(json), Some(Duration::new(seconds, nanos)), "{json}");
        }
    }

    #[test]
    fn what_is_no_number_or_out_of_range_is_refused() {
        for json in [
            "null",
            "true",
            "\"1760000000\"",
            "[1]",
            "{}",
            "-1",
            "-0.5",
            "-1e-999999999999999999999",
            "253402300799.0000000001",
            "253402300800",
            "1760000000000",
            "18446744073709551615",
            "1e300",
            "1e400",
            "1e999999999999999999999",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        for (time, json) in [(Duration::new(7, 0), "7"), (Duration::new(7, 50_000_000), "7.05")] {
            assert_eq!(written(time), json);
            assert_eq!(read(json), Some(time));
        }
    }
}

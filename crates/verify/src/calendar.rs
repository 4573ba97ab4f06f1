//! Dates in texts.

/// The milliseconds of Unix time that an RFC 3339 text says; what is finer is cut off. The zone must be there.
pub(crate) fn rfc3339_ms(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(19)?;
    let (year, rest_of_date) = (number(date, 0, 4)?, date.as_bytes());
    let separators = [(4, "-"), (7, "-"), (10, "Tt "), (13, ":"), (16, ":")];
    if !separators.iter().all(|(at, allowed)| allowed.as_bytes().contains(&rest_of_date[*at])) {
        return None;
    }
    let (month, day) = (number(date, 5, 2)?, number(date, 8, 2)?);
    let (hour, minute, second) = (number(date, 11, 2)?, number(date, 14, 2)?, number(date, 17, 2)?);
    let (thousandths, zone) = fraction(rest)?;
    let offset_min = offset_minutes(zone)?;
    let days = days(year, usize::try_from(month - 1).ok()?, day)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset_min * 60;
    Some(seconds * 1000 + thousandths)
}

/// The thousandths in front of the zone, and the zone.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(fraction) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = fraction.find(|c: char| !c.is_ascii_digit())?;
    let digits: String = fraction[..end].chars().chain("000".chars()).take(3).collect();
    (end > 0).then(|| digits.parse().ok().map(|thousandths| (thousandths, &fraction[end..])))?
}

/// The minutes that a zone is ahead of Universal Time.
fn offset_minutes(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes() {
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(zone, 1, 2)?, number(zone, 4, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

fn number(text: &str, from: usize, digits: usize) -> Option<i64> {
    let digits = text.get(from..from + digits)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The days from the first of 1970 to this day, if its month has it; `month` counts from 0.
pub(crate) fn days(year: i64, month: usize, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let exists = (1..=*lengths.get(month)?).contains(&day);
    let leaps_before = |year: i64| (year - 1).div_euclid(4) - (year - 1).div_euclid(100) + (year - 1).div_euclid(400);
    let leap_days = leaps_before(year) - leaps_before(1970);
    let days = (year - 1970) * 365 + leap_days + lengths[..month].iter().sum::<i64>() + day - 1;
    exists.then_some(days)
}

#[cfg(test)]
mod tests {
    use super::rfc3339_ms;

    #[test]
    fn a_time_is_read_with_its_zone_and_fraction() {
        assert_eq!(rfc3339_ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(rfc3339_ms("2026-01-01T00:00:00Z"), Some(1_767_225_600_000));
        assert_eq!(rfc3339_ms("2026-01-01t00:00:00.123456789z"), Some(1_767_225_600_123));
        assert_eq!(rfc3339_ms("2026-01-01T00:00:00.5-08:30"), Some(1_767_256_200_500));
        assert_eq!(rfc3339_ms("2024-02-29T12:00:00+00:00"), Some(1_709_208_000_000));
        assert_eq!(rfc3339_ms("1969-12-31T23:59:59Z"), Some(-1000));
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+0100",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zz",
            "2026-01-01T00:00:0\u{661}Z",
            "1767225600",
        ] {
            assert_eq!(rfc3339_ms(text), None, "{text}");
        }
    }
}

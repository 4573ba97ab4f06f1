//! Right signatures at a wrong time.

use crate::provider::{Credential, Provider, Signature, Time, TimeAt, Unit};
use crate::receive::Head;
use crate::refusal::Reason;

use super::case::{Trial, Trials};
use super::diagnosis::{Diagnosis, Mistake};

/// How near our own a time must be, read in another unit, to be taken for one in that unit.
const NEAR_S: u64 = 86_400;

/// How near a whole number of half hours a difference must be to be taken for one of time zones.
const ZONE_SLACK_S: u64 = 90;

const HALF_HOUR_S: u64 = 1800;

/// The time is read right only in another unit than the provider's.
pub fn other_unit(trials: &Trials<'_>) -> Option<Diagnosis> {
    let signature = trials.signature()?;
    let time = signature.time?;
    if fits_nearby(trials, signature, trials.case.head) {
        return None;
    }
    let mut units = [Unit::Seconds, Unit::Milliseconds, Unit::Rfc3339].into_iter().filter(|unit| *unit != time.unit);
    let in_unit = |unit: &Unit| {
        let time = Time { unit: *unit, ..time };
        fits_nearby(trials, &Signature { time: Some(time), ..*signature }, trials.case.head)
    };
    let unit = units.find(in_unit).or_else(|| in_thousandths(trials, signature).then_some(Unit::Milliseconds))?;
    Some(wrong_unit(trials, unit, time.unit))
}

fn wrong_unit(trials: &Trials<'_>, found: Unit, expected: Unit) -> Diagnosis {
    let (found, expected, provider) = (name(found), name(expected), trials.case.provider.name);
    let text = format!("the time that was sent is written in {found}, but {provider} writes it in {expected}");
    let mend = format!("Let the sender write the time in {expected}, and sign it in that form.");
    Diagnosis::certain(Mistake::TimeUnit, text, mend)
}

/// Whether seconds were signed, and the header has three digits more.
fn in_thousandths(trials: &Trials<'_>, signature: &Signature) -> bool {
    let Some(Time { at: TimeAt::Header(name), unit: Unit::Seconds, .. }) = signature.time else { return false };
    let headers: Vec<_> = trials
        .case
        .head
        .headers
        .iter()
        .map(|(key, value)| {
            let digits = value.trim_ascii();
            let is_it = key.eq_ignore_ascii_case(name) && digits.len() == 13;
            (*key, if is_it { &digits[..10] } else { *value })
        })
        .collect();
    fits_nearby(trials, signature, Head { headers: &headers, ..trials.case.head })
}

fn fits_nearby(trials: &Trials<'_>, signature: &Signature, head: Head<'_>) -> bool {
    let provider = Provider { credential: Credential::Signature(*signature), ..*trials.case.provider };
    let fits = trials.fits(&Trial { provider: &provider, head, ..trials.as_it_was() });
    fits.and_then(|fits| fits.signed_at_s).is_some_and(|at| at.abs_diff(trials.case.now_s) <= NEAR_S)
}

/// The signature fits, and its time is too far from ours.
pub fn skew(trials: &Trials<'_>) -> Option<Diagnosis> {
    let window_s = trials.case.window_s.or(trials.signature()?.time?.window_s)?;
    let signed_at_s = trials.fits(&trials.as_it_was())?.signed_at_s?;
    let now_s = trials.case.now_s;
    let away_s = signed_at_s.abs_diff(now_s);
    if away_s <= window_s {
        return None;
    }
    let told = too_far(signed_at_s, now_s, window_s);
    Some(Diagnosis { text: format!("the signature is right, but its time {}", told.text), ..told })
}

/// By how much a time is too far away, and what to do.
fn too_far(signed_at_s: i64, now_s: i64, window_s: u64) -> Diagnosis {
    let away_s = signed_at_s.abs_diff(now_s);
    let is_early = signed_at_s < now_s;
    let side = if is_early { "before" } else { "after" };
    let text = format!(
        "lies {} {side} the moment when the request arrived, and at most {} are allowed",
        span(away_s),
        span(window_s)
    );
    let half_hours = (away_s + HALF_HOUR_S / 2) / HALF_HOUR_S;
    let is_zone = (1..=28).contains(&half_hours) && away_s.abs_diff(half_hours * HALF_HOUR_S) <= ZONE_SLACK_S;
    let mend = match (is_zone, is_early) {
        (true, _) => {
            "Check the sender's time zone: this is a difference of time zones, as when local time is sent as though it \
             were UTC."
        }
        (false, true) => {
            "Set the clocks of both sides by a time server. If the request waited in a queue or was sent once more, it \
             must be signed anew."
        }
        (false, false) => "Set the clocks of both sides by a time server: the sender's is fast, or ours is slow.",
    };
    Diagnosis::certain(Mistake::ClockSkew, text, mend)
}

/// The time in the head was refused before the body was read, so that the signature is not known to be right.
pub fn unproven(trials: &Trials<'_>) -> Option<Diagnosis> {
    if !matches!(trials.reason, Reason::StaleTimestamp | Reason::FutureTimestamp | Reason::BadTimestamp) {
        return None;
    }
    let signature = trials.signature()?;
    let time = signature.time?;
    let near = |unit: &Unit| {
        let time = Some(Time { unit: *unit, ..time });
        let at = trials.claimed_at_s(&Signature { time, ..*signature });
        at.is_some_and(|at| at.abs_diff(trials.case.now_s) <= NEAR_S)
    };
    let mut others = [Unit::Seconds, Unit::Milliseconds, Unit::Rfc3339].into_iter().filter(|unit| *unit != time.unit);
    match others.find(near) {
        Some(unit) if !near(&time.unit) => Some(Diagnosis { certain: false, ..wrong_unit(trials, unit, time.unit) }),
        _ => {
            let at = trials.claimed_at_s(signature)?;
            let window_s = trials.case.window_s.or(time.window_s)?;
            let told = too_far(at, trials.case.now_s, window_s);
            let text =
                format!("the request's time {}; its body was not read, and its signature not looked at", told.text);
            Some(Diagnosis { certain: false, text, ..told })
        }
    }
}

const fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "whole seconds since 1970",
        Unit::Milliseconds => "milliseconds since 1970",
        Unit::Rfc3339 => "the form of RFC 3339, such as 2026-01-31T12:00:00Z",
    }
}

/// A length of time as people say it: its two largest units.
pub(super) fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let at = UNITS.iter().position(|(size, _)| *size <= seconds).unwrap_or(UNITS.len() - 1);
    let (size, unit) = UNITS[at];
    let rest = UNITS.get(at + 1).map(|(below, unit)| (seconds % size / below, unit)).filter(|(count, _)| 0 < *count);
    match rest {
        Some((count, below)) => format!("{} {unit} {count} {below}", seconds / size),
        None => format!("{} {unit}", seconds / size),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn lengths_of_time_are_told_in_their_two_largest_units() {
        let told = [0, 59, 60, 61, 3600, 3661, 90_000, 1_700_000_000].map(span);
        assert_eq!(told, ["0 s", "59 s", "1 min", "1 min 1 s", "1 h", "1 h 1 min", "1 d 1 h", "19675 d 22 h"]);
    }
}

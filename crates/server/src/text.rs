//! Small readings and writings of text that several surfaces share: the nearest name, percent-encoding, instants.

use std::time::Duration;

use domain::Timestamp;

/// The candidate that a mistyped word most likely meant: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour, capitals aside.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.to_lowercase().chars().take(64).collect();
    let to: Vec<char> = to.to_lowercase().chars().take(64).collect();
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for (i, letter) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(letter != other)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == to[j - 1] && from[i - 1] == *other {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// A path segment without percent-encoding; `None` where that does not give text.
pub fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.extend(verify::hex::decode(digits)?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// A path segment in percent-encoding.
pub fn encoded(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

/// An instant for people, to the second.
pub fn instant(at: Timestamp) -> String {
    if at == Timestamp::NEVER {
        return "for ever".to_owned();
    }
    let text = at.rfc3339();
    match text.get(..10).zip(text.get(11..19)) {
        Some((day, time)) => format!("{day} {time} UTC"),
        None => text,
    }
}

/// The text with its first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// A length of time for people: its two largest units.
pub fn length(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// A size for people: in bytes, or with one place behind the point in the largest unit that fits.
pub fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| *size <= count) {
        Some((size, unit)) => format!("{}.{} {unit}", count / size, count % size * 10 / size),
        None if count == 1 => "1 byte".to_owned(),
        None => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_has_a_nearest_one_and_a_strange_one_has_none() {
        let known = ["github", "gitlab", "gitea", "standard-webhooks"];
        assert_eq!(nearest("gihtub", known), Some("github"));
        assert_eq!(nearest("Standard_Webhooks", known), Some("standard-webhooks"));
        assert_eq!(nearest("stripe", known), None);
    }

    #[test]
    fn segments_survive_the_round_trip() {
        assert_eq!(encoded("owner/repo ü"), "owner%2Frepo%20%C3%BC");
        assert_eq!(decoded("owner%2Frepo%20%c3%bc").as_deref(), Some("owner/repo ü"));
        for broken in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
    }

    #[test]
    fn lengths_are_told_in_two_units() {
        let told = |seconds| length(Duration::from_secs(seconds));
        assert_eq!([told(9), told(61), told(93_600)], ["9 s", "1 min 1 s", "26 h 0 min"]);
    }

    #[test]
    fn a_size_is_told_in_the_largest_unit_that_fits() {
        assert_eq!(
            [bytes(1), bytes(1_023), bytes(1_024), bytes(1_600_000)],
            ["1 byte", "1023 bytes", "1.0 KiB", "1.5 MiB"]
        );
        assert_eq!(bytes(u64::MAX), "17179869183.9 GiB");
    }
}

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

/// Stands where a text goes on that is longer than a page shows.
const GOES_ON: &str = "… (only the beginning is shown)";

/// A text of somebody else as a page shows it: no more than so many bytes, and what is cut is said.
pub fn clipped(text: &str, bytes_max: usize) -> String {
    match text.get(..text.floor_char_boundary(bytes_max)) {
        Some(head) if head.len() < text.len() => format!("{head}{GOES_ON}"),
        _ => text.to_owned(),
    }
}

/// JSON set out for reading, no more than so many bytes of it; what is no JSON stays as it is.
pub fn set_out(text: &str, bytes_max: usize) -> String {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return clipped(text, bytes_max) };
    let mut room = vec![0; bytes_max];
    let mut rest = room.as_mut_slice();
    let is_all = serde_json::to_writer_pretty(&mut rest, &value).is_ok();
    let written = bytes_max - rest.len();
    room.truncate(written);
    let shown = String::from_utf8_lossy(&room).into_owned();
    if is_all { shown } else { format!("{}{GOES_ON}", shown.trim_end_matches(char::REPLACEMENT_CHARACTER)) }
}

/// A text of somebody else with what deceives the eye shown by its number, as `[U+202E]`: control characters, and those
/// that change the order in which others are read.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if deceives(c) {
            shown.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn deceives(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
    fn what_a_page_shows_of_a_text_is_bounded_and_says_so() {
        assert_eq!((clipped("éé", 4).as_str(), clipped("éé", 3).as_str()), ("éé", "é… (only the beginning is shown)"));
        assert_eq!(set_out(r#"{"a":1}"#, 99), "{\n  \"a\": 1\n}");
        assert_eq!(set_out("no JSON", 2), "no… (only the beginning is shown)");
        let deep = format!("{}{}{}", "[".repeat(100), vec!["0"; 50_000].join(","), "]".repeat(100));
        let shown = set_out(&deep, 1_000);
        assert!(shown.len() < 1_100 && shown.ends_with("(only the beginning is shown)"), "{}", shown.len());
        assert_eq!(set_out(r#"["éé"]"#, 7), "[\n  \"é… (only the beginning is shown)");
    }

    #[test]
    fn what_deceives_the_eye_is_shown_by_its_number() {
        assert_eq!(plain("invoice\u{202e}gnp.exe\u{1b}\n"), "invoice[U+202E]gnp.exe[U+001B]\n");
        for harmless in ["naïve 日本語 شعر", "👩\u{200d}💻", "می\u{200c}خواهم"] {
            assert_eq!(plain(harmless), harmless);
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

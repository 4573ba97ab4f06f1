//! Texts of strangers: cut to a length, and without characters that deceive the eye.

/// The start of a text, at most so many bytes; whether that is all of it.
pub fn head(text: &str, bytes_max: usize) -> (&str, bool) {
    let head = &text[..text.floor_char_boundary(bytes_max)];
    (head, head.len() == text.len())
}

/// The same in one text, with a mark where it is cut.
pub fn clipped(text: &str, bytes_max: usize) -> String {
    let (head, is_all) = head(text, bytes_max);
    let shown =
        head.chars().map(|c| if is_unseen(c) && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c });
    shown.chain((!is_all).then_some('…')).collect()
}

/// Whether a character has no shape of its own, or changes the order in which others are read.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What is after the byte order mark that some programs put before a text.
pub fn unmarked(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_say_so() {
        assert_eq!(clipped("ééé", 3), "é…");
        assert_eq!(clipped("ééé", 6), "ééé");
        assert_eq!(clipped("a\u{202e}b\u{1b}\tc\n", 99), "a\u{fffd}b\u{fffd}\tc\n");
    }
}

//! Code and other texts: in lines, their parts told apart.

mod language;
mod scan;

use domain::content::look::{Code, Span, Token};
use serde::Deserialize;

use crate::Unfit;
use crate::text::{clipped, head, is_unseen, unmarked};
use language::Language;

/// So many bytes of a text are shown.
const SHOWN_BYTES_MAX: usize = 512 * 1024;
/// So many lines.
const LINES_MAX: usize = 10_000;
/// So many bytes of a line.
const LINE_BYTES_MAX: usize = 4_000;
/// A text of more parts than this is shown without telling them apart.
const SPANS_MAX: usize = 100_000;
/// Where the bytes are looked at that tell whether a file is a text.
const JUDGED_BYTES: usize = 64 * 1024;

/// The text that a file is.
pub fn of_file(name: &str, file: &[u8]) -> Result<Code, Unfit> {
    let file = unmarked(file);
    if !is_text(&file[..file.len().min(JUDGED_BYTES)]) {
        return Err(Unfit("expected a text, found other bytes".to_owned()));
    }
    let shown = String::from_utf8_lossy(&file[..file.len().min(SHOWN_BYTES_MAX)]);
    let mut code = told_apart(Language::of_file(name), &shown);
    if std::str::from_utf8(file).is_err_and(|why| why.valid_up_to() + 4 < SHOWN_BYTES_MAX) {
        code.notes.push(format!("Bytes that are no UTF-8 are shown as {}.", char::REPLACEMENT_CHARACTER));
    }
    if file.len() > SHOWN_BYTES_MAX {
        code.notes.push(format!("The first {SHOWN_BYTES_MAX} of {} bytes are shown.", file.len()));
    }
    Ok(code)
}

/// The text in a code block's JSON (event-workers, section 11).
pub fn of_block(file: &[u8]) -> Result<Code, Unfit> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Block {
        content: String,
        #[serde(default)]
        content_subtype: serde_json::Value,
        #[serde(default)]
        metadata: serde_json::Value,
    }
    let block: Block = serde_json::from_slice(unmarked(file))
        .map_err(|why| Unfit(format!("expected a code block, a JSON object with the text `content`: {why}")))?;
    let (shown, is_all) = head(&block.content, SHOWN_BYTES_MAX);
    let subtype = block.content_subtype.as_str().unwrap_or_default();
    let mut code = told_apart(Language::of_word(subtype), shown);
    if !is_all {
        code.notes.push(format!("The first {} of {} bytes are shown.", shown.len(), block.content.len()));
    }
    if let Some(source) = block.metadata["source"].as_str().filter(|source| !source.is_empty()) {
        code.notes.push(format!("Where it came from, as the file says: {}", clipped(source, 500)));
    }
    Ok(code)
}

/// Texts have no zeros, and few bytes that are no UTF-8.
fn is_text(start: &[u8]) -> bool {
    let odd = |chunk: std::str::Utf8Chunk<'_>| chunk.invalid().len();
    !start.contains(&0) && start.utf8_chunks().map(odd).sum::<usize>() * 20 <= start.len()
}

fn told_apart(language: Option<&'static Language>, text: &str) -> Code {
    let mut notes = Vec::new();
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.len() > LINES_MAX {
        notes.push(format!("The first {LINES_MAX} of {} lines are shown.", lines.len()));
        lines.truncate(LINES_MAX);
    }
    let cut = lines.iter_mut().filter_map(|line| {
        let (shown, is_all) = head(line, LINE_BYTES_MAX);
        *line = shown;
        (!is_all).then_some(())
    });
    match cut.count() {
        0 => {}
        1 => notes.push(format!("One line is longer than {LINE_BYTES_MAX} bytes and is cut.")),
        count => notes.push(format!("{count} lines are longer than {LINE_BYTES_MAX} bytes and are cut.")),
    }
    let apart = language.map(|language| scan::scanned(language, &lines));
    let plain = || lines.iter().map(|line| vec![Span(Token::Plain, (*line).to_owned())]).collect();
    let apart: Vec<Vec<Span>> = apart.unwrap_or_else(plain);
    let seen: Vec<Vec<Span>> = apart.into_iter().map(|line| line.into_iter().flat_map(seen).collect()).collect();
    let lines = if seen.iter().map(Vec::len).sum::<usize>() <= SPANS_MAX {
        seen
    } else {
        lines.iter().map(|line| vec![Span(Token::Plain, clipped(line, LINE_BYTES_MAX))]).collect()
    };
    if lines.iter().flatten().any(|span| span.0 == Token::Unseen) {
        notes.push(
            "Characters that cannot be seen or that change the order of others are shown by their numbers.".into(),
        );
    }
    Code { language: language.map(|language| language.name.to_owned()), lines, notes }
}

/// The same characters, with those that cannot be seen by their numbers.
fn seen(span: Span) -> Vec<Span> {
    let is_unseen = |c: char| c != '\t' && is_unseen(c);
    if !span.1.contains(is_unseen) {
        return if span.1.is_empty() { Vec::new() } else { vec![span] };
    }
    let mut spans: Vec<Span> = Vec::new();
    for c in span.1.chars() {
        let (token, text) =
            if is_unseen(c) { (Token::Unseen, format!("U+{:04X}", u32::from(c))) } else { (span.0, c.to_string()) };
        match spans.last_mut() {
            Some(last) if last.0 == token && token != Token::Unseen => last.1.push_str(&text),
            _ => spans.push(Span(token, text)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::content::look::Look;
    use proptest::prelude::*;

    fn text_of(code: &Code) -> String {
        let lines = code.lines.iter().map(|line| line.iter().map(|span| span.1.as_str()).collect::<String>());
        lines.collect::<Vec<_>>().join("\n")
    }

    fn file(name: &str, text: &[u8]) -> Code {
        of_file(name, text).expect("a text")
    }

    #[test]
    fn a_code_block_says_its_language_and_its_source() {
        let block = br#"{"contentSubtype": "python", "content": "def f():\n  pass", "metadata": {"source": "a page"}}"#;
        let code = of_block(block).expect("code");
        assert_eq!((code.language.as_deref(), code.lines.len()), (Some("Python"), 2));
        assert_eq!(code.notes, ["Where it came from, as the file says: a page"]);
        assert_eq!(of_block(br#"{"content": "x", "contentSubtype": 7}"#).expect("code").language, None);
        assert!(of_block(b"{}").expect_err("no content").0.starts_with("expected a code block"));
    }

    #[test]
    fn what_is_no_text_is_refused_and_odd_bytes_are_said() {
        for other in [&b"PK\x03\x04\0\0"[..], &[0x1f, 0x8b, 8, 0], &[0xFF; 100]] {
            assert_eq!(of_file("x.rs", other).expect_err("no text").0, "expected a text, found other bytes");
        }
        let mixed = [&[b'a'; 50][..], b"\xFF"].concat();
        assert!(file("x", &mixed).notes[0].starts_with("Bytes that are no UTF-8"));
        assert_eq!(file("x", b"").lines, Vec::<Vec<Span>>::new());
    }

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_number() {
        let code = file("x.rs", "let a = 1; // \u{202e}x\u{2066}\tb\r".as_bytes());
        let comment: Vec<_> = code.lines[0].iter().skip_while(|span| span.0 != Token::Comment).collect();
        let texts: Vec<_> = comment.iter().map(|span| span.1.as_str()).collect();
        assert_eq!(texts, ["// ", "U+202E", "x", "U+2066", "\tb", "U+000D"]);
    }

    #[test]
    fn long_lines_many_lines_and_large_files_are_cut_and_said() {
        let code = file("x.txt", &b"a\n".repeat(LINES_MAX + 5));
        assert_eq!((code.lines.len(), code.notes.len()), (LINES_MAX, 1));
        let code = file("x.js", &b"a".repeat(2 * SHOWN_BYTES_MAX));
        assert_eq!((code.lines.len(), code.notes.len()), (1, 2));
        assert_eq!(text_of(&code).len(), LINE_BYTES_MAX);
    }

    #[test]
    fn texts_of_very_many_parts_stay_within_the_most_bytes() {
        for bait in ["1+", "\"", "\u{202e}", "a(", "/*", "'\\", "<a b=''>", "\u{1b}", "((((a+)+)+)+$ "] {
            let line = bait.repeat(1_000);
            for name in ["x.js", "x.html", "x.py", "x.rs", "x.sql"] {
                let code = file(name, (line.clone() + "\n").repeat(800).as_bytes());
                assert!(serde_json::to_vec(&code).expect("JSON").len() < Look::Code.bytes_max(), "{name} {bait}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_character_of_a_text_is_shown(text in "[ -~\n]{0,200}", word in 0..Language::ALL.len()) {
            let code = told_apart(Some(&Language::ALL[word]), &text);
            prop_assert_eq!(text_of(&code), text.lines().collect::<Vec<_>>().join("\n"));
        }
    }
}

//! Telling the parts of code apart: from left to right, each character once, whatever stands there. No pattern is tried
//! and taken back, so a text can be written to be shown oddly and never to take long.

use std::collections::HashSet;

use domain::content::look::{Span, Token};

use super::language::{Language, Quote, Reach, Style};
use crate::text::head;

/// A character behind a backslash takes so many bytes at most, with the quote after it: `\u{10FFFF}'`.
const CHARACTER_BYTES_MAX: usize = 12;

/// The parts of each line.
pub fn scanned(language: &Language, lines: &[&str]) -> Vec<Vec<Span>> {
    if language.style == Style::Patch {
        return lines.iter().map(|line| vec![Span(of_patch(line), (*line).to_owned())]).collect();
    }
    let mut scan = Scan::of(language);
    lines.iter().map(|line| scan.line(line)).collect()
}

fn of_patch(line: &str) -> Token {
    match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Token::Name,
        [b'+', ..] => Token::Added,
        [b'-', ..] => Token::Removed,
        [b'@', b'@', ..] => Token::Number,
        _ => Token::Plain,
    }
}

struct Scan<'a> {
    language: &'a Language,
    keywords: HashSet<&'a str>,
    /// What goes on from one line to the next, and what ends it.
    open: Option<(Token, &'a str, bool)>,
    /// Between `<` and `>`, where a language has tags.
    in_tag: bool,
}

impl<'a> Scan<'a> {
    fn of(language: &'a Language) -> Self {
        Self { language, keywords: language.keywords.split_whitespace().collect(), open: None, in_tag: false }
    }

    fn line(&mut self, line: &str) -> Vec<Span> {
        let mut parts = Parts::default();
        let mut rest = line;
        let mut before = ' ';
        while let Some(c) = rest.chars().next() {
            let (token, length) = match self.open {
                Some((token, end, escapes)) => {
                    let length = until(rest, end, escapes);
                    if length.is_some() {
                        self.open = None;
                    }
                    (token, length.unwrap_or(rest.len()))
                }
                None => self.next(c, before, rest),
            };
            let (part, after) = rest.split_at(length);
            parts.push(token, part);
            before = part.chars().next_back().unwrap_or(' ');
            rest = after;
        }
        parts.0
    }

    /// What begins here, and its length on this line: at least one character.
    fn next(&mut self, c: char, before: char, rest: &str) -> (Token, usize) {
        let language = self.language;
        // `$#` and `${#name}` of a shell begin no comment.
        let is_comment = |start: &&&str| rest.starts_with(**start) && !(**start == "#" && "${&".contains(before));
        if language.lines.iter().find(is_comment).is_some() {
            return (Token::Comment, rest.len());
        }
        if let Some((start, end)) = language.blocks.iter().find(|(start, _)| rest.starts_with(start)) {
            return self.opened(Token::Comment, start, end, false, rest);
        }
        if let Some(length) = self.quoted(rest) {
            let is_key = language.style == Style::Keys && names_a_value(&rest[length..]) && self.open.is_none();
            return (if is_key { Token::Name } else { Token::Quoted }, length);
        }
        if language.style == Style::Tags && "<>".contains(c) {
            self.in_tag = c == '<';
        }
        if c.is_ascii_digit() && !is_of_word(before) {
            return (Token::Number, number(rest));
        }
        if !c.is_ascii() || !is_of_word(c) {
            return (Token::Plain, c.len_utf8());
        }
        let length = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
        (self.word(before, &rest[..length], &rest[length..]), length)
    }

    /// A text in quotes that begins here. Where a language has tags, only they have quotes.
    fn quoted(&mut self, rest: &str) -> Option<usize> {
        let language = self.language;
        if language.style == Style::Tags && !self.in_tag {
            return None;
        }
        let quote = language.quotes.iter().find(|quote| rest.starts_with(quote.mark))?;
        let inside = &rest[quote.mark.len()..];
        if quote.reach == Reach::Character {
            return character(inside, quote).map(|end| quote.mark.len() + end);
        }
        match (quote.reach, until(inside, quote.mark, quote.escapes)) {
            (_, Some(end)) => Some(quote.mark.len() + end),
            (Reach::Lines, None) => {
                self.open = Some((Token::Quoted, quote.mark, quote.escapes));
                Some(rest.len())
            }
            (Reach::Line | Reach::Character, None) => Some(rest.len()),
        }
    }

    fn opened(&mut self, token: Token, start: &str, end: &'a str, escapes: bool, rest: &str) -> (Token, usize) {
        match until(&rest[start.len()..], end, escapes) {
            Some(length) => (token, start.len() + length),
            None => {
                self.open = Some((token, end, escapes));
                (token, rest.len())
            }
        }
    }

    fn word(&self, before: char, word: &str, after: &str) -> Token {
        let language = self.language;
        let is_keyword = match language.any_case {
            true => self.keywords.contains(word.to_ascii_lowercase().as_str()),
            false => self.keywords.contains(word),
        };
        match language.style {
            Style::Tags if self.in_tag && "</!?".contains(before) => Token::Keyword,
            Style::Tags if self.in_tag && after.starts_with('=') => Token::Name,
            Style::Keys if names_a_value(after) => Token::Name,
            _ if is_keyword => Token::Keyword,
            Style::Code if after.starts_with('(') => Token::Name,
            Style::Code | Style::Keys | Style::Tags | Style::Patch => Token::Plain,
        }
    }
}

/// The length of one character, or of one behind a backslash, up to and with the quote after it.
fn character(inside: &str, quote: &Quote) -> Option<usize> {
    let (start, _) = head(inside, CHARACTER_BYTES_MAX);
    let end = until(start, quote.mark, quote.escapes)?;
    (start.starts_with('\\') || start[..end].chars().count() == 2).then_some(end)
}

/// The length up to and with this end; with escapes, what follows a backslash ends nothing.
fn until(text: &str, end: &str, escapes: bool) -> Option<usize> {
    if !escapes {
        return text.find(end).map(|at| at + end.len());
    }
    let mut at = 0;
    while let Some(found) = text[at..].find(|c| c == '\\' || end.starts_with(c)) {
        at += found;
        if text[at..].starts_with(end) {
            return Some(at + end.len());
        }
        let skipped = if text[at..].starts_with('\\') { 2 } else { 1 };
        at += text[at..].chars().take(skipped).map(char::len_utf8).sum::<usize>();
    }
    None
}

fn number(text: &str) -> usize {
    let mut before = ' ';
    let goes_on = |c: char| {
        let inside = c.is_ascii_alphanumeric() || c == '_' || c == '.' || ("+-".contains(c) && "eE".contains(before));
        before = c;
        inside
    };
    text.find(negated(goes_on)).unwrap_or(text.len())
}

fn negated(mut test: impl FnMut(char) -> bool) -> impl FnMut(char) -> bool {
    move |c| !test(c)
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether what stands before this is the name of a value: `name: 1`, `name = 1`.
fn names_a_value(after: &str) -> bool {
    after.trim_start_matches(' ').starts_with([':', '='])
}

/// Neighbours of one kind become one.
#[derive(Default)]
struct Parts(Vec<Span>);

impl Parts {
    fn push(&mut self, token: Token, text: &str) {
        match self.0.last_mut() {
            Some(last) if last.0 == token => last.1.push_str(text),
            _ => self.0.push(Span(token, text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts that are something in particular, as `kind:text`.
    fn parts(word: &str, text: &str) -> Vec<String> {
        let language = Language::of_word(word).expect("a language");
        let lines: Vec<&str> = text.lines().collect();
        let spans = scanned(language, &lines).into_iter().flatten().filter(|span| span.0 != Token::Plain);
        spans.map(|Span(token, text)| format!("{token}:{text}")).collect()
    }

    #[test]
    fn words_texts_numbers_and_comments_are_told_apart() {
        let rust = parts("rust", "fn f<'a>(x: &'a str) -> u8 { g('\\'', 0x1F, \"a\\\"b\") } // fn\n/* fn\n1 */ x1");
        let expected = [
            "keyword:fn",
            "keyword:str",
            "keyword:u8",
            "name:g",
            "quoted:'\\''",
            "number:0x1F",
            "quoted:\"a\\\"b\"",
            "comment:// fn",
            "comment:/* fn",
            "comment:1 */",
        ];
        assert_eq!(rust, expected);
    }

    #[test]
    fn what_is_open_goes_on_over_lines() {
        assert_eq!(
            parts("python", "x = '''a\n\"b\nc''' + 1 # d"),
            ["quoted:'''a", "quoted:\"b", "quoted:c'''", "number:1", "comment:# d",]
        );
        assert_eq!(
            parts("javascript", "'a\nreturn `b\n${c}`"),
            ["quoted:'a", "keyword:return", "quoted:`b", "quoted:${c}`"]
        );
        assert_eq!(parts("sh", "echo $# ${#x} # c"), ["keyword:echo", "comment:# c"]);
    }

    #[test]
    fn tags_have_quotes_and_what_is_between_them_has_none() {
        let html = parts("html", "<a href='x'>don't</a> <!-- it's -->");
        assert_eq!(html, ["keyword:a", "name:href", "quoted:'x'", "keyword:a", "comment:<!-- it's -->"]);
    }

    #[test]
    fn names_of_values_are_told_from_values() {
        assert_eq!(
            parts("json", r#"{"a": "b", "c": true, "d": 1.5e-3}"#),
            ["name:\"a\"", "quoted:\"b\"", "name:\"c\"", "keyword:true", "name:\"d\"", "number:1.5e-3",]
        );
        assert_eq!(parts("SQL", "SELECT x FROM t -- y"), ["keyword:SELECT", "keyword:FROM", "comment:-- y"]);
    }

    #[test]
    fn a_patch_is_told_apart_by_lines() {
        assert_eq!(
            parts("diff", "--- a\n+++ b\n@@ 1 @@\n-x\n+y\n z"),
            ["name:--- a", "name:+++ b", "number:@@ 1 @@", "removed:-x", "added:+y",]
        );
    }
}

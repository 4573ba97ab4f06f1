//! The same JSON in the forms in which it is usually written.

use std::fmt::Write;

use crate::receive::json;

/// The deepest nesting that is written again.
const DEPTH_MAX: usize = 64;

/// A JSON text that can be written in other forms. Numbers keep their digits.
pub struct Text<'a>(Node<'a>);

enum Node<'a> {
    /// A number, `true`, `false`, `null`, or a string with its quotes.
    Scalar(&'a str),
    List(Vec<Node<'a>>),
    Members(Vec<(&'a str, Node<'a>)>),
}

/// How a JSON text is written.
#[derive(Clone, Copy)]
pub struct Style {
    blanks: Blanks,
    is_sorted: bool,
    escapes: Escapes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Blanks {
    None,
    /// After commas and colons.
    One,
    /// Each member on a line of its own, indented by this.
    Lines(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// As they came.
    Kept,
    /// As few as there can be.
    Few,
    /// All that is not ASCII.
    Ascii,
    /// Likewise, and slashes.
    AsciiAndSlash,
    /// As few as there can be, and what is special in HTML.
    Html,
}

/// Every usual way, the commonest first.
pub fn styles() -> impl Iterator<Item = Style> {
    const BLANKS: [Blanks; 5] =
        [Blanks::None, Blanks::One, Blanks::Lines("  "), Blanks::Lines("    "), Blanks::Lines("\t")];
    const ESCAPES: [Escapes; 5] = [Escapes::Kept, Escapes::Few, Escapes::Ascii, Escapes::AsciiAndSlash, Escapes::Html];
    ESCAPES.into_iter().flat_map(|escapes| {
        [false, true]
            .into_iter()
            .flat_map(move |is_sorted| BLANKS.into_iter().map(move |blanks| Style { blanks, is_sorted, escapes }))
    })
}

impl Style {
    /// The way in words.
    pub fn told(&self) -> String {
        let blanks = match self.blanks {
            Blanks::None => "without blanks",
            Blanks::One => "with a blank after each comma and colon",
            Blanks::Lines("\t") => "with a line for each member, indented by tabs",
            Blanks::Lines("  ") => "with a line for each member, indented by two blanks",
            Blanks::Lines(_) => "with a line for each member, indented by four blanks",
        };
        let sorted = if self.is_sorted { ", the members sorted by name" } else { "" };
        let escapes = match self.escapes {
            Escapes::Kept => "",
            Escapes::Few => ", without escapes that are not needed",
            Escapes::Ascii => ", with an escape for every letter that is not ASCII",
            Escapes::AsciiAndSlash => ", with an escape for every slash and every letter that is not ASCII",
            Escapes::Html => ", with escapes for `<`, `>` and `&`",
        };
        format!("{blanks}{sorted}{escapes}")
    }
}

impl<'a> Text<'a> {
    /// Reads it, if it is JSON and not too deep.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        json::read(body, &[]).ok()?;
        let mut rest = str::from_utf8(body).ok()?;
        node(&mut rest, DEPTH_MAX).map(Self)
    }

    /// It, written this way.
    pub fn written(&self, style: &Style) -> String {
        let mut out = String::new();
        write(&mut out, &self.0, style, 0);
        out
    }
}

/// The node that the text begins with. The text is known to be JSON.
fn node<'a>(rest: &mut &'a str, depth_left: usize) -> Option<Node<'a>> {
    *rest = rest.trim_start();
    let below = depth_left.checked_sub(1)?;
    match rest.as_bytes().first()? {
        b'{' => {
            let mut members = Vec::new();
            while next(rest, '{', '}') {
                *rest = rest.trim_start();
                let name = scalar(rest);
                *rest = rest.trim_start().strip_prefix(':')?;
                members.push((name, node(rest, below)?));
            }
            Some(Node::Members(members))
        }
        b'[' => {
            let mut items = Vec::new();
            while next(rest, '[', ']') {
                items.push(node(rest, below)?);
            }
            Some(Node::List(items))
        }
        _ => Some(Node::Scalar(scalar(rest))),
    }
}

/// Steps over the opening bracket or the comma in front of another item; over the closing bracket where there is none.
fn next(rest: &mut &str, open: char, close: char) -> bool {
    *rest = rest.trim_start();
    let after = rest.strip_prefix([open, ',']).unwrap_or(rest);
    match after.trim_start().strip_prefix(close) {
        Some(after) => {
            *rest = after;
            false
        }
        None => {
            *rest = after;
            !after.is_empty()
        }
    }
}

/// Takes the scalar that the text begins with.
fn scalar<'a>(rest: &mut &'a str) -> &'a str {
    let end = if rest.starts_with('"') {
        let mut is_escaped = false;
        let closing = rest.bytes().skip(1).position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        closing.map_or(rest.len(), |at| at + 2)
    } else {
        rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len())
    };
    let (scalar, after) = rest.split_at(end);
    *rest = after;
    scalar
}

fn write(out: &mut String, node: &Node<'_>, style: &Style, depth: usize) {
    match node {
        Node::Scalar(text) => write_scalar(out, text, style.escapes),
        Node::List(items) => write_all(out, ['[', ']'], items.iter(), style, depth, |out, item| {
            write(out, item, style, depth + 1);
        }),
        Node::Members(members) => {
            let mut members: Vec<_> = members.iter().collect();
            if style.is_sorted {
                members.sort_by_cached_key(|(name, _)| plain(name));
            }
            let colon = if style.blanks == Blanks::None { ":" } else { ": " };
            write_all(out, ['{', '}'], members.into_iter(), style, depth, |out, (name, value)| {
                write_scalar(out, name, style.escapes);
                out.push_str(colon);
                write(out, value, style, depth + 1);
            });
        }
    }
}

fn write_all<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl ExactSizeIterator<Item = T>,
    style: &Style,
    depth: usize,
    each: impl Fn(&mut String, T),
) {
    out.push(open);
    let is_empty = items.len() == 0;
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        match style.blanks {
            Blanks::None => {}
            Blanks::One if at == 0 => {}
            Blanks::One => out.push(' '),
            Blanks::Lines(indent) => break_line(out, indent, depth + 1),
        }
        each(out, item);
    }
    if let (Blanks::Lines(indent), false) = (style.blanks, is_empty) {
        break_line(out, indent, depth);
    }
    out.push(close);
}

fn break_line(out: &mut String, indent: &str, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(indent, depth));
}

fn plain(quoted: &str) -> String {
    serde_json::from_str(quoted).unwrap_or_else(|_| quoted.to_owned())
}

fn write_scalar(out: &mut String, text: &str, escapes: Escapes) {
    let is_string = text.starts_with('"');
    let read = (is_string && escapes != Escapes::Kept).then(|| serde_json::from_str::<String>(text).ok()).flatten();
    let Some(plain) = read else { return out.push_str(text) };
    let few = serde_json::to_string(&plain).unwrap_or_else(|_| text.to_owned());
    for letter in few.chars() {
        match (escapes, letter) {
            (Escapes::AsciiAndSlash, '/') => out.push_str("\\/"),
            (Escapes::Html, '<' | '>' | '&' | '\u{2028}' | '\u{2029}') => push_escape(out, letter),
            (Escapes::Ascii | Escapes::AsciiAndSlash, letter) if !letter.is_ascii() => push_escape(out, letter),
            _ => out.push(letter),
        }
    }
}

fn push_escape(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        // Writing to a string does not fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, styles};

    const TEXT: &str = "{ \"b\":[1.0, -2e3,{}, [ ] ],\"a\" : {\"\\u00e9<\\/\": \"\\\"}]\" , \"n\":null}\n}";

    fn written(body: &str, told: &str) -> String {
        let text = Text::read(body.as_bytes()).expect("JSON");
        let style = styles().find(|style| style.told() == told).expect("a style");
        text.written(&style)
    }

    #[test]
    fn numbers_strings_and_order_stay_as_they_were() {
        assert_eq!(
            written(TEXT, "without blanks"),
            "{\"b\":[1.0,-2e3,{},[]],\"a\":{\"\\u00e9<\\/\":\"\\\"}]\",\"n\":null}}"
        );
    }

    #[test]
    fn the_usual_forms_are_those_of_usual_libraries() {
        assert_eq!(
            written(
                TEXT,
                "with a blank after each comma and colon, the members sorted by name, without escapes that are not needed"
            ),
            "{\"a\": {\"n\": null, \"é</\": \"\\\"}]\"}, \"b\": [1.0, -2e3, {}, []]}"
        );
        assert_eq!(
            written("{\"a\":[1,{}],\"b\":{}}", "with a line for each member, indented by two blanks"),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {}\n}"
        );
        assert_eq!(
            written("[\"é/😀\"]", "without blanks, with an escape for every slash and every letter that is not ASCII"),
            "[\"\\u00e9\\/\\ud83d\\ude00\"]"
        );
        assert_eq!(written("[\"<\"]", "without blanks, with escapes for `<`, `>` and `&`"), "[\"\\u003c\"]");
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_left_alone() {
        for body in ["", "{", "[1,]", "{\"a\"}", "\u{feff}{}", &format!("{}{}", "[".repeat(100), "]".repeat(100))] {
            assert!(Text::read(body.as_bytes()).is_none(), "{body}");
        }
    }
}

//! Texts out of XML 1.0: as much of it as a SOAP message needs, strictly.
//!
//! One pass over UTF-8. Elements close in their order, and one root holds everything. There is no document type, so
//! there are no entities but the five of the language and characters by number, and nothing outside of the text is ever
//! looked at.

use std::fmt;

/// The deepest nesting.
const DEPTH_MAX: usize = 64;

/// The texts of the first elements at these paths, by local names below the root; `None` where there is no element.
pub(super) fn texts<const N: usize>(xml: &[u8], paths: [&[&str]; N]) -> Result<[Option<String>; N], NotXml> {
    let text = str::from_utf8(xml).map_err(|fault| NotXml { at: fault.valid_up_to(), expected: "UTF-8" })?;
    let mut reader = Reader { whole: text.len(), rest: text.trim_start_matches('\u{feff}'), open: Vec::new() };
    let mut found = [const { None::<String> }; N];
    let mut within = [false; N];
    let mut is_read = false;
    while let Some(piece) = reader.next()? {
        match piece {
            Piece::Open if is_read => return Err(reader.expected("the end")),
            Piece::Open => {
                for (at, path) in paths.iter().enumerate() {
                    if found[at].is_none() && reader.is_at(path) {
                        (found[at], within[at]) = (Some(String::new()), true);
                    }
                }
            }
            Piece::Text(text) => {
                if reader.open.is_empty() && !text.trim_ascii().is_empty() {
                    return Err(reader.expected("an element"));
                }
                let wanted = found.iter_mut().zip(within).filter(|(_, within)| *within);
                wanted.for_each(|(found, _)| found.get_or_insert_default().push_str(&text));
            }
            Piece::Close => {
                for (at, path) in paths.iter().enumerate() {
                    within[at] &= !reader.is_at(path);
                }
                reader.open.pop();
                is_read = reader.open.is_empty();
            }
        }
    }
    if is_read { Ok(found) } else { Err(reader.expected("the end of an element")) }
}

/// Why a text is not XML: where it ceases to be, never what it holds there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotXml {
    at: usize,
    expected: &'static str,
}

impl fmt::Display for NotXml {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} was expected at byte {}", self.expected, self.at)
    }
}

enum Piece {
    /// An element begins, which is the innermost one now.
    Open,
    /// The innermost element ends, and is still the innermost one.
    Close,
    Text(String),
}

struct Reader<'x> {
    whole: usize,
    rest: &'x str,
    /// The elements that are open.
    open: Vec<Element<'x>>,
}

struct Element<'x> {
    name: &'x str,
    /// Whether its tag was its end as well.
    is_empty: bool,
}

impl<'x> Reader<'x> {
    fn next(&mut self) -> Result<Option<Piece>, NotXml> {
        if self.open.last().is_some_and(|element| element.is_empty) {
            return Ok(Some(Piece::Close));
        }
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            } else if self.took("<!--") {
                self.until("-->", "the end of a comment")?;
            } else if self.took("<?") {
                self.until("?>", "the end of an instruction")?;
            } else if self.took("<![CDATA[") {
                return Ok(Some(Piece::Text(self.until("]]>", "the end of a text")?.to_owned())));
            } else if self.took("</") {
                return self.close().map(Some);
            } else if self.took("<") {
                return self.open().map(Some);
            } else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                let text = unescaped(text).ok_or_else(|| self.expected("a known entity"))?;
                self.rest = rest;
                return Ok(Some(Piece::Text(text)));
            }
        }
    }

    fn open(&mut self) -> Result<Piece, NotXml> {
        let name = self.name()?;
        loop {
            let blank = self.rest.len();
            self.rest = self.rest.trim_ascii_start();
            let is_empty = self.took("/>");
            if is_empty || self.took(">") {
                if self.open.len() == DEPTH_MAX {
                    return Err(self.expected("no deeper element"));
                }
                self.open.push(Element { name, is_empty });
                return Ok(Piece::Open);
            }
            if self.rest.len() == blank {
                return Err(self.expected("a blank or the end of a tag"));
            }
            self.attribute()?;
        }
    }

    fn attribute(&mut self) -> Result<(), NotXml> {
        self.name()?;
        self.rest = self.rest.trim_ascii_start();
        if !self.took("=") {
            return Err(self.expected("an equals sign"));
        }
        self.rest = self.rest.trim_ascii_start();
        let quote = if self.took("\"") {
            "\""
        } else if self.took("'") {
            "'"
        } else {
            return Err(self.expected("a quote"));
        };
        let value = self.until(quote, "the end of a value")?;
        if value.contains('<') || unescaped(value).is_none() {
            return Err(self.expected("a value without tags and unknown entities"));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<Piece, NotXml> {
        let name = self.name()?;
        self.rest = self.rest.trim_ascii_start();
        let is_innermost = self.open.last().is_some_and(|element| element.name == name);
        if is_innermost && self.took(">") {
            Ok(Piece::Close)
        } else {
            Err(self.expected("the end of the innermost element"))
        }
    }

    fn name(&mut self) -> Result<&'x str, NotXml> {
        let is_other = |each: char| each.is_ascii_whitespace() || "<>/=&\"'!?".contains(each);
        let (name, rest) = self.rest.split_at(self.rest.find(is_other).unwrap_or(self.rest.len()));
        if name.is_empty() {
            return Err(self.expected("a name"));
        }
        self.rest = rest;
        Ok(name)
    }

    fn took(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn until(&mut self, end: &str, expected: &'static str) -> Result<&'x str, NotXml> {
        let (piece, rest) = self.rest.split_once(end).ok_or_else(|| self.expected(expected))?;
        self.rest = rest;
        Ok(piece)
    }

    /// Whether the innermost element is the one at this path.
    fn is_at(&self, path: &[&str]) -> bool {
        let below_root = self.open.iter().skip(1).map(|element| local(element.name));
        below_root.eq(path.iter().copied())
    }

    fn expected(&self, expected: &'static str) -> NotXml {
        NotXml { at: self.whole - self.rest.len(), expected }
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The text with its entities replaced; `None` if there is one that XML does not have.
fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (entity, rest) = piece.split_once(';')?;
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => numbered(entity.strip_prefix('#')?)?,
        });
        plain.push_str(rest);
    }
    Some(plain)
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    u32::from_str_radix(digits, radix).ok().filter(|code| plain && *code != 0).and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::texts;

    fn read(xml: &str) -> Result<[Option<String>; 2], String> {
        texts(xml.as_bytes(), [&["b", "c"], &["b", "d"]]).map_err(|fault| fault.to_string())
    }

    fn found(c: &str, d: &str) -> Result<[Option<String>; 2], String> {
        Ok([c, d].map(|text| (text != "-").then(|| text.to_owned())))
    }

    #[test]
    fn elements_are_found_by_their_local_names() {
        let xml = "\u{feff}<?xml version='1.0'?>\n<!-- <a> --><x:a xmlns:x=\"y\"><b><e/><x:c z='>' >1&amp;&#x41;<![CDATA[<2>]]><c>3</c></x:c>\
                   <d/></b></x:a>\n<!-- -->";

        assert_eq!(read(xml), found("1&A<2>3", ""));
        assert_eq!(read("<a/>"), found("-", "-"));
        assert_eq!(read("<a><c>1</c><b><e><c>2</c></e></b></a>"), found("-", "-"));
        assert_eq!(read("<b><c>1</c></b>"), found("-", "-"));
    }

    #[test]
    fn the_first_of_several_counts_even_if_it_is_empty() {
        assert_eq!(read("<a><b><c>1</c><c>2</c><d/></b><b><d>3</d></b></a>"), found("1", ""));
        assert_eq!(read("<a><b/><b><c>1</c></b></a>"), found("1", "-"));
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for xml in [
            "",
            " ",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a/><a/>",
            "<a/>x",
            "x<a/>",
            "<a b></a>",
            "<a b=c/>",
            "<a b='c'd='e'/>",
            "<a b='<'/>",
            "<a b='c/>",
            "<a/",
            "<a",
            "<",
            "< a/>",
            "<a>&b;</a>",
            "<a>&</a>",
            "<a>&#0;</a>",
            "<a>&#xd800;</a>",
            "<a>&#+1;</a>",
            "<a><!-- </a>",
            "<a><![CDATA[</a>",
            "<?xml",
            "<a ? />",
        ] {
            assert!(read(xml).is_err(), "{xml}");
        }
        assert!(texts(b"<a>\xff</a>", [&["b"]]).is_err());
    }

    #[test]
    fn there_are_no_document_types_and_no_depths() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));

        assert!(read("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>").is_err());
        assert!(read("<a><!ELEMENT b></a>").is_err());
        assert!(read(&nested(64)).is_ok());
        assert_eq!(read(&nested(65)), Err("no deeper element was expected at byte 195".to_owned()));
    }
}

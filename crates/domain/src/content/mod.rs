//! What a subject's file is said to hold, and whether it does (event-workers, sections 5 and 11).
//!
//! A file is read once, as a stream, and never as a tree: whatever it holds, the memory is that of its longest member
//! and nothing recurses deeper than the form that is looked for. Images are not decoded here; [`image`] walks from mark
//! to mark. What makes a file unfit for its type is refused; what real files are known to leave out or to do otherwise is
//! noted, and the file is kept as it came.

pub mod image;
mod json;
pub mod look;
mod recording;

use std::io::{self, BufRead};

use crate::words;

words::words! {
    /// What a subject's file holds, so that a worker can decide without fetching it.
    ContentType {
        /// A HAR file: requests and their responses.
        HttpRequestCycle = "http-request-cycle",
        /// An asciicast: what a terminal showed.
        TerminalRecording = "terminal-recording",
        /// A JSON object around source code.
        Codeblock = "codeblock",
        /// A point in time, seldom with a file.
        Event = "event",
        /// A PNG or JPEG image.
        Image = "image",
        /// A description alone.
        None = "none",
    }
}

/// A JSON file over this size is kept without being looked into: one member could be as large as the file.
pub const CHECKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why a file cannot be of its content type.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// It is something else.
    #[error("expected {expected}, found {found}")]
    Other {
        /// What the content type asks for.
        expected: &'static str,
        /// What there is instead.
        found: String,
    },
    /// It could not be read; this says nothing about what it holds.
    #[error("the file cannot be read")]
    Unread(#[source] io::Error),
}

impl From<io::Error> for ContentError {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

impl ContentType {
    /// What a file of this media type and name holds: a media type that says little leaves it to the name.
    #[must_use]
    pub fn of_file(media_type: &str, name: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            image if image.starts_with("image/") => Self::Image,
            "application/har+json" | "application/x-har+json" => Self::HttpRequestCycle,
            "application/x-asciicast" => Self::TerminalRecording,
            "application/x-codeblock+json" => Self::Codeblock,
            "" | "application/json" | "application/octet-stream" | "text/plain" => Self::of_name(name),
            _ => Self::None,
        }
    }

    fn of_name(name: &str) -> Self {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("har") => Self::HttpRequestCycle,
            Some("cast") => Self::TerminalRecording,
            Some("codeblock") => Self::Codeblock,
            _ => Self::None,
        }
    }

    /// Checks a file of so many bytes; what is worth noting, if anything is.
    ///
    /// # Errors
    /// When the file is not of this type, or cannot be read.
    pub fn check(self, size: u64, file: impl BufRead) -> Result<Option<String>, ContentError> {
        match self {
            Self::Image => image::check(file).map(|_| None),
            Self::Event => Ok(None),
            Self::None => Ok((size > 0).then(|| "content type none has no file; this one is kept".to_owned())),
            _ if size > CHECKED_BYTES_MAX => Ok(Some(format!("{size} bytes are not looked into"))),
            Self::Codeblock => {
                json::check(&json::CODEBLOCK, "a code block: a JSON object with the text `content`", file)
            }
            Self::HttpRequestCycle => json::check(&json::HAR, "a HAR file: a JSON object `log` with `entries`", file),
            Self::TerminalRecording => recording::check(file),
        }
    }
}

/// The file after the byte order mark that some programs put before JSON.
fn unmarked(mut file: impl BufRead) -> io::Result<impl BufRead> {
    if file.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
        file.consume(3);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(kind: ContentType, file: &[u8]) -> Result<Option<String>, ContentError> {
        kind.check(file.len() as u64, file)
    }

    #[test]
    fn event_and_none_take_what_comes_and_none_says_so() {
        assert_eq!(check(ContentType::Event, b"anything").expect("kept"), None);
        assert_eq!(check(ContentType::None, b"").expect("kept"), None);
        assert!(check(ContentType::None, b"anything").expect("kept").is_some());
    }

    #[test]
    fn a_file_too_large_to_look_into_is_kept() {
        let noted = ContentType::Codeblock.check(CHECKED_BYTES_MAX + 1, &b"not JSON"[..]).expect("kept");
        assert!(noted.is_some_and(|note| note.contains("not looked into")));
    }

    #[test]
    fn ten_mebibytes_of_brackets_are_refused_wherever_they_stand() {
        let brackets = vec![b'['; 10 * 1024 * 1024];
        for kind in [ContentType::HttpRequestCycle, ContentType::Codeblock, ContentType::TerminalRecording] {
            assert!(matches!(check(kind, &brackets), Err(ContentError::Other { .. })), "{kind}");
        }
        for before in [r#"{"x":"#, r#"{"log":"#, r#"{"log":{"entries":"#, r#"{"log":{"entries":[{"request":"#] {
            let file = [before.as_bytes(), &brackets].concat();
            assert!(check(ContentType::HttpRequestCycle, &file).is_err(), "{before}");
        }
        let whole = [&br#"{"content":"x","x":"#[..], &brackets, &vec![b']'; brackets.len()], b"}"].concat();
        assert!(check(ContentType::Codeblock, &whole).is_ok());
    }

    #[test]
    fn a_mark_before_json_is_passed_over() {
        let file = b"\xEF\xBB\xBF{\"content\":\"x\",\"contentSubtype\":\"sh\"}";
        assert_eq!(check(ContentType::Codeblock, file).expect("a code block"), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_judged() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk"))
            }
        }
        for kind in [ContentType::Image, ContentType::Codeblock, ContentType::TerminalRecording] {
            let checked = kind.check(9, io::BufReader::new(Broken));
            assert!(matches!(checked, Err(ContentError::Unread(_))), "{kind}: {checked:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"(\[|\]|\{|\}|,|:|"log"|"entries"|"content"|"version"|"[a-z\\]*"|-?[0-9]|null| ){0,40}"#) {
            for kind in ContentType::ALL {
                let _ = check(*kind, text.as_bytes());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for kind in ContentType::ALL {
                let _ = check(*kind, &bytes);
            }
        }
    }
}

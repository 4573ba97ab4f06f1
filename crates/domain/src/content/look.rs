//! What can be looked at of a file. It is made by a process that may die of it, and what that process says is read here
//! as what it is: bounded texts, none of them markup.

use serde::{Deserialize, Serialize};

use crate::words;

use super::ContentType;

words::words! {
    /// What is made of a file so that it can be looked at.
    Look {
        /// A PNG of an image, its longer side exactly 500 pixels: what the worker protocol calls a preview.
        Preview = "preview",
        /// A PNG of an image, as large as a page shows it.
        Picture = "picture",
        /// A PNG of an image, as large as it is looked at closely.
        Large = "large",
        /// The [`Requests`] of a HAR file.
        Requests = "requests",
        /// The [`Recording`] of a terminal.
        Recording = "recording",
        /// The [`Code`] of a text file.
        Code = "code",
        /// The [`Code`] inside a code block's JSON.
        Codeblock = "codeblock",
    }
}

impl Look {
    /// The one that suits a file of this content type, media type and name. Every other file is tried as a text.
    #[must_use]
    pub fn of_file(stated: Option<ContentType>, media_type: &str, name: &str) -> Self {
        let found = || ContentType::of_file(media_type, name);
        match stated.filter(|stated| !matches!(stated, ContentType::None | ContentType::Event)).unwrap_or_else(found) {
            ContentType::Image => Self::Picture,
            ContentType::HttpRequestCycle => Self::Requests,
            ContentType::TerminalRecording => Self::Recording,
            ContentType::Codeblock => Self::Codeblock,
            ContentType::Event | ContentType::None => Self::Code,
        }
    }

    /// Whether it is a PNG; the others are JSON.
    #[must_use]
    pub const fn is_image(self) -> bool {
        matches!(self, Self::Preview | Self::Picture | Self::Large)
    }

    /// The longer side of an image, in pixels.
    #[must_use]
    pub const fn side_max(self) -> u32 {
        match self {
            Self::Large => 2_400,
            Self::Picture => 1_200,
            _ => 500,
        }
    }

    /// So many bytes it has at most. An image of its longest sides, four bytes for each pixel, stays below.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        const MIB: usize = 1024 * 1024;
        match self {
            Self::Preview => 2 * MIB,
            Self::Large => 24 * MIB,
            Self::Picture | Self::Requests | Self::Recording | Self::Code | Self::Codeblock => 8 * MIB,
        }
    }
}

/// A text in lines, its parts told apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// What it is written in, if that is known.
    pub language: Option<String>,
    /// Its lines, without their ends.
    pub lines: Vec<Vec<Span>>,
    /// What is not shown as it stands in the file, in sentences.
    pub notes: Vec<String>,
}

/// Characters of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span(pub Token, pub String);

words::words! {
    /// What a part of a text is.
    Token {
        /// Nothing in particular.
        Plain = "plain",
        /// A comment.
        Comment = "comment",
        /// A text in quotes.
        Quoted = "quoted",
        /// A number.
        Number = "number",
        /// A word of the language itself.
        Keyword = "keyword",
        /// A name that is called, or the name of a value.
        Name = "name",
        /// A line that a patch adds.
        Added = "added",
        /// A line that a patch takes away.
        Removed = "removed",
        /// In the place of a character that cannot be seen, or that changes the order of others.
        Unseen = "unseen",
    }
}

/// The requests of a HAR file, in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Requests {
    /// The program that wrote the file.
    pub creator: Option<String>,
    /// The first of them.
    pub exchanges: Vec<Exchange>,
    /// So many more there are.
    pub left_out: u64,
    /// What is not shown as it stands in the file, in sentences.
    pub notes: Vec<String>,
}

/// One request and its response.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its method.
    pub method: String,
    /// Its URL, without credentials.
    pub url: String,
    /// The response's status; none: there was no response.
    pub status: Option<u16>,
    /// The words beside the status.
    pub status_text: String,
    /// The media type of the response.
    pub media_type: String,
    /// The size of the response's content in bytes.
    pub bytes: Option<u64>,
    /// How long it took, in milliseconds.
    pub took_ms: Option<u64>,
    /// When it began, as the file says it.
    pub started: String,
    /// The request.
    pub request: Message,
    /// The response.
    pub response: Message,
}

/// The headers and the body of a request or a response.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Names and values; in the place of a credential stands that it is left out.
    pub headers: Vec<(String, String)>,
    /// Its body, if it has one that is a text.
    pub body: Option<String>,
    /// What of it is not shown, in a sentence.
    pub note: Option<String>,
}

/// What a terminal showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// What it is called.
    pub title: Option<String>,
    /// The largest width of its screens, in columns.
    pub columns: u16,
    /// The largest height of its screens, in rows.
    pub rows: u16,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// How the screen changes.
    pub frames: Vec<Frame>,
    /// Places that were marked: when, in milliseconds, and what they are called.
    pub markers: Vec<(u64, String)>,
    /// The screen at the end, row by row.
    pub last: Vec<Row>,
    /// What is not shown as it stands in the file, in sentences.
    pub notes: Vec<String>,
}

/// A change of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// When, in milliseconds from the start.
    #[serde(rename = "t")]
    pub at_ms: u64,
    /// How many rows the screen has now, where that has changed; those below are gone.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u16>,
    /// The rows that are other ones now, each with its place.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<(u16, Row)>,
    /// The column and the row of the cursor, where it is shown.
    #[serde(rename = "c")]
    pub cursor: Option<(u16, u16)>,
}

/// One row of a screen: runs of characters that look alike.
pub type Row = Vec<Run>;

/// Characters that look alike, and how: names of classes, as `f1 b4 bold`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run(pub String, pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_decides_unless_it_says_nothing() {
        let of = |stated, media_type, name| Look::of_file(stated, media_type, name);
        assert_eq!(of(Some(ContentType::Image), "text/html", "x.har"), Look::Picture);
        assert_eq!(of(Some(ContentType::None), "application/octet-stream", "x.har"), Look::Requests);
        assert_eq!(of(None, "", "x.CAST"), Look::Recording);
        assert_eq!(of(Some(ContentType::Event), "", "notes"), Look::Code);
        assert_eq!(of(None, "application/zip", "x.zip"), Look::Code);
    }

    #[test]
    fn an_image_of_the_longest_sides_stays_below_the_most_bytes() {
        for look in Look::ALL.iter().filter(|look| look.is_image()) {
            let side = look.side_max() as usize;
            assert!((side * 4 + 1) * side < look.bytes_max(), "{look}");
        }
    }
}

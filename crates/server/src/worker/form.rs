//! Multipart forms: short texts, and one file that goes to the blobs as it is read.

use std::collections::BTreeMap;

use axum::body::BodyDataStream;
use http::{HeaderMap, header};
use multer::{Field, Multipart};

use super::error::Refused;
use crate::server::Shared;

/// The name of the file's part.
const FILE: &str = "file";
/// A text of a form is at most so large.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// A form has at most so many parts.
const PARTS_MAX: usize = 64;
/// So much of a file is gathered before it is handed to a thread that may wait for the disk.
const CHUNK_BYTES: usize = 1024 * 1024;

/// A form, read whole.
#[derive(Default)]
pub struct Form {
    texts: BTreeMap<String, String>,
    /// The file, if one came.
    pub file: Option<Upload>,
}

/// A file that came in a form.
pub struct Upload {
    /// Its bytes, held until somebody has noted them.
    pub blob: artifacts::Held,
    /// Its name without any folder.
    pub name: String,
    /// The media type that its sender gives it.
    pub media_type: String,
}

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(server: &Shared, headers: &HeaderMap, body: BodyDataStream) -> Result<Self, Refused> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(unreadable)?;
        let mut parts = Multipart::new(body, boundary);
        let mut form = Self::default();
        // Once more than there may be parts: the last time, it must be the form's end.
        for _ in 0..=PARTS_MAX {
            let Some(mut field) = parts.next_field().await.map_err(unreadable)? else { return Ok(form) };
            match field.name().map(str::to_owned) {
                Some(name) if name == FILE => form.file = Some(store(server, &mut field).await?),
                Some(name) => {
                    let text = text(&mut field).await?;
                    form.texts.insert(name, text);
                }
                None => return Err(Refused::bad("A part of the form has no name")),
            }
        }
        Err(Refused::bad(format!("The form has more than {PARTS_MAX} parts")))
    }

    /// The text of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// A list of integers, as JSON; none where there is no text of this name.
    ///
    /// # Errors
    /// When it is something else.
    pub fn numbers(&self, name: &str) -> Result<Vec<i64>, Refused> {
        match self.text(name) {
            None | Some("") => Ok(Vec::new()),
            Some(text) => serde_json::from_str::<Option<Vec<i64>>>(text)
                .map(Option::unwrap_or_default)
                .map_err(|_| Refused::bad(format!("{name} must be a JSON list of integers"))),
        }
    }
}

async fn text(field: &mut Field<'_>) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        bytes.extend_from_slice(&chunk);
        if TEXT_BYTES_MAX < bytes.len() {
            return Err(Refused::bad(format!("A text of the form has more than {TEXT_BYTES_MAX} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Refused::bad("A text of the form is not UTF-8"))
}

async fn store(server: &Shared, field: &mut Field<'_>) -> Result<Upload, Refused> {
    let name = file_name(field.file_name().unwrap_or_default());
    let media_type = field.content_type().map_or_else(|| "application/octet-stream".to_owned(), ToString::to_string);
    let blobs = server.parts.blobs.clone();
    let mut writer = tokio::task::spawn_blocking(move || blobs.begin()).await??;
    let mut gathered = bytes::BytesMut::new();
    loop {
        let chunk = field.chunk().await.map_err(unreadable)?;
        let ended = chunk.is_none();
        gathered.extend_from_slice(&chunk.unwrap_or_default());
        if gathered.len() < CHUNK_BYTES && !ended {
            continue;
        }
        let full = gathered.split().freeze();
        let write = move || writer.write(&full).map(|()| writer);
        writer = tokio::task::spawn_blocking(write).await??;
        if ended {
            let blob = tokio::task::spawn_blocking(move || writer.finish()).await??;
            return Ok(Upload { blob, name, media_type });
        }
    }
}

/// The last segment of a name as a client sends it: no folder, nothing that a terminal obeys, not too long.
fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|letter| !letter.is_control()).take(150).collect();
    if matches!(plain.trim(), "" | "." | "..") { "file".to_owned() } else { plain }
}

fn unreadable(why: multer::Error) -> Refused {
    match why {
        multer::Error::StreamReadFailed(cause) => Refused::internal(cause),
        why => Refused::bad(format!("The form cannot be read: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_file_name_has_no_folder() {
        for (sent, kept) in [
            ("a.png", "a.png"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\x\shot.png", "shot.png"),
            ("..", "file"),
            ("a/", "file"),
            ("", "file"),
            ("a\u{1b}[2J\n.png", "a[2J.png"),
        ] {
            assert_eq!(file_name(sent), kept, "{sent}");
        }
        assert_eq!(file_name(&"x".repeat(1000)).len(), 150);
    }
}

//! Multipart forms: short texts, and one file that goes to the blobs as it is read.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use domain::limits;
use http::{HeaderMap, header};
use hyper::body::Frame;
use multer::{Field, Multipart};

use super::error::Refused;
use crate::noted;
use crate::server::Shared;

/// The name of the file's part.
const FILE: &str = "file";
/// A text of a form is at most so large.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// A form has at most so many parts.
const PARTS_MAX: usize = 64;
/// So much is looked through for the next part: it is kept in memory meanwhile.
const HEAD_BYTES_MAX: usize = 1024 * 1024;
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
    pub async fn read(server: &Shared, headers: &HeaderMap, body: Body) -> Result<Self, Refused> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(unreadable)?;
        let (paced, pace) = Paced::new(body);
        let mut parts = Multipart::new(Body::new(paced).into_data_stream(), boundary);
        let mut form = Self::default();
        match form.fill(server, &mut parts, &pace).await {
            Ok(()) => Ok(form),
            Err(refused) => {
                form.forget(server).await;
                Err(refused)
            }
        }
    }

    async fn fill(&mut self, server: &Shared, parts: &mut Multipart<'_>, pace: &Pace) -> Result<(), Refused> {
        // Once more than there may be parts: the last time, it must be the form's end.
        for _ in 0..=PARTS_MAX {
            let field = parts.next_field().await.map_err(|why| pace.unreadable(why))?;
            let Some(mut field) = field else { return Ok(()) };
            match name(&field)? {
                name if name == FILE && self.file.is_some() => {
                    return Err(Refused::bad("The form has more than one file"));
                }
                name if name == FILE => self.file = Some(store(server, &mut field, pace).await?),
                name => {
                    let text = text(&mut field, pace).await?;
                    self.texts.insert(name, text);
                }
            }
        }
        Err(Refused::bad(format!("The form has more than {PARTS_MAX} parts")))
    }

    /// Forgets the file, if one came and nobody has noted it.
    pub async fn forget(&mut self, server: &Shared) {
        if let Some(upload) = self.file.take()
            && let Err(why) = noted::forget(server, upload.blob).await
        {
            tracing::error!(why = %why.detail, "a refused upload could not be forgotten");
        }
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

fn name(field: &Field<'_>) -> Result<String, Refused> {
    match field.name() {
        None => Err(Refused::bad("A part of the form has no name")),
        Some(name) if limits::NAME_CHARS_MAX < name.chars().count() => {
            Err(Refused::bad(format!("The name of a part has more than {} characters", limits::NAME_CHARS_MAX)))
        }
        Some(name) => Ok(name.to_owned()),
    }
}

async fn text(field: &mut Field<'_>, pace: &Pace) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    while let Some(chunk) = pace.chunk(field).await? {
        bytes.extend_from_slice(&chunk);
        if TEXT_BYTES_MAX < bytes.len() {
            return Err(Refused::bad(format!("A text of the form has more than {TEXT_BYTES_MAX} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Refused::bad("A text of the form is not UTF-8"))
}

async fn store(server: &Shared, field: &mut Field<'_>, pace: &Pace) -> Result<Upload, Refused> {
    let name = file_name(field.file_name().unwrap_or_default());
    let media_type = field.content_type().map_or_else(|| "application/octet-stream".to_owned(), ToString::to_string);
    let blobs = server.parts.blobs.clone();
    let mut writer = tokio::task::spawn_blocking(move || blobs.begin()).await??;
    let mut gathered = bytes::BytesMut::new();
    loop {
        let chunk = pace.chunk(field).await?;
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

/// A body of which a form's reader gets one chunk at a time, since it keeps all that it can get; and which ends when the
/// reader has looked through so much without finding a part.
struct Paced {
    body: Body,
    pace: Pace,
    rests: bool,
}

/// How much a form's reader has got since it last found something.
#[derive(Clone, Default)]
struct Pace(Arc<AtomicUsize>);

impl Paced {
    fn new(body: Body) -> (Self, Pace) {
        let pace = Pace::default();
        (Self { body, pace: pace.clone(), rests: false }, pace)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.pace.is_lost() {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut self.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.pace.0.fetch_add(data.len(), Ordering::Relaxed);
            self.rests = true;
        }
        Poll::Ready(frame)
    }
}

impl Pace {
    /// The next chunk of a part.
    async fn chunk(&self, field: &mut Field<'_>) -> Result<Option<Bytes>, Refused> {
        let chunk = field.chunk().await.map_err(|why| self.unreadable(why))?;
        self.0.store(0, Ordering::Relaxed);
        Ok(chunk)
    }

    fn is_lost(&self) -> bool {
        HEAD_BYTES_MAX < self.0.load(Ordering::Relaxed)
    }

    fn unreadable(&self, why: multer::Error) -> Refused {
        if self.is_lost() {
            return Refused::bad(format!("The form cannot be read: no part begins within {HEAD_BYTES_MAX} bytes"));
        }
        unreadable(why)
    }
}

/// The last segment of a name as a client sends it: no folder, nothing that a terminal obeys or that turns letters round,
/// not too long.
fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|letter| !letter.is_control() && !is_unseen(*letter)).take(150).collect();
    if matches!(plain.trim(), "" | "." | "..") { "file".to_owned() } else { plain }
}

/// Whether a letter has no width or sets the direction of others.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn unreadable(why: multer::Error) -> Refused {
    match why {
        multer::Error::StreamReadFailed(cause) => Refused::internal(cause),
        why => Refused::bad(format!("The form cannot be read: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::io::ReaderStream;

    use super::*;

    #[tokio::test]
    async fn what_a_reader_looks_through_for_a_part_is_bounded() {
        let (head, text) = ("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n", "b".repeat(5_000_000));
        for (form, is_read) in [
            (format!("{head}{text}\r\n--x--\r\n"), true),
            (format!("{text}\r\n{head}c\r\n--x--\r\n"), false),
            (format!("--x\r\nContent-Disposition: form-data; name=\"{text}\"\r\n\r\nc\r\n--x--\r\n"), false),
        ] {
            let stream = ReaderStream::with_capacity(std::io::Cursor::new(form), 65_536);
            let (paced, pace) = Paced::new(Body::from_stream(stream));
            let mut parts = Multipart::new(Body::new(paced).into_data_stream(), "x");
            let mut read = 0;
            let ended = loop {
                match parts.next_field().await {
                    Ok(None) => break true,
                    Ok(Some(mut field)) => {
                        while let Ok(Some(chunk)) = pace.chunk(&mut field).await {
                            read += chunk.len();
                        }
                    }
                    Err(why) => {
                        let Refused::Bad(why) = pace.unreadable(why) else { panic!("not the client's fault") };
                        assert_eq!(why, "The form cannot be read: no part begins within 1048576 bytes");
                        break false;
                    }
                }
            };
            assert_eq!((ended, read), (is_read, if is_read { text.len() } else { 0 }));
        }
    }

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
            ("gnp.\u{202e}exe", "gnp.exe"),
        ] {
            assert_eq!(file_name(sent), kept, "{sent}");
        }
        assert_eq!(file_name(&"x".repeat(1000)).len(), 150);
    }
}

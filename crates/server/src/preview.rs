//! Previews of files: made by a process that is started for one file and may die of it, never in this one.

mod kept;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::content::image;
use domain::content::look::Look;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use kept::{Kept, Of};

/// Processes at once for people who look at files.
const AT_ONCE: usize = 2;
/// Processes at once for event workers, whom nobody who looks at files keeps waiting.
const AT_ONCE_FOR_WORKERS: usize = 1;
/// How long a preview may take, and how long one may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one waits to read or to write a large preview.
const READER_WITHIN: Duration = Duration::from_secs(2);
/// Kept of what the process says about a file that it refuses.
const REASON_BYTES_MAX: usize = 400;
/// So much of a file's name is told.
const NAME_CHARS_MAX: usize = 40;
/// The exit code that says: the file is refused, and why stands on standard error.
const REFUSED: i32 = 1;
/// Those that say that the program itself could not do its work, whatever the file.
const FAILED: [i32; 2] = [2, 9];
/// The signal that ends a process from outside, as when the machine is out of memory.
const KILLED: i32 = 9;

/// Why there is no preview. The file itself can still be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewError {
    /// The file has none: it is too large, damaged, something else, or takes more processor time or memory than it may. It
    /// will have none later.
    Unfit(String),
    /// Too many are being made; later there may be one.
    Busy,
    /// The process does not start or does not end in time, as on a machine with too much to do; later there may be one.
    Failed(String),
}

impl fmt::Display for PreviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(why) => write!(f, "the file has no preview: {why}"),
            Self::Busy => f.write_str("too many previews are being made, ask again a little later"),
            Self::Failed(why) => write!(f, "the preview was not made: {why}"),
        }
    }
}

impl std::error::Error for PreviewError {}

/// Makes previews.
#[derive(Debug)]
pub struct Previewer {
    command: Vec<OsString>,
    places: Semaphore,
    for_workers: Semaphore,
    readers: Arc<Semaphore>,
    patience: Duration,
    kept: Mutex<Kept>,
}

impl Previewer {
    /// One that starts this program with these arguments, then the word of a [`Look`] and a file's name. The program reads
    /// a file from its standard input, and writes a PNG or JSON to its standard output or ends with exit code 1 and a
    /// reason.
    #[must_use]
    pub fn new(command: Vec<OsString>) -> Self {
        Self {
            command,
            places: Semaphore::new(AT_ONCE),
            for_workers: Semaphore::new(AT_ONCE_FOR_WORKERS),
            readers: Arc::new(Semaphore::new(AT_ONCE)),
            patience: PATIENCE,
            kept: Mutex::default(),
        }
    }

    /// What can be looked at of a file that was just opened, with its digest: the bytes of a PNG, or JSON.
    ///
    /// # Errors
    /// See [`PreviewError`]. A caller that stops waiting ends the process.
    pub async fn preview(&self, look: Look, name: &str, digest: [u8; 32], file: File) -> Result<Bytes, PreviewError> {
        let of = Of { look, digest, name: telling(name) };
        if let Some(made) = self.kept().find(&of) {
            return made;
        }
        let places = if look == Look::Preview { &self.for_workers } else { &self.places };
        let place = timeout(self.patience, places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(PreviewError::Busy) };
        // Somebody else may have waited for the same one.
        if let Some(made) = self.kept().find(&of) {
            return made;
        }
        let made = timeout(self.patience, self.make(&of, file)).await;
        let late =
            || Err(PreviewError::Failed(format!("it takes longer than {}", domain::time::show_span(self.patience))));
        let made = made.unwrap_or_else(|_| late());
        self.kept().add(of, &made);
        made
    }

    /// Reads a preview, or writes of it: it may be large, so that is done apart from what answers requests, and by few at
    /// once.
    ///
    /// # Errors
    /// `Busy` without a place in time; `Failed` when it is interrupted.
    pub async fn read<T: Send + 'static>(&self, read: impl FnOnce() -> T + Send + 'static) -> Result<T, PreviewError> {
        let Some(place) = self.reader().await else { return Err(PreviewError::Busy) };
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            read()
        });
        read.await.map_err(|_| PreviewError::Failed("reading was interrupted".to_owned()))
    }

    /// A place to read or write a large preview in, if there is one soon.
    pub async fn reader(&self) -> Option<OwnedSemaphorePermit> {
        timeout(READER_WITHIN, self.readers.clone().acquire_owned()).await.ok()?.ok()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn make(&self, of: &Of, file: File) -> Result<Bytes, PreviewError> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(PreviewError::Failed("no program for it is configured".to_owned()));
        };
        let child = tokio::process::Command::new(program)
            .args(arguments)
            .args([of.look.word(), &of.name])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(file))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = child.map_err(|why| PreviewError::Failed(why.to_string()))?;
        let (made, reason) = (child.stdout.take(), child.stderr.take());
        // What is over a limit is not read: the process then ends of a closed pipe.
        let (made, reason) = tokio::join!(head(made, of.look.bytes_max()), head(reason, REASON_BYTES_MAX));
        let status = child.wait().await.map_err(|why| PreviewError::Failed(why.to_string()))?;
        match status.code() {
            Some(0) if is_preview(of.look, &made) => Ok(made.into()),
            Some(REFUSED) => Err(PreviewError::Unfit(line(&reason))),
            code => {
                tracing::warn!(%status, reason = line(&reason), "a preview could not be made");
                let failed = code.is_some_and(|code| FAILED.contains(&code)) || status.signal() == Some(KILLED);
                // One that says more than it may fails to write, and will each time.
                if failed && made.len() < of.look.bytes_max() {
                    return Err(PreviewError::Failed("the program that makes it failed".to_owned()));
                }
                Err(PreviewError::Unfit(
                    "it takes more processor time or memory than it may, or breaks its reader".to_owned(),
                ))
            }
        }
    }
}

async fn head(output: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(output) = output {
        let _ = output.take(bytes_max as u64).read_to_end(&mut kept).await;
    }
    kept
}

/// Whether it is what it should be, whoever wrote it. JSON is read by the caller, who knows its form.
fn is_preview(look: Look, made: &[u8]) -> bool {
    if look.is_image() {
        image::check(made).is_ok_and(|header| header.format == image::Format::Png)
    } else {
        made.starts_with(b"{")
    }
}

/// The end of a file's name, as far as it tells what language code is in; never an option of the program's.
fn telling(name: &str) -> String {
    let plain = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._".contains(*c));
    let mut end: Vec<char> = plain.collect::<Vec<_>>().into_iter().rev().take(NAME_CHARS_MAX).collect();
    end.reverse();
    end.into_iter().collect()
}

fn line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    /// A PNG as far as its marks go.
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0crc.\0\0\0\0IENDcrc.";

    fn previewer(script: &str) -> Previewer {
        Previewer::new(["/bin/sh", "-c", script].map(OsString::from).to_vec())
    }

    fn image() -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(PNG).expect("written");
        file.rewind().expect("at its start");
        file
    }

    async fn preview(previewer: &Previewer) -> Result<Bytes, PreviewError> {
        previewer.preview(Look::Preview, "", [0; 32], image()).await
    }

    async fn unfit(script: &str) -> String {
        match preview(&previewer(script)).await {
            Err(PreviewError::Unfit(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_the_process_makes_of_its_input_is_the_preview() {
        assert_eq!(preview(&previewer("cat")).await, Ok(Bytes::from_static(PNG)));
    }

    #[tokio::test]
    async fn the_process_has_no_environment() {
        assert_eq!(unfit("echo ${HOME:-none} in $PWD >&2; exit 1").await, "none in /");
    }

    #[tokio::test]
    async fn the_process_is_told_what_to_make_and_what_of_the_name_is_harmless() {
        let telling = previewer("printf '{%s %s' \"$0\" \"$1\"");
        let made = telling.preview(Look::Code, "--json $(x)\0/../a b.RS", [0; 32], image()).await;
        assert_eq!(made, Ok(Bytes::from_static(b"{code jsonx..ab.RS")));
        let made = telling.preview(Look::Picture, "", [0; 32], image()).await;
        assert!(matches!(made, Err(PreviewError::Unfit(_))), "a picture is a PNG: {made:?}");
    }

    #[tokio::test]
    async fn a_refusal_is_one_line_of_its_reason() {
        assert_eq!(unfit("echo why >&2; echo more >&2; exit 1").await, "why");
        assert_eq!(unfit("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1").await, "x".repeat(REASON_BYTES_MAX));
    }

    #[tokio::test]
    async fn a_crash_and_anything_but_a_png_are_no_preview() {
        for script in ["kill -SEGV $$", "exit 101", "echo '<svg/>'", "", "head -c 9000000 /dev/zero"] {
            assert!(unfit(script).await.contains("breaks its reader"), "{script}");
        }
    }

    #[tokio::test]
    async fn a_failure_of_the_program_is_not_the_files_and_is_tried_again() {
        for script in ["exit 9", "exit 2", "kill -KILL $$"] {
            let previewer = previewer(script);
            let why = preview(&previewer).await;
            assert_eq!(why, Err(PreviewError::Failed("the program that makes it failed".to_owned())), "{script}");
            assert!(previewer.kept().find(&Of { look: Look::Preview, digest: [0; 32], name: String::new() }).is_none());
        }
        let wordy = "head -c 9000000 /dev/zero; exit 9";
        assert!(unfit(wordy).await.contains("breaks its reader"), "it will say too much again");
    }

    #[tokio::test]
    async fn what_several_wait_for_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let count = folder.path().join("count");
        let script = format!("echo x >> {}; cat", count.display());
        let previewer = previewer(&script);
        let both = tokio::join!(preview(&previewer), preview(&previewer));
        assert_eq!(both, (Ok(Bytes::from_static(PNG)), Ok(Bytes::from_static(PNG))));
        assert_eq!(std::fs::read_to_string(count).expect("a count"), "x\n");
    }

    #[tokio::test]
    async fn people_who_look_at_files_and_workers_do_not_wait_for_each_other() {
        let short = Duration::from_millis(1);
        let people = Previewer { patience: short, places: Semaphore::new(0), ..previewer("cat") };
        assert_eq!(people.preview(Look::Picture, "", [0; 32], image()).await, Err(PreviewError::Busy));
        let workers = Previewer { places: Semaphore::new(0), ..previewer("cat") };
        assert_eq!(preview(&workers).await, Ok(Bytes::from_static(PNG)));
    }

    #[tokio::test]
    async fn few_previews_are_read_at_once() {
        assert_eq!(previewer("").read(|| 7).await, Ok(7));
        let full =
            Previewer { patience: Duration::from_millis(1), readers: Arc::new(Semaphore::new(0)), ..previewer("") };
        assert_eq!(full.read(|| 7).await, Err(PreviewError::Busy));
    }

    #[tokio::test]
    async fn one_that_hangs_is_ended_and_makes_room_for_the_next() {
        let hanging = Previewer { patience: Duration::from_millis(50), ..previewer("exec tail -f /dev/null") };
        for _ in 0..=AT_ONCE {
            let why = preview(&hanging).await;
            assert_eq!(why, Err(PreviewError::Failed("it takes longer than 50ms".to_owned())));
        }
    }

    #[tokio::test]
    async fn a_caller_without_a_place_is_told_so() {
        let full = Previewer { patience: Duration::from_millis(1), for_workers: Semaphore::new(0), ..previewer("cat") };
        assert_eq!(preview(&full).await, Err(PreviewError::Busy));
    }

    #[tokio::test]
    async fn a_program_that_does_not_start_is_said() {
        for command in [vec![], vec![OsString::from("/nowhere/at/all")]] {
            let made = preview(&Previewer::new(command)).await;
            assert!(matches!(made, Err(PreviewError::Failed(_))), "{made:?}");
        }
    }
}

//! Recordings of terminals: asciicast, versions 2 and 3. A terminal of our own is fed with what was recorded, and what
//! changes on its screen is kept: texts and colours, nothing that a terminal would be told to do.

mod style;

use avt::{Line, Terminal};
use domain::content::look::{Frame, Recording, Row, Run};
use serde::Deserialize;

use crate::Unfit;
use crate::text::{clipped, is_unseen, unmarked};

/// What happens within so many milliseconds is one frame.
const FRAME_MS: u64 = 40;
/// So many frames are kept.
const FRAMES_MAX: usize = 20_000;
/// So many bytes of frames. The last screen, at its largest, still fits beside them.
const FRAMES_BYTES_MAX: usize = 5 * 1024 * 1024;
/// A terminal is so large at most.
const COLUMNS_MAX: u16 = 300;
const ROWS_MAX: u16 = 100;
/// Its size may change so often.
const RESIZES_MAX: usize = 1_000;
/// So many places may be marked.
const MARKERS_MAX: usize = 200;
/// A recording lasts a week at most.
const DURATION_MS_MAX: u64 = 7 * 24 * 3600 * 1000;

#[derive(Deserialize)]
struct Header {
    version: u32,
    #[serde(default)]
    title: serde_json::Value,
    #[serde(default)]
    width: serde_json::Value,
    #[serde(default)]
    height: serde_json::Value,
    #[serde(default)]
    term: serde_json::Value,
}

/// The recording that a file is.
pub fn made(file: &[u8]) -> Result<Recording, Unfit> {
    let mut lines = unmarked(file).split(|byte| *byte == b'\n');
    let header: Header = serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|why| {
        Unfit(format!("expected an asciicast, whose first line is a JSON object with `version`: {why}"))
    })?;
    let (columns, rows) = match header.version {
        2 => (&header.width, &header.height),
        3 => (&header.term["cols"], &header.term["rows"]),
        other => return Err(Unfit(format!("expected an asciicast of version 2 or 3, found version {other}"))),
    };
    let size = |said: &serde_json::Value, usual, max| side(said.as_u64().unwrap_or(usual), max);
    let (columns, rows) = (size(columns, 80, COLUMNS_MAX), size(rows, 24, ROWS_MAX));
    let mut film = Film::of(columns, rows)?;
    film.recording.title = header.title.as_str().filter(|title| !title.is_empty()).map(|title| clipped(title, 200));
    let mut at_ms = 0;
    for (number, line) in lines.enumerate().filter(|(_, line)| is_event(header.version, line)) {
        let Ok((seconds, kind, data)) = serde_json::from_slice::<(f64, String, String)>(line) else {
            film.note(format!("The recording breaks off at line {}.", number + 2));
            break;
        };
        at_ms = if header.version == 2 { at_ms.max(milliseconds(seconds)) } else { at_ms + milliseconds(seconds) };
        at_ms = at_ms.min(DURATION_MS_MAX);
        if !film.take(at_ms, &kind, &data) {
            break;
        }
    }
    Ok(film.end(at_ms))
}

/// Whether a line says what happened: empty ones say nothing, and version 3 knows comments.
fn is_event(version: u32, line: &[u8]) -> bool {
    let line = line.trim_ascii();
    !(line.is_empty() || (version == 3 && line.starts_with(b"#")))
}

fn side(said: u64, max: u16) -> u16 {
    u16::try_from(said).unwrap_or(max).clamp(1, max)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is cut to what fits")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).clamp(0.0, DURATION_MS_MAX as f64) as u64
}

/// A terminal, and what it has shown.
struct Film {
    terminal: Terminal,
    /// The rows as the last frame has them.
    shown: Vec<Row>,
    cursor: Option<(u16, u16)>,
    /// Where the frame under way begins, if anything has happened in it.
    open: Option<u64>,
    resizes: usize,
    bytes: usize,
    recording: Recording,
}

impl Film {
    fn of(columns: u16, rows: u16) -> Result<Self, Unfit> {
        let terminal = Terminal::new(usize::from(columns), usize::from(rows)).map_err(|why| Unfit(why.to_string()))?;
        let recording = Recording { columns, rows, ..Recording::default() };
        Ok(Self { terminal, shown: Vec::new(), cursor: None, open: Some(0), resizes: 0, bytes: 0, recording })
    }

    fn note(&mut self, text: String) {
        self.recording.notes.push(text);
    }

    /// Takes what happened at an instant; whether there is room for more.
    fn take(&mut self, at_ms: u64, kind: &str, data: &str) -> bool {
        if self.open.is_some_and(|start| start + FRAME_MS <= at_ms) && !self.close() {
            self.note(format!("The recording says more than one page can: it is shown up to {} s.", at_ms / 1000));
            return false;
        }
        match kind {
            "o" => self.terminal.feed(data),
            "r" => self.resize(data),
            "m" | "b" => {
                if self.recording.markers.len() < MARKERS_MAX {
                    self.recording.markers.push((at_ms, clipped(data, 100)));
                }
                return true;
            }
            _ => return true,
        }
        self.open.get_or_insert(at_ms);
        true
    }

    fn resize(&mut self, data: &str) {
        let sides = data.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
        let Some((columns, rows)) = sides else { return };
        self.resizes += 1;
        if self.resizes == RESIZES_MAX {
            self.note("The terminal's size changes too often; from then on it stays.".to_owned());
        }
        if self.resizes < RESIZES_MAX {
            let (columns, rows) = (side(columns, COLUMNS_MAX), side(rows, ROWS_MAX));
            self.terminal.resize(usize::from(columns), usize::from(rows));
            self.recording.columns = self.recording.columns.max(columns);
            self.recording.rows = self.recording.rows.max(rows);
        }
    }

    /// Closes the frame under way: keeps the rows that are other ones now. Whether there is room for another.
    fn close(&mut self) -> bool {
        let Some(at_ms) = self.open.take() else { return true };
        let rows: Vec<Row> = self.terminal.screen().visible_lines().map(row).collect();
        let place = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let cursor = self.terminal.cursor().position().map(|(column, row)| (place(column), place(row)));
        let is_new = |(number, row): &(usize, &Row)| self.shown.get(*number) != Some(*row);
        let new: Vec<(u16, Row)> =
            rows.iter().enumerate().filter(is_new).map(|(number, row)| (place(number), row.clone())).collect();
        let height = (rows.len() != self.shown.len()).then(|| place(rows.len()));
        if new.is_empty() && height.is_none() && cursor == self.cursor {
            return true;
        }
        self.bytes += 40 + new.iter().map(|(_, row)| 8 + bytes(row)).sum::<usize>();
        if self.recording.frames.len() == FRAMES_MAX || self.bytes > FRAMES_BYTES_MAX {
            return false;
        }
        self.recording.frames.push(Frame { at_ms, height, rows: new, cursor });
        (self.shown, self.cursor) = (rows, cursor);
        true
    }

    fn end(mut self, at_ms: u64) -> Recording {
        self.close();
        Recording { duration_ms: at_ms, last: self.shown, ..self.recording }
    }
}

/// What a row takes as JSON, at most: a quote or a backslash is written as two.
fn bytes(row: &Row) -> usize {
    let escaped = |text: &str| text.bytes().filter(|byte| b"\"\\".contains(byte)).count();
    row.iter().map(|Run(text, classes)| 8 + text.len() + escaped(text) + classes.len()).sum()
}

/// The characters of a line up to its last that can be seen, in runs that look alike.
fn row(line: &Line) -> Row {
    let mut runs = Row::new();
    for cell in line.cells().iter().filter(|cell| cell.width() > 0) {
        let classes = style::classes(cell.pen());
        let c = if is_unseen(cell.char()) { char::REPLACEMENT_CHARACTER } else { cell.char() };
        match runs.last_mut() {
            Some(last) if last.1 == classes => last.0.push(c),
            _ => runs.push(Run(c.to_string(), classes)),
        }
    }
    if let Some(last) = runs.last_mut().filter(|last| last.1.is_empty()) {
        last.0.truncate(last.0.trim_end_matches(' ').len());
        if last.0.is_empty() {
            runs.pop();
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::content::look::Look;
    use proptest::prelude::*;
    use serde_json::json;

    const HEADER: &str = r#"{"version": 2, "width": 20, "height": 3, "title": "a title"}"#;

    fn cast(header: &str, events: &[serde_json::Value]) -> Recording {
        let lines: String = events.iter().map(|event| format!("\n{event}")).collect();
        made(format!("{header}{lines}").as_bytes()).expect("a recording")
    }

    fn screen(recording: &Recording) -> Vec<String> {
        let text = |row: &Row| row.iter().map(|run| run.0.as_str()).collect();
        recording.last.iter().map(text).collect()
    }

    #[test]
    fn what_was_typed_is_shown_in_frames_with_its_colours() {
        let events = [
            json!([0.5, "o", "$ ls\r\n"]),
            json!([0.51, "o", "\u{1b}[1;31ma\u{1b}[0m b"]),
            json!([2, "o", "\u{1b}[2Jc"]),
        ];
        let found = cast(HEADER, &events);
        assert_eq!((found.columns, found.rows, found.duration_ms), (20, 3, 2_000));
        assert_eq!(found.title.as_deref(), Some("a title"));
        let times: Vec<_> = found.frames.iter().map(|frame| frame.at_ms).collect();
        assert_eq!(times, [0, 500, 2_000]);
        let typed = &found.frames[1];
        assert_eq!(typed.rows[1], (1, vec![Run("a".into(), "f1 bold".into()), Run(" b".into(), String::new())]));
        assert_eq!(typed.cursor, Some((3, 1)));
        assert_eq!(screen(&found), ["", "   c", ""]);
    }

    #[test]
    fn version_3_counts_from_event_to_event_and_has_comments() {
        let header = r#"{"version": 3, "term": {"cols": 10, "rows": 2}}"#;
        let lines =
            "\n# a comment\n[1, \"o\", \"a\"]\n[1.5, \"m\", \"here\"]\n[0.5, \"r\", \"12x4\"]\n[0, \"x\", \"0\"]\n";
        let found = made(format!("{header}{lines}").as_bytes()).expect("a recording");
        assert_eq!((found.duration_ms, &found.markers[..]), (3_000, &[(2_500, "here".to_owned())][..]));
        assert_eq!((found.columns, found.rows, found.last.len()), (12, 4, 4));
        assert_eq!(found.frames.last().and_then(|frame| frame.height), Some(4));
        assert!(found.notes.is_empty());
    }

    #[test]
    fn what_a_terminal_would_be_told_to_do_is_never_shown() {
        let told = "\u{1b}]8;;javascript:alert(1)\u{7}link\u{1b}]8;;\u{7}\u{1b}]0;title\u{7}\u{1b}]52;c;aHVudGVyMg==\u{7}\
            \u{1b}P1$r0m\u{1b}\\\u{1b}[6n\u{1b}]1337;File=:AAAA\u{7}\u{202e}<b>";
        let found = cast(HEADER, &[json!([0, "o", told])]);
        assert_eq!(screen(&found)[0], "link\u{fffd}<b>");
        let all = serde_json::to_string(&found).expect("JSON");
        for hidden in ["javascript", "aHVudGVyMg", "File=", "\u{1b}", "\\u001b"] {
            assert!(!all.contains(hidden), "{all}");
        }
    }

    #[test]
    fn a_million_tiny_events_and_endless_times_are_cut_and_said() {
        let mut file = HEADER.to_owned();
        for number in 0..1_000_000 {
            file.push_str(&format!("\n[{}, \"o\", \"x\"]", number / 10));
        }
        let found = made(file.as_bytes()).expect("a recording");
        assert_eq!(found.frames.len(), FRAMES_MAX);
        assert!(found.notes[0].contains("shown up to"), "{:?}", found.notes);
        assert!(serde_json::to_vec(&found).expect("JSON").len() < Look::Recording.bytes_max());
        assert_eq!(cast(HEADER, &[json!([1e300, "o", "x"]), json!([-5, "o", "y"])]).duration_ms, DURATION_MS_MAX);
    }

    #[test]
    fn sizes_are_bounded_and_so_is_what_is_said_with_them() {
        let large = r#"{"version": 2, "width": 4000000000, "height": 4000000000}"#;
        let noisy: String = (0..30_000).map(|n| format!("\u{1b}[{};{}m\"", 31 + n % 6, 41 + n % 5)).collect();
        let found = cast(large, &(0..50).map(|n| json!([n, "o", format!("{n}{noisy}")])).collect::<Vec<_>>());
        assert_eq!((found.columns, found.rows, found.notes.len()), (COLUMNS_MAX, ROWS_MAX, 1));
        assert!(serde_json::to_vec(&found).expect("JSON").len() < Look::Recording.bytes_max());

        let small = r#"{"version": 2, "width": 0}"#;
        let resizes: Vec<_> = (0..RESIZES_MAX + 5).map(|n| json!([0, "r", format!("99999x{n}")])).collect();
        let found = cast(small, &resizes);
        assert_eq!((found.columns, found.rows, found.notes.len()), (COLUMNS_MAX, ROWS_MAX, 1));
    }

    #[test]
    fn a_recording_that_breaks_off_is_shown_as_far_as_it_goes() {
        for end in ["[0.25, \"o\", \"br", "[1]", "{}", "\u{fffd}"] {
            let found = made(format!("{HEADER}\r\n[0, \"o\", \"a\"]\r\n{end}").as_bytes()).expect("a recording");
            assert_eq!((screen(&found)[0].as_str(), found.notes.len()), ("a", 1), "{end}");
        }
    }

    #[test]
    fn other_files_are_refused_with_what_was_expected() {
        for file in ["", "$ ls", "{}", "<html>", r#"{"version": "2"}"#] {
            assert!(made(file.as_bytes()).expect_err("no recording").0.starts_with("expected an asciicast"), "{file}");
        }
        let first = r#"{"version": 1, "width": 80, "height": 24, "stdout": []}"#;
        assert!(made(first.as_bytes()).expect_err("too old").0.ends_with("found version 1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn no_output_makes_it_panic(parts in prop::collection::vec("(\u{1b}\\[[0-9;?]{0,8}[@-~]|\u{1b}[ -~]{1,2}|[ -~界\r\n\t]{1,5})", 0..40)) {
            let found = cast(HEADER, &parts.iter().map(|part| json!([0, "o", part])).collect::<Vec<_>>());
            prop_assert_eq!(found.last.len(), 3);
        }
    }
}

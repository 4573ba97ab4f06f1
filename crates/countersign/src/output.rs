//! What is printed: tables and pages for people, JSON for programs. The only module that prints to standard output.

use std::io::{self, Write};

use serde_json::Value;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// Prints one line. A reader who went away ends nothing: the command's exit code still counts.
pub fn line(text: impl std::fmt::Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a sentence of the server's on one line.
pub fn sentence(text: &Value) {
    line(cell(text));
}

/// Prints a remark that is not the result.
pub fn remark(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints lines on a terminal in the place of so many that were printed before.
pub fn redraw(lines: &[String], before: usize) {
    let mut drawn = if before > 0 { format!("\x1b[{before}A") } else { String::new() };
    for line in lines {
        drawn.push_str(&format!("\x1b[2K{line}\n"));
    }
    let mut out = io::stdout().lock();
    let _ = out.write_all(drawn.as_bytes());
    let _ = out.flush();
}

/// Prints JSON.
pub fn json(value: &Value) {
    line(format_args!("{value:#}"));
}

/// One column of a table: its heading, and where its value stands in a row.
#[derive(Debug, Clone, Copy)]
pub struct Column(pub &'static str, pub &'static str);

/// Prints rows as a table.
pub fn table(columns: &[Column], rows: &[Value]) {
    let _ = io::stdout().lock().write_all(laid_out(columns, rows).as_bytes());
}

/// Prints the members of an object: one a line, and what has members of its own below, indented.
pub fn object(value: &Value) {
    let mut page = String::new();
    write_members(value, 0, &mut page);
    let _ = io::stdout().lock().write_all(page.as_bytes());
}

/// The longest line on which members of members are joined.
const JOINED_CHARS_MAX: usize = 90;

fn write_members(value: &Value, depth: usize, page: &mut String) {
    let Value::Object(members) = value else {
        page.push_str(&format!("{}{}\n", INDENT.repeat(depth), cell(value)));
        return;
    };
    let width = members.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, member) in members {
        let joined = cell(member);
        if !has_members(member) || (joined.chars().count() <= JOINED_CHARS_MAX && !is_deep(member)) {
            page.push_str(&format!("{}{name:width$}  {joined}\n", INDENT.repeat(depth)));
            continue;
        }
        page.push_str(&format!("{}{name}\n", INDENT.repeat(depth)));
        match member {
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    if place > 0 && item.is_object() {
                        page.push('\n');
                    }
                    write_members(item, depth + 1, page);
                }
            }
            _ => write_members(member, depth + 1, page),
        }
    }
}

const INDENT: &str = "  ";

/// Whether it is made of objects or lists.
fn has_members(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    }
}

/// Whether something inside it is made of objects or lists.
fn is_deep(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(has_members),
        Value::Array(items) => items.len() > 1 || items.iter().any(is_deep),
        _ => false,
    }
}

fn laid_out(columns: &[Column], rows: &[Value]) -> String {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| cell(at(row, column.1))).collect()).collect();
    let width = |nth: usize| {
        let longest = cells.iter().map(|row| row[nth].chars().count()).max().unwrap_or(0);
        longest.max(columns[nth].0.chars().count())
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let put = |row: &[String]| {
        let padded: Vec<String> = row.iter().zip(&widths).map(|(text, width)| format!("{text:width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let headings: Vec<String> = columns.iter().map(|column| column.0.to_owned()).collect();
    std::iter::once(&headings).chain(&cells).map(|row| put(row)).collect()
}

fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, name| value.get(name).unwrap_or(&Value::Null))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.replace(|letter: char| letter.is_control(), " "),
        Value::Number(number) => number.to_string(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let shown = members.iter().filter(|(_, member)| !member.is_null());
            shown.map(|(name, member)| format!("{name} {}", cell(member))).collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let rows = [serde_json::json!({"id": "evt_1", "subject": {"id": "42"}}), serde_json::json!({"id": "evt_20"})];
        let columns = [Column("ID", "id"), Column("SUBJECT", "subject.id")];
        assert_eq!(laid_out(&columns, &rows), "ID      SUBJECT\nevt_1   42\nevt_20  -\n");
    }

    #[test]
    fn what_is_deep_is_shown_below_and_what_is_short_beside() {
        let value =
            serde_json::json!({"id": "evt_1", "subject": {"kind": "commit"}, "runs": [{"tries": [{"nth": 1}]}]});
        let mut page = String::new();
        write_members(&value, 0, &mut page);
        assert_eq!(page, "id       evt_1\nruns\n  tries  nth 1\nsubject  kind commit\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(cell(&Value::from("a\u{1b}[2Jb")), "a [2Jb");
    }
}

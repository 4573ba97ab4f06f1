//! `service new`: a folder to begin a scanner in.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use crate::cli::Common;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// Where every starter listens unless it is told otherwise.
const LISTEN: &str = "127.0.0.1:20000";

/// What to begin with. Nothing that is there already is overwritten.
#[derive(clap::Args)]
pub struct New {
    /// The scanner's name: lower-case letters, digits and hyphens.
    #[arg(value_parser = name)]
    name: String,
    /// What it is written in.
    #[arg(long, value_enum)]
    lang: Lang,
    /// The folder; by default one of the scanner's name.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where the source of scanner-kit is, for `rust`; by default in the checkout that this program was built in.
    #[arg(long, value_name = "DIR")]
    kit: Option<PathBuf>,
}

/// What a scanner is written in.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// Rust, with scanner-kit.
    Rust,
    /// Node 20, without packages.
    Node,
    /// A program that reads a call and prints its answer; `service run` serves it.
    Sh,
}

/// A file of a starter.
struct File {
    path: &'static str,
    text: String,
    mode: u32,
}

impl New {
    /// Writes the folder and says what comes next.
    pub fn run(&self, common: &Common) -> Done {
        let dir = self.dir.clone().unwrap_or_else(|| PathBuf::from(&self.name));
        let files = self.files()?;
        write(&dir, &files)?;
        let steps = self.steps(&dir);
        match common.form() {
            Form::Json => {
                let paths: Vec<String> = files.iter().map(|file| dir.join(file.path).display().to_string()).collect();
                let steps: Vec<_> =
                    steps.iter().map(|(what, command)| json!({ "what": what, "command": command })).collect();
                output::json(&json!({ "files": paths, "steps": steps }));
            }
            Form::Human => {
                files.iter().for_each(|file| output::line(format_args!("wrote {}", dir.join(file.path).display())));
                steps.iter().for_each(|(what, command)| output::line(format_args!("\n{what}:\n  {command}")));
            }
        }
        Ok(Exit::Yes)
    }

    fn files(&self) -> Result<Vec<File>, Failure> {
        let own = match self.lang {
            Lang::Rust => vec![
                File::plain("Cargo.toml", manifest(&self.name, &self.kit()?)),
                File::plain("src/main.rs", include_str!("../../../../scanner-kit/examples/scanner.rs")),
            ],
            Lang::Node => vec![File::plain("server.mjs", include_str!("starter/server.mjs"))],
            Lang::Sh => vec![File { mode: 0o755, ..File::plain("scan.sh", include_str!("starter/scan.sh")) }],
        };
        let readme = include_str!("starter/readme.md")
            .replace("@NAME@", &self.name)
            .replace("@MAIN@", self.lang.main())
            .replace("@START@", self.lang.start())
            .replace("@CHECK@", &check());
        Ok(own.into_iter().chain([File::plain("README.md", readme)]).collect())
    }

    /// The folder of scanner-kit, which is in no registry.
    fn kit(&self) -> Result<PathBuf, Failure> {
        let is_kit = |path: &Path| path.join("Cargo.toml").is_file() && path.ends_with("scanner-kit");
        let found = match &self.kit {
            Some(kit) => fs::canonicalize(kit).ok().filter(|path| is_kit(path)),
            None => std::env::current_exe().ok().and_then(|program| {
                program.ancestors().map(|folder| folder.join("crates/scanner-kit")).find(|path| is_kit(path))
            }),
        };
        found.ok_or_else(|| {
            Failure::new(Exit::NotFound, "expected the source of scanner-kit, found none")
                .mend("give --kit DIR, the folder crates/scanner-kit of a checkout of Countersign")
        })
    }

    fn steps(&self, dir: &Path) -> Vec<(&'static str, String)> {
        let event = "--event during_validation --allow-network 127.0.0.1/32:20000";
        vec![
            (
                "make its key",
                r#"export SCANNER_KEY="$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')""#.to_owned(),
            ),
            ("start it", format!("cd {} && {}", quoted(dir), self.lang.start())),
            ("check it, from another terminal with the same SCANNER_KEY", check()),
            (
                "register it",
                format!(
                    "countersign service add {} --profile scanner --url http://{LISTEN}/ --secret-env SCANNER_KEY {event}",
                    self.name
                ),
            ),
        ]
    }
}

impl Lang {
    fn main(self) -> &'static str {
        match self {
            Lang::Rust => "src/main.rs",
            Lang::Node => "server.mjs",
            Lang::Sh => "scan.sh",
        }
    }

    fn start(self) -> &'static str {
        match self {
            Lang::Rust => "cargo run --release",
            Lang::Node => "node server.mjs",
            Lang::Sh => "countersign service run --listen 127.0.0.1:20000 --secret-env SCANNER_KEY -- ./scan.sh",
        }
    }
}

impl File {
    fn plain(path: &'static str, text: impl Into<String>) -> Self {
        Self { path, text: text.into(), mode: 0o644 }
    }
}

fn check() -> String {
    format!("countersign service check http://{LISTEN}/ --secret-env SCANNER_KEY")
}

/// The empty workspace keeps cargo from looking for one above the folder.
fn manifest(name: &str, kit: &Path) -> String {
    let kit = toml::Value::from(kit.display().to_string());
    format!(
        r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"
publish = false

[dependencies]
scanner-kit = {{ path = {kit} }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}

[workspace]
"#
    )
}

fn write(dir: &Path, files: &[File]) -> Result<(), Failure> {
    // All are looked at before the first is written, so that a refusal leaves nothing behind.
    if let Some(path) = files.iter().map(|file| dir.join(file.path)).find(|path| path.symlink_metadata().is_ok()) {
        return Err(taken(&path));
    }
    for file in files {
        let path = dir.join(file.path);
        let folder = path.parent().unwrap_or(dir);
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::File::options().write(true).create_new(true).mode(file.mode).open(&path))
            .and_then(|mut open| open.write_all(file.text.as_bytes()));
        written.map_err(|why| match why.kind() {
            ErrorKind::AlreadyExists => taken(&path),
            _ => Failure::new(Exit::Config, format!("{} cannot be written: {why}", path.display()))
                .mend("give another folder with --dir"),
        })?;
    }
    Ok(())
}

fn taken(path: &Path) -> Failure {
    Failure::new(Exit::Conflict, format!("{} is there already", path.display()))
        .mend("give another folder with --dir, or move it away; nothing is overwritten")
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn name(text: &str) -> Result<String, String> {
    let is_in = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let right =
        text.starts_with(|letter: char| letter.is_ascii_lowercase()) && text.chars().all(is_in) && text.len() <= 64;
    if right {
        return Ok(text.to_owned());
    }
    Err(format!("expected at most 64 lower-case letters, digits and hyphens, a letter first, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_fit_for_a_folder_and_a_package() {
        assert_eq!(name("virus-scan2").as_deref(), Ok("virus-scan2"));
        for wrong in ["", "2scan", "-scan", "../scan", "Scan", "a b", "a\"", &"a".repeat(65)] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_path_reaches_the_shell_as_it_is() {
        assert_eq!(quoted(Path::new("a/b-1")), "a/b-1");
        assert_eq!(quoted(Path::new("it's $x")), r"'it'\''s $x'");
    }
}

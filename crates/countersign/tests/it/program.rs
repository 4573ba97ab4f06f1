//! Programs that others wrote their part of a protocol in, and what they need installed.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A running program that is told and tells things line by line, until dropped.
pub struct Program {
    pub child: Child,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|why| panic!("{command:?} is needed and did not start: {why}"));
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, output }
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).expect("read"), 0, "it ended");
        line.trim_end().to_owned()
    }

    /// Tells it something.
    pub fn tell(&mut self, what: &Value) {
        let input = self.child.stdin.as_mut().expect("piped");
        writeln!(input, "{what}").expect("written");
    }

    /// The next thing it tells that has this member.
    pub fn told(&mut self, member: &str) -> Value {
        loop {
            let line = self.line();
            let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("JSON: {line}"));
            if told.get(member).is_some() {
                return told;
            }
            assert!(told.get("failed").is_none() || member == "failed", "{told}");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Nothing is left to try.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// A Python with what the tests' programs need.
pub fn python() -> PathBuf {
    python_with("requirements")
}

/// A Python with what this file of `tests/python/` names, made once, in the target directory.
pub fn python_with(list: &str) -> PathBuf {
    let requirements = tests(&format!("python/{list}.txt"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{list}"));
    let python = folder.join("bin/python");
    let installed = folder.join("installed.txt");
    // Whoever comes second waits until the first has made it.
    let lock = File::create(folder.with_extension("lock")).expect("a file");
    lock.lock().expect("locked");
    let wanted = std::fs::read(&requirements).expect("requirements");
    if python.exists() && std::fs::read(&installed).is_ok_and(|have| have == wanted) {
        return python;
    }
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    succeed(Command::new(&python).args(quiet).arg(&requirements));
    std::fs::write(installed, wanted).expect("written");
    python
}

/// A file of these tests.
pub fn tests(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

fn succeed(command: &mut Command) {
    let output = command.output();
    let needed = "these tests need Python 3 with its module venv, and its package index within reach";
    let output = output.unwrap_or_else(|why| panic!("{command:?} did not start: {why}; {needed}"));
    assert!(output.status.success(), "{command:?}: {}\n{needed}", String::from_utf8_lossy(&output.stderr));
}

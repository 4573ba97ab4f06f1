//! A fresh place for one test, and calls of the program in it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub const WHCK: &str = env!("CARGO_BIN_EXE_whck");

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A directory that is removed with the test that made it.
pub struct World(PathBuf);

impl World {
    pub fn new() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("whck-{}-{count}", std::process::id()));
        fs::create_dir(&path).expect("a fresh directory");
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A secrets directory with these files, fit for use.
    pub fn store(&self, name: &str, files: &BTreeMap<String, String>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("a directory");
        set_mode(&path, 0o700);
        for (name, content) in files {
            fs::write(path.join(name), content).expect("a file");
            set_mode(&path.join(name), 0o600);
        }
        path
    }

    /// The usual secrets directory, with one file.
    pub fn with_secret(name: &str, content: &str) -> Self {
        let world = Self::new();
        world.store("secrets", &BTreeMap::from([(name.to_owned(), content.to_owned())]));
        world
    }

    /// Calls the program with the usual secrets directory.
    pub fn call(&self, arguments: &[&str], body: &[u8]) -> Output {
        run(self.command().args(arguments), body)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(WHCK);
        command.env_clear().env("WHCK_DIR", self.path("secrets"));
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

/// Runs to the end. A program that does not read its body is no fault of the caller's.
pub fn run(command: &mut Command, body: &[u8]) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the program starts");
    let _ = child.stdin.take().expect("a pipe").write_all(body);
    child.wait_with_output().expect("the program ends")
}

/// What holds for every check, whatever its verdict. Returns the exit code.
pub fn code_of(output: &Output) -> i32 {
    assert_eq!(output.stdout, b"", "nothing on standard output");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.lines().count() <= 1, "more than one line: {said}");
    output.status.code().expect("an exit code")
}

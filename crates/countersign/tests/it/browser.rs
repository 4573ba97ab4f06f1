//! The page as people meet it, in a browser and with real data. What it must do is said in `tests/browser/`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::npm::npm_ci;
use crate::program::tests;

/// A folder with these tests, and what their package needs.
fn installed() -> TempDir {
    let folder = TempDir::with_prefix("countersign-browser-tests-").expect("a folder");
    copy_files(&tests("browser"), &folder.path().join("browser"));
    fs::create_dir(folder.path().join("npm")).expect("a folder");
    let client = "npm/worker-client.js";
    fs::copy(tests(client), folder.path().join(client)).expect("copied");
    npm_ci(&folder.path().join("browser"));
    folder
}

/// Copies the files of a folder; what its folders hold was installed, not written.
fn copy_files(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copied");
        }
    }
}

#[test]
fn the_page_does_in_a_browser_what_people_need() {
    if std::env::var_os("CHROMIUM").is_some_and(|program| program == "none") {
        eprintln!("NOT RUN: CHROMIUM=none says that there is no browser here");
        return;
    }
    let folder = installed();

    let output = Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .current_dir(folder.path().join("browser"))
        .env("COUNTERSIGN", env!("CARGO_BIN_EXE_countersign"))
        .output()
        .expect("node is there: this test needs Node 20");

    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("\u{2139} tests 0"), "no test was found");
}

//! A copy of what the tests under Node need, laid out as here: they write into no folder of ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What is copied, from the root of the workspace.
const COPIED: [&str; 16] = [
    ".github/workflows/license-validator.yml",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "crates/license/vectors",
    "crates/node/README.md",
    "crates/node/examples",
    "crates/node/index.d.ts",
    "crates/node/index.js",
    "crates/node/lib",
    "crates/node/meta",
    "crates/node/package.json",
    "crates/node/scripts",
    "crates/node/tests/js",
    "crates/node/tests/types",
    "crates/verify/vectors/providers.json",
];

/// The copy, until it is dropped.
pub struct Tree(TempDir);

impl Tree {
    pub fn new() -> Self {
        let folder = TempDir::with_prefix("countersign-node-").expect("a folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for path in COPIED {
            copy(&root.join(path), &folder.path().join(path));
        }
        Self(folder)
    }

    /// The folder of the module.
    pub fn module(&self) -> PathBuf {
        self.0.path().join("crates/node")
    }

    /// Where the library belongs.
    pub fn library(&self) -> PathBuf {
        self.module().join("license-validator.node")
    }

    /// Lays the library beside the module.
    pub fn place(&self, library: &Path) {
        fs::copy(library, self.library()).expect("the library is built together with this test");
    }
}

/// The library that cargo built for this test.
pub fn built() -> PathBuf {
    let name = format!("{}license_validator{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    std::env::current_exe().expect("a path").with_file_name(name)
}

/// Runs a program to its end, which must be a good one. What it said.
pub fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("node and npm are there: this test needs Node 20");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    if from.is_file() {
        fs::copy(from, to).unwrap_or_else(|why| panic!("{}: {why}", from.display()));
        return;
    }
    for entry in fs::read_dir(from).unwrap_or_else(|why| panic!("{}: {why}", from.display())) {
        let entry = entry.expect("an entry");
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

//! The module in the process that it is made for: the tests of `tests/js` under Node, and the packages as users get them.

mod sources;
mod tree;

use std::path::Path;
use std::process::Command;

use crate::tree::{Tree, built, succeeds};

#[test]
fn the_tests_under_node_pass() {
    let tree = Tree::new();
    tree.place(&built());

    succeeds(Command::new("node").arg("--test").current_dir(tree.module()));
}

#[test]
fn the_types_are_those_of_what_is_exported() {
    let tree = Tree::new();
    let folder = tree.module().join("tests/types");

    succeeds(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder));
    succeeds(Command::new("npx").args(["--no-install", "tsc"]).current_dir(&folder));
}

#[test]
fn the_packages_are_built_packed_and_installed_and_hold_no_secret_to_be_read() {
    let secret = "hY3#no-secret-qK8!of-anybody-zV5%for-tests-xN1&alone-bT6*wRe-0cJ9+uMf";
    let tree = Tree::new();
    let module = tree.module();
    let node = |script: &str| {
        let mut command = Command::new("node");
        command.arg(module.join("scripts").join(script)).env("PAROLE_VALUE", secret).current_dir(&module);
        command
    };

    // From the crate itself, whose workspace cargo needs. What it is made of is not optimised: this takes no minutes.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node");
    let mut build = Command::new("npm");
    build.args(["run", "build:debug", "--", "--require-parole", "--out"]).arg(tree.library());
    build.args(["--", "--config", "profile.dev.package.\"*\".opt-level=0", "--offline"]);
    build.current_dir(env!("CARGO_MANIFEST_DIR")).env("PAROLE_VALUE", secret).env("CARGO_TARGET_DIR", target);
    let said = succeeds(&mut build);
    assert!(!said.contains(secret), "a build must not print the secret");
    succeeds(&mut node("package.mjs"));
    succeeds(node("package.mjs").arg("--meta"));
    succeeds(&mut node("check-packed.mjs"));

    let other = node("check-packed.mjs").env("PAROLE_VALUE", "another secret").output().expect("node runs");
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(!other.status.success() && said.contains("ends in SIGNATURE_INVALID"), "{said}");
}

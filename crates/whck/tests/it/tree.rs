//! The program stays tiny.

use std::collections::BTreeSet;
use std::process::Command;

/// The most crates that the program is made of, itself among them.
const CRATES_MAX: usize = 20;

#[test]
fn the_program_is_made_of_few_crates() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "whck", "-e", "normal", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(output.stdout).expect("text");

    let crates: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(crates.len() <= CRATES_MAX, "{} crates: {crates:#?}", crates.len());
}

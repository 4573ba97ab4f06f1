//! The page of promises names tests that are there.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let page = std::fs::read_to_string(root().join("docs/guarantees.md")).expect("the page");
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.contains("Kept by")) {
        let test = row.trim_end_matches(" |").rsplit('`').nth(1).unwrap_or_default();
        let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("no test in the row {row:?}"));
        let code = std::fs::read_to_string(root().join("crates").join(file)).unwrap_or_default();
        assert!(code.contains(&format!("fn {name}(")), "{file} has no test {name}");
        named += 1;
    }
    assert!(named >= 50, "only {named} rows were read");
}

//! The demonstration, as a stranger runs it.

use serde_json::Value;
use tempfile::TempDir;

use crate::world::countersign;

#[test]
fn the_demonstration_ends_as_it_promises_twice_in_one_folder() {
    let folder = TempDir::with_prefix("countersign-demo-").expect("a folder");
    for _ in 0..2 {
        let output = countersign(folder.path()).args(["up", "--demo", "--once"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        let told: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(told, ["accepted", "refused", "result", "rule", "verdict", "page"]);
    }
}

#[test]
fn the_demonstration_is_told_to_programs_too_and_never_what_a_forger_lacks() {
    let folder = TempDir::with_prefix("countersign-demo-").expect("a folder");
    let output = countersign(folder.path()).args(["up", "--demo", "--once", "--json"]).output().expect("it runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["refused"]["reason"], "signature-mismatch");
    assert_eq!(told["verdict"]["verdict"], "held");
    assert!(told["page"].as_str().is_some_and(|page| page.contains("/login?ticket=")));
    let secret = std::fs::read_to_string(folder.path().join("countersign-demo/github-secret")).expect("a secret");
    assert!(!told.to_string().contains(&secret) && !told["refused"].to_string().contains("sha256="));
}

#[test]
fn a_folder_with_other_data_is_left_alone() {
    let folder = TempDir::with_prefix("countersign-demo-").expect("a folder");
    std::fs::create_dir(folder.path().join("countersign-demo")).expect("made");
    std::fs::write(folder.path().join("countersign-demo/thesis.txt"), "mine").expect("written");
    let output = countersign(folder.path()).args(["up", "--demo", "--once"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert_eq!(std::fs::read_dir(folder.path().join("countersign-demo")).expect("there").count(), 1);
}

//! The rules of the workspace: which crate may know which, and what all of them inherit.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::world::root;

/// What each crate may build on. Crates that are missing here are for tests and measurements alone.
const ARROWS: &[(&str, &[&str])] = &[
    ("verify", &[]),
    ("license", &["verify"]),
    ("domain", &["verify", "license"]),
    ("store", &["verify", "domain"]),
    ("store-memory", &["verify", "domain", "store"]),
    ("store-sqlite", &["verify", "domain", "store"]),
    ("bus", &["domain", "store"]),
    ("artifacts", &[]),
    ("egress", &[]),
    ("dispatch", &["verify", "domain", "store", "bus", "artifacts", "egress"]),
    ("preview", &["domain"]),
    ("server", &["verify", "domain", "store", "bus", "artifacts", "egress"]),
    (
        "countersign",
        &[
            "verify",
            "domain",
            "store",
            "store-memory",
            "store-sqlite",
            "bus",
            "artifacts",
            "egress",
            "dispatch",
            "server",
            "preview",
            "scanner-kit",
            "license",
            "container-check",
        ],
    ),
    ("container-check", &["license"]),
    ("whck", &["verify"]),
    ("forge-endpoint", &[]),
    ("node", &["verify", "license"]),
    ("scanner-kit", &["verify"]),
];

/// The crates that are never shipped.
const UNSHIPPED: [&str; 1] = ["bench"];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().expect("a name")
}

#[test]
fn dependencies_point_one_way() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for package in packages() {
        let crate_name = name(&package);
        if UNSHIPPED.contains(&crate_name) {
            continue;
        }
        let allowed = arrows.get(crate_name).unwrap_or_else(|| panic!("{crate_name} has no arrows in this test"));
        let all = package["dependencies"].as_array().expect("dependencies").iter();
        let ours = all.filter(|dependency| dependency["path"].is_string() && dependency["kind"].is_null());
        for dependency in ours.map(name) {
            assert!(allowed.contains(&dependency), "{crate_name} must not know {dependency}");
        }
    }
}

/// The lints of a manifest, without their heading's last word.
fn lints(manifest: &str, heading: &str) -> String {
    let all = manifest.split(heading).skip(1).map(|rest| rest.split("\n\n[").next().unwrap_or_default().trim());
    all.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_crate_inherits_the_lints() {
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a manifest");
    let workspace = lints(&read(&root().join("Cargo.toml")), "[workspace.lints");
    for package in packages() {
        let manifest = read(std::path::Path::new(package["manifest_path"].as_str().expect("a path")));
        if ["whck", "node"].contains(&name(&package)) {
            // One function owns descriptors that it inherited, which no safe code can; what a macro writes calls C.
            let own = lints(&manifest, "[lints").replace("unsafe_code = \"deny\"", "unsafe_code = \"forbid\"");
            assert_eq!(own, workspace);
            continue;
        }
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", name(&package));
    }
}

#[test]
fn the_forge_validator_stays_small() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "whck", "-e", "normal", "--prefix", "none", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(output.stdout).expect("text");
    let crates: std::collections::BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!((1..=20).contains(&crates.len()), "{crates:?}");
}

//! Published vectors, run by the command line.

use std::process::Output;

use serde_json::Value;

use crate::world::{countersign, root};

fn run(file: &str) -> (Output, Vec<Value>, String) {
    run_in("verify", file)
}

/// Runs the vectors of a crate.
fn run_in(crate_name: &str, file: &str) -> (Output, Vec<Value>, String) {
    let vectors = root().join("crates").join(crate_name).join("vectors");
    let output = countersign(&vectors).args(["conformance", file]).output().expect("it runs");
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let (rows, sum) = text.trim_end().rsplit_once('\n').expect("rows and their sum");
    (output.clone(), rows.lines().map(|row| serde_json::from_str(row).expect("a row")).collect(), sum.to_owned())
}

#[test]
fn every_request_of_every_provider_is_judged_as_it_should_be() {
    let (output, rows, sum) = run("providers.json");
    let failed: Vec<_> = rows.iter().filter(|row| row["pass"] == false).collect();

    assert_eq!(failed, [] as [&Value; 0]);
    assert_eq!(sum, "477 passed, 0 failed");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn every_vector_of_the_two_protocols_comes_out_as_it_says() {
    for (file, count) in [("scanner-hmac.json", 51), ("request-hmac.json", 88), ("worker-responses.json", 146)] {
        let (output, rows, sum) = run(file);
        assert_eq!((rows.len(), sum), (count, format!("{count} passed, 0 failed")), "{file}");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn every_license_token_and_every_start_of_a_container_comes_out_as_it_says() {
    let (output, rows, sum) = run_in("license", "license-tokens.json");
    let failed: Vec<&Value> = rows.iter().filter(|row| row["pass"] == false).collect();
    assert_eq!((rows.len(), sum), (186, "186 passed, 0 failed".to_owned()), "{failed:?}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(rows.iter().filter(|row| row["got"].as_str().is_some_and(|got| got.starts_with("exit "))).count(), 12);
}

#[test]
fn every_row_of_the_forge_endpoints_comes_out_as_it_says() {
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "-q", "--locked", "-p", "whck", "-p", "forge-endpoint"])
        .current_dir(root())
        .status();
    assert!(built.expect("cargo runs").success());
    let output = countersign(&root()).args(["conformance", "spec/vectors/forge.json"]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().last(), Some("85 passed, 0 failed"), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

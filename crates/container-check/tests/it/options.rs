//! What can be asked for, and what is said about it.

use std::process::Output;

use serde_json::Value;

use crate::start::{keys, program, published, said};

/// Runs the start `su-01`, which is valid, with these variables and arguments.
fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let (container, license) = published("su-01");
    program()
        .env("IMG", "countersign/gateway")
        .env("COUNTERSIGN_LICENSE_KEY", license)
        .env("COUNTERSIGN_CONTAINER_TOKEN", container)
        .envs(variables.iter().copied())
        .arg("--keys")
        .arg(keys(folder.path(), "hs512"))
        .args(["--at", "1760000000"])
        .args(arguments)
        .output()
        .expect("it runs")
}

#[test]
fn the_image_that_is_given_outdoes_the_variable() {
    assert_eq!(run(&[], &[]).status.code(), Some(0));
    assert_eq!(run(&[("IMG", "countersign/other")], &["--image", "countersign/gateway"]).status.code(), Some(0));
    let other = run(&[], &["--image", "countersign/other"]);
    assert_eq!(other.status.code(), Some(16));
    assert_eq!(
        said(&other),
        "container-check: AUDIENCE_MISMATCH: Invalid token! Container countersign/other tries to use token for image: \
         countersign/gateway\n"
    );
}

#[test]
fn what_came_of_it_is_told_to_programs() {
    let valid = run(&[], &["--json"]);
    let told: Value = serde_json::from_slice(&valid.stdout).expect("JSON");
    assert_eq!(
        (&told["valid"], &told["ends"], &told["ended_by"]),
        (&true.into(), &1_762_592_000.0.into(), &"user".into())
    );

    let expired = run(&[], &["--json", "--at", "1762592000"]);
    let told: Value = serde_json::from_slice(&expired.stdout).expect("JSON");
    assert_eq!((&told["code"], &told["token"], &told["exit"]), (&"EXPIRED".into(), &"user".into(), &13.into()));
}

#[test]
fn what_is_asked_for_wrongly_is_no_verdict() {
    for (arguments, words) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["stray"], "stray"),
        (&["--at", "tomorrow"], "tomorrow"),
        (&["--leeway", "301"], "0 to 300"),
        (&["--keys", "/nowhere.json"], "/nowhere.json cannot be read"),
        (&["--revocations", "/nowhere.jwt"], "/nowhere.jwt cannot be read"),
        (&["--revocation-mode", "perhaps"], "optional"),
    ] {
        let output = run(&[], arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(words), "{}", said(&output));
    }
    let none = run(&[("COUNTERSIGN_CONTAINER_TOKEN", ""), ("COUNTERSIGN_CONTAINER_TOKEN_FILE", "/nowhere")], &[]);
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("no container token"));
    let keyless = program().env("COUNTERSIGN_CONTAINER_TOKEN", "x").output().expect("it runs");
    assert_eq!(keyless.status.code(), Some(2));
    assert!(said(&keyless).contains("no keys"));
}

#[test]
fn strange_files_are_malformed_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("license.jwt");
    let path = file.to_str().expect("UTF-8");
    for bytes in [&b"\xff.\xfe.\xfd"[..], &[b'a'; 10 << 20], "\u{e4}.\u{e4}.\u{e4}".as_bytes()] {
        std::fs::write(&file, bytes).expect("written");
        let output = run(&[("COUNTERSIGN_LICENSE_KEY", ""), ("COUNTERSIGN_LICENSE_FILE", path)], &[]);
        assert_eq!(output.status.code(), Some(11), "{}", said(&output));
    }
}

#[test]
fn settings_decide_as_they_say() {
    assert_eq!(run(&[], &["--customer", "customer-0001"]).status.code(), Some(0));
    assert_eq!(run(&[], &["--customer", "customer-0002"]).status.code(), Some(16));
    assert_eq!(run(&[], &["--product", "countersign"]).status.code(), Some(15));
    assert_eq!(run(&[], &["--revocation-mode", "required"]).status.code(), Some(18));
    assert_eq!(run(&[], &["--at", "1762592010", "--leeway", "11"]).status.code(), Some(0));
}

#[test]
fn a_clock_that_was_set_back_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state.json");
    let at = |seconds: &str| run(&[], &["--at", seconds, "--state", state.to_str().expect("UTF-8")]);

    let seen = r#"{"latest_seen_s":1760600000}"#;
    std::fs::write(&state, seen).expect("written");
    assert_eq!(at("1760513600").status.code(), Some(0), "a day is forgiven");
    let back = at("1760500000");
    assert_eq!((back.status.code(), said(&back).contains("set back")), (Some(14), true));
    assert_eq!(at("1762000000").status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&state).expect("read"), seen, "a trial leaves it as it is");
}

#[test]
fn help_names_every_exit_code() {
    let output = program().arg("--help").output().expect("it runs");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for code in ["0 valid", "2 usage", "10 ", "11 ", "12 ", "13 ", "14 ", "15 ", "16 ", "17 ", "18 ", "70 "] {
        assert!(text.contains(code), "{code}");
    }
}

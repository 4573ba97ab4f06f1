//! What needs no server: verifying and signing.

use std::io::Write;
use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::world::countersign;

/// GitHub's documented example.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = br#"{"hello":"world"}"#;

fn run(arguments: &[&str], body: &[u8]) -> Output {
    let folder = TempDir::with_prefix("countersign-offline-").expect("a folder");
    let mut child = countersign(folder.path())
        .args(arguments)
        .env("SECRET", SECRET)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("piped").write_all(body).expect("written");
    child.wait_with_output().expect("it ends")
}

#[test]
fn what_was_signed_is_verified_and_what_was_changed_is_not() {
    let signed = run(&["sign", "--as", "github", "--secret-env", "SECRET"], BODY);
    let header = String::from_utf8(signed.stdout).expect("text");
    let arguments = [
        "verify",
        "--provider",
        "github",
        "--secret-env",
        "SECRET",
        "--header",
        "X-GitHub-Event: push",
        "--header",
        header.trim(),
    ];

    let right = run(&arguments, BODY);
    assert_eq!(right.status.code(), Some(0), "{right:?}");
    assert!(String::from_utf8_lossy(&right.stdout).starts_with("yes: github.push"));

    let wrong = run(&arguments, b"{}");
    assert_eq!(wrong.status.code(), Some(1));
    let said = String::from_utf8_lossy(&wrong.stdout);
    assert!(said.starts_with("no: signature-mismatch") && said.contains("Enter the same secret"), "{said}");
}

#[test]
fn an_unknown_provider_a_missing_token_and_a_missing_file_have_codes_of_their_own() {
    assert_eq!(run(&["verify", "--provider", "githbu", "--secret-env", "SECRET"], BODY).status.code(), Some(2));
    assert_eq!(run(&["event", "list"], b"").status.code(), Some(5));
    let unreachable = run(&["event", "list", "--config", "nowhere.toml"], b"");
    assert_eq!(unreachable.status.code(), Some(3), "{unreachable:?}");
    assert_eq!(run(&["event"], b"").status.code(), Some(2));
}

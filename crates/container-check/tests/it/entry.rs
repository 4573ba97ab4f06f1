//! The entry script: the container's program starts, or the start ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::start::{published, said, vectors};

/// Lays out what an image has beside its entry script, and starts it under this name.
fn start(image: &str, license: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("container");
    let at = |name: &str| folder.path().join(name);
    fs::copy(files.join("entrypoint.sh"), at("entrypoint.sh")).expect("copied");
    // A test that starts what another thread still has open for writing fails: a link is never written to.
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_container-check"), at("container-check")).expect("linked");
    fs::write(at("keys.json"), vectors()["keysets"]["hs512"].to_string()).expect("written");
    fs::write(at("container.jwt"), published("su-01").0).expect("written");
    Command::new("sh")
        .arg(at("entrypoint.sh"))
        .args(arguments)
        .env("IMG", image)
        .env("COUNTERSIGN_LICENSE_KEY", license)
        .env("COUNTERSIGN_CONTAINER_TOKEN", "another that was slipped in")
        .output()
        .expect("it runs")
}

/// A license that is valid now, in category S as the published ones are.
fn license() -> String {
    use license::{Categories, Draft, Kind, Names, PrivateKey};
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let key = PrivateKey::read(&vectors()["keysets"]["hs512"]["keys"][0].to_string()).expect("a key");
    let draft = Draft {
        kind: Kind::User,
        audience: "customer-1".to_owned(),
        categories: Categories::S,
        not_before: None,
        expires: Some(now + std::time::Duration::from_secs(3600)),
        lease: None,
        id: "1".to_owned(),
        issued_at: now,
        long: false,
        algorithm_by_new_name: false,
    };
    draft.issue(&key, &Names::default()).expect("a token")
}

#[test]
fn the_program_takes_the_place_of_the_script_where_the_license_matches() {
    let output =
        start("countersign/gateway", &license(), &["sh", "-c", "echo \"started with $1\"; exit 3", "sh", "a b"]);
    assert_eq!((output.status.code(), said(&output)), (Some(3), ""));
    assert_eq!(output.stdout, b"started with a b\n");
}

#[test]
fn the_start_ends_where_it_does_not() {
    for (image, license, exit) in [
        ("countersign/other", license(), 16),
        ("countersign/gateway", String::new(), 10),
        ("countersign/gateway", published("su-05").1, 13),
        ("countersign/gateway", "asdf42#0815".to_owned(), 11),
    ] {
        let output = start(image, &license, &["echo", "started"]);
        assert_eq!((output.status.code(), &*output.stdout), (Some(exit), &b""[..]), "{}", said(&output));
        assert!(said(&output).starts_with("container-check: "));
    }
}

//! What the published rows leave out.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};

use crate::world::{WHCK, World, code_of, run, set_mode};

const BODY: &[u8] = b"Hello, World!";
const SECRET: &str = "It's a Secret to Everybody";
const CLAIM: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_secret_may_be_named_as_it_stands() {
    let world = World::with_secret("my.repo", SECRET);

    let output = world.call(&["hmac-sha256", "my.repo", CLAIM], BODY);

    assert_eq!((code_of(&output), said(&output).as_str()), (0, ""));
}

#[test]
fn the_next_secret_counts_beside_the_first_and_alone() {
    let world = World::with_secret("repo", "old");
    fs::write(world.path("secrets/repo.next"), "new").expect("a file");
    let code = |claim| code_of(&world.call(&["token", "repo", claim], b""));

    assert_eq!([code("old"), code("new"), code("newer")], [0, 0, 1]);

    fs::remove_file(world.path("secrets/repo")).expect("removed");
    assert_eq!([code("old"), code("new")], [1, 0]);
}

#[test]
fn an_unknown_repository_is_answered_like_a_wrong_claim() {
    let world = World::with_secret("repo", SECRET);

    let wrong = world.call(&["hmac-sha256", "repo", &CLAIM.replace('7', "8")], BODY);
    let unknown = world.call(&["hmac-sha256", "other", CLAIM], BODY);

    assert_eq!([code_of(&wrong), code_of(&unknown)], [1, 1]);
    assert_eq!(said(&wrong), "whck: not valid\n");
    assert_eq!(said(&wrong), said(&unknown));
}

#[test]
fn a_claim_that_looks_like_an_option_is_a_wrong_claim() {
    let world = World::with_secret("repo", SECRET);

    for claim in ["--help", "--version", "--claim-fd=3"] {
        assert_eq!(code_of(&world.call(&["token", "repo", claim], b"")), 1, "{claim}");
    }
}

#[test]
fn a_claim_may_come_through_a_descriptor() {
    let world = World::with_secret("repo", SECRET);
    fs::write(world.path("claim"), SECRET).expect("a file");
    let through = |claim: &str| {
        let script = format!("exec {WHCK} --claim-fd 3 token repo - 3< {claim}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).env("WHCK_DIR", world.path("secrets"));
        code_of(&run(&mut shell, b""))
    };

    assert_eq!(through(&world.path("claim").display().to_string()), 0);
    assert_eq!(through("/dev/null"), 1);
    assert_eq!(code_of(&world.call(&["--claim-fd", "9", "token", "repo", "-"], b"")), 2);
}

#[test]
fn a_closed_or_unread_body_does_no_harm() {
    let world = World::with_secret("repo", SECRET);
    let mut command = world.command();
    command.args(["token", "repo", SECRET]).stdin(Stdio::null());

    assert_eq!(command.status().expect("ends").code(), Some(0));
    assert_eq!(code_of(&world.call(&["token", "repo", SECRET], &vec![0; 1 << 20])), 0);
}

#[test]
fn a_body_over_the_limit_is_a_failure_whoever_asks() {
    let world = World::with_secret("repo", SECRET);
    let code = |identifier, most| {
        let mut command = world.command();
        command.env("WHCK_MAX_BODY", most).args(["hmac-sha256", identifier, CLAIM]);
        code_of(&run(&mut command, BODY))
    };

    assert_eq!([code("repo", "13"), code("repo", "0")], [0, 0]);
    assert_eq!([code("repo", "12"), code("unknown", "12")], [7, 7]);
    assert_eq!(code("repo", "many"), 2);
}

#[test]
fn a_directory_that_others_can_write_is_not_used() {
    let world = World::with_secret("repo", SECRET);
    for mode in [0o720, 0o702, 0o777] {
        set_mode(&world.path("secrets"), mode);

        let output = world.call(&["token", "repo", SECRET], b"");

        assert_eq!(code_of(&output), 6, "{mode:o}");
        assert!(said(&output).contains("chmod go-w"));
    }
}

#[test]
fn a_place_that_is_no_directory_is_no_secrets_directory() {
    let world = World::new();
    fs::write(world.path("secrets"), SECRET).expect("a file");

    assert_eq!(code_of(&world.call(&["token", "repo", SECRET], b"")), 5);
}

#[test]
fn a_file_that_others_could_have_put_there_is_no_secret() {
    let world = World::with_secret("open", SECRET);
    set_mode(&world.path("secrets/open"), 0o622);
    fs::write(world.path("target"), SECRET).expect("a file");
    symlink(world.path("target"), world.path("secrets/link")).expect("a link");
    fs::create_dir(world.path("secrets/folder")).expect("a directory");
    let fifo = Command::new("mkfifo").arg(world.path("secrets/fifo")).status();
    assert!(fifo.expect("mkfifo runs").success());

    for (name, why) in [
        ("open", "is writable by others"),
        ("link", "is a symbolic link"),
        ("folder", "is not a regular file"),
        ("fifo", "is not a regular file"),
    ] {
        let output = world.call(&["token", name, SECRET], b"");

        assert_eq!(code_of(&output), 1, "{name}");
        assert_eq!(said(&output), format!("whck: not valid: the stored secret {why}\n"));
    }
}

#[test]
fn a_secret_has_1_to_4096_octets_and_no_nul() {
    let long = "a".repeat(4096);
    let files = [("long", long.clone() + "\r\n"), ("longer", long.clone() + "a"), ("nul", "a\0b".into())];
    let world = World::new();
    world.store("secrets", &BTreeMap::from(files.map(|(name, secret)| (name.to_owned(), secret))));
    let code = |name, claim: &str| code_of(&world.call(&["token", name, claim], b""));

    assert_eq!(code("long", &long), 0);
    assert_eq!(code("longer", &(long.clone() + "a")), 1);
    assert_eq!(code("nul", "a"), 1);
}

#[test]
fn help_and_version_are_told_on_standard_output() {
    for (option, beginning) in [("--help", "Checks the claim"), ("--version", "whck ")] {
        let output = Command::new(WHCK).arg(option).output().expect("runs");

        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).starts_with(beginning));
    }
}

#[test]
fn nothing_that_is_said_holds_a_secret_or_a_path() {
    let world = World::with_secret("repo", SECRET);
    for arguments in [["token", "repo", "wrong"], ["token", "../x", "y"], ["kind", "repo", "x"]] {
        let said = said(&world.call(&arguments, BODY));

        assert!(!said.contains(SECRET) && !said.contains("secrets/"), "{said}");
    }
}

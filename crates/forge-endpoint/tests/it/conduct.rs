//! What happens to a request.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::world::{GITEA, GITEA_CLAIM, GITLAB, SMALL, Server, World, receive, whck};

const GITEA_URL: &str = "http://localhost:3000/example/example";

/// A stand-in that keeps what it was called with.
const RECORDING: &str = r#"[ "$1" = --version ] && exit 0
printf '%s\n' "$@" > $W/arguments
exec cat > $W/body"#;

fn base16(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn fifo(world: &World, name: &str) {
    assert!(Command::new("mkfifo").arg(world.path(name)).status().expect("mkfifo runs").success());
}

#[test]
fn the_validator_gets_kind_identifier_claim_and_the_body_octet_by_octet() {
    let world = World::new();
    let server = world.serve(&world.script("whck", RECORDING));
    let odd = b"\n{\"repository\":{\"html_url\":\"a\\/b\"},\"x\":\"\xc3\xbc\\u0000\"} \r\n";

    for (header, body, said) in [
        (("X-Gitea-Signature", "abc"), GITEA, format!("hmac-sha256\n{}\nabc\n", base16(GITEA_URL))),
        (("X-Hub-Signature-256", "sha256=abc"), odd, "hmac-sha256\n612f62\nabc\n".to_owned()),
        (
            ("X_GITLAB_TOKEN", "help"),
            GITLAB,
            format!("token\n{}\nhelp\n", base16("http://example.com/mike/diaspora.git")),
        ),
    ] {
        assert_eq!(server.post(&[header], body).status, 200);
        assert_eq!(world.read("arguments"), said);
        assert!(fs::read(world.path("body")).expect("a body") == body);
    }
}

#[test]
fn a_claim_that_looks_like_an_option_is_not_passed_as_an_argument() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());

    for claim in ["--help", "--version", "-"] {
        assert_eq!(server.post(&[("X-Gitlab-Token", claim)], GITLAB).status, 403);
    }
    assert_eq!(server.post(&[("X-Gitlab-Token", "help")], GITLAB).status, 200);
}

#[test]
fn bodies_that_drip_in_keep_nobody_from_being_checked() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());
    let head = "POST / HTTP/1.1\r\nHost: h\r\nX-Gitea-Signature: c\r\nContent-Length: 1000\r\n\r\n{";
    let dripping: Vec<TcpStream> = (0..80)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).expect("a connection");
            stream.write_all(head.as_bytes()).expect("sent");
            stream
        })
        .collect();

    assert_eq!(server.post(&[("X-Gitea-Signature", "c")], SMALL).status, 200);
    assert_eq!(dripping.len(), 80);
}

#[test]
fn our_own_validator_gets_the_claim_through_a_descriptor() {
    let world = World::new();
    let lines = format!("printf '%s\\n' \"$@\" >> $W/arguments\nexec {} \"$@\"", whck().display());
    world.store([(base16("u").as_str(), "s3cret")]);
    let server = world.serve(&world.script("whck", &lines));

    assert_eq!(server.post(&[("X-Gitlab-Token", "s3cret")], SMALL).status, 200);
    assert_eq!(server.post(&[("X-Gitlab-Token", "wrong")], SMALL).status, 403);
    assert_eq!(server.post(&[("X-Gitlab-Token", &"s".repeat(5000))], SMALL).status, 403);
    let arguments = world.read("arguments");
    assert!(!arguments.contains("s3cret") && arguments.contains("--claim-fd"), "{arguments}");
}

#[test]
fn where_descriptors_do_not_arrive_the_plain_convention_is_kept() {
    let world = World::new();
    world.store([(base16("u").as_str(), "s3cret")]);
    let close = "import os, sys\nos.closerange(3, 4096)\nos.execv(sys.argv[1], sys.argv[1:])";
    let server = world.serve(&world.script("whck", &format!("exec python3 -c '{close}' {} \"$@\"", whck().display())));

    assert_eq!(server.post(&[("X-Gitlab-Token", "s3cret")], SMALL).status, 200);
    assert_eq!(server.post(&[("X-Gitlab-Token", "wrong")], SMALL).status, 403);
}

#[test]
fn only_the_exit_code_0_is_a_yes() {
    let world = World::new();
    let server = world.serve(&world.script("whck", "exit $(cat $W/code)"));
    for (code, status) in [(0, 200), (1, 403), (4, 403), (2, 500), (5, 500), (6, 500), (7, 500), (70, 500), (127, 500)]
    {
        world.write("code", code.to_string());

        let answer = server.post(&[("X-Gitea-Signature", "c")], SMALL);

        assert_eq!(answer.status, status, "{code}");
        assert!(!answer.body.contains("whck") && !answer.body.contains('/'), "{}", answer.body);
    }
}

#[test]
fn a_validator_that_dies_or_vanishes_is_a_fault_and_not_a_yes() {
    let world = World::new();
    let program = world.script("whck", "kill -9 $$");
    let server = world.serve(&program);
    assert_eq!(server.post(&[("X-Gitea-Signature", "c")], SMALL).status, 500);

    fs::remove_file(program).expect("removed");
    assert_eq!(server.post(&[("X-Gitea-Signature", "c")], SMALL).status, 500);
}

#[test]
fn a_validator_need_not_read_the_body() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());
    let large = [SMALL, &vec![b' '; 1 << 20]].concat();

    assert_eq!(server.post(&[("X-Gitlab-Token", "c")], &large).status, 200);
}

#[test]
fn a_body_may_have_25_mib_and_no_more() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());
    let padded = |length: usize| [SMALL, &vec![b' '; length - SMALL.len()]].concat();

    assert_eq!(server.post(&[("X-Gitea-Signature", "c")], &padded(25 << 20)).status, 200);
    assert_eq!(server.post(&[("X-Gitea-Signature", "c")], &padded((25 << 20) + 1)).status, 413);

    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    let head =
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Gitea-Signature: c\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    for _ in 0..26 {
        stream.write_all(b"100000\r\n").expect("sent");
        stream.write_all(&vec![b' '; 1 << 20]).expect("sent");
        stream.write_all(b"\r\n").expect("sent");
    }
    stream.write_all(b"0\r\n\r\n").expect("sent");
    assert_eq!(receive(stream).status, 413);
}

#[test]
fn another_method_is_told_which_one_is_taken() {
    let world = World::new();
    let answer = receive(world.serve("/bin/true".as_ref()).send("PUT", &[("X-Gitea-Signature", "c")], SMALL));

    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("allow: post"), "{}", answer.head);
}

#[test]
fn a_form_is_no_json_object() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());
    let status = |kind| server.post(&[("X-Gitea-Signature", "c"), ("Content-Type", kind)], b"payload=%7B%7D").status;

    assert_eq!(status("application/x-www-form-urlencoded"), 415);
    assert_eq!(status("application/json; charset=utf-8"), 400);
}

#[test]
fn a_peer_that_guesses_is_not_heard_for_a_while() {
    let world = World::new();
    let server = world.serve("/bin/false".as_ref());
    let status = |peer: &str| server.post(&[("X-Gitea-Signature", "c"), ("X-Forwarded-For", peer)], SMALL).status;

    for _ in 0..30 {
        assert_eq!(status("198.51.100.7, 192.0.2.1"), 403);
    }
    assert_eq!(status("192.0.2.1"), 429);
    assert_eq!(status("192.0.2.2"), 403);
    let other = br#"{"repository":{"html_url":"other"}}"#;
    let status = server.post(&[("X-Gitea-Signature", "c"), ("X-Forwarded-For", "192.0.2.1")], other).status;
    assert_eq!(status, 403, "another repository of the same forge is heard");
    assert_eq!(server.post(&[("X-Gitea-Signature", "c")], SMALL).status, 403);
}

#[test]
fn it_serves_on_after_requests_that_are_none() {
    let world = World::new();
    let server = world.serve("/bin/true".as_ref());
    for nonsense in
        [&b""[..], b"\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", &[0; 100_000]]
    {
        let mut stream = TcpStream::connect(server.address()).expect("a connection");
        let _ = stream.write_all(nonsense);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }

    assert_eq!(server.post(&[("X-Gitea-Signature", "c")], SMALL).status, 200);
}

#[test]
fn a_valid_request_is_told_of_with_its_body() {
    let world = World::new();
    fifo(&world, "told");
    world.script("path/forgehook-notify", "{ printf '%s|' \"$@\"; cat; } > $W/told");
    let path = format!("{}:/usr/bin:/bin", world.path("path").display());
    let whck = world.script("whck", "read -r line; case $line in *no*) exit 1;; esac");
    let server = Server::start(world.command().env("WHCK", whck).env("PATH", path).arg("0"));
    let bad = br#"{"repository":{"html_url":"no"}}"#;

    assert_eq!(server.post(&[("X-Hub-Signature", "c"), ("X-GitHub-Event", "push")], bad).status, 403);
    assert_eq!(server.post(&[("X-Hub-Signature", "c"), ("X-GitHub-Event", "push")], SMALL).status, 200);

    let told = fs::read(world.path("told")).expect("told");
    assert_eq!(String::from_utf8_lossy(&told), format!("github|75|push|{}", String::from_utf8_lossy(SMALL)));
}

#[test]
fn a_notify_that_hangs_holds_no_answer_and_their_number_is_bounded() {
    let world = World::new();
    fifo(&world, "gate");
    world.script("path/forgehook-notify", "echo started >> $W/started\nread -r line < $W/gate");
    let path = format!("{}:/usr/bin:/bin", world.path("path").display());
    let server = Server::start(world.command().env("WHCK", "/bin/true").env("PATH", path).arg("0"));

    for _ in 0..100 {
        assert_eq!(server.post(&[("X-Hub-Signature", "c")], SMALL).status, 200);
    }

    let children = crate::crowd::children_of(server.id());
    assert!(children.len() <= 8, "{children:?}");
    assert!(children.iter().all(|(_, state)| *state != 'Z'), "{children:?}");
    let gate = fs::File::options().read(true).write(true).open(world.path("gate")).expect("a pipe");
    (&gate).write_all("\n".repeat(100).as_bytes()).expect("opened");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn real_payloads_pass_with_the_real_validator() {
    let world = World::new();
    world.store([(base16(GITEA_URL).as_str(), "IsWishesWereHorsesWedAllBeEatingSteak!")]);
    let server = world.serve(whck());

    assert_eq!(server.post(&[("X-Gitea-Signature", GITEA_CLAIM)], GITEA).status, 200);
    assert_eq!(server.post(&[("X-Gitea-Signature", GITEA_CLAIM)], &[GITEA, b"\n"].concat()).status, 403);
}

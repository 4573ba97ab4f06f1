//! Scanners: each starter works as it is written, and the check tells a good one from a bad one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use domain::catalogue::Permission;
use scanner_kit::{Account, Answer, Gateway, GatewayError};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{self, Reaction, World, call, countersign, peer, root, until};

/// The example of scanner-kit, which is what `service new --lang rust` writes.
#[expect(dead_code, reason = "it is started on a free port here, not by its main")]
#[path = "../../../scanner-kit/examples/scanner.rs"]
mod example;

const KEY: &str = "the scanner's key";

/// A running process that says where it listens, until dropped.
struct Listening {
    child: Child,
    address: SocketAddr,
}

impl Listening {
    fn start(command: &mut Command) -> Self {
        let started = command.env("SCANNER_KEY", KEY).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = started.expect("it starts: these tests need Node 20 and a shell");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("read");
        let said = line.trim().strip_prefix("listening on ").and_then(|text| text.parse().ok());
        Self { child, address: said.unwrap_or_else(|| panic!("it says {line:?}")) }
    }

    /// `service run` with this program.
    fn program(folder: &Path, program: &[&str]) -> Self {
        Self::program_within(folder, "60s", program)
    }

    fn program_within(folder: &Path, span: &str, program: &[&str]) -> Self {
        let mut command = countersign(folder);
        command.args([
            "service",
            "run",
            "--listen",
            "127.0.0.1:0",
            "--secret-env",
            "SCANNER_KEY",
            "--within",
            span,
            "--",
        ]);
        Self::start(command.args(program))
    }

    /// Posts a signed call, and gives the status and what the body says.
    fn ask(&self, body: &[u8]) -> (u16, Value) {
        let answer = self.post(body);
        (answer.status, answer.json())
    }

    /// Posts a signed call.
    fn post(&self, body: &[u8]) -> world::Answer {
        let signature = verify::sign::scanner(KEY, body);
        let headers = [("content-type", "application/json"), ("authorization", signature.as_str())];
        call(self.address, "POST", "/", &headers, body).expect("an answer")
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Nothing is left to try.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn folder() -> TempDir {
    TempDir::with_prefix("countersign-service-").expect("a folder")
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    countersign(folder).args(arguments).env("SCANNER_KEY", KEY).output().expect("it runs")
}

fn new(folder: &Path, lang: &str) {
    let kit = root().join("crates/scanner-kit").display().to_string();
    let made = run(folder, &["service", "new", "mine", "--lang", lang, "--kit", &kit]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
}

/// The exit code of a check, and its grades by the call's name.
fn check(address: SocketAddr) -> (Option<i32>, BTreeMap<String, String>) {
    let url = format!("http://{address}/");
    let checked = run(Path::new("/"), &["service", "check", &url, "--secret-env", "SCANNER_KEY", "--json"]);
    let told: Value = serde_json::from_slice(&checked.stdout).unwrap_or_else(|_| panic!("no JSON: {checked:?}"));
    let text = |line: &Value, name: &str| line[name].as_str().expect("text").to_owned();
    let lines = told["checks"].as_array().expect("checks").iter();
    let grades = lines.map(|line| (text(line, "check"), text(line, "grade"))).collect();
    assert_eq!(told["passed"], checked.status.success(), "{told:#}");
    (checked.status.code(), grades)
}

#[track_caller]
fn assert_flawless(address: SocketAddr) {
    let (code, grades) = check(address);
    assert_eq!(grades.len(), 11, "{grades:?}");
    assert!(grades.values().all(|grade| grade == "ok"), "{grades:?}");
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_starter_passes_the_check() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(scanner_kit::serve_on(listener, KEY, example::scan));

    assert_flawless(address);

    let folder = folder();
    new(folder.path(), "rust");
    let written = std::fs::read_to_string(folder.path().join("mine/src/main.rs")).expect("written");
    assert_eq!(written, include_str!("../../../scanner-kit/examples/scanner.rs"));
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(folder.path().join("mine"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap_or_else(|_| panic!("{metadata:?}"));
    let kit = metadata["packages"][0]["dependencies"][0]["path"].as_str().expect("a path");
    assert!(Path::new(kit).join("Cargo.toml").is_file(), "{kit}");
}

#[test]
fn the_node_starter_passes_the_check_and_scans() {
    let folder = folder();
    new(folder.path(), "node");
    let mut command = Command::new("node");
    let scanner = Listening::start(
        command.arg("server.mjs").current_dir(folder.path().join("mine")).env("LISTEN", "127.0.0.1:0"),
    );

    assert_flawless(scanner.address);

    assert_eq!(scanner.ask(br#"{"name":"EICAR"}"#).1, json!({ "version": "1.0.0", "matchedRules": ["MALICIOUS"] }));
    assert_eq!(scanner.ask(br#"{"name":"other"}"#).1, json!({ "version": "1.0.0", "matchedRules": [] }));
    assert_eq!(scanner.ask(b"[]").0, 200);
    for body in ["1", "null", "\"text\"", "no JSON"] {
        let (status, said) = scanner.ask(body.as_bytes());
        assert_eq!((status, &said["error"]), (400, &json!("expected a JSON object or array")), "{body}");
    }
}

#[test]
fn the_node_starter_listens_where_it_is_told() {
    let folder = folder();
    new(folder.path(), "node");
    let mine = folder.path().join("mine");

    let scanner = Listening::start(Command::new("node").arg("server.mjs").current_dir(&mine).env("LISTEN", "[::1]:0"));
    assert!(scanner.address.is_ipv6(), "{}", scanner.address);
    assert_eq!(scanner.ask(b"{}").0, 200);

    let mut wrong = Command::new("node");
    wrong.arg("server.mjs").current_dir(&mine).env("SCANNER_KEY", KEY).env("LISTEN", "20000");
    assert_eq!(wrong.output().expect("it runs").status.code(), Some(2));
}

#[test]
fn the_shell_starter_passes_the_check_and_scans() {
    let folder = folder();
    new(folder.path(), "sh");
    let scanner = Listening::program(&folder.path().join("mine"), &["./scan.sh"]);

    assert_flawless(scanner.address);

    assert_eq!(scanner.ask(br#"{"name":"EICAR"}"#).1, json!({ "version": "1.0.0", "matchedRules": ["MALICIOUS"] }));
    assert_eq!(scanner.ask(br#"{"name":"other"}"#).1, json!({ "version": "1.0.0", "matchedRules": [] }));
}

#[test]
fn the_page_shows_the_starters_as_they_are() {
    let page = std::fs::read_to_string(root().join("docs/write-a-scanner.md")).expect("a page");
    let node = include_str!("../../src/command/service/starter/server.mjs");
    let heart = node.find("// Looks at one call.").zip(node.find("// The whole body")).expect("the heart of it");
    for shown in [
        include_str!("../../../scanner-kit/examples/scanner.rs"),
        include_str!("../../src/command/service/starter/scan.sh"),
        node[heart.0..heart.1].trim_end(),
    ] {
        assert!(page.contains(shown), "the page differs from {shown}");
    }
}

#[test]
fn a_scanner_that_ignores_signatures_fails_the_check() {
    let (code, grades) = check(peer(|_| Reaction::Json(r#"{"version":"1.0","matchedRules":[]}"#)));

    assert_eq!(code, Some(1));
    for forged in ["wrong key", "no signature", "changed body", "changed bytes", "over 1 MiB"] {
        assert_eq!(grades[forged], "FAILED", "{forged}");
    }
    for served in ["good call", "repeated call", "slow call"] {
        assert_eq!(grades[served], "ok", "{served}");
    }
    assert_eq!(grades["broken JSON"], "weak");
}

#[test]
fn a_scanner_of_another_key_fails_the_check_and_is_told_how_to_mend_it() {
    let folder = folder();
    let scanner = Listening::program(folder.path(), &["cat"]);
    let url = format!("http://{}/", scanner.address);
    std::fs::write(folder.path().join("key"), "another key\n").expect("written");

    let checked = run(folder.path(), &["service", "check", &url, "--secret-file", "key"]);

    let told = String::from_utf8_lossy(&checked.stdout);
    assert_eq!(checked.status.code(), Some(1), "{told}");
    assert!(told.starts_with("FAILED  good call") && told.contains("the same key"), "{told}");
    assert!(told.contains("ok      wrong key") && told.contains("-       the rest"), "{told}");
}

#[test]
fn a_check_of_what_is_not_there_or_without_a_key_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let check = |url: &str, secret: &[&str]| {
        let checked = run(Path::new("/"), &[&["service", "check", url], secret].concat());
        (checked.status.code(), String::from_utf8_lossy(&checked.stderr).into_owned())
    };
    let key = ["--secret-env", "SCANNER_KEY"];

    let (code, said) = check(&format!("http://{free}/"), &key);
    assert!(code == Some(7) && said.contains("start the scanner"), "{code:?} {said}");
    assert_eq!(check("ftp://127.0.0.1/", &key).0, Some(2));
    assert_eq!(check("http://169.254.169.254/", &key).0, Some(2));
    assert_eq!(check("http://127.0.0.1:20000/", &[]).0, Some(2));
}

#[test]
fn a_starter_overwrites_nothing_and_says_what_to_do() {
    let folder = folder();
    for (lang, taken) in [("node", "server.mjs"), ("sh", "README.md"), ("rust", "src/main.rs")] {
        let mine = folder.path().join(lang);
        std::fs::create_dir_all(mine.join(taken).parent().expect("a folder")).expect("made");
        std::fs::write(mine.join(taken), "mine").expect("written");

        let kit = root().join("crates/scanner-kit").display().to_string();
        let made = run(folder.path(), &["service", "new", "mine", "--lang", lang, "--dir", lang, "--kit", &kit]);

        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.code() == Some(6) && said.contains("--dir"), "{said}");
        assert_eq!(std::fs::read_to_string(mine.join(taken)).expect("there"), "mine");
        let others = std::fs::read_dir(&mine).expect("a folder").count();
        assert_eq!(others, 1, "{lang}: it wrote beside what it refused");
    }
    assert_eq!(run(folder.path(), &["service", "new", "../out", "--lang", "sh"]).status.code(), Some(2));
}

#[test]
fn a_program_that_does_not_answer_is_a_failure_and_never_a_pass() {
    let folder = folder();
    let good = br#"{"event":"x"}"#;
    let failing = [
        ("exit 3", "ended with exit status: 3"),
        ("true", "found nothing"),
        ("echo no", "expected a JSON object"),
        ("echo '{}'", "without one"),
        ("echo '{\"version\":\"1\"}'; exit 1", "exit status: 1"),
        ("head -c 1048577 /dev/zero; sleep 100", "more than 1048576 bytes"),
    ];
    for (script, why) in failing {
        let (status, said) = Listening::program(folder.path(), &["sh", "-c", script]).ask(good);
        assert!(status == 500 && said["error"].as_str().is_some_and(|text| text.contains(why)), "{script}: {said}");
    }
    let (status, said) = Listening::program(folder.path(), &["./nothing"]).ask(good);
    assert!(status == 500 && said["error"].as_str().is_some_and(|text| text.contains("cannot be started")), "{said}");
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_that_it_started() {
    let folder = folder();
    let script = "sleep 1000 & echo $! > pid; wait";
    let scanner = Listening::program_within(folder.path(), "1s", &["sh", "-c", script]);

    let (status, said) = scanner.ask(b"{}");

    assert!(status == 504 && said["error"].as_str().is_some_and(|text| text.contains("longer than 1s")), "{said}");
    until_ended(folder.path());
}

#[test]
fn what_a_program_leaves_behind_is_ended_and_its_answer_comes() {
    let folder = folder();
    let script = r#"sleep 1000 & echo $! > pid; echo '{"version":"1"}'"#;
    let scanner = Listening::program_within(folder.path(), "20s", &["sh", "-c", script]);

    assert_eq!(scanner.ask(b"{}"), (200, json!({ "version": "1" })));

    until_ended(folder.path());
}

#[test]
fn what_left_the_program_s_group_does_not_keep_its_answer() {
    let folder = folder();
    let leaves = "setsid sh -c 'echo $$ > pid; exec sleep 1000' & until test -s pid; do :; done";
    let script = format!(r#"{leaves}; echo '{{"version":"1"}}'"#);
    let scanner = Listening::program_within(folder.path(), "20s", &["sh", "-c", &script]);

    let answer = scanner.ask(b"{}");

    let pid = std::fs::read_to_string(folder.path().join("pid")).expect("it began");
    let killed = Command::new("kill").arg(pid.trim()).status().expect("kill runs");
    assert!(killed.success(), "it had left");
    assert_eq!(answer, (200, json!({ "version": "1" })));
}

#[test]
fn a_program_says_in_a_word_that_there_is_nothing_to_scan_or_that_a_result_follows() {
    let folder = folder();
    let asked = |script: &str| Listening::program(folder.path(), &["sh", "-c", script]).post(b"{}");

    let skipped = asked("echo skip");
    assert_eq!((skipped.status, skipped.body.as_str()), (204, ""));
    let deferred = asked("echo defer");
    assert_eq!((deferred.status, deferred.json()), (202, json!({})));
    assert_eq!(asked("echo skip; exit 1").status, 500);
}

#[test]
fn a_program_that_closes_its_output_is_waited_for() {
    let folder = folder();
    // It ends once nobody reads its output any more.
    let script = r#"
        output=$(readlink "/proc/$$/fd/1")
        echo '{"version":"1"}'
        exec > /dev/null
        while ls -l "/proc/$PPID/fd" | grep -qF "$output"; do :; done
        exit 3
    "#;
    let (status, said) = Listening::program(folder.path(), &["sh", "-c", script]).ask(b"{}");
    assert!(status == 500 && said["error"] == "the program ended with exit status: 3", "{said}");
}

/// Waits for the end of the process whose number a script wrote down.
fn until_ended(folder: &Path) {
    let pid = std::fs::read_to_string(folder.join("pid")).expect("it began");
    until("the end of what it started", || {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).ok();
        state.is_none_or(|line| line.contains(") Z ")).then_some(())
    });
}

#[test]
fn a_mistyped_permission_is_neither_given_nor_taken() {
    for verb in ["permit", "forbid"] {
        let done = run(Path::new("/"), &["account", verb, "scanner", "Scanners:PushResult"]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{verb}: {said}");
        for permission in Permission::ALL {
            assert!(said.contains(permission.word()), "{verb}: {said}");
        }
    }
}

#[test]
fn a_program_gets_its_arguments_as_they_are_and_not_the_key() {
    let folder = folder();
    let script = r#"printf '{"version":"%s","matchedRules":["%s"]}' "$1" "${SCANNER_KEY-unset}""#;
    let scanner = Listening::program(folder.path(), &["sh", "-c", script, "sh", "$(id) ; *"]);

    assert_eq!(scanner.ask(b"{}"), (200, json!({ "version": "$(id) ; *", "matchedRules": ["unset"] })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_comes_later_settles_what_it_was_asked_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (seen, mut calls) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(scanner_kit::serve_on(listener, KEY, move |call| {
        seen.send(call).expect("the test looks");
        async { Ok(Answer::Deferred) }
    }));
    let world = World::serving("");
    std::fs::write(world.folder().join("key"), KEY).expect("written");
    let (url, network) = (format!("http://{address}/"), format!("127.0.0.1/32:{}", address.port()));
    let event = ["--event", "on_version_created", "--payload", "full"];
    let whom = ["--profile", "scanner", "--url", &url, "--secret-file", "key", "--allow-network", &network];
    let added = world.command(&[&["service", "add", "later", "--json"], &whom[..], &event].concat());
    let added: Value = serde_json::from_slice(&added.stdout).unwrap_or_else(|_| panic!("no JSON: {added:?}"));
    let credential = |name: &str| added["credentials"][name].as_str().expect("a credential").to_owned();
    let account = Account { key: credential("jwt_key"), secret: credential("jwt_secret") };
    let subject = json!({ "kind": "version", "collection": "85", "subject": "42" });
    let event = json!({ "type": "on_version_created", "subject": subject });
    assert_eq!(world.api("POST", "/api/v1/events", Some(&event)).status, 202);
    let call = calls.recv().await.expect("a call");
    let result_url = call.result_url().expect("a URL");
    let origin = result_url.split_once("/api/").expect("a path").0;
    let gateway = Gateway::new(origin).expect("a client");

    let findings = Answer::version("1.0").matched("MALICIOUS");
    gateway.send_later(&account, result_url, &findings).await.expect("taken");

    let verdict = world.command(&["verdict", "version", "85", "42"]);
    assert_eq!(verdict.status.code(), Some(0), "no rule asks for more: {verdict:?}");
    let again = gateway.send_later(&account, result_url, &findings).await;
    assert!(matches!(again, Err(GatewayError::Complete)), "{again:?}");
    let stranger = Account { secret: "another".to_owned(), ..account };
    let forged = gateway.send_later(&stranger, result_url, &findings).await;
    assert!(matches!(forged, Err(GatewayError::Refused { status: 401, .. })), "{forged:?}");
}

#[test]
fn a_starter_is_registered_as_its_steps_say() {
    let folder = folder();
    new(folder.path(), "sh");
    let scanner = Listening::program(&folder.path().join("mine"), &["./scan.sh"]);
    let world = World::serving("");
    let network = format!("127.0.0.1/32:{}", scanner.address.port());
    let url = format!("http://{}/", scanner.address);
    std::fs::write(world.folder().join("key"), KEY).expect("written");
    let added = world.command(&[
        "service",
        "add",
        "mine",
        "--profile",
        "scanner",
        "--url",
        &url,
        "--secret-file",
        "key",
        "--event",
        "during_validation",
        "--allow-network",
        &network,
    ]);
    assert_eq!(added.status.code(), Some(0), "{added:?}");

    let tested = world.command(&["service", "test", "mine"]);
    assert_eq!(tested.status.code(), Some(0), "{tested:?}");
}

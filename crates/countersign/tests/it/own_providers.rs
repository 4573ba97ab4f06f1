//! The page `docs/add-a-provider.md`, followed to the letter, and what is refused of such definitions.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::world::{World, call, countersign, root};

const SECRET: &str = "a secret of Acme's";
const BODY: &str = r#"{"kind": "made"}"#;

/// The blocks of this language on the page.
fn blocks(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/add-a-provider.md")).expect("the page");
    let open = format!("```{language}\n");
    page.split(&open).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// The headers of a request that Acme signs at this time.
fn headers(at_s: u64, secret: &str) -> Vec<(&'static str, String)> {
    let tag = verify::mac::tag(secret.as_bytes(), &[format!("{at_s}.").as_bytes(), BODY.as_bytes()]);
    vec![
        ("X-Acme-Event", "thing.made".to_owned()),
        ("X-Acme-Delivery", "d-1".to_owned()),
        ("X-Acme-Time", at_s.to_string()),
        ("X-Acme-Signature", format!("sha256={}", verify::hex::encode(&tag))),
    ]
}

fn sample(folder: &Path, secret: &str) {
    // Recorded long ago.
    let lines = headers(1_600_000_000, secret).into_iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let head: String = lines.collect();
    std::fs::write(folder.join("sample.http"), format!("POST /hooks HTTP/1.1\r\n{head}\r\n{BODY}")).expect("written");
}

#[test]
fn the_page_on_adding_a_provider_leads_to_an_accepted_webhook() {
    let mut world = World::new(&blocks("toml").concat());
    std::fs::write(world.folder().join("acme-secret"), format!("{SECRET}\n")).expect("written");
    world.start();
    let send = |at_s: u64| {
        let headers = headers(at_s, SECRET);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        call(world.listen(), "POST", "/api/webhooks/incoming/acme/main", &headers, BODY.as_bytes()).expect("an answer")
    };

    let accepted = send(now_s());
    assert_eq!(accepted.status, 204, "{accepted:?}");
    assert!(accepted.headers["countersign-event"].starts_with("evt_"));
    assert_eq!(send(now_s() - 301).json()["type"], "urn:countersign:problem:stale-timestamp");

    let command = blocks("sh").concat();
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    sample(world.folder(), "another secret");
    let refused = world.command(&arguments);
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(said.contains("signature-mismatch") && !said.contains(SECRET), "{said}");
    assert_eq!(world.api("GET", "/api/v1/sources/acme%2Ftrial", None).status, 404);

    sample(world.folder(), SECRET);
    let added = world.command(&arguments);
    let said = String::from_utf8_lossy(&added.stdout).into_owned();
    assert_eq!(added.status.code(), Some(0), "{added:?}");
    assert!(said.contains("acme.thing.made (delivery d-1)") && said.contains("hmac-sha256"), "{said}");
    assert_eq!(world.api("GET", "/api/v1/sources/acme%2Ftrial", None).status, 200);
}

#[test]
fn a_webhook_of_an_own_provider_is_verified_and_explained_offline() {
    let world = World::new(&blocks("toml").concat());
    std::fs::write(world.folder().join("acme-secret"), format!("{SECRET}\n")).expect("written");
    let explain = |secret: &str, provider: &str| {
        sample(world.folder(), secret);
        let arguments = ["explain", "sample.http", "--provider", provider, "--secret-file", "acme-secret"];
        let output = countersign(world.folder()).args(arguments).args(["--at", "1600000000"]).output();
        output.expect("it runs")
    };

    let right = explain(SECRET, "acme");
    assert_eq!(right.status.code(), Some(0), "{right:?}");
    let wrong = explain(&format!("{SECRET}\n"), "acme");
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("secret-white-space"), "{wrong:?}");
    let unknown = explain(SECRET, "acmee");
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("acme, "), "{unknown:?}");
}

/// What is said of a provider that ends with these lines.
fn refused(lines: &str) -> String {
    let world = World::new(&format!("[[provider]]\nname = \"acme\"\n{lines}"));
    let output = countersign(world.folder()).args(["config", "check"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(3), "{lines}: {output:?}");
    String::from_utf8(output.stderr).expect("text")
}

fn signature(rest: &str) -> String {
    format!("[provider.signature]\nalgorithm = \"hmac-sha256\"\nat = {{ header = \"X-Signature\" }}\n{rest}")
}

#[test]
fn a_definition_that_is_incomplete_or_unsafe_is_refused_with_its_remedy() {
    for (lines, what, mend) in [
        (String::new(), "nothing proves who sent a request", "describe a `signature`, or a `token`"),
        ("basic = true\ntoken = { at = { header = \"X\" } }".to_owned(), "more than one thing", "keep the strongest"),
        (signature("message = \"{t}\""), "does not hold the body", "add {body}"),
        (signature("message = \"{boby}\""), "{boby} is not known", "known are {body}"),
        (signature("message = \"{t}.{body}\""), "no `time` is described", "add `time`"),
        (
            signature("message = \"{body}\"\ntime = { at = { header = \"X-Time\" }, unit = \"s\" }"),
            "the `time` is not signed",
            "add {t} to `message`",
        ),
        (signature("message = \"{header:X-Id}.{body}\""), "run into each other", "add `only_objects = true`"),
        (format!("key = \"whpk\"\n{}", signature("message = \"{body}\"")), "`key` is of another kind", "\"whsec\""),
        (
            format!(
                "handshake = [{{ when = [{{ method = \"GET\" }}], proven = false, \
                 answer = {{ members = {{ x = {{ mac = {{ of = {{ query = \"q\" }} }} }} }} }} }}]\n{}",
                signature("message = \"{body}\"")
            ),
            "to whoever asks",
            "`proven = true`",
        ),
        ("[[provider]]\nname = \"github\"\nbasic = true".to_owned(), "nothing proves", "describe a `signature`"),
    ] {
        let said = refused(&lines);

        assert!(said.contains("the provider \"acme\"") && said.contains(what) && said.contains(mend), "{said}");
    }
}

#[test]
fn an_unknown_word_is_told_with_the_nearest_one_and_a_name_is_taken_once() {
    let said = refused(&signature("mesage = \"{body}\""));
    assert!(said.contains("unknown key `mesage`: did you mean `message`?"), "{said}");
    let said = refused("basic = true\n[[provider]]\nname = \"acme\"\nbasic = true");
    assert!(said.contains("it stands there twice"), "{said}");
    let said = refused("basic = true\n[[provider]]\nname = \"github\"\nbasic = true");
    assert!(said.contains("a built-in provider has this name"), "{said}");
    let said = refused("basic = true\n[[source]]\nid = \"main\"\nprovider = \"acmee\"\nsecrets = [\"a:b\"]");
    assert!(said.contains("did you mean \"acme\"?"), "{said}");
}

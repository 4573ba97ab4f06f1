//! `explain`, and the page `docs/explain.md` followed to the letter.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use verify::explain::Mistake;

use crate::commands::{done, refused, told};
use crate::world::{SECRET, World, call, countersign, root};

const PAGE_SECRET: &str = "It's a Secret to Everybody";

fn page() -> String {
    std::fs::read_to_string(root().join("docs/explain.md")).expect("the page")
}

/// The blocks of this language on the page.
fn blocks(language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    page().split(&open).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

/// The commands on the page that begin like this, without the program's name.
fn commands(begin: &str) -> Vec<Vec<String>> {
    let lines = blocks("sh").concat();
    let lines = lines.lines().filter(|line| line.starts_with(&format!("countersign {begin}")));
    lines.map(|line| line.split(' ').skip(1).map(str::to_owned).collect()).collect()
}

fn run(folder: &Path, arguments: &[String]) -> Output {
    countersign(folder).args(arguments).output().expect("it runs")
}

/// A folder with this request and this secret.
fn folder(request: &str, secret: &str) -> TempDir {
    let folder = TempDir::with_prefix("countersign-explain-").expect("a folder");
    std::fs::write(folder.path().join("request.http"), request).expect("written");
    std::fs::write(folder.path().join("secret"), format!("{secret}\n")).expect("written");
    folder
}

#[test]
fn the_page_shows_what_its_commands_print() {
    let folder = folder(&blocks("http")[0], PAGE_SECRET);
    let shown = commands("explain request.http");
    assert_eq!(shown.len(), 2);

    let for_people = run(folder.path(), &shown[0]);
    assert_eq!(for_people.status.code(), Some(1), "{for_people:?}");
    assert_eq!(String::from_utf8_lossy(&for_people.stdout), blocks("text")[0]);

    let for_programs = run(folder.path(), &shown[1]);
    let json: Value = serde_json::from_slice(&for_programs.stdout).expect("JSON");
    assert_eq!((&json["verified"], &json["mistake"]), (&false.into(), &"trailing-newline".into()), "{json}");
    assert_eq!((&json["reason"], &json["certain"]), (&"signature-mismatch".into(), &true.into()));
    assert!(!String::from_utf8_lossy(&for_programs.stdout).contains(PAGE_SECRET));
}

#[test]
fn the_page_lists_every_mistake() {
    let page = page();
    for mistake in Mistake::ALL {
        assert_eq!(page.matches(&format!("\n| `{}` | ", mistake.code())).count(), 1, "{}", mistake.code());
    }
}

#[test]
fn a_request_that_verifies_ends_with_zero_and_one_that_is_none_with_two() {
    let request = blocks("http")[0].trim_end().to_owned();
    let folder = folder(&request, PAGE_SECRET);
    let arguments = &commands("explain request.http")[0];
    let right = run(folder.path(), arguments);
    assert_eq!(right.status.code(), Some(0), "{right:?}");
    assert!(String::from_utf8_lossy(&right.stdout).starts_with("yes: the request is believed, proven by hmac-sha256"));

    std::fs::write(folder.path().join("request.http"), "{\"action\":\"opened\"}").expect("written");
    let none = run(folder.path(), arguments);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("no request line"), "{none:?}");
}

#[test]
fn requests_to_aspnet_s_receivers_are_verified_and_explained() {
    let request = "POST /api/webhooks/incoming/github HTTP/1.1\nHost: h\nContent-Type: application/json\n\
                   X-GitHub-Event: push\nX-Hub-Signature: sha1=1ed9af9e5e8ff2f804bcff95a337649c0095d057\n\n{}";
    let folder = folder(request, "0123456789abcdef");
    let explain = |more: &[&str]| {
        let arguments = ["explain", "request.http", "--secret-file", "secret", "--json", "--provider"];
        let output = run(
            folder.path(),
            &[&arguments[..], more].concat().iter().map(|each| (*each).to_owned()).collect::<Vec<_>>(),
        );
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default())
    };
    let (code, told) = explain(&["github", "--mode", "aspnet"]);
    assert_eq!((code, &told["verified"]), (Some(0), &true.into()), "{told}");
    let (code, told) = explain(&["github"]);
    assert_eq!((code, &told["mistake"]), (Some(1), &"other-hash".into()), "{told}");
    std::fs::write(folder.path().join("request.http"), format!("{request}\n")).expect("written");
    let (code, told) = explain(&["github", "--mode", "aspnet"]);
    assert_eq!((code, &told["mistake"]), (Some(1), &"trailing-newline".into()), "{told}");
    assert_eq!(explain(&["nobody"]).0, Some(2));
}

/// Sends a push to the source `github/website`, signed with this secret.
fn push(world: &World, secret: &str, delivery: &str) -> u16 {
    let signature = verify::sign::github(secret, b"{}");
    let headers =
        [("x-github-event", "push"), ("x-github-delivery", delivery), ("x-hub-signature-256", signature.as_str())];
    call(world.listen(), "POST", "/api/webhooks/incoming/github/website", &headers, b"{}").expect("an answer").status
}

/// The commands of the page about this, with what stands for ids put in.
fn filled(begin: &str, placeholder: &str, id: &str) -> Vec<Vec<String>> {
    let fill = |words: Vec<String>| words.into_iter().map(|word| word.replace(placeholder, id)).collect();
    commands(begin).into_iter().map(fill).collect()
}

#[test]
fn the_page_leads_from_a_refusal_to_the_event_and_from_the_old_secret_to_the_new() {
    let world = World::serving("");
    let write = |name: &str, text: &str| std::fs::write(world.folder().join(name), text).expect("written");
    write("old-secret", "the old secret");
    write("new-secret", "the new secret");
    done(&world, &["source", "add", "--provider", "github", "--id", "website", "--secret-file", "old-secret"]);
    assert_eq!(push(&world, "the new secret", "1"), 401);
    assert_eq!(push(&world, SECRET, "2"), 401, "the secret of the source github/test");

    let listed = done(&world, &["quarantine", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let id = |nth: usize| listed["data"][nth]["id"].as_str().expect("an id").to_owned();
    let text = |words: &[String]| told(&world.command(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    for words in filled("quarantine show", "QUARANTINE_ID", &id(0)) {
        let (code, printed, _) = text(&words);
        assert!(
            code == Some(0) && printed.contains("no: other-source: ") && printed.contains("github/test"),
            "{printed}"
        );
        assert!(!printed.contains(SECRET), "{printed}");
    }
    for words in filled("explain --quarantine", "QUARANTINE_ID", &id(1)) {
        assert_eq!(text(&words).0, Some(1));
    }

    let [rotate, retire] = ["source rotate", "source retire"].map(|begin| commands(begin).remove(0));
    let (code, printed, said) = text(&rotate);
    assert_eq!(code, Some(0), "{printed}{said}");
    assert!(
        printed.contains("Enter the new secret at the sender") && !printed.contains("the new secret\n"),
        "{printed}"
    );
    for words in filled("explain --quarantine", "QUARANTINE_ID", &id(1)) {
        let (code, printed, _) = text(&words);
        assert!(code == Some(0) && printed.starts_with("yes: "), "{printed}");
    }
    for words in filled("quarantine retry QUARANTINE_ID", "QUARANTINE_ID", &id(1)) {
        let (code, printed, _) = text(&words);
        assert!(code == Some(0) && printed.contains("rcp_") && printed.contains("recorded"), "{printed}");
    }
    let (code, printed, _) = text(&commands("quarantine retry --source").remove(0));
    assert!(code == Some(1) && printed.contains("the signature does not belong"), "one is left: {printed}");
    assert!(refused(&world, 4, &["quarantine", "retry", &id(1)]).contains("no refused request"));

    let (_, shown, _) = text(&commands("source show").remove(0));
    assert!(shown.contains("last_matched") && shown.contains("the old secret has not matched"), "{shown}");
    let source = done(&world, &["source", "show", "github/website", "--json"]);
    let source: Value = serde_json::from_str(&source).expect("JSON");
    assert_eq!((&source["secrets"][0]["can_go"], &source["secrets"][1]["can_go"]), (&false.into(), &true.into()));
    let old = source["secrets"][1]["id"].as_str().expect("an id");
    let retire: Vec<_> = retire.iter().map(|word| word.replace("SECRET_ID", old)).collect();
    assert_eq!(text(&retire).0, Some(0));
    assert_eq!(push(&world, "the old secret", "3"), 401);
    assert!((200..300).contains(&push(&world, "the new secret", "4")));
}

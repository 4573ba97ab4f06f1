//! Commands against a running server, as a person types them: the wrong thing first.

use std::net::SocketAddr;
use std::process::Output;

use scanner_kit::{Account, Answer, Gateway, GatewayError};
use serde_json::{Value, json};

use crate::world::{Reaction, World, call, countersign, peer};

/// A command's exit code, what it printed, and what it said beside that.
pub fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Runs a command that is refused with this exit code, and gives what it said.
#[track_caller]
pub fn refused(world: &World, code: i32, arguments: &[&str]) -> String {
    let (found, printed, said) = told(&world.command(arguments));
    assert_eq!((found, printed.as_str()), (Some(code), ""), "{arguments:?}: {said}");
    said
}

/// Runs a command that does what it is asked, and gives what it printed.
#[track_caller]
pub fn done(world: &World, arguments: &[&str]) -> String {
    let (code, printed, said) = told(&world.command(arguments));
    assert_eq!((code, said.as_str()), (Some(0), ""), "{arguments:?}: {printed}");
    printed
}

/// Registers a scanner for one event, and gives its account's credentials.
pub fn scanner(world: &World, name: &str, address: SocketAddr, event: &str) -> Account {
    std::fs::write(world.folder().join("key"), "a key").expect("written");
    let (url, network) = (format!("http://{address}/"), format!("{}/32:{}", address.ip(), address.port()));
    let whom = ["--profile", "scanner", "--url", &url, "--secret-file", "key", "--allow-network", &network];
    let added = done(world, &[&["service", "add", name, "--event", event, "--json"], &whom[..]].concat());
    let added: Value = serde_json::from_str(&added).expect("JSON");
    let credential = |name: &str| added["credentials"][name].as_str().expect("a credential").to_owned();
    Account { key: credential("jwt_key"), secret: credential("jwt_secret") }
}

/// Tells of a version, and waits for nothing.
pub fn report(world: &World, id: &str) {
    let subject = json!({ "kind": "version", "collection": "85", "subject": id });
    let event = json!({ "type": "on_version_created", "subject": subject });
    assert_eq!(world.api("POST", "/api/v1/events", Some(&event)).status, 202);
}

#[test]
fn a_rule_is_tried_before_it_is_added() {
    let world = World::serving("");
    let bad = peer(|_| Reaction::Json(r#"{"version":"1","matchedRules":["BAD"]}"#));
    scanner(&world, "scan", bad, "on_version_created");
    report(&world, "42");
    done(&world, &["verdict", "version", "85", "42", "--wait", "60s"]);

    assert!(refused(&world, 2, &["rule", "test"]).contains("<NAME>"));
    assert!(refused(&world, 2, &["rule", "test", "BAD", "--since", "soon"]).contains("\"15m\""));
    assert!(refused(&world, 2, &["rule", "test", "BAD", "--action", "explode"]).contains("\"hold=24h\""));
    assert!(refused(&world, 2, &["rule", "test", "BAD", "--service", "scam"]).contains("there is no service \"scam\""));

    let none = done(&world, &["rule", "test", "bad"]);
    assert!(none.starts_with("Looked at 1 result since ") && none.ends_with(" UTC: none would match\n"), "{none}");

    let one = done(&world, &["rule", "test", "BAD", "--service", "scan", "--action", "hold=24h", "--since", "1h"]);
    let lines: Vec<&str> = one.lines().collect();
    assert!(lines[0].ends_with(" UTC: 1 would match, on 1 subject") && lines[1].is_empty(), "{one}");
    let headings = ["AT", "KIND", "COLLECTION", "SUBJECT", "SERVICE", "VERDICT NOW", "THE RULE", "RESULT"];
    assert!(headings.iter().all(|heading| lines[2].contains(heading)), "{one}");
    let row: Vec<&str> = lines[3].split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect();
    assert_eq!(row[1..7], ["version", "85", "42", "scan", "clear", "would act"], "{one}");
    assert!(row[7].starts_with("res_") && lines.len() == 4, "{one}");

    let json: Value = serde_json::from_str(&done(&world, &["rule", "test", "BAD", "--json"])).expect("JSON");
    assert_eq!((&json["matched"], &json["cut_off"]), (&json!(1), &json!(false)));
    assert_eq!(told(&world.command(&["rule", "list"])).2, "no rules\n", "nothing was written");
}

#[test]
fn the_gate_is_turned_off_and_on_for_one_service_and_as_a_whole_and_says_why() {
    let world = World::serving("");
    scanner(&world, "slow", peer(|_| Reaction::Silence), "on_version_created");
    report(&world, "1");
    let verdict = |id: &str| {
        let (code, printed, _) = told(&world.command(&["verdict", "version", "85", id]));
        (code, printed)
    };

    assert!(refused(&world, 2, &["gate", "off"]).contains("--reason"));
    assert!(refused(&world, 2, &["gate", "off", "--reason", " "]).contains("1 to 1000 characters on why"));
    for word in ["off", "on"] {
        let said = refused(&world, 4, &["gate", word, "--service", "slwo", "--reason", "it hangs"]);
        assert!(said.contains("there is no service \"slwo\""), "{said}");
    }
    assert_eq!(done(&world, &["gate", "show"]), "The gate is on: verdicts wait for answers.\n");
    assert_eq!(verdict("1").0, Some(8), "nothing was turned");

    let off = done(&world, &["gate", "off", "--service", "slow", "--reason", "it hangs"]);
    let lines: Vec<&str> = off.lines().collect();
    assert_eq!(lines[0], "The gate is on: verdicts wait for answers.");
    let (what, why) = lines[1].split_once(" Since ").expect("since when");
    assert_eq!(what, "The switch of slow is off: verdicts do not wait for its answers.");
    assert!(why.ends_with(" UTC, by administrator: it hangs") && lines.len() == 2, "{off}");
    let (code, printed) = verdict("1");
    assert!(code == Some(0) && printed.contains("slow was not waited for: its switch"), "{printed}");

    let on = done(&world, &["gate", "on", "--service", "slow", "--reason", "it is well"]);
    assert!(on.contains("The switch of slow is on: verdicts wait for its answers."), "{on}");
    report(&world, "2");
    assert_eq!((verdict("1").0, verdict("2").0), (Some(0), Some(8)), "what passed has passed; what comes waits");

    let off = done(&world, &["gate", "off", "--reason", "all hang"]);
    assert!(off.starts_with("The gate is off: verdicts do not wait for answers. Since "), "{off}");
    assert!(off.lines().next().is_some_and(|line| line.ends_with(" UTC, by administrator: all hang")), "{off}");
    assert_eq!(verdict("2").0, Some(0));
    done(&world, &["gate", "on", "--reason", "all is well"]);
    let json: Value = serde_json::from_str(&done(&world, &["gate", "show", "--json"])).expect("JSON");
    assert_eq!((&json["waits"], &json["gate"]["reason"]), (&json!(true), &json!("all is well")));
}

#[test]
fn a_collection_is_held_until_the_hold_is_lifted() {
    let world = World::serving("");
    scanner(&world, "slow", peer(|_| Reaction::Silence), "on_version_created");
    report(&world, "1");
    let verdict = |id: &str, more: &[&str]| told(&world.command(&[&["verdict", "version", "85", id], more].concat()));

    assert!(refused(&world, 2, &["hold", "add", "85"]).contains("--reason"));
    assert!(refused(&world, 2, &["hold", "add", "85", "--until", "soon", "--reason", "odd"]).contains("an instant"));
    assert!(refused(&world, 2, &["hold", "add", "86", "--reason", "odd"]).contains("none named \"86\""));
    assert_eq!(told(&world.command(&["hold", "list"])).2, "no holds\n", "nothing was written");

    let made = done(&world, &["hold", "add", "85", "--kind", "version", "--reason", "odd", "--json"]);
    let hold: Value = serde_json::from_str(&made).expect("JSON");
    let (code, printed, _) = verdict("1", &["--wait", "60s"]);
    assert!(code == Some(1) && printed.contains("held by administrator: odd (on its collection)"), "{printed}");
    report(&world, "2");
    assert_eq!(verdict("2", &[]).0, Some(1), "from the beginning");
    let row = done(&world, &["hold", "list"]);
    assert!(row.lines().nth(1).is_some_and(|row| row.contains("  85  ")), "{row}");

    let id = hold["id"].as_str().expect("an id");
    done(&world, &["hold", "release", id, "--reason", "a false alarm"]);
    assert!(refused(&world, 4, &["hold", "release", id, "--reason", "again"]).contains("it has ended"));
    report(&world, "3");
    assert_eq!(verdict("3", &[]).0, Some(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_may_do_what_it_is_permitted_and_no_more() {
    const NAME: &str = "service-account-webhook-scan";
    let world = World::serving("");
    let account = scanner(&world, "scan", peer(|_| Reaction::Silence), "push");
    done(&world, &["rule", "add", "BAD", "--action", "flag"]);
    report(&world, "42");
    let gateway = Gateway::new(&format!("http://{}", world.listen())).expect("a client");
    let push = async || gateway.push(&account, 42, &Answer::version("1.0").matched("BAD")).await;

    assert!(refused(&world, 4, &["account", "show", "nobody"]).contains("there is no account \"nobody\""));
    for arguments in [&["account", "show", "scan"][..], &["account", "permit", "scan", "Scanners:PushResults"]] {
        let said = refused(&world, 4, arguments);
        assert!(said.contains(&format!("that of the service \"scan\" is {NAME:?}")), "{said}");
    }
    assert!(refused(&world, 2, &["account", "permit", NAME]).contains("<PERMISSION>"));
    let forbidden = push().await;
    assert!(matches!(forbidden, Err(GatewayError::Refused { status: 403, .. })), "{forbidden:?}");

    let permitted = done(&world, &["account", "permit", NAME, "Scanners:PushResults"]);

    assert!(permitted.contains("Scanners:PatchResults, Scanners:PushResults"), "{permitted}");
    assert!(push().await.is_ok_and(|number| number > 0));
    let again = push().await;
    assert!(matches!(again, Err(GatewayError::AlreadyPushed)), "{again:?}");
    let listed = done(&world, &["account", "list"]);
    assert!(listed.lines().any(|line| line.contains(NAME) && line.contains("Scanners:PushResults")), "{listed}");

    let left = done(&world, &["account", "forbid", NAME, "Scanners:PushResults"]);

    assert!(!left.contains("PushResults") && left.contains("Scanners:PatchResults"), "{left}");
    let forbidden = push().await;
    assert!(matches!(forbidden, Err(GatewayError::Refused { status: 403, .. })), "{forbidden:?}");
    assert_eq!(done(&world, &["account", "show", NAME]), left, "to show it changes nothing");
    assert_eq!(
        done(&world, &["account", "forbid", NAME, "Scanners:PushResults"]),
        left,
        "what is not held is not taken"
    );
}

#[test]
fn a_source_is_added_with_what_to_do_at_its_sender() {
    let world = World::serving("");

    let added = done(&world, &["source", "add", "--provider", "github", "--id", "website"]);

    let url = format!("http://{}/api/webhooks/incoming/github/website", world.listen());
    let secret = added.lines().last().and_then(|line| line.rsplit(' ').next()).expect("a secret");
    assert_eq!(secret.len(), 64, "{added}");
    assert!(added.contains("At GitHub (https://docs.github.com/"), "{added}");
    assert!(
        added.contains(&format!(
            "Enter {url} as Payload URL, application/json as Content type, and {secret} as Secret."
        ))
    );
    let shown = done(&world, &["source", "show", "github/website", "--json"]);
    assert!(!shown.contains(secret), "{shown}");

    let body = "{}";
    let signature = verify::sign::github(secret, body.as_bytes());
    let path = "/api/webhooks/incoming/github/website";
    let sent = call(world.listen(), "POST", path, &[("X-Hub-Signature-256", &signature)], body.as_bytes());
    assert_eq!(sent.expect("an answer").status, 204);
}

#[test]
fn a_secret_that_is_given_is_not_shown_and_one_in_the_url_is_part_of_it() {
    let world = World::serving("");
    std::fs::write(world.folder().join("secret"), "the-given-secret-of-the-sender").expect("written");
    let add = |provider| ["source", "add", "--id", "main", "--provider", provider];

    let said = refused(&world, 2, &add("stripe"));
    assert!(said.contains("`countersign source recipe stripe --id main` says where"), "{said}");
    let added = done(&world, &[&add("stripe")[..], &["--secret-file", "secret"]].concat());
    assert!(added.contains("copy the Signing secret") && !added.contains("the-given-secret"), "{added}");

    let added: Value =
        serde_json::from_str(&done(&world, &[&add("docker-hub")[..], &["--json"]].concat())).expect("JSON");
    let (secret, steps) = (added["secret"].as_str().expect("a secret"), &added["recipe"]["steps"]);
    assert!(steps[1].as_str().expect("a step").contains(&format!("/docker-hub/main?code={secret}")), "{added}");

    let added = done(&world, &add("asana"));
    assert!(!added.contains("is not shown again"), "{added}");
    let shown: Value = serde_json::from_str(&done(&world, &["source", "show", "asana/main", "--json"])).expect("JSON");
    assert_eq!(shown["handshake"]["awaits_secret"], true, "{shown}");
}

#[test]
fn a_recipe_has_the_configured_address_and_the_page_has_every_sender() {
    let world = World::new("");
    let recipe = |arguments: &[&str]| {
        let mut command = countersign(world.folder());
        command.args(["source", "recipe"]).args(arguments);
        told(&command.env("COUNTERSIGN_SERVER__PUBLIC_URL", "https://hooks.test").output().expect("it runs"))
    };

    let (_, zoom, _) = recipe(&["zoom", "--id", "calls"]);
    assert!(zoom.contains("https://hooks.test/api/webhooks/incoming/zoom/calls as Event notification"), "{zoom}");
    assert!(zoom.contains("provider = \"zoom\"") && zoom.contains("--secret-env ZOOM_SECRET"), "{zoom}");
    let (code, _, said) = recipe(&["zom"]);
    assert!(code == Some(2) && said.contains("known are adyen"), "{said}");

    assert_eq!(recipe(&[]).1, verify::provider::reference::page());
}

#[test]
fn a_person_is_made_with_a_link_given_a_role_and_collections_and_switched_off() {
    let world = World::serving("");
    let made = done(&world, &["--json", "account", "add", "ada", "--role", "member", "--person"]);
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    assert!(made["link"].as_str().is_some_and(|link| link.contains("/login?ticket=tkt_")), "{made}");
    assert!(done(&world, &["account", "link", "ada"]).contains("/login?ticket=tkt_"));
    done(&world, &["account", "grant", "ada", "--collection", "addon:85", "--access", "write"]);
    done(&world, &["account", "grant", "ada", "--collection", "addon:86"]);
    done(&world, &["account", "withdraw", "ada", "--collection", "addon:85"]);
    let shown = done(&world, &["--json", "account", "show", "ada"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["collections"], serde_json::json!({"addon": {"86": "read"}}));
    assert!(refused(&world, 2, &["account", "grant", "ada", "--collection", "85"]).contains("addon:85"));

    assert!(done(&world, &["account", "token", "add", "ada", "--name", "deploy"]).contains("cs_"));
    let listed = done(&world, &["account", "token", "list", "ada"]);
    let id = listed.split_whitespace().find(|word| word.starts_with("crd_")).expect("an id");
    assert!(listed.contains("deploy"), "{listed}");
    done(&world, &["account", "token", "revoke", "ada", id]);
    assert!(done(&world, &["account", "role", "ada", "reader"]).contains("reader"));
    assert!(refused(&world, 6, &["account", "forget-factor", "ada"]).contains("two-factor sign-in is off"));
    done(&world, &["account", "off", "ada"]);
    assert!(refused(&world, 6, &["account", "link", "ada"]).contains("switched off"));
}

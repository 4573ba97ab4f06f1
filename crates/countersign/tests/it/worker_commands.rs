//! The commands about event workers, as a person types them: the wrong thing first.

use serde_json::Value;

use crate::commands::{done, refused, told};
use crate::world::{Reaction, World, peer};

fn json(world: &World, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(world, &[arguments, &["--json"]].concat())).expect("JSON")
}

#[test]
fn access_keys_are_added_listed_and_revoked_and_a_secret_is_shown_once() {
    let world = World::serving("");
    assert!(refused(&world, 4, &["account", "key", "add", "nobody"]).contains("there is no account \"nobody\""));
    done(&world, &["account", "add", "wide"]);
    assert_eq!(told(&world.command(&["account", "key", "list", "wide"])).2, "no access keys\n");

    let made = json(&world, &["account", "key", "add", "wide"]);
    let (key, secret) = (made["access_key"].as_str().expect("a key"), made["secret_key"].as_str().expect("a secret"));
    assert!(key.starts_with("AS-") && secret.len() == 88, "{made}");

    let listed = done(&world, &["account", "key", "list", "wide"]);
    assert!(listed.starts_with("ID ") && listed.contains(key) && listed.ends_with("  no\n"), "{listed}");
    assert!(!listed.contains(secret) && !done(&world, &["account", "show", "wide"]).contains(secret));
    let unknown = refused(&world, 4, &["account", "key", "revoke", "wide", "AS-nothing"]);
    assert!(unknown.contains("there is no access key \"AS-nothing\""), "{unknown}");
    assert_eq!(done(&world, &["account", "key", "revoke", "wide", key]), format!("revoked {key}\n"));
    assert!(done(&world, &["account", "key", "list", "wide"]).ends_with("  yes\n"));
}

#[test]
fn operations_are_granted_one_by_one_and_all_of_them_with_a_warning() {
    let world = World::serving("");
    done(&world, &["account", "add", "wide"]);
    let granted = || json(&world, &["account", "show", "wide"]);
    assert!(
        refused(&world, 2, &["account", "grant", "wide"])
            .contains("--operation <SLUG>|--collection <KIND:NAME>|--all-operations")
    );
    let admin = ["account", "grant", "wide", "--operation", "red", "--access", "owner"];
    assert!(refused(&world, 2, &admin).contains("[possible values: read, write, admin]"));

    done(&world, &["account", "grant", "wide", "--operation", "red", "--operation", "blue", "--access", "write"]);
    done(&world, &["account", "grant", "wide", "--operation", "blue"]);
    assert_eq!(granted()["operations"], serde_json::json!({"red": "write", "blue": "read"}));

    let (code, printed, said) = told(&world.command(&["account", "grant", "wide", "--all-operations"]));
    assert_eq!((code, granted()["all_operations"].as_str()), (Some(0), Some("read")));
    assert!(said.starts_with("warning: this account reaches every operation"), "{said}");
    assert!(!printed.contains("this account reaches"), "it is said once: {printed}");

    done(&world, &["account", "withdraw", "wide", "--all-operations"]);
    done(&world, &["account", "withdraw", "wide", "--operation", "red"]);
    assert_eq!(granted()["operations"], serde_json::json!({"blue": "read"}));
    assert_eq!(granted()["all_operations"], Value::Null);
}

#[test]
fn variables_are_kept_and_never_shown() {
    let world = World::serving("");
    std::fs::write(world.folder().join("value"), "eu-central\n").expect("written");
    let from = ["--secret-file", "value"];
    assert_eq!(told(&world.command(&["variable", "list"])).2, "no variables\n");
    assert!(refused(&world, 2, &["variable", "add", "REGION"]).contains("--secret-file FILE or --secret-env NAME"));
    let missing = refused(&world, 2, &["variable", "add", "REGION", "--secret-file", "nothing"]);
    assert!(missing.contains("nothing"), "{missing}");
    let nameless = refused(&world, 2, &[&["variable", "add", ""][..], &from].concat());
    assert!(nameless.contains("1 to 255 characters"), "{nameless}");

    let added = json(&world, &[&["variable", "add", "REGION"][..], &from].concat());
    let id = added["id"].as_str().expect("an id");
    done(&world, &[&["variable", "add", "Ticket", "--operation", "red", "--slug", "ticket"][..], &from].concat());
    let taken = refused(&world, 6, &[&["variable", "add", "REGION"][..], &from].concat());
    assert!(taken.contains("there is a variable \"REGION\" in the same place already"), "{taken}");

    let listed = done(&world, &["variable", "list"]);
    let ticket = listed.lines().find(|line| line.contains("Ticket")).expect("a row");
    assert!(ticket.contains(" red ") && ticket.contains(" ticket "), "{listed}");
    let set = done(&world, &[&["variable", "set", id][..], &from].concat());
    assert!(set.contains("REGION") && ![listed, set, world.log()].concat().contains("eu-central"));
    assert_eq!(done(&world, &["variable", "remove", id]), format!("removed {id}\n"));
    assert!(refused(&world, 4, &["variable", "remove", id]).contains("there is no variable"));
    assert!(!done(&world, &["variable", "list"]).contains("REGION"));
}

#[test]
fn a_worker_is_added_by_its_file_tested_removed_and_restored() {
    let world = World::serving("");
    let address = peer(|_| Reaction::Json(r#"{"status":"ok","message":"3 models"}"#));
    let write = |name: &str, text: &str| std::fs::write(world.folder().join(name), text).expect("written");
    write("no.json", "nope");
    write("aws.json", r#"{"type":"aws","version":1,"lambdaName":"f","asyncFunction":false}"#);
    let headers = r#""headers":{"X-Api-Key":"hunter2"}"#;
    write("ftp.json", &format!(r#"{{"type":"web","version":1,"url":"ftp://x/",{headers}}}"#));
    write("web.json", &format!(r#"{{"type":"web","version":1,"url":"http://{address}/process",{headers}}}"#));
    for (file, reason) in [
        ("missing.json", "missing.json cannot be read"),
        ("no.json", "no.json is not JSON"),
        ("aws.json", "a function URL"),
        ("ftp.json", "begins with http:// or https://, found ftp://"),
        ("web.json", "allow_networks does not cover"),
    ] {
        let said = refused(&world, 2, &["service", "add", "demo", "--worker", file]);
        assert!(said.contains(reason) && !said.contains("hunter2"), "{said}");
    }
    let both = refused(&world, 2, &["service", "add", "demo", "--worker", "web.json", "--url", "http://x/"]);
    assert!(both.contains("'--worker <FILE>' cannot be used with '--url <URL>'"), "{both}");
    assert!(refused(&world, 4, &["service", "test", "demo"]).contains("there is no service \"demo\""));

    let add = ["service", "add", "demo", "--worker", "web.json", "--allow-network", "127.0.0.0/8"];
    let added = done(&world, &add);
    assert!(added.contains("access_key  AS-") && added.contains("X-Api-Key") && !added.contains("hunter2"), "{added}");
    assert!(refused(&world, 6, &add).contains("there is or was a service \"demo\""));
    assert_eq!(done(&world, &["service", "test", "demo"]), "live     yes\nmessage  3 models\n");

    assert!(refused(&world, 6, &["service", "restore", "demo"]).contains("is not removed"));
    done(&world, &["service", "remove", "demo"]);
    assert_eq!(told(&world.command(&["service", "list"])).2, "no services\n");
    let restored = done(&world, &["service", "restore", "demo"]);
    assert!(restored.contains("access_key  AS-"), "its credentials are new: {restored}");
    assert!(done(&world, &["service", "list"]).contains("demo"));
}

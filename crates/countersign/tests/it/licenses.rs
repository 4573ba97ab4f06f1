//! Licenses on the command line: issued, checked, inspected, revoked, previewed; here and by others' libraries.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{python, tests};
use crate::world::{countersign, root};

const PLUGIN: &str = "@countersign/scanner-av";
const IMAGE: &str = "taconsol/example";

/// A vendor's folder: a key pair `vendor.jwk`, the key set `keys.json`, a license and two companions.
struct Vendor {
    folder: TempDir,
}

impl Vendor {
    fn new(alg: &str) -> Vendor {
        let vendor = Vendor { folder: tempfile::tempdir().expect("a folder") };
        vendor.yes(&["keygen", "--alg", alg, "--kid", "first", "--out", "vendor.jwk"]);
        vendor.yes(&["keys", "add", "keys.json", "vendor.public.jwk"]);
        vendor.issue("license.jwt", &["--kind", "user", "--aud", "customer-1", "--category", "M", "--days", "365"]);
        vendor.issue("plugin.jwt", &["--kind", "plugin", "--aud", PLUGIN, "--category", "M,L"]);
        vendor.issue("container.jwt", &["--kind", "container", "--aud", IMAGE, "--category", "S,M"]);
        vendor
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = countersign(self.folder.path());
        command.arg("license").args(arguments).env("COUNTERSIGN_LICENSE_KEYSET", "keys.json");
        command.envs(variables.iter().copied()).output().expect("it runs")
    }

    /// Runs it, and expects a yes; what it printed.
    fn yes(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, &[]);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs it, and expects this exit code; what it said.
    fn no(&self, exit: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments, &[("COUNTERSIGN_LICENSE_FILE", "license.jwt")]);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    fn issue(&self, file: &str, arguments: &[&str]) {
        let token = self.yes(&[&["issue", "--key", "vendor.jwk"], arguments].concat());
        std::fs::write(self.at(file), token).expect("written");
    }

    fn token(&self, file: &str) -> String {
        std::fs::read_to_string(self.at(file)).expect("a file").trim().to_owned()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_license_is_made_in_a_few_commands() {
    for alg in ["EdDSA", "ES256"] {
        let vendor = Vendor::new(alg);
        let mode = std::fs::metadata(vendor.at("vendor.jwk")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!vendor.token("vendor.public.jwk").contains("\"d\""));

        let check = ["check-plugin", "--name", PLUGIN, "--plugin-token", "@plugin.jwt", "--license", "@license.jwt"];
        assert!(vendor.yes(&check).starts_with("valid until 20"), "{alg}");
        assert_eq!(vendor.yes(&["verify", "--kind", "plugin", "--name", PLUGIN, "@plugin.jwt"]), "valid\n");
        let variables = [
            ("COUNTERSIGN_LICENSE_FILE", "license.jwt"),
            ("COUNTERSIGN_CONTAINER_TOKEN_FILE", "container.jwt"),
            ("IMG", IMAGE),
        ];
        let container = vendor.run(&["check-container"], &variables);
        assert_eq!(container.status.code(), Some(0), "{}", said(&container));
        let other = vendor.run(&["check-container", "--image", "another", "--json"], &variables);
        assert_eq!(other.status.code(), Some(16));
        let told: Value = serde_json::from_slice(&other.stdout).expect("JSON");
        assert_eq!((&told["code"], &told["token"]), (&json!("AUDIENCE_MISMATCH"), &json!("container")));
    }
}

#[test]
fn a_token_comes_as_an_argument_a_file_or_on_standard_input() {
    let vendor = Vendor::new("EdDSA");
    let given = vendor.token("license.jwt");
    assert!(vendor.yes(&["verify", "--kind", "user", &given]).starts_with("valid until"));

    let mut command = countersign(vendor.folder.path());
    command.args(["license", "verify", "--keys", "keys.json", "--kind", "user", "-"]);
    let input = std::fs::File::open(vendor.at("license.jwt")).expect("a file");
    assert!(command.stdin(Stdio::from(input)).output().expect("it runs").status.success());

    assert!(vendor.no(2, &["verify", "--kind", "user", "@nowhere.jwt"]).contains("@nowhere.jwt cannot be read"));
}

#[test]
fn every_reason_to_refuse_has_its_exit_code() {
    let vendor = Vendor::new("EdDSA");
    let check = |exit, more: &[&str]| {
        let plugin = ["check-plugin", "--name", PLUGIN, "--plugin-token", "@plugin.jwt"];
        vendor.no(exit, &[&plugin, more].concat())
    };
    std::fs::write(vendor.at("none.jwt"), "").expect("written");
    std::fs::write(vendor.at("garbage.jwt"), "asdf42#0815").expect("written");
    std::fs::write(vendor.at("bytes.jwt"), b"\xff.\xfe.\xfd").expect("written");
    std::fs::write(vendor.at("long.jwt"), vec![b'a'; 10 << 20]).expect("written");
    vendor.issue("small.jwt", &["--kind", "user", "--aud", "customer-1", "--category", "S", "--days", "9"]);

    assert!(
        check(10, &["--license", "@none.jwt"])
            .contains("TOKEN_EMPTY: Missing token info. User license token is empty.")
    );
    for file in ["@garbage.jwt", "@bytes.jwt", "@long.jwt"] {
        assert!(check(11, &["--license", file]).contains("TOKEN_MALFORMED"), "{file}");
    }
    assert!(check(13, &["--at", "2999-01-01"]).contains("EXPIRED"));
    assert!(check(14, &["--at", "1700000000"]).contains("NOT_YET_VALID"));
    assert!(check(15, &["--license", "@plugin.jwt"]).contains("SUBJECT_INVALID"));
    assert!(check(16, &["--customer", "customer-2"]).contains("AUDIENCE_MISMATCH"));
    assert!(check(17, &["--license", "@small.jwt"]).contains("CATEGORY_MISMATCH"));
    assert!(vendor.no(10, &["check-plugin", "--name", PLUGIN, "--require-token"]).contains("Plugin token is empty"));
    vendor.yes(&["check-plugin", "--name", PLUGIN]);

    let stranger = Vendor::new("EdDSA");
    let keys = stranger.at("keys.json");
    assert!(check(12, &["--keys", keys.to_str().expect("UTF-8")]).contains("SIGNATURE_INVALID"));
}

#[test]
fn what_should_not_be_issued_is_not() {
    let vendor = Vendor::new("ES256");
    let issue = |arguments: &[&str]| vendor.no(2, &[&["issue", "--key", "vendor.jwk"], arguments].concat());
    let user = |more: &[&str]| issue(&[&["--kind", "user", "--aud", "customer-1"], more].concat());

    assert!(user(&["--category", "M,L", "--days", "9"]).contains("one category"));
    assert!(user(&["--category", "M"]).contains("must end"));
    assert!(user(&["--category", "M", "--nbf", "2027-01-02", "--exp", "2027-01-01"]).contains("before it begins"));
    assert!(user(&["--category", "M", "--days", "4000"]).contains("with --long"));
    assert!(user(&["--category", "XXL", "--days", "9"]).contains("S, M, L or XL"));
    assert!(user(&["--category", "M", "--days", "9", "--alg", "Ed25519"]).contains("for Ed25519 keys"));
    assert!(issue(&["--kind", "plugin", "--aud", "", "--category", "M"]).contains("must name"));
    assert!(vendor.no(2, &["keygen", "--kid", "a", "--out", "vendor.jwk"]).contains("is there already"));

    vendor.yes(&["keys", "retire", "keys.json", "first"]);
    let with_set = ["--category", "M", "--days", "9", "--keys", "keys.json"];
    assert!(user(&with_set).contains("is retired"));
    vendor.yes(&["keygen", "--kid", "first", "--out", "other.jwk"]);
    vendor.yes(&["keys", "add", "other.json", "other.public.jwk"]);
    let other = ["--category", "M", "--days", "9", "--keys", "other.json"];
    assert!(user(&other).contains("whose public half is in the key set"));
    let leased = ["--category", "M", "--days", "9", "--lease", "0"];
    assert!(
        issue(&[&["--kind", "user", "--aud", "c", "--keys", "other.json"], &leased[..]].concat())
            .contains("before it begins")
    );
    vendor.yes(&["verify", "--kind", "user", "@license.jwt"]);
    vendor.yes(&["keys", "revoke", "keys.json", "first"]);
    assert!(vendor.no(18, &["verify", "--kind", "user", "@license.jwt"]).contains("key is revoked"));
}

#[test]
fn a_token_is_shown_with_its_dates_and_believed_only_with_keys() {
    let vendor = Vendor::new("EdDSA");
    vendor.issue(
        "leased.jwt",
        &[
            "--kind",
            "user",
            "--aud",
            "customer-1",
            "--category",
            "L",
            "--nbf",
            "2020-01-01",
            "--exp",
            "2021-01-01",
            "--lease",
            "30d",
        ],
    );
    let inspected = |arguments: &[&str]| -> Value {
        let all = [&["inspect", "@leased.jwt", "--json"], arguments].concat();
        serde_json::from_str(&vendor.yes(&all)).expect("JSON")
    };

    let then = inspected(&["--at", "2020-01-15T00:00:00Z"]);
    assert_eq!((&then["verified"], &then["header"]["typ"]), (&json!(true), &json!("license+jwt")));
    assert_eq!(then["in_words"]["exp"], "2020-01-31T00:00:00Z");
    assert_eq!(
        (&then["in_words"]["contract_exp"], &then["in_words"]["category"]),
        (&json!("2021-01-01T00:00:00Z"), &json!("L"))
    );
    let now = inspected(&[]);
    assert_eq!(now["verified"], false);
    assert!(now["why_not"].as_str().is_some_and(|why| why.starts_with("EXPIRED")), "{now}");

    let mut keyless = countersign(vendor.folder.path());
    let keyless = keyless.args(["license", "inspect", "@leased.jwt"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&keyless.stdout).starts_with("not verified: no keys: none are built in"));
    assert!(vendor.no(11, &["inspect", "a.b"]).contains("TOKEN_MALFORMED"));
}

#[test]
fn what_is_revoked_is_refused_without_a_network() {
    let vendor = Vendor::new("EdDSA");
    let told: Value = serde_json::from_str(&vendor.yes(&["inspect", "@license.jwt", "--json"])).expect("JSON");
    let id = told["claims"]["jti"].as_str().expect("an id");
    let revoke = ["revoke", "--list", "revoked.jwt", "--key", "vendor.jwk", "--reason", "lost"];
    let check = ["check-plugin", "--name", PLUGIN, "--plugin-token", "@plugin.jwt", "--state", "state.json"];
    let with_list = [&check[..], &["--revocations", "revoked.jwt"]].concat();

    let first = vendor.yes(&[&revoke[..], &["--jti", "another", "--exp", "2999-01-01"]].concat());
    assert!(first.contains("number 1, 1 revoked"), "{first}");
    std::fs::copy(vendor.at("revoked.jwt"), vendor.at("older.jwt")).expect("copied");
    assert_eq!(vendor.no(0, &with_list), "");
    vendor.yes(&[&revoke[..], &["--jti", id]].concat());
    assert!(vendor.no(18, &with_list).contains("REVOKED"));

    // An older list, or none that can be read, leaves the last good one in force.
    let older = vendor.no(18, &[&check[..], &["--revocations", "older.jwt"]].concat());
    assert!(older.contains("number 1, but number 2 was seen before; the last good one stays in force"), "{older}");
    assert!(vendor.no(18, &check).contains("REVOKED"));
    std::fs::write(vendor.at("older.jwt"), "nonsense").expect("written");
    vendor.no(18, &[&check[..], &["--revocations", "older.jwt"]].concat());

    let required = ["verify", "--kind", "plugin", "@plugin.jwt", "--revocation-mode", "required"];
    assert!(vendor.no(18, &required).contains("no revocation list"));
    let ended = [&required[..], &["--revocations", "revoked.jwt", "--at", "3500-01-01"]].concat();
    assert!(vendor.no(18, &ended).contains("has ended"));
    assert!(vendor.no(2, &[&revoke[..], &["--kid", "first"]].concat()).contains("proves nothing"));
}

#[test]
fn what_is_revoked_stays_so_when_the_key_of_the_list_retires() {
    let vendor = Vendor::new("EdDSA");
    let told: Value = serde_json::from_str(&vendor.yes(&["inspect", "@license.jwt", "--json"])).expect("JSON");
    let id = told["claims"]["jti"].as_str().expect("an id");
    let check = ["check-plugin", "--name", PLUGIN, "--plugin-token", "@plugin.jwt", "--state", "state.json"];
    let with_list = [&check[..], &["--revocations", "revoked.jwt"]].concat();
    vendor.yes(&["revoke", "--list", "revoked.jwt", "--key", "vendor.jwk", "--jti", id]);
    vendor.no(18, &with_list);

    vendor.yes(&["keygen", "--kid", "second", "--out", "second.jwk"]);
    vendor.yes(&["keys", "add", "keys.json", "second.public.jwk"]);
    vendor.yes(&["keys", "retire", "keys.json", "first"]);
    let kept = vendor.no(18, &with_list);
    assert!(kept.contains("signed with a retired key") && kept.contains("the last good one stays in force"), "{kept}");
    assert!(vendor.no(18, &check).contains("REVOKED"));

    let anew = ["revoke", "--list", "revoked.jwt", "--key", "second.jwk"];
    assert!(vendor.no(2, &anew).contains("--keys FILE"));
    assert!(vendor.yes(&[&anew[..], &["--keys", "keys.json"]].concat()).contains("number 2, 1 revoked"));
    let renewed = vendor.no(18, &with_list);
    assert!(!renewed.contains("warning"), "{renewed}");
}

#[test]
fn checks_as_of_another_time_are_not_remembered() {
    let vendor = Vendor::new("EdDSA");
    let preview = ["preview", "--license", "@license.jwt", "--state", "state.json"];

    vendor.no(1, &[&preview[..], &["--at", "2999-01-01"]].concat());
    assert!(!vendor.at("state.json").exists());
    vendor.yes(&preview);
}

#[test]
fn a_set_with_a_secret_is_for_nobody_else() {
    let vendor = Vendor::new("EdDSA");
    let secret = json!({ "kty": "oct", "alg": "HS512", "kid": "old", "k": "A".repeat(86) });
    std::fs::write(vendor.at("old.jwk"), secret.to_string()).expect("written");
    let mode = || vendor.at("keys.json").metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode() & 0o044, 0o044);

    vendor.yes(&["keys", "add", "keys.json", "old.jwk"]);

    assert_eq!(mode(), 0o600);
}

#[test]
fn keys_rotate_without_a_day_on_which_nothing_runs() {
    let vendor = Vendor::new("EdDSA");
    vendor.yes(&["keygen", "--alg", "ES256", "--kid", "second", "--out", "second.jwk"]);
    vendor.yes(&["keys", "add", "keys.json", "second.public.jwk"]);
    let listed = vendor.yes(&["keys", "retire", "keys.json", "first"]);
    assert_eq!(listed, "KID     ALG    STATUS\nfirst   EdDSA  retired\nsecond  ES256  active\n");
    let license = vendor.yes(&[
        "issue",
        "--key",
        "second.jwk",
        "--keys",
        "keys.json",
        "--kind",
        "user",
        "--aud",
        "customer-1",
        "--category",
        "M",
        "--days",
        "365",
    ]);
    std::fs::write(vendor.at("new.jwt"), license).expect("written");

    let check = ["check-plugin", "--name", PLUGIN, "--plugin-token", "@plugin.jwt", "--license", "@new.jwt"];
    vendor.yes(&check);
    assert!(vendor.no(2, &["keys", "drop", "keys.json", "second"]).contains("is active"));
    vendor.yes(&["keys", "drop", "keys.json", "first"]);
    assert!(vendor.no(12, &check).contains("ALG_REJECTED"));
    assert!(vendor.no(2, &["keys", "retire", "keys.json", "first"]).contains("no key"));
    assert!(vendor.no(2, &["keys", "add", "keys.json", "second.public.jwk"]).contains("two keys have the name"));
    assert!(vendor.no(2, &["keys", "add", "keys.json", "vendor.jwk"]).contains("holds a private key"));
}

#[test]
fn a_preview_says_what_would_stop_and_when() {
    let vendor = Vendor::new("EdDSA");
    vendor.issue(
        "license.jwt",
        &["--kind", "user", "--aud", "customer-1", "--category", "M", "--exp", "2999-06-01", "--long"],
    );
    vendor.issue(
        "short.jwt",
        &["--kind", "plugin", "--aud", "short", "--category", "M", "--exp", "2999-01-01", "--long"],
    );
    vendor.issue("large.jwt", &["--kind", "container", "--aud", "large", "--category", "XL"]);
    let plugin = format!("{PLUGIN}=@plugin.jwt");
    let ask = ["preview", "--license", "@license.jwt", "--plugin", &plugin, "--plugin", "short=@short.jwt"];

    let page = vendor.yes(&ask);
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines[0], "KIND    NAME                     RUNS  STOPS                 BECAUSE");
    assert_eq!(lines[1], "user    customer-1               yes   2999-06-01T00:00:00Z  it ends then");
    assert_eq!(lines[2], "plugin  @countersign/scanner-av  yes   2999-06-01T00:00:00Z  the license ends then");
    assert_eq!(lines[3], "plugin  short                    yes   2999-01-01T00:00:00Z  the plugin's token ends then");
    assert_eq!(lines[4], "all would run; the first stops at 2999-01-01T00:00:00Z");

    let refused = vendor.run(&[&ask[..], &["--container", "large=@large.jwt", "--json"]].concat(), &[]);
    assert_eq!(refused.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    assert_eq!((&told["rows"][3]["runs"], &told["rows"][0]["runs"]), (&json!(false), &json!(true)));
    assert!(told["rows"][3]["because"].as_str().is_some_and(|why| why.starts_with("CATEGORY_MISMATCH")));
    let later = vendor.run(&[&ask[..], &["--at", "2999-03-01"]].concat(), &[]);
    assert!(String::from_utf8_lossy(&later.stdout).ends_with("1 of 3 would not run\n"));
}

/// Tokens of another library validate here, and ours there. The other program reads a line of JSON (our keys, our
/// tokens), verifies those, and prints the ones that it makes.
fn agree(vendors: &[(&str, &Vendor)], other: &mut Command) {
    let secret = json!({ "kty": "oct", "kid": "secret", "alg": "HS512", "k": "c2VjcmV0".repeat(12) });
    let ours: Vec<Value> = vendors
        .iter()
        .map(|(alg, vendor)| {
            let private: Value = serde_json::from_str(&vendor.token("vendor.jwk")).expect("JSON");
            json!({ "alg": alg, "jwk": private, "token": vendor.token("license.jwt") })
        })
        .collect();
    let folder = &vendors[0].1;
    std::fs::write(folder.at("secret.jwk"), secret.to_string()).expect("written");
    let of_the_secret = folder.yes(&[
        "issue",
        "--key",
        "secret.jwk",
        "--kind",
        "user",
        "--aud",
        "customer-1",
        "--category",
        "M",
        "--days",
        "9",
    ]);
    let mut all = ours;
    all.push(json!({ "alg": "HS512", "jwk": secret, "token": of_the_secret.trim() }));
    let asked = folder.at("asked.json");
    std::fs::write(&asked, json!(all).to_string()).expect("written");

    let output = other.arg(&asked).output().expect("it runs");

    assert!(output.status.success(), "{}", said(&output));
    let theirs: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(theirs.len(), all.len());
    for (made, own) in theirs.iter().zip(&all) {
        assert_eq!(made["claims"]["aud"], "customer-1", "they read ours");
        std::fs::write(folder.at("other-keys.json"), public(&own["jwk"]).to_string()).expect("written");
        let token = made["token"].as_str().expect("a token");
        let verified =
            folder.yes(&["verify", "--keys", "other-keys.json", "--kind", "user", "--name", "their-customer", token]);
        assert!(verified.starts_with("valid until"), "{made}");
    }
}

/// The JWK without its private half.
fn public(jwk: &Value) -> Value {
    let mut public = jwk.clone();
    public.as_object_mut().expect("an object").remove("d");
    public
}

#[test]
fn python_s_pyjwt_and_we_read_each_other() {
    let (ed25519, es256) = (Vendor::new("EdDSA"), Vendor::new("ES256"));
    let mut other = Command::new(python());
    agree(&[("EdDSA", &ed25519), ("ES256", &es256)], other.arg(tests("python/licenses.py")));
}

#[test]
fn node_s_jose_and_we_read_each_other() {
    let (ed25519, es256) = (Vendor::new("EdDSA"), Vendor::new("ES256"));
    let folder = crate::npm::installed("npm/licenses", "licenses.mjs");
    let mut other = Command::new("node");
    agree(&[("EdDSA", &ed25519), ("ES256", &es256)], other.arg(folder.path().join("licenses.mjs")));
}

#[test]
fn the_documented_commands_do_what_they_say() {
    let page = std::fs::read_to_string(root().join("docs/licenses.md")).expect("a page");
    let commands: Vec<&str> = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(commands.len() > 6);
    let folder = tempfile::tempdir().expect("a folder");
    let programs = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").expect("a path");

    let output = Command::new("sh")
        .args(["-euc", &commands.concat()])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("PATH", format!("{programs}:{path}"))
        .output()
        .expect("it runs");

    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    for expected in [
        "valid until",
        "verified\n",
        "all would run; the first stops at",
        "number 1, 1 revoked",
        "2026-a  EdDSA  retired",
    ] {
        assert!(printed.contains(expected), "{expected} is not in {printed}");
    }
    assert!(said(&output).contains("REVOKED"));
}

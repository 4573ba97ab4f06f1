//! What the programs are built of: the rules of `deny.toml`, held without the tool that it is written for, and the bill of
//! materials.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::world::{countersign, root};

/// A package of the tree.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    license: String,
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).arg("--locked").current_dir(root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What `cargo tree` lists.
fn tree(arguments: &[&str]) -> BTreeSet<Package> {
    let all = cargo(&[&["tree", "--prefix", "none", "--no-dedupe", "--format", "{p}\t{l}"], arguments].concat());
    let lines = all.lines().filter(|line| !line.is_empty()).map(|line| {
        // A crate that its own tests use stands there again, with a mark.
        let (package, license) = line.trim_end_matches(" (*)").split_once('\t').expect("two columns");
        let mut words = package.split(' ').map(str::to_owned);
        let (name, version) = (words.next().expect("a name"), words.next().expect("a version"));
        Package { name, version: version.trim_start_matches('v').to_owned(), license: license.to_owned() }
    });
    lines.collect()
}

/// Everything that is built on the platforms that are released, for programs and for tests.
fn everything(rules: &toml::Table) -> BTreeSet<Package> {
    let targets = rules["graph"]["targets"].as_array().expect("targets");
    let of = |target: &toml::Value| {
        let target = target.as_str().expect("a target");
        tree(&["--workspace", "--edges", "normal,build,dev", "--target", target])
    };
    targets.iter().flat_map(of).collect()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn rules() -> toml::Table {
    text("deny.toml").parse().expect("TOML")
}

/// Whether one may choose among a package's licences so that each is one of these.
fn is_allowed(license: &str, allowed: &[&str]) -> bool {
    // What old manifests write with a slash is a choice.
    let spaced = license.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut holds = all(rest, allowed);
    while let ["OR", after @ ..] = *rest {
        *rest = after;
        holds |= all(rest, allowed);
    }
    holds
}

fn all(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut holds = one(rest, allowed);
    while let ["AND", after @ ..] = *rest {
        *rest = after;
        holds &= one(rest, allowed);
    }
    holds
}

fn one(rest: &mut &[&str], allowed: &[&str]) -> bool {
    match *rest {
        ["(", after @ ..] => {
            *rest = after;
            let holds = any(rest, allowed);
            *rest = rest.strip_prefix(&[")"]).unwrap_or_default();
            holds
        }
        [name, "WITH", exception, after @ ..] => {
            *rest = after;
            allowed.contains(&format!("{name} WITH {exception}").as_str())
        }
        [name, after @ ..] => {
            *rest = after;
            allowed.contains(name)
        }
        [] => false,
    }
}

/// What the rules on crates say against these packages.
fn refused(rules: &toml::Table, packages: &BTreeSet<Package>) -> Vec<String> {
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    packages.iter().for_each(|package| *versions.entry(&package.name).or_default() += 1);
    let count = |name: &str| versions.get(name).copied().unwrap_or_default();
    let mut found = Vec::new();
    for rule in rules["bans"]["deny"].as_array().expect("a list") {
        let name = rule["crate"].as_str().expect("a name");
        match rule.get("deny-multiple-versions") {
            Some(_) if count(name) > 1 => found.push(format!("{name} is there in {} versions", count(name))),
            None if count(name) > 0 => found.push(format!("{name} is there")),
            _ => {}
        }
    }
    found
}

#[test]
fn what_is_refused_is_not_in_the_tree_and_what_must_be_there_once_is() {
    let rules = rules();
    let everything = everything(&rules);
    assert!(everything.len() > 200, "{}", everything.len());
    assert_eq!(refused(&rules, &everything), Vec::<String>::new());

    let package = |name: &str, version: &str| Package {
        name: name.to_owned(),
        version: version.to_owned(),
        license: "MIT".to_owned(),
    };
    let bad = [package("ring", "0.17.0"), package("rustls", "0.22.0"), package("rustls", "0.23.0")];
    let said = refused(&rules, &bad.into_iter().collect());
    assert_eq!(said, ["ring is there", "rustls is there in 2 versions"]);
}

#[test]
fn every_licence_is_one_that_may_come_in() {
    let rules = rules();
    let allowed = rules["licenses"]["allow"].as_array().expect("a list");
    let allowed: Vec<&str> = allowed.iter().map(|name| name.as_str().expect("a name")).collect();
    for package in everything(&rules) {
        assert!(is_allowed(&package.license, &allowed), "{package:?}: none of {allowed:?}");
    }

    for good in
        ["MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(MIT OR GPL-3.0-only) AND Zlib", "ISC AND (X OR 0BSD) AND MIT"]
    {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in
        ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR ISC) AND BUSL-1.1", "MIT WITH Some-exception", "MIT MIT"]
    {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

#[test]
fn everything_comes_from_the_one_registry_under_its_checksum() {
    let lock: toml::Table = text("Cargo.lock").parse().expect("TOML");
    let mut sources = BTreeSet::new();
    for package in lock["package"].as_array().expect("packages") {
        let Some(source) = package.get("source") else {
            assert!(root().join("crates").join(package["name"].as_str().expect("a name")).is_dir(), "{package}");
            continue;
        };
        sources.insert(source.as_str().expect("a source"));
        assert_eq!(package["checksum"].as_str().map(str::len), Some(64), "{package}");
    }
    let is_registry = |source: &&str| source.starts_with("registry+https://");
    assert!(sources.len() == 1 && sources.iter().all(is_registry), "{sources:?}");
    assert_eq!(rules()["sources"]["unknown-registry"].as_str(), Some("deny"));
}

#[test]
fn the_lint_against_unsafe_code_is_lifted_once() {
    let mut lifted = Vec::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let is_rust = path.extension().is_some_and(|extension| extension == "rs");
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if is_rust && std::fs::read_to_string(&path).expect("text").contains("(unsafe_code") {
                lifted.push(path);
            }
        }
    }
    // This file names it, too.
    lifted.retain(|path| !path.ends_with(file!().rsplit('/').next().expect("a name")));
    assert!(matches!(&lifted[..], [one] if one.ends_with("whck/src/descriptors.rs")), "{lifted:?}");
    assert_eq!(text("crates/whck/src/descriptors.rs").matches("unsafe {").count(), 1);
}

#[test]
fn the_bill_of_materials_lists_what_the_program_is_built_of() {
    let print = || {
        let output = Command::new(root().join("bin/sbom")).output().expect("Python 3 is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let printed = print();
    let bill: Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let own = &bill["metadata"]["component"];
    assert_eq!((&own["name"], &own["version"]), (&"countersign".into(), &env!("CARGO_PKG_VERSION").into()));

    let lock: toml::Table = text("Cargo.lock").parse().expect("TOML");
    let locked = lock["package"].as_array().expect("packages");
    let checksum = |package: &Package| {
        let found = locked.iter().find(|each| {
            each["name"].as_str() == Some(&package.name) && each["version"].as_str() == Some(&package.version)
        });
        found.expect("it is locked").get("checksum").and_then(toml::Value::as_str)
    };
    let built = tree(&["--package", "countersign", "--edges", "normal", "--target", "x86_64-unknown-linux-gnu"]);
    let expected: BTreeSet<_> = built
        .iter()
        .filter(|package| package.name != "countersign")
        .map(|package| {
            let purl = format!("pkg:cargo/{}@{}", package.name, package.version);
            (purl, package.license.replace(" / ", " OR ").replace('/', " OR "), checksum(package).map(str::to_owned))
        })
        .collect();
    let components = bill["components"].as_array().expect("components");
    let listed: BTreeSet<_> = components
        .iter()
        .map(|each| {
            let word = |pointer| each.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let license = word("/licenses/0/expression").expect("a licence");
            (word("/purl").expect("a purl"), license, word("/hashes/0/content"))
        })
        .collect();
    assert_eq!(listed, expected);
    assert_eq!(listed.len(), components.len(), "each once");
    assert!(printed == print(), "the same lock file gives the same bytes");
}

/// Holds the options of a call against what its command says that it has.
fn has_options(call: &[&str]) {
    let command = call.iter().take_while(|word| !word.starts_with('-'));
    let output = Command::new(env!("CARGO_BIN_EXE_countersign")).args(command).arg("--help").output().expect("it runs");
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    for word in call.iter().filter(|word| word.starts_with("--")) {
        assert!(help.contains(&format!("{word} <")), "{call:?} has no {word}:\n{help}");
    }
}

#[test]
fn the_unit_and_the_container_call_what_the_program_has() {
    let unit = text("dist/countersign.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/countersign ")).expect("a start");
    let words: Vec<&str> = start.split(' ').collect();
    assert_eq!(words[0], "serve");
    has_options(&words);
    for promised in [
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
        "MemoryMax=1G",
    ] {
        assert!(unit.lines().any(|line| line == promised), "{promised}");
    }

    let container = text("dist/Containerfile");
    let instruction = |name: &str| {
        let line = container.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
        let list = &line[line.find('[').expect("a list")..];
        serde_json::from_str::<Vec<String>>(list).expect("a list of words")
    };
    assert_eq!(instruction("ENTRYPOINT"), ["/usr/bin/countersign"]);
    let (start, check) = (instruction("CMD"), instruction("HEALTHCHECK"));
    assert_eq!((&*start[0], &*check[0]), ("serve", "/usr/bin/countersign"));
    has_options(&start.iter().map(String::as_str).collect::<Vec<_>>());
    has_options(&check[1..].iter().map(String::as_str).collect::<Vec<_>>());
    let user = container.lines().filter_map(|line| line.strip_prefix("USER ")).next_back();
    assert_eq!(user, Some("nonroot"));
    for variable in container.lines().filter_map(|line| line.strip_prefix("ENV ")) {
        let (name, value) = variable.split_once('=').expect("a name and a value");
        let folder = tempfile::tempdir().expect("a folder");
        let shown = countersign(folder.path()).args(["config", "show"]).env(name, value).output().expect("it runs");
        assert!(String::from_utf8_lossy(&shown.stdout).contains(value), "{name} says nothing: {shown:?}");
    }
}

#[test]
fn every_target_of_the_lists_has_a_file_that_cargo_fuzz_runs() {
    let manifest: toml::Table = text("fuzz/Cargo.toml").parse().expect("TOML");
    let programs: BTreeSet<String> = manifest["bin"]
        .as_array()
        .expect("programs")
        .iter()
        .map(|each| each["name"].as_str().expect("a name").to_owned())
        .collect();
    let lists = ["verify", "license", "server"].map(|name| text(&format!("crates/{name}/src/fuzz.rs")));
    let named = lists.iter().flat_map(|list| list.split("name: \"").skip(1)).filter_map(|rest| rest.split('"').next());
    let listed: BTreeSet<String> = named.map(str::to_owned).collect();
    let files = std::fs::read_dir(root().join("fuzz/fuzz_targets")).expect("targets").flatten();
    let files: BTreeSet<String> =
        files.map(|file| file.path().file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    assert_eq!((&programs, &files), (&listed, &listed));
    assert!(listed.len() >= 10, "{listed:?}");
}

//! What is said when a configuration is wrong.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use verify::provider::{self, KeyForm};
use verify::secret;

use crate::world::countersign;

fn with(text: &str) -> TempDir {
    let folder = TempDir::with_prefix("countersign-config-").expect("a folder");
    std::fs::write(folder.path().join("countersign.toml"), text).expect("written");
    folder
}

fn check(folder: &Path, variables: &[(&str, &str)]) -> Output {
    countersign(folder).args(["config", "check"]).envs(variables.iter().copied()).output().expect("it runs")
}

fn refused(text: &str, variables: &[(&str, &str)]) -> String {
    let output = check(with(text).path(), variables);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_name() {
    let said = refused("[server]\npublic_urll = \"https://a.test\"\n", &[]);
    assert_eq!(said, "countersign: countersign.toml:2:1: unknown key `public_urll`: did you mean `public_url`?\n");

    let said = refused("[[service]]\nname = \"a\"\nurl = \"http://a.test\"\non_failur = \"hold\"\n", &[]);
    assert!(said.contains("countersign.toml:4:1: unknown key `on_failur`: did you mean `on_failure`?"), "{said}");
}

#[test]
fn a_wrong_value_is_told_with_what_was_expected() {
    let said = refused("[server]\nlisten = \"8640\"\n", &[]);
    assert!(said.contains("countersign.toml:2:10: expected an address with a port"), "{said}");
    assert!(said.contains("found \"8640\""), "{said}");
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    let said = refused("", &[("COUNTERSIGN_SERVER__LISTEN", "nowhere")]);
    assert!(said.contains("the variable COUNTERSIGN_SERVER__LISTEN: expected an address"), "{said}");
    let said = refused("", &[("COUNTERSIGN_SERVER__LISEN", "127.0.0.1:1")]);
    assert!(
        said.contains("the variable COUNTERSIGN_SERVER__LISEN: unknown key `lisen`: did you mean `listen`?"),
        "{said}"
    );
    let said = refused("", &[("COUNTERSIGN_SECRETS__KEY_FILE", "/etc/passwd")]);
    assert!(said.contains("write it into the configuration file"), "{said}");
}

#[test]
fn a_secret_that_is_not_there_is_told_with_its_place() {
    let text = "[[source]]\nprovider = \"github\"\nsecrets = [{ env = \"NOT_SET_ANYWHERE\" }]\n";
    let said = refused(text, &[]);
    assert!(said.contains("countersign.toml:3:12: expected a secret in the variable NOT_SET_ANYWHERE"), "{said}");
}

#[test]
fn secrets_stand_in_variables_files_and_programs() {
    let text = "[[source]]\nprovider = \"github\"\n\
                secrets = [{ env = \"SECRET\" }, { file = \"secret\" }, { command = [\"echo\", \"three\"] }]\n";
    let folder = with(text);
    std::fs::write(folder.path().join("secret"), "two\n").expect("written");
    let output = check(folder.path(), &[("SECRET", "one")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_rule_of_no_service_and_a_name_that_occurs_twice_are_refused() {
    let rule = "[[rule]]\nname = \"R\"\nservice = \"nobody\"\naction = \"flag\"\n";
    assert!(refused(rule, &[]).contains("there is no service \"nobody\""));
    let source = "[[source]]\nprovider = \"github\"\nsecrets = [\"s\"]\n";
    assert!(refused(&source.repeat(2), &[]).contains("stands in the configuration twice"));
}

#[test]
fn what_is_in_force_is_shown_with_its_origin_and_without_secrets() {
    let text = "[server]\nlisten = \"127.0.0.1:1\"\n[[source]]\nprovider = \"github\"\n\
                secrets = [\"hunter2\", { env = \"GITHUB_SECRET\" }]\n";
    let folder = with(text);
    let output = countersign(folder.path())
        .args(["config", "show", "--json"])
        .env("COUNTERSIGN_SERVER__ADMIN_LISTEN", "127.0.0.1:2")
        .output()
        .expect("it runs");
    let shown = String::from_utf8(output.stdout).expect("text");
    let settings: Vec<serde_json::Value> = serde_json::from_str(&shown).expect("JSON");
    let of = |key: &str| {
        let setting = settings.iter().find(|setting| setting["key"] == key).expect("a setting");
        (setting["value"].as_str().expect("text"), setting["from"].as_str().expect("text"))
    };

    assert_eq!(of("server.listen"), ("127.0.0.1:1", "countersign.toml:2:10"));
    assert_eq!(of("server.admin_listen"), ("127.0.0.1:2", "the variable COUNTERSIGN_SERVER__ADMIN_LISTEN"));
    assert_eq!(of("data_dir"), ("countersign-data", "the default"));
    assert_eq!(of("source[0].secrets[0]").0, "set");
    assert_eq!(of("source[0].secrets[1]").0, "set, in the variable GITHUB_SECRET");
    assert!(!shown.contains("hunter2"));
}

#[test]
fn the_sample_is_the_default() {
    let folder = TempDir::with_prefix("countersign-config-").expect("a folder");
    let sample = countersign(folder.path()).args(["config", "default"]).output().expect("it runs").stdout;
    std::fs::write(folder.path().join("countersign.toml"), sample).expect("written");
    assert_eq!(check(folder.path(), &[]).status.code(), Some(0));
}

#[test]
fn the_settings_of_an_aspnet_application_become_sources() {
    let folder = with("[server]\nwebhooks_config = \"app.json\"");
    let settings =
        |secret: &str| format!("{{\"WebHooks\": {{\"github\": {{\"SecretKey\": {{\"default\": \"{secret}\"}}}}}}}}");
    std::fs::write(folder.path().join("app.json"), settings("0123456789abcdef")).expect("a file");
    let code = "0123456789abcdef0123456789abcdef";
    let variables = [("WebHooks__kudu__SecretKey__one", code), ("WebHooks__DisableHttpsCheck", "true")];

    let output = check(folder.path(), &variables);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("2 sources"), "{said}{}", String::from_utf8_lossy(&output.stderr));

    std::fs::write(folder.path().join("app.json"), settings("hunter2")).expect("a file");
    let output = check(folder.path(), &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("app.json: Could not find a valid configuration for the 'github' WebHook receiver"),
        "{said}"
    );
    assert!(!output.status.success() && !said.contains("hunter2"), "{said}");
}

/// A text that is a key of this form.
fn key(form: KeyForm) -> String {
    secret::made(form, &[7; 32]).unwrap_or_else(|| match form {
        KeyForm::Whpk => secret::whpk(&[7; 32]),
        KeyForm::Named => "name:secret".to_owned(),
        KeyForm::Identifier { prefix, .. } => format!("{prefix}main"),
        KeyForm::Ed25519Hex => "312c3823ebf3f1381c33c4ed4f60294f0a8f3037eb4930a83b3abb01f0cd4b87".to_owned(),
        _ => "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1\
              flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
            .to_owned(),
    })
}

#[test]
fn what_every_recipe_says_to_write_is_a_source() {
    let sources: Vec<String> = provider::ALL.iter().map(|provider| provider.configuration("main")).collect();
    let variables: Vec<_> = provider::ALL.iter().map(|provider| (provider.variable(), key(provider.key))).collect();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();

    let output = check(with(&sources.join("\n")).path(), &variables);

    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_rate_that_all_callers_would_share_is_told_and_no_other() {
    let check = |server: &str, source: &str| {
        let folder = TempDir::new().expect("a folder");
        let file =
            format!("{server}\n[[source]]\nid = \"main\"\nprovider = \"github\"\nsecrets = [\"a secret\"]\n{source}");
        std::fs::write(folder.path().join("countersign.toml"), file).expect("written");
        let output = countersign(folder.path()).args(["config", "check"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    let (rate, behind) = ("rate = \"600/1m\"", "[server]\npublic_url = \"https://hooks.example\"");

    let said = check(behind, rate);
    assert!(said.contains("github/main") && said.contains("trusted_proxies"), "{said}");
    for (server, source) in [(behind, ""), ("", rate), (&*format!("{behind}\ntrusted_proxies = [\"10.0.0.7\"]"), rate)]
    {
        let said = check(server, source);
        assert!(!said.contains("trusted_proxies"), "{said}");
    }
}

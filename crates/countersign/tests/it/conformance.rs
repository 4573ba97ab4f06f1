//! Published vectors, run by the command line.

use std::process::Output;

use serde_json::Value;

use crate::world::{countersign, root};

/// Providers whose every row must come out as it says.
const PROVIDERS: [&str; 9] = [
    "github",
    "gitea",
    "forgejo",
    "gogs",
    "gitlab",
    "gitlab-token",
    "standard-webhooks",
    "standard-webhooks-ed25519",
    "svix",
];

fn run(file: &str) -> (Output, Vec<Value>, String) {
    let vectors = root().join("crates/verify/vectors");
    let output = countersign(&vectors).args(["conformance", file]).output().expect("it runs");
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let (rows, sum) = text.trim_end().rsplit_once('\n').expect("rows and their sum");
    (output.clone(), rows.lines().map(|row| serde_json::from_str(row).expect("a row")).collect(), sum.to_owned())
}

#[test]
fn every_request_of_the_supported_providers_is_judged_as_it_should_be() {
    let (output, rows, sum) = run("providers.json");
    let failed = rows.iter().filter(|row| row["pass"] == false).count();
    assert_eq!(sum, format!("{} passed, {failed} failed", rows.len() - failed));
    assert_eq!(output.status.code(), Some(i32::from(failed > 0)));

    for provider in PROVIDERS {
        let prefix = format!("{provider}/");
        let own: Vec<&Value> =
            rows.iter().filter(|row| row["id"].as_str().is_some_and(|id| id.starts_with(&prefix))).collect();
        assert!(!own.is_empty(), "no vectors of {provider}");
        for row in own {
            assert_eq!(row["pass"], true, "{row}");
        }
    }
    let passed_of = |profile: &str| {
        let own = rows.iter().filter(|row| row["id"].as_str().is_some_and(|id| id.starts_with(profile)));
        own.filter(|row| row["pass"] == true).count()
    };
    assert_eq!((passed_of("aspnet/"), passed_of("")), (120, 464));
}

#[test]
fn every_vector_of_the_two_protocols_comes_out_as_it_says() {
    for (file, count) in [("scanner-hmac.json", 51), ("request-hmac.json", 88), ("worker-responses.json", 146)] {
        let (output, rows, sum) = run(file);
        assert_eq!((rows.len(), sum), (count, format!("{count} passed, 0 failed")), "{file}");
        assert_eq!(output.status.code(), Some(0));
    }
}

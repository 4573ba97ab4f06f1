//! `hooks.json` of the program `webhook`: a source for what believes a hook's sender, an inactive rule for its command.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::carried::{Carried, Found};
use crate::cli::Common;
use crate::exit::{Done, Failure};

/// What a hook may say besides, and we do not carry over.
const NOT_CARRIED: [&str; 14] = [
    "command-working-directory",
    "pass-arguments-to-command",
    "pass-environment-to-command",
    "pass-file-to-command",
    "response-message",
    "response-headers",
    "success-http-response-code",
    "include-command-output-in-response",
    "include-command-output-in-response-on-error",
    "incoming-payload-content-type",
    "http-methods",
    "parse-parameters-as-json",
    "trigger-rule-mismatch-http-response-code",
    "trigger-signature-soft-failures",
];

/// Hooks in a file.
#[derive(clap::Args)]
pub struct Webhook {
    /// The file of hooks, in JSON.
    file: PathBuf,
    /// Say what would be made, and make nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What a trigger rule comes to.
#[derive(Debug, Default, PartialEq)]
struct Trigger {
    /// The provider and its secrets; any of these makes a request believed.
    believed: Vec<(&'static str, String)>,
    /// The conditions that we do not carry over.
    left: Vec<String>,
}

impl Webhook {
    pub async fn run(self, common: &Common) -> Done {
        let shown = self.file.display();
        let text = std::fs::read(&self.file).map_err(|why| Failure::usage(format!("{shown} cannot be read: {why}")))?;
        let hooks: Vec<Map<String, Value>> = serde_json::from_slice(&text)
            .map_err(|why| Failure::usage(format!("expected a JSON list of hooks in {shown}, but {why}")))?;
        let mut carried = Carried::default();
        for (place, hook) in hooks.iter().enumerate() {
            carried.take(read(hook, place + 1));
        }
        carried.make(common, self.dry_run).await
    }
}

fn read(hook: &Map<String, Value>, place: usize) -> Found {
    let text = |name: &str| hook.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("id").map_or_else(|| format!("hook {place}"), str::to_owned);
    let trigger = hook.get("trigger-rule").map(trigger).unwrap_or_default();
    let mut left: Vec<String> = trigger.left.clone();
    left.extend(NOT_CARRIED.iter().filter(|key| hook.contains_key(**key)).map(|key| format!("`{key}`")));
    let source = text("id").ok_or_else(|| "expected the member \"id\", found none".to_owned()).and_then(|id| {
        let (provider, _) = trigger.believed.first().ok_or(
            "nothing in its trigger-rule proves who sends: expected a signature of GitHub, Gitea or Gogs, or GitLab's token",
        )?;
        if trigger.believed.iter().any(|(other, _)| other != provider) {
            return Err("its trigger-rule believes several kinds of senders: add a source for each".to_owned());
        }
        let secrets: Vec<&str> = trigger.believed.iter().map(|(_, secret)| secret.as_str()).collect();
        Ok(json!({ "provider": provider, "id": id, "secrets": secrets }))
    });
    let program: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let command = text("execute-command").map(str::to_owned);
    let rule = command.map(|command| {
        (
            json!({ "name": name, "active": false, "action": { "exec": program } }),
            format!("[exec.{program}]\ncommand = [{command:?}]"),
        )
    });
    Found { name, source, rule, left }
}

/// What makes a request believed by such a rule, and what else it asks for.
fn trigger(rule: &Value) -> Trigger {
    let Some((kind, inner)) = rule.as_object().and_then(|rule| rule.iter().next()) else {
        return Trigger::default();
    };
    match kind.as_str() {
        "and" => all_of(inner.as_array().map(Vec::as_slice).unwrap_or_default()),
        "or" => any_of(inner.as_array().map(Vec::as_slice).unwrap_or_default()),
        "match" => one(inner),
        other => Trigger { believed: Vec::new(), left: vec![format!("the condition `{other}`")] },
    }
}

/// Every one must hold: the first that proves the sender does.
fn all_of(rules: &[Value]) -> Trigger {
    let mut whole = Trigger::default();
    for part in rules.iter().map(trigger) {
        whole.left.extend(part.left);
        if whole.believed.is_empty() {
            whole.believed = part.believed;
        } else if !part.believed.is_empty() {
            whole.left.push("a second proof beside the first".to_owned());
        }
    }
    whole
}

/// One suffices: where one proves nothing, nothing is proven.
fn any_of(rules: &[Value]) -> Trigger {
    let parts: Vec<Trigger> = rules.iter().map(trigger).collect();
    let proves_all = parts.iter().all(|part| !part.believed.is_empty());
    let mut whole = Trigger::default();
    for part in parts {
        whole.left.extend(part.left);
        if proves_all {
            whole.believed.extend(part.believed);
        }
    }
    if !proves_all {
        whole.left.push("an alternative that proves nothing".to_owned());
    }
    whole
}

fn one(rule: &Value) -> Trigger {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&rule["type"]);
    let header = if rule["parameter"]["source"] == "header" { text(&rule["parameter"]["name"]) } else { String::new() };
    let header = header.to_ascii_lowercase();
    let provider = match (kind.as_str(), header.as_str()) {
        ("payload-hmac-sha256" | "payload-hash-sha256", "x-hub-signature-256") => Some("github"),
        ("payload-hmac-sha256" | "payload-hash-sha256", "x-gitea-signature") => Some("gitea"),
        ("payload-hmac-sha256" | "payload-hash-sha256", "x-forgejo-signature") => Some("forgejo"),
        ("payload-hmac-sha256" | "payload-hash-sha256", "x-gogs-signature") => Some("gogs"),
        ("payload-hmac-sha1" | "payload-hash-sha1", "x-hub-signature") => Some("github-sha1"),
        ("value", "x-gitlab-token") => Some("gitlab-token"),
        _ => None,
    };
    let secret = text(if kind == "value" { &rule["value"] } else { &rule["secret"] });
    match provider {
        Some(provider) if !secret.is_empty() => Trigger { believed: vec![(provider, secret)], left: Vec::new() },
        Some(_) => Trigger { believed: Vec::new(), left: vec![format!("`{kind}` without a secret")] },
        None => {
            let of = text(&rule["parameter"]["name"]);
            let of = if of.is_empty() { String::new() } else { format!(" of {of}") };
            Trigger { believed: Vec::new(), left: vec![format!("the condition `{kind}`{of}")] }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(hook: &Value) -> Found {
        read(hook.as_object().expect("an object"), 1)
    }

    fn signed(kind: &str, header: &str) -> Value {
        json!({ "match": { "type": kind, "secret": "s3", "parameter": { "source": "header", "name": header } } })
    }

    fn branch() -> Value {
        json!({ "match": { "type": "value", "value": "refs/heads/main", "parameter": { "source": "payload", "name": "ref" } } })
    }

    #[test]
    fn a_signature_becomes_a_source_and_the_command_an_inactive_rule() {
        let rule = json!({ "and": [signed("payload-hmac-sha256", "X-Hub-Signature-256"), branch()] });
        let found = found(
            &json!({ "id": "deploy it", "execute-command": "/srv/deploy.sh", "trigger-rule": rule, "http-methods": ["POST"] }),
        );

        assert_eq!(found.source, Ok(json!({ "provider": "github", "id": "deploy it", "secrets": ["s3"] })));
        let (rule, declaration) = found.rule.expect("a rule");
        assert_eq!(rule, json!({ "name": "deploy it", "active": false, "action": { "exec": "deploy-it" } }));
        assert_eq!(declaration, "[exec.deploy-it]\ncommand = [\"/srv/deploy.sh\"]");
        assert_eq!(found.left, ["the condition `value` of ref", "`http-methods`"]);
    }

    #[test]
    fn each_kind_of_proof_has_its_provider() {
        for (kind, header, provider) in [
            ("payload-hash-sha256", "x-hub-signature-256", "github"),
            ("payload-hmac-sha1", "X-Hub-Signature", "github-sha1"),
            ("payload-hmac-sha256", "X-Gitea-Signature", "gitea"),
            ("payload-hmac-sha256", "X-Gogs-Signature", "gogs"),
        ] {
            assert_eq!(trigger(&signed(kind, header)).believed, [(provider, "s3".to_owned())]);
        }
        let token = json!({ "match": { "type": "value", "value": "t", "parameter": { "source": "header", "name": "X-Gitlab-Token" } } });
        assert_eq!(trigger(&token).believed, [("gitlab-token", "t".to_owned())]);
        for (kind, header) in
            [("payload-hmac-sha512", "X-Hub-Signature-512"), ("scalr-signature", ""), ("ip-whitelist", "")]
        {
            let trigger = trigger(&signed(kind, header));
            assert!(trigger.believed.is_empty() && trigger.left[0].contains(kind), "{kind}");
        }
    }

    #[test]
    fn an_alternative_that_proves_nothing_proves_nothing_at_all() {
        let signature = || signed("payload-hmac-sha256", "X-Hub-Signature-256");
        assert_eq!(trigger(&json!({ "or": [signature(), signature()] })).believed.len(), 2);
        assert_eq!(trigger(&json!({ "or": [signature(), branch()] })).believed, []);
        assert_eq!(trigger(&json!({ "not": signature() })).believed, []);
        let found = found(&json!({ "id": "x", "execute-command": "c" }));
        assert!(found.source.is_err_and(|why| why.contains("proves who sends")));
    }
}

//! What happens in the demonstration, step by step, each checked before the next is told.

use std::time::Duration;

use bytes::Bytes;
use domain::rule::{Action, HoldFor};
use http_body_util::Full;
use hyper::{Request, Response};
use serde_json::{Map, Value, json};

use super::scanner::FINDING;
use crate::client::{Client, exchange, segment};
use crate::clock::random;
use crate::exit::{Exit, Failure};
use crate::gateway::Addresses;
use crate::output::{self, Form};

/// A push as GitHub sends it, byte for byte.
const PUSH: &[u8] = include_bytes!("github-push.json");

/// Where the source of the demonstration receives.
const INCOMING: &str = "/api/webhooks/incoming/github/demo";

/// What the rule of the demonstration does.
const HOLD: Action = Action::Hold(HoldFor::Span(Duration::from_secs(24 * 60 * 60)));

/// How long the scanner's result may take.
const RESULT_WITHIN: Duration = Duration::from_secs(10);

/// How often is looked whether it is there.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Who tells the story, to whom, and what was told so far.
pub struct Story<'a> {
    addresses: Addresses,
    client: &'a Client,
    secret: &'a str,
    form: Form,
    told: Map<String, Value>,
}

impl<'a> Story<'a> {
    /// A story about a gateway, not begun.
    pub fn new(addresses: Addresses, client: &'a Client, secret: &'a str, form: Form) -> Self {
        Self { addresses, client, secret, form, told: Map::new() }
    }

    /// Tells it to its end; `page` is the address that it ends with.
    ///
    /// # Errors
    /// When anything is not as expected.
    pub async fn tell(mut self, page: &str) -> Result<(), Failure> {
        let event = self.genuine().await?;
        self.forged().await?;
        let (result, found) = self.result(&event).await?;
        self.rule(&result, &found)?;
        self.verdict().await?;
        self.say("page", &format!("{page}  (opens once, within ten minutes)"), json!(page));
        if self.form == Form::Json {
            output::json(&Value::Object(self.told));
        }
        Ok(())
    }

    async fn genuine(&mut self) -> Result<String, Failure> {
        let answer = self.push(PUSH).await?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = answer.status().as_u16();
        let ids = header("countersign-receipt").zip(header("countersign-event"));
        let Some((receipt, event)) = ids.filter(|_| answer.status().is_success()) else {
            return Err(unexpected("the genuine push to be accepted", &format!("status {status}")));
        };
        let text = format!("a genuine push from GitHub: receipt {receipt}, event {event}");
        self.say("accepted", &text, json!({ "status": status, "receipt": receipt, "event": event }));
        Ok(event)
    }

    async fn forged(&mut self) -> Result<(), Failure> {
        let forged = String::from_utf8_lossy(PUSH).replace("refs/heads/master", "refs/heads/forged");
        let signature = verify::sign::github(self.secret, PUSH);
        let answer = self.send(forged.into_bytes(), signature).await?;
        let problem: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let reason = text("type").rsplit(':').next().unwrap_or_default().to_owned();
        let status = answer.status().as_u16();
        if status != 401 || reason != "signature-mismatch" {
            let found = format!("status {status}, reason {reason:?}");
            return Err(unexpected("the forged push to be refused as signature-mismatch", &found));
        }
        let mend = text("mend");
        let line = format!("a forged push: {status} {reason}. {mend}");
        self.say("refused", &line, json!({ "status": status, "reason": reason, "mend": mend }));
        Ok(())
    }

    /// The scanner's result on an event, once it is there, and what rules found in it.
    async fn result(&mut self, event: &str) -> Result<(Value, Value), Failure> {
        let path = format!("/api/v1/events/{}", segment(event));
        let begun = tokio::time::Instant::now();
        let (asked, result) = loop {
            let shown = self.client.get(&path).await?.body;
            let asked = shown["expectations"][0].clone();
            let result = asked["results"][0].clone();
            if result.is_object() {
                break (asked, result);
            }
            if begun.elapsed() > RESULT_WITHIN {
                return Err(unexpected("a result of the scanner", &format!("none within {RESULT_WITHIN:?}: {asked}")));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let names = &result["content"]["matchedRules"];
        if names != &json!([FINDING]) {
            return Err(unexpected("the scanner to report MALICIOUS", &result.to_string()));
        }
        let run = asked["runs"][0]["id"].as_str().unwrap_or_default();
        let id = result["id"].as_str().unwrap_or_default();
        let line = format!("the scanner malware-scan answers {id}: matched {FINDING} (webhook-id {run})");
        self.say("result", &line, json!({ "id": id, "service": asked["service"], "matched": names, "run": run }));
        Ok((result.clone(), result["matches"][0].clone()))
    }

    fn rule(&mut self, result: &Value, found: &Value) -> Result<(), Failure> {
        let action = serde_json::from_value(found["action"].clone()).ok();
        if found["name"] != FINDING || action != Some(HOLD) {
            return Err(unexpected("the rule MALICIOUS to match", &result["matches"].to_string()));
        }
        let line = format!("{FINDING} matched: hold for 24h");
        self.say("rule", &line, json!({ "name": FINDING, "action": found["action"], "state": found["state"] }));
        Ok(())
    }

    async fn verdict(&mut self) -> Result<(), Failure> {
        let payload: Value = serde_json::from_slice(PUSH).map_err(Failure::internal)?;
        let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (collection, commit) = (name(&payload["repository"]["full_name"]), name(&payload["after"]));
        let path = format!("/api/v1/subjects/commit/{}/{}/verdict?wait=10s", segment(&collection), segment(&commit));
        let verdict = self.client.get(&path).await?.body;
        if verdict["verdict"] != "held" {
            return Err(unexpected("the verdict held", &verdict.to_string()));
        }
        let reason = &verdict["reasons"][0];
        let until = reason["until"].as_str().map(|until| format!(" until {until}")).unwrap_or_default();
        let short: String = commit.chars().take(12).collect();
        let line = format!("held{until}: commit {short} of {collection}: {}", name(&reason["text"]));
        self.say("verdict", &line, verdict);
        Ok(())
    }

    async fn push(&self, body: &'static [u8]) -> Result<Response<Bytes>, Failure> {
        self.send(body.to_vec(), verify::sign::github(self.secret, body)).await
    }

    async fn send(&self, body: Vec<u8>, signature: String) -> Result<Response<Bytes>, Failure> {
        let request = Request::builder()
            .method("POST")
            .uri(INCOMING)
            .header("host", self.addresses.public.to_string())
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/demo")
            .header("x-github-event", "push")
            .header("x-github-delivery", verify::hex::encode(&random::<16>()))
            .header("x-hub-signature-256", signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(Failure::internal)?;
        exchange(self.addresses.public, request).await.map_err(|why| {
            Failure::new(Exit::Unreachable, format!("the gateway that was just started cannot be reached: {why}"))
        })
    }

    fn say(&mut self, what: &str, line: &str, value: Value) {
        match self.form {
            Form::Human => output::line(format_args!("{what:<9} {line}")),
            Form::Json => drop(self.told.insert(what.to_owned(), value)),
        }
    }
}

fn unexpected(expected: &str, found: &str) -> Failure {
    Failure::internal(format_args!("expected {expected}, found {found}"))
}

//! The calls of a check: one that is right, and what must not be taken for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use egress::{AllowedNetwork, Egress, EgressSettings, Outgoing, Policy, Sent};
use hyper::Method;
use serde_json::{Map, Value};
use verify::sign;
use zeroize::Zeroizing;

use super::grade::{Found, Grade, Line};
use super::{grade, slow};
use crate::clock::random;
use crate::exit::{Exit, Failure};

/// The most of an answer that is read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

const JSON: &str = "application/json";

/// Whoever calls the scanner.
pub struct Caller {
    url: String,
    key: Zeroizing<String>,
    call: Map<String, Value>,
    within: Duration,
    egress: Egress,
    policy: Arc<Policy>,
}

/// What the calls came to.
pub struct Report {
    /// One line for each call.
    pub lines: Vec<Line>,
    /// What could not be tried, and why.
    pub not_tried: Vec<&'static str>,
}

/// One request.
struct Ask<'a> {
    method: Method,
    content_type: &'static str,
    authorization: Option<&'a str>,
    body: &'a [u8],
}

impl Caller {
    /// A caller of this URL. It was given by name, so any address that it leads to is meant, but for the metadata
    /// services of clouds.
    ///
    /// # Errors
    /// When the URL cannot be called.
    pub fn new(url: &str, key: Zeroizing<String>, call: Map<String, Value>, within: Duration) -> Result<Self, Failure> {
        let everywhere = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|text| text.parse::<AllowedNetwork>().ok());
        let policy = Policy::new(everywhere, &[]);
        policy.check_url(url).map_err(|why| {
            Failure::usage(format!("{url} cannot be called: {why}"))
                .mend("give it as it would be registered, http://...")
        })?;
        // A kept connection that a refusal closed would tell of the call before.
        let settings = EgressSettings { idle_per_host_max: 0, ..EgressSettings::default() };
        let egress = Egress::new(settings).map_err(Failure::internal)?;
        Ok(Self { url: url.to_owned(), key, call, within, egress, policy: Arc::new(policy) })
    }

    /// Makes every call, one after the other.
    ///
    /// # Errors
    /// When nobody is there.
    pub async fn report(&self) -> Result<Report, Failure> {
        let body = written(&self.call);
        let signature = sign::scanner(&self.key, &body);
        let good = Ask { method: Method::POST, content_type: JSON, authorization: Some(&signature), body: &body };
        let first = self.send(&good).await?;
        if let Found::Closed(why) = &first {
            return Err(Failure::new(Exit::Unreachable, format!("{} does not answer: {why}", self.url))
                .mend("start the scanner, and give the URL that it listens on"));
        }
        let mut lines = vec![grade::good(&first)];
        lines.extend(self.forged(&body, &signature).await?);
        let mut not_tried = Vec::new();
        if lines[0].grade == Grade::Failed {
            not_tried.push("the rest: it tells nothing until the good call is served");
            return Ok(Report { lines, not_tried });
        }
        lines.push(grade::replay(&self.send(&good).await?));
        lines.extend(self.odd(&body, &signature).await?);
        match slow::send(&self.url, &signature, &body, self.within).await {
            Some(found) => lines.push(grade::slow(&found)),
            None => not_tried.push("slow call: only over plain http"),
        }
        Ok(Report { lines, not_tried })
    }

    /// Calls that no gateway with the key would make.
    async fn forged(&self, body: &[u8], signature: &str) -> Result<Vec<Line>, Failure> {
        let foreign = verify::hex::encode(&random::<32>());
        let foreign = sign::scanner(&foreign, body);
        let mut changed = self.call.clone();
        changed.insert("changed".to_owned(), true.into());
        let changed = written(&changed);
        // The same JSON in other bytes: whoever signs what was parsed and written again takes it.
        let spaced = [body, b" "].concat();
        let asks = [
            ("wrong key", Some(foreign.as_str()), body),
            ("no signature", None, body),
            ("changed body", Some(signature), changed.as_slice()),
            ("changed bytes", Some(signature), spaced.as_slice()),
        ];
        let mut lines = Vec::with_capacity(asks.len());
        for (name, authorization, body) in asks {
            let ask = Ask { method: Method::POST, content_type: JSON, authorization, body };
            lines.push(grade::forged(name, &self.send(&ask).await?));
        }
        Ok(lines)
    }

    /// Calls that are signed, and yet not in the protocol.
    async fn odd(&self, body: &[u8], signature: &str) -> Result<Vec<Line>, Failure> {
        let typed = Ask { method: Method::POST, content_type: "text/plain", authorization: Some(signature), body };
        let got = Ask { method: Method::GET, content_type: JSON, authorization: Some(signature), body };
        let broken: &[u8] = b"{\"event\":";
        let broken_signature = sign::scanner(&self.key, broken);
        let unread =
            Ask { method: Method::POST, content_type: JSON, authorization: Some(&broken_signature), body: broken };
        let huge = huge();
        let huge_signature = sign::scanner(&self.key, &huge);
        let large = Ask { method: Method::POST, content_type: JSON, authorization: Some(&huge_signature), body: &huge };
        Ok(vec![
            grade::odd("other media type", &self.send(&typed).await?),
            grade::odd("GET", &self.send(&got).await?),
            grade::odd("broken JSON", &self.send(&unread).await?),
            grade::huge(&self.send(&large).await?),
        ])
    }

    async fn send(&self, ask: &Ask<'_>) -> Result<Found, Failure> {
        let mut headers = vec![("content-type".to_owned(), ask.content_type.to_owned())];
        headers.extend(ask.authorization.map(|value| ("authorization".to_owned(), value.to_owned())));
        headers.push(("x-amo-request-id".to_owned(), verify::hex::encode(&random::<16>())));
        let outgoing = Outgoing {
            method: ask.method.clone(),
            url: self.url.clone(),
            headers,
            body: Bytes::copy_from_slice(ask.body),
            policy: Arc::clone(&self.policy),
            connect_within: self.within,
            answer_within: self.within,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        Ok(match self.egress.send(outgoing).await {
            Sent::Answered { status, body, .. } => Found::Answered { status, body: body.to_vec() },
            Sent::TooLarge { status } => Found::Answered { status, body: Vec::new() },
            Sent::Unreachable(why) => Found::Closed(why),
            Sent::TimedOut => Found::Silent(self.within),
            Sent::Refused(why) => return Err(Failure::usage(format!("{} cannot be called: {why}", self.url))),
        })
    }
}

fn written(call: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(call).unwrap_or_default()
}

/// A call that would be right, were it not over the protocol's limit.
fn huge() -> Vec<u8> {
    let pad = "a".repeat(scanner_kit::BODY_BYTES_MAX);
    format!(r#"{{"event":"countersign.test","pad":"{pad}"}}"#).into_bytes()
}

//! A request that was recorded elsewhere, judged by a source that need not be there yet. Nothing is recorded.

use serde_json::{Value, json};
use verify::explain::{Case, Diagnosis, explain};
use verify::provider::Provider;
use verify::receive::{Head, Outcome, Reason, Refusal};

use super::certificates::NotFound;
use super::incoming::certificate;
use crate::problem::{self, Problem};
use crate::resources::{self, SourceSpec};
use crate::server::Shared;

/// A request as text: its first line, its headers, an empty line, and the body as it is.
struct Sample<'s> {
    method: &'s str,
    path: &'s str,
    headers: Vec<(&'s str, &'s [u8])>,
    body: &'s str,
}

/// What would become of the sample, except that its signed time may be of any age.
///
/// # Errors
/// When the source cannot be, the sample does not read, or the sender's certificate cannot be fetched.
pub async fn judge(server: &Shared, spec: &SourceSpec, text: &str) -> Result<Value, Problem> {
    let parts = &server.parts;
    let endpoint = resources::endpoint(spec, &parts.seal, &parts.settings.providers)?.at_any_time();
    let sample = Sample::read(text).map_err(|why| Problem::invalid(format!("sample: {why}")))?;
    let url = format!("{}{}", parts.settings.public_url, sample.path);
    let head = Head { method: sample.method, url: &url, headers: &sample.headers };
    let (body, now) = (sample.body.as_bytes(), server.now());
    let certificate = match certificate(server, &endpoint, &head, body, now).await {
        Ok(certificate) => certificate,
        Err(NotFound::Untrusted(detail)) => {
            let reason = Reason::UntrustedCertificate;
            return Ok(refused(reason, &detail, reason.mend()));
        }
        Err(NotFound::Unreachable(why)) => return Err(Problem::new(&problem::SENDER_UNREACHABLE, why)),
    };
    let outcome = endpoint.receive_with(&head, body, now.seconds(), certificate.as_deref());
    Ok(match outcome {
        Outcome::Accept(accepted) => {
            let events = accepted.arrivals.iter().map(|arrival| {
                let subject = arrival.subject.as_ref();
                json!({
                    "type": arrival.event_type,
                    "delivery": arrival.delivery_id,
                    "subject": subject.map(|subject| json!({
                        "kind": subject.kind, "collection": subject.collection, "subject": subject.id,
                    })),
                })
            });
            json!({
                "accepted": true, "scheme": accepted.proof.scheme(), "secret": accepted.proof.secret_id(),
                "events": events.collect::<Vec<_>>(),
            })
        }
        Outcome::Reply { reply, .. } => json!({ "accepted": true, "handshake": reply.status, "events": [] }),
        Outcome::Refuse(refusal) => {
            let secrets = resources::secrets(spec, &parts.seal)?;
            let told = Told { provider: endpoint.provider(), secrets, public_url: spec.public_url.clone(), url };
            let (reason, text, now_s) = (refusal.reason, text.to_owned(), now.seconds());
            let diagnosis = server.slow.run(move || told.explain(&text, &refusal, now_s)).await?;
            let Some(Diagnosis { text, mend, .. }) = diagnosis else { return Ok(refused(reason, "", reason.mend())) };
            refused(reason, &text, &mend)
        }
    })
}

fn refused(reason: Reason, detail: &str, mend: &str) -> Value {
    json!({ "accepted": false, "reason": reason.code(), "detail": detail, "mend": mend })
}

/// What a refused sample is explained by.
struct Told {
    provider: &'static Provider,
    secrets: Vec<(String, String)>,
    public_url: Option<String>,
    url: String,
}

impl Told {
    /// Says what is wrong with it. This may take a while: not for the threads that answer requests.
    fn explain(&self, text: &str, refusal: &Refusal, now_s: i64) -> Option<Diagnosis> {
        let sample = Sample::read(text).ok()?;
        let case = Case {
            provider: self.provider,
            secrets: &self.secrets,
            idle: &[],
            others: &[],
            window_s: None,
            public_url: self.public_url.as_deref(),
            head: Head { method: sample.method, url: &self.url, headers: &sample.headers },
            body: sample.body.as_bytes(),
            now_s,
        };
        Some(explain(&case, refusal))
    }
}

impl<'s> Sample<'s> {
    fn read(text: &'s str) -> Result<Self, String> {
        let empty = "expected an empty line between the headers and the body, found none";
        let ends = [text.find("\r\n\r\n").map(|at| (at, 4)), text.find("\n\n").map(|at| (at, 2))];
        let (end, gap) = ends.into_iter().flatten().min().ok_or(empty)?;
        let mut lines = text[..end].lines();
        let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let [method, path, ..] = first[..] else {
            return Err("expected a first line such as `POST /path HTTP/1.1`".to_owned());
        };
        if !path.starts_with('/') {
            return Err(
                "expected a first line such as `POST /path HTTP/1.1`, with a path that begins with /".to_owned()
            );
        }
        let header = |line: &'s str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim(), value.trim().as_bytes()))
        };
        let headers = lines.enumerate().map(|(at, line)| {
            header(line).ok_or_else(|| format!("expected `Name: value` in line {}, found something else", at + 2))
        });
        Ok(Self { method, path, headers: headers.collect::<Result<_, _>>()?, body: &text[end + gap..] })
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn a_sample_is_read_with_either_kind_of_line_and_its_body_as_it_is() {
        for text in ["POST /a?b=1 HTTP/1.1\r\nX-One: a:b\r\n\r\n{}\r\n", "POST /a?b=1\nX-One: a:b\n\n{}\r\n"] {
            let sample = Sample::read(text).expect("a sample");

            assert_eq!((sample.method, sample.path, sample.body), ("POST", "/a?b=1", "{}\r\n"));
            assert_eq!(sample.headers, [("X-One", b"a:b".as_slice())]);
        }
    }

    #[test]
    fn what_is_no_request_is_told() {
        for (text, why) in [
            ("POST / HTTP/1.1\na: b", "an empty line"),
            ("{}\n\n", "POST /path"),
            ("POST here\n\n", "begins with /"),
            ("POST /\na b\n\n", "in line 2"),
        ] {
            assert!(Sample::read(text).is_err_and(|found| found.contains(why)), "{text}");
        }
    }
}

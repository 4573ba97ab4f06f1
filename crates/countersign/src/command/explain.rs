//! `explain`: what is wrong with a webhook that was refused, and what to do.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use verify::explain::Diagnosis;
use verify::receive::{Head, Outcome, Refusal};

use crate::cli::Common;
use crate::client::segment;
use crate::command::judge::JudgedBy;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// Which webhook, and what it is judged by.
#[derive(clap::Args)]
pub struct Explain {
    /// The request as it was sent, in a file: request line, headers, an empty line, the body byte for byte. `-`, or
    /// nothing: standard input.
    file: Option<PathBuf>,
    /// A request that a running gateway refused and kept: `qua_...`. Its source's secrets and settings are used.
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["file", "provider", "secret_file", "secret_env", "mode", "at", "public_url", "url"]
    )]
    quarantine: Option<String>,
    #[command(flatten)]
    by: JudgedBy,
    /// The URL as it was called, instead of the one that request line and Host tell.
    #[arg(long)]
    url: Option<String>,
}

/// A request out of a file.
struct Saved<'f> {
    method: &'f str,
    target: &'f str,
    headers: Vec<(&'f str, &'f [u8])>,
    body: &'f [u8],
}

impl Explain {
    /// Explains and prints.
    pub async fn run(&self, common: &Common) -> Done {
        let told = match &self.quarantine {
            Some(id) => {
                let path = format!("/api/v1/quarantine/{}", segment(id));
                let mut shown = common.client()?.get(&path).await?.body;
                let mut told = shown["explanation"].take();
                told["verified"] = json!(told["believed"] == true);
                if let Some(members) = told.as_object_mut() {
                    members.remove("believed");
                }
                told
            }
            None => self.of_file(common)?,
        };
        match common.form() {
            Form::Json => output::json(&told),
            Form::Human => print(&told),
        }
        Ok(if told["verified"] == true { Exit::Yes } else { Exit::Negative })
    }

    fn of_file(&self, common: &Common) -> Result<Value, Failure> {
        let bytes = read(self.file.as_deref())?;
        let saved = Saved::read(&bytes).map_err(|why| {
            Failure::usage(format!("expected a request as it is sent: {why}")).mend(
                "the file begins with a line such as `POST /path HTTP/1.1`, then headers, an empty line, the body",
            )
        })?;
        let judge = self.by.judge(common)?;
        let url = self.url.clone().or_else(|| saved.url()).unwrap_or_else(|| judge.usual_url());
        let head = Head { method: saved.method, url: &url, headers: &saved.headers };
        Ok(match judge.receive(&head, saved.body)? {
            Outcome::Accept(accepted) => json!({
                "verified": true,
                "text": format!("the request is believed, proven by {}", accepted.proof.scheme()),
            }),
            Outcome::Reply { reply, .. } => json!({
                "verified": true,
                "text": format!("the request only asks for an answer, which is {}", reply.status),
            }),
            Outcome::Refuse(refusal) => refused(&refusal, &judge.explain(&head, saved.body, &refusal)),
        })
    }
}

fn refused(refusal: &Refusal, diagnosis: &Diagnosis) -> Value {
    json!({
        "verified": false,
        "reason": refusal.reason.code(),
        "mistake": diagnosis.mistake.map(|mistake| mistake.code()),
        "certain": diagnosis.certain,
        "text": diagnosis.text,
        "mend": diagnosis.mend,
    })
}

/// Prints an explanation for people.
pub fn print(told: &Value) {
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    if told["verified"] == true || told["believed"] == true {
        output::line(format_args!("yes: {}", text("text")));
        return;
    }
    let mistake = told["mistake"].as_str().map(|code| format!("{code}: ")).unwrap_or_default();
    let likely = if told["certain"] == false && told["mistake"].is_string() { "probably " } else { "" };
    output::line(format_args!("no: {likely}{mistake}{}", text("text")));
    output::line(format_args!("  {}", text("mend")));
}

fn read(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    match file.filter(|path| *path != Path::new("-")) {
        Some(path) => std::fs::read(path)
            .map_err(|why| Failure::usage(format!("the request {} cannot be read: {why}", path.display()))),
        None => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            read.map_err(|why| Failure::usage(format!("expected a request on standard input: {why}")))?;
            Ok(bytes)
        }
    }
}

impl<'f> Saved<'f> {
    /// Reads a request. Lines of its head end with LF or CRLF; the body begins after the first empty one.
    fn read(bytes: &'f [u8]) -> Result<Self, String> {
        let mut rest = bytes;
        let first = line(&mut rest).ok_or("it is empty")?;
        let first = str::from_utf8(first).map_err(|_| "its first line is no text")?;
        let mut words = first.split(' ');
        let (method, target) = match (words.next(), words.next(), words.next(), words.next()) {
            (Some(method), Some(target), Some(version), None) if version.starts_with("HTTP/") => (method, target),
            _ => return Err("its first line is no request line".to_owned()),
        };
        let mut headers = Vec::new();
        while let Some(header) = line(&mut rest).filter(|line| !line.is_empty()) {
            let colon = header.iter().position(|byte| *byte == b':').ok_or("a line of its head has no colon")?;
            let name = str::from_utf8(&header[..colon]).map_err(|_| "a header's name is no text")?;
            headers.push((name.trim(), header[colon + 1..].trim_ascii()));
        }
        Ok(Self { method, target, headers, body: rest })
    }

    /// The URL as the request tells it: over https, unless it says otherwise.
    fn url(&self) -> Option<String> {
        if self.target.contains("://") {
            return Some(self.target.to_owned());
        }
        let (_, host) = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"))?;
        Some(format!("https://{}{}", str::from_utf8(host).ok()?, self.target))
    }
}

/// Takes the next line, without its end.
fn line<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    if rest.is_empty() {
        return None;
    }
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let line = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Explain, Saved};

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        explain: Explain,
    }

    #[test]
    fn a_kept_request_is_judged_by_its_own_source_alone() {
        let read = |more: &[&str]| Line::try_parse_from([&["explain", "--quarantine", "qua_1"], more].concat());

        assert!(read(&[]).is_ok_and(|line| line.explain.quarantine.as_deref() == Some("qua_1")));
        for more in [
            &["request.http"][..],
            &["--provider", "github"],
            &["--secret-file", "secret"],
            &["--secret-env", "SECRET"],
            &["--mode", "aspnet"],
            &["--at", "1767225600"],
            &["--public-url", "https://hooks.example"],
            &["--url", "https://hooks.example/in"],
        ] {
            assert!(read(more).is_err_and(|why| why.kind() == clap::error::ErrorKind::ArgumentConflict), "{more:?}");
        }
    }

    #[test]
    fn a_request_is_read_byte_for_byte_whatever_ends_its_lines() {
        for end in ["\n", "\r\n"] {
            let text = ["POST /in?a=1 HTTP/1.1", "Host: hooks.example", "X-Empty:", "", "{\"a\":1}\r\n\n"].join(end);

            let saved = Saved::read(text.as_bytes()).expect("a request");

            assert_eq!((saved.method, saved.target), ("POST", "/in?a=1"));
            assert_eq!(saved.headers, [("Host", b"hooks.example".as_slice()), ("X-Empty", b"")]);
            assert_eq!(saved.body, b"{\"a\":1}\r\n\n");
            assert_eq!(saved.url().as_deref(), Some("https://hooks.example/in?a=1"));
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for text in ["", "\n", "{\"a\":1}", "POST /in\n\n", "POST /in HTTP/1.1\nno header\n\n"] {
            assert!(Saved::read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}

//! The requests of a HAR file, one at a time: memory is that of the largest, and what is kept of each is bounded.

use std::fmt;

use domain::content::look::{Exchange, Message, Requests};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

use crate::Unfit;
use crate::text::{clipped, head, unmarked};

/// So many requests are shown.
const EXCHANGES_MAX: usize = 500;
/// So many headers of each message.
const HEADERS_MAX: usize = 100;
/// So many bytes of a name, a value, a URL.
const VALUE_BYTES_MAX: usize = 2_000;
/// So many bytes of a body.
const BODY_BYTES_MAX: usize = 20_000;
/// So many bytes of headers and bodies in all. JSON writes a byte in six at most, so the whole stays below its limit.
const SHOWN_BYTES_MAX: usize = 1024 * 1024;

/// What stands in the place of a credential.
const REDACTED: &str = "[redacted]";
/// Parts of names that tell of a credential.
const TELLING: [&str; 11] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "signature",
    "api-key",
    "apikey",
    "api_key",
    "password",
    "session",
    "csrf",
];

/// The requests of this file.
pub fn made(file: &[u8]) -> Result<Requests, Unfit> {
    let har: Har = serde_json::from_slice(unmarked(file))
        .map_err(|why| Unfit(format!("expected a HAR file, a JSON object `log` with `entries`: {why}")))?;
    let Log { creator, entries } = har.log;
    let named = |key| creator.get(key).and_then(Value::as_str).map(|text| clipped(text, 100));
    let creator = [named("name"), named("version")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut notes = vec![format!("Headers and parameters that hold credentials show {REDACTED}.")];
    if entries.left_out > 0 {
        notes.push(format!("The first {EXCHANGES_MAX} requests are shown; {} more are not.", entries.left_out));
    }
    if entries.room == 0 {
        notes
            .push("The file says more than one page can: headers and bodies of its last requests are left out.".into());
    }
    let creator = (!creator.is_empty()).then_some(creator);
    Ok(Requests { creator, exchanges: entries.shown, left_out: entries.left_out, notes })
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    creator: Value,
    entries: Entries,
}

#[derive(Default)]
struct Entries {
    shown: Vec<Exchange>,
    left_out: u64,
    /// So many bytes of headers and bodies may still be kept.
    room: usize,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Each)
    }
}

struct Each;

impl<'de> Visitor<'de> for Each {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of requests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
        let mut entries = Entries { room: SHOWN_BYTES_MAX, ..Entries::default() };
        while entries.shown.len() < EXCHANGES_MAX {
            let Some(entry) = list.next_element::<Value>()? else { return Ok(entries) };
            entries.shown.push(exchange(&entry, &mut entries.room));
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            entries.left_out += 1;
        }
        Ok(entries)
    }
}

/// What is shown of an entry: members of another form than they should have are as if they were not there.
fn exchange(entry: &Value, room: &mut usize) -> Exchange {
    let (request, response) = (&entry["request"], &entry["response"]);
    let content = &response["content"];
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    Exchange {
        method: text(&request["method"], 40),
        url: without_credentials(&text(&request["url"], VALUE_BYTES_MAX)),
        status: status.filter(|status| *status > 0),
        status_text: text(&response["statusText"], 100),
        media_type: text(&content["mimeType"], 100),
        bytes: whole(&content["size"]),
        took_ms: whole(&entry["time"]),
        started: text(&entry["startedDateTime"], 40),
        request: message(request, &request["postData"], room),
        response: message(response, content, room),
    }
}

fn message(said: &Value, body: &Value, room: &mut usize) -> Message {
    let all = said["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut headers = Vec::new();
    for header in all.iter().take(HEADERS_MAX) {
        let (name, value) = (text(&header["name"], 200), text(&header["value"], VALUE_BYTES_MAX));
        let value = if is_telling(&name) { REDACTED.to_owned() } else { value };
        if !taken(room, name.len() + value.len()) {
            break;
        }
        headers.push((name, value));
    }
    let left_out = all.len() - headers.len();
    let (body, cut) = shown_body(body, room);
    let uncounted = (left_out > 0).then(|| format!("{left_out} of its headers are not shown."));
    let note = [uncounted, cut].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Message { headers, body, note: (!note.is_empty()).then_some(note) }
}

/// A body that is a text, and what is said of what of it is not shown.
fn shown_body(said: &Value, room: &mut usize) -> (Option<String>, Option<String>) {
    let Some(body) = said["text"].as_str().filter(|body| !body.is_empty()) else { return (None, None) };
    if said["encoding"].as_str().is_some_and(|encoding| !encoding.is_empty()) {
        return (None, Some("Its body is no text and is not shown.".to_owned()));
    }
    let (shown, is_all) = head(body, BODY_BYTES_MAX);
    if !taken(room, shown.len()) {
        return (None, Some(format!("Its body of {} bytes is not shown.", body.len())));
    }
    let cut = (!is_all).then(|| format!("Of its body, the first {} of {} bytes are shown.", shown.len(), body.len()));
    (Some(clipped(body, BODY_BYTES_MAX)), cut)
}

/// Takes so many bytes of the room that is left; what does not fit uses it up.
fn taken(room: &mut usize, bytes: usize) -> bool {
    let left = room.checked_sub(bytes);
    *room = left.unwrap_or(0);
    left.is_some()
}

fn text(value: &Value, bytes_max: usize) -> String {
    value.as_str().map(|text| clipped(text, bytes_max)).unwrap_or_default()
}

/// A number that is not negative, without what is behind its point.
fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64().filter(|number| (0.0..9e15).contains(number))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is neither negative nor too large")]
    Some(number as u64)
}

fn is_telling(name: &str) -> bool {
    let name = name.to_lowercase();
    TELLING.iter().any(|part| name.contains(part))
}

/// The URL without what is before an `@` in its host, and without parameters that hold credentials.
fn without_credentials(url: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let mut shown = match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            match host.rsplit_once('@') {
                Some((_, host)) => format!("{scheme}://{REDACTED}@{host}{path}"),
                None => address.to_owned(),
            }
        }
        None => address.to_owned(),
    };
    for (place, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        shown.push(if place == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if is_telling(name) || name == "code" => shown.extend([name, "=", REDACTED]),
            _ => shown.push_str(pair),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn har(entries: &[Value]) -> Requests {
        made(json!({"log": {"creator": {"name": "x", "version": "1"}, "entries": entries}}).to_string().as_bytes())
            .expect("a HAR file")
    }

    #[test]
    fn a_request_and_its_response_are_read() {
        let entry = json!({
            "startedDateTime": "2024-01-01T00:00:00Z", "time": 12.7,
            "request": {"method": "POST", "url": "https://a/b?x=1", "headers": [{"name": "Host", "value": "a"}],
                "postData": {"text": "hello"}},
            "response": {"status": 201, "statusText": "Created", "headers": [],
                "content": {"mimeType": "text/plain", "size": 5, "text": "world"}},
        });

        let found = har(&[entry]);

        let [shown] = &found.exchanges[..] else { panic!("{found:?}") };
        assert_eq!(
            (shown.method.as_str(), shown.status, shown.bytes, shown.took_ms),
            ("POST", Some(201), Some(5), Some(12))
        );
        assert_eq!(shown.request.headers, [("Host".to_owned(), "a".to_owned())]);
        assert_eq!((shown.request.body.as_deref(), shown.response.body.as_deref()), (Some("hello"), Some("world")));
        assert_eq!((found.creator.as_deref(), found.left_out), (Some("x 1"), 0));
    }

    #[test]
    fn credentials_are_left_out_wherever_they_stand() {
        let names = ["Authorization", "proxy-authorization", "Cookie", "SET-COOKIE", "X-Api-Key", "x-csrf-token"];
        let headers: Vec<_> = names.iter().map(|name| json!({"name": name, "value": "hunter2"})).collect();
        let url = "https://me:hunter2@a/b?access_token=hunter2&x=1&code=hunter2";
        let entry = json!({"request": {"url": url, "headers": headers}, "response": {"headers": headers}});

        let found = har(&[entry]);

        assert_eq!(found.exchanges[0].url, "https://[redacted]@a/b?access_token=[redacted]&x=1&code=[redacted]");
        assert!(!serde_json::to_string(&found).expect("JSON").contains("hunter2"));
    }

    #[test]
    fn members_of_other_forms_are_as_if_they_were_not_there() {
        for entry in
            [json!(null), json!([]), json!({"request": 1, "response": {"status": "x", "content": [1]}, "time": -1})]
        {
            assert_eq!(har(&[entry]).exchanges, [Exchange::default()]);
        }
        let odd = json!({"response": {"status": 0, "content": {"encoding": "base64", "text": "AAAA", "size": 1e300}}});
        let found = har(&[odd]);
        assert_eq!((found.exchanges[0].status, found.exchanges[0].bytes), (None, None));
        assert!(found.exchanges[0].response.note.as_deref().is_some_and(|note| note.contains("no text")));
    }

    #[test]
    fn what_is_too_much_is_cut_and_said() {
        let large = "\u{1}".repeat(BODY_BYTES_MAX + 1);
        let header = json!({"name": "x", "value": "v".repeat(3_000)});
        let entry =
            json!({"request": {"url": "u".repeat(9_000), "headers": vec![header; 150], "postData": {"text": large}}});

        let found = har(&vec![entry; EXCHANGES_MAX + 7]);

        let first = &found.exchanges[0];
        assert!(first.url.len() < 2_010 && first.request.headers.len() == HEADERS_MAX);
        let note = first.request.note.as_deref().expect("a note");
        assert_eq!(note, "50 of its headers are not shown. Of its body, the first 20000 of 20001 bytes are shown.");
        assert_eq!((found.exchanges.len(), found.left_out, found.notes.len()), (EXCHANGES_MAX, 7, 3));
        let bytes_max = domain::content::look::Look::Requests.bytes_max();
        assert!(serde_json::to_vec(&found).expect("JSON").len() < bytes_max);
    }

    #[test]
    fn other_files_are_refused_with_what_was_expected() {
        let deep = format!("{{\"log\": {{\"entries\": [{}", "[".repeat(100_000));
        for file in ["", "[]", "{}", r#"{"log": {}}"#, r#"{"log": {"entries": {}}}"#, "\u{feff}<html>", &deep] {
            let why = made(file.as_bytes()).expect_err("it is no HAR file").0;
            assert!(why.starts_with("expected a HAR file"), "{why}");
        }
    }
}

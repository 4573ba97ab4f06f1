//! The requests of a HAR file, one at a time: memory is that of the largest, and what is kept of each is bounded.

use std::borrow::Cow;
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
/// What stands for a body that should be JSON and does not read.
const UNREADABLE: &str = "[not shown: JSON that does not read, which may hold credentials]";
/// What is redacted, and what is not.
const REDACTION: &str = "Headers, parameters and members of JSON whose names tell of a credential show [redacted], and so \
    does what stands before @ in an address. All else is shown as it is: paths and other bodies may hold passwords and tokens.";
/// Parts of names that tell of a credential, without what is between their words.
const TELLING: [&str; 31] = [
    "authorization",
    "authentication",
    "xauth",
    "cookie",
    "token",
    "secret",
    "signature",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "subscriptionkey",
    "password",
    "passwd",
    "passphrase",
    "session",
    "csrf",
    "xsrf",
    "samlresponse",
    "xvault",
    "sessid",
    "authcode",
    "devicecode",
    "codeverifier",
    "verificationcode",
    "passcode",
    "masterkey",
    "encryptionkey",
    "accountkey",
    "functionskey",
    "hmac",
];
/// Names that tell of one as a whole.
const TELLING_WHOLE: [&str; 13] =
    ["code", "key", "sig", "auth", "jwt", "assertion", "pwd", "pass", "sid", "otp", "pin", "ticket", "nonce"];

/// Names that tell of one as one word among others: `user[pin]`, `connect.sid`.
const TELLING_WORDS: [&str; 9] = ["sig", "jwt", "pwd", "pass", "sid", "otp", "totp", "pin", "ticket"];
/// So often a text may be percent-encoded.
const ENCODED_MAX: usize = 3;

/// The requests of this file.
pub fn made(file: &[u8]) -> Result<Requests, Unfit> {
    let har: Har = serde_json::from_slice(unmarked(file))
        .map_err(|why| Unfit(format!("expected a HAR file, a JSON object `log` with `entries`: {why}")))?;
    let Log { creator, entries } = har.log;
    let named = |key| creator.get(key).and_then(Value::as_str).map(|text| clipped(text, 100));
    let creator = [named("name"), named("version")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut notes = vec![REDACTION.to_owned()];
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
        url: shown(&request["url"]),
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
        let name = text(&header["name"], 200);
        let value = if is_telling(&name) { REDACTED.to_owned() } else { shown(&header["value"]) };
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
    let body = &body_without_credentials(said["mimeType"].as_str().unwrap_or_default(), body);
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

/// A value without credentials, then cut: what is cut first may lose the end that tells of one.
fn shown(value: &Value) -> String {
    value.as_str().map(|text| clipped(&without_credentials(text), VALUE_BYTES_MAX)).unwrap_or_default()
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
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let whole: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    TELLING_WHOLE.contains(&whole.as_str())
        || TELLING.iter().any(|part| whole.contains(part))
        || words.any(|word| TELLING_WORDS.contains(&word))
}

/// An address or a text with addresses or parameters, without what is before an `@` in a host, and without the values of
/// parameters whose names tell of a credential, in a query or a fragment, also in percent-encoding.
fn without_credentials(text: &str) -> String {
    let text = without_users(text);
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(|c| ENDS.contains(&c)) {
        let (pair, end) = part.split_at(part.trim_end_matches(ENDS).len());
        match telling_at(pair) {
            Some(value) => shown.extend([pair.get(..value).unwrap_or_default(), REDACTED]),
            None => shown.push_str(pair),
        }
        shown.push_str(end);
    }
    shown
}

/// What ends a parameter's value.
const ENDS: [char; 9] = ['&', '#', ' ', '<', '>', '"', '\n', '\r', '\t'];

/// Where the value begins of the first name in this text that tells of a credential, or of the value that says more when
/// it is decoded.
fn telling_at(pair: &str) -> Option<usize> {
    let mut plain = Cow::Borrowed(pair);
    for _ in 0..ENCODED_MAX {
        let Some(escape) = plain.find('%') else { break };
        plain = decoded(&plain).into();
        if telling_value(&plain).is_some_and(|value| value > escape) || without_users(&plain) != plain {
            return Some(pair.find('=').map_or(0, |equals| equals + 1));
        }
    }
    telling_value(pair).or_else(|| telling_value(&plain).map(|_| pair.find('=').map_or(0, |equals| equals + 1)))
}

fn telling_value(pair: &str) -> Option<usize> {
    let before = |equals: usize| pair.get(..equals).unwrap_or_default();
    let name = |equals| before(equals).rsplit(['?', '&', ';', ',', '=', '/']).next().unwrap_or_default();
    pair.match_indices('=').map(|(equals, _)| equals).find(|equals| is_telling(name(*equals))).map(|equals| equals + 1)
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.as_bytes().get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_users(text: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|c| "/?#".contains(c) || ENDS.contains(&c)).unwrap_or(after.len());
        let (host, tail) = after.split_at(end);
        shown.extend([before, "://"]);
        match host.rsplit_once('@') {
            Some((_, host)) => shown.extend([REDACTED, "@", host]),
            None => shown.push_str(host),
        }
        rest = tail;
    }
    shown + rest
}

/// A body as it is shown: a form or JSON without the values under names that tell of a credential, all else as it is.
fn body_without_credentials<'a>(media_type: &str, body: &'a str) -> Cow<'a, str> {
    if media_type.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return body.split('&').map(field_without_credentials).collect::<Vec<_>>().join("&").into();
    }
    match serde_json::from_str::<Value>(body) {
        Ok(mut value) => {
            if redact(&mut value, false) {
                value.to_string().into()
            } else {
                body.into()
            }
        }
        // What should be JSON cannot be looked through: it may be cut off, or several texts.
        Err(_) if media_type.contains("json") || body.trim_start().starts_with(['{', '[', ')']) => UNREADABLE.into(),
        Err(_) => body.into(),
    }
}

/// A form's field: in its value anything may stand but `&`.
fn field_without_credentials(field: &str) -> String {
    match field.split_once('=') {
        Some((name, _)) if is_telling(&decoded(name)) => format!("{name}={REDACTED}"),
        _ => without_credentials(field),
    }
}

/// Redacts what stands below a name that tells of a credential, and credentials in addresses; whether there is any. A
/// number under `code` is none.
fn redact(value: &mut Value, is_secret: bool) -> bool {
    match value {
        Value::Array(each) => each.iter_mut().fold(false, |any, value| redact(value, is_secret) | any),
        Value::Object(members) => {
            // `{"name": "access_token", "value": ".."}`, as forms and headers are written.
            let named = members.get("name").and_then(Value::as_str).is_some_and(is_telling);
            members.iter_mut().fold(false, |any, (name, value)| {
                let is_number_of_an_error = value.is_number() && name.eq_ignore_ascii_case("code");
                let telling = is_telling(name) && !is_number_of_an_error || named && name == "value";
                redact(value, is_secret || telling) | any
            })
        }
        Value::String(_) | Value::Number(_) if is_secret => {
            *value = REDACTED.into();
            true
        }
        Value::String(text) => {
            let shown = without_credentials(text);
            let changes = shown != *text;
            *text = shown;
            changes
        }
        _ => false,
    }
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
    fn addresses_are_shown_without_credentials_in_any_header() {
        for (name, value) in [
            (":path", "/b?access_token=hunter2"),
            ("Referer", "https://me:hunter2@a/b?x=1&sig=hunter2"),
            ("Location", "https://a/cb#id_token=hunter2&x=1"),
            ("Link", "<https://a/?jwt=hunter2>; rel=next, <https://a/?key=hunter2>"),
            ("Refresh", "0; url=/login?ticket=hunter2;x=hunter2"),
            ("Ocp-Apim-Subscription-Key", "hunter2"),
            ("X-Vault-Other", "hunter2"),
        ] {
            let headers = [json!({"name": name, "value": value})];
            let found = har(&[json!({"request": {"headers": headers}})]);
            let shown = &found.exchanges[0].request.headers[0];
            assert!(!shown.1.contains("hunter2") && shown.1.contains(REDACTED), "{shown:?}");
        }
        assert!(!is_telling(":authority") && !is_telling("author") && !is_telling("Keep-Alive"));
    }

    #[test]
    fn a_parameter_is_known_however_it_is_written() {
        for (url, shown) in [
            ("https://a/cb#access_token=h&x=1", "https://a/cb#access_token=[redacted]&x=1"),
            ("/?x=1#id_token=h", "/?x=1#id_token=[redacted]"),
            ("/#/cb?Code=h", "/#/cb?Code=[redacted]"),
            ("/?access%5Ftoken=h", "/?access%5Ftoken=[redacted]"),
            ("/?%74oken=h", "/?%74oken=[redacted]"),
            ("/?%74oken%3Dh", "[redacted]"),
            ("/?to=https%3A%2F%2Fa%2F%3Fcode%3Dh", "/?to=[redacted]"),
            ("/?X-Amz-Credential=h;t=h", "/?X-Amz-Credential=[redacted]"),
            ("/?author=a&q=100%&monkey=b", "/?author=a&q=100%&monkey=b"),
            ("a?b=c@d", "a?b=c@d"),
            ("/?to=https%253A%252F%252Fa%253Fcode%253Dh", "/?to=[redacted]"),
            ("/?to=https%3A%2F%2Fme%3Ah%40a", "/?to=[redacted]"),
            ("/?to=%2F%3Fcode%3Dh;token=x", "/?to=[redacted]"),
            ("/?user[pin]=h&connect.sid=h", "/?user[pin]=[redacted]&connect.sid=[redacted]"),
            ("/?token=a%20b&zip_code=1&pins=2", "/?token=[redacted]&zip_code=1&pins=2"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }

    #[test]
    fn what_is_long_is_redacted_before_it_is_cut() {
        let url = format!("https://{}@a/", "hunter2".repeat(VALUE_BYTES_MAX));
        assert_eq!(har(&[json!({"request": {"url": url}})]).exchanges[0].url, "https://[redacted]@a/");
        let many = "a=".repeat(500_000);
        assert_eq!(without_credentials(&many), many);
    }

    #[test]
    fn forms_and_json_are_shown_without_credentials_and_other_bodies_as_they_are() {
        let shown = |kind: &str, text: &str| {
            let found = har(&[json!({"request": {"postData": {"mimeType": kind, "text": text}}})]);
            found.exchanges[0].request.body.clone().expect("a body")
        };
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        assert_eq!(shown(form, "user=a&password=h;h,h"), "user=a&password=[redacted]");
        assert_eq!(shown(form, "password=correct horse<\"h&a=b c"), "password=[redacted]&a=b c");
        let told = shown("application/json", r#"{"a": [{"access_token": "h", "otp": 123}], "code": 404}"#);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told, json!({"a": [{"access_token": REDACTED, "otp": REDACTED}], "code": 404}));
        let told = shown(
            "text/plain",
            r#"{"tokens": ["h"], "password": {"value": "h"}, "to": "https://a/?code=h", "f": [{"name": "otp", "value": "h"}]}"#,
        );
        let told: Value = serde_json::from_str(&told).expect("JSON");
        let expected = json!({"tokens": [REDACTED], "password": {"value": REDACTED}, "to": "https://a/?code=[redacted]",
            "f": [{"name": "otp", "value": REDACTED}]});
        assert_eq!(told, expected);
        assert_eq!(shown("application/json", r#")]}' {"token": "h"}"#), UNREADABLE);
        assert_eq!(shown("application/json", "{\"a\":  1}"), "{\"a\":  1}", "nothing in it tells of a credential");
        assert_eq!(shown("text/plain", "password=h"), "password=h");
        assert!(har(&[]).notes[0].contains("other bodies may hold passwords"));
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

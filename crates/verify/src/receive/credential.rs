//! What a request presents to prove its sender, read by the definition's words.

use std::borrow::Cow;

use crate::calendar;
use crate::provider::{Encoding, Part, Shape, Signature, Time, TimeAt, Unit, Where};
use crate::refusal::{Reason, Refusal};
use crate::{base64, hex};

use super::content::{Content, Values};
use super::head::Head;

/// The most signatures that one request may present; honest senders list a few while they roll keys.
const CANDIDATES_MAX: usize = 100;

/// The most items that are signed one by one.
const ITEMS_MAX: usize = 100;

/// The most digits of a time.
const TIME_DIGITS_MAX: usize = 15;

/// A signed time, as it stands in the request and as what it says, in milliseconds of Unix time.
#[derive(Clone)]
struct Moment<'a> {
    text: Cow<'a, [u8]>,
    at_ms: i64,
}

/// What a signed request presents in its head.
pub(crate) struct Presented<'a> {
    signature: &'a Signature,
    head: Head<'a>,
    /// The signatures that decode, unless they stand in the body; at least one.
    candidates: Vec<Vec<u8>>,
    time: Option<Moment<'a>>,
}

/// Something signed, and the signatures that are offered for it: any one may fit.
pub(crate) struct Claim<'c> {
    pub message: Vec<Cow<'c, [u8]>>,
    pub candidates: Cow<'c, [Vec<u8>]>,
}

/// Everything that one request claims: each must be proven, under one key.
pub(crate) struct Claims<'c> {
    pub all: Vec<Claim<'c>>,
    time: Option<Moment<'c>>,
}

impl<'a> Presented<'a> {
    /// Reads the head. Refused is what no body could mend.
    pub fn read(signature: &'a Signature, head: &Head<'a>) -> Result<Self, Refusal> {
        let values = in_head(signature, head)?;
        for part in signature.message {
            if let Part::Header(name) = part {
                signed_header(head, name)?;
            }
        }
        let time_text = match signature.time.map(|time| time.at) {
            Some(TimeAt::Header(name)) => Some(head.required_header(name, Reason::MissingHeader)?),
            Some(TimeAt::Item(key)) => Some(time_item(signature, &values, key)?),
            Some(TimeAt::Json(_)) | None => None,
        };
        let candidates =
            if values.is_empty() { Vec::new() } else { decoded(signature, &written(signature, &values)?)? };
        let time = match (signature.time, time_text) {
            (Some(time), Some(text)) => {
                Some(Moment { text: Cow::Borrowed(text), at_ms: milliseconds(time.unit, text)? })
            }
            _ => None,
        };
        Ok(Self { signature, head: *head, candidates, time })
    }

    /// Refuses a time in the head that is too far away; one in the body is looked at later.
    pub fn within(&self, window_s: Option<u64>, now_s: i64) -> Result<(), Refusal> {
        within(self.time.as_ref(), window_s, now_s)
    }

    /// The name of the key to check with, where keys have names.
    pub fn key_name(&self) -> Result<Option<&'a [u8]>, Refusal> {
        self.signature.key_name.map(|name| self.head.required_header(name, Reason::MissingHeader)).transpose()
    }

    /// Everything that is signed, and by what.
    pub fn claims<'c>(&'c self, content: &'c Content<'_>, url: &'c str) -> Result<Claims<'c>, Refusal> {
        let Some(each) = self.signature.each else {
            let values = content.values(self.paths().map(str::to_owned).collect())?;
            return self.at("", &values, content, url);
        };
        let count = content.items(each)?;
        if count == 0 || count > ITEMS_MAX {
            let detail = format!("expected 1 to {ITEMS_MAX} items at {each} in the body, found {count}");
            return Err(Refusal::new(Reason::MissingValue, detail));
        }
        let place = |index: usize| format!("{each}.{index}.");
        let paths = (0..count).flat_map(|index| self.paths().map(move |path| place(index) + path));
        let values = content.values(paths.collect())?;
        let mut claims = Claims { all: Vec::with_capacity(count), time: None };
        for index in 0..count {
            claims.all.extend(self.at(&place(index), &values, content, url)?.all);
        }
        Ok(claims)
    }

    /// The paths of what stands in the JSON.
    fn paths(&self) -> impl Iterator<Item = &'static str> {
        let signature = match self.signature.at {
            Where::Json(path) => Some(path),
            Where::Header(_) | Where::AnyOf(_) | Where::Numbered(_) => None,
        };
        let time = match self.signature.time.map(|time| time.at) {
            Some(TimeAt::Json(path)) => Some(path),
            Some(TimeAt::Header(_) | TimeAt::Item(_)) | None => None,
        };
        let parts = self.signature.message.iter().filter_map(|part| match part {
            Part::Json(path) | Part::JsonOf(path, _) | Part::JsonOrNothing(path) | Part::JsonWithout(path, _) => {
                Some(*path)
            }
            _ => None,
        });
        signature.into_iter().chain(time).chain(parts)
    }

    /// One claim, whose paths begin at this place.
    fn at<'c>(
        &'c self,
        place: &str,
        values: &Values,
        content: &'c Content<'_>,
        url: &'c str,
    ) -> Result<Claims<'c>, Refusal> {
        let value = |path: &str| values.required(&format!("{place}{path}"));
        let optional = |path: &str| values.get(&format!("{place}{path}")).unwrap_or_default();
        let candidates = match self.signature.at {
            Where::Json(path) => {
                Cow::Owned(decoded(self.signature, &written(self.signature, &[value(path)?.as_bytes()])?)?)
            }
            Where::Header(_) | Where::AnyOf(_) | Where::Numbered(_) => Cow::Borrowed(&self.candidates[..]),
        };
        let time = match self.signature.time {
            Some(time @ Time { at: TimeAt::Json(path), .. }) => {
                let text = value(path)?.as_bytes();
                Some(Moment { text: Cow::Owned(text.to_vec()), at_ms: milliseconds(time.unit, text)? })
            }
            _ => self.time.clone(),
        };
        let part = |part: &Part| -> Result<Cow<'c, [u8]>, Refusal> {
            Ok(match part {
                Part::Body => Cow::Borrowed(content.body),
                Part::Payload => Cow::Borrowed(content.payload()?),
                Part::Time => time.as_ref().map_or(Cow::Borrowed(&[]), |time| time.text.clone()),
                Part::Header(name) => Cow::Borrowed(signed_header(&self.head, name)?),
                Part::Text(text) => Cow::Borrowed(text.as_bytes()),
                Part::Method => Cow::Borrowed(self.head.method.as_bytes()),
                Part::Url => Cow::Borrowed(url.as_bytes()),
                Part::UrlPartlyDecoded => Cow::Owned(partly_decoded(url)),
                Part::Json(path) => Cow::Owned(value(path)?.as_bytes().to_vec()),
                Part::JsonOf(path, bytes) => Cow::Owned(sized(value(path)?, path, *bytes)?.as_bytes().to_vec()),
                Part::JsonOrNothing(path) => Cow::Owned(optional(path).as_bytes().to_vec()),
                Part::JsonWithout(path, character) => {
                    Cow::Owned(without(optional(path), path, *character)?.as_bytes().to_vec())
                }
            })
        };
        let mut message = Vec::with_capacity(self.signature.message.len());
        for each in self.signature.message {
            message.push(part(each)?);
        }
        Ok(Claims { all: vec![Claim { message, candidates }], time })
    }
}

impl Claims<'_> {
    /// The signed time in Unix seconds.
    pub fn signed_at_s(&self) -> Option<i64> {
        self.time.as_ref().map(|time| time.at_ms.div_euclid(1000))
    }

    /// The signed time as it was sent.
    pub fn time_text(&self) -> Option<&[u8]> {
        self.time.as_ref().map(|time| &*time.text)
    }

    /// Refuses a time that is too far away.
    pub fn within(&self, window_s: Option<u64>, now_s: i64) -> Result<(), Refusal> {
        within(self.time.as_ref(), window_s, now_s)
    }
}

/// Refuses a time further from `now_s` than the window; exactly the window passes.
fn within(time: Option<&Moment<'_>>, window_s: Option<u64>, now_s: i64) -> Result<(), Refusal> {
    match (time, window_s) {
        (Some(time), Some(window_s)) => near(time.at_ms, window_s, now_s),
        _ => Ok(()),
    }
}

/// Refuses what was signed further from `now_s` than the window.
pub(super) fn near(at_ms: i64, window_s: u64, now_s: i64) -> Result<(), Refusal> {
    let distance_ms = now_s.saturating_mul(1000).abs_diff(at_ms);
    if distance_ms <= window_s.saturating_mul(1000) {
        return Ok(());
    }
    let (reason, direction) = if at_ms < now_s.saturating_mul(1000) {
        (Reason::StaleTimestamp, "ago")
    } else {
        (Reason::FutureTimestamp, "ahead")
    };
    let distance_s = distance_ms.div_ceil(1000);
    Err(Refusal::new(reason, format!("signed {distance_s} s {direction}, but the limit is {window_s} s")))
}

/// A signed value that tells its own border by its length.
fn sized<'v>(value: &'v str, path: &str, bytes: usize) -> Result<&'v str, Refusal> {
    if value.len() == bytes {
        return Ok(value);
    }
    let detail = format!("expected {bytes} bytes at {path} in the body, found {}", value.len());
    Err(Refusal::new(Reason::MalformedBody, detail))
}

/// A signed value that tells its own border by the character that it lacks.
fn without<'v>(value: &'v str, path: &str, character: char) -> Result<&'v str, Refusal> {
    if !value.contains(character) {
        return Ok(value);
    }
    let detail = format!("expected a value without {character:?} at {path} in the body, found one with it");
    Err(Refusal::new(Reason::MalformedBody, detail))
}

/// The values of the headers that signatures stand in; none where they stand in the body.
fn in_head<'a>(signature: &Signature, head: &Head<'a>) -> Result<Vec<&'a [u8]>, Refusal> {
    match signature.at {
        Where::Header(name) => Ok(vec![head.required_header(name, Reason::MissingHeader)?]),
        Where::AnyOf(names) => {
            let values =
                names.iter().filter_map(|name| head.header(name).transpose()).collect::<Result<Vec<_>, _>>()?;
            if values.is_empty() {
                let detail = format!("expected one of the headers {}, found none", names.join(", "));
                return Err(Refusal::new(Reason::MissingHeader, detail));
            }
            Ok(values)
        }
        Where::Numbered(name) => {
            let mut values = vec![head.required_header(&format!("{name}-1"), Reason::MissingHeader)?];
            while let Some(next) = head.header(&format!("{name}-{}", values.len() + 1))? {
                values.push(next);
            }
            Ok(values)
        }
        Where::Json(_) => Ok(Vec::new()),
    }
}

/// The time among a list's items.
fn time_item<'a>(signature: &Signature, values: &[&'a [u8]], key: &str) -> Result<&'a [u8], Refusal> {
    let Shape::List { between, after_key, .. } = signature.shape else {
        return Err(malformed(signature, "a list"));
    };
    let mut times = Vec::new();
    for value in values {
        times.extend(items(signature, value, between, after_key)?.into_iter().filter(|(name, _)| *name == key));
    }
    match times[..] {
        [(_, time)] => Ok(time.as_bytes()),
        _ => Err(malformed(signature, &format!("the time once, as {key}{after_key}"))),
    }
}

/// Undoes the few escapes that HubSpot undoes before it signs a URL (its documentation of signatures, version 3).
fn partly_decoded(url: &str) -> Vec<u8> {
    const UNDONE: [(&str, u8); 12] = [
        ("3A", b':'),
        ("2F", b'/'),
        ("3F", b'?'),
        ("40", b'@'),
        ("21", b'!'),
        ("24", b'$'),
        ("27", b'\''),
        ("28", b'('),
        ("29", b')'),
        ("2A", b'*'),
        ("2C", b','),
        ("3B", b';'),
    ];
    let mut bytes = Vec::with_capacity(url.len());
    let mut parts = url.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let code = part.get(..2).unwrap_or_default();
        match UNDONE.iter().find(|(escape, _)| escape.eq_ignore_ascii_case(code)) {
            Some((_, byte)) => {
                bytes.push(*byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    bytes
}

/// A header that is part of what is signed: there, once, and not empty.
fn signed_header<'a>(head: &Head<'a>, name: &str) -> Result<&'a [u8], Refusal> {
    let value = head.required_header(name, Reason::MissingHeader)?;
    if value.is_empty() {
        let detail = format!("expected a value in the header {name}, found an empty one");
        return Err(Refusal::new(Reason::MalformedHeader, detail));
    }
    Ok(value)
}

/// The signatures in these values, as they are written there.
fn written<'v>(signature: &Signature, values: &[&'v [u8]]) -> Result<Vec<&'v [u8]>, Refusal> {
    let mut accepted = Vec::new();
    for value in values {
        match signature.shape {
            Shape::Bare => accepted.push(*value),
            Shape::Prefix(prefix) => match value.strip_prefix(prefix.as_bytes()) {
                Some(rest) => accepted.push(rest),
                None => return Err(malformed(signature, &format!("a value that begins with {prefix}"))),
            },
            Shape::List { between, after_key, key } => {
                let items = items(signature, value, between, after_key)?.into_iter();
                accepted.extend(items.filter(|(version, _)| *version == key).map(|(_, value)| value.as_bytes()));
            }
        }
    }
    if accepted.len() > CANDIDATES_MAX {
        return Err(malformed(signature, &format!("at most {CANDIDATES_MAX} signatures")));
    }
    if let (Shape::List { key, .. }, true) = (signature.shape, accepted.is_empty()) {
        let place = signature.at;
        let detail = format!("expected a signature of the kind {key} in {place}, found only others");
        return Err(Refusal::new(Reason::NoKnownSignature, detail));
    }
    Ok(accepted)
}

/// The keys and values of a list.
fn items<'v>(
    signature: &Signature,
    value: &'v [u8],
    between: char,
    after_key: char,
) -> Result<Vec<(&'v str, &'v str)>, Refusal> {
    let text = str::from_utf8(value).map_err(|_| malformed(signature, "ASCII text"))?;
    let items = text.split(between).map(str::trim).filter(|item| !item.is_empty());
    let pairs = items.map(|item| {
        item.split_once(after_key)
            .ok_or_else(|| malformed(signature, &format!("items of the form key{after_key}value")))
    });
    pairs.collect()
}

/// The candidates that decode; those that do not are ignored beside one that does.
fn decoded(signature: &Signature, written: &[&[u8]]) -> Result<Vec<Vec<u8>>, Refusal> {
    let decode = match signature.encoding {
        Encoding::Hex => hex::decode,
        Encoding::Base64 => base64::decode,
    };
    let mut candidates: Vec<_> = written.iter().filter_map(|text| decode(text)).collect();
    candidates.retain(|candidate| !candidate.is_empty());
    if candidates.is_empty() {
        let detail =
            format!("expected a signature in {} in {}, found something else", signature.encoding.name(), signature.at);
        return Err(Refusal::new(Reason::MalformedSignature, detail));
    }
    Ok(candidates)
}

fn malformed(signature: &Signature, expected: &str) -> Refusal {
    let detail = format!("expected {expected} in {}, found another form", signature.at);
    Refusal::new(Reason::MalformedHeader, detail)
}

/// The milliseconds of Unix time that a text says. Numbers are digits, without sign, fraction or blanks.
pub(super) fn milliseconds(unit: Unit, text: &[u8]) -> Result<i64, Refusal> {
    let digits = (1..=TIME_DIGITS_MAX).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let text = str::from_utf8(text).ok();
    let number = || text.filter(|_| digits).and_then(|text| text.parse::<i64>().ok());
    let (read, expected) = match unit {
        Unit::Seconds => (number().map(|seconds| seconds * 1000), "a time in seconds, 1 to 15 digits"),
        Unit::Milliseconds => (number(), "a time in milliseconds, 1 to 15 digits"),
        Unit::Rfc3339 => (text.and_then(calendar::rfc3339_ms), "a time as RFC 3339 writes it"),
    };
    read.ok_or_else(|| Refusal::new(Reason::BadTimestamp, format!("expected {expected}, found something else")))
}

#[cfg(test)]
mod tests {
    use super::{Presented, milliseconds, partly_decoded};
    use crate::provider::{Credential, GITHUB, Provider, STANDARD_WEBHOOKS, Signature, Unit, Where};
    use crate::receive::Head;
    use crate::refusal::{Reason, Refusal};

    const GITHUB_SIGNATURE: &Signature = signature(&GITHUB);
    const STANDARD_SIGNATURE: &Signature = signature(&STANDARD_WEBHOOKS);

    const fn signature(provider: &'static Provider) -> &'static Signature {
        match &provider.credential {
            Credential::Signature(signature) => signature,
            _ => panic!("not a signature"),
        }
    }

    fn candidates(signature: &'static Signature, value: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        let Where::Header(name) = signature.at else { panic!("not in a header") };
        let headers: [(&str, &[u8]); 3] =
            [(name, value.as_bytes()), ("webhook-id", b"msg_1"), ("webhook-timestamp", b"1000")];
        let head = Head { method: "POST", url: "", headers: &headers };
        Presented::read(signature, &head).map(|presented| presented.candidates)
    }

    fn reason(signature: &'static Signature, value: &str) -> Reason {
        candidates(signature, value).expect_err("refused").reason
    }

    #[test]
    fn a_prefix_must_stand_there_case_included() {
        assert_eq!(candidates(GITHUB_SIGNATURE, "sha256=00fF"), Ok(vec![vec![0, 255]]));
        assert_eq!(reason(GITHUB_SIGNATURE, "SHA256=00ff"), Reason::MalformedHeader);
        assert_eq!(reason(GITHUB_SIGNATURE, "sha256="), Reason::MalformedSignature);
        assert_eq!(reason(GITHUB_SIGNATURE, "sha256= 00ff"), Reason::MalformedSignature);
    }

    #[test]
    fn undecodable_candidates_are_ignored_beside_one_that_decodes() {
        assert_eq!(candidates(STANDARD_SIGNATURE, "v1,!!  v1,AAA= v2,BBBB v1,"), Ok(vec![vec![0, 0]]));
        assert_eq!(reason(STANDARD_SIGNATURE, "v1,!! v1,AAB="), Reason::MalformedSignature);
    }

    #[test]
    fn other_versions_do_not_count_and_a_list_has_keys() {
        assert_eq!(reason(STANDARD_SIGNATURE, "v2,AAA= v1a,AAA="), Reason::NoKnownSignature);
        assert_eq!(reason(STANDARD_SIGNATURE, ""), Reason::NoKnownSignature);
        assert_eq!(reason(STANDARD_SIGNATURE, "v1,AAA= AAA="), Reason::MalformedHeader);
    }

    #[test]
    fn one_request_presents_no_more_than_a_hundred_signatures() {
        assert!(candidates(STANDARD_SIGNATURE, &"v1,AAA= ".repeat(100)).is_ok());
        assert_eq!(reason(STANDARD_SIGNATURE, &"v1,AAA= ".repeat(101)), Reason::MalformedHeader);
    }

    #[test]
    fn a_time_is_digits_and_nothing_else() {
        assert_eq!(milliseconds(Unit::Seconds, b"1767225600"), Ok(1_767_225_600_000));
        assert_eq!(milliseconds(Unit::Seconds, b"999999999999999"), Ok(999_999_999_999_999_000));
        assert_eq!(milliseconds(Unit::Milliseconds, b"1767225600123"), Ok(1_767_225_600_123));
        for text in ["", "-1", "+1", "1.0", " 1", "1e3", "1000000000000000", "١"] {
            for unit in [Unit::Seconds, Unit::Milliseconds, Unit::Rfc3339] {
                let refusal = milliseconds(unit, text.as_bytes()).expect_err(text);
                assert_eq!(refusal.reason, Reason::BadTimestamp, "{text}");
            }
        }
    }

    #[test]
    fn only_some_escapes_of_a_url_are_undone() {
        let decoded = |url| String::from_utf8(partly_decoded(url)).expect("text");
        assert_eq!(decoded("https://h/a%3Ab%2fc?d=%20e%40%"), "https://h/a:b/c?d=%20e@%");
        assert_eq!(decoded("%é%2"), "%é%2");
    }

    #[test]
    fn exactly_the_window_passes() {
        let headers: [(&str, &[u8]); 3] =
            [("webhook-signature", b"v1,AAA="), ("webhook-id", b"msg_1"), ("webhook-timestamp", b"1000")];
        let head = Head { method: "POST", url: "", headers: &headers };
        let presented = Presented::read(STANDARD_SIGNATURE, &head).expect("readable");
        let refused = |window, now| presented.within(window, now).map_err(|no| (no.reason, no.detail));

        assert_eq!(refused(Some(300), 1300), Ok(()));
        assert_eq!(refused(Some(300), 700), Ok(()));
        assert_eq!(refused(None, i64::MIN), Ok(()));
        assert_eq!(
            refused(Some(300), 1301),
            Err((Reason::StaleTimestamp, "signed 301 s ago, but the limit is 300 s".into()))
        );
        assert_eq!(
            refused(Some(300), 699),
            Err((Reason::FutureTimestamp, "signed 301 s ahead, but the limit is 300 s".into()))
        );
    }
}

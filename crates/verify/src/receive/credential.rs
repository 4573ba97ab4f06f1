//! What a request presents to prove its sender, read by the definition's words.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::iter;

use crate::calendar;
use crate::key::Key;
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

/// The longest signature that an algorithm makes, in bytes: ECDSA on P-256 in DER.
const SIGNATURE_BYTES_MAX: usize = 72;

/// How many parts of a message take no allocation: id, time and body with what stands between them, and one more.
const PARTS: usize = 6;

/// A signed time, as it stands in the request and as what it says, in milliseconds of Unix time.
#[derive(Clone)]
struct Moment<'a> {
    text: Cow<'a, [u8]>,
    at_ms: i64,
}

/// What a signed request presents. Filled where it stands, since moving it takes longer than reading it: first by
/// [`Presented::read_head`], then by [`Presented::read_content`].
pub(crate) struct Presented<'a> {
    signature: &'a Signature,
    head: Head<'a>,
    claim: Claim<'a>,
    /// The claims of a body's further items, where each item is signed.
    others: Vec<Claim<'a>>,
    time: Option<Moment<'a>>,
    /// The value of the first header that is signed: there is seldom another.
    signed_header: Option<&'a [u8]>,
}

/// Something signed, and the signatures that are offered for it: any one may fit.
#[derive(Default)]
pub(crate) struct Claim<'a> {
    pub message: Message<'a>,
    pub candidates: Candidates,
}

/// A signed message in parts, as they stand in the request wherever they can.
#[derive(Default)]
pub(crate) struct Message<'a> {
    few: [&'a [u8]; PARTS],
    count: usize,
    /// All of them, once there are more, or one that stands nowhere.
    many: Vec<Cow<'a, [u8]>>,
}

/// The signatures that are offered. The first takes no allocation: there is seldom another.
pub(crate) struct Candidates {
    bytes: [u8; SIGNATURE_BYTES_MAX],
    length: usize,
    others: Vec<Vec<u8>>,
}

impl<'a> Presented<'a> {
    /// Nothing yet.
    pub fn new(signature: &'a Signature, head: &Head<'a>) -> Self {
        Self { signature, head: *head, claim: Claim::default(), others: Vec::new(), time: None, signed_header: None }
    }

    /// What the head presents.
    pub fn of_head(signature: &'a Signature, head: &Head<'a>) -> Result<Self, Refusal> {
        let mut presented = Self::new(signature, head);
        presented.read_head()?;
        Ok(presented)
    }

    /// Reads the head. Refused is what no body could mend.
    pub fn read_head(&mut self) -> Result<(), Refusal> {
        let Self { signature, head, .. } = *self;
        let (only, several);
        let values: &[&[u8]] = match signature.at {
            Where::Header(name) => {
                only = [head.required_header(name, Reason::MissingHeader)?];
                &only
            }
            Where::AnyOf(names) => {
                several = any_of(names, &head)?;
                &several
            }
            Where::Numbered(name) => {
                several = numbered(name, &head)?;
                &several
            }
            Where::Json(_) => &[],
        };
        for part in signature.message {
            if let Part::Header(name) = part {
                let value = signed_header(&head, name)?;
                self.signed_header.get_or_insert(value);
            }
        }
        let time_text = match signature.time.map(|time| time.at) {
            Some(TimeAt::Header(name)) => Some(head.required_header(name, Reason::MissingHeader)?),
            Some(TimeAt::Item(key)) => Some(time_item(signature, values, key)?),
            Some(TimeAt::Json(_)) | None => None,
        };
        if !values.is_empty() {
            self.claim.candidates.read(signature, values)?;
        }
        if let (Some(time), Some(text)) = (signature.time, time_text) {
            self.time = Some(Moment { text: Cow::Borrowed(text), at_ms: milliseconds(time.unit, text)? });
        }
        Ok(())
    }

    /// The name of the key to check with, where keys have names.
    pub fn key_name(&self) -> Result<Option<&'a [u8]>, Refusal> {
        self.signature.key_name.map(|name| self.head.required_header(name, Reason::MissingHeader)).transpose()
    }

    /// Reads the rest: everything that is signed, and by what.
    pub fn read_content(&mut self, content: &'a Content<'_>, url: &str) -> Result<(), Refusal> {
        let Self { signature, head, signed_header, .. } = *self;
        let Some(each) = signature.each else {
            let values = LazyCell::new(|| content.values(paths(signature).map(str::to_owned).collect()));
            let rest = Rest { signature, head, signed_header, place: "", values: &|| values.as_ref(), content, url };
            return rest.read(&mut self.claim, &mut self.time);
        };
        let count = content.items(each)?;
        if count == 0 || count > ITEMS_MAX {
            let detail = format!("expected 1 to {ITEMS_MAX} items at {each} in the body, found {count}");
            return Err(Refusal::new(Reason::MissingValue, detail));
        }
        let place = |index: usize| format!("{each}.{index}.");
        let all = (0..count).flat_map(|index| paths(signature).map(move |path| place(index) + path));
        let values = content.values(all.collect());
        self.others.resize_with(count - 1, Claim::default);
        let claims = iter::once(&mut self.claim).chain(&mut self.others);
        for (index, claim) in claims.enumerate() {
            let rest = Rest {
                signature,
                head,
                signed_header,
                place: &place(index),
                values: &|| values.as_ref(),
                content,
                url,
            };
            rest.read(claim, &mut self.time)?;
        }
        Ok(())
    }

    /// Whether every claim holds under this key.
    pub fn holds_under(&self, key: &Key) -> bool {
        self.claim.holds_under(key) && self.others.iter().all(|claim| claim.holds_under(key))
    }

    /// What is claimed, unless that is more than one signature of one message.
    pub fn only_claim(&self) -> Option<(&Message<'a>, &[u8])> {
        let mut candidates = self.claim.candidates.iter();
        let only = candidates.next().filter(|_| self.others.is_empty())?;
        candidates.next().is_none().then_some((&self.claim.message, only))
    }

    /// The signed time in Unix seconds.
    pub fn signed_at_s(&self) -> Option<i64> {
        self.time.as_ref().map(|time| time.at_ms.div_euclid(1000))
    }

    /// The signed time as it was sent.
    #[inline]
    pub fn time_text(&self) -> Option<Cow<'a, [u8]>> {
        self.time.as_ref().map(|time| time.text.clone())
    }

    /// Refuses a time further from `now_s` than the window; exactly the window passes. One in the body is known when that
    /// has been read.
    pub fn within(&self, window_s: Option<u64>, now_s: i64) -> Result<(), Refusal> {
        match (&self.time, window_s) {
            (Some(time), Some(window_s)) => near(time.at_ms, window_s, now_s),
            _ => Ok(()),
        }
    }
}

/// The paths of what stands in the JSON.
fn paths(signature: &Signature) -> impl Iterator<Item = &'static str> {
    let given = match signature.at {
        Where::Json(path) => Some(path),
        Where::Header(_) | Where::AnyOf(_) | Where::Numbered(_) => None,
    };
    let time = match signature.time.map(|time| time.at) {
        Some(TimeAt::Json(path)) => Some(path),
        Some(TimeAt::Header(_) | TimeAt::Item(_)) | None => None,
    };
    let parts = signature.message.iter().filter_map(|part| match part {
        Part::Json(path) | Part::JsonOf(path, _) | Part::JsonOrNothing(path) | Part::JsonWithout(path, _) => {
            Some(*path)
        }
        _ => None,
    });
    given.into_iter().chain(time).chain(parts)
}

/// What a claim is read from once the body is there. Its paths begin at `place`.
struct Rest<'r, 'a, 'b> {
    signature: &'a Signature,
    head: Head<'a>,
    signed_header: Option<&'a [u8]>,
    place: &'r str,
    /// What stands at the paths: read when it is first asked for, since most signatures have none.
    values: &'r dyn Fn() -> Result<&'r Values, &'r Refusal>,
    content: &'a Content<'b>,
    url: &'r str,
}

impl<'a> Rest<'_, 'a, '_> {
    fn read(&self, claim: &mut Claim<'a>, time: &mut Option<Moment<'a>>) -> Result<(), Refusal> {
        let Self { signature, head, signed_header, place, values, content, url } = self;
        let mut signed_header = *signed_header;
        let values = || values().map_err(Refusal::clone);
        let value = |path: &str| values()?.required(&format!("{place}{path}"));
        let optional = |path: &str| Ok(values()?.get(&format!("{place}{path}")).unwrap_or_default());
        if let Where::Json(path) = signature.at {
            claim.candidates.read(signature, &[value(path)?.as_bytes()])?;
        }
        if let Some(Time { at: TimeAt::Json(path), unit, .. }) = signature.time {
            let text = value(path)?.as_bytes();
            *time = Some(Moment { text: Cow::Owned(text.to_vec()), at_ms: milliseconds(unit, text)? });
        }
        let message = &mut claim.message;
        for part in signature.message {
            match part {
                Part::Body => message.add(content.body),
                Part::Payload => message.add(content.payload()?),
                Part::Time => match time.as_ref().map(|time| &time.text) {
                    Some(Cow::Borrowed(text)) => message.add(text),
                    Some(Cow::Owned(text)) => message.add_made(text),
                    None => {}
                },
                Part::Header(name) => message.add(match signed_header.take() {
                    Some(value) => value,
                    None => self::signed_header(head, name)?,
                }),
                Part::Text(text) => message.add(text.as_bytes()),
                Part::Method => message.add(head.method.as_bytes()),
                Part::Url => message.add_made(url.as_bytes()),
                Part::UrlPartlyDecoded => message.add_made(&partly_decoded(url)),
                Part::Json(path) => message.add_made(value(path)?.as_bytes()),
                Part::JsonOf(path, bytes) => message.add_made(sized(value(path)?, path, *bytes)?.as_bytes()),
                Part::JsonOrNothing(path) => message.add_made(optional(path)?.as_bytes()),
                Part::JsonWithout(path, character) => {
                    message.add_made(without(optional(path)?, path, *character)?.as_bytes());
                }
            }
        }
        Ok(())
    }
}

impl Claim<'_> {
    fn holds_under(&self, key: &Key) -> bool {
        let Message { few, count, many } = &self.message;
        if many.is_empty() {
            key.explains(&few[..*count], self.candidates.iter())
        } else {
            key.explains(many, self.candidates.iter())
        }
    }
}

impl<'a> Message<'a> {
    #[inline]
    fn add(&mut self, part: &'a [u8]) {
        match self.few.get_mut(self.count) {
            Some(place) if self.many.is_empty() => {
                *place = part;
                self.count += 1;
            }
            _ => self.add_to_many(Cow::Borrowed(part)),
        }
    }

    /// Adds what stands nowhere in the request as it is signed.
    fn add_made(&mut self, part: &[u8]) {
        self.add_to_many(Cow::Owned(part.to_vec()));
    }

    #[cold]
    fn add_to_many(&mut self, part: Cow<'a, [u8]>) {
        if self.many.is_empty() {
            self.many.extend(self.few[..self.count].iter().map(|part| Cow::Borrowed(*part)));
        }
        self.many.push(part);
    }

    /// What is signed, in one piece.
    pub fn whole(&self) -> Vec<u8> {
        if self.many.is_empty() { self.few[..self.count].concat() } else { self.many.concat() }
    }
}

impl Default for Candidates {
    fn default() -> Self {
        Self { bytes: [0; SIGNATURE_BYTES_MAX], length: 0, others: Vec::new() }
    }
}

impl Candidates {
    /// Those in these values that decode; those that do not are ignored beside one that does.
    fn read(&mut self, signature: &Signature, values: &[&[u8]]) -> Result<(), Refusal> {
        let mut written = 0;
        for value in values {
            match signature.shape {
                Shape::Bare => {
                    written += 1;
                    self.add(signature.encoding, value);
                }
                Shape::Prefix(prefix) => match value.strip_prefix(prefix.as_bytes()) {
                    Some(rest) => {
                        written += 1;
                        self.add(signature.encoding, rest);
                    }
                    None => return Err(malformed(signature, &format!("a value that begins with {prefix}"))),
                },
                Shape::List { between, after_key, key } => {
                    for item in items(value, between) {
                        let (version, text) = keyed(signature, item, after_key)?;
                        if version == key.as_bytes() {
                            written += 1;
                            self.add(signature.encoding, text);
                        }
                    }
                }
            }
        }
        if written > CANDIDATES_MAX {
            return Err(malformed(signature, &format!("at most {CANDIDATES_MAX} signatures")));
        }
        if let (Shape::List { key, .. }, 0) = (signature.shape, written) {
            let place = signature.at;
            let detail = format!("expected a signature of the kind {key} in {place}, found only others");
            return Err(Refusal::new(Reason::NoKnownSignature, detail));
        }
        if self.iter().next().is_none() {
            let (encoding, place) = (signature.encoding.name(), signature.at);
            let detail = format!("expected a signature in {encoding} in {place}, found something else");
            return Err(Refusal::new(Reason::MalformedSignature, detail));
        }
        Ok(())
    }

    /// Adds what this text stands for, unless that is nothing.
    fn add(&mut self, encoding: Encoding, text: &[u8]) {
        let decode_into = match encoding {
            Encoding::Hex => hex::decode_into,
            Encoding::Base64 => base64::decode_into,
        };
        let decode = match encoding {
            Encoding::Hex => hex::decode,
            Encoding::Base64 => base64::decode,
        };
        if self.length == 0
            && let Some(length) = decode_into(text, &mut self.bytes)
        {
            self.length = length;
        } else {
            self.others.extend(decode(text).filter(|candidate| !candidate.is_empty()));
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let first = Some(&self.bytes[..self.length]).filter(|first| !first.is_empty());
        first.into_iter().chain(self.others.iter().map(Vec::as_slice))
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

/// The values of those of these headers that are there; at least one.
fn any_of<'a>(names: &[&str], head: &Head<'a>) -> Result<Vec<&'a [u8]>, Refusal> {
    let values = names.iter().filter_map(|name| head.header(name).transpose()).collect::<Result<Vec<_>, _>>()?;
    if values.is_empty() {
        let detail = format!("expected one of the headers {}, found none", names.join(", "));
        return Err(Refusal::new(Reason::MissingHeader, detail));
    }
    Ok(values)
}

/// The values of the headers with this name and a number, from 1 without a gap.
fn numbered<'a>(name: &str, head: &Head<'a>) -> Result<Vec<&'a [u8]>, Refusal> {
    let mut values = vec![head.required_header(&format!("{name}-1"), Reason::MissingHeader)?];
    while let Some(next) = head.header(&format!("{name}-{}", values.len() + 1))? {
        values.push(next);
    }
    Ok(values)
}

/// The time among a list's items.
fn time_item<'a>(signature: &Signature, values: &[&'a [u8]], key: &str) -> Result<&'a [u8], Refusal> {
    let Shape::List { between, after_key, .. } = signature.shape else {
        return Err(malformed(signature, "a list"));
    };
    let once = || malformed(signature, &format!("the time once, as {key}{after_key}"));
    let mut time = None;
    for value in values {
        for item in items(value, between) {
            let (name, value) = keyed(signature, item, after_key)?;
            if name == key.as_bytes() && time.replace(value).is_some() {
                return Err(once());
            }
        }
    }
    time.ok_or_else(once)
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

/// The items of a list that are not empty.
fn items(value: &[u8], between: char) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    let next = move || {
        let all = rest?;
        let end = position(all, between);
        rest = end.map(|end| &all[end + 1..]);
        Some(&all[..end.unwrap_or(all.len())])
    };
    iter::from_fn(next).map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
}

/// Where a character first stands. Looks at many bytes at once: most lists have one long item.
fn position(text: &[u8], character: char) -> Option<usize> {
    let wanted = u8::try_from(character).ok()?;
    let (chunks, _) = text.as_chunks::<16>();
    let lacks_it = |chunk: &&[u8; 16]| !chunk.iter().fold(false, |found, byte| found | (*byte == wanted));
    let passed = chunks.iter().take_while(lacks_it).count() * 16;
    if text.len() - passed < 16 && text.last_chunk().is_some_and(|last| lacks_it(&last)) {
        return None;
    }
    text[passed..].iter().position(|byte| *byte == wanted).map(|at| passed + at)
}

/// The key and the value of a list's item.
fn keyed<'v>(signature: &Signature, item: &'v [u8], after_key: char) -> Result<(&'v [u8], &'v [u8]), Refusal> {
    let at = item.iter().position(|byte| char::from(*byte) == after_key);
    let at = at.ok_or_else(|| malformed(signature, &format!("items of the form key{after_key}value")))?;
    Ok((&item[..at], &item[at + 1..]))
}

fn malformed(signature: &Signature, expected: &str) -> Refusal {
    let detail = format!("expected {expected} in {}, found another form", signature.at);
    Refusal::new(Reason::MalformedHeader, detail)
}

/// The milliseconds of Unix time that a text says. Numbers are digits, without sign, fraction or blanks.
pub(super) fn milliseconds(unit: Unit, text: &[u8]) -> Result<i64, Refusal> {
    let number = || {
        let digits = Some(text).filter(|text| (1..=TIME_DIGITS_MAX).contains(&text.len()))?;
        digits.iter().try_fold(0, |number, digit| {
            let worth = digit.wrapping_sub(b'0');
            (worth < 10).then(|| number * 10 + i64::from(worth))
        })
    };
    let (read, expected) = match unit {
        Unit::Seconds => (number().map(|seconds| seconds * 1000), "a time in seconds, 1 to 15 digits"),
        Unit::Milliseconds => (number(), "a time in milliseconds, 1 to 15 digits"),
        Unit::Rfc3339 => (str::from_utf8(text).ok().and_then(calendar::rfc3339_ms), "a time as RFC 3339 writes it"),
    };
    read.ok_or_else(|| Refusal::new(Reason::BadTimestamp, format!("expected {expected}, found something else")))
}

#[cfg(test)]
mod tests {
    use super::{Message, PARTS, Presented, SIGNATURE_BYTES_MAX, items, milliseconds, partly_decoded};
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

    fn candidates(signature: &Signature, value: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        let Where::Header(name) = signature.at else { panic!("not in a header") };
        let headers: [(&str, &[u8]); 3] =
            [(name, value.as_bytes()), ("webhook-id", b"msg_1"), ("webhook-timestamp", b"1000")];
        let head = Head { method: "POST", url: "", headers: &headers };
        let presented = Presented::of_head(signature, &head)?;
        Ok(presented.claim.candidates.iter().map(<[u8]>::to_vec).collect())
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
    fn a_candidate_may_be_longer_than_any_signature() {
        let long = "00".repeat(SIGNATURE_BYTES_MAX + 1);

        assert_eq!(candidates(GITHUB_SIGNATURE, &format!("sha256={long}")), Ok(vec![vec![0; SIGNATURE_BYTES_MAX + 1]]));
        assert_eq!(candidates(STANDARD_SIGNATURE, "v1,AAA= v1,AAAA"), Ok(vec![vec![0; 2], vec![0; 3]]));
    }

    #[test]
    fn a_list_is_divided_wherever_its_items_end() {
        for length in 0..50 {
            let long = "a".repeat(length);
            let value = format!(" ,{long},b, c ,,{long}");
            let written = [&*long, "b", "c", &*long].map(str::as_bytes);

            let found = items(value.as_bytes(), ',');
            assert!(found.eq(written.into_iter().filter(|item| !item.is_empty())), "{length}");
            assert_eq!(items(value.as_bytes(), 'é').count(), 1);
        }
    }

    #[test]
    fn a_message_may_have_any_number_of_parts() {
        for count in [0, 1, PARTS - 1, PARTS, PARTS + 1, 3 * PARTS] {
            let parts: Vec<_> = (0..count).map(|part| part.to_string().into_bytes()).collect();
            let mut message = Message::default();
            let mut made = Message::default();
            for part in &parts {
                message.add(part);
                if part.ends_with(b"1") { made.add_made(part) } else { made.add(part) }
            }

            assert_eq!(made.whole(), parts.concat(), "{count}");
            assert_eq!(message.whole(), parts.concat(), "{count}");
        }
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
        let presented = Presented::of_head(STANDARD_SIGNATURE, &head).expect("readable");
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

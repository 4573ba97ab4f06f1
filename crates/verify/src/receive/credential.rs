//! What a request presents to prove its sender, read by the definition's words.

use crate::provider::{Encoding, Part, Shape, Signature};
use crate::refusal::{Reason, Refusal};
use crate::{base64, hex};

use super::content::Content;
use super::head::Head;

/// The most signatures that one request may present; honest senders list a few while they roll keys.
const CANDIDATES_MAX: usize = 100;

/// The most digits of a time.
const TIME_DIGITS_MAX: usize = 15;

/// What a signed request presents: everything of the proof but the body.
pub(crate) struct Presented<'a> {
    signature: &'static Signature,
    head: Head<'a>,
    /// The signatures that decode; at least one.
    pub candidates: Vec<Vec<u8>>,
    /// The text of the signed time, and what it says in Unix seconds.
    time: Option<(&'a [u8], i64)>,
}

impl<'a> Presented<'a> {
    /// Reads the head. Refused is what no body could mend.
    pub fn read(signature: &'static Signature, head: &Head<'a>) -> Result<Self, Refusal> {
        let value = head.required_header(signature.header, Reason::MissingHeader)?;
        for part in signature.message {
            if let Part::Header(name) = part {
                signed_header(head, name)?;
            }
        }
        let time_text =
            signature.time.map(|time| head.required_header(time.header, Reason::MissingHeader)).transpose()?;
        let candidates = decoded(signature, &written(signature, value)?)?;
        let time = time_text.map(|text| Ok((text, seconds(text)?))).transpose()?;
        Ok(Self { signature, head: *head, candidates, time })
    }

    /// The signed time in Unix seconds.
    pub fn signed_at_s(&self) -> Option<i64> {
        self.time.map(|(_, seconds)| seconds)
    }

    /// Everything that is signed, part by part.
    pub fn message<'m>(&'m self, content: &'m Content<'_>) -> Result<Vec<&'m [u8]>, Refusal> {
        self.signature
            .message
            .iter()
            .map(|part| match part {
                Part::Body => Ok(content.body),
                Part::Payload => content.payload(),
                Part::Time => Ok(self.time.map_or(&[][..], |(text, _)| text)),
                Part::Header(name) => signed_header(&self.head, name),
                Part::Text(text) => Ok(text.as_bytes()),
            })
            .collect()
    }

    /// Refuses a time further from `now_s` than the window; exactly the window passes.
    pub fn within(&self, window_s: Option<u64>, now_s: i64) -> Result<(), Refusal> {
        let (Some(at_s), Some(window_s)) = (self.signed_at_s(), window_s) else {
            return Ok(());
        };
        let distance_s = now_s.abs_diff(at_s);
        if distance_s <= window_s {
            return Ok(());
        }
        let (reason, direction) =
            if at_s < now_s { (Reason::StaleTimestamp, "ago") } else { (Reason::FutureTimestamp, "ahead") };
        let detail = format!("signed {distance_s} s {direction}, but the limit is {window_s} s");
        Err(Refusal::new(reason, detail))
    }
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

/// The signatures in a header's value, as they are written there.
fn written<'v>(signature: &Signature, value: &'v [u8]) -> Result<Vec<&'v [u8]>, Refusal> {
    match signature.shape {
        Shape::Bare => Ok(vec![value]),
        Shape::Prefix(prefix) => match value.strip_prefix(prefix.as_bytes()) {
            Some(rest) => Ok(vec![rest]),
            None => Err(malformed(signature, &format!("a value that begins with {prefix}"))),
        },
        Shape::List { between, after_key, key } => {
            let text = str::from_utf8(value).map_err(|_| malformed(signature, "ASCII text"))?;
            listed(signature, text, between, after_key, key)
        }
    }
}

fn listed<'v>(
    signature: &Signature,
    text: &'v str,
    between: char,
    after_key: char,
    key: &str,
) -> Result<Vec<&'v [u8]>, Refusal> {
    let mut accepted = Vec::new();
    for item in text.split(between).map(str::trim).filter(|item| !item.is_empty()) {
        let Some((version, value)) = item.split_once(after_key) else {
            let expected = format!("items of the form key{after_key}value");
            return Err(malformed(signature, &expected));
        };
        if version == key {
            accepted.push(value.as_bytes());
        }
    }
    if accepted.len() > CANDIDATES_MAX {
        return Err(malformed(signature, &format!("at most {CANDIDATES_MAX} signatures")));
    }
    if accepted.is_empty() {
        let detail =
            format!("expected a signature of the kind {key} in the header {}, found only others", signature.header);
        return Err(Refusal::new(Reason::NoKnownSignature, detail));
    }
    Ok(accepted)
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
        let detail = format!(
            "expected a signature in {} in the header {}, found something else",
            signature.encoding.name(),
            signature.header
        );
        return Err(Refusal::new(Reason::MalformedSignature, detail));
    }
    Ok(candidates)
}

fn malformed(signature: &Signature, expected: &str) -> Refusal {
    let detail = format!("expected {expected} in the header {}, found another form", signature.header);
    Refusal::new(Reason::MalformedHeader, detail)
}

/// Whole seconds of Unix time: digits, without sign, fraction or blanks.
fn seconds(text: &[u8]) -> Result<i64, Refusal> {
    let digits = (1..=TIME_DIGITS_MAX).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    str::from_utf8(text).ok().filter(|_| digits).and_then(|text| text.parse().ok()).ok_or_else(|| {
        let detail = format!("expected a time of 1 to {TIME_DIGITS_MAX} digits, found something else");
        Refusal::new(Reason::BadTimestamp, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::{Presented, seconds};
    use crate::provider::{Credential, GITHUB, Provider, STANDARD_WEBHOOKS, Signature};
    use crate::receive::Head;
    use crate::refusal::{Reason, Refusal};

    const GITHUB_SIGNATURE: &Signature = signature(&GITHUB);
    const STANDARD_SIGNATURE: &Signature = signature(&STANDARD_WEBHOOKS);

    const fn signature(provider: &'static Provider) -> &'static Signature {
        match &provider.credential {
            Credential::Signature(signature) => signature,
            Credential::Token { .. } | Credential::Code { .. } => panic!("not a signature"),
        }
    }

    fn candidates(signature: &'static Signature, value: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        let headers: [(&str, &[u8]); 3] =
            [(signature.header, value.as_bytes()), ("webhook-id", b"msg_1"), ("webhook-timestamp", b"1000")];
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
        assert_eq!(seconds(b"1767225600"), Ok(1_767_225_600));
        assert_eq!(seconds(b"999999999999999"), Ok(999_999_999_999_999));
        for text in ["", "-1", "+1", "1.0", " 1", "1e3", "1000000000000000", "١"] {
            let refusal = seconds(text.as_bytes()).expect_err(text);
            assert_eq!(refusal.reason, Reason::BadTimestamp, "{text}");
        }
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

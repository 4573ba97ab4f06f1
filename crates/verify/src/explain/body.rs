//! Bodies that were changed between signing and arriving.

use crate::provider::Provider;
use crate::receive::{Content, Head, form};

use super::case::{Trial, Trials};
use super::diagnosis::{Diagnosis, Mistake};
use super::json;

/// The largest body that is written again as JSON in every usual form.
const JSON_BYTES_MAX: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

const UNCHANGED: &str =
    "Sign exactly the bytes that are sent, and let whatever lies in between pass them on unchanged.";

/// The line break at the end is one too many, or lost.
pub fn trailing_newline(trials: &Trials<'_>) -> Option<Diagnosis> {
    let body = trials.case.body;
    let without = [b"\r\n".as_slice(), b"\n"].into_iter().filter_map(|end| body.strip_suffix(end));
    if without.into_iter().any(|signed| trials.fits_body(signed)) {
        let text = "the body ends with a line break that was not there when it was signed";
        let mend =
            format!("Find what adds a line break when the body is sent, such as `echo` or an editor. {UNCHANGED}");
        return Some(Diagnosis::certain(Mistake::TrailingNewline, text, mend));
    }
    let with = [b"\n".as_slice(), b"\r\n"].map(|end| [body, end].concat());
    with.iter().any(|signed| trials.fits_body(signed)).then(|| {
        let text = "the body that was signed ended with a line break, which is missing in the one that arrived";
        let mend = format!("Find what drops the line break at the body's end, such as `curl --data` instead of `--data-binary`. {UNCHANGED}");
        Diagnosis::certain(Mistake::TrailingNewline, text, mend)
    })
}

/// Line breaks were rewritten: those of one system for those of another, or dropped altogether.
pub fn line_breaks(trials: &Trials<'_>) -> Option<Diagnosis> {
    let body = trials.case.body;
    let unix: Vec<u8> = replaced(body, b"\r\n", b"\n");
    let dos = replaced(&unix, b"\n", b"\r\n");
    let signed = [("LF", unix), ("CRLF", dos)];
    let (was, _) = signed.iter().find(|(_, signed)| signed != body && trials.fits_body(signed))?;
    let text = format!("the line breaks in the body were rewritten after it was signed: it was signed with {was}");
    let mend =
        format!("Find what rewrites line breaks, such as a file opened as text or git's `autocrlf`. {UNCHANGED}");
    Some(Diagnosis::certain(Mistake::LineBreaks, text, mend))
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = after;
        } else {
            out.push(*first);
            rest = &rest[1..];
        }
    }
    out
}

/// A byte order mark stands in front on one side alone.
pub fn byte_order_mark(trials: &Trials<'_>) -> Option<Diagnosis> {
    let body = trials.case.body;
    let other = match body.strip_prefix(BYTE_ORDER_MARK) {
        Some(without) => without.to_vec(),
        None => [BYTE_ORDER_MARK, body].concat(),
    };
    trials.fits_body(&other).then(|| {
        let text = "a byte order mark (EF BB BF) in front of the body was added or lost after it was signed";
        let mend = format!("Write the body as UTF-8 without a byte order mark. {UNCHANGED}");
        Diagnosis::certain(Mistake::ByteOrderMark, text, mend)
    })
}

/// The JSON came in a form, or was taken out of one.
pub fn form(trials: &Trials<'_>) -> Option<Diagnosis> {
    let body = trials.case.body;
    let found = |text: &str, mend: &str| Some(Diagnosis::certain(Mistake::FormPayload, text, mend));
    if let Some(payload) = payload_of(body) {
        let provider = Provider { form_field: Some("payload"), ..*trials.case.provider };
        if trials
            .fits(&Trial {
                provider: &provider,
                head: as_form(&trials.case.head, &mut Vec::new()),
                ..trials.as_it_was()
            })
            .is_some()
        {
            return found(
                "the body is a form with the JSON in its field `payload`, but its Content-Type says that it is not",
                "Let the sender announce `application/x-www-form-urlencoded`, or choose JSON as the hook's content type there.",
            );
        }
        return if trials.fits_body(&payload) {
            found(
                "the body is a form, but what was signed is the JSON in its field `payload` alone",
                "Choose JSON as the hook's content type at the sender, so that what is signed is what is sent.",
            )
        } else {
            None
        };
    }
    let forms = [b"+".as_slice(), b"%20"].map(|blank| [b"payload=".as_slice(), &escaped(body, blank)].concat());
    if forms.iter().any(|signed| trials.fits_body(signed)) {
        return found(
            "the request was signed as a form with the JSON in its field `payload`, but only the JSON arrived",
            "Find what takes the JSON out of the form, such as a framework's body parser, and let it pass on the bytes as \
             they came; or choose JSON as the hook's content type at the sender.",
        );
    }
    None
}

/// The signature fits, and nothing can be read since the form is not announced as one.
pub fn unread_form(trials: &Trials<'_>) -> Option<Diagnosis> {
    payload_of(trials.case.body)?;
    let Trials { case, .. } = trials;
    if Content::new(case.provider, &case.head, case.body).is_form() && case.provider.form_field.is_some() {
        return None;
    }
    let text =
        "the signature is right, but the body is a form with the JSON in its field `payload`, where plain JSON belongs";
    let mend = "Choose JSON as the hook's content type at the sender.";
    Some(Diagnosis::certain(Mistake::FormPayload, text, mend))
}

/// The field `payload` of a body that looks like a form.
fn payload_of(body: &[u8]) -> Option<Vec<u8>> {
    if !body.starts_with(b"payload=") {
        return None;
    }
    form::pairs(body).find(|(name, _)| **name == *b"payload").map(|(_, value)| value.into_owned())
}

/// The head as though it announced a form.
fn as_form<'h>(head: &Head<'h>, headers: &'h mut Vec<(&'h str, &'h [u8])>) -> Head<'h> {
    headers.extend(head.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type")));
    headers.push(("content-type", b"application/x-www-form-urlencoded"));
    Head { headers, ..*head }
}

/// The bytes as a form writes them (WHATWG URL, section 5.2).
fn escaped(text: &[u8], blank: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    for byte in text {
        match byte {
            b' ' => out.extend_from_slice(blank),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(*byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

/// The JSON was parsed and written again.
pub fn reserialised(trials: &Trials<'_>) -> Option<Diagnosis> {
    if trials.case.body.len() > JSON_BYTES_MAX {
        return None;
    }
    let text = json::Text::read(trials.case.body)?;
    let style = json::styles().find(|style| trials.fits_body(text.written(style).as_bytes()))?;
    let text = format!(
        "the JSON in the body was parsed and written again after it was signed: the signature fits the same JSON {}",
        style.told()
    );
    let mend = "At the sender, sign the very string that is sent, and not another rendering of the same object. On the \
                way, find what parses the body and passes on a new one (a proxy, a middleware, a function in the cloud), \
                and let it pass on the bytes as they came.";
    Some(Diagnosis::certain(Mistake::Reserialised, text, mend))
}

/// The body is announced as compressed: what was signed is probably its other form.
pub fn compression(trials: &Trials<'_>) -> Option<Diagnosis> {
    let values: Vec<_> = trials.case.head.values("content-encoding").collect();
    let name = ["gzip", "deflate", "br", "zstd"]
        .into_iter()
        .find(|name| values.iter().any(|value| value.eq_ignore_ascii_case(name.as_bytes())))?;
    let body = trials.case.body;
    let is_text = str::from_utf8(body).is_ok_and(|text| !text.contains('\0'));
    let (text, mend) = if is_text {
        (
            format!(
                "the body is announced as compressed ({name}), but arrived decompressed: what was signed are probably the compressed bytes"
            ),
            "Find the proxy that decompresses requests, and let it pass on the bytes as they came; or let the sender send \
             the body uncompressed.",
        )
    } else {
        (
            format!(
                "the body arrived compressed ({name}): what was signed is probably the body before it was compressed"
            ),
            "Let the sender sign the bytes that it sends, or send the body uncompressed.",
        )
    };
    Some(Diagnosis::likely(Mistake::Compression, text, mend))
}

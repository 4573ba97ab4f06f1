//! What a body is, and what stands in it.

use crate::receive::{Head, form, json};

/// What a receiver's bodies are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// An HTML form, URL-encoded or in parts.
    Form,
}

impl BodyType {
    /// Whether the head announces such a body. Parameters of its media type make no difference.
    pub(super) fn is_announced(self, head: &Head<'_>) -> bool {
        let media_type = media_type(head);
        let is = |names: &[&str]| names.contains(&media_type.as_str());
        let ends = |suffix: &str| media_type.starts_with("application/") && media_type.ends_with(suffix);
        match self {
            BodyType::Json => is(&["application/json", "text/json"]) || ends("+json"),
            BodyType::Xml => is(&["application/xml", "text/xml"]) || ends("+xml"),
            BodyType::Form => is(&[URL_ENCODED, IN_PARTS]),
        }
    }

    /// What the answers call it.
    pub(super) const fn called(self) -> &'static str {
        match self {
            BodyType::Json => "JSON",
            BodyType::Xml => "XML",
            BodyType::Form => "HTML form URL-encoded data",
        }
    }
}

const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const IN_PARTS: &str = "multipart/form-data";

/// The most parts of a form.
const PARTS_MAX: usize = 1024;

/// The content type as it was sent; nothing if there is none.
pub(super) fn content_type(head: &Head<'_>) -> String {
    String::from_utf8_lossy(head.values("content-type").next().unwrap_or_default()).into_owned()
}

fn media_type(head: &Head<'_>) -> String {
    let whole = content_type(head);
    whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The texts at a path of the JSON; `Err` says where it ends being JSON.
pub(super) fn json_values(body: &[u8], path: &str) -> Result<Vec<String>, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut found = json::read(body, &[path]).map_err(|fault| format!("expected JSON in the body, but {fault}"))?;
    Ok(found.pop().unwrap_or_default().into_iter().filter(|text| !text.is_empty()).collect())
}

/// The values of a form's field, in their order; its name compares without case.
pub(super) fn form_values(head: &Head<'_>, body: &[u8], name: &str) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if media_type(head) != IN_PARTS {
        let own = form::pairs(body).filter(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        return own.map(|(_, value)| text(&value)).collect();
    }
    let content_type = content_type(head);
    let Some(boundary) = parameter(&content_type, "boundary") else { return Vec::new() };
    let own = parts(body, boundary).filter(|(key, _)| key.eq_ignore_ascii_case(name));
    own.map(|(_, value)| text(value)).collect()
}

/// The fields of a form in parts (RFC 7578), files left out; what is no part is passed over.
fn parts<'b>(body: &'b [u8], boundary: &str) -> impl Iterator<Item = (String, &'b [u8])> {
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first one may stand at the very beginning.
    let opened = body.strip_prefix(&delimiter[2..]);
    let mut rest = opened.or_else(|| after(body, &delimiter).map(|(_, tail)| tail)).unwrap_or_default();
    let pieces = std::iter::from_fn(move || {
        let (piece, tail) = after(rest, &delimiter)?;
        rest = tail;
        Some(piece)
    });
    pieces.take(PARTS_MAX).filter_map(|piece| {
        let (head, value) = after(piece, b"\r\n\r\n")?;
        let head = str::from_utf8(head).ok()?;
        let disposition = head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
        })?;
        let is_file = parameter(disposition, "filename").is_some() || parameter(disposition, "filename*").is_some();
        let name = parameter(disposition, "name").filter(|_| !is_file)?;
        Some((name.to_owned(), value))
    })
}

/// What stands before and after the first occurrence.
fn after<'b>(bytes: &'b [u8], what: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let at = bytes.windows(what.len()).position(|window| window == what)?;
    Some((&bytes[..at], &bytes[at + what.len()..]))
}

/// A parameter of a header's value, without its quotes.
fn parameter<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    value.split(';').skip(1).find_map(|each| {
        let (key, value) = each.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        (key.trim().eq_ignore_ascii_case(name) && !bare.is_empty()).then_some(bare)
    })
}

#[cfg(test)]
mod tests {
    use super::{BodyType, form_values};
    use crate::receive::Head;

    fn is(body: BodyType, content_type: &str) -> bool {
        let headers: [(&str, &[u8]); 1] = [("Content-Type", content_type.as_bytes())];
        body.is_announced(&Head { method: "POST", url: "", headers: &headers })
    }

    #[test]
    fn media_types_are_told_apart() {
        let json = ["application/json", "Text/JSON; charset=utf-8", "application/vnd.x+json", " application/json ;"];
        let xml = ["application/xml", "text/xml", "application/soap+xml"];
        let form = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];
        let none = ["", "text/plain", "text/x+json", "application/jsonp", "json", "application/json2"];
        let kinds = [(BodyType::Json, json.as_slice()), (BodyType::Xml, &xml), (BodyType::Form, &form)];
        for (body, own) in kinds {
            for content_type in json.iter().chain(&xml).chain(&form).chain(&none) {
                assert_eq!(is(body, content_type), own.contains(content_type), "{body:?} {content_type}");
            }
        }
    }

    fn fields(content_type: &str, body: &str, name: &str) -> Vec<String> {
        let headers: [(&str, &[u8]); 1] = [("content-type", content_type.as_bytes())];
        form_values(&Head { method: "POST", url: "", headers: &headers }, body.as_bytes(), name)
    }

    #[test]
    fn a_field_is_read_from_either_kind_of_form() {
        let encoded = fields("application/x-www-form-urlencoded", "a=1&Type=x+y&type=z", "type");
        let body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\n\
                    content-disposition: form-data; name=Type\r\nx: y\r\n\r\nx y\r\n--b\r\n\
                    content-disposition: form-data; name=\"type\"\r\n\r\nz\r\n--b--\r\n";
        let in_parts = fields("multipart/form-data; boundary=\"b\"", body, "type");

        assert_eq!((encoded, in_parts), (vec!["x y".into(), "z".into()], vec!["x y".into(), "z".into()]));
    }

    #[test]
    fn files_and_broken_parts_are_no_fields() {
        let file = "--b\r\ncontent-disposition: form-data; name=a; filename=b\r\n\r\n1\r\n--b--";
        let open = "--b\r\ncontent-disposition: form-data; name=a\r\n\r\n1";
        for (content_type, body) in [
            ("multipart/form-data; boundary=b", file),
            ("multipart/form-data; boundary=b", open),
            ("multipart/form-data; boundary=b", "--b\r\nname=a\r\n\r\n1\r\n--b--"),
            ("multipart/form-data", file),
        ] {
            assert_eq!(fields(content_type, body, "a"), [""; 0], "{body}");
        }
    }
}

//! The signed message as people write it: text, and in braces what stands in a place. `{t}.{body}`.

use crate::provider::Part;

use super::define::kept;

/// The parts of a template.
///
/// # Errors
/// A sentence on what is not known in it.
pub(super) fn parts(template: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        if !text.is_empty() {
            parts.push(Part::Text(kept(text)));
        }
        let (name, after) = after.split_once('}').ok_or("a brace is not closed")?;
        parts.push(part(name)?);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(kept(rest)));
    }
    Ok(parts)
}

fn part(name: &str) -> Result<Part, String> {
    Ok(match name.split_once(':') {
        None if name == "body" => Part::Body,
        None if name == "payload" => Part::Payload,
        None if name == "t" => Part::Time,
        None if name == "method" => Part::Method,
        None if name == "url" => Part::Url,
        Some(("header", header)) if !header.is_empty() => Part::Header(kept(header)),
        Some(("json", path)) if !path.is_empty() => Part::Json(kept(path)),
        _ => {
            return Err(format!(
                "{{{name}}} is not known; known are {{body}}, {{payload}}, {{t}}, {{method}}, {{url}}, {{header:NAME}} \
                 and {{json:PATH}}"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_text_and_places() {
        assert_eq!(
            parts("v0:{t}:{header:X-Id}.{json:a.b}{body}"),
            Ok(vec![
                Part::Text("v0:"),
                Part::Time,
                Part::Text(":"),
                Part::Header("X-Id"),
                Part::Text("."),
                Part::Json("a.b"),
                Part::Body
            ])
        );
        assert!(parts("{boby}").is_err_and(|why| why.starts_with("{boby} is not known; known are {body}")));
        assert!(parts("{body").is_err());
        assert!(parts("{header:}").is_err());
    }
}

//! Twilio signs the URL and, of a form, every parameter in its order (Twilio's documentation, "Validating requests").

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::{Credential, DeliveryId, MadeBy, Place, Provider, Recipe, Replay};
use crate::receive::{Content, Head};
use crate::refusal::{Reason, Refusal};
use crate::{base64, compare, hex};

/// The header that the signature stands in.
pub(super) const HEADER: &str = "X-Twilio-Signature";

/// The query parameter that binds a body that is no form.
const BODY_DIGEST: &str = "bodySHA256";

/// Twilio: HMAC-SHA1 in base64 over the URL and the sorted parameters.
pub const TWILIO: Provider = Provider {
    name: "twilio",
    credential: Credential::Twilio,
    methods: &["POST", "GET"],
    delivery_id: DeliveryId::First(&[Place::Header("I-Twilio-Idempotency-Token")]),
    ambiguity: Some(
        "only somebody who has seen a signed request can make the other, which TLS prevents; the body is handed on as it arrived, and no \
         part of it decides anything here",
    ),
    replay: Replay::IdAndDigest,
    recipe: Recipe {
        title: "Twilio",
        docs: "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
        secret: MadeBy::Sender,
        steps: &[
            "Open the Console's account dashboard and copy the Auth Token.",
            "Enter {url} where Twilio is to call, exactly as the source's public_url has it: at a phone number under \
             A message comes in, or at a messaging service.",
        ],
    },
    ..Provider::BASE
};

/// The signature that the head presents.
pub(crate) fn candidates(head: &Head<'_>) -> Result<Vec<Vec<u8>>, Refusal> {
    let value = head.required_header(HEADER, Reason::MissingHeader)?;
    base64::decode(value).filter(|signature| !signature.is_empty()).map(|signature| vec![signature]).ok_or_else(|| {
        let detail = format!("expected a signature in base64 in the header {HEADER}, found something else");
        Refusal::new(Reason::MalformedSignature, detail)
    })
}

/// What may have been signed: the URL with and without its port, and the parameters after it.
pub(crate) fn messages(url: &str, head: &Head<'_>, content: &Content<'_>) -> Result<Vec<Vec<u8>>, Refusal> {
    let digests = head.query_values(BODY_DIGEST);
    let parameters = match &digests[..] {
        [] if content.is_form() || content.body.is_empty() => parameters(content),
        [] => {
            let detail =
                format!("expected the query parameter {BODY_DIGEST}, which binds a body that is no form, found none");
            return Err(Refusal::new(Reason::SignatureMismatch, detail));
        }
        [digest] if compare::equal(digest, hex::encode(&Sha256::digest(content.body)).as_bytes()) => Vec::new(),
        _ => {
            let detail = format!("the query parameter {BODY_DIGEST} is not the SHA-256 of the body");
            return Err(Refusal::new(Reason::SignatureMismatch, detail));
        }
    };
    Ok(urls(url).into_iter().map(|url| [url.as_bytes(), &parameters].concat()).collect())
}

/// Each name in byte order with each of its distinct values, sorted, with nothing between.
fn parameters(content: &Content<'_>) -> Vec<u8> {
    let mut fields = content.fields();
    fields.sort_unstable();
    fields.dedup();
    fields.iter().flat_map(|(name, value)| [&**name, &**value].concat()).collect()
}

/// The URL without a port, and with one: that which it has, or its scheme's.
fn urls(url: &str) -> Vec<Cow<'_, str>> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![Cow::Borrowed(url)] };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let port_at = authority.rfind(':').filter(|at| authority[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
    match port_at {
        Some(at) => vec![Cow::Borrowed(url), Cow::Owned(format!("{scheme}://{}{path}", &authority[..at]))],
        None => {
            let port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
            vec![Cow::Borrowed(url), Cow::Owned(format!("{scheme}://{authority}:{port}{path}"))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::urls;

    #[test]
    fn a_url_is_tried_with_and_without_its_port() {
        assert_eq!(urls("https://h/a?b=1:2"), ["https://h/a?b=1:2", "https://h:443/a?b=1:2"]);
        assert_eq!(urls("http://h:8080"), ["http://h:8080", "http://h"]);
        assert_eq!(urls("http://[::1]/"), ["http://[::1]/", "http://[::1]:80/"]);
        assert_eq!(urls("nothing"), ["nothing"]);
    }
}

//! Netlify sends a signed token whose claims hold the digest of the body (Netlify's documentation, "Payload signature").

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay};
use crate::jws::{Compact, CompactFault};
use crate::receive::Head;
use crate::refusal::{Reason, Refusal};
use crate::{compare, hex};

/// The header that the token stands in.
pub(super) const HEADER: &str = "X-Webhook-Signature";

/// Netlify: a JWS (RFC 7515) with HS256 alone.
pub const NETLIFY: Provider = Provider {
    name: "netlify",
    credential: Credential::Netlify,
    event: EventName::Optional(&[Place::Header("X-Netlify-Event")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    replay: Replay::IdAndDigest,
    recipe: Recipe {
        title: "Netlify",
        docs: "https://docs.netlify.com/deploy/deploy-notifications/",
        secret: MadeBy::Us,
        steps: &[
            "Open Project configuration > Notifications > Deploy notifications > Add notification > HTTP POST request.",
            "Choose the event, enter {url} as URL to notify and {secret} as JWS secret token.",
            "Press Save.",
        ],
    },
    ..Provider::BASE
};

/// The token that the head presents.
pub(crate) struct Presented<'a> {
    /// What is signed.
    pub signed: &'a [u8],
    /// The tag over it.
    pub tag: Vec<u8>,
    claims: Vec<u8>,
}

#[derive(Deserialize)]
struct JoseHeader {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sha256: String,
}

/// Reads the token; its claims only after the tag is proven.
pub(crate) fn presented<'a>(head: &Head<'a>) -> Result<Presented<'a>, Refusal> {
    let token = head.required_header(HEADER, Reason::MissingHeader)?;
    let malformed = |expected: &str| {
        let detail = format!("expected {expected} in the header {HEADER}, found something else");
        Refusal::new(Reason::MalformedHeader, detail)
    };
    let compact = Compact::split(token).map_err(|fault| {
        malformed(match fault {
            CompactFault::Parts => "three parts with a full stop between",
            CompactFault::Base64 => "base64 for URLs",
        })
    })?;
    let jose: JoseHeader = serde_json::from_slice(&compact.header).map_err(|_| malformed("a JOSE header"))?;
    if jose.alg != "HS256" {
        return Err(Refusal::new(
            Reason::NoKnownSignature,
            "expected a token signed with HS256, found another algorithm",
        ));
    }
    Ok(Presented { signed: compact.signed, tag: compact.signature, claims: compact.claims })
}

impl Presented<'_> {
    /// Whether the proven token is about this body.
    pub fn is_about(&self, body: &[u8]) -> Result<(), Refusal> {
        let mismatch = |detail: &str| Refusal::new(Reason::SignatureMismatch, detail);
        let claims: Claims = serde_json::from_slice(&self.claims)
            .map_err(|_| mismatch("the token's claims do not hold an issuer and the SHA-256 of the body"))?;
        if claims.iss != "netlify" {
            return Err(mismatch("the token's issuer is not netlify"));
        }
        if !compare::equal(claims.sha256.as_bytes(), hex::encode(&Sha256::digest(body)).as_bytes()) {
            return Err(mismatch("the token is about another body"));
        }
        Ok(())
    }
}

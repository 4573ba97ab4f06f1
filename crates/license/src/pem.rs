//! Public keys in PEM: SubjectPublicKeyInfo (RFC 5280, RFC 8410), of the two kinds there are here.

use verify::base64;
use verify::jws::{KeyFault, VerifyingKey};

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// What comes before the key itself: the names of Ed25519, and of ECDSA on P-256.
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Reads one public key, and nothing beside it.
pub fn public_key(text: &str) -> Result<VerifyingKey, KeyFault> {
    let body = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or(KeyFault::Undecodable)?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = base64::decode(body.as_bytes()).ok_or(KeyFault::Undecodable)?;
    match (der.strip_prefix(ED25519), der.strip_prefix(P256)) {
        (Some(key), _) => VerifyingKey::ed25519(key),
        (_, Some(point)) => VerifyingKey::es256(point),
        _ => Err(KeyFault::Undecodable),
    }
}

/// Whether a text is meant to be PEM.
pub fn is_pem(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN ")
}

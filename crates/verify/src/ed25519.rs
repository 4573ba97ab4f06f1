//! Ed25519, strictly: no key of small order, and of every signature one form.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::jws::KeyFault;

/// Reads the 32 bytes of a public key.
pub fn public_key(bytes: &[u8]) -> Result<VerifyingKey, KeyFault> {
    let key = bytes.try_into().ok().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
    let key = key.ok_or(KeyFault::Undecodable)?;
    if key.is_weak() { Err(KeyFault::Weak) } else { Ok(key) }
}

/// Whether the holder of the key signed this message.
pub fn signed(key: &VerifyingKey, message: &[u8], candidate: &[u8]) -> bool {
    Signature::from_slice(candidate).is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

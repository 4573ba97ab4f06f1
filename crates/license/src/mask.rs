//! How a built-in secret is masked: so that it is not found by looking for text in a program, and no more than that.

/// What the first byte is masked with; each further one with one more.
const OFFSET: u8 = 0x15;

/// Masks bytes, or unmasks them.
pub fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut mask = OFFSET;
    let mut masked = Vec::with_capacity(bytes.len());
    for byte in bytes {
        masked.push(byte ^ mask);
        mask = mask.wrapping_add(1);
    }
    masked
}

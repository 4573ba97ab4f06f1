//! What was built in.

use core::hint::black_box;

use zeroize::Zeroizing;

use crate::mask;

/// The masked secret.
const MASKED: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/secret.rs"));

/// The text of the key set.
pub const KEYSET: Option<&str> = include!(concat!(env!("OUT_DIR"), "/keyset.rs"));

/// The secret, if there is one. It is wiped after use.
pub fn secret() -> Option<Zeroizing<Vec<u8>>> {
    // The compiler must not unmask it beforehand.
    MASKED.map(|masked| Zeroizing::new(mask::masked(black_box(masked))))
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn masking_twice_changes_nothing_and_once_changes_every_byte_as_it_is_told() {
        assert_eq!(mask::masked(&[0, 0, 0xff]), [0x15, 0x16, 0xff ^ 0x17]);
        let secret: Vec<u8> = (0..=255).chain(0..=255).collect();
        assert_eq!(mask::masked(&mask::masked(&secret)), secret);
        assert_eq!(mask::masked(&secret)[0xeb], 0xeb);
    }
}

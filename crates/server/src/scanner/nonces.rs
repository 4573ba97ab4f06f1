//! Which tokens were used, for installations that let each be used once. Only tokens with a `jti` are told apart.
//!
//! Only verified tokens come here, and each is forgotten when it has ended, so an account can fill no memory beyond
//! five minutes of its own calls. Another process of this gateway knows nothing of it.

use std::collections::HashMap;

/// Used tokens, each with the second from which it would be refused anyway.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    used: HashMap<[u8; 32], i64>,
    swept_s: i64,
}

impl Nonces {
    /// Whether this token was not used before; from now on it was.
    pub fn is_first(&mut self, issuer: &str, jti: &str, until_s: i64, now_s: i64) -> bool {
        if self.swept_s != now_s {
            self.used.retain(|_, until_s| *until_s > now_s);
            self.swept_s = now_s;
        }
        // The issuer is the name of a key of ours and holds no zero byte.
        let id = verify::mac::token_digest(format!("{issuer}\0{jti}").as_bytes());
        self.used.insert(id, until_s).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::Nonces;

    #[test]
    fn a_token_is_remembered_until_it_has_ended() {
        let mut nonces = Nonces::default();
        assert!(nonces.is_first("user:1:2", "a", 65, 0));
        assert!(!nonces.is_first("user:1:2", "a", 65, 64));
        assert!(nonces.is_first("user:1:3", "a", 65, 64));
        assert!(nonces.is_first("user:1:2", "b", 165, 65));
        assert_eq!(nonces.used.len(), 1);
    }
}

//! What identifies an event among those of its source.

use sha2::{Digest, Sha256};

use crate::provider::{Provider, Replay};

/// What goes in front of everything that is hashed here, so that no other hash is one of these.
const DOMAIN: &[u8] = b"countersign replay 1\0";

/// What identifies a delivery, ready to be told apart by event.
pub(crate) struct Identity(Sha256);

impl Identity {
    /// `mark` is the signed time, or what else is signed and tells one transmission from another. `None` where the
    /// provider or this request offers nothing to tell by.
    pub fn new(provider: &Provider, delivery_id: Option<&str>, mark: Option<&[u8]>, body: &[u8]) -> Option<Self> {
        let (id, digest) = match provider.replay {
            Replay::Signed => (delivery_id?.as_bytes(), None),
            Replay::SignedTime => (mark?, Some(Sha256::digest(body))),
            Replay::SignedTransmission => (mark?, None),
            Replay::IdAndDigest => (delivery_id?.as_bytes(), Some(Sha256::digest(body))),
            Replay::Nothing => return None,
        };
        let mut hash = Sha256::new_with_prefix(DOMAIN);
        for part in [provider.name.as_bytes(), provider.replay.name().as_bytes(), id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(digest.unwrap_or_default());
        Some(Self(hash))
    }

    /// The key of the event at this place among the delivery's.
    pub fn key(&self, index: u32) -> [u8; 16] {
        let digest = self.0.clone().chain_update(index.to_be_bytes()).finalize();
        *digest.first_chunk().expect("a SHA-256 digest has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;
    use crate::provider::{FORGEJO, GITEA, GITLAB_TOKEN, Provider, SVIX};

    fn key(provider: &Provider, id: Option<&str>, body: &[u8]) -> Option<[u8; 16]> {
        Identity::new(provider, id, None, body).map(|identity| identity.key(0))
    }

    #[test]
    fn an_unsigned_id_identifies_only_together_with_the_body() {
        let first = key(&GITEA, Some("a"), b"body");

        assert!(first.is_some());
        assert_eq!(first, key(&GITEA, Some("a"), b"body"));
        assert_ne!(first, key(&GITEA, Some("a"), b"other"));
        assert_ne!(first, key(&GITEA, Some("b"), b"body"));
        assert_ne!(first, key(&FORGEJO, Some("a"), b"body"));
        assert_eq!(None, key(&GITEA, None, b"body"));
    }

    #[test]
    fn a_signed_id_identifies_alone() {
        let first = key(&SVIX, Some("a"), b"body");

        assert!(first.is_some());
        assert_eq!(first, key(&SVIX, Some("a"), b"other"));
        assert_ne!(first, key(&SVIX, Some("b"), b"body"));
    }

    #[test]
    fn a_bare_token_identifies_nothing() {
        assert_eq!(None, key(&GITLAB_TOKEN, Some("a"), b"body"));
    }

    #[test]
    fn events_of_one_delivery_have_keys_of_their_own() {
        let identity = Identity::new(&SVIX, Some("a"), None, b"").expect("an identity");

        assert_ne!(identity.key(0), identity.key(1));
    }
}

//! Links that we hand out: tokens that name one expectation and one right, and end.
//!
//! A token is a MAC under a key of the installation over what it allows; nothing about it is stored. It is void when its
//! time is over; whether what it names is still there is for the store to say.

use crate::{ExpectationKey, ServiceKey, Timestamp, words};

words::words! {
    /// What a link allows.
    LinkKind {
        /// To send a result later.
        Result = "result",
        /// To fetch the exact bytes of a receipt.
        Body = "body",
        /// To fetch an artifact.
        Artifact = "artifact",
    }
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What it allows.
    pub kind: LinkKind,
    /// The expectation it belongs to.
    pub expectation: ExpectationKey,
    /// The service it was given to.
    pub service: ServiceKey,
    /// The key of what is fetched; zero for a result.
    pub thing: i64,
    /// When it ends.
    pub until: Timestamp,
}

/// The key under which links are made; never shown.
#[derive(Clone)]
pub struct LinkKey(verify::mac::Mac);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

const BODY_BYTES: usize = 33;
const TOKEN_BYTES: usize = BODY_BYTES + 16;

impl LinkKey {
    /// The key made from an installation's secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(verify::mac::Mac::new(secret))
    }

    /// The token of a link: 98 characters of hex.
    #[must_use]
    pub fn token(&self, link: &Link) -> String {
        let body = encode(link);
        let mut token = body.to_vec();
        token.extend_from_slice(&self.tag(&body)[..16]);
        verify::hex::encode(&token)
    }

    /// The link that a token is, if it is one of ours and has not ended.
    #[must_use]
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Link> {
        let bytes = verify::hex::decode(token.as_bytes()).filter(|bytes| bytes.len() == TOKEN_BYTES)?;
        let (body, tag) = bytes.split_at(BODY_BYTES);
        if !verify::compare::equal(&self.tag(body)[..16], tag) {
            return None;
        }
        decode(body).filter(|link| now < link.until)
    }

    fn tag(&self, body: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(b"countersign link\0");
        mac.update(body);
        mac.tag()
    }
}

fn encode(link: &Link) -> [u8; BODY_BYTES] {
    let mut body = [0; BODY_BYTES];
    body[0] = match link.kind {
        LinkKind::Result => 1,
        LinkKind::Body => 2,
        LinkKind::Artifact => 3,
    };
    let numbers = [link.expectation.0, link.service.0, link.thing, link.until.0];
    for (place, number) in numbers.iter().enumerate() {
        body[1 + 8 * place..9 + 8 * place].copy_from_slice(&number.to_be_bytes());
    }
    body
}

fn decode(body: &[u8]) -> Option<Link> {
    let kind = match body.first()? {
        1 => LinkKind::Result,
        2 => LinkKind::Body,
        3 => LinkKind::Artifact,
        _ => return None,
    };
    let number = |place: usize| {
        let bytes = body.get(1 + 8 * place..9 + 8 * place)?;
        Some(i64::from_be_bytes(bytes.try_into().ok()?))
    };
    Some(Link {
        kind,
        expectation: ExpectationKey(number(0)?),
        service: ServiceKey(number(1)?),
        thing: number(2)?,
        until: Timestamp(number(3)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Link = Link {
        kind: LinkKind::Result,
        expectation: ExpectationKey(17),
        service: ServiceKey(3),
        thing: 0,
        until: Timestamp(1_000),
    };

    #[test]
    fn a_token_reads_back_until_it_ends() {
        let key = LinkKey::new(b"secret");
        let token = key.token(&LINK);
        assert_eq!(key.read(&token, Timestamp(999)), Some(LINK));
        assert_eq!(key.read(&token, Timestamp(1_000)), None);
    }

    #[test]
    fn a_changed_token_another_key_or_nonsense_is_refused() {
        let key = LinkKey::new(b"secret");
        let token = key.token(&LINK);
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'0' { b'1' } else { b'0' };
            assert_eq!(key.read(&String::from_utf8_lossy(&other), Timestamp(0)), None, "{place}");
        }
        assert_eq!(LinkKey::new(b"other").read(&token, Timestamp(0)), None);
        assert_eq!(key.read("", Timestamp(0)), None);
        assert_eq!(key.read("zz", Timestamp(0)), None);
    }
}

//! The decision: does the claim belong to one of the secrets?
//!
//! Where a secret is missing the same work is done with one made of zeros, whose result does not count.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Read};

use rustix::rand::{GetRandomFlags, getrandom};
use verify::{compare, hex, mac};

use crate::arguments::Kind;
use crate::directory::Directory;
use crate::failure::Failure;
use crate::rights::Rights;
use crate::secret::Stored;

/// The largest body unless WHCK_MAX_BODY says otherwise: 25 MiB, the most that GitHub sends.
const BODY_BYTES_MAX: u64 = 25 << 20;

/// How much of the body is held at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// What stands in for a secret that is not there.
const NO_SECRET: &[u8] = &[0; 32];

/// What the caller learns.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Valid { warning: Option<&'static str> },
    NotValid { why: Option<&'static str> },
}

impl Verdict {
    /// The verdict, with what only the owner may know beside it.
    pub fn of(matched: bool, stored: &Stored, directory: &Directory, rights: &Rights) -> Self {
        if matched {
            let is_owner = !rights.are_raised() && directory.owner() == rights.effective_user();
            let at_owners_terminal = is_owner && std::io::stderr().is_terminal();
            let warning = (at_owners_terminal && stored.is_readable_by_all())
                .then_some("everybody on this machine can read the stored secret");
            return Verdict::Valid { warning };
        }
        let why = stored.fault().filter(|_| !rights.are_raised());
        Verdict::NotValid { why }
    }
}

/// The largest body, as the environment says; `None` for any.
pub fn body_bytes_max(setting: Option<OsString>) -> Result<Option<u64>, Failure> {
    let Some(setting) = setting.filter(|setting| !setting.is_empty()) else {
        return Ok(Some(BODY_BYTES_MAX));
    };
    match setting.to_str().map(str::parse) {
        Some(Ok(0)) => Ok(None),
        Some(Ok(limit)) => Ok(Some(limit)),
        _ => Err(Failure::Usage("WHCK_MAX_BODY wants a number of octets".into())),
    }
}

/// Whether the claim belongs to one of the secrets.
pub fn matches(
    kind: Kind,
    secrets: [Option<&[u8]>; 2],
    claim: &[u8],
    body: impl Read,
    body_bytes_max: Option<u64>,
) -> Result<bool, Failure> {
    match kind {
        Kind::HmacSha256 => is_signature(secrets, claim, body, body_bytes_max),
        Kind::Token => is_token(secrets, claim),
    }
}

fn is_signature(
    secrets: [Option<&[u8]>; 2],
    claim: &[u8],
    body: impl Read,
    body_bytes_max: Option<u64>,
) -> Result<bool, Failure> {
    let mut macs = secrets.map(|secret| mac::Mac::new(secret.unwrap_or(NO_SECRET)));
    each_chunk(body, body_bytes_max, |chunk| macs.iter_mut().for_each(|mac| mac.update(chunk)))?;
    let digest = hex::decode(claim.strip_prefix(b"sha256=").unwrap_or(claim)).unwrap_or_default();
    let matched = macs.map(|mac| mac.matches(&digest));
    Ok(any_usable(matched, secrets))
}

/// Compares tags under a random key, so that not even lengths show.
fn is_token(secrets: [Option<&[u8]>; 2], claim: &[u8]) -> Result<bool, Failure> {
    let mut key = [0; 32];
    match getrandom(&mut key, GetRandomFlags::empty()) {
        Ok(32) => {}
        _ => return Err(Failure::Internal("no random bytes")),
    }
    let claimed = mac::tag(&key, &[claim]);
    let matched = secrets.map(|secret| compare::equal(&claimed, &mac::tag(&key, &[secret.unwrap_or(NO_SECRET)])));
    Ok(any_usable(matched, secrets) & !claim.is_empty())
}

fn any_usable(matched: [bool; 2], secrets: [Option<&[u8]>; 2]) -> bool {
    (matched[0] & secrets[0].is_some()) | (matched[1] & secrets[1].is_some())
}

fn each_chunk(mut body: impl Read, bytes_max: Option<u64>, mut take: impl FnMut(&[u8])) -> Result<(), Failure> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut total = 0_u64;
    loop {
        let read = match body.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Err(Failure::Body("cannot be read")),
        };
        total = total.saturating_add(read as u64);
        if bytes_max.is_some_and(|most| total > most) {
            return Err(Failure::Body("is larger than WHCK_MAX_BODY allows"));
        }
        take(&chunk[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, body_bytes_max, matches};
    use crate::failure::Failure;

    const BODY: &[u8] = b"Hello, World!";
    const SECRET: &[u8] = b"It's a Secret to Everybody";
    const CLAIM: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn signed(secrets: [Option<&[u8]>; 2], claim: &str) -> Result<bool, Failure> {
        matches(Kind::HmacSha256, secrets, claim.as_bytes(), BODY, Some(13))
    }

    #[test]
    fn either_secret_may_match() {
        assert_eq!(signed([Some(SECRET), None], CLAIM), Ok(true));
        assert_eq!(signed([Some(b"old"), Some(SECRET)], CLAIM), Ok(true));
        assert_eq!(signed([None, Some(SECRET)], &format!("sha256={CLAIM}")), Ok(true));
        assert_eq!(signed([Some(b"old"), None], CLAIM), Ok(false));
    }

    #[test]
    fn the_secret_that_stands_in_for_none_never_matches() {
        let under_zeros = verify::hex::encode(&verify::mac::tag(&[0; 32], &[BODY]));

        assert_eq!(signed([None, None], &under_zeros), Ok(false));
        assert_eq!(matches(Kind::Token, [None, None], &[0; 32], BODY, None), Ok(false));
    }

    #[test]
    fn an_empty_claim_never_matches() {
        assert_eq!(signed([Some(SECRET), None], ""), Ok(false));
        assert_eq!(signed([Some(SECRET), None], "sha256="), Ok(false));
        assert_eq!(matches(Kind::Token, [Some(b""), None], b"", BODY, None), Ok(false));
    }

    #[test]
    fn a_token_is_compared_octet_by_octet() {
        let token = |claim: &[u8]| matches(Kind::Token, [Some(b"glwt-5f0c"), None], claim, BODY, None);

        assert_eq!(token(b"glwt-5f0c"), Ok(true));
        assert_eq!(token(b"glwt-5f0"), Ok(false));
        assert_eq!(token(b"GLWT-5F0C"), Ok(false));
    }

    #[test]
    fn a_body_may_be_as_large_as_allowed_and_no_larger() {
        let limited = |most| matches(Kind::HmacSha256, [None, None], b"", BODY, most);

        assert_eq!(limited(Some(13)), Ok(false));
        assert_eq!(limited(None), Ok(false));
        assert!(matches!(limited(Some(12)), Err(Failure::Body(_))));
    }

    #[test]
    fn the_limit_is_a_number_and_zero_means_none() {
        let most = |setting: &str| body_bytes_max(Some(setting.into()));

        assert_eq!(body_bytes_max(None), Ok(Some(26_214_400)));
        assert_eq!(most(""), Ok(Some(26_214_400)));
        assert_eq!(most("0"), Ok(None));
        assert_eq!(most("7"), Ok(Some(7)));
        assert!(matches!(most("7M"), Err(Failure::Usage(_))));
    }
}

//! The command line.
//!
//! Options end where KIND begins. IDENTIFIER and CLAIM come from strangers: a claim of `--help` must be a claim, not a
//! call that succeeds.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;

use lexopt::Arg;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::secret::SECRET_BYTES_MAX;

/// What the caller asks for.
#[derive(Debug)]
pub enum Request {
    Help,
    /// What it is; and, with a descriptor, whether that one arrives.
    Version(Option<u32>),
    Check(Call),
}

/// A claim to check.
#[derive(Debug)]
pub struct Call {
    pub kind: Kind,
    pub identifier: Vec<u8>,
    pub claim: Claim,
}

/// How a claim relates to the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is the HMAC-SHA256 of the body.
    HmacSha256,
    /// It is the secret.
    Token,
}

/// Where the claim is.
#[derive(Debug)]
pub enum Claim {
    Given(Zeroizing<Vec<u8>>),
    Descriptor(u32),
}

/// Reads the arguments after the program's name.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Failure> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut descriptor = None;
    let kind = loop {
        match parser.next().map_err(|_| options())? {
            Some(Arg::Long("help")) => return Ok(Request::Help),
            Some(Arg::Long("version")) => return Ok(Request::Version(descriptor)),
            Some(Arg::Long("claim-fd")) => {
                descriptor = Some(descriptor_number(parser.value().map_err(|_| options())?)?);
            }
            Some(Arg::Value(kind)) => break kind,
            Some(Arg::Short(_) | Arg::Long(_)) => return Err(options()),
            None => return Err(Failure::Usage("expected KIND, IDENTIFIER and CLAIM".into())),
        }
    };
    let rest: Vec<_> = parser.raw_args().map_err(|_| options())?.collect();
    let found = rest.len() + 1;
    let Ok([identifier, claim]) = <[OsString; 2]>::try_from(rest) else {
        return Err(Failure::Usage(format!("expected three arguments, found {found}")));
    };
    let kind = match kind.to_str() {
        Some("hmac-sha256") => Kind::HmacSha256,
        Some("token") => Kind::Token,
        _ => return Err(Failure::Kind),
    };
    let claim = match descriptor {
        None => Claim::Given(Zeroizing::new(claim.into_vec())),
        Some(number) if claim == "-" => Claim::Descriptor(number),
        Some(_) => return Err(Failure::Usage("--claim-fd wants `-` as CLAIM".into())),
    };
    Ok(Request::Check(Call { kind, identifier: identifier.into_vec(), claim }))
}

/// Reads the claim that stands behind a descriptor, as it stands. What is longer than any secret is cut: it matches
/// nothing either way.
pub fn read_claim(descriptor: Option<impl Read>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let descriptor = descriptor.ok_or_else(no_descriptor)?;
    let limit = SECRET_BYTES_MAX + 1;
    let mut claim = Zeroizing::new(Vec::with_capacity(limit));
    descriptor.take(limit as u64).read_to_end(&mut claim).map_err(|_| no_descriptor())?;
    Ok(claim)
}

/// What is said of a descriptor that is not open.
pub fn no_descriptor() -> Failure {
    Failure::Usage("the descriptor of --claim-fd cannot be read".into())
}

fn descriptor_number(text: OsString) -> Result<u32, Failure> {
    let number = text.into_string().ok().and_then(|text| text.parse().ok());
    number.filter(|number| *number > 2).ok_or_else(|| Failure::Usage("--claim-fd wants a descriptor from 3 up".into()))
}

/// What is said of options; what was found is not repeated, for it may be anything.
fn options() -> Failure {
    Failure::Usage("expected no option but --claim-fd N, --help or --version, before KIND".into())
}

#[cfg(test)]
mod tests {
    use super::{Claim, Kind, Request, read};
    use crate::failure::Failure;

    fn parsed(arguments: &[&str]) -> Result<Request, Failure> {
        read(arguments.iter().map(Into::into))
    }

    #[test]
    fn a_claim_is_a_claim_whatever_it_looks_like() {
        for claim in ["--help", "--version", "-h", "--", "-", ""] {
            let Ok(Request::Check(call)) = parsed(&["token", "--help", claim]) else {
                panic!("{claim}");
            };
            assert_eq!((call.kind, call.identifier.as_slice()), (Kind::Token, &b"--help"[..]));
            assert!(matches!(call.claim, Claim::Given(given) if *given == claim.as_bytes()));
        }
    }

    #[test]
    fn a_claim_may_stand_behind_a_descriptor() {
        for arguments in [&["--claim-fd", "3", "token", "i", "-"][..], &["--claim-fd=3", "token", "i", "-"]] {
            let Ok(Request::Check(call)) = parsed(arguments) else { panic!("a call") };
            assert!(matches!(call.claim, Claim::Descriptor(3)));
        }
    }

    #[test]
    fn every_other_call_is_a_usage_fault_or_an_unknown_kind() {
        let code = |arguments: &[&str]| parsed(arguments).expect_err("a failure").code();

        assert_eq!(code(&[]), 2);
        assert_eq!(code(&["token", "i"]), 2);
        assert_eq!(code(&["token", "i", "c", "more"]), 2);
        assert_eq!(code(&["--unknown", "token", "i", "c"]), 2);
        assert_eq!(code(&["--claim-fd", "2", "token", "i", "-"]), 2);
        assert_eq!(code(&["--claim-fd", "3", "token", "i", "claim"]), 2);
        assert_eq!(code(&["Token", "i", "c"]), 3);
    }
}

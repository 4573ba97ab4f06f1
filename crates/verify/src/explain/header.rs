//! Right signatures in another form, or at another place, than the provider's.

use crate::provider::{Algorithm, Credential, Encoding, Provider, Shape, Signature, TimeAt, Where};
use crate::receive::Head;
use crate::refusal::Reason;
use crate::{base64, hex};

use super::case::{Trial, Trials};
use super::diagnosis::{Diagnosis, Mistake};
use super::other;

/// Where a trial's signature stands.
const TRIAL: &str = "countersign-trial";

/// Headers that senders of many kinds use, beside the provider's own.
const USUAL: [&str; 4] = ["X-Hub-Signature-256", "X-Hub-Signature", "X-Signature-256", "X-Signature"];

/// The longest text that is taken for a prefix.
const LABEL_BYTES_MAX: usize = 16;

const HASHES: [Algorithm; 4] =
    [Algorithm::HmacSha256, Algorithm::HmacSha1, Algorithm::HmacSha512, Algorithm::Sha256SecretFirst];

/// A signature that stands in the request.
struct Found<'a> {
    header: &'a str,
    /// What stands in front of it.
    label: &'a str,
    bytes: Vec<u8>,
    encoding: Encoding,
    /// Whether it is written as this encoding is to be: base64 in its standard alphabet, padded.
    is_standard: bool,
}

/// The signature is right, and only its form is not.
pub fn other_form(trials: &Trials<'_>) -> Option<Diagnosis> {
    let own = trials.signature()?;
    if let (Shape::List { .. }, Some(TimeAt::Item(_))) = (own.shape, own.time.map(|time| time.at)) {
        return within_list(trials, own);
    }
    let names = trials.case.provider.credential.headers();
    let own_first = names.iter().chain(USUAL.iter().filter(|name| !names.contains(name)));
    let found: Vec<_> = own_first.flat_map(|name| signatures(&trials.case.head, name)).collect();
    algorithms(own).find_map(|algorithm| {
        let found = found.iter().find(|found| fits(trials, own, algorithm, &found.bytes))?;
        told(trials, own, algorithm, found)
    })
}

/// The provider's own algorithm, and those that are mistaken for it.
fn algorithms(own: &Signature) -> impl Iterator<Item = Algorithm> {
    let own = own.algorithm;
    let others = HASHES.into_iter().filter(move |other| HASHES.contains(&own) && *other != own);
    std::iter::once(own).chain(others)
}

/// Everything in a header that may be a signature.
fn signatures<'a>(head: &Head<'a>, header: &'a str) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for value in head.values(header).filter_map(|value| str::from_utf8(value).ok()).take(2) {
        let label = value.find(['=', ',', ' ', ':']).map(|at| value.split_at(at + 1));
        let label = label.filter(|(label, _)| {
            label.len() <= LABEL_BYTES_MAX
                && label[..label.len() - 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        for (label, text) in label.into_iter().chain([("", value)]) {
            let text = text.trim().as_bytes();
            let read = [(Encoding::Hex, hex::decode(text)), (Encoding::Base64, base64::decode_any(text))];
            found.extend(read.into_iter().filter_map(|(encoding, bytes)| {
                let bytes = bytes.filter(|bytes| !bytes.is_empty())?;
                let is_standard = encoding == Encoding::Hex || base64::decode(text).is_some();
                Some(Found { header, label, bytes, encoding, is_standard })
            }));
        }
    }
    found
}

fn fits(trials: &Trials<'_>, own: &Signature, algorithm: Algorithm, bytes: &[u8]) -> bool {
    let text = hex::encode(bytes);
    let mut headers = trials.case.head.headers.to_vec();
    headers.push((TRIAL, text.as_bytes()));
    let signature =
        Signature { algorithm, at: Where::Header(TRIAL), shape: Shape::Bare, encoding: Encoding::Hex, ..*own };
    let provider = Provider { credential: Credential::Signature(signature), ..*trials.case.provider };
    let head = Head { headers: &headers, ..trials.case.head };
    trials.fits(&Trial { provider: &provider, head, ..trials.as_it_was() }).is_some()
}

/// The same where the time stands among the signatures: the list is read as it is, the rest is tried.
fn within_list(trials: &Trials<'_>, own: &Signature) -> Option<Diagnosis> {
    let other = match own.encoding {
        Encoding::Hex => Encoding::Base64,
        Encoding::Base64 => Encoding::Hex,
    };
    algorithms(own).find_map(|algorithm| {
        let mut encodings = [own.encoding, other].into_iter();
        encodings.find_map(|encoding| {
            if algorithm == own.algorithm && encoding == own.encoding {
                return None;
            }
            let signature = Signature { algorithm, encoding, ..*own };
            let provider = Provider { credential: Credential::Signature(signature), ..*trials.case.provider };
            trials.fits(&Trial { provider: &provider, ..trials.as_it_was() })?;
            let header = trials.case.provider.credential.headers().first().copied().unwrap_or_default();
            let Shape::List { key, .. } = own.shape else { return None };
            told(trials, own, algorithm, &Found { header, label: key, bytes: Vec::new(), encoding, is_standard: true })
        })
    })
}

/// What is told of a signature that fits: the greatest difference from what the provider does; `None` if there is none.
fn told(trials: &Trials<'_>, own: &Signature, algorithm: Algorithm, found: &Found<'_>) -> Option<Diagnosis> {
    let provider = trials.case.provider.name;
    let Found { header, label, encoding, .. } = found;
    if algorithm != own.algorithm {
        let text = format!(
            "the sender signs with {}, in the header {header}, but {provider} is checked with {} in {}",
            hash(algorithm),
            hash(own.algorithm),
            own.at
        );
        let mend = match other::as_whom(trials) {
            Some(other) => {
                format!("Let the sender sign with {}; if it cannot, choose the provider {other}.", hash(own.algorithm))
            }
            None => format!("Let the sender sign with {}.", hash(own.algorithm)),
        };
        return Some(Diagnosis::certain(Mistake::OtherHash, text, mend));
    }
    if *encoding != own.encoding {
        let (is, must) = (encoding.name(), own.encoding.name());
        let text = format!("the signature is right, but written in {is}, and {provider} writes it in {must}");
        let mend = format!("Let the sender write the same signature in {must}.");
        return Some(Diagnosis::certain(Mistake::OtherEncoding, text, mend));
    }
    if !found.is_standard {
        let text = "the signature is right, but written in the base64 of URLs or without its padding";
        let mend = "Let the sender write the signature in standard base64: with `+` and `/`, and padded with `=`.";
        return Some(Diagnosis::certain(Mistake::OtherEncoding, text, mend));
    }
    let own_headers = trials.case.provider.credential.headers();
    if !own_headers.iter().any(|name| name.eq_ignore_ascii_case(header)) {
        let text =
            format!("the right signature stands in the header {header}, but {provider} is looked for in {}", own.at);
        let mend = match other::as_whom(trials) {
            Some(other) => format!("Choose the provider {other}, or let the sender use {}.", own.at),
            None => format!("Let the sender use {}.", own.at),
        };
        return Some(Diagnosis::certain(Mistake::OtherHeader, text, mend));
    }
    let expected = match own.shape {
        Shape::Bare => "nothing".to_owned(),
        Shape::Prefix(prefix) => format!("`{prefix}`"),
        Shape::List { after_key, key, .. } => format!("`{key}{after_key}`"),
    };
    let before = if label.is_empty() { "nothing".to_owned() } else { format!("`{label}`") };
    if before == expected {
        return None;
    }
    let text = format!(
        "the signature is right, but {before} stands in front of it in the header {header}, where {expected} belongs"
    );
    let mend = match own.shape {
        Shape::Bare => "Let the sender write the signature alone.".to_owned(),
        _ => format!("Let the sender write {expected} in front of the signature; capitals count."),
    };
    Some(Diagnosis::certain(Mistake::WrongPrefix, text, mend))
}

/// The provider's header is missing, and another one is there that holds signatures: the body was not read, so that it
/// cannot be known whether that one is right.
pub fn elsewhere(trials: &Trials<'_>) -> Option<Diagnosis> {
    let own = trials.signature().filter(|_| trials.reason == Reason::MissingHeader)?;
    let own_names = trials.case.provider.credential.headers();
    let is_there = |name: &&str| {
        let is_own = own_names.iter().any(|own| own.eq_ignore_ascii_case(name));
        !is_own && trials.case.head.values(name).next().is_some()
    };
    let header = USUAL.into_iter().find(is_there)?;
    let is_sha1 = trials.case.head.values(header).any(|value| value.starts_with(b"sha1="));
    let mend = format!(
        "Choose the provider that really sends, or let the sender sign as `{}` does.",
        trials.case.provider.name
    );
    if is_sha1 && own.algorithm != Algorithm::HmacSha1 {
        let text = format!(
            "the sender seems to sign with HMAC-SHA1, in the header {header}, where {} in {} belongs",
            hash(own.algorithm),
            own.at
        );
        return Some(Diagnosis::likely(Mistake::OtherHash, text, mend));
    }
    let text = format!("the signature seems to stand in the header {header}, where {} belongs", own.at);
    Some(Diagnosis::likely(Mistake::OtherHeader, text, mend))
}

const fn hash(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha1 => "HMAC-SHA1",
        Algorithm::HmacSha256 => "HMAC-SHA256",
        Algorithm::HmacSha512 => "HMAC-SHA512",
        Algorithm::Sha256SecretFirst => "a plain SHA-256 of secret and message",
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::EcdsaP256 => "ECDSA",
    }
}

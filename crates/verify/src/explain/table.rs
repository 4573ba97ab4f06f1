//! The mistakes in the order in which they are tried.

use sha2::{Digest, Sha256};

use crate::hex;
use crate::refusal::{Reason, Refusal};

use super::case::{Case, Trials};
use super::diagnosis::Diagnosis;
use super::{body, clock, header, other, secret, token, url};

/// One mistake, or a few of one kind.
type Check = fn(&Trials<'_>) -> Option<Diagnosis>;

/// Mistakes with which the signature still fits.
const OF_SIGNED: &[Check] = &[clock::other_unit, clock::skew, body::unread_form];

/// Mistakes with which it does not, the most specific first.
const OF_UNSIGNED: &[Check] = &[
    clock::other_unit,
    header::other_form,
    secret::white_space,
    secret::decoding,
    secret::not_in_force,
    body::trailing_newline,
    body::line_breaks,
    body::byte_order_mark,
    body::form,
    body::reserialised,
    url::path_alone,
    url::other,
    token::mistaken,
    other::source,
    other::provider,
    body::compression,
    clock::unproven,
    header::elsewhere,
];

/// What went wrong with a request that was refused for this reason.
#[must_use]
pub fn explain(case: &Case<'_>, refusal: &Refusal) -> Diagnosis {
    let trials = Trials::new(case, refusal.reason);
    let checks = if trials.fits(&trials.as_it_was()).is_some() { OF_SIGNED } else { OF_UNSIGNED };
    let found = checks.iter().find_map(|check| check(&trials));
    found.unwrap_or_else(|| unexplained(&trials, refusal))
}

/// The refusal itself, with what helps to compare both sides.
fn unexplained(trials: &Trials<'_>, refusal: &Refusal) -> Diagnosis {
    let plain = Diagnosis {
        mistake: None,
        certain: true,
        text: refusal.detail.clone(),
        mend: refusal.reason.mend().to_owned(),
    };
    if refusal.reason != Reason::SignatureMismatch {
        return plain;
    }
    let body = trials.case.body;
    let tried = if trials.gave_up() { "those usual mistakes that its size let us try" } else { "the usual mistakes" };
    let text = format!(
        "{}, and none of {tried} explains it: either the secrets of both sides differ, or the body is not the one that \
         was signed. The body that arrived has {} bytes and the SHA-256 {}",
        refusal.detail,
        body.len(),
        hex::encode(&Sha256::digest(body)),
    );
    let mend = "Enter the same secret on both sides once more. If it still fails, compare the length and the SHA-256 \
                with those of the body that the sender signed: where they differ, something in between changes it.";
    Diagnosis { certain: false, text, mend: mend.to_owned(), ..plain }
}

//! Secrets that are presented as they stand.

use std::borrow::Cow;

use crate::compare;
use crate::provider::{Credential, Place};

use super::case::Trials;
use super::diagnosis::{Diagnosis, Mistake};
use super::{other, secret};

/// A token or a code that is not quite the secret.
pub fn mistaken(trials: &Trials<'_>) -> Option<Diagnosis> {
    let (presented, prefix) = presented(trials)?;
    let presented = str::from_utf8(&presented).ok()?;
    let is = |left: &str, right: &str| !left.is_empty() && compare::equal(left.as_bytes(), right.as_bytes());
    let own = || trials.secrets().iter();
    let bare = secret::bare(presented);
    if own().any(|secret| is(secret, bare)) && bare != presented {
        return Some(secret::there());
    }
    if own().any(|secret| secret::bare(secret) != *secret && is(secret::bare(secret), bare)) {
        return Some(secret::here());
    }
    if presented.contains(' ') && own().any(|secret| is(secret, &presented.replace(' ', "+"))) {
        let text = "the secret has a plus sign, which stands for a blank in a URL";
        let mend = "Write %2B for every plus sign of the secret in the URL, or choose a secret of letters and digits.";
        return Some(Diagnosis::certain(Mistake::UnescapedPlus, text, mend));
    }
    if let Some(diagnosis) = prefixed(trials, presented, prefix) {
        return Some(diagnosis);
    }
    if let Some((id, _)) = Trials::few(trials.case.idle).find(|(_, text)| is(text, presented)) {
        return Some(secret::idle(id));
    }
    let (name, _) = Trials::few(trials.case.others).find(|(_, text)| is(text, presented))?;
    Some(other::source_named(name))
}

/// What is presented, and what belongs in front of it.
fn presented(trials: &Trials<'_>) -> Option<(Cow<'static, [u8]>, &'static str)> {
    let head = &trials.case.head;
    let first = |mut values: Vec<Vec<u8>>| if values.len() == 1 { values.pop() } else { None };
    let (value, prefix) = match &trials.case.provider.credential {
        Credential::Code { parameter } => (first(head.query_values(parameter))?, ""),
        Credential::Token { place: Place::Query(name), prefix } => (first(head.query_values(name))?, *prefix),
        Credential::Token { place: Place::Header(name), prefix } => (head.values(name).next()?.to_vec(), *prefix),
        _ => return None,
    };
    let value = value.strip_prefix(prefix.as_bytes()).map(<[u8]>::to_vec).unwrap_or(value);
    Some((Cow::Owned(value), prefix))
}

/// The secret is right, and what stands in front of it is not.
fn prefixed(trials: &Trials<'_>, presented: &str, prefix: &str) -> Option<Diagnosis> {
    let is_own = |text: &str| trials.secrets().iter().any(|secret| compare::equal(secret.as_bytes(), text.as_bytes()));
    let after_word = presented.split_once(' ').map(|(_, rest)| rest.trim());
    let is_bare = is_own(presented) && !prefix.is_empty();
    if !is_bare && !after_word.is_some_and(is_own) {
        return None;
    }
    let (text, mend) = match prefix {
        "" => (
            "the token is right, but a word stands in front of it".to_owned(),
            "Let the sender send the secret alone.".to_owned(),
        ),
        prefix => (
            format!("the token is right, but `{prefix}` belongs in front of it"),
            format!("Let the sender write `{prefix}` in front of the secret; capitals and the blank count."),
        ),
    };
    Some(Diagnosis::certain(Mistake::WrongPrefix, text, mend))
}

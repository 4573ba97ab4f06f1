//! Requests that belong to another source or another provider.

use crate::provider;

use super::case::{Trial, Trials};
use super::diagnosis::{Diagnosis, Mistake};

/// The most providers that are named.
const NAMED_MAX: usize = 3;

/// The secret is that of another source.
pub fn source(trials: &Trials<'_>) -> Option<Diagnosis> {
    let key = trials.case.provider.key;
    let (name, _) = Trials::few(trials.case.others).find(|(_, text)| trials.fits_secret(text, key))?;
    Some(source_named(name))
}

pub(super) fn source_named(name: &str) -> Diagnosis {
    let text = format!("the sender uses the secret of another source, {name}");
    let mend = format!("Register the URL of {name} with this sender, or enter this source's own secret there.");
    Diagnosis::certain(Mistake::OtherSource, text, mend)
}

/// The request is signed as another provider signs.
pub fn provider(trials: &Trials<'_>) -> Option<Diagnosis> {
    let other = as_whom(trials)?;
    let own = trials.case.provider.name;
    let text =
        format!("the request is rightly signed, but as {other} signs, and this source is of the provider `{own}`");
    let mend =
        format!("Make the source one of the provider {other}, or choose what sends as `{own}` does at the sender.");
    Some(Diagnosis::certain(Mistake::OtherProvider, text, mend))
}

/// The other providers that sign so, by their names.
pub(super) fn as_whom(trials: &Trials<'_>) -> Option<String> {
    let others = provider::ALL.iter().filter(|other| other.name != trials.case.provider.name);
    let fits = |other: &&&provider::Provider| trials.fits(&Trial { provider: other, ..trials.as_it_was() }).is_some();
    let names: Vec<_> = others.filter(fits).take(NAMED_MAX).map(|other| format!("`{}`", other.name)).collect();
    if names.is_empty() { None } else { Some(names.join(" or ")) }
}

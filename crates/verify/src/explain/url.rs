//! Addresses that the sender and the gateway know differently.

use crate::provider::{Credential, Part};

use super::case::Trials;
use super::diagnosis::{Diagnosis, Mistake};

/// How many leading parts of a path are left out at the most.
const PARTS_MAX: usize = 3;

/// How many addresses are tried.
const URLS_MAX: usize = 250;

/// An address in its parts.
#[derive(Clone, Copy)]
struct Parts<'u> {
    scheme: &'u str,
    authority: &'u str,
    path: &'u str,
    query: Option<&'u str>,
}

impl<'u> Parts<'u> {
    fn of(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Self { scheme, authority, path, query })
    }

    fn host(&self) -> &'u str {
        let is_port = |at: &usize| self.authority[at + 1..].bytes().all(|byte| byte.is_ascii_digit());
        let end = self.authority.rfind(':').filter(is_port).unwrap_or(self.authority.len());
        &self.authority[..end]
    }
}

/// A part of an address that may have been another, and in which way it is then different.
type Choice = (String, Option<&'static str>);

/// Whether the address is part of what is signed.
fn is_signed(trials: &Trials<'_>) -> bool {
    match trials.case.provider.credential {
        Credential::Signature(signature) => {
            signature.message.iter().any(|part| matches!(part, Part::Url | Part::UrlPartlyDecoded))
        }
        Credential::Twilio => true,
        _ => false,
    }
}

/// Only the path was signed, or its slash was left out.
pub fn path_alone(trials: &Trials<'_>) -> Option<Diagnosis> {
    let parts = Parts::of(&trials.url).filter(|_| is_signed(trials))?;
    let query = parts.query.map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{}{query}", parts.path);
    let bare = path.trim_start_matches('/');
    let joined = format!("{}://{}{bare}", parts.scheme, parts.authority);
    let text = if trials.fits_url(&path) {
        "the sender signs the path alone, where the whole address belongs"
    } else if trials.fits_url(bare) {
        "the sender signs the path alone, without its leading slash, where the whole address belongs"
    } else if trials.fits_url(&joined) {
        "the sender signs an address whose path has no slash in front of it"
    } else {
        return None;
    };
    let mend = "Let the sender sign the whole address as it is registered: scheme, host, path and query.";
    Some(Diagnosis::certain(Mistake::PathForUrl, text, mend))
}

/// Another address was signed, as happens behind a proxy.
pub fn other(trials: &Trials<'_>) -> Option<Diagnosis> {
    let own = Parts::of(&trials.url).filter(|_| is_signed(trials))?;
    let called = Parts::of(trials.case.head.url).unwrap_or(own);
    let mut urls = Vec::new();
    for (scheme, scheme_differs) in schemes(own) {
        for (authority, host_differs) in authorities(trials, own, called) {
            for (path, path_differs) in paths(trials, own, called) {
                for (query, query_differs) in queries(own) {
                    let differs: Vec<_> =
                        [scheme_differs, host_differs, path_differs, query_differs].into_iter().flatten().collect();
                    urls.push((format!("{scheme}://{authority}{path}"), query, differs));
                }
            }
        }
    }
    urls.sort_by_key(|(_, _, differs)| differs.len());
    let fits = |(url, query, _): &&(String, String, Vec<&str>)| trials.fits_url(&format!("{url}{query}"));
    let (signed, query, differs) = urls.iter().skip(1).take(URLS_MAX).find(fits)?;
    let text = format!(
        "the sender signed another address than the gateway sees: {} differs. It signed {signed}, and the gateway sees \
         {}://{}{}",
        differs.join(", "),
        own.scheme,
        own.authority,
        own.path
    );
    let mend = if query.is_empty() && own.query.is_some() {
        "Let the sender sign the address with its query.".to_owned()
    } else {
        format!("Set the source's `public_url` to the address that is registered with the sender: {signed}")
    };
    Some(Diagnosis::certain(Mistake::OtherUrl, text, mend))
}

fn schemes(own: Parts<'_>) -> [Choice; 2] {
    let other = if own.scheme.eq_ignore_ascii_case("https") { "http" } else { "https" };
    [(own.scheme.to_owned(), None), (other.to_owned(), Some("the scheme"))]
}

fn authorities(trials: &Trials<'_>, own: Parts<'_>, called: Parts<'_>) -> Vec<Choice> {
    let mut all: Vec<Choice> = vec![(own.authority.to_owned(), None)];
    let ports = [80_u16, 443, 8080, 8443].map(|port| format!("{}:{port}", own.host()));
    let only_port = std::iter::once(own.host().to_owned()).chain(ports);
    all.extend(only_port.map(|authority| (authority, Some("the port"))));
    let told = ["x-forwarded-host", "x-original-host", "host"].into_iter().filter_map(|name| first_of(trials, name));
    let told = told.chain([called.authority]);
    all.extend(told.map(|host| (host.to_owned(), Some("the host"))));
    distinct(all)
}

fn paths(trials: &Trials<'_>, own: Parts<'_>, called: Parts<'_>) -> Vec<Choice> {
    let mut all: Vec<Choice> = vec![(own.path.to_owned(), None)];
    let slash = match own.path.strip_suffix('/') {
        Some(without) => without.to_owned(),
        None => format!("{}/", own.path),
    };
    all.push((slash, Some("the slash at the end")));
    if let Some(prefix) = first_of(trials, "x-forwarded-prefix") {
        all.push((format!("{}{}", prefix.trim_end_matches('/'), own.path), Some("the path's beginning")));
    }
    let told = ["x-original-uri", "x-original-url", "x-rewrite-url", "x-forwarded-uri"].into_iter();
    let told = told.filter_map(|name| first_of(trials, name)?.split('?').next()).filter(|path| path.starts_with('/'));
    all.extend(told.chain([called.path]).map(|path| (path.to_owned(), Some("the path"))));
    let mut rest = own.path;
    for _ in 0..PARTS_MAX {
        let Some(at) = rest.get(1..).and_then(|tail| tail.find('/')) else { break };
        rest = &rest[at + 1..];
        all.push((rest.to_owned(), Some("the path's beginning")));
    }
    distinct(all)
}

fn queries(own: Parts<'_>) -> Vec<Choice> {
    match own.query {
        None => vec![(String::new(), None)],
        Some(query) => vec![(format!("?{query}"), None), (String::new(), Some("the query"))],
    }
}

fn distinct(all: Vec<Choice>) -> Vec<Choice> {
    let mut kept: Vec<Choice> = Vec::with_capacity(all.len());
    for (text, differs) in all {
        if !kept.iter().any(|(other, _)| *other == text) {
            kept.push((text, differs));
        }
    }
    kept
}

/// The first value of a header, of several in one the first: that of the outermost proxy.
fn first_of<'a>(trials: &Trials<'a>, name: &str) -> Option<&'a str> {
    let value = str::from_utf8(trials.case.head.values(name).next()?).ok()?;
    value.split(',').next().map(str::trim).filter(|value| !value.is_empty() && value.len() <= 500)
}

//! Whose a request claims to be, by its headers alone.
//!
//! Gitea and Forgejo send GitHub's headers beside their own, so that the more telling one goes first, and decides: a
//! good claim further down does not make up for a bad one.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

use crate::answer::Refusal;

/// A kind of forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Forgejo, too: it sends the same payloads.
    Gitea,
    GitHub,
    GitLab,
}

/// What a request presents.
#[derive(Debug, PartialEq, Eq)]
pub struct Claimed<'a> {
    pub source: Source,
    pub claim: &'a [u8],
}

/// The headers with a signature, the more telling first.
const SIGNATURES: [(HeaderName, Source); 4] = [
    (HeaderName::from_static("x-forgejo-signature"), Source::Gitea),
    (HeaderName::from_static("x-gitea-signature"), Source::Gitea),
    (HeaderName::from_static("x-hub-signature-256"), Source::GitHub),
    (HeaderName::from_static("x-hub-signature"), Source::GitHub),
];

/// GitLab's header with the secret itself.
const TOKEN: HeaderName = HeaderName::from_static("x-gitlab-token");

/// The longest name of an event that is passed on.
const EVENT_CHARS_MAX: usize = 100;

impl Source {
    /// What it is called towards other programs.
    pub fn name(self) -> &'static str {
        match self {
            Source::Gitea => "gitea",
            Source::GitHub => "github",
            Source::GitLab => "gitlab",
        }
    }

    /// How its claims relate to the secret.
    pub fn kind(self) -> &'static str {
        match self {
            Source::Gitea | Source::GitHub => "hmac-sha256",
            Source::GitLab => "token",
        }
    }

    /// Where a body names the repository: a member, and a member in it.
    pub fn repository_place(self) -> [&'static str; 2] {
        match self {
            Source::Gitea | Source::GitHub => ["repository", "html_url"],
            Source::GitLab => ["project", "git_http_url"],
        }
    }

    /// The name of the event; empty where there is none, or one that no forge would give.
    pub fn event(self, headers: &HeaderMap) -> &str {
        let names = match self {
            Source::Gitea => ["x-gitea-event", "x-forgejo-event"],
            Source::GitHub => ["x-github-event"; 2],
            Source::GitLab => ["x-gitlab-event"; 2],
        };
        let is_name = |text: &&str| {
            let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-' | b'.' | b':');
            text.len() <= EVENT_CHARS_MAX && text.bytes().all(usual) && !text.starts_with('-')
        };
        let value = names.iter().find_map(|name| either(headers, name));
        value.and_then(|value| value.to_str().ok()).filter(is_name).unwrap_or_default()
    }

    /// The sender's id of the delivery, for the log.
    pub fn delivery(self, headers: &HeaderMap) -> &str {
        let name = match self {
            Source::Gitea => "x-gitea-delivery",
            Source::GitHub => "x-github-delivery",
            Source::GitLab => "x-gitlab-event-uuid",
        };
        either(headers, name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Claimed<'_> {
    /// Reads the headers.
    pub fn read(headers: &HeaderMap) -> Result<Claimed<'_>, Refusal> {
        let mut signed = None;
        for (name, source) in &SIGNATURES {
            let value = only(headers, name)?;
            signed = signed.or(value.map(|value| (*source, value)));
        }
        let token = only(headers, &TOKEN)?.map(|value| (Source::GitLab, value));
        let (source, value) = match (signed, token) {
            (Some(_), Some(_)) => {
                return Err(Refusal::Headers("a token of GitLab and a signature contradict each other"));
            }
            (Some(claim), None) | (None, Some(claim)) => claim,
            (None, None) => return Err(Refusal::NoClaim),
        };
        let claim = if source == Source::GitLab { value } else { value.strip_prefix(b"sha256=").unwrap_or(value) };
        if claim.is_empty() {
            return Err(Refusal::NoClaim);
        }
        // The validator has no such kind, and another kind's claim is nothing to be asked about.
        if source != Source::GitLab && claim.starts_with(b"sha1=") {
            return Err(Refusal::NotValid);
        }
        Ok(Claimed { source, claim })
    }
}

/// The value of a header, with hyphens or else with underscores.
fn either<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    headers.get(name).or_else(|| headers.get(name.replace('-', "_")))
}

/// The value of a header that may be there once, with hyphens or, as some programs write it, with underscores.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Refusal> {
    let underscored = name.as_str().replace('-', "_");
    let mut values = headers.get_all(name).iter().chain(headers.get_all(underscored.as_str()));
    let value = values.next().map(|value| value.as_bytes());
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Refusal::Headers("a header with a claim stands there twice")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "X-Gitea-Signature";

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, value.parse().expect("a value"));
        }
        headers
    }

    fn claimed(pairs: &[(&str, &str)]) -> Result<(Source, String), u16> {
        let headers = headers(pairs);
        let claimed = Claimed::read(&headers).map_err(|refusal| refusal.status().as_u16())?;
        Ok((claimed.source, String::from_utf8_lossy(claimed.claim).into_owned()))
    }

    #[test]
    fn the_more_telling_header_decides() {
        let all =
            [("X-Hub-Signature", "d"), ("X-Hub-Signature-256", "sha256=c"), (OWN, "b"), ("X-Forgejo-Signature", "a")];
        let found = |count: usize| claimed(&all[..count]).expect("a claim");

        assert_eq!(found(1), (Source::GitHub, "d".into()));
        assert_eq!(found(2), (Source::GitHub, "c".into()));
        assert_eq!(found(3), (Source::Gitea, "b".into()));
        assert_eq!(found(4), (Source::Gitea, "a".into()));
        assert_eq!(claimed(&[("X-Gitlab-Token", "sha256=t")]), Ok((Source::GitLab, "sha256=t".into())));
    }

    #[test]
    fn underscores_count_where_the_hyphens_are_absent() {
        assert_eq!(claimed(&[("X_GITEA_SIGNATURE", "u")]), Ok((Source::Gitea, "u".into())));
        assert_eq!(claimed(&[("X_HUB_SIGNATURE_256", "u")]), Ok((Source::GitHub, "u".into())));
        assert_eq!(claimed(&[("X_GITEA_SIGNATURE", "u"), (OWN, "u")]), Err(400));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        assert_eq!(claimed(&[(OWN, "a"), (OWN, "a")]), Err(400));
        assert_eq!(claimed(&[("X-Gitlab-Token", "a"), ("X-Hub-Signature", "a")]), Err(400));
        assert_eq!(claimed(&[(OWN, "a"), ("X-Hub-Signature", "b"), ("X-Hub-Signature", "b")]), Err(400));
    }

    #[test]
    fn nothing_to_check_is_unauthorized_and_sha1_is_never_valid() {
        assert_eq!(claimed(&[]), Err(401));
        assert_eq!(claimed(&[(OWN, ""), ("X-Hub-Signature-256", "sha256=good")]), Err(401));
        assert_eq!(claimed(&[("X-Hub-Signature", "sha256=")]), Err(401));
        assert_eq!(claimed(&[("X-Gitlab-Token", "")]), Err(401));
        assert_eq!(claimed(&[("X-Hub-Signature", "sha1=00")]), Err(403));
    }

    #[test]
    fn an_event_is_named_as_its_source_names_it() {
        let headers =
            headers(&[("X-Gitlab-Event", "Push Hook"), ("X-GitHub-Event", "--help"), ("X-Gitea-Event", "a\tb")]);

        assert_eq!(Source::GitLab.event(&headers), "Push Hook");
        assert_eq!(Source::GitHub.event(&headers), "");
        assert_eq!(Source::GitHub.event(&self::headers(&[("X_GITHUB_EVENT", "push")])), "push");
        assert_eq!(Source::Gitea.event(&headers), "");
    }
}

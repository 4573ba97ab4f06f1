//! Sessions: begun with a cookie that no script and no other site can use, believed by pages and own API alike.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::FromRequestParts;
use domain::SessionKey;
use domain::catalogue::Account;
use domain::person::{SESSION_SPAN, Session};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use store::StoreError;
use store::command::{Answer, Command, EndSessions, Which};
use store::search;

use crate::problem::{self, Problem};
use crate::receive::Sender;
use crate::server::{Server, Shared};

/// The session's cookie.
pub(crate) const COOKIE: &str = "countersign_session";
/// The header that a change through the own API carries beside the cookie.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
/// The shortest time between two notes that a session was used.
const NOTE_EVERY: Duration = Duration::from_secs(60);
/// So much of what a browser calls itself is kept.
const AGENT_CHARS_MAX: usize = 120;

/// Whoever has an open session.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub account: Account,
    pub session: Session,
    /// What every change of this session carries, so that no other site can make one.
    pub csrf: String,
}

/// Where a request comes from, as a person recognises it.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub address: Option<IpAddr>,
    pub agent: String,
    /// Where it reaches these pages: `https://gateway.example`.
    pub base: String,
    is_https: bool,
    /// The session that it had until now, as the digest of its token.
    former: Option<[u8; 32]>,
}

impl FromRequestParts<Server> for Browser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Self::Rejection> {
        let sender = Sender::of(parts, &server.parts.settings.trusted_proxies);
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // A form's origin was held against our own name: its scheme is the one that the browser knows us by.
        let is_https = sender.is_https || text(header::ORIGIN).starts_with("https://");
        let scheme = if is_https { "https" } else { "http" };
        let base = format!("{scheme}://{}", text(header::HOST));
        let agent = text(header::USER_AGENT).chars().take(AGENT_CHARS_MAX).collect();
        let former = token(&parts.headers).map(|text| verify::mac::token_digest(text.as_bytes()));
        Ok(Self { address: sender.address, agent, base, is_https, former })
    }
}

impl Shared {
    /// Whose session the request carries, if it is open; that it was used is noted. What a page asks for by itself, so
    /// that it stays up to date, is no use of it.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, StoreError> {
        let Some(signed) = self.session_of(headers).await? else { return Ok(None) };
        let now = self.now();
        if headers.contains_key("hx-request") || now < signed.session.seen.after(NOTE_EVERY) {
            return Ok(Some(signed));
        }
        let see = Command::SeeSession { session: signed.session.key, at: now };
        // That it cannot be written down ends no session; that it was ended meanwhile does.
        let ended = matches!(self.parts.store.submit(see).await, Ok(Answer::NotFound));
        Ok((!ended).then_some(signed))
    }

    /// The same, and nothing is noted.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn session_of(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, StoreError> {
        let Some(text) = token(headers) else { return Ok(None) };
        let digest = verify::mac::token_digest(text.as_bytes());
        let Some(session) = self.parts.store.read(move |rows| search::session(rows, &digest)).await? else {
            return Ok(None);
        };
        let catalogue = self.parts.store.catalogue();
        let account = catalogue.accounts.get(&session.account);
        let account = account.filter(|account| session.is_open(account, self.now())).cloned();
        Ok(account.map(|account| SignedIn { account, csrf: self.csrf(&session), session }))
    }

    /// Begins a session: the cookie to be set; none if the account was changed since it was read. The one that the
    /// browser had until now ends.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn begin_session(
        &self,
        account: &Account,
        browser: &Browser,
    ) -> Result<Option<String>, StoreError> {
        let text = self.token("");
        let now = self.now();
        let session = Session {
            key: SessionKey(0),
            account: account.key,
            era: account.sign_in.era,
            token: verify::mac::token_digest(text.as_bytes()),
            begun: now,
            seen: now,
            address: browser.address.map(|address| address.to_string()),
            agent: browser.agent.clone(),
        };
        if !matches!(self.parts.store.submit(Command::BeginSession(Box::new(session))).await?, Answer::Done) {
            return Ok(None);
        }
        self.end_former(browser).await?;
        self.logged_in(account.key, None).await;
        let secure = if browser.is_https { "; Secure" } else { "" };
        let age_s = SESSION_SPAN.as_secs();
        Ok(Some(format!("{COOKIE}={text}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}")))
    }

    async fn end_former(&self, browser: &Browser) -> Result<(), StoreError> {
        let Some(digest) = browser.former else { return Ok(()) };
        let Some(former) = self.parts.store.read(move |rows| search::session(rows, &digest)).await? else {
            return Ok(());
        };
        let catalogue = self.parts.store.catalogue();
        let who = catalogue.accounts.get(&former.account).map(|account| account.name.clone()).unwrap_or_default();
        let (which, what) = (Which::One(former.key), "signed in anew, which ended the browser's session".to_owned());
        let end = EndSessions { account: former.account, which, who, what, now: self.now() };
        self.parts.store.submit(end).await.map(drop)
    }

    fn csrf(&self, session: &Session) -> String {
        let key = self.parts.seal.derive("csrf");
        verify::hex::encode(&verify::mac::tag(&key, &[&session.token]))
    }
}

/// What takes the cookie from a browser.
pub(crate) fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
}

/// The token in the session's cookie, if there is one.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token)
}

/// Whether a method changes nothing.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Holds a change that a browser sends against its origin: it counts only when it was sent from a page of this host.
///
/// # Errors
/// When it was sent from elsewhere.
pub(crate) fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // Browsers send the origin with every form; what sends none holds no cookies of ours either.
    let Some(origin) = text(header::ORIGIN) else {
        let site = text(header::HeaderName::from_static("sec-fetch-site")).unwrap_or("same-origin");
        if ["same-origin", "none"].contains(&site) {
            return Ok(());
        }
        return Err(Problem::new(&problem::ORIGIN_NOT_ALLOWED, "the form was sent from another site"));
    };
    let host = text(header::HOST).unwrap_or_default();
    if origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    let shown: String = origin.chars().take(80).collect();
    Err(Problem::new(&problem::ORIGIN_NOT_ALLOWED, format!("the form was sent from {shown:?}")))
}

//! Handshakes: which one a request is, and what it is answered.

use serde_json::{Map, Value};

use crate::compare;
use crate::key::Key;
use crate::provider::{Condition, Consequence, Demand, Encoding, Handshake, Place, Provider, Said, Wanted};
use crate::refusal::{Reason, Refusal};
use crate::{base64, hex};

use super::content::Content;
use super::head::Head;
use super::outcome::{Effect, Outcome, Reply};
use super::settings::HandshakeSettings;

/// The longest text that is answered with its MAC to whoever asks.
const PLAIN_TOKEN_CHARACTERS_MAX: usize = 256;

/// A request that may be a handshake.
pub(super) struct Asked<'a> {
    pub provider: &'static Provider,
    pub settings: &'a HandshakeSettings,
    pub head: &'a Head<'a>,
}

impl Asked<'_> {
    /// Whether its head may be that of a handshake that needs no proof.
    pub fn may_be_open(&self) -> bool {
        self.of_kind(false).any(|handshake| {
            handshake
                .when
                .iter()
                .filter(|condition| !condition.needs_body())
                .all(|condition| self.holds(*condition, None))
        })
    }

    /// The answer, if this is a handshake of the kind; `key` is what answers are made with.
    pub fn answer(&self, proven: bool, content: &Content<'_>, key: Option<&Key>) -> Result<Option<Outcome>, Refusal> {
        let is_it =
            |handshake: &&Handshake| handshake.when.iter().all(|condition| self.holds(*condition, Some(content)));
        let Some(handshake) = self.of_kind(proven).find(is_it) else { return Ok(None) };
        self.demanded(handshake.demand, content)?;
        let reply = self.reply(handshake.answer, content, key)?;
        let effect = match handshake.effect {
            None => None,
            Some(Consequence::StoreSecret(place)) => Some(Effect::StoreSecret(self.value(place, content)?)),
            Some(Consequence::Visit { at, hosts }) => match self.value(at, content)? {
                url if hosts.holds(&url) => Some(Effect::Visit(url)),
                _ => {
                    let detail = format!("a handshake asked to call an address that is not on {hosts}");
                    return Err(Refusal::new(Reason::ChallengeRefused, detail));
                }
            },
        };
        Ok(Some(Outcome::Reply { reply, effect }))
    }

    fn of_kind(&self, proven: bool) -> impl Iterator<Item = &'static Handshake> {
        self.provider.handshakes.iter().filter(move |handshake| handshake.proven == proven)
    }

    fn holds(&self, condition: Condition, content: Option<&Content<'_>>) -> bool {
        let header = |name: &str| self.head.header_text(name).ok().flatten();
        match condition {
            Condition::Method(method) => self.head.method == method,
            Condition::Header(name, value) => header(name).is_some_and(|found| found.eq_ignore_ascii_case(value)),
            Condition::HeaderPresent(name) => header(name).is_some(),
            Condition::HeaderAbsent(name) => header(name).is_none(),
            Condition::Query(name, value) => self.head.query_values(name) == [value.as_bytes()],
            Condition::Json(path, value) => content.is_some_and(|content| {
                !content.is_plain_form() && content.read(&[path]).is_ok_and(|found| found[0] == [value])
            }),
            Condition::FormNumber(name) => content.is_some_and(|content| match &content.fields()[..] {
                [(key, value)] => {
                    **key == *name.as_bytes() && !value.is_empty() && value.iter().all(u8::is_ascii_digit)
                }
                _ => false,
            }),
        }
    }

    fn demanded(&self, demand: Demand, content: &Content<'_>) -> Result<(), Refusal> {
        let refused = |detail: &str| Err(Refusal::new(Reason::ChallengeRefused, detail));
        match demand {
            Demand::Nothing => Ok(()),
            Demand::VerifyToken(place) => match &self.settings.verify_token {
                None => refused("a handshake asked for a verification token, but none is configured"),
                Some(token) if compare::equal(token.as_bytes(), self.value(place, content)?.as_bytes()) => Ok(()),
                Some(_) => refused("the handshake's verification token is not the configured one"),
            },
            Demand::AllowedOrigin(header) => {
                let origin = self.value(Place::Header(header), content)?;
                if self
                    .settings
                    .allowed_origins
                    .iter()
                    .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(&origin))
                {
                    return Ok(());
                }
                refused("the handshake's origin is not among the allowed ones")
            }
            Demand::Awaited if self.settings.awaited => Ok(()),
            Demand::Awaited => refused("a handshake offered a secret, but the source does not wait for one"),
            Demand::PlainToken(place) => {
                let token = self.value(place, content)?;
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
                if token.len() <= PLAIN_TOKEN_CHARACTERS_MAX && token.bytes().all(plain) {
                    return Ok(());
                }
                refused("the handshake's token has another form than the sender gives it, and is not signed")
            }
        }
    }

    fn reply(&self, wanted: Wanted, content: &Content<'_>, key: Option<&Key>) -> Result<Reply, Refusal> {
        match wanted {
            Wanted::Fixed(answer) => Ok(Reply::from(answer)),
            Wanted::Text(place) => {
                let mut reply = Reply::of(200, Some("text/plain"), self.value(place, content)?.into_bytes());
                reply.headers.push(("X-Content-Type-Options", "nosniff".to_owned()));
                Ok(reply)
            }
            Wanted::Members(members) => {
                let mut object = Map::new();
                for (name, said) in members {
                    object.insert((*name).to_owned(), Value::String(self.said(*said, content, key)?));
                }
                Ok(Reply::of(200, Some("application/json"), Value::Object(object).to_string().into_bytes()))
            }
            Wanted::HeaderBack(name) => {
                let mut reply = Reply::of(200, None, Vec::new());
                reply.headers.push((name, self.value(Place::Header(name), content)?));
                Ok(reply)
            }
            Wanted::Permission => Ok(self.permission()),
        }
    }

    fn permission(&self) -> Reply {
        let header = |name| self.head.header_text(name).ok().flatten();
        let mut reply = Reply::of(200, None, Vec::new());
        reply.headers.push(("Allow", "POST".to_owned()));
        if let Some(origin) = header("WebHook-Request-Origin") {
            reply.headers.push(("WebHook-Allowed-Origin", origin.to_owned()));
        }
        if let (Some(asked), rate) = (header("WebHook-Request-Rate"), self.settings.allowed_rate) {
            let rate = rate.map_or_else(|| asked.to_owned(), |rate| rate.to_string());
            reply.headers.push(("WebHook-Allowed-Rate", rate));
        }
        reply
    }

    fn said(&self, said: Said, content: &Content<'_>, key: Option<&Key>) -> Result<String, Refusal> {
        match said {
            Said::Back(place) => self.value(place, content),
            Said::Mac { prefix, encoding, of } => {
                let of = self.value(of, content)?;
                let Some(tag) = key.and_then(|key| key.tag(of.as_bytes())) else {
                    return Err(Refusal::new(
                        Reason::Misconfigured,
                        "the handshake's answer needs a key for HMAC-SHA256",
                    ));
                };
                let tag = match encoding {
                    Encoding::Hex => hex::encode(&tag),
                    Encoding::Base64 => base64::encode(&tag),
                };
                Ok(format!("{prefix}{tag}"))
            }
        }
    }

    fn value(&self, place: Place, content: &Content<'_>) -> Result<String, Refusal> {
        let found = match place {
            Place::Header(name) => self.head.header_text(name)?.map(str::to_owned),
            Place::Query(name) => self.head.query_values(name).pop().and_then(|value| String::from_utf8(value).ok()),
            Place::Form(name) => content
                .fields()
                .into_iter()
                .find(|(key, _)| **key == *name.as_bytes())
                .and_then(|(_, value)| String::from_utf8(value.into()).ok()),
            Place::Json(path) => content.read(&[path])?.remove(0).pop(),
            Place::Fixed(text) => Some(text.to_owned()),
        };
        found.filter(|value| !value.is_empty()).ok_or_else(|| {
            Refusal::new(Reason::MissingValue, format!("expected a value in {place} of the handshake, found none"))
        })
    }
}

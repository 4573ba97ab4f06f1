//! The row of steps. The first that objects ends the request, and nothing after it runs.

use crate::key::Key;
use crate::receive::{Head, Proof};
use crate::refusal::Reason;

use super::body::{self, BodyType};
use super::configuration::Configuration;
use super::ended::Ended;
use super::fault::Fault;
use super::outcome::{Accepted, Outcome};
use super::receiver::{Event, Get, Ping, Receiver, Verification};
use super::receivers;
use super::route::Route;
use super::secret::{self, CodeLength, Secrets};

/// The query parameter that holds a code.
const CODE: &str = "code";

/// The most events of one request; more are not told.
const EVENTS_MAX: usize = 100;

/// The receivers and what is configured for them.
#[derive(Debug, Default)]
pub struct Receivers {
    configuration: Configuration,
    code_length: CodeLength,
}

impl Receivers {
    /// Takes the configuration as it is: see [`Receivers::check`].
    #[must_use]
    pub fn new(configuration: Configuration, code_length: CodeLength) -> Self {
        Self { configuration, code_length }
    }

    /// Everything for which a start must be refused: each is a 500 for its senders, or served to nobody.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        secret::check(&self.configuration, self.code_length)
    }

    /// What becomes of a request whatever its body is, told before that is read: `None` where the body decides.
    #[must_use]
    pub fn look(&self, head: &Head<'_>) -> Option<Outcome> {
        match self.receive(head, b"") {
            // With another body it might have been another answer.
            Outcome::Refuse { refusal, .. }
                if matches!(refusal.reason, Reason::SignatureMismatch | Reason::EmptyBody) =>
            {
                None
            }
            outcome => Some(outcome),
        }
    }

    /// Judges a request. The URL of its head has scheme and host as the sender knows them.
    #[must_use]
    pub fn receive(&self, head: &Head<'_>, body: &[u8]) -> Outcome {
        match self.judge(head, body) {
            Ok(accepted) => Outcome::Accept(accepted),
            Err(Ended::Answered(reply)) => Outcome::Answer(reply),
            Err(Ended::Refused(refusal, reply)) => Outcome::Refuse { refusal, reply },
        }
    }

    fn judge(&self, head: &Head<'_>, body: &[u8]) -> Result<Accepted, Ended> {
        let unknown = || Ended::not_found(Reason::UnknownReceiver, "the URL names no receiver that there is");
        let route = Route::of(head.url).ok_or_else(unknown)?;
        let receiver = receivers::find(&route.receiver).ok_or_else(unknown)?;
        let request = Request { receivers: self, receiver, route, head, body };

        let announced = request.announced_events()?;
        let believed = request.verified()?;
        request.required_headers()?;
        request.get_or_head()?;
        request.post()?;
        request.has_body()?;
        request.body_type()?;
        let Some(Believed { proof, id, events, values }) = believed else {
            // Not reached: every way past the steps above has been verified.
            return Err(Ended::bare(Reason::Misconfigured, 500, "the request passed unverified"));
        };
        let mut events = if receiver.event == Event::Told { events } else { announced };
        events.extend(request.events_in_body()?);
        events.truncate(EVENTS_MAX);
        request.ping(&events, &values)?;
        request.parses()?;
        Ok(Accepted { receiver, id, events, values, proof })
    }
}

/// What the verification tells.
pub(super) struct Believed {
    pub proof: Proof,
    pub id: String,
    pub events: Vec<String>,
    pub values: Vec<(&'static str, String)>,
}

/// A request on its way through the steps.
pub(super) struct Request<'a> {
    pub receivers: &'a Receivers,
    pub receiver: &'static Receiver,
    pub route: Route,
    pub head: &'a Head<'a>,
    pub body: &'a [u8],
}

impl Request<'_> {
    /// The names of events that are known before the body is read: without one no handler can be chosen.
    fn announced_events(&self) -> Result<Vec<String>, Ended> {
        match self.receiver.event {
            Event::Body { .. } | Event::Told => Ok(Vec::new()),
            Event::Fixed(name) => Ok(vec![name.to_owned()]),
            Event::Header(header) => {
                let values: Vec<_> = self.head.values(header).map(String::from_utf8_lossy).collect();
                let names = values.iter().flat_map(|value| value.split(',')).map(str::trim);
                let names: Vec<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
                if names.is_empty() {
                    let detail = format!("expected the event's name in the header {header}, found none");
                    return Err(Ended::not_found(Reason::MissingEvent, detail));
                }
                Ok(names)
            }
        }
    }

    fn verified(&self) -> Result<Option<Believed>, Ended> {
        let is_post = self.head.method == "POST";
        match &self.receiver.verification {
            Verification::Code => self.code().map(Some),
            Verification::Slack => self.slack(),
            Verification::Salesforce => self.salesforce(),
            Verification::Signature(signature) if is_post => self.signed(signature).map(Some),
            Verification::Stripe if is_post => self.stripe().map(Some),
            Verification::Signature(_) | Verification::Stripe => Ok(None),
        }
    }

    fn code(&self) -> Result<Believed, Ended> {
        self.https()?;
        let code = self.head.query_values(CODE).join(b",".as_slice());
        if code.is_empty() {
            let text = format!("A '{}' WebHook request must contain a '{CODE}' query parameter.", self.receiver.name);
            return Err(Ended::bad(Reason::MissingCode, text));
        }
        let is_it = |secret: &str| Key::for_tokens(secret.as_bytes()).is_token(&code);
        self.secrets()?.believed("code", is_it).ok_or_else(|| {
            let text =
                format!("The '{CODE}' query parameter provided in the HTTP request did not match the expected value.");
            Ended::bad(Reason::CodeMismatch, text)
        })
    }

    /// Plain HTTP is refused, unless that is switched off.
    pub(super) fn https(&self) -> Result<(), Ended> {
        let scheme = self.head.url.split(':').next().unwrap_or_default();
        if scheme.eq_ignore_ascii_case("https") || self.receivers.configuration.https_check_is_disabled() {
            return Ok(());
        }
        let text = format!(
            "The '{}' WebHook receiver requires HTTPS in order to be secure. Register a WebHook URI of type 'https'.",
            self.receiver.name
        );
        Err(Ended::bad(Reason::NotHttps, text))
    }

    pub(super) fn secrets(&self) -> Result<Secrets<'_>, Fault> {
        secret::find(&self.receivers.configuration, self.receivers.code_length, self.receiver, &self.route.id)
    }

    pub(super) fn has_named_secrets(&self) -> Result<(), Fault> {
        secret::has_named(&self.receivers.configuration, self.receiver, &self.route.id)
    }

    pub(super) fn secrets_named(&self, name: &str) -> Option<Secrets<'_>> {
        let Receivers { configuration, code_length } = self.receivers;
        secret::find_named(configuration, *code_length, self.receiver, &self.route.id, name)
    }

    fn required_headers(&self) -> Result<(), Ended> {
        let missing = |name: &&&str| self.head.values(name).all(<[u8]>::is_empty);
        let Some(name) = self.receiver.required_headers.iter().rfind(missing) else { return Ok(()) };
        let text = format!("A '{}' WebHook request must contain a '{name}' HTTP header.", self.receiver.name);
        Err(Ended::bad(Reason::MissingValue, text))
    }

    /// The answer to a GET or a HEAD, where the receiver has one.
    fn get_or_head(&self) -> Result<(), Ended> {
        match (self.head.method, self.receiver.get) {
            ("HEAD", _) if self.receiver.head => {
                self.secrets()?;
                Err(Ended::ok())
            }
            ("GET", Get::Empty) => {
                self.secrets()?;
                Err(Ended::ok())
            }
            ("GET", Get::Echo(parameter)) => {
                self.secrets()?;
                let challenge = self.head.query_values(parameter).join(b",".as_slice());
                if challenge.is_empty() {
                    let receiver = self.receiver.name;
                    let text = format!(
                        "A '{receiver}' WebHook verification request must contain a '{parameter}' query parameter."
                    );
                    return Err(Ended::bad(Reason::MissingValue, text));
                }
                Err(Ended::echo(challenge))
            }
            _ => Ok(()),
        }
    }

    fn post(&self) -> Result<(), Ended> {
        let method = self.head.method;
        if method == "POST" {
            return Ok(());
        }
        let spelled = &self.route.receiver;
        let text = format!("The '{spelled}' WebHook receiver does not support the HTTP '{method}' method.");
        Err(Ended::text(Reason::BadMethod, 405, text))
    }

    fn has_body(&self) -> Result<(), Ended> {
        if !self.body.is_empty() {
            return Ok(());
        }
        let spelled = &self.route.receiver;
        let text = format!("The '{spelled}' WebHook receiver does not support an empty request body.");
        Err(Ended::bad(Reason::EmptyBody, text))
    }

    fn body_type(&self) -> Result<(), Ended> {
        if self.receiver.body.is_announced(self.head) {
            return Ok(());
        }
        let text = format!(
            "The '{}' WebHook receiver does not support content type '{}'. \
             The WebHook request must contain an entity body formatted as {}.",
            self.receiver.name,
            body::content_type(self.head),
            self.receiver.body.called()
        );
        Err(Ended::text(Reason::BadContentType, 415, text))
    }

    fn events_in_body(&self) -> Result<Vec<String>, Ended> {
        let Event::Body { shown, path, required } = self.receiver.event else { return Ok(Vec::new()) };
        let names = match self.receiver.body {
            BodyType::Form => body::form_values(self.head, self.body, path),
            BodyType::Json | BodyType::Xml => self.json_values(path)?,
        };
        let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
        if names.is_empty() && required {
            let receiver = self.receiver.name;
            let text = format!(
                "A '{receiver}' WebHook request must contain a match for '{shown}' in the HTTP request entity body \
                 indicating the type or types of event."
            );
            return Err(Ended::bad(Reason::MissingEvent, text));
        }
        Ok(names)
    }

    /// What is believed, and yet nothing to dispatch.
    fn ping(&self, events: &[String], values: &[(&'static str, String)]) -> Result<(), Ended> {
        let is_ping = match self.receiver.ping {
            None => false,
            Some(Ping::Event(name)) => matches!(events, [only] if only.eq_ignore_ascii_case(name)),
            Some(Ping::Value { name, is }) => {
                let through = self.receivers.configuration.test_events_pass(self.receiver);
                !through && values.iter().any(|(key, value)| *key == name && value.eq_ignore_ascii_case(is))
            }
        };
        if is_ping { Err(Ended::ok()) } else { Ok(()) }
    }

    /// The whole body must be what it says, even where nothing of it was needed.
    fn parses(&self) -> Result<(), Ended> {
        match self.receiver.body {
            BodyType::Json => self.json_values("").map(drop),
            BodyType::Xml | BodyType::Form => Ok(()),
        }
    }

    /// The texts at a path of the JSON.
    pub(super) fn json_values(&self, path: &str) -> Result<Vec<String>, Ended> {
        body::json_values(self.body, path).map_err(|fault| Ended::unreadable(Reason::MalformedBody, fault))
    }
}

//! One request, from its head to its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, EXPECT};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::answer::{self, Refusal};
use crate::body::{self, Body, Memory};
use crate::failures::{self, Failures, Guesser};
use crate::notify::Notifier;
use crate::repository;
use crate::settings::Settings;
use crate::source::Claimed;
use crate::tell;
use crate::validator::Validator;

/// How many requests are checked at a time, and so how many validators run.
const PLACES: usize = 64;

/// How long a request waits for a place.
const PLACE_WITHIN: Duration = Duration::from_secs(10);

/// How much of what a stranger says goes into a line of the log.
const LOGGED_CHARS_MAX: usize = 300;

/// What all requests share.
pub struct Endpoint {
    validator: Validator,
    notifier: Notifier,
    places: Semaphore,
    memory: Memory,
    failures: Mutex<Failures>,
}

/// What is known of a request, for the log.
#[derive(Default)]
struct Known {
    source: Option<&'static str>,
    delivery: String,
    repository: String,
}

impl Endpoint {
    pub fn new(settings: Settings) -> Self {
        Self {
            validator: Validator::new(settings.validator),
            notifier: Notifier::new(settings.notify),
            places: Semaphore::new(PLACES),
            memory: Memory::new(),
            failures: Mutex::default(),
        }
    }

    /// Lets nobody wait for a place any more.
    pub fn shut(&self) {
        self.places.close();
    }

    /// The programs that are told of valid requests.
    pub fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// Answers a request.
    pub async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, mut body) = request.into_parts();
        let mut known = Known::default();
        let outcome = self.judge(&head.method, &head.headers, &mut body, &mut known).await;
        let status = outcome.map_or_else(Refusal::status, |()| StatusCode::OK);
        known.log(status, outcome.err());
        match outcome {
            Ok(()) => answer::ok(),
            Err(refusal) => {
                if !head.headers.contains_key(EXPECT) {
                    body::drain(body).await;
                }
                refusal.answer()
            }
        }
    }

    async fn judge(
        &self,
        method: &Method,
        headers: &HeaderMap,
        body: &mut Incoming,
        known: &mut Known,
    ) -> Result<(), Refusal> {
        if method != Method::POST {
            return Err(Refusal::Method);
        }
        self.check(headers, body, known).await
    }

    async fn check(&self, headers: &HeaderMap, body: &mut Incoming, known: &mut Known) -> Result<(), Refusal> {
        let claimed = Claimed::read(headers)?;
        known.source = Some(claimed.source.name());
        known.delivery = logged(claimed.source.delivery(headers));
        let body = body::read(body, &self.memory).await?;
        let url = repository::url(claimed.source, &body.bytes).map_err(|refusal| {
            let is_typed = refusal == Refusal::NotAnObject && is_of_another_type(headers);
            if is_typed { Refusal::ContentType } else { refusal }
        })?;
        known.repository = logged(&url);
        let identifier = repository::identifier(&url);
        self.ask(&claimed, &identifier, headers, &body).await?;
        let event = claimed.source.event(headers).to_owned();
        self.notifier.tell([claimed.source.name().to_owned(), identifier, event], body);
        Ok(())
    }

    /// Asks the validator, unless this peer has been wrong about the repository too often. A place is taken only now: a
    /// body that drips in keeps nobody from being checked.
    async fn ask(
        &self,
        claimed: &Claimed<'_>,
        identifier: &str,
        headers: &HeaderMap,
        body: &Body,
    ) -> Result<(), Refusal> {
        let guesser = failures::peer(headers).map(|peer| Guesser::new(peer, identifier));
        if self.failures().are_too_many(guesser.as_ref(), Instant::now()) {
            return Err(Refusal::TooManyFailures);
        }
        let _place = self.place().await?;
        let checked = self.validator.check(claimed, identifier, &body.bytes).await;
        if let (Err(Refusal::NotValid), Some(guesser)) = (checked, guesser) {
            self.failures().count(guesser, Instant::now());
        }
        checked
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        let place = timeout(PLACE_WITHIN, self.places.acquire()).await.map_err(|_| Refusal::Busy)?;
        place.map_err(|_| Refusal::ShuttingDown)
    }
}

impl Known {
    fn log(&self, status: StatusCode, refusal: Option<Refusal>) {
        let mut line = format!("{} {}", status.as_u16(), self.source.unwrap_or("-"));
        for (name, value) in [("repository", &self.repository), ("delivery", &self.delivery)] {
            if !value.is_empty() {
                line.push_str(&format!(" {name}={value}"));
            }
        }
        if let Some(refusal) = refusal {
            line.push_str(&format!(": {}", refusal.text()));
        }
        tell(&line);
    }
}

/// What a stranger said, so that it is one line and short.
fn logged(text: &str) -> String {
    let short: String = text.chars().take(LOGGED_CHARS_MAX).collect();
    if short.is_empty() { short } else { format!("{short:?}") }
}

/// Whether a body calls itself something else than JSON.
fn is_of_another_type(headers: &HeaderMap) -> bool {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim();
    !kind.is_empty() && !kind.eq_ignore_ascii_case("application/json")
}

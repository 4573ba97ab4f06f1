//! The certificates of senders that sign with one: fetched once, kept for a while, few.
//!
//! The address comes from a request that nobody believes yet, so strangers may name many. It is on one of the sender's
//! own hosts, or `verify` had refused the request; here a bound on their number, one fetch at a time for each, a memory
//! for failures, and a pace for all together keep them from having us call without end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use verify::certificate::{Certificate, CertificateAddress};

use super::own_host;
use super::pace::Pace;
use super::x509::Chain;
use crate::server::Shared;

/// How long a certificate is kept; then it is fetched again, so that one that was withdrawn is forgotten.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a failure is answered without another try.
const FAILED_FOR: Duration = Duration::from_secs(30);
/// The most addresses that something is remembered of.
const ADDRESSES_MAX: usize = 128;
/// The largest document.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// How many may be fetched: two dozen at once, then one every two seconds.
const PACE: Pace = Pace { burst: 24, every_us: 2_000_000 };

/// What is known of certificates.
#[derive(Default)]
pub struct Certificates(Mutex<Book>);

#[derive(Default)]
struct Book {
    places: HashMap<String, Place>,
    full_at: Timestamp,
}

/// What is known of one address. Whoever holds the lock may fetch; the others wait for what comes.
struct Place {
    known: Arc<tokio::sync::Mutex<Option<Known>>>,
    asked_at: Timestamp,
}

#[derive(Clone)]
struct Known {
    until: Timestamp,
    found: Found,
}

type Found = Result<Arc<dyn Certificate>, NotFound>;

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFound {
    /// The sender's host did not give one, or was not asked: another time it may.
    Unreachable(String),
    /// What it gave is none of the sender's.
    Untrusted(String),
}

impl Certificates {
    /// The certificate at an address of a sender.
    ///
    /// # Errors
    /// Why there is none to be had now.
    pub async fn find(&self, server: &Shared, address: &CertificateAddress, now: Timestamp) -> Found {
        let known = self.place(&address.url, now);
        let mut known = known.lock().await;
        if let Some(Known { found, .. }) = known.as_ref().filter(|known| now < known.until) {
            return found.clone();
        }
        let found = if self.may_fetch(now) {
            fetch(server, address, now).await
        } else {
            let why = "too many different certificates were asked for; it is not fetched now".to_owned();
            Err(NotFound::Unreachable(why))
        };
        if let Err(why) = &found {
            tracing::warn!(url = address.url, ?why, "a sender's certificate could not be had");
        }
        let kept = if found.is_ok() { KEPT_FOR } else { FAILED_FOR };
        *known = Some(Known { until: now.after(kept), found: found.clone() });
        found
    }

    fn place(&self, url: &str, now: Timestamp) -> Arc<tokio::sync::Mutex<Option<Known>>> {
        let mut book = self.lock();
        if let Some(place) = book.places.get_mut(url) {
            place.asked_at = now;
            return place.known.clone();
        }
        if book.places.len() >= ADDRESSES_MAX {
            book.forget_one();
        }
        let place = Place { known: Arc::default(), asked_at: now };
        let known = place.known.clone();
        book.places.insert(url.to_owned(), place);
        known
    }

    fn may_fetch(&self, now: Timestamp) -> bool {
        PACE.admits(&mut self.lock().full_at, now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Forgets the address that was asked for longest ago, one without a certificate before one with.
    fn forget_one(&mut self) {
        let oldest = self.places.iter().min_by_key(|(_, place)| (place.is_held(), place.asked_at));
        if let Some(url) = oldest.map(|(url, _)| url.clone()) {
            self.places.remove(&url);
        }
    }
}

impl Place {
    fn is_held(&self) -> bool {
        let known = self.known.try_lock();
        known.is_ok_and(|known| known.as_ref().is_some_and(|known| known.found.is_ok()))
    }
}

async fn fetch(server: &Shared, address: &CertificateAddress, now: Timestamp) -> Found {
    let pem = own_host::get(server, &address.url, DOCUMENT_BYTES_MAX).await.map_err(NotFound::Unreachable)?;
    let none = || NotFound::Untrusted("what stands at the certificate's address is no certificate".to_owned());
    let chain = Chain::read(&pem).ok_or_else(none)?;
    if let Some(end) = address.names_end_in {
        vouched(server, &chain, end, now)?;
    }
    Ok(Arc::new(chain.public_key().ok_or_else(none)?))
}

/// Whether a public authority vouches for one of the certificate's names that end like this.
fn vouched(server: &Shared, chain: &Chain, end: &str, now: Timestamp) -> Result<(), NotFound> {
    let untrusted = |why: String| NotFound::Untrusted(why);
    let names = chain.names();
    let name = names.iter().find(|name| name.ends_with(end)).ok_or_else(|| {
        untrusted(format!("expected a certificate for a name that ends in {end}, found one for other names"))
    })?;
    let now_s = u64::try_from(now.seconds()).unwrap_or(0);
    let vouches = server.parts.egress.vouches(chain.certificates(), name, now_s);
    vouches.map_err(|why| untrusted(format!("no authority vouches for the certificate: {why}")))
}

//! From a host name to its addresses.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// The addresses of a name, once they are known.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Looks up host names. Asked once per connection; its answer is judged and then dialled as it is.
pub trait Resolve: Send + Sync {
    /// Where `host` answers for `port`, in the order in which it should be tried.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// How long a name is waited for: longer than a system's resolver takes to turn from a dead name server to the next.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Asks for each name once at a time: who asks for it meanwhile gets the same answer. A look-up of the system keeps a
/// thread until it ends, however long nobody waits for it any more; so names that hang cannot take all threads.
pub(crate) struct OnceAtATime {
    resolver: Arc<dyn Resolve>,
    under_way: Arc<Mutex<Questions>>,
}

type Questions = HashMap<(String, u16), Question>;

/// A look-up under way.
#[derive(Clone)]
struct Question {
    asked_at: Instant,
    answer: watch::Receiver<Option<Answer>>,
}

/// The addresses, or what the resolver said instead.
type Answer = Result<Vec<SocketAddr>, (io::ErrorKind, String)>;

impl OnceAtATime {
    pub(crate) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, under_way: Arc::default() }
    }

    /// The look-up of this name that is under way, or a new one. One that nobody waits for any more is not joined.
    fn ask(&self, host: &str, port: u16) -> watch::Receiver<Option<Answer>> {
        let name = (host.to_owned(), port);
        let mut under_way = questions(&self.under_way);
        if let Some(known) = under_way.get(&name).filter(|known| known.asked_at.elapsed() < ANSWER_WITHIN) {
            return known.answer.clone();
        }
        let (tell, answer) = watch::channel(None);
        let asked = Question { asked_at: Instant::now(), answer: answer.clone() };
        under_way.insert(name.clone(), asked);
        let (resolver, under_way) = (Arc::clone(&self.resolver), Arc::clone(&self.under_way));
        tokio::spawn(async move {
            let found = resolver.resolve(&name.0, name.1).await;
            let mut under_way = questions(&under_way);
            // A later one may have taken its place.
            if under_way.get(&name).is_some_and(|known| known.answer.same_channel(&tell.subscribe())) {
                under_way.remove(&name);
            }
            drop(under_way);
            // Perhaps nobody waits any more.
            let _ = tell.send(Some(found.map_err(|why| (why.kind(), why.to_string()))));
        });
        answer
    }
}

impl Resolve for OnceAtATime {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        let mut answer = self.ask(host, port);
        Box::pin(async move {
            let answered = timeout(ANSWER_WITHIN, answer.wait_for(Option::is_some)).await;
            let Ok(answered) = answered else {
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {ANSWER_WITHIN:?}")));
            };
            let broken_off = || (io::ErrorKind::Interrupted, "the look-up broke off".to_owned());
            let known = answered.ok().and_then(|answer| answer.clone());
            known.unwrap_or_else(|| Err(broken_off())).map_err(|(kind, text)| io::Error::new(kind, text))
        })
    }
}

fn questions(under_way: &Mutex<Questions>) -> MutexGuard<'_, Questions> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

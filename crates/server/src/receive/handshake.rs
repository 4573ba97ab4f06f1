//! What follows from a handshake besides its answer.

use domain::catalogue::{Handshake, Owner, Source, SourceSecret};
use domain::{SourceKey, Timestamp};
use store::change::Listed;
use store::seal::of;
use verify::receive::Effect;

use super::own_host;
use crate::api::change::{Changed, change};
use crate::problem::{self, Problem};
use crate::server::Shared;

/// The longest answer to a confirmation.
const CONFIRMATION_BYTES_MAX: usize = 64 * 1024;
/// Who a sender's own change is said to be made by.
const WHO: &str = "the source's handshake";

/// Carries it out. What it changes is on disk before the answer goes out.
///
/// # Errors
/// When the store or the sender's own host fails, or the source belongs to the configuration file, which nobody else may change.
pub async fn follow(server: &Shared, source: SourceKey, effect: Option<Effect>, now: Timestamp) -> Result<(), Problem> {
    match effect {
        None => Ok(()),
        Some(Effect::StoreSecret(secret)) => store_secret(server, source, &secret, now).await,
        Some(Effect::Visit(url)) => visit(server, &url).await,
    }
}

/// Calls the address that confirms a subscription. If that fails, the sender is told to ask again.
async fn visit(server: &Shared, url: &str) -> Result<(), Problem> {
    let visited = own_host::get(server, url, CONFIRMATION_BYTES_MAX).await;
    visited.map(drop).map_err(|why| {
        tracing::warn!(why, "a subscription could not be confirmed");
        Problem::new(&problem::SENDER_UNREACHABLE, format!("the subscription could not be confirmed: {why}"))
    })
}

/// Takes the secret that the awaited first request brought, and awaits no other.
async fn store_secret(server: &Shared, key: SourceKey, secret: &str, now: Timestamp) -> Result<(), Problem> {
    change(server, WHO, |catalogue, _| {
        let before = catalogue.sources.get(&key).ok_or_else(|| Problem::no_such("source", &server.show(key)))?;
        if !before.handshake.awaits_secret {
            return Err(Problem::new(&problem::CONFLICT, "another request has brought the secret already"));
        }
        if before.owner == Owner::File {
            let detail = "the source belongs to the configuration file: write the secret there";
            return Err(Problem::new(&problem::READ_ONLY, detail));
        }
        let sealed = server.parts.seal.seal(secret, &of::source(&before.provider, &before.name), server.nonce());
        let mut source =
            Source { handshake: Handshake { awaits_secret: false, ..before.handshake.clone() }, ..before.clone() };
        source.secrets.push(SourceSecret {
            id: format!("handshake-{}", now.seconds()),
            sealed,
            not_before: None,
            not_after: None,
        });
        let what = format!("took the secret of the source {}/{} from its handshake", source.provider, source.name);
        Ok(Changed { entries: vec![source.entry()], what, answer: () })
    })
    .await
}

//! What whoever holds a link may do: send a result later, fetch the exact bytes of a receipt, fetch an artifact.
//!
//! A link's token is its own proof; there is no account. What it is void for answers 410, what it never was 404.

mod downloads;
mod results;

use axum::Router;
use axum::routing::{get, put};
use domain::ServiceKey;
use domain::link::{Link, LinkKind};

pub(crate) use downloads::{attachment, blob, receipt_body, still_wanted};

use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

pub(crate) fn router() -> Router<Server> {
    Router::new()
        .route("/api/results/{token}", put(results::put))
        .route("/api/bodies/{token}", get(downloads::body))
        .route("/api/artifacts/{token}", get(downloads::artifact))
}

/// Whether a service is still one of ours: the links of one that was removed or switched off are void.
fn is_served(server: &Shared, service: ServiceKey) -> bool {
    let catalogue = server.parts.store.catalogue();
    catalogue.services.get(&service).is_some_and(|service| service.active && !service.deleted)
}

/// The link that a token is, if it allows this.
fn link(server: &Shared, token: &str, kind: LinkKind) -> Result<Link, Problem> {
    known(server, token, kind)
        .ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the link is none of ours, or its time is over"))
}

/// The same, where another protocol says what is wrong.
pub(crate) fn known(server: &Shared, token: &str, kind: LinkKind) -> Option<Link> {
    let link = server.link_key.read(token, server.now())?;
    (link.kind == kind && is_served(server, link.service)).then_some(link)
}

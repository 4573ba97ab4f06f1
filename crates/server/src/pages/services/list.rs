//! All services, each with how it is.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::ServiceKey;
use domain::catalogue::Service;
use domain::profile::ProfileKind;
use http::StatusCode;

use super::health::{self, Health, Told};
use super::words;
use crate::api::gate;
use crate::pages::answer::page;
use crate::pages::chrome::Chrome;
use crate::pages::parts::{self, Moment};
use crate::pages::visitor::Visitor;
use crate::problem::Problem;
use crate::server::{Server, Shared};

/// The profiles that a service can be registered with, and what the buttons say.
const NEW: [(ProfileKind, &str); 3] = [
    (ProfileKind::Worker, "Create New Service Worker"),
    (ProfileKind::Scanner, "Create New Scanner"),
    (ProfileKind::Standard, "Create New Standard Service"),
];

#[derive(Template)]
#[template(path = "services.html")]
struct List {
    chrome: Chrome,
    new: [(ProfileKind, &'static str); 3],
    services: Vec<Line>,
    removed: Vec<Line>,
    /// What is said of the emergency switch of the whole gate, while it is off.
    gate_off: Option<String>,
}

struct Line {
    path: String,
    name: String,
    profile: &'static str,
    told: Told,
    queue: String,
    waits: bool,
    last: Option<Moment>,
    /// What is said of its emergency switch, while it is off.
    switched: Option<String>,
}

pub async fn show(State(server): State<Server>, visitor: Visitor) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let keys: Vec<ServiceKey> = catalogue.services.keys().copied().collect();
    let health = server.parts.store.read(move |rows| health::read(rows, &keys)).await?;
    let mut lines: Vec<(bool, Line)> = catalogue
        .services
        .values()
        .filter_map(|service| Some((service.deleted, line(&server, service, health.get(&service.key)?))))
        .collect();
    lines.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    let (removed, services): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(deleted, _)| *deleted);
    let bare = |lines: Vec<(bool, Line)>| lines.into_iter().map(|(_, line)| line).collect();
    let list = List {
        chrome: Chrome::new(&visitor, "/admin/services", "Services"),
        new: NEW,
        services: bare(services),
        removed: bare(removed),
        gate_off: catalogue.switch(None).filter(|switch| switch.off).map(|switch| gate::text(switch, None)),
    };
    Ok(page(StatusCode::OK, &list))
}

fn line(server: &Shared, service: &Service, health: &Health) -> Line {
    let now = server.now();
    let standing = server.licensing().standing(service, now);
    let catalogue = server.parts.store.catalogue();
    let switch = catalogue.switch(Some(service.key)).filter(|switch| switch.off);
    Line {
        path: path(server, service),
        name: service.name.clone(),
        profile: words::profile(service.profile),
        told: health::tell(service, health, &standing, now),
        queue: health.queue.text(now),
        waits: health.queue.waiting > 0,
        last: health.last.as_ref().map(|last| Moment::new(last.at, now)),
        switched: switch.map(|switch| gate::text(switch, Some(&service.name))),
    }
}

/// Where a service's page is.
pub fn path(server: &Shared, service: &Service) -> String {
    format!("/admin/services/{}", server.show(service.key))
}

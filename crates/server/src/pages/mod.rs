//! Pages for people: the latest events and refusals, and one event's whole life.
//!
//! They are read without JavaScript, show what the store holds, and change nothing. A session opens them: made from a
//! one-time ticket or from a token, kept in memory, carried in a cookie that no script and no other site can use.

mod answer;
mod event;
mod home;
mod login;
pub mod session;
mod story;
pub mod style;

use axum::Router;
use axum::routing::get;

use crate::server::Server;

pub(crate) fn router() -> Router<Server> {
    Router::new()
        .route("/", get(home::show))
        .route("/events/{id}", get(event::show))
        .route("/login", get(login::ask).post(login::begin))
        .route("/assets/{name}", get(style::show))
}

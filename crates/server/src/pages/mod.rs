//! Pages for people: what happens, who takes part, and this gateway itself.
//!
//! [`routes`] is the one table of pages. Each page is one file that reads rows and turns them into words, and one
//! template; both are made of [`parts`] and framed by [`chrome`]. They are read and used without JavaScript: every
//! change is a form, answered by a redirect with a notice. Where scripts run, htmx replaces the parts marked as live
//! when [`live`] says that something changed. A session opens them, carried in a cookie that no script and no other
//! site can use; every form carries the session's form key.

mod account;
mod accounts;
mod answer;
mod artifact;
mod assets;
mod audit;
mod batches;
mod bytes;
pub mod chart;
pub mod chrome;
mod event;
mod events;
mod filled;
mod form;
mod keys;
mod licenses;
mod listing;
pub(crate) mod live;
mod login;
mod overview;
pub mod parts;
mod quarantine;
mod results;
pub mod routes;
mod rules;
mod runs;
mod search;
mod services;
mod settings;
mod sources;
mod story;
mod subject;
mod subjects;
mod terminal;
pub mod visitor;

pub(crate) use assets::path as asset;
pub(crate) use routes::router;

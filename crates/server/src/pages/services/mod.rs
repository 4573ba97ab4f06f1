//! The services' pages: who is called, how each is, and everything that an administrator does with one.

mod changes;
mod form;
mod health;
mod list;
mod one;
pub(super) mod words;

pub use changes::{amend, credentials, edit, go_on, make, new, remove, restore, stop, switch, test};
pub use list::show as list;
pub use one::show as one;

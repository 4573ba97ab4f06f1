//! Sources: who sends to us, how each fares, and what is to be done at its sender.

mod fares;
mod list;
mod make;
mod one;

pub use fares::title;
pub use list::list;
pub use make::{create, new};
pub use one::{one, retire, rotate, switch, test};

/// What stands where a secret is not to be shown.
const HIDDEN: &str = "<the secret>";

#[cfg(test)]
mod tests {
    use crate::pages::routes::{Needs, routes};

    #[test]
    fn every_change_of_sources_and_of_the_quarantine_needs_an_administrator() {
        let ours = |path: &str| path.starts_with("/sources") || path.starts_with("/quarantine");
        let changes = routes().into_iter().filter(|route| ours(route.path) && route.method == "POST");
        let needs: Vec<Needs> = changes.map(|route| route.needs).collect();
        assert_eq!(needs, vec![Needs::Administer; 7]);
    }
}

//! The senders we know, each as one definition.
//!
//! To add one: write `provider/NAME.rs` with a constant [`Provider`], and add it to [`ALL`].
//! The vocabulary that definitions are written in is small and closed: see [`definition`].

pub mod definition;

mod azurealert;
mod forgejo;
mod gitea;
mod github;
mod gitlab;
mod gitlab_token;
mod gogs;
mod standard_webhooks;
mod standard_webhooks_ed25519;
mod svix;

pub use azurealert::AZUREALERT;
pub use definition::*;
pub use forgejo::FORGEJO;
pub use gitea::GITEA;
pub use github::GITHUB;
pub use gitlab::GITLAB;
pub use gitlab_token::GITLAB_TOKEN;
pub use gogs::GOGS;
pub use standard_webhooks::STANDARD_WEBHOOKS;
pub use standard_webhooks_ed25519::STANDARD_WEBHOOKS_ED25519;
pub use svix::SVIX;

/// Every provider, by name.
pub const ALL: &[&Provider] = &[
    &AZUREALERT,
    &FORGEJO,
    &GITEA,
    &GITHUB,
    &GITLAB,
    &GITLAB_TOKEN,
    &GOGS,
    &STANDARD_WEBHOOKS,
    &STANDARD_WEBHOOKS_ED25519,
    &SVIX,
];

/// The provider of this name; capitals do not count, as in the URLs that name one.
#[must_use]
pub fn find(name: &str) -> Option<&'static Provider> {
    ALL.iter().copied().find(|provider| provider.name.eq_ignore_ascii_case(name))
}

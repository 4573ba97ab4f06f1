//! The senders we know, each as one definition.
//!
//! To add one: write `provider/NAME.rs` with a constant [`Provider`], add it to the list at the end, and put requests
//! that are accepted and refused among the vectors. A test says what is lacking.
//! A person may describe more of them in the configuration: see [`own`].
//! The vocabulary that definitions are written in is small and closed: see [`definition`] and [`handshake`]; [`recipe`]
//! is what a person does at the sender.

pub mod definition;
pub mod handshake;
pub mod own;
pub mod own_hosts;
pub mod readings;
pub mod recipe;
pub mod reference;

pub use definition::*;
pub use handshake::*;
pub use own::{ProviderForm, Providers, Undefined};
pub use own_hosts::OwnHosts;
pub use recipe::*;

/// Declares each definition's module and lists them all.
macro_rules! providers {
    ($($module:ident $name:ident,)*) => {
        $(pub(crate) mod $module; pub use $module::$name;)*

        /// Every provider, by name.
        pub const ALL: &[&Provider] = &[$(&$name,)*];
    };
}

/// The provider of this name; capitals do not count, as in the URLs that name one.
#[must_use]
pub fn find(name: &str) -> Option<&'static Provider> {
    ALL.iter().copied().find(|provider| provider.name.eq_ignore_ascii_case(name))
}

providers! {
    adyen ADYEN,
    adyen_platform ADYEN_PLATFORM,
    asana ASANA,
    aws_sns AWS_SNS,
    azure_devops AZURE_DEVOPS,
    azure_eventgrid AZURE_EVENTGRID,
    azurealert AZUREALERT,
    bitbucket BITBUCKET,
    box_com BOX,
    buildkite BUILDKITE,
    buildkite_token BUILDKITE_TOKEN,
    circleci CIRCLECI,
    cloudevents CLOUDEVENTS,
    discord DISCORD,
    discord_events DISCORD_EVENTS,
    docker_hub DOCKER_HUB,
    docusign DOCUSIGN,
    dropbox DROPBOX,
    elevenlabs ELEVENLABS,
    forgejo FORGEJO,
    gitea GITEA,
    github GITHUB,
    github_sha1 GITHUB_SHA1,
    gitlab GITLAB,
    gitlab_token GITLAB_TOKEN,
    gogs GOGS,
    harbor HARBOR,
    heroku HEROKU,
    hubspot_v1 HUBSPOT_V1,
    hubspot_v2 HUBSPOT_V2,
    hubspot_v3 HUBSPOT_V3,
    jira JIRA,
    line LINE,
    linear LINEAR,
    mailgun MAILGUN,
    meta META,
    netlify NETLIFY,
    okta OKTA,
    paddle PADDLE,
    pagerduty PAGERDUTY,
    paypal PAYPAL,
    postmark POSTMARK,
    pusher PUSHER,
    sendgrid SENDGRID,
    sentry SENTRY,
    shopify SHOPIFY,
    slack SLACK,
    sonarqube SONARQUBE,
    square SQUARE,
    square_sha1 SQUARE_SHA1,
    standard_webhooks STANDARD_WEBHOOKS,
    standard_webhooks_ed25519 STANDARD_WEBHOOKS_ED25519,
    stripe STRIPE,
    svix SVIX,
    telegram TELEGRAM,
    terraform_cloud TERRAFORM_CLOUD,
    trello TRELLO,
    twilio TWILIO,
    twitch TWITCH,
    typeform TYPEFORM,
    vercel VERCEL,
    webflow WEBFLOW,
    woocommerce WOOCOMMERCE,
    x_twitter X_TWITTER,
    zendesk ZENDESK,
    zoom ZOOM,
}

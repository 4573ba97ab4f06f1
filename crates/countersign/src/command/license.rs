//! `license`: who may run which plugin or container, until when. Only `status` needs a server.
//!
//! Exit codes are those of license tokens: 0 valid, 2 usage or configuration, 10 and above a reason to refuse.

mod arguments;
mod check;
mod inspect;
mod issue;
mod keygen;
mod keys;
mod preview;
mod revoke;
mod status;

use crate::cli::Common;
use crate::exit::Done;

/// What can be done about licenses.
#[derive(clap::Subcommand)]
pub enum License {
    /// Make a key pair: a private JWK that issues, and the public JWK that verifiers have.
    Keygen(keygen::Keygen),
    /// Issue a token, and print it.
    Issue(issue::Issue),
    /// Show what a token says. It is not believed unless keys are given and it verifies.
    Inspect(inspect::Inspect),
    /// Verify one token by itself.
    Verify(check::Verify),
    /// Check a plugin against the license.
    CheckPlugin(check::Plugin),
    /// Check a container against the license, as `container-check` does.
    CheckContainer(check::Container),
    /// Say what would run on a license, what would stop, and when.
    Preview(preview::Preview),
    /// Revoke a token or a key, by a signed list; without either, sign the list anew.
    Revoke(revoke::Revoke),
    /// Show what license the gateway has, what ends soon, and which services it lets run: exit 1 if one may not.
    Status,
    /// The key set of a verifier.
    #[command(subcommand)]
    Keys(keys::Keys),
}

impl License {
    /// Does it.
    ///
    /// # Errors
    /// When it could not be done.
    pub async fn run(&self, common: &Common) -> Done {
        match self {
            License::Keygen(keygen) => keygen.run(common),
            License::Issue(issue) => issue.run(common),
            License::Inspect(inspect) => inspect.run(common),
            License::Verify(verify) => verify.run(common),
            License::CheckPlugin(plugin) => plugin.run(common),
            License::CheckContainer(container) => container.run(common),
            License::Preview(preview) => preview.run(common),
            License::Revoke(revoke) => revoke.run(common),
            License::Status => status::run(common).await,
            License::Keys(keys) => keys.run(common),
        }
    }
}

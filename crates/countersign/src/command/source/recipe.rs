//! `source recipe`: what a person does at the sender, and what to write here.

use serde_json::{Value, json};
use verify::provider::{self, Provider, reference};

use crate::cli::Common;
use crate::command::judge::described;
use crate::config::{Config, Extent};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// What stands where the secret is not to be shown.
const HIDDEN: &str = "<the secret>";

/// Whose recipe.
#[derive(clap::Args)]
pub struct Recipe {
    /// The provider's name: `github`. Without it, the page of all of them, in Markdown.
    provider: Option<String>,
    /// The source's id in the URL.
    #[arg(long, default_value = "main")]
    id: String,
}

impl Recipe {
    /// Prints it. The address is that of the configured server, which need not run.
    pub fn run(self, common: &Common) -> Done {
        let Some(name) = &self.provider else {
            output::line(reference::page().trim_end());
            return Ok(Exit::Yes);
        };
        let provider = known(name, common)?;
        let server = Config::load(&common.asked(Vec::new()), Extent::Settings)?.form.server;
        let public_url = server.public_url.unwrap_or_else(|| format!("http://{}", server.listen));
        let url = format!("{public_url}/api/webhooks/incoming/{}/{}", provider.name, self.id);
        if common.form() == Form::Json {
            output::json(&told(provider, &url, None));
            return Ok(Exit::Yes);
        }
        print(provider, &url, None);
        output::line(format_args!("\nHere:\n\n{}", provider.configuration(&self.id).trim_end()));
        output::line(format_args!("\nor: {}\n", provider.command(&self.id)));
        for (about, text) in provider.facts() {
            output::line(format_args!("{about}: {text}."));
        }
        Ok(Exit::Yes)
    }
}

/// The provider of this name, built in or described by the configuration.
///
/// # Errors
/// When there is none.
pub fn known(name: &str, common: &Common) -> Result<&'static Provider, Failure> {
    provider::find(name).map_or_else(|| described(name, common), Ok)
}

/// Prints what to do at the sender of a source with this URL; the secret is shown if it is given.
pub fn print(provider: &Provider, url: &str, secret: Option<&str>) {
    let recipe = &provider.recipe;
    let docs = if recipe.docs.is_empty() { String::new() } else { format!(" ({})", recipe.docs) };
    output::line(format_args!("\nAt {}{docs}:\n", recipe.title));
    for (at, step) in steps(provider, url, secret).iter().enumerate() {
        output::line(format_args!("{}. {step}", at + 1));
    }
}

/// The same for programs.
pub fn told(provider: &Provider, url: &str, secret: Option<&str>) -> Value {
    json!({ "title": provider.recipe.title, "docs": provider.recipe.docs, "steps": steps(provider, url, secret) })
}

fn steps(provider: &Provider, url: &str, secret: Option<&str>) -> Vec<String> {
    provider.steps(url, secret.unwrap_or(HIDDEN))
}

//! `serve`: the server, until a signal.

use serde_json::json;

use crate::cli::Common;
use crate::config::{Config, Extent, Laid};
use crate::exit::{Done, Exit};
use crate::gateway::Gateway;
use crate::log::{self, LogForm};
use crate::output::{self, Form};
use crate::signal::Signals;

/// What outdoes the configuration.
#[derive(clap::Args)]
pub struct Serve {
    /// Where sources and callbacks arrive: `127.0.0.1:8640`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where the page and the own API are: `127.0.0.1:8641`.
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<String>,
    /// Where senders and services reach `listen`.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The settings file of an application with ASP.NET Core WebHooks, whose senders come here.
    #[arg(long, value_name = "FILE")]
    webhooks_config: Option<String>,
    /// How log lines are written; `RUST_LOG` says which.
    #[arg(long, value_enum, default_value_t = LogForm::Text)]
    log: LogForm,
}

impl Serve {
    /// Serves.
    pub async fn run(self, common: &Common) -> Done {
        log::begin(self.log, "info");
        let signals = Signals::listen()?;
        let config = Config::load(&common.asked(self.laid()), Extent::Whole)?;
        if config.file.is_none() {
            tracing::info!("no configuration file: everything is at its default");
        }
        let gateway = Gateway::start(&config).await?;
        say(&gateway, common.form());
        signals.then(gateway.stop()).await;
        tracing::info!("stopped");
        Ok(Exit::Yes)
    }

    fn laid(&self) -> Vec<Laid> {
        let flags = [
            ("listen", &self.listen),
            ("admin-listen", &self.admin_listen),
            ("public-url", &self.public_url),
            ("webhooks-config", &self.webhooks_config),
        ];
        let given = flags.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        given.map(|(name, value)| Laid::flag(name, &["server", &name.replace('-', "_")], value)).collect()
    }
}

/// Says where the gateway is, and where the administrator's token is if it is new.
pub fn say(gateway: &Gateway, form: Form) {
    let addresses = gateway.addresses();
    let token = gateway.first_token().map(|path| path.display().to_string());
    match form {
        Form::Json => output::line(json!({
            "listen": addresses.public.to_string(),
            "admin_listen": addresses.admin.to_string(),
            "api_listen": addresses.api.map(|address| address.to_string()),
            "admin_token": token,
        })),
        Form::Human => {
            output::line(format_args!("webhooks arrive at    http://{}", addresses.public));
            output::line(format_args!("administration is at  http://{}", addresses.admin));
            if let Some(api) = addresses.api {
                output::line(format_args!("the own API is at     http://{api}"));
            }
            if let Some(path) = token {
                output::line(format_args!("the administrator's token was written to {path}"));
                output::line(format_args!("sign in to the pages with a link: countersign account link administrator"));
            }
        }
    }
}

//! `up`: the server with what a first look needs.

use std::net::{Ipv4Addr, SocketAddr};

use crate::cli::Common;
use crate::client::Client;
use crate::command::serve::say;
use crate::config::{Asked, Config, Extent, Laid};
use crate::data_dir::token_file;
use crate::demo::{Folder, Scanner, Story};
use crate::exit::{Done, Exit, Failure};
use crate::gateway::Gateway;
use crate::log::{self, LogForm};
use crate::output::{self, Form};
use crate::signal::Signals;

/// How to begin.
#[derive(clap::Args)]
pub struct Up {
    /// Show what it does, in ./countersign-demo, on this machine only.
    #[arg(long)]
    demo: bool,
    /// End after the demonstration: 0 if everything was as expected.
    #[arg(long, requires = "demo")]
    once: bool,
}

/// Any free port of this machine.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl Up {
    /// Serves, after the demonstration if it was asked for.
    pub async fn run(self, common: &Common) -> Done {
        log::begin(LogForm::Text, "warn");
        let signals = Signals::listen()?;
        if self.demo {
            return self.demonstrate(common.form(), signals).await;
        }
        let config = Config::load(&common.asked(Vec::new()), Extent::Whole)?;
        let gateway = Gateway::start(&config).await?;
        say(&gateway, common.form());
        if common.form() == Form::Human {
            output::line(format_args!("sign in once with     {}", gateway.ticket_url()));
        }
        signals.then(gateway.stop()).await;
        Ok(Exit::Yes)
    }

    async fn demonstrate(self, form: Form, signals: Signals) -> Done {
        let folder = Folder::prepare()?;
        let scanner = Scanner::start(folder.scanner_key.clone()).await?;
        folder.write(ANY, ANY, scanner.address())?;
        let config = Config::load(&demo_asked(&folder), Extent::Whole)?;
        let gateway = Gateway::start(&config).await?;
        let addresses = gateway.addresses();
        // So that the command line finds the ports that were free.
        folder.write(addresses.public, addresses.admin, scanner.address())?;

        let token = std::fs::read_to_string(token_file(&config.form.data_dir)).map_err(Failure::internal)?;
        let client = Client::new(addresses.admin, token.trim().to_owned());
        let story = Story::new(addresses, &client, &folder.github_secret, form);
        let told = story.tell(&gateway.ticket_url()).await;
        if self.once || told.is_err() {
            signals.or_second(gateway.stop()).await;
            return told.map(|()| Exit::Yes);
        }
        if form == Form::Human {
            output::line("");
            output::line(format_args!(
                "look around with  countersign --config {} event list",
                folder.config().display()
            ));
            output::line("end it with       Ctrl-C");
        }
        signals.then(gateway.stop()).await;
        Ok(Exit::Yes)
    }
}

/// The demonstration's own file; whatever the environment says, it stays on this machine.
fn demo_asked(folder: &Folder) -> Asked {
    let on_this_machine = |name: &'static str| Laid::flag(name, &["server", name], ANY.to_string());
    Asked { file: Some(folder.config()), flags: vec![on_this_machine("listen"), on_this_machine("admin_listen")] }
}

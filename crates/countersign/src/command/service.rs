//! `service`: who we send to, and how one is written.

mod check;
mod new;
mod run;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be done about services.
#[derive(clap::Subcommand)]
pub enum Service {
    /// List services.
    List(Page),
    /// Show one.
    Show(Named),
    /// Add one; its credentials are shown once.
    Add(Add),
    /// Ask one whether it is there and takes our key.
    Test(Named),
    /// Call a removed one again; its new credentials are shown once.
    Restore(Named),
    /// Call it no more until it is resumed; its deadlines stand still.
    Pause(Named),
    /// Call it again.
    Resume(Named),
    /// Issue credentials for it, and show them once.
    Credentials(Named),
    /// Remove one; its name stays taken.
    Remove(Named),
    /// Begin a scanner: write a folder that works.
    New(new::New),
    /// Hold a scanner against the contract, wherever it runs: exit 0 if nothing failed, 1 if something did.
    Check(check::Check),
    /// Serve a scanner that is a program: it reads a call, and prints its answer.
    Run(run::Run),
}

/// Which service.
#[derive(clap::Args)]
pub struct Named {
    /// Its id, `svc_...`, or its name.
    service: String,
}

/// A new service.
#[derive(clap::Args)]
pub struct Add {
    /// Its name.
    name: String,
    /// Where events are posted.
    #[arg(long, required_unless_present = "worker")]
    url: Option<String>,
    /// Add an event worker by its own configuration, a JSON file: {"type":"web","version":1,"url":..,"headers":{..}}.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "payload", "signing"])]
    worker: Option<PathBuf>,
    /// Its wire dialect: `scanner`, `worker`, `standard`.
    #[arg(long, default_value = "standard")]
    profile: String,
    /// The `scanner` profile's payload form: `basic`, or `full`, which lets results come later.
    #[arg(long)]
    payload: Option<String>,
    /// What we sign with: `v1`, a shared secret, or `v1a`, of which the service has only the public half.
    #[arg(long)]
    signing: Option<String>,
    /// A type of event that it wants to hear; may be given again.
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
    /// What a missing answer means: `hold`, `closed`, `open`.
    #[arg(long)]
    on_failure: Option<String>,
    /// A network that the address check lets through for it: `127.0.0.0/8:20000`; may be given again.
    #[arg(long = "allow-network", value_name = "NETWORK")]
    allow_networks: Vec<String>,
    #[command(flatten)]
    secret: SecretFrom,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("NAME", "name"),
    Column("PROFILE", "profile"),
    Column("URL", "url"),
    Column("ACTIVE", "active"),
    Column("OWNER", "owner"),
];

impl Service {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Service::List(page) => page.print(common, "services", COLUMNS).await,
            Service::Show(named) => page::show(common, "services", &named.service).await,
            Service::Add(add) => add.run(common).await,
            Service::Test(named) => {
                let reply = named.post(common, "test").await?;
                Ok(if reply["live"] == true { Exit::Yes } else { Exit::Negative })
            }
            Service::Restore(named) => named.post(common, "restore").await.map(|_| Exit::Yes),
            Service::Pause(named) => named.post(common, "pause").await.map(|_| Exit::Yes),
            Service::Resume(named) => named.post(common, "resume").await.map(|_| Exit::Yes),
            Service::Credentials(named) => named.post(common, "credentials").await.map(|_| Exit::Yes),
            Service::Remove(named) => {
                common.client()?.delete(&named.path()).await?;
                if common.form() == Form::Human {
                    output::line(format_args!("removed {}", named.service));
                }
                Ok(Exit::Yes)
            }
            Service::New(new) => new.run(common),
            Service::Check(check) => check.run(common).await,
            Service::Run(run) => run.run(common).await,
        }
    }
}

/// A worker's own configuration.
fn configuration(path: &Path) -> Result<Value, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|why| Failure::usage(format!("the configuration {} cannot be read: {why}", path.display())))?;
    serde_json::from_str(&text).map_err(|why| Failure::usage(format!("{} is not JSON: {why}", path.display())))
}

impl Named {
    fn path(&self) -> String {
        format!("/api/v1/services/{}", segment(&self.service))
    }

    async fn post(&self, common: &Common, verb: &str) -> Result<Value, Failure> {
        let reply = common.client()?.post(&format!("{}/{verb}", self.path()), &json!({})).await?;
        page::print(common, &reply.body);
        Ok(reply.body)
    }
}

impl Add {
    async fn run(self, common: &Common) -> Done {
        let mut body = json!({
            "name": self.name,
            "profile": self.profile,
            "events": self.events,
            "allow_networks": self.allow_networks,
        });
        if let Some(url) = self.url {
            body["url"] = url.into();
        }
        if let Some(path) = &self.worker {
            body["config"] = configuration(path)?;
            body["profile"] = "worker".into();
        }
        if let Some(on_failure) = self.on_failure {
            body["on_failure"] = on_failure.into();
        }
        if let Some(payload) = self.payload {
            body["payload"] = payload.into();
        }
        if let Some(signing) = self.signing {
            body["signing"] = signing.into();
        }
        if let Some(secret) = self.secret.read()? {
            body["secret"] = secret.as_str().into();
        }
        let reply = common.client()?.post("/api/v1/services", &body).await?;
        page::print(common, &reply.body);
        Ok(Exit::Yes)
    }
}

//! The command line: noun, then verb. What each command takes stands in its own file.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::client::Client;
use crate::command::{
    account, audit, backup, batch, completion, config, conformance, event, explain, forge, gate, hold, import, license,
    openapi, preview_file, quarantine, restore, restriction, rule, run, serve, service, sign, source, subject, up,
    variable, verdict, verify,
};
use crate::config::{Asked, Config, Extent, Laid};
use crate::exit::{Done, Failure};
use crate::output::Form;

/// The checkpoint between "something happened" and "something acts on it".
///
/// Exit codes: 0 yes, success, clear; 1 refused, held, blocked; 2 usage; 3 configuration; 4 not found; 5 not allowed;
/// 6 conflict; 7 server unreachable; 8 timed out, pending; 9 internal.
#[derive(Parser)]
#[command(name = "countersign", version, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(clap::Args)]
pub struct Common {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory, instead of the configured one.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// The token for the own API; by default the administrator's in the data directory.
    #[arg(long, global = true, value_name = "TOKEN", env = "COUNTERSIGN_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Everything that can be asked for.
#[derive(Subcommand)]
pub enum Command {
    /// Serve, with what a first look needs.
    Up(up::Up),
    /// Serve.
    Serve(serve::Serve),
    /// Events: believed facts.
    #[command(subcommand)]
    Event(event::Event),
    /// Runs: requests for judgement.
    #[command(subcommand)]
    Run(run::Run),
    /// Batches: many subjects, several services.
    #[command(subcommand)]
    Batch(batch::Batch),
    /// Services: who we send to.
    #[command(subcommand)]
    Service(service::Service),
    /// Accounts: who may call us.
    #[command(subcommand)]
    Account(account::Account),
    /// Variables: values that workers are told.
    #[command(subcommand)]
    Variable(variable::Variable),
    /// Sources: who sends to us.
    #[command(subcommand)]
    Source(source::Source),
    /// Rules: when this is found, do that.
    #[command(subcommand)]
    Rule(rule::Rule),
    /// Subjects: what is judged.
    #[command(subcommand)]
    Subject(subject::Subject),
    /// The gate: whether verdicts wait for answers.
    #[command(subcommand)]
    Gate(gate::Gate),
    /// Holds: what stops a release.
    #[command(subcommand)]
    Hold(hold::Hold),
    /// Restrictions: whose later submissions or releases are refused.
    #[command(subcommand)]
    Restriction(restriction::Restriction),
    /// Make a backup of the data directory, while the server goes on.
    Backup(backup::Backup),
    /// Look at a backup, and bring it back into an empty data directory.
    Restore(restore::Restore),
    /// The audit: who changed what.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Print the verdict on a subject: exit 0 clear, 1 held or blocked, 8 pending.
    Verdict(verdict::Verdict),
    /// Verify a webhook offline, its body on standard input.
    Verify(verify::Verify),
    /// Say what is wrong with a webhook that was refused: exit 0 if it verifies, 1 if it does not.
    Explain(explain::Explain),
    /// Sign a body on standard input, and print the headers.
    Sign(sign::Sign),
    /// Licenses: which plugin or container may run, until when. Exit codes from 10 on say why not.
    #[command(subcommand)]
    License(license::License),
    /// Run files of published vectors.
    Conformance(conformance::Conformance),
    /// Refused requests that were kept.
    #[command(subcommand)]
    Quarantine(quarantine::Quarantine),
    /// Forges: the secrets that `whck` knows.
    #[command(subcommand)]
    Forge(forge::Forge),
    /// Take over what was set up elsewhere.
    #[command(subcommand)]
    Import(import::Import),
    /// The configuration.
    #[command(subcommand)]
    Config(config::Config),
    /// Print the own API's OpenAPI document.
    Openapi,
    /// Print a completion script.
    Completion(completion::Completion),
    /// Make what can be looked at of the file on standard input; the gateway's own, in a process for each.
    #[command(name = preview_file::NAME, hide = true)]
    PreviewFile(preview_file::PreviewFile),
}

impl Common {
    /// How results are printed.
    pub fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Human }
    }

    /// What the command line says about the configuration, with more values than the common ones.
    pub fn asked(&self, more: Vec<Laid>) -> Asked {
        let data_dir = self.data_dir.iter().map(|path| Laid::flag("data-dir", &["data_dir"], path));
        Asked { file: self.config.clone(), flags: data_dir.chain(more).collect() }
    }

    /// The client for the own API of the configured server.
    ///
    /// # Errors
    /// When the configuration is wrong or there is no token.
    pub fn client(&self) -> Result<Client, Failure> {
        let config = Config::load(&self.asked(Vec::new()), Extent::Settings)?;
        Client::configured(&config, self.token.as_deref())
    }
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// When it could not be done.
    pub async fn run(self) -> Done {
        let common = &self.common;
        match self.command {
            Command::Up(up) => up.run(common).await,
            Command::Serve(serve) => serve.run(common).await,
            Command::Event(event) => event.run(common).await,
            Command::Run(run) => run.run(common).await,
            Command::Batch(batch) => batch.run(common).await,
            Command::Service(service) => service.run(common).await,
            Command::Account(account) => account.run(common).await,
            Command::Variable(variable) => variable.run(common).await,
            Command::Source(source) => source.run(common).await,
            Command::Rule(rule) => rule.run(common).await,
            Command::Subject(subject) => subject.run(common).await,
            Command::Gate(gate) => gate.run(common).await,
            Command::Hold(hold) => hold.run(common).await,
            Command::Restriction(restriction) => restriction.run(common).await,
            Command::Backup(backup) => backup.run(common).await,
            Command::Restore(restore) => restore.run(common).await,
            Command::Audit(audit) => audit.run(common).await,
            Command::Verdict(verdict) => verdict.run(common).await,
            Command::Verify(verify) => verify.run(common),
            Command::Sign(sign) => sign.run(common),
            Command::License(license) => license.run(common).await,
            Command::Conformance(conformance) => conformance.run(),
            Command::Quarantine(quarantine) => quarantine.run(common).await,
            Command::Explain(explain) => explain.run(common).await,
            Command::Forge(forge) => forge.run(common),
            Command::Import(import) => import.run(common).await,
            Command::Config(config) => config.run(common),
            Command::Openapi => openapi::run(common).await,
            Command::Completion(completion) => completion.run(),
            Command::PreviewFile(file) => file.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}

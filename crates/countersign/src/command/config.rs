//! `config`: what is configured, and by whom.

use serde_json::json;

use crate::cli::Common;
use crate::config::{self, Extent, SAMPLE};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be asked about the configuration.
#[derive(clap::Subcommand)]
pub enum Config {
    /// Read all of it, secrets included, and say whether it is right.
    Check,
    /// Print a file to begin with.
    Default,
    /// Print every value in force and where it comes from; secrets are not shown.
    Show,
}

const COLUMNS: &[Column] = &[Column("KEY", "key"), Column("VALUE", "value"), Column("FROM", "from")];

impl Config {
    /// Does it.
    pub fn run(&self, common: &Common) -> Done {
        let asked = common.asked(Vec::new());
        match self {
            Config::Check => check(common, &config::Config::load(&asked, Extent::Whole)?),
            Config::Default => {
                output::line(SAMPLE.trim_end());
                Ok(Exit::Yes)
            }
            Config::Show => {
                let settings = serde_json::to_value(config::settings(&asked)?).map_err(Failure::internal)?;
                match common.form() {
                    Form::Json => output::json(&settings),
                    Form::Human => output::table(COLUMNS, settings.as_array().map(Vec::as_slice).unwrap_or_default()),
                }
                Ok(Exit::Yes)
            }
        }
    }
}

fn check(common: &Common, config: &config::Config) -> Done {
    crate::resources::check(config)?;
    let file = config.file.as_ref().map(|path| path.display().to_string());
    let (sources, services, rules) = (config.form.source.len(), config.form.service.len(), config.form.rule.len());
    match common.form() {
        Form::Json => output::json(&json!({
            "file": file,
            "sources": sources,
            "services": services,
            "rules": rules,
            "warnings": config.warnings(),
        })),
        Form::Human => {
            let file = file.as_deref().unwrap_or("no file: everything is at its default");
            output::line(format_args!("{file}: {sources} sources, {services} services, {rules} rules: all right"));
            config.warnings().iter().for_each(|warning| output::remark(format_args!("but {warning}")));
        }
    }
    Ok(Exit::Yes)
}

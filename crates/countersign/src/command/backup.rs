//! `backup`: a copy of everything that is stored, while the gateway goes on.

use std::path::PathBuf;

use serde_json::json;

use crate::backup;
use crate::cli::Common;
use crate::clock::SystemClock;
use crate::config::{Config, Extent};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// Where to.
#[derive(clap::Args)]
pub struct Backup {
    /// The folder to make; there must be none of this name.
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
}

impl Backup {
    /// Makes it.
    pub async fn run(self, common: &Common) -> Done {
        let config = Config::load(&common.asked(Vec::new()), Extent::Settings)?;
        let (data, to) = (config.form.data_dir.clone(), self.to.clone());
        let made = tokio::task::spawn_blocking(move || backup::make(&data, &to, &SystemClock)).await;
        let manifest = made.map_err(Failure::internal)??;
        let (files, bytes) = (manifest.files.len(), manifest.bytes());
        match common.form() {
            Form::Json => output::json(&json!({
                "backup": self.to,
                "begun": manifest.begun,
                "ended": manifest.ended,
                "files": files,
                "bytes": bytes,
                "audit": manifest.audit,
            })),
            Form::Human => {
                output::line(format_args!("backed up {files} files, {bytes} bytes, to {}", self.to.display()));
                if let Some(root) = &manifest.audit.root {
                    output::line(format_args!("the audit's root is {root}"));
                }
                let key = config.key_file();
                output::remark(format_args!("the key is not in it: keep a copy of {} elsewhere", key.display()));
            }
        }
        Ok(Exit::Yes)
    }
}

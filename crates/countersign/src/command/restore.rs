//! `restore`: a backup is looked at, and brought back into an empty data directory.

use std::path::PathBuf;

use serde_json::json;

use crate::backup::{self, Found};
use crate::cli::Common;
use crate::config::{Config, Extent};
use crate::data_dir::seal_key;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// Which backup.
#[derive(clap::Args)]
pub struct Restore {
    /// The backup's folder.
    #[arg(value_name = "FOLDER")]
    backup: PathBuf,
    /// Look at all of it and write nothing: exit 1 if it is not what was written.
    #[arg(long)]
    verify: bool,
    /// The installation's key of when the backup was made: whether it opens every sealed value is looked at too.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Restore {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        let config = Config::load(&common.asked(Vec::new()), Extent::Settings)?;
        let key = self.key_file.as_deref().map(|path| seal_key(path, false)).transpose()?;
        let folder = self.backup.clone();
        let checked = tokio::task::spawn_blocking(move || backup::check(&folder, key.as_ref())).await;
        let found = checked.map_err(Failure::internal)??;
        let is_sound = found.faults.is_empty();
        let data = config.form.data_dir.clone();
        if is_sound && !self.verify {
            let (folder, manifest, data) = (self.backup.clone(), found.manifest.clone(), data.clone());
            let restored = tokio::task::spawn_blocking(move || backup::restore(&folder, &manifest, &data)).await;
            restored.map_err(Failure::internal)??;
        }
        match common.form() {
            Form::Json => output::json(&self.shown(&found)),
            Form::Human => self.print(&found, &config),
        }
        Ok(if is_sound { Exit::Yes } else { Exit::Negative })
    }

    fn shown(&self, found: &Found) -> serde_json::Value {
        json!({
            "backup": self.backup,
            "sound": found.faults.is_empty(),
            "restored": found.faults.is_empty() && !self.verify,
            "countersign": found.manifest.countersign,
            "begun": found.manifest.begun,
            "files": found.manifest.files.len(),
            "bytes": found.manifest.bytes(),
            "audit": found.manifest.audit,
            "secrets_opened": found.opened,
            "faults": found.faults,
        })
    }

    fn print(&self, found: &Found, config: &Config) {
        let (backup, files) = (self.backup.display(), found.manifest.files.len());
        if !found.faults.is_empty() {
            output::line(format_args!("{backup} is not what was written; nothing was restored:"));
            for fault in &found.faults {
                output::sentence(&fault.as_str().into());
            }
            return;
        }
        let begun = &found.manifest.begun;
        output::line(format_args!("{backup} is whole: {files} files, {} bytes, begun {begun}", found.manifest.bytes()));
        if let Some(opened) = found.opened {
            output::line(format_args!("the key opens all of its {opened} sealed values"));
        }
        if !self.verify {
            let key = config.key_file();
            output::line(format_args!("restored into {}", config.form.data_dir.display()));
            if !key.exists() {
                output::remark(format_args!("before it is started, put the installation's key to {}", key.display()));
            }
        }
    }
}

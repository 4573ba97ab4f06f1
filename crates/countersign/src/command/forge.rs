//! `forge`: the secrets that `whck` checks claims against.
//!
//! Names are base16, in lower case, so that they mean the same on a file system that does not tell case apart.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::clock::random;
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// The longest base16 that is a file's name.
const BASE16_NAME_BYTES_MAX: usize = 200;

/// The longest secret, in octets.
const SECRET_BYTES_MAX: usize = 4096;

/// What the name of a second secret ends in.
const NEXT: &str = ".next";

const COLUMNS: &[Column] = &[Column("REPOSITORY", "repository"), Column("NEXT", "next")];

/// What can be done about forges.
#[derive(clap::Subcommand)]
pub enum Forge {
    /// The secrets that `whck` knows, one for each repository.
    #[command(subcommand)]
    Secret(Secret),
}

/// What can be done about them.
#[derive(clap::Subcommand)]
pub enum Secret {
    /// Keep a secret; without one, make it and show it once.
    Set(Set),
    /// List the repositories.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Forget a repository's secrets.
    Remove(Named),
    /// Put the second secret of a repository in the first one's place.
    Rotate(Named),
}

/// A secret to keep.
#[derive(clap::Args)]
pub struct Set {
    #[command(flatten)]
    named: Named,
    /// Keep it beside the present one: either counts, until `rotate`.
    #[arg(long)]
    next: bool,
    #[command(flatten)]
    secret: SecretFrom,
}

/// A repository.
#[derive(clap::Args)]
pub struct Named {
    /// Its URL, exactly as the forge tells it: `repository.html_url`, or `project.git_http_url` of GitLab.
    url: String,
    #[command(flatten)]
    place: Place,
}

/// Where the secrets are.
#[derive(clap::Args)]
pub struct Place {
    /// The secrets directory, instead of where `whck` looks: $WHCK_DIR, $XDG_CONFIG_HOME/whck, $HOME/.config/whck.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Forge {
    /// Does it.
    pub fn run(&self, common: &Common) -> Done {
        let Forge::Secret(secret) = self;
        match secret {
            Secret::Set(set) => set.run(common),
            Secret::List { place } => list(&place.find()?, common),
            Secret::Remove(named) => named.remove(common),
            Secret::Rotate(named) => named.rotate(common),
        }
    }
}

impl Set {
    fn run(&self, common: &Common) -> Done {
        let directory = self.named.place.find()?;
        let given = self.secret.read()?;
        let made = given.is_none();
        let secret = given.unwrap_or_else(|| Zeroizing::new(verify::hex::encode(&random::<32>())));
        if secret.len() > SECRET_BYTES_MAX || secret.contains('\0') {
            return Err(Failure::usage(format!("expected a secret of at most {SECRET_BYTES_MAX} octets without NUL")));
        }
        let name = self.named.file(self.next)?;
        keep(&directory, &name, &secret).map_err(|why| unusable(&directory, &why))?;
        let shown = if made { Value::from(secret.as_str()) } else { Value::Null };
        tell(
            common,
            &json!({ "repository": self.named.url, "next": self.next, "secret": shown }),
            "kept the secret of",
        );
        Ok(Exit::Yes)
    }
}

impl Named {
    fn file(&self, next: bool) -> Result<String, Failure> {
        if !self.url.contains("://") {
            return Err(Failure::usage(format!("expected the URL of a repository, found {:?}", self.url)));
        }
        let name = name_of(&self.url);
        Ok(if next { name + NEXT } else { name })
    }

    fn remove(&self, common: &Common) -> Done {
        let directory = self.place.find()?;
        let mut found = false;
        for name in [self.file(false)?, self.file(true)?] {
            match fs::remove_file(directory.join(name)) {
                Ok(()) => found = true,
                Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                Err(why) => return Err(unusable(&directory, &why)),
            }
        }
        if !found {
            return Err(self.unknown(&directory, "no secret"));
        }
        tell(common, &json!({ "repository": self.url }), "forgot the secrets of");
        Ok(Exit::Yes)
    }

    fn rotate(&self, common: &Common) -> Done {
        let directory = self.place.find()?;
        match fs::rename(directory.join(self.file(true)?), directory.join(self.file(false)?)) {
            Ok(()) => {}
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                let failure = self.unknown(&directory, "no second secret");
                return Err(failure.mend("keep one first: `countersign forge secret set --next URL`"));
            }
            Err(why) => return Err(unusable(&directory, &why)),
        }
        tell(common, &json!({ "repository": self.url }), "the second secret is now the only one of");
        Ok(Exit::Yes)
    }

    fn unknown(&self, directory: &Path, what: &str) -> Failure {
        Failure::new(Exit::NotFound, format!("there is {what} of {} in {}", self.url, directory.display()))
    }
}

impl Place {
    fn find(&self) -> Result<PathBuf, Failure> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let below = |base: Option<OsString>, rest: &str| base.map(|base| PathBuf::from(base).join(rest));
        let directory = self.directory.clone().or_else(|| set("WHCK_DIR").map(PathBuf::from));
        let directory = directory.or_else(|| below(set("XDG_CONFIG_HOME"), "whck"));
        let directory = directory.or_else(|| below(set("HOME"), ".config/whck"));
        directory.ok_or_else(|| Failure::usage("expected --directory, for neither WHCK_DIR nor HOME is set"))
    }
}

fn list(directory: &Path, common: &Common) -> Done {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries.filter_map(Result::ok).collect(),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(why) => return Err(unusable(directory, &why)),
    };
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    let has_next = |name: &str| names.iter().any(|other| other.strip_suffix(NEXT) == Some(name));
    let firsts = names.iter().map(|name| name.strip_suffix(NEXT).unwrap_or(name));
    let mut rows: Vec<Value> =
        firsts.map(|name| json!({ "repository": shown(name), "next": has_next(name) })).collect();
    rows.sort_by_key(|row| row["repository"].to_string());
    rows.dedup();
    match common.form() {
        Form::Json => output::json(&json!({ "data": rows })),
        Form::Human => output::table(COLUMNS, &rows),
    }
    Ok(Exit::Yes)
}

/// Writes the file whole or not at all. The directory is made where it is missing, for its owner alone.
fn keep(directory: &Path, name: &str, secret: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    if directory.metadata()?.permissions().mode() & 0o022 != 0 {
        return Err(io::Error::other("others may write there: run `chmod go-w` on it"));
    }
    let unfinished = directory.join(format!(".{}.{}", std::process::id(), verify::hex::encode(&random::<8>())));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(secret.as_bytes()).and_then(|()| file.sync_all());
    let kept = written.and_then(|()| fs::rename(&unfinished, directory.join(name)));
    if kept.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    kept
}

/// The name of the file for a repository.
fn name_of(url: &str) -> String {
    let base16 = verify::hex::encode(url.as_bytes());
    if base16.len() > BASE16_NAME_BYTES_MAX {
        return format!("sha256-{}", verify::hex::encode(&Sha256::digest(url)));
    }
    base16
}

/// The URL that a file's name stands for, or the name.
fn shown(name: &str) -> String {
    let url = verify::hex::decode(name.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    url.filter(|url| url.contains("://")).unwrap_or_else(|| name.to_owned())
}

fn unusable(directory: &Path, why: &io::Error) -> Failure {
    Failure::new(Exit::Config, format!("the secrets directory {} cannot be used: {why}", directory.display()))
}

fn tell(common: &Common, done: &Value, verb: &str) {
    if common.form() == Form::Json {
        return output::json(done);
    }
    output::line(format_args!("{verb} {}", done["repository"].as_str().unwrap_or_default()));
    if let Some(secret) = done["secret"].as_str() {
        output::line(format_args!("secret: {secret}"));
        output::remark("give it to the forge: it is shown this once");
    }
}

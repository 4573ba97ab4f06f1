//! The secrets directory of `whck`: a source for each repository.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::carried::{Carried, Found};
use crate::cli::Common;
use crate::exit::{Done, Failure};

/// The longest secret that `whck` knows, in octets, and a newline after it.
const FILE_BYTES_MAX: usize = 4096 + 2;

/// What the name of a second secret ends in.
const NEXT: &str = ".next";

/// Secrets in a directory.
#[derive(clap::Args)]
pub struct Whck {
    /// The secrets directory: `~/.config/whck`.
    directory: PathBuf,
    /// Say what would be made, and make nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Whck {
    pub async fn run(self, common: &Common) -> Done {
        let mut names = names(&self.directory)?;
        names.sort();
        let mut carried = Carried::default();
        for name in names.iter().filter(|name| !name.ends_with(NEXT)) {
            carried.take(source(&self.directory, name));
        }
        carried.make(common, self.dry_run).await
    }
}

fn names(directory: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |why: std::io::Error| Failure::usage(format!("{} cannot be read: {why}", directory.display()));
    let entries = fs::read_dir(directory).map_err(unreadable)?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    names.collect::<Result<_, _>>().map_err(unreadable)
}

fn source(directory: &Path, name: &str) -> Found {
    let made = url(name).ok_or_else(|| "its name is no repository's URL in base16 or base64url".to_owned());
    let made = made.and_then(|url| {
        let (provider, id) = place(&url)?;
        let mut secrets = vec![secret(&directory.join(name))?];
        let next = directory.join(format!("{name}{NEXT}"));
        if next.symlink_metadata().is_ok() {
            secrets.push(secret(&next)?);
        }
        Ok(json!({ "provider": provider, "id": id, "secrets": secrets }))
    });
    Found { name: url(name).unwrap_or_else(|| name.to_owned()), source: made, rule: None, left: Vec::new() }
}

/// The URL that a file's name stands for.
fn url(name: &str) -> Option<String> {
    let bytes = verify::hex::decode(name.as_bytes()).or_else(|| base64url(name.trim_end_matches('=')))?;
    String::from_utf8(bytes).ok().filter(|url| url.contains("://"))
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()
}

/// Who sends for this repository, and the id of its source. GitLab alone names repositories by the address for git.
fn place(url: &str) -> Result<(&'static str, String), String> {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let id = path.trim_end_matches('/').trim_end_matches(".git").replace('/', "-");
    if host.is_empty() || id.is_empty() {
        return Err("its URL names no repository".to_owned());
    }
    let provider = match host {
        _ if path.ends_with(".git") => "gitlab-token",
        "github.com" => "github",
        _ => "gitea",
    };
    Ok((provider, id))
}

/// The secret in a file, as `whck` reads it.
fn secret(path: &Path) -> Result<Value, String> {
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    let bytes = is_file.then(|| fs::read(path).ok()).flatten().ok_or("its file is none that whck would read")?;
    let bytes = bytes.strip_suffix(b"\n").map_or(bytes.as_slice(), |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    match str::from_utf8(bytes) {
        Ok(secret) if !secret.is_empty() && secret.len() < FILE_BYTES_MAX && !secret.contains('\0') => {
            Ok(json!(secret))
        }
        _ => Err("its secret is empty, too long, or no text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_url_in_either_spelling() {
        for name in ["68747470733a2f2f682f61", "aHR0cHM6Ly9oL2E", "aHR0cHM6Ly9oL2E="] {
            assert_eq!(url(name).as_deref(), Some("https://h/a"), "{name}");
        }
        assert_eq!(url("my.repo"), None);
        assert_eq!(url("sha256-00"), None);
    }

    #[test]
    fn the_address_tells_who_sends() {
        assert_eq!(place("https://github.com/alice/site"), Ok(("github", "alice-site".to_owned())));
        assert_eq!(place("http://h:3000/alice/site"), Ok(("gitea", "alice-site".to_owned())));
        assert_eq!(place("http://h/group/sub/site.git"), Ok(("gitlab-token", "group-sub-site".to_owned())));
        assert!(place("http://h/").is_err());
    }
}

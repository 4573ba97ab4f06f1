//! What a person configures: flags, environment, file and defaults become choices, once.
//!
//! Reading order: [`discover`] finds the file, [`overlay`] takes what flags and environment say, [`document`] lays it
//! over the file, [`reference`] fetches secrets that stand elsewhere, [`form`] is what all of it is read into.
//! [`webhooks`] reads what an application with ASP.NET Core WebHooks had. [`complaint`] says what is wrong, [`show`] what is in force and why.

mod complaint;
mod discover;
mod document;
mod form;
mod nearest;
mod overlay;
mod reference;
mod show;
mod webhooks;

use std::path::{Path, PathBuf};

pub use complaint::Complaint;
use document::Document;
use form::Form;
pub use form::{LicenseForm, ProgramForm, RevocationsForm, ServerForm};
pub use overlay::Laid;
use server::AspnetSwitches;
use server::resources::SourceSpec;
pub use show::{Setting, settings};
use verify::provider::Providers;
use webhooks::Webhooks;

/// A file to begin with: every key, at its default.
pub const SAMPLE: &str = include_str!("sample.toml");

/// What the command line says about the configuration.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The file that was named.
    pub file: Option<PathBuf>,
    /// Values that outdo it.
    pub flags: Vec<Laid>,
}

/// How much of the configuration is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it, secrets included: what a server needs.
    Whole,
    /// All but what is applied to the store: what a client needs.
    Settings,
}

/// The configuration that is in force.
pub struct Config {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// What it says; paths are as they are used.
    pub form: Form,
    /// What holds for all sources of the mode `aspnet`.
    pub aspnet: AspnetSwitches,
    /// The senders that sources may name: the built-in ones, and those that it describes.
    pub providers: Providers,
    /// Every value in force, as it may be shown.
    pub shown: Vec<show::Setting>,
}

/// The sources of a configuration before they are read together.
struct Gathered {
    file: Option<PathBuf>,
    text: String,
    variables: Vec<(String, String)>,
    laid: Vec<Laid>,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// What is wrong, where, and how to mend it.
    pub fn load(asked: &Asked, extent: Extent) -> Result<Self, Complaint> {
        let gathered = gather(asked)?;
        let mut document = gathered.document()?;
        match extent {
            Extent::Whole => document.resolve(&gathered.folder())?,
            Extent::Settings => document.drop_resources(),
        }
        let mut form = document.read()?;
        if gathered.says_data_dir_in_file() {
            form.data_dir = gathered.folder().join(&form.data_dir);
        }
        form.secrets.key_file = form.secrets.key_file.map(|path| gathered.folder().join(path));
        for path in [&mut form.license.token_file, &mut form.license.key_file, &mut form.license.revocation_file] {
            *path = path.take().map(|path| gathered.folder().join(path));
        }
        let mut webhooks = Webhooks::default();
        if extent == Extent::Whole {
            let webhooks_file = form.server.webhooks_config.as_ref().map(|path| gathered.webhooks_file(path));
            webhooks = Webhooks::read(webhooks_file.as_deref(), &gathered.variables)?;
        }
        form.source.extend(webhooks.sources);
        check(&form)?;
        let providers = Providers::with(std::mem::take(&mut form.provider));
        let providers = providers
            .map_err(|why| Complaint::whole(format!("the provider {:?}: {}", why.name, why.what)).mend(why.mend))?;
        let shown = show::of(&gathered)?;
        Ok(Self { file: gathered.file, form, aspnet: webhooks.switches, providers, shown })
    }

    /// What is allowed, and yet hardly what is wanted.
    pub fn warnings(&self) -> Vec<String> {
        let is_behind_proxy = self.form.server.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
        if !is_behind_proxy || !self.form.server.trusted_proxies.is_empty() {
            return Vec::new();
        }
        let limited = self.form.source.iter().filter(|source| source.rate.is_some());
        let warning = |source: &SourceSpec| {
            format!(
                "the source {}/{} has a `rate` for each calling address, but behind a proxy all callers have the address \
                 of the proxy, so that a stranger could use the rate up: name it in `[server] trusted_proxies`",
                source.provider, source.id
            )
        };
        limited.map(warning).collect()
    }

    /// The installation's key file.
    pub fn key_file(&self) -> PathBuf {
        self.form.secrets.key_file.clone().unwrap_or_else(|| self.form.data_dir.join("key"))
    }
}

impl Gathered {
    fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("(no file)"))
    }

    /// Relative paths in the file begin where the file is.
    fn folder(&self) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default()
    }

    fn document(&self) -> Result<Document<'_>, Complaint> {
        Document::parse(self.path(), &self.text, &self.laid)
    }

    /// Where the file of [`Webhooks`] is: beside this one, unless something else than this one names it.
    fn webhooks_file(&self, path: &Path) -> PathBuf {
        let is_laid = self.laid.iter().any(|each| each.key == ["server", "webhooks_config"]);
        if is_laid { path.to_owned() } else { self.folder().join(path) }
    }

    fn says_data_dir_in_file(&self) -> bool {
        let by_flag = self.laid.iter().any(|each| each.key == ["data_dir"]);
        let in_file = toml::de::DeTable::parse(&self.text).is_ok_and(|table| table.get_ref().contains_key("data_dir"));
        in_file && !by_flag
    }
}

fn gather(asked: &Asked) -> Result<Gathered, Complaint> {
    let file = discover::discover(asked.file.as_deref())?;
    let text = match &file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|why| Complaint::whole(format!("the file {} cannot be read: {why}", path.display())))?,
        None => String::new(),
    };
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let variables: Vec<_> = variables.collect();
    let mut laid = overlay::from_variables(variables.iter().cloned())?;
    laid.extend(asked.flags.iter().cloned());
    Ok(Gathered { file, text, variables, laid })
}

/// What no single value shows to be wrong.
fn check(form: &Form) -> Result<(), Complaint> {
    let ServerForm { listen, admin_listen, api_listen, .. } = &form.server;
    let taken = |one: &std::net::SocketAddr, other: &std::net::SocketAddr| one == other && one.port() != 0;
    if taken(listen, admin_listen) || api_listen.as_ref().is_some_and(|api| taken(listen, api)) {
        let what = format!("`listen` and the administration's listener are both {listen}");
        return Err(Complaint::whole(what).mend("give each a port of its own"));
    }
    if let Some(source) = form.source.iter().find(|source| source.require_https)
        && form.server.trusted_proxies.is_empty()
    {
        let what =
            format!("the source {:?} takes requests over https alone, but nothing says which came so", source.id);
        return Err(Complaint::whole(what).mend("name the proxy that ends TLS in `[server] trusted_proxies`"));
    }
    if let Some((name, _)) = form.exec.iter().find(|(_, program)| program.command.is_empty()) {
        let what = format!("[exec.{name}]: expected a program and its arguments in `command`, found an empty list");
        return Err(Complaint::whole(what));
    }
    Ok(())
}

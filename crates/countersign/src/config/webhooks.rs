//! The configuration of an application with ASP.NET Core WebHooks: its settings file and its variables become sources.

use std::path::Path;

use domain::catalogue::SourceMode;
use server::AspnetSwitches;
use server::resources::{SecretSpec, SourceSpec};
use verify::aspnet::{self, CodeLength, Configuration, Configured, Receivers};

use super::complaint::Complaint;

/// What such a configuration says.
#[derive(Default)]
pub struct Webhooks {
    /// A source for each id of each receiver.
    pub sources: Vec<SourceSpec>,
    /// What holds for all of them.
    pub switches: AspnetSwitches,
}

impl Webhooks {
    /// Reads the settings file, if there is one, and lays the variables over it.
    ///
    /// # Errors
    /// When the file cannot be read, or says what could never be served.
    pub fn read(file: Option<&Path>, variables: &[(String, String)]) -> Result<Self, Complaint> {
        let mut configuration = Configuration::default();
        if let Some(file) = file {
            let told = |why: &dyn std::fmt::Display| Complaint::whole(format!("{}: {why}", file.display()));
            let text = std::fs::read_to_string(file).map_err(|why| told(&why))?;
            configuration.add_json(&text).map_err(|why| told(&why))?;
        }
        configuration.add_environment(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let switches = switches(&configuration);
        let sources = configuration.configured().into_iter().map(source).collect();
        let receivers = Receivers::new(configuration, CodeLength::default());
        match receivers.check().first() {
            None => Ok(Self { sources, switches }),
            Some(fault) => {
                let file = file.map_or("the variables WebHooks__..".into(), |file| file.display().to_string());
                Err(Complaint::whole(format!("{file}: {fault}")))
            }
        }
    }
}

fn switches(configuration: &Configuration) -> AspnetSwitches {
    AspnetSwitches {
        https_check_is_disabled: configuration.https_check_is_disabled(),
        test_events_pass: aspnet::ALL.iter().any(|receiver| configuration.test_events_pass(receiver)),
    }
}

fn source(configured: Configured) -> SourceSpec {
    let Configured { receiver, id, secrets } = configured;
    SourceSpec {
        id,
        provider: receiver,
        mode: SourceMode::Aspnet,
        secrets: secrets.into_iter().map(SecretSpec::Text).collect(),
        window: None,
        public_url: None,
        subject: None,
        handshake: None,
        rate: None,
        require_https: false,
        verifier: None,
        active: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Webhooks, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("appsettings.json");
        std::fs::write(&file, text).expect("a file");
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Webhooks::read(Some(&file), &variables).map_err(|complaint| complaint.what)
    }

    #[test]
    fn each_id_of_each_receiver_becomes_a_source() {
        let text = r#"{"Logging": {}, "WebHooks": {"DisableHttpsCheck": true,
            "GitHub": {"SecretKey": {"default": "0123456789abcdef"}}}}"#;
        let variables = [("WebHooks__pusher__SecretKey__one__app", "01234567"), ("WebHooksX", "")];

        let webhooks = read(text, &variables).unwrap_or_default();

        let named = webhooks.sources.iter().map(|source| format!("{}/{}", source.provider, source.id));
        assert_eq!(named.collect::<Vec<_>>(), ["GitHub/default", "pusher/one"]);
        assert!(webhooks.sources.iter().all(|source| source.mode == SourceMode::Aspnet && source.secrets.len() == 1));
        assert_eq!(webhooks.switches, AspnetSwitches { https_check_is_disabled: true, test_events_pass: false });
    }

    #[test]
    fn what_could_never_be_served_is_refused_and_no_secret_shown() {
        let why = |text: &str| read(text, &[]).err().unwrap_or_default();

        let short = why(r#"{"WebHooks:github:SecretKey:default": "hunter2"}"#);
        assert!(short.ends_with("The value must be at least 16 characters long.") && !short.contains("hunter2"));
        assert!(why("{").contains("appsettings.json: expected a JSON object"));
        assert!(why(r#"{"WebHooks:nosuch:SecretKey:default": "x"}"#).contains("belongs to no receiver"));
    }
}

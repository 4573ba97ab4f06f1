//! What judges a webhook without a server: a provider or a receiver of ASP.NET Core WebHooks, and one secret.

use domain::{Clock, Timestamp};
use verify::aspnet::{self, CodeLength, Configuration, Receiver, Receivers, Route};
use verify::explain::{Case, Diagnosis, explain, like_receiver};
use verify::provider::{self, Provider};
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, Refusal};
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::clock::SystemClock;
use crate::command::secret::SecretFrom;
use crate::config::{Config, Extent};
use crate::exit::Failure;

/// What a webhook is judged by.
#[derive(clap::Args)]
pub struct JudgedBy {
    /// Who is said to have sent it: `github`.
    #[arg(long)]
    pub provider: Option<String>,
    #[command(flatten)]
    secret: SecretFrom,
    /// `aspnet`: as the receivers of ASP.NET Core WebHooks judge; always so for those that exist only there.
    #[arg(long, default_value = "modern", value_parser = ["modern", "aspnet"])]
    mode: String,
    /// The time at which it arrived, instead of now: in seconds since 1970, or as 2026-12-01T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<i64>,
    /// The address that is registered with the sender, where the provider signs it and it is not the one that was called.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// A judge that is ready.
pub struct Judge {
    kind: Kind,
    secret: Zeroizing<String>,
    now_s: i64,
    public_url: Option<String>,
}

enum Kind {
    Modern(&'static Provider),
    Aspnet(&'static Receiver),
}

impl JudgedBy {
    /// The judge that was asked for.
    ///
    /// # Errors
    /// When there is no such provider, or no secret.
    pub fn judge(&self, common: &Common) -> Result<Judge, Failure> {
        let name = self.provider.as_deref().ok_or_else(|| Failure::usage("expected --provider NAME, found none"))?;
        let is_modern = self.mode == "modern";
        let kind = match (provider::find(name).filter(|_| is_modern), aspnet::find(name)) {
            (Some(provider), _) => Kind::Modern(provider),
            (None, Some(receiver)) => Kind::Aspnet(receiver),
            (None, None) if is_modern => Kind::Modern(described(name, common)?),
            (None, None) => return Err(unknown(name, aspnet::ALL.iter().map(|each| each.name))),
        };
        let now_s = self.at.unwrap_or_else(|| SystemClock.now().seconds());
        Ok(Judge { kind, secret: self.secret.required()?, now_s, public_url: self.public_url.clone() })
    }
}

/// The provider of this name that the configuration describes.
pub fn described(name: &str, common: &Common) -> Result<&'static Provider, Failure> {
    let providers = Config::load(&common.asked(Vec::new()), Extent::Settings)?.providers;
    providers.find(name).ok_or_else(|| unknown(name, providers.names()))
}

fn unknown(name: &str, known: impl Iterator<Item = &'static str>) -> Failure {
    let names: Vec<&str> = known.collect();
    Failure::usage(format!("no provider is named {name:?}")).mend(format!("known are {}", names.join(", ")))
}

impl Judge {
    /// The address that is called where none is told.
    pub fn usual_url(&self) -> String {
        match self.kind {
            Kind::Modern(_) => "https://localhost/".to_owned(),
            Kind::Aspnet(receiver) => format!("https://localhost/api/webhooks/incoming/{}", receiver.name),
        }
    }

    /// Judges a request.
    ///
    /// # Errors
    /// When the secret cannot be one, or the address is none of the receiver's.
    pub fn receive(&self, head: &Head<'_>, body: &[u8]) -> Result<Outcome, Failure> {
        match self.kind {
            Kind::Modern(provider) => {
                let endpoint = Endpoint::new(self.settings(provider)).map_err(|why| Failure::usage(why.to_string()))?;
                Ok(endpoint.receive(head, body, self.now_s))
            }
            Kind::Aspnet(receiver) => {
                let receivers = self.receivers(receiver, head)?;
                Ok(receivers.receive(head, body).into())
            }
        }
    }

    /// What is wrong with a request that was refused for this reason.
    pub fn explain(&self, head: &Head<'_>, body: &[u8], refusal: &Refusal) -> Diagnosis {
        let like = match self.kind {
            Kind::Modern(provider) => Some(*provider),
            Kind::Aspnet(receiver) => like_receiver(receiver),
        };
        let Some(provider) = like else {
            let mend = refusal.reason.mend().to_owned();
            return Diagnosis { mistake: None, certain: true, text: refusal.detail.clone(), mend };
        };
        let secrets = [("given".to_owned(), self.secret.to_string())];
        let case = Case {
            provider: &provider,
            secrets: &secrets,
            idle: &[],
            others: &[],
            window_s: None,
            public_url: self.public_url.as_deref(),
            head: *head,
            body,
            now_s: self.now_s,
        };
        explain(&case, refusal)
    }

    fn settings(&self, provider: &'static Provider) -> EndpointSettings {
        EndpointSettings {
            provider,
            secrets: vec![("given".to_owned(), self.secret.to_string())],
            window_s: None,
            public_url: self.public_url.clone(),
            handshake: HandshakeSettings::default(),
            subject: None,
        }
    }

    fn receivers(&self, receiver: &'static Receiver, head: &Head<'_>) -> Result<Receivers, Failure> {
        let route = Route::of(head.url).filter(|route| route.receiver.eq_ignore_ascii_case(receiver.name));
        let route = route.ok_or_else(|| {
            let path = format!("/api/webhooks/incoming/{}", receiver.name);
            Failure::usage(format!("expected a request to {path} or an id below it, found one to another path"))
                .mend("give --url with that path")
        })?;
        let mut configuration = Configuration::default();
        configuration.add_secrets(receiver, &route.id, [("given".to_owned(), self.secret.to_string())]);
        let receivers = Receivers::new(configuration, CodeLength::default());
        match receivers.check().first() {
            Some(fault) => Err(Failure::usage(fault.to_string())),
            None => Ok(receivers),
        }
    }
}

fn instant(text: &str) -> Result<i64, String> {
    let seconds = text.parse().ok().or_else(|| Timestamp::parse(text).map(Timestamp::seconds));
    seconds.ok_or_else(|| "expected seconds since 1970, or a time such as 2026-12-01T00:00:00Z".to_owned())
}

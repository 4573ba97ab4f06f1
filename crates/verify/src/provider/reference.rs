//! What a definition says, in words: the page of all senders, and what a person is told who adds a source.

use std::fmt::Write as _;

use super::{
    Algorithm, Answer, Condition, Consequence, Credential, DeliveryId, Demand, EventName, Handshake, KeyForm, MadeBy,
    Part, Place, Provider, Replay, Shape, Signature, Time, TimeAt, Unit, Wanted, Where,
};
use crate::aspnet::{self, Event, Receiver, Verification};

/// The command that prints the page.
pub const RENEW: &str = "cargo run -p countersign -- source recipe > docs/providers.md";

/// The id of a source where it is an example.
const ID: &str = "main";

impl Provider {
    /// The address to paste at the sender. `source_url` is that of the source; the secret is part of it where that is
    /// where the sender sends it.
    #[must_use]
    pub fn address(&self, source_url: &str, secret: &str) -> String {
        match self.credential {
            Credential::Token { place: Place::Query(name), .. } | Credential::Code { parameter: name } => {
                format!("{source_url}?{name}={secret}")
            }
            _ => source_url.to_owned(),
        }
    }

    /// The name of a variable for the secret.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{}_SECRET", self.name.to_uppercase().replace('-', "_"))
    }

    /// What to do at the sender of a source with this URL. The secret may be a word that stands for it.
    #[must_use]
    pub fn steps(&self, source_url: &str, secret: &str) -> Vec<String> {
        let address = self.address(source_url, secret);
        if self.recipe.steps.is_empty() {
            return vec![format!("Enter {address} where the sender is to deliver, and the same secret on both sides.")];
        }
        self.recipe.filled(&address, secret)
    }

    /// A new secret over random bytes, where it is ours to make.
    #[must_use]
    pub fn made_secret(&self, random: &[u8; 32]) -> Option<String> {
        (self.recipe.secret == MadeBy::Us).then(|| crate::secret::made(self.key, random))?
    }

    /// What to write into the configuration for a source of this id.
    #[must_use]
    pub fn configuration(&self, id: &str) -> String {
        let mut lines = format!("[[source]]\nid = \"{id}\"\nprovider = \"{}\"\n", self.name);
        if self.recipe.secret != MadeBy::FirstRequest {
            let _ = writeln!(lines, "secrets = [{{ env = \"{}\" }}]", self.variable());
        }
        if self.signs_its_url() {
            let _ = writeln!(lines, "public_url = \"{}\"", example_url(self.name, id));
        }
        for handshake in self.handshakes {
            let setting = match handshake.demand {
                Demand::VerifyToken(_) => "verify_token = \"the token that you choose\"",
                Demand::AllowedOrigin(_) => "allowed_origins = [\"the origin that the sender names\"]",
                Demand::Awaited => "awaits_secret = true",
                Demand::Nothing | Demand::PlainToken(_) => continue,
            };
            let _ = writeln!(lines, "handshake = {{ {setting} }}");
        }
        lines
    }

    /// The command that adds a source of this id.
    #[must_use]
    pub fn command(&self, id: &str) -> String {
        let secret = match self.recipe.secret {
            MadeBy::Sender => format!(" --secret-env {}", self.variable()),
            MadeBy::Us | MadeBy::FirstRequest => String::new(),
        };
        format!("countersign source add --provider {} --id {id}{secret}", self.name)
    }

    /// What is checked and answered: what it is about, and a sentence without its full stop.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("Proof", proof(&self.credential))];
        facts.extend(signed(&self.credential).map(|text| ("Signed", text)));
        if let Credential::Signature(Signature { time: Some(time), .. }) = self.credential {
            facts.push(("Time", told_time(time)));
        }
        facts.push(("Secret", format!("{}; {}", made_by(self.recipe.secret), key_form(self.key))));
        facts.push(("Event", event(self)));
        facts.extend(
            self.ambiguity
                .map(|text| ("Two readings", format!("two requests can have the same signed bytes, but {text}"))),
        );
        facts.push(("Repeats", repeats(self)));
        if self.methods != ["POST"] {
            facts.push(("Methods", self.methods.join(", ")));
        }
        facts.push(("Body", format!("at most {}", size(self.body_bytes_max))));
        facts.push(("Answers", answers(self)));
        facts.extend(self.handshakes.iter().map(|handshake| ("Handshake", told_handshake(handshake))));
        facts.extend(
            self.ping.map(|ping| ("Ping", format!("the event `{ping}` is answered 200, and nothing is recorded"))),
        );
        facts
    }

    /// Whether the URL that the sender knows is part of what it signs.
    fn signs_its_url(&self) -> bool {
        match &self.credential {
            Credential::Signature(signature) => {
                signature.message.iter().any(|part| matches!(part, Part::Url | Part::UrlPartlyDecoded))
            }
            Credential::Twilio => true,
            _ => false,
        }
    }
}

/// The page of all senders, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(HEAD);
    page.push_str("| Sender | Provider | Proof | Secret | Time limit | Repeats |\n|---|---|---|---|---|---|\n");
    for provider in super::ALL {
        let _ = writeln!(
            page,
            "| [{}](#{}) | `{}` | `{}` | {} | {} | `{}` |",
            provider.recipe.title,
            provider.name,
            provider.name,
            provider.credential.scheme(),
            made_by(provider.recipe.secret),
            window(provider),
            provider.replay.name(),
        );
    }
    super::ALL.iter().for_each(|provider| section(&mut page, provider));
    receivers(&mut page);
    page
}

const HEAD: &str = "\
<!-- Made of the definitions in crates/verify/src/provider by `countersign source recipe`. Do not edit. -->

# Senders

What to click at each sender, what to write here, and what is then checked. `https://gateway.example` stands for the
address under which senders reach the gateway, `SECRET` for the secret, `main` for an id that you choose.

`countersign source recipe PROVIDER` prints one of these with your own address; `countersign source add` does so once
the source is there, and makes the secret where it is ours to make. A *time limit* counts from our own clock, either
way; wherever a time is signed, `window = \"5m\"` at the source sets another. *Repeats* says what tells a delivery from
the same one sent again: `signed`, what is signed; `id+digest`, an id that is not signed together with the body; `none`,
nothing, so that each is an event of its own.

";

fn section(page: &mut String, provider: &Provider) {
    let Provider { name, recipe, .. } = provider;
    let _ = write!(page, "\n<a id=\"{name}\"></a>\n\n## {}\n\n", recipe.title);
    let _ = write!(page, "Provider `{name}`. The sender's own page: <{}>\n\n", recipe.docs);
    let url = provider.address(&example_url(name, ID), "SECRET");
    for (at, step) in recipe.filled(&format!("`{url}`"), "`SECRET`").iter().enumerate() {
        let _ = writeln!(page, "{}. {step}", at + 1);
    }
    let _ = write!(page, "\n```toml\n{}```\n\n", provider.configuration(ID));
    let _ = write!(page, "Or `{}`.\n\n", provider.command(ID));
    for (about, text) in provider.facts() {
        let _ = writeln!(page, "- **{about}**: {text}.");
    }
}

fn example_url(provider: &str, id: &str) -> String {
    format!("https://gateway.example/api/webhooks/incoming/{provider}/{id}")
}

/// The receivers that only ASP.NET Core WebHooks has.
fn receivers(page: &mut String) {
    page.push_str(
        "\n## Receivers of ASP.NET Core WebHooks alone\n\n\
         These exist in the mode `aspnet` alone, which is theirs without being named. The others of its receivers have \
         their\nnames above; `mode = \"aspnet\"` judges them as ASP.NET Core WebHooks does.\n\n\
         | Receiver | Proof | Secret | Event |\n|---|---|---|---|\n",
    );
    for receiver in aspnet::ALL.iter().filter(|receiver| super::find(receiver.name).is_none()) {
        let proof = match receiver.verification {
            Verification::Code => {
                let url = example_url(&receiver.name.to_lowercase(), ID);
                format!("`{url}?code=SECRET`")
            }
            Verification::Signature(signature) => {
                format!("`{}`, in {}", signature.algorithm.name(), header(signature.header))
            }
            Verification::Stripe | Verification::Slack => "the sender's older proof".to_owned(),
            Verification::Salesforce => "the organisation's id in the body, which is the secret".to_owned(),
        };
        let _ = writeln!(
            page,
            "| `{}` | {proof} | at least {} characters | {} |",
            receiver.name,
            receiver.secret_characters_min,
            receiver_event(receiver),
        );
    }
}

fn receiver_event(receiver: &Receiver) -> String {
    match receiver.event {
        Event::Header(name) => header(name),
        Event::Fixed(name) => format!("always `{name}`"),
        Event::Body { path, .. } => format!("`{path}` of the body"),
        Event::Told => "the notification's".to_owned(),
    }
}

fn header(name: &str) -> String {
    format!("the header `{name}`")
}

fn headers(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("the headers {}", names.join(", "))
}

fn place(place: &Place) -> String {
    match place {
        Place::Header(name) => header(name),
        Place::Query(name) => format!("the query parameter `{name}`"),
        Place::Form(name) => format!("the form field `{name}`"),
        Place::Json(path) => format!("`{path}` of the body"),
        Place::Fixed(text) => format!("`{text}`, always"),
    }
}

fn places(places: &[Place], between: &str) -> String {
    places.iter().map(place).collect::<Vec<_>>().join(between)
}

fn proof(credential: &Credential) -> String {
    match credential {
        Credential::Signature(signature) => {
            let at = match signature.at {
                Where::Header(name) => header(name),
                Where::AnyOf(names) => format!("any of {}", headers(names)),
                Where::Numbered(name) => format!("{} and so on", headers(&[&format!("{name}-1")])),
                Where::Json(path) => format!("`{path}` of the body"),
            };
            let shape = match signature.shape {
                Shape::Bare => String::new(),
                Shape::Prefix(prefix) => format!(", after `{prefix}`"),
                Shape::List { key, after_key, .. } => format!(", after `{key}{after_key}` in a list"),
            };
            let weak = match signature.algorithm {
                Algorithm::HmacSha1 => " (old, though not broken as a MAC)",
                Algorithm::Sha256SecretFirst => " with the secret in front, which is no MAC",
                _ => "",
            };
            format!("`{}`{weak} in {}, in {at}{shape}", signature.algorithm.name(), signature.encoding.name())
        }
        Credential::Token { place: at, prefix: "" } => format!("the secret itself, in {}", place(at)),
        Credential::Token { place: at, prefix } => format!("the secret itself, in {} after `{prefix}`", place(at)),
        Credential::Code { parameter } => format!("the secret itself, in the query parameter `{parameter}`"),
        Credential::Basic => "user and password, in the header `Authorization`".to_owned(),
        Credential::Twilio => format!("`hmac-sha1` in base64, in {}", header(super::twilio::HEADER)),
        Credential::Netlify => format!("a JWS with HS256, in {}", header(super::netlify::HEADER)),
        Credential::AwsSns => {
            "`rsa-sha256`, or `rsa-sha1` in the older version, with Amazon's certificate, in base64, in `Signature` of the body"
                .to_owned()
        }
        Credential::PayPal => {
            format!("`rsa-sha256` with PayPal's certificate, in base64, in {}", header(super::paypal::HEADER))
        }
    }
}

fn signed(credential: &Credential) -> Option<String> {
    match credential {
        Credential::Signature(signature) => {
            let parts: Vec<_> = signature.message.iter().map(part).collect();
            let of_each = signature.each.map(|each| format!("of each item of `{each}`: ")).unwrap_or_default();
            Some(of_each + &parts.join(" + "))
        }
        Credential::Twilio => Some(
            "the URL, and after it each name and value of a form in their order; of another body, the URL with its \
             digest"
                .to_owned(),
        ),
        Credential::Netlify => Some("the digest of the body as it arrives".to_owned()),
        Credential::AwsSns => {
            Some("lines out of the body: names and values of those that the type of message has".to_owned())
        }
        Credential::PayPal => {
            Some("the transmission's id and time, the webhook's id, and the body's CRC-32".to_owned())
        }
        Credential::Token { .. } | Credential::Code { .. } | Credential::Basic => None,
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Body => "the body as it arrives".to_owned(),
        Part::Payload => "the JSON: the body as it arrives, or a form's decoded field".to_owned(),
        Part::Time => "the time".to_owned(),
        Part::Header(name) => header(name),
        Part::Text(text) => format!("`{text}`"),
        Part::Method => "the method".to_owned(),
        Part::Url => "the URL".to_owned(),
        Part::UrlPartlyDecoded => "the URL with a few escapes undone".to_owned(),
        Part::Json(path) | Part::JsonOf(path, _) | Part::JsonOrNothing(path) | Part::JsonWithout(path, _) => {
            format!("`{path}`")
        }
    }
}

fn told_time(time: Time) -> String {
    let at = match time.at {
        TimeAt::Header(name) => header(name),
        TimeAt::Item(key) => format!("`{key}` of the same list"),
        TimeAt::Json(path) => format!("`{path}` of the body"),
    };
    let unit = match time.unit {
        Unit::Seconds => "Unix seconds",
        Unit::Milliseconds => "Unix milliseconds",
        Unit::Rfc3339 => "as RFC 3339 writes it",
    };
    let limit = match time.window_s {
        Some(seconds) => format!("at most {seconds} s from ours, either way"),
        None => "without a limit of the sender's".to_owned(),
    };
    format!("{at}, {unit}, {limit}")
}

fn window(provider: &Provider) -> String {
    match provider.credential {
        Credential::Signature(Signature { time: Some(Time { window_s: Some(seconds), .. }), .. }) => {
            format!("{seconds} s")
        }
        Credential::Signature(Signature { time: Some(_), .. }) => "if you set one".to_owned(),
        _ => String::new(),
    }
}

fn made_by(maker: MadeBy) -> &'static str {
    match maker {
        MadeBy::Us => "ours to make",
        MadeBy::Sender => "the sender's",
        MadeBy::FirstRequest => "in the first request",
    }
}

fn key_form(form: KeyForm) -> String {
    match form {
        KeyForm::Text => "text as it stands".to_owned(),
        KeyForm::TextOf { characters_min, characters_max } => {
            format!("text of {characters_min} to {characters_max} characters")
        }
        KeyForm::Whsec => "base64 of 24 to 64 bytes, with `whsec_` in front or without".to_owned(),
        KeyForm::WhsecOnly { plain } => {
            format!("`whsec_` and base64 of 24 to 64 bytes; a plain secret belongs to the provider `{plain}`")
        }
        KeyForm::Whpk => "a public key, `whpk_` and base64".to_owned(),
        KeyForm::Ed25519Hex => "a public key, 64 hex digits".to_owned(),
        KeyForm::Spki => "a public key, base64 of its DER".to_owned(),
        KeyForm::Hex => "hex digits".to_owned(),
        KeyForm::Named => "the key's name, a colon, and its secret".to_owned(),
        KeyForm::UserPassword => "user, colon, and password".to_owned(),
        KeyForm::Identifier { expected, .. } => format!("no secret at all: {expected}"),
    }
}

fn event(provider: &Provider) -> String {
    let name = match provider.event {
        EventName::Optional(&[]) => "has no name".to_owned(),
        EventName::Optional(at) => format!("named by {}", places(at, ", or by ")),
        EventName::Required(at) => format!("named by {}, or refused", places(at, ", or by ")),
    };
    let subject = provider.subject.map(|subject| {
        let (event, kind, collection, id) = (subject.event, subject.kind, subject.collection, subject.id);
        format!("; `{event}` is about the {kind} `{id}` in `{collection}`")
    });
    let unsigned = if is_named_unsigned(provider) { ", which is not signed" } else { "" };
    name + unsigned + &subject.unwrap_or_default()
}

/// Whether the event may be named by something outside of what is signed.
fn is_named_unsigned(provider: &Provider) -> bool {
    let is_signed = |name| match &provider.credential {
        Credential::Signature(signature) => signature.message.contains(&Part::Header(name)),
        Credential::Twilio | Credential::Netlify | Credential::AwsSns | Credential::PayPal => false,
        Credential::Token { .. } | Credential::Code { .. } | Credential::Basic => true,
    };
    provider.event.places().iter().any(|place| matches!(place, Place::Header(name) if !is_signed(name)))
}

fn repeats(provider: &Provider) -> String {
    let id = match provider.delivery_id {
        DeliveryId::None => String::new(),
        DeliveryId::First(at) => places(at, ", or "),
        DeliveryId::Together(at) => places(at, " with "),
    };
    match provider.replay {
        Replay::Signed => format!("known by {id}, which is signed"),
        Replay::SignedTime => "known by the signed time with the body".to_owned(),
        Replay::SignedTransmission => "known by the id of the transmission, which is signed".to_owned(),
        Replay::IdAndDigest => format!("known by {id} with the body"),
        Replay::Nothing => "known by nothing: each is an event of its own".to_owned(),
    }
}

fn size(bytes: usize) -> String {
    match (bytes >> 20, bytes >> 10) {
        (0, kibibytes) => format!("{kibibytes} KiB"),
        (mebibytes, _) => format!("{mebibytes} MiB"),
    }
}

fn answers(provider: &Provider) -> String {
    let refused = provider.refusal_status.map(|status| format!("; {status} to whatever is not proven"));
    format!("{} to what is accepted{}", fixed(provider.success), refused.unwrap_or_default())
}

fn fixed(answer: Answer) -> String {
    match answer.text {
        "" => answer.status.to_string(),
        text => format!("{} and `{text}`", answer.status),
    }
}

fn told_handshake(handshake: &Handshake) -> String {
    let when: Vec<_> = handshake.when.iter().map(condition).collect();
    let proven = if handshake.proven { ", once it is proven," } else { "" };
    let answer = match handshake.answer {
        Wanted::Fixed(answer) => fixed(answer),
        Wanted::Text(at) => format!("200 and {} as text", place(&at)),
        Wanted::Members(members) => {
            let names: Vec<_> = members.iter().map(|(name, _)| format!("`{name}`")).collect();
            format!("200 and JSON with {}", names.join(" and "))
        }
        Wanted::HeaderBack(name) => format!("200 and {} as it came", header(name)),
        Wanted::Permission => "200 and the permission to send".to_owned(),
    };
    let demand = match handshake.demand {
        Demand::Nothing => String::new(),
        Demand::VerifyToken(at) => format!(", if {} is the source's `verify_token`", place(&at)),
        Demand::AllowedOrigin(name) => format!(", if {} is one of the source's `allowed_origins`", header(name)),
        Demand::Awaited => ", while the source has `awaits_secret`".to_owned(),
        Demand::PlainToken(at) => format!(", if {} is short and could be no event", place(&at)),
    };
    let effect = match handshake.effect {
        None => "",
        Some(Consequence::StoreSecret(_)) => "; it brings the secret",
        Some(Consequence::Visit { .. }) => "; its address is called to confirm",
    };
    format!("a request {}{proven} is answered {answer}{demand}{effect}", when.join(" and "))
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Method(method) => format!("by {method}"),
        Condition::Header(name, value) => format!("with the header `{name}: {value}`"),
        Condition::HeaderPresent(name) => format!("with {}", header(name)),
        Condition::HeaderAbsent(name) => format!("without {}", header(name)),
        Condition::Query(name, value) => format!("with `{name}={value}` in its URL"),
        Condition::Json(path, value) => format!("whose `{path}` is `{value}`"),
        Condition::FormNumber(name) => format!("of the form field `{name}` alone"),
    }
}

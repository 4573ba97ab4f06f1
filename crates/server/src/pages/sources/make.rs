//! A new source: whose, with which secret, and what is then to be done at the sender.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use domain::catalogue::Source;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use verify::provider::{MadeBy, Provider};
use zeroize::Zeroizing;

use super::HIDDEN;
use super::one::{Recipe, recipe};
use crate::api::{Params, sources};
use crate::pages::answer::page;
use crate::pages::chrome::Chrome;
use crate::pages::parts::{Control, Field, Once};
use crate::pages::visitor::Visitor;
use crate::problem::Problem;
use crate::resources::{HandshakeSpec, SecretSpec, SourceSpec, read_value};
use crate::server::{Server, Shared};

#[derive(Template)]
#[template(path = "source_new.html")]
struct NewPage {
    chrome: Chrome,
    search: String,
    choices: Vec<Choice>,
    chosen: Option<Chosen>,
}

/// A provider that can be chosen.
struct Choice {
    name: &'static str,
    title: &'static str,
    secret: &'static str,
}

/// The provider that was chosen, and the form of its source.
struct Chosen {
    name: &'static str,
    recipe: Recipe,
    fields: Vec<Field>,
    facts: Vec<(&'static str, String)>,
}

/// A source as its form says it.
#[derive(Default, Deserialize)]
pub struct Made {
    provider: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    secret: String,
}

pub async fn new(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let providers = &server.parts.settings.providers;
    let chosen = params.one("provider").and_then(|name| providers.find(name));
    let search = params.one("q").unwrap_or_default();
    let form = Made { id: "main".to_owned(), ..Made::default() };
    Ok(new_page(&server, &visitor, search, chosen.map(|provider| (provider, &form)), None))
}

fn new_page(
    server: &Shared,
    visitor: &Visitor,
    search: &str,
    chosen: Option<(&'static Provider, &Made)>,
    wrong: Option<Problem>,
) -> Response {
    let providers = &server.parts.settings.providers;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let chosen = chosen.map(|(provider, form)| Chosen {
        name: provider.name,
        recipe: recipe(provider, &sources::url(server, provider.name, "ID"), HIDDEN),
        fields: fields(provider, form, wrong),
        facts: provider.facts(),
    });
    let all = providers.names().filter_map(|name| providers.find(name));
    let choices = all.filter(|provider| matches(provider, search)).map(|provider| Choice {
        name: provider.name,
        title: if provider.recipe.title.is_empty() { provider.name } else { provider.recipe.title },
        secret: match provider.recipe.secret {
            MadeBy::Us => "the secret is made for you",
            MadeBy::Sender => "the sender shows the secret",
            MadeBy::FirstRequest => "the first request brings the secret",
        },
    });
    let new = NewPage {
        chrome: Chrome::new(visitor, "/sources", "New source"),
        search: search.to_owned(),
        choices: choices.collect(),
        chosen,
    };
    page(status, &new)
}

fn matches(provider: &Provider, search: &str) -> bool {
    let search = search.trim().to_lowercase();
    provider.name.contains(&search) || provider.recipe.title.to_lowercase().contains(&search)
}

fn fields(provider: &Provider, form: &Made, wrong: Option<Problem>) -> Vec<Field> {
    let (about_secret, wrong) = wrong.map_or((false, None), |why| (is_about_secret(&why), Some(why.detail)));
    let [id_wrong, secret_wrong] = if about_secret { [None, wrong] } else { [wrong, None] };
    let id = Field::line("id", "Its id in the address")
        .hint("What tells it from other sources of this provider: lower-case letters, digits, dashes.")
        .required()
        .value(form.id.as_str())
        .wrong(id_wrong);
    let secret = |hint| Field::line("secret", "Secret").control(Control::Secret).hint(hint).wrong(secret_wrong.clone());
    match provider.recipe.secret {
        MadeBy::Us => vec![id, secret("Leave it empty, and one is made for you and shown once.")],
        MadeBy::Sender => vec![id, secret("As the sender shows it: the steps beside say where.").required()],
        MadeBy::FirstRequest => vec![id],
    }
}

/// Whether what is wrong is the secret, and not the id.
fn is_about_secret(why: &Problem) -> bool {
    why.member.map_or_else(|| why.detail.contains("secret"), |member| member.starts_with("secret"))
}

pub async fn create(
    State(server): State<Server>,
    visitor: Visitor,
    Form(form): Form<Made>,
) -> Result<Response, Problem> {
    let provider = server.parts.settings.providers.find(&form.provider);
    let provider = provider.ok_or_else(|| Problem::no_such("provider", &form.provider))?;
    let (secret, is_made) = match (given(&form.secret), made(&server, provider)) {
        (Some(secret), _) => (Some(secret), false),
        (None, made) => (made, true),
    };
    let mut spec: SourceSpec = read_value(json!({ "provider": provider.name, "id": form.id.trim() }))?;
    spec.secrets = secret.iter().map(|secret| SecretSpec::Text(secret.to_string())).collect();
    if provider.recipe.secret == MadeBy::FirstRequest && secret.is_none() {
        spec.handshake = Some(HandshakeSpec { awaits_secret: true, ..HandshakeSpec::default() });
    }
    match sources::make(&server, &visitor.name, &spec).await {
        Ok(source) => {
            let shown = secret.filter(|_| is_made);
            Ok(once(
                &server,
                &visitor,
                &source,
                "The source is made",
                StatusCode::CREATED,
                shown.as_deref().map(String::as_str),
            ))
        }
        Err(why) if [409, 422].contains(&why.kind.status) => {
            Ok(new_page(&server, &visitor, "", Some((provider, &form)), Some(why)))
        }
        Err(why) => Err(why),
    }
}

#[derive(Template)]
#[template(path = "source_made.html")]
struct MadePage {
    chrome: Chrome,
    title: &'static str,
    name: String,
    href: String,
    address: String,
    secret: Option<Once>,
    recipe: Option<Recipe>,
}

/// What is shown once: the secret, and what to do with it.
pub(super) fn once(
    server: &Shared,
    visitor: &Visitor,
    source: &Source,
    title: &'static str,
    status: StatusCode,
    secret: Option<&str>,
) -> Response {
    let provider = server.parts.settings.providers.find(&source.provider);
    let address = sources::url(server, &source.provider, &source.name);
    let made = MadePage {
        chrome: Chrome::new(visitor, "/sources", title),
        title,
        name: format!("{}/{}", source.provider, source.name),
        href: format!("/sources/{}", server.show(source.key)),
        secret: secret.map(|secret| Once {
            id: "secret",
            label: "The secret, which is not shown again",
            value: secret.to_owned(),
        }),
        recipe: provider.map(|provider| recipe(provider, &address, secret.unwrap_or(HIDDEN))),
        address,
    };
    page(status, &made)
}

/// What was typed, if anything was.
pub(super) fn given(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim();
    (!text.is_empty()).then(|| Zeroizing::new(text.to_owned()))
}

/// A new secret, where it is ours to make.
pub(super) fn made(server: &Shared, provider: &Provider) -> Option<Zeroizing<String>> {
    let mut random = Zeroizing::new([0; 32]);
    server.parts.random.fill(&mut *random);
    provider.made_secret(&random).map(Zeroizing::new)
}

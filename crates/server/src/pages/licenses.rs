//! The installation's license: what it says, which services it lets run and why not, and what another one would.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::licensing::{Licensing, Report, Standing};
use http::StatusCode;
use serde::Deserialize;

use super::answer::page;
use super::chrome::Chrome;
use super::parts::{Badge, Control, Facts, Field, Tone};
use super::visitor::Visitor;
use crate::problem::Problem;
use crate::server::{Server, Shared};
use crate::text::{capital, instant};

#[derive(Template)]
#[template(path = "licenses.html")]
struct LicensesPage {
    chrome: Chrome,
    now: Told,
    warnings: Vec<String>,
    require_token: Vec<String>,
    preview: Option<Told>,
    field: Field,
}

/// How everything stands with one license.
struct Told {
    badge: Badge,
    text: String,
    facts: Facts,
    services: Vec<ServiceLine>,
}

struct ServiceLine {
    name: String,
    href: String,
    badge: Badge,
    text: String,
}

/// A license to be looked at.
#[derive(Deserialize)]
pub struct Preview {
    #[serde(default)]
    token: String,
}

pub async fn show(State(server): State<Server>, visitor: Visitor) -> Response {
    answer(&server, &visitor, None)
}

/// What a license would say if it were the installation's. Nothing is kept.
pub async fn preview(
    State(server): State<Server>,
    visitor: Visitor,
    Form(form): Form<Preview>,
) -> Result<Response, Problem> {
    Ok(answer(&server, &visitor, Some(form.token.trim().to_owned())))
}

fn answer(server: &Shared, visitor: &Visitor, token: Option<String>) -> Response {
    let licensing = server.licensing();
    let report = server.license_report();
    let catalogue = server.parts.store.catalogue();
    let wrong =
        token.as_ref().filter(|token| token.is_empty()).map(|_| "Expected a license token, found nothing.".to_owned());
    let preview = token.clone().filter(|token| !token.is_empty()).map(|license| {
        let other = Licensing { license, ..Licensing::clone(&licensing) };
        told(server, &other.report(catalogue.services.values(), server.now()))
    });
    let field = Field::line("token", "License token")
        .control(Control::Code)
        .hint("Looked at and forgotten: it is held against the keys, the clock and the services of this gateway.")
        .value(token.unwrap_or_default())
        .wrong(wrong);
    let status = if field.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let licenses = LicensesPage {
        chrome: Chrome::new(visitor, "/licenses", "Licenses"),
        now: told(server, &report),
        warnings: report.warnings.iter().map(domain::licensing::Warning::text).collect(),
        require_token: licensing.require_token.iter().map(ToString::to_string).collect(),
        preview,
        field,
    };
    page(status, &licenses)
}

fn told(server: &Shared, report: &Report) -> Told {
    let (badge, text, facts) = license(report);
    let catalogue = server.parts.store.catalogue();
    let services = report.services.iter().filter_map(|(key, standing)| {
        let (badge, text) = stands(standing);
        let href = format!("/admin/services/{}", server.show(*key));
        Some(ServiceLine { name: catalogue.services.get(key)?.name.clone(), href, badge, text })
    });
    Told { badge, text, facts, services: services.collect() }
}

/// What the license itself says.
fn license(report: &Report) -> (Badge, String, Facts) {
    match &report.license {
        None => {
            let text = "There is no license. Services that need none run; those that carry a plugin token do not.";
            (Badge::new(Tone::Calm, "none"), text.to_owned(), Facts::default())
        }
        Some(Err(refusal)) => {
            let text = format!("It is refused: {}.", refusal.text);
            let until = refusal.until.map(|until| format!("from {}", instant(until)));
            let facts = Facts::default().and("reason", refusal.code).and_some("valid", until);
            (Badge::new(Tone::Stop, "refused"), text, facts)
        }
        Some(Ok(claims)) => {
            let at = |time: Option<std::time::Duration>| time.map(|time| instant(Timestamp(0).after(time)));
            let until = at(claims.expires).unwrap_or_else(|| "for ever".to_owned());
            let facts = Facts::default()
                .and("customer", claims.audience.join(", "))
                .and("category", category(&claims.categories.to_string()))
                .and_some("valid from", at(claims.not_before))
                .and("valid until", until.as_str())
                .and_some("contract until", at(claims.contract_ends))
                .and_some("signed with key", claims.key.clone())
                .and_some("number", claims.id.clone());
            (Badge::new(Tone::Good, "valid"), format!("It is valid until {until}."), facts)
        }
    }
}

/// A category as words.
fn category(letters: &str) -> String {
    let words = letters.split(',').map(|letter| match letter {
        "S" => "S (small)",
        "M" => "M (medium)",
        "L" => "L (large)",
        "XL" => "XL (extra large)",
        other => other,
    });
    words.collect::<Vec<_>>().join(", ")
}

fn stands(standing: &Standing) -> (Badge, String) {
    match standing {
        Standing::Free => (Badge::new(Tone::Calm, "free"), "It needs no license.".to_owned()),
        Standing::Licensed { until: None, .. } => (Badge::new(Tone::Good, "licensed"), "It may run.".to_owned()),
        Standing::Licensed { until: Some(until), .. } => {
            (Badge::new(Tone::Good, "licensed"), format!("It may run until {}.", instant(*until)))
        }
        Standing::Refused(refusal) => {
            (Badge::new(Tone::Stop, "may not run"), format!("{} ({}).", capital(&refusal.text), refusal.code))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_told_in_words() {
        assert_eq!(category("S"), "S (small)");
        assert_eq!(category("M,XL"), "M (medium), XL (extra large)");
    }

    #[test]
    fn how_a_service_stands_is_one_sentence() {
        assert_eq!(stands(&Standing::Free).1, "It needs no license.");
        let until = Some(Timestamp::from_seconds(0));
        let licensed = Standing::Licensed { until, ends: license::Kind::User };
        assert_eq!(stands(&licensed).1, "It may run until 1970-01-01 00:00:00 UTC.");
    }
}

//! The installation's license: what it says, what ends soon, and which services it lets run.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::catalogue::Service;
use domain::licensing::{Refusal, Report, Standing, Warning};
use serde_json::{Value, json};

use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

pub async fn show(State(server): State<Server>) -> Json<Value> {
    let report = server.license_report();
    let services = those(&server, &report, |standing| *standing != Standing::Free);
    let patterns = server.licensing().require_token.iter().map(ToString::to_string).collect::<Vec<_>>();
    Json(json!({
        "license": license(&report),
        "services": services,
        "warnings": report.warnings.iter().map(warning).collect::<Vec<_>>(),
        "require_token": patterns,
        "text": text(&report),
    }))
}

/// The services that the license does not let run, and why.
pub fn stopped(server: &Shared) -> Vec<Value> {
    let mut services = those(server, &server.license_report(), |standing| !standing.lets_run());
    for shown in &mut services {
        let said = |member: &str| shown[member].as_str().unwrap_or_default();
        shown["text"] = json!(format!("{} is not called: {}.", said("service"), said("text")));
    }
    services
}

/// The services that stand so.
fn those(server: &Shared, report: &Report, so: impl Fn(&Standing) -> bool) -> Vec<Value> {
    let catalogue = server.parts.store.catalogue();
    let services = report.services.iter().filter(|(_, standing)| so(standing)).filter_map(|(key, standing)| {
        let mut shown = show_standing(standing);
        shown["service"] = json!(catalogue.services.get(key)?.name);
        Some(shown)
    });
    services.collect()
}

/// What the license says, or why it is refused.
fn license(report: &Report) -> Value {
    match &report.license {
        None => json!({ "state": "none" }),
        Some(Err(refusal)) => refused(refusal),
        Some(Ok(claims)) => {
            let at = |time: Option<std::time::Duration>| time.map(|time| Timestamp(0).after(time).rfc3339_seconds());
            json!({
                "state": "valid",
                "customer": claims.audience,
                "category": claims.categories.to_string(),
                "id": claims.id,
                "from": at(claims.not_before),
                "until": at(claims.expires),
                "contract_until": at(claims.contract_ends),
            })
        }
    }
}

/// The whole in a sentence, or two.
fn text(report: &Report) -> String {
    let license = match &report.license {
        None => "There is no license.".to_owned(),
        Some(Err(refusal)) => format!("The license is refused ({}): {}.", refusal.code, refusal.text),
        Some(Ok(claims)) => {
            let until = claims.expires.map(|at| Timestamp(0).after(at).rfc3339_seconds()).unwrap_or_default();
            format!("The license of {} is valid until {until}.", claims.audience.join(", "))
        }
    };
    match report.services.values().filter(|standing| !standing.lets_run()).count() {
        0 => license,
        1 => format!("{license} One service may not run."),
        many => format!("{license} {many} services may not run."),
    }
}

/// How a service stands with the license.
pub fn show_standing(standing: &Standing) -> Value {
    match standing {
        Standing::Free => json!({ "state": "free" }),
        Standing::Licensed { until, ends } => {
            json!({ "state": "valid", "until": until.map(Timestamp::rfc3339_seconds), "ends": ends.name() })
        }
        Standing::Refused(refusal) => refused(refusal),
    }
}

fn refused(refusal: &Refusal) -> Value {
    let until = refusal.until.map(Timestamp::rfc3339_seconds);
    json!({ "state": "refused", "code": refusal.code, "text": refusal.text, "until": until })
}

fn warning(warning: &Warning) -> Value {
    json!({
        "ends": warning.ends.name(),
        "at": warning.at.rfc3339_seconds(),
        "days": warning.days,
        "services": warning.services,
        "text": warning.text(),
    })
}

/// Refuses to let a service run that the license does not let run.
///
/// # Errors
/// Why it does not.
pub fn check(server: &Shared, service: &Service) -> Result<(), Problem> {
    match server.licensing().standing(service, server.now()) {
        Standing::Free | Standing::Licensed { .. } => Ok(()),
        Standing::Refused(refusal) => {
            let detail = format!("the service {:?} may not run ({}): {}", service.name, refusal.code, refusal.text);
            Err(Problem::new(&problem::NOT_LICENSED, detail))
        }
    }
}

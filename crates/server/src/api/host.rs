//! The names under which the admin listener answers: a page on another site cannot reach it by a name of its own.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::problem::{self, Problem};
use crate::server::Server;

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

pub async fn check(State(server): State<Server>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = header.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)).unwrap_or_default();
    if is_allowed(host, &server.parts.settings.admin_hosts) {
        return next.run(request).await;
    }
    let shown: String = host.chars().take(80).collect();
    let detail = format!("expected a loopback name or one of the configured admin hosts, found {shown:?}");
    Problem::new(&problem::HOST_NOT_ALLOWED, detail).into_response()
}

/// Whether a request to a host of this name is answered.
pub(crate) fn is_allowed(host: &str, configured: &[String]) -> bool {
    let name = without_port(host);
    LOOPBACK.contains(&name.to_ascii_lowercase().as_str())
        || configured.iter().any(|each| without_port(each).eq_ignore_ascii_case(name))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn loopback_and_configured_names_are_allowed_on_any_port() {
        let configured = ["gateway.example".to_owned()];
        for host in ["localhost", "127.0.0.1:8641", "[::1]:8641", "[::1]", "Gateway.Example:443"] {
            assert!(is_allowed(host, &configured), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8641", "[::2]"] {
            assert!(!is_allowed(host, &configured), "{host}");
        }
    }
}

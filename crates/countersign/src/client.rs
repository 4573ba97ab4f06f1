//! Calls to the own API: one connection, one request, one answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::data_dir::token_file;
use crate::exit::{Exit, Failure};

/// The most of an answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long an answer may take, beyond what is waited for on purpose.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Whoever calls the own API.
pub struct Client {
    address: SocketAddr,
    token: Zeroizing<String>,
}

/// What the own API answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status, 200 to 299.
    pub status: u16,
    /// The body; null if there is none.
    pub body: Value,
}

impl Client {
    /// A client for this address.
    pub fn new(address: SocketAddr, token: String) -> Self {
        Self { address: reachable(address), token: Zeroizing::new(token) }
    }

    /// The client that the configuration describes.
    ///
    /// # Errors
    /// When there is no token.
    pub fn configured(config: &Config, token: Option<&str>) -> Result<Self, Failure> {
        let server = &config.form.server;
        let address = server.api_listen.unwrap_or(server.admin_listen);
        let token = match token {
            Some(token) => token.to_owned(),
            None => {
                let path = token_file(&config.form.data_dir);
                std::fs::read_to_string(&path).map_err(|why| {
                    let what = format!("expected an administrator's token in {}: {why}", path.display());
                    Failure::new(Exit::NotAllowed, what)
                        .mend("run this where the server runs, or give --token or COUNTERSIGN_TOKEN")
                })?
            }
        };
        Ok(Self::new(address, token.trim().to_owned()))
    }

    /// The address of a page.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Reads.
    ///
    /// # Errors
    /// What the API objects to, or that it cannot be reached.
    pub async fn get(&self, path: &str) -> Result<Reply, Failure> {
        self.call("GET", path, None).await
    }

    /// Adds or does.
    ///
    /// # Errors
    /// What the API objects to, or that it cannot be reached.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply, Failure> {
        self.call("POST", path, Some(body)).await
    }

    /// Sets.
    ///
    /// # Errors
    /// What the API objects to, or that it cannot be reached.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Reply, Failure> {
        self.call("PUT", path, Some(body)).await
    }

    /// Changes.
    ///
    /// # Errors
    /// What the API objects to, or that it cannot be reached.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Reply, Failure> {
        self.call("PATCH", path, Some(body)).await
    }

    /// Removes.
    ///
    /// # Errors
    /// What the API objects to, or that it cannot be reached.
    pub async fn delete(&self, path: &str) -> Result<Reply, Failure> {
        self.call("DELETE", path, None).await
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, Failure> {
        let sent = body.map(Value::to_string).unwrap_or_default();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("accept", "application/json")
            .header("connection", "close")
            .header("authorization", format!("Bearer {}", self.token.as_str()));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request
            .body(Full::new(Bytes::from(sent)))
            .map_err(|why| Failure::usage(format!("{path} cannot be asked for: {why}")))?;
        let within = ANSWER_WITHIN + waited(path);
        let answer = tokio::time::timeout(within, exchange(self.address, request))
            .await
            .map_err(|_| self.unreachable("it does not answer"))?
            .map_err(|why| self.unreachable(&why))?;
        read(answer.status().as_u16(), answer.body())
    }

    fn unreachable(&self, why: &str) -> Failure {
        let what = format!("the server at http://{} cannot be reached: {why}", self.address);
        Failure::new(Exit::Unreachable, what).mend("start it with `countersign serve`, or name its --config")
    }
}

/// Sends one request and reads the whole answer.
///
/// # Errors
/// A sentence on what broke.
pub async fn exchange(address: SocketAddr, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, String> {
    let stream = TcpStream::connect(address).await.map_err(|why| why.to_string())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|why| why.to_string())?;
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|why| why.to_string())?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|why| why.to_string())?;
    driving.abort();
    Ok(Response::from_parts(head, body.to_bytes()))
}

/// A path segment with everything encoded that has a meaning in a path.
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn read(status: u16, bytes: &[u8]) -> Result<Reply, Failure> {
    let body: Value = match bytes {
        [] => Value::Null,
        _ => serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into()),
    };
    if (200..300).contains(&status) {
        return Ok(Reply { status, body });
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let what = match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => format!("the server answered {status}"),
    };
    Err(Failure { exit: Exit::of_status(status), what, mend: text("mend") })
}

/// A listener on every address is asked on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// How long a path asks to wait.
fn waited(path: &str) -> Duration {
    let wait = path.split(['?', '&']).find_map(|part| part.strip_prefix("wait="));
    wait.and_then(|text| domain::time::parse_span(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded() {
        assert_eq!(segment("owner/repo name"), "owner%2Frepo%20name");
        assert_eq!(segment("a-b_c.d~e"), "a-b_c.d~e");
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let problem = br#"{"title":"No such event","detail":"evt_1 is not known","mend":"list events"}"#;
        let failure = read(404, problem).expect_err("not found");
        assert_eq!(failure.exit, Exit::NotFound);
        assert_eq!(failure.to_string(), "No such event: evt_1 is not known\n  list events");
    }

    #[test]
    fn a_wait_lengthens_the_deadline() {
        assert_eq!(waited("/a?x=1&wait=45s"), Duration::from_secs(45));
        assert_eq!(waited("/a"), Duration::ZERO);
    }
}

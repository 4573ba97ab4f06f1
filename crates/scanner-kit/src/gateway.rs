//! The calling side: the file to scan, a result that comes later, and one that nobody asked for.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Builder;
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use serde_json::{Value, json};

use crate::answer::Findings;
use crate::call::Call;
use crate::token::jwt;

/// How long one exchange may take, to the last byte.
const EXCHANGE_WITHIN: Duration = Duration::from_mins(1);

/// How much of an answer to a result is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How much of a refusal is told.
const TOLD_CHARS_MAX: usize = 200;

/// The gateway, as a scanner asks it. Only URLs of its origin are called, whatever a call says.
#[derive(Clone)]
pub struct Gateway {
    origin: String,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// A service's account: what `countersign service credentials NAME` shows once. Shows nothing of itself.
#[derive(Clone)]
pub struct Account {
    /// The key, which names the account.
    pub key: String,
    /// The secret, which signs its tokens.
    pub secret: String,
}

impl Account {
    /// The value of `Authorization` for one request made now.
    fn authorization(&self) -> String {
        format!("JWT {}", jwt(&self.key, &self.secret, SystemTime::now()))
    }
}

/// Why the gateway did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The call does not name such a URL.
    #[error("the call names no {0}")]
    NoUrl(&'static str),
    /// A URL of another origin, or one that is none.
    #[error("expected a URL of {origin}, found another")]
    Origin {
        /// The gateway's.
        origin: String,
    },
    /// This machine cannot speak TLS.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// No answer.
    #[error("the gateway cannot be reached")]
    Unreachable(#[source] hyper_util::client::legacy::Error),
    /// The answer broke off.
    #[error("the gateway's answer broke off: {0}")]
    Broken(String),
    /// No whole answer in time.
    #[error("no whole answer within {0:?}")]
    TimedOut(Duration),
    /// More bytes than asked for.
    #[error("the file is over {bytes_max} bytes")]
    TooLarge {
        /// What was asked for.
        bytes_max: usize,
    },
    /// The result was complete already; this one changes nothing.
    #[error("the result is complete already")]
    Complete,
    /// A result about the same version was pushed for one of these rules before; this one changes nothing.
    #[error("a result was pushed for one of the rules already")]
    AlreadyPushed,
    /// It took the result, and did not say its number.
    #[error("expected the number of the pushed result, found another answer")]
    NoNumber,
    /// Another answer.
    #[error("the gateway answered {status}: {text}")]
    Refused {
        /// The status.
        status: u16,
        /// The beginning of its body.
        text: String,
    },
}

impl Gateway {
    /// The gateway of this origin: `https://countersign.example`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(origin: &str) -> Result<Self, GatewayError> {
        let tls = client_config().map_err(GatewayError::Tls)?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { origin: origin.trim_end_matches('/').to_owned(), http })
    }

    /// The file that a call is about (its `download_url`, which proves itself), if it is no longer than this.
    ///
    /// # Errors
    /// When the call is about no file, or the file cannot be had.
    pub async fn download(&self, call: &Call, bytes_max: usize) -> Result<Bytes, GatewayError> {
        let url = call.download_url().ok_or(GatewayError::NoUrl("download_url"))?;
        let mut request = self.request(Method::GET, url)?;
        if let Some(id) = call.request_id() {
            request = request.header("x-amo-request-id", id);
        }
        self.file(request, bytes_max).await
    }

    /// The file at this URL of a call, such as a version's file or its source package, if it is no longer than this.
    ///
    /// # Errors
    /// When the account may not have the file, or it cannot be had.
    pub async fn download_as(&self, account: &Account, url: &str, bytes_max: usize) -> Result<Bytes, GatewayError> {
        let request = self.request(Method::GET, url)?.header(AUTHORIZATION, account.authorization());
        self.file(request, bytes_max).await
    }

    async fn file(&self, request: Builder, bytes_max: usize) -> Result<Bytes, GatewayError> {
        match self.exchange(request, Bytes::new(), bytes_max).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, body) => Err(refused(status, &body)),
        }
    }

    /// Sends findings later than the call, to its [`result_url`](Call::result_url), as this account.
    ///
    /// # Errors
    /// When the gateway does not take them: [`GatewayError::Complete`] where there is nothing left to say.
    pub async fn send_later(
        &self,
        account: &Account,
        result_url: &str,
        findings: &Findings,
    ) -> Result<(), GatewayError> {
        let body = json!({ "results": findings.to_json() });
        match self.tell(Method::PATCH, account, result_url, &body).await? {
            (status, _) if status.is_success() => Ok(()),
            (StatusCode::CONFLICT, _) => Err(GatewayError::Complete),
            (status, body) => Err(refused(status, &body)),
        }
    }

    /// Sends findings about a version that nobody asked about, as this account, and gives the result's number.
    ///
    /// The account's service listens to `push`, and the account holds `Scanners:PushResults`.
    ///
    /// # Errors
    /// When the gateway does not take them: [`GatewayError::AlreadyPushed`] where it has such a result.
    pub async fn push(&self, account: &Account, version_id: u64, findings: &Findings) -> Result<i64, GatewayError> {
        let url = format!("{}/api/v5/scanner/results/", self.origin);
        let body = json!({ "version_id": version_id, "results": findings.to_json() });
        match self.tell(Method::POST, account, &url, &body).await? {
            (status, body) if status.is_success() => {
                let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                answer["id"].as_i64().ok_or(GatewayError::NoNumber)
            }
            (StatusCode::CONFLICT, _) => Err(GatewayError::AlreadyPushed),
            (status, body) => Err(refused(status, &body)),
        }
    }

    async fn tell(
        &self,
        method: Method,
        account: &Account,
        url: &str,
        body: &Value,
    ) -> Result<(StatusCode, Bytes), GatewayError> {
        let request = self
            .request(method, url)?
            .header(AUTHORIZATION, account.authorization())
            .header(CONTENT_TYPE, "application/json");
        self.exchange(request, body.to_string().into(), ANSWER_BYTES_MAX).await
    }

    fn request(&self, method: Method, url: &str) -> Result<Builder, GatewayError> {
        if url.strip_prefix(&self.origin).is_none_or(|rest| !rest.starts_with('/')) {
            return Err(GatewayError::Origin { origin: self.origin.clone() });
        }
        Ok(Request::builder().method(method).uri(url))
    }

    async fn exchange(
        &self,
        request: Builder,
        body: Bytes,
        bytes_max: usize,
    ) -> Result<(StatusCode, Bytes), GatewayError> {
        let request =
            request.body(Full::new(body)).map_err(|_| GatewayError::Origin { origin: self.origin.clone() })?;
        let exchanged = async {
            let answer = self.http.request(request).await.map_err(GatewayError::Unreachable)?;
            let status = answer.status();
            match Limited::new(answer.into_body(), bytes_max).collect().await {
                Ok(body) => Ok((status, body.to_bytes())),
                Err(why) if why.is::<LengthLimitError>() => Err(GatewayError::TooLarge { bytes_max }),
                Err(why) => Err(GatewayError::Broken(why.to_string())),
            }
        };
        tokio::time::timeout(EXCHANGE_WITHIN, exchanged).await.map_err(|_| GatewayError::TimedOut(EXCHANGE_WITHIN))?
    }
}

fn refused(status: StatusCode, body: &[u8]) -> GatewayError {
    let text = String::from_utf8_lossy(body).chars().take(TOLD_CHARS_MAX).collect();
    GatewayError::Refused { status: status.as_u16(), text }
}

/// What the system trusts; a machine that trusts nothing can still call plain HTTP.
fn client_config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    Ok(match Verifier::new(provider) {
        Ok(verifier) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth(),
        Err(_) => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    })
}

//! The senders' own hosts, as this machine plays them: every name leads here.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use egress::{EgressSettings, Resolve, Resolving};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::world::World;

const NAMES: [&str; 2] = ["sns.eu-west-1.amazonaws.com", "api.paypal.com"];

/// All of them: one server that answers what it is told to, and remembers what it was asked for.
pub struct OwnHosts {
    address: SocketAddr,
    root: CertificateDer<'static>,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    answers: Mutex<HashMap<String, (u16, String)>>,
    asked: Mutex<Vec<String>>,
    looked_up: Mutex<Vec<String>>,
}

impl OwnHosts {
    /// They answer 404 to everything.
    pub async fn start() -> Self {
        let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a server");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let told = Arc::new(Told::default());
        let answering = told.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(acceptor.clone(), stream, answering.clone()));
            }
        });
        Self { address, root: cert.der().clone(), told }
    }

    /// From now on this stands at that address.
    pub fn put(&self, url: &str, status: u16, body: &str) {
        let path = &url[url.match_indices('/').nth(2).expect("a path").0..];
        self.told.answers.lock().expect("answers").insert(path.to_owned(), (status, body.to_owned()));
    }

    /// The paths that were asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.told.asked.lock().expect("what was asked").clone()
    }

    /// The names that were looked up so far.
    pub fn looked_up(&self) -> Vec<String> {
        self.told.looked_up.lock().expect("names").clone()
    }

    /// A server that takes every name for this machine, and these authorities for trusted ones.
    pub async fn world(&self, roots: &[&str]) -> World {
        let pem = |pem: &&str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        let egress = EgressSettings {
            resolver: Arc::new(Here { address: self.address, told: self.told.clone() }),
            extra_roots: roots.iter().map(pem).chain([self.root.clone()]).collect(),
            ..EgressSettings::default()
        };
        World::calling(egress, |settings| {
            settings.provider_networks = vec!["127.0.0.0/8".parse().expect("a network")];
        })
        .await
    }
}

/// Every name is this machine, at this port.
struct Here {
    address: SocketAddr,
    told: Arc<Told>,
}

impl Resolve for Here {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        assert_eq!(port, 443);
        self.told.looked_up.lock().expect("names").push(host.to_owned());
        Box::pin(async { Ok(vec![self.address]) })
    }
}

async fn answer(acceptor: TlsAcceptor, stream: TcpStream, told: Arc<Told>) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut read = Vec::new();
    loop {
        while !read.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8(std::mem::take(&mut read)).expect("text");
        let path = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).expect("a path").to_owned();
        let found = told.answers.lock().expect("answers").get(&path).cloned();
        told.asked.lock().expect("what was asked").push(path);
        let (status, body) = found.unwrap_or((404, String::new()));
        let answer = format!(
            "HTTP/1.1 {status} x\r\nlocation: https://evil.test/\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

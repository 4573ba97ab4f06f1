//! TLS: who is trusted, and which protocol is spoken.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use egress::{Egress, EgressSettings, Resolve, Resolving};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::peer::{answered, client, post, read_request, serve, unreachable};

/// Every name is this machine.
struct Here;

impl Resolve for Here {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]) })
    }
}

/// A server for `scanner.example` that speaks `alpn`, and its certificate.
async fn serve_tls(alpn: &'static [u8]) -> (SocketAddr, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["scanner.example".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a server");
    config.alpn_protocols = vec![alpn.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = serve(move |stream| greet(acceptor.clone(), stream)).await;
    (address, cert.der().clone())
}

async fn greet(acceptor: TlsAcceptor, stream: TcpStream) {
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let hello = service_fn(|request: Request<Incoming>| async move {
            let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
            let hello = Full::new(Bytes::from(format!("h2 {authority}")));
            Ok::<_, Infallible>(Response::new(hello))
        });
        let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), hello).await;
        return;
    }
    while read_request(&mut stream).await.is_some() {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh1").await;
    }
}

fn trusting(root: CertificateDer<'static>) -> Egress {
    let settings = EgressSettings { resolver: Arc::new(Here), extra_roots: vec![root], ..EgressSettings::default() };
    Egress::new(settings).expect("a client")
}

#[tokio::test]
async fn the_protocol_is_the_best_that_both_speak_and_connections_are_kept() {
    for (alpn, greeting) in [(&b"h2"[..], "h2 scanner.example"), (b"http/1.1", "h1")] {
        let (peer, certificate) = serve_tls(alpn).await;
        let client = trusting(certificate);

        for _ in 0..3 {
            let (status, body) = answered(client.send(post(format!("https://scanner.example:{}/", peer.port()))).await);
            assert_eq!(status, 200);
            assert!(body.starts_with(greeting), "{body}");
        }
        assert_eq!(client.connections_opened(), 1);
    }
}

#[tokio::test]
async fn a_stranger_and_another_name_are_not_trusted() {
    let (peer, certificate) = serve_tls(b"http/1.1").await;

    let stranger = client().send(post(format!("https://{peer}/"))).await;
    let other_name = trusting(certificate).send(post(format!("https://other.example:{}/", peer.port()))).await;

    assert!(unreachable(stranger).contains("UnknownIssuer"));
    assert!(unreachable(other_name).contains("not valid for"));
}

#[tokio::test]
async fn a_certificate_is_vouched_for_by_those_that_calls_trust_and_for_its_own_name_and_time() {
    let (_, certificate) = serve_tls(b"http/1.1").await;
    let now_s = 1_767_225_600;
    let chain = [certificate.clone()];
    let trusting = trusting(certificate);

    assert_eq!(trusting.vouches(&chain, "scanner.example", now_s), Ok(()));
    assert!(trusting.vouches(&chain, "other.example", now_s).is_err());
    assert!(trusting.vouches(&chain, "scanner.example", 0).is_err(), "it is not valid yet");
    assert!(trusting.vouches(&[], "scanner.example", now_s).is_err());
    assert!(client().vouches(&chain, "scanner.example", now_s).is_err(), "a stranger's");
}

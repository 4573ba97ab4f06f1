//! How we speak TLS: rustls with aws-lc-rs, trusting what the operating system trusts.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// The client's TLS settings: HTTP/2 is offered, then HTTP/1.1.
pub(crate) fn client_config(trust: Option<Arc<dyn ServerCertVerifier>>) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let mut config = match trust {
        Some(trust) => builder.dangerous().with_custom_certificate_verifier(trust).with_no_client_auth(),
        None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Who says who is who: the system's authorities, and these; nobody where there are none.
///
/// A machine without any system roots can still call plain HTTP; its TLS calls fail as "unknown issuer".
pub(crate) fn trust(
    extra_roots: Vec<CertificateDer<'static>>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, rustls::Error> {
    if let Ok(system) = Verifier::new_with_extra_roots(extra_roots.clone(), provider()) {
        return Ok(Some(Arc::new(system)));
    }
    let roots = Arc::new(only(extra_roots)?);
    Ok(WebPkiServerVerifier::builder_with_provider(roots, provider()).build().ok().map(|own| own as _))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn only(roots: Vec<CertificateDer<'static>>) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root)?;
    }
    Ok(store)
}

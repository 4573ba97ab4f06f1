//! Certificates that senders sign with: read from PEM, their RSA checked by aws-lc-rs.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use verify::certificate::{Certificate, RsaDigest};
use webpki::EndEntityCert;

/// The most certificates of one document.
const CHAIN_MAX: usize = 8;

/// A sender's certificate, and those that may lead from it to an authority.
pub struct Chain(Vec<CertificateDer<'static>>);

/// The key of a sender's certificate.
pub struct PublicKey(Vec<u8>);

impl Chain {
    /// The certificates of a PEM text (RFC 7468), the sender's own first.
    #[must_use]
    pub fn read(pem: &[u8]) -> Option<Self> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).take(CHAIN_MAX + 1).collect();
        let chain = read.ok().filter(|chain| (1..=CHAIN_MAX).contains(&chain.len()))?;
        Some(Self(chain))
    }

    /// All of them.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.0
    }

    /// The names of hosts that the first is for.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.own().map(|own| own.valid_dns_names().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// The key of the first.
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        Some(PublicKey(self.own()?.subject_public_key_info().to_vec()))
    }

    fn own(&self) -> Option<EndEntityCert<'_>> {
        EndEntityCert::try_from(self.0.first()?).ok()
    }
}

impl Certificate for PublicKey {
    fn explains(&self, digest: RsaDigest, message: &[u8], signature: &[u8]) -> bool {
        let scheme = match digest {
            RsaDigest::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            RsaDigest::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(scheme, &self.0).verify(message, signature).is_ok()
    }
}

/// The key of the certificate in a PEM text, whoever vouches for it: for published vectors, which bring their own.
#[must_use]
pub fn read_unverified_certificate(pem: &str) -> Option<Box<dyn Certificate>> {
    Some(Box::new(Chain::read(pem.as_bytes())?.public_key()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate that a vector brings.
    fn pem() -> String {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../verify/vectors/providers.json")).expect("JSON");
        let vector = vectors.as_array().expect("vectors").iter().find(|vector| vector["id"] == "paypal/accept");
        let certificates = vector.expect("the vector")["config"]["certificates"].as_object().expect("certificates");
        certificates.values().next().and_then(|pem| pem.as_str()).expect("a certificate").to_owned()
    }

    #[test]
    fn a_certificate_is_read_with_its_names_and_its_key() {
        let chain = Chain::read(pem().as_bytes()).expect("a chain");

        assert_eq!(chain.names(), ["messageverificationcerts.paypal.com"]);
        let key = chain.public_key().expect("a key");
        assert!(!key.explains(RsaDigest::Sha256, b"message", &[0; 256]));
    }

    #[test]
    fn what_is_no_certificate_and_a_chain_without_end_are_not_read() {
        assert!(Chain::read(b"").is_none());
        assert!(Chain::read(b"<html>").is_none());
        assert!(Chain::read(pem().repeat(9).as_bytes()).is_none());
        let nonsense = Chain::read(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("a chain");
        assert!(nonsense.public_key().is_none());
        assert_eq!(nonsense.names(), [] as [String; 0]);
    }
}

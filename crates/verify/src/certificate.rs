//! Senders that sign with RSA and publish a certificate: what is asked of whoever can read one.
//!
//! This crate has neither RSA nor X.509. A request names the address of its certificate; this crate says whether that
//! address is one of the sender's own ([`CertificateAddress`]), the caller fetches and reads it, and hands back
//! something that explains signatures ([`Certificate`]).

use crate::provider::OwnHosts;
use crate::refusal::{Reason, Refusal};

/// The longest address that is looked at.
const ADDRESS_BYTES_MAX: usize = 2048;

/// A certificate that was fetched from its sender's own host, read, and found to be the sender's.
pub trait Certificate: Send + Sync {
    /// Whether its key made this signature over the message: RSA with PKCS #1 v1.5 (RFC 8017, section 8.2).
    fn explains(&self, digest: RsaDigest, message: &[u8], signature: &[u8]) -> bool;
}

/// The digest that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaDigest {
    /// SHA-1: old, and still what some senders use unless they are asked for another.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl RsaDigest {
    /// The name of the scheme, as a proof records it.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            RsaDigest::Sha1 => "rsa-sha1",
            RsaDigest::Sha256 => "rsa-sha256",
        }
    }
}

/// Where a request says that its certificate is. The address is one of its sender's own; nothing else is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateAddress {
    /// The address: https, without a port, on one of the sender's own hosts.
    pub url: String,
    /// What the names in the certificate must end in, and be vouched for by a public authority. `None`: it is the
    /// sender's because the sender's host gave it.
    pub names_end_in: Option<&'static str>,
}

/// What a request presents that is signed in this way. Nothing of it is believed.
pub(crate) struct Certified {
    pub address: CertificateAddress,
    pub digest: RsaDigest,
    pub signature: Vec<u8>,
}

/// The address, if it is one that this sender's certificates have.
pub(crate) fn own_address(hosts: OwnHosts, url: &str, what: &str) -> Result<String, Refusal> {
    if url.len() <= ADDRESS_BYTES_MAX && hosts.holds(url) {
        return Ok(url.to_owned());
    }
    let detail = format!("expected {what} to be an https address on {hosts}, found another address");
    Err(Refusal::new(Reason::UntrustedCertificate, detail))
}

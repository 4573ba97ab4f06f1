//! PayPal signs a few values and the body's CRC-32, and publishes the certificate (PayPal's documentation, "Integrate
//! webhooks").

use super::{Answer, Credential, DeliveryId, EventName, KeyForm, MadeBy, OwnHosts, Place, Provider, Recipe, Replay};
use crate::base64;
use crate::certificate::{CertificateAddress, Certified, RsaDigest, own_address};
use crate::receive::Head;
use crate::refusal::{Reason, Refusal};

/// The header that the signature stands in.
pub(super) const HEADER: &str = "PAYPAL-TRANSMISSION-SIG";

const TRANSMISSION: &str = "PAYPAL-TRANSMISSION-ID";
const TIME: &str = "PAYPAL-TRANSMISSION-TIME";
const ADDRESS: &str = "PAYPAL-CERT-URL";
const ALGORITHM: &str = "PAYPAL-AUTH-ALGO";

/// PayPal: RSA with SHA-256 over the transmission's id and time, the webhook's id, and the CRC-32 of the body.
///
/// Another body with the same CRC-32 is easily made, so that each transmission is believed once, whatever its body.
pub const PAYPAL: Provider = Provider {
    name: "paypal",
    credential: Credential::PayPal,
    key: KeyForm::Identifier { prefix: "", expected: "the id that PayPal shows for the webhook" },
    event: EventName::Optional(&[Place::Json("event_type")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    ambiguity: Some(
        "that takes another body with the same CRC-32, and each transmission is believed once, whatever its body",
    ),
    replay: Replay::SignedTransmission,
    success: Answer::OK,
    recipe: Recipe {
        title: "PayPal",
        docs: "https://developer.paypal.com/api/rest/webhooks/",
        secret: MadeBy::Sender,
        steps: &[
            "Open the developer dashboard > Apps & Credentials and the app, and choose Add Webhook.",
            "Enter {url} as Webhook URL, choose the events, and press Save.",
            "Copy the Webhook ID that the list now shows, and write it here as the secret: {secret}.",
        ],
    },
    ..Provider::BASE
};

/// What the head presents.
pub(crate) fn presented(head: &Head<'_>) -> Result<Certified, Refusal> {
    let signature = base64::decode(head.required_header(HEADER, Reason::MissingHeader)?);
    let signature = signature.filter(|signature| !signature.is_empty()).ok_or_else(|| {
        let detail = format!("expected a signature in base64 in the header {HEADER}, found something else");
        Refusal::new(Reason::MalformedSignature, detail)
    })?;
    if !text(head, ALGORITHM)?.eq_ignore_ascii_case("SHA256withRSA") {
        let detail = format!("expected SHA256withRSA in the header {ALGORITHM}, found another algorithm");
        return Err(Refusal::new(Reason::NoKnownSignature, detail));
    }
    let url = own_address(OwnHosts::Below(".paypal.com"), text(head, ADDRESS)?, &format!("the header {ADDRESS}"))?;
    transmission(head)?;
    time(head)?;
    let address = CertificateAddress { url, names_end_in: Some(".paypal.com") };
    Ok(Certified { address, digest: RsaDigest::Sha256, signature })
}

/// What is signed for the webhook of this id.
pub(crate) fn signed(head: &Head<'_>, webhook: &[u8], body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let sum = crc32(body).to_string();
    Ok([transmission(head)?.as_bytes(), time(head)?.as_bytes(), webhook, sum.as_bytes()].join(&b'|'))
}

/// What the transmission is known by.
pub(crate) fn transmission<'a>(head: &Head<'a>) -> Result<&'a str, Refusal> {
    text(head, TRANSMISSION)
}

/// The signed time, as RFC 3339 writes it.
pub(crate) fn time<'a>(head: &Head<'a>) -> Result<&'a str, Refusal> {
    text(head, TIME)
}

fn text<'a>(head: &Head<'a>, name: &str) -> Result<&'a str, Refusal> {
    head.header_text(name)?.ok_or_else(|| {
        let detail = format!("expected the header {name}, found none");
        Refusal::new(Reason::MissingHeader, detail)
    })
}

/// The checksum of Ethernet and gzip (RFC 1952, section 8).
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0, |sum, byte| TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ (sum >> 8))
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut sum = at as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }
}

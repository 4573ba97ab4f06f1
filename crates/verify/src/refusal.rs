//! Every reason to say no.
//!
//! A sender is told the class of the reason and never what would have been right. The sentence in
//! [`Refusal::detail`] is for the log and for the person who set the hook up; it too holds no secret and no expected
//! signature.

use core::fmt;

/// Why a request is not believed: the closed list of reasons, each with a stable code and a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No provider of that name is configured.
    UnknownReceiver,
    /// The provider is known, the id is not.
    UnknownId,
    /// Plain HTTP where the sender's secret would travel in the clear.
    NotHttps,
    /// A method that webhooks do not use.
    BadMethod,
    /// No body.
    EmptyBody,
    /// The body does not parse.
    MalformedBody,
    /// A value that the definition needs is not in the request.
    MissingValue,
    /// The body does not name the event, and must.
    MissingEvent,
    /// A content type that the provider does not send.
    BadContentType,
    /// A header of the proof is absent.
    MissingHeader,
    /// No token.
    MissingToken,
    /// No code in the URL.
    MissingCode,
    /// A header occurs twice that may occur once.
    RepeatedHeader,
    /// A header has another form than the provider gives it.
    MalformedHeader,
    /// The signature cannot be decoded.
    MalformedSignature,
    /// The time cannot be read.
    BadTimestamp,
    /// Only signatures of other versions than the accepted one.
    NoKnownSignature,
    /// The signature does not belong to these bytes and any of our secrets.
    SignatureMismatch,
    /// Another token.
    TokenMismatch,
    /// Another code.
    CodeMismatch,
    /// The key that the request names is not configured.
    UnknownKey,
    /// The certificate that the request names is not to be trusted.
    UntrustedCertificate,
    /// Rightly signed, too long ago.
    StaleTimestamp,
    /// Rightly signed, for a time that has not come.
    FutureTimestamp,
    /// A handshake with a wrong token or origin.
    ChallengeRefused,
    /// Our own side is not set up.
    Misconfigured,
}

impl Reason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Reason; 26] = [
        Reason::UnknownReceiver,
        Reason::UnknownId,
        Reason::NotHttps,
        Reason::BadMethod,
        Reason::EmptyBody,
        Reason::MalformedBody,
        Reason::MissingValue,
        Reason::MissingEvent,
        Reason::BadContentType,
        Reason::MissingHeader,
        Reason::MissingToken,
        Reason::MissingCode,
        Reason::RepeatedHeader,
        Reason::MalformedHeader,
        Reason::MalformedSignature,
        Reason::BadTimestamp,
        Reason::NoKnownSignature,
        Reason::SignatureMismatch,
        Reason::TokenMismatch,
        Reason::CodeMismatch,
        Reason::UnknownKey,
        Reason::UntrustedCertificate,
        Reason::StaleTimestamp,
        Reason::FutureTimestamp,
        Reason::ChallengeRefused,
        Reason::Misconfigured,
    ];

    /// The stable code, as APIs, logs and vectors spell it.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status that answers it.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// One sentence for the person who set the hook up: what to change.
    #[must_use]
    pub fn mend(self) -> &'static str {
        self.row().2
    }

    /// Whether it is about the proof of who sent the request, not about the request's other parts.
    #[must_use]
    pub const fn is_about_the_proof(self) -> bool {
        matches!(
            self,
            Reason::MissingHeader
                | Reason::MissingToken
                | Reason::MissingCode
                | Reason::RepeatedHeader
                | Reason::MalformedHeader
                | Reason::MalformedSignature
                | Reason::BadTimestamp
                | Reason::NoKnownSignature
                | Reason::SignatureMismatch
                | Reason::TokenMismatch
                | Reason::CodeMismatch
                | Reason::UnknownKey
                | Reason::UntrustedCertificate
                | Reason::StaleTimestamp
                | Reason::FutureTimestamp
        )
    }

    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.code() == code)
    }

    #[rustfmt::skip]
    fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Reason::UnknownReceiver => ("unknown-receiver", 404, "Check the URL: its last parts name the provider and the id of a configured source."),
            Reason::UnknownId => ("unknown-id", 404, "Check the URL: its last part is the id of a configured source of this provider."),
            Reason::NotHttps => ("not-https", 400, "Register the https address of this gateway with the sender."),
            Reason::BadMethod => ("bad-method", 405, "Let the sender deliver with POST."),
            Reason::EmptyBody => ("empty-body", 400, "Let the sender deliver its payload as the request's body."),
            Reason::MalformedBody => ("malformed-body", 400, "Choose JSON as the hook's content type at the sender."),
            Reason::MissingValue => ("missing-value", 400, "Check that the hook was made for this provider; its payload lacks a part that this provider always sends."),
            Reason::MissingEvent => ("missing-event", 400, "Check that the hook was made for this provider; its payload does not name an event."),
            Reason::BadContentType => ("bad-content-type", 415, "Choose a content type at the sender that this provider documents, without compression; check that no proxy compresses."),
            Reason::MissingHeader => ("missing-header", 401, "Enter a secret for the hook at the sender: without one it does not sign. If it has one, check that a proxy does not drop headers."),
            Reason::MissingToken => ("missing-token", 401, "Enter the secret token for the hook at the sender."),
            Reason::MissingCode => ("missing-code", 401, "Append ?code= and the source's secret to the URL that is registered with the sender."),
            Reason::RepeatedHeader => ("repeated-header", 400, "Find the proxy that adds a second header of the same name."),
            Reason::MalformedHeader => ("malformed-header", 400, "Check that the source's provider is the one that really sends: this header has another provider's form."),
            Reason::MalformedSignature => ("malformed-signature", 400, "Check that the source's provider is the one that really sends, and that the hook has a secret there."),
            Reason::BadTimestamp => ("bad-timestamp", 400, "Check that the source's provider is the one that really sends: its time is written in another way."),
            Reason::NoKnownSignature => ("no-known-signature", 401, "Choose the provider whose kind of key the sender uses: the header holds signatures of other versions only."),
            Reason::SignatureMismatch => ("signature-mismatch", 401, "Enter the same secret on both sides, and check that no proxy rewrites the body."),
            Reason::TokenMismatch => ("token-mismatch", 401, "Enter the same token on both sides; capitals count."),
            Reason::CodeMismatch => ("code-mismatch", 401, "Register the URL with exactly one code parameter that holds the source's secret; capitals count."),
            Reason::UnknownKey => ("unknown-key", 401, "Add the key that the sender uses to the source."),
            Reason::UntrustedCertificate => ("untrusted-certificate", 401, "Nothing to change if the sender is a stranger; otherwise check the provider's certificate address."),
            Reason::StaleTimestamp => ("stale-timestamp", 401, "Check the clocks of both sides; a request that waited in a queue must be signed again."),
            Reason::FutureTimestamp => ("future-timestamp", 401, "Check the clocks of both sides."),
            Reason::ChallengeRefused => ("challenge-refused", 403, "Enter the same verification token on both sides."),
            Reason::Misconfigured => ("misconfigured", 500, "Mend the source's secret on this side."),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// A request that is not believed: the reason, and a sentence on what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The class of the reason: all that a stranger learns.
    pub reason: Reason,
    /// What was expected and what was found, without any secret.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.detail)
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn codes_are_unique_and_lead_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Reason::from_code("no-such-code"), None);
    }

    #[test]
    fn every_reason_refuses_and_says_how_to_mend_it() {
        for reason in Reason::ALL {
            assert!((400..=500).contains(&reason.status()), "{reason}");
            assert!(reason.mend().ends_with('.'), "{reason}");
        }
    }
}

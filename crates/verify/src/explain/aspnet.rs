//! The receivers of ASP.NET Core WebHooks, as far as providers are like them.

use crate::aspnet::{Message, Receiver, Verification, Written};
use crate::provider::{Credential, Encoding, KeyForm, Part, Provider, STRIPE, Shape, Signature, Where};

/// The provider whose requests prove themselves as those of this receiver do; `None` where the proof stands in the body
/// and is no signature (`slack`, `salesforce`).
#[must_use]
pub fn like_receiver(receiver: &Receiver) -> Option<Provider> {
    let credential = match receiver.verification {
        Verification::Code => Credential::Code { parameter: "code" },
        Verification::Signature(signature) => Credential::Signature(Signature {
            algorithm: signature.algorithm,
            at: Where::Header(signature.header),
            shape: signature.label.map_or(Shape::Bare, |key| Shape::List { between: ',', after_key: '=', key }),
            encoding: match signature.written {
                Written::Hex => Encoding::Hex,
                Written::Base64 => Encoding::Base64,
            },
            message: match signature.message {
                Message::Body => &[Part::Body],
                Message::BodyAndUrl => &[Part::Body, Part::Url],
            },
            key_name: signature.key_header,
            ..Signature::BASE
        }),
        Verification::Stripe => STRIPE.credential,
        Verification::Slack | Verification::Salesforce => return None,
    };
    let key = if receiver.names_its_secrets() { KeyForm::Named } else { KeyForm::Text };
    Some(Provider { name: receiver.name, credential, key, ..Provider::BASE })
}

//! Amazon SNS signs lines of its own making out of the body, and publishes the certificate (Amazon's documentation,
//! "Verifying the signatures of Amazon SNS messages").

use super::{
    Answer, Condition, Consequence, Credential, DeliveryId, Demand, EventName, Handshake, KeyForm, MadeBy, OwnHosts,
    Place, Provider, Recipe, Replay, Wanted,
};
use crate::base64;
use crate::certificate::{CertificateAddress, Certified, RsaDigest, own_address};
use crate::receive::Content;
use crate::refusal::{Reason, Refusal};

const HOSTS: OwnHosts = OwnHosts::InRegion { before: "sns.", after: &[".amazonaws.com", ".amazonaws.com.cn"] };

const NOTIFICATION: &[&str] = &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION: &[&str] = &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Amazon SNS: RSA over lines out of the body. Anybody has topics that Amazon signs for, so one's own is configured.
///
/// The end of a subscription is an event like any other: what would undo it is never called.
pub const AWS_SNS: Provider = Provider {
    name: "aws-sns",
    credential: Credential::AwsSns,
    key: KeyForm::Identifier {
        prefix: "arn:",
        expected: "the topic's name, such as arn:aws:sns:eu-west-1:123456789012:scans",
    },
    event: EventName::Required(&[Place::Json("Type")]),
    delivery_id: DeliveryId::First(&[Place::Json("MessageId")]),
    handshakes: &[Handshake {
        when: &[Condition::Json("Type", "SubscriptionConfirmation")],
        proven: true,
        demand: Demand::Nothing,
        answer: Wanted::Fixed(Answer::OK),
        effect: Some(Consequence::Visit { at: Place::Json("SubscribeURL"), hosts: HOSTS }),
    }],
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Amazon SNS",
        docs: "https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html",
        secret: MadeBy::Sender,
        steps: &[
            "Open Amazon SNS > Topics and the topic, and copy its ARN here as the secret: {secret}.",
            "Press Create subscription, choose HTTPS as Protocol, and enter {url} as Endpoint.",
            "Leave Enable raw message delivery off: raw messages are not signed.",
            "The subscription is confirmed by itself: see that its status is Confirmed.",
        ],
    },
    ..Provider::BASE
};

/// What is signed of a message, and the topic that it says to be of.
pub(crate) struct Lines {
    pub signed: Vec<u8>,
    pub topic: String,
}

/// What a message presents.
pub(crate) fn presented(content: &Content<'_>) -> Result<(Certified, Lines), Refusal> {
    const OTHERS: [&str; 3] = ["Signature", "SignatureVersion", "SigningCertURL"];
    let paths = NOTIFICATION.iter().chain(CONFIRMATION).chain(&OTHERS).map(|name| (*name).to_owned());
    let values = content.values(paths.collect())?;

    let lines = match values.required("Type")? {
        "Notification" => NOTIFICATION,
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => CONFIRMATION,
        _ => return Err(malformed("one of the three types of messages")),
    };
    let mut signed = Vec::new();
    for name in lines {
        let value = if *name == "Subject" { values.get(name) } else { Some(values.required(name)?) };
        let Some(value) = value else { continue };
        // Else the end of one value could be taken for the next line.
        if *name != "Message" && value.contains('\n') {
            return Err(malformed("a line break in the message alone"));
        }
        for part in [name, "\n", value, "\n"] {
            signed.extend_from_slice(part.as_bytes());
        }
    }
    let digest = match values.required("SignatureVersion")? {
        "1" => RsaDigest::Sha1,
        "2" => RsaDigest::Sha256,
        _ => {
            let detail = "expected a signature of version 1 or 2, found another version";
            return Err(Refusal::new(Reason::NoKnownSignature, detail));
        }
    };
    let signature = base64::decode(values.required("Signature")?.as_bytes()).filter(|found| !found.is_empty());
    let signature = signature.ok_or_else(|| {
        let detail = "expected a signature in base64 at Signature in the body, found something else";
        Refusal::new(Reason::MalformedSignature, detail)
    })?;
    let url = own_address(HOSTS, values.required("SigningCertURL")?, "SigningCertURL in the body")?;
    if !url.ends_with(".pem") {
        let detail = "expected SigningCertURL in the body to end in .pem, found another address";
        return Err(Refusal::new(Reason::UntrustedCertificate, detail));
    }
    let address = CertificateAddress { url, names_end_in: None };
    let topic = values.required("TopicArn")?.to_owned();
    Ok((Certified { address, digest, signature }, Lines { signed, topic }))
}

fn malformed(expected: &str) -> Refusal {
    Refusal::new(Reason::MalformedBody, format!("expected {expected} in the body, found something else"))
}

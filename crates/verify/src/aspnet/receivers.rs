//! The fourteen receivers.

use crate::provider::{Algorithm, Answer, FORGE_BODY_BYTES_MAX};

use super::body::BodyType;
use super::receiver::{Event, Get, Message, Ping, Receiver, Signature, Verification, Written};
use super::{salesforce, stripe};

/// Every receiver, by name. To add one, add it here.
pub const ALL: &[Receiver] = &[
    Receiver { name: "azurealert", event: required("$['context']['name']", "context.name"), ..Receiver::BASE },
    Receiver { name: "AzureContainerRegistry", event: required("$.action", "action"), ..Receiver::BASE },
    Receiver {
        name: "bitbucket",
        event: Event::Header("X-Event-Key"),
        required_headers: &["X-Hook-UUID"],
        body_bytes_max: FORGE_BODY_BYTES_MAX,
        ..Receiver::BASE
    },
    Receiver {
        name: "dropbox",
        verification: Verification::Signature(Signature { header: "X-Dropbox-Signature", ..Signature::BASE }),
        secret_characters_min: 15,
        event: Event::Fixed("change"),
        get: Get::Echo("challenge"),
        ..Receiver::BASE
    },
    Receiver {
        name: "dynamicscrm",
        event: Event::Body { shown: "$.MessageName", path: "MessageName", required: false },
        ..Receiver::BASE
    },
    Receiver {
        name: "github",
        verification: Verification::Signature(Signature {
            algorithm: Algorithm::HmacSha1,
            header: "X-Hub-Signature",
            label: Some("sha1"),
            ..Signature::BASE
        }),
        secret_characters_min: 16,
        event: Event::Header("X-Github-Event"),
        ping: Some(Ping::Event("ping")),
        body_bytes_max: FORGE_BODY_BYTES_MAX,
        ..Receiver::BASE
    },
    Receiver { name: "kudu", event: required("$.status", "status"), ..Receiver::BASE },
    Receiver {
        name: "mailchimp",
        body: BodyType::Form,
        event: required("type", "type"),
        get: Get::Empty,
        ..Receiver::BASE
    },
    Receiver {
        name: "pusher",
        verification: Verification::Signature(Signature {
            header: "X-Pusher-Signature",
            key_header: Some("X-Pusher-Key"),
            ..Signature::BASE
        }),
        secret_characters_min: 8,
        event: Event::Body { shown: "$['events'][*]['name']", path: "events[*].name", required: false },
        ..Receiver::BASE
    },
    Receiver {
        name: "salesforce",
        body: BodyType::Xml,
        verification: Verification::Salesforce,
        secret_characters_min: 15,
        success: Answer { status: 200, content_type: Some(salesforce::CONTENT_TYPE), text: salesforce::ACKNOWLEDGED },
        ..Receiver::BASE
    },
    Receiver {
        name: "slack",
        body: BodyType::Form,
        verification: Verification::Slack,
        secret_characters_min: 16,
        ..Receiver::BASE
    },
    Receiver {
        name: "stripe",
        verification: Verification::Stripe,
        secret_characters_min: 16,
        ping: Some(Ping::Value { name: stripe::NOTIFICATION_ID, is: "evt_00000000000000" }),
        ..Receiver::BASE
    },
    Receiver {
        name: "trello",
        verification: Verification::Signature(Signature {
            algorithm: Algorithm::HmacSha1,
            header: "X-Trello-WebHook",
            written: Written::Base64,
            message: Message::BodyAndUrl,
            ..Signature::BASE
        }),
        event: Event::Fixed("change"),
        get: Get::Empty,
        head: true,
        ..Receiver::BASE
    },
    Receiver { name: "wordpress", body: BodyType::Form, event: required("hook", "hook"), ..Receiver::BASE },
];

const fn required(shown: &'static str, path: &'static str) -> Event {
    Event::Body { shown, path, required: true }
}

/// The receiver of this name, in any case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Receiver> {
    ALL.iter().find(|receiver| receiver.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, find};
    use crate::aspnet::{Event, Verification};

    #[test]
    fn each_name_is_there_once_and_found_in_any_case() {
        let names: BTreeSet<_> = ALL.iter().map(|receiver| receiver.name.to_lowercase()).collect();

        assert_eq!((names.len(), ALL.len()), (14, 14));
        assert_eq!(find("AZUREcontainerregistry").map(|receiver| receiver.name), Some("AzureContainerRegistry"));
        assert_eq!(find("azure"), None);
    }

    #[test]
    fn each_receiver_has_one_source_of_its_events() {
        for receiver in ALL {
            let tells =
                matches!(receiver.verification, Verification::Stripe | Verification::Slack | Verification::Salesforce);
            assert_eq!(tells, receiver.event == Event::Told, "{}", receiver.name);
        }
    }
}

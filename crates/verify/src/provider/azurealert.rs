use super::{Answer, BODY_BYTES_MAX, Credential, EventName, KeyForm, Place, Provider, Replay};

/// Azure Alerts carry a code in the URL that was registered; nothing is signed.
pub const AZUREALERT: Provider = Provider {
    name: "azurealert",
    credential: Credential::Code { parameter: "code" },
    key: KeyForm::TextOf { characters_min: 32, characters_max: 128 },
    event: EventName::Required(Place::Json("context.name")),
    delivery_id: None,
    subject: None,
    form_field: None,
    ping: None,
    replay: Replay::Nothing,
    body_bytes_max: BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};

use super::{Credential, EventName, KeyForm, Place, Provider};

/// Azure Alerts carry a code in the URL that was registered; nothing is signed.
pub const AZUREALERT: Provider = Provider {
    name: "azurealert",
    credential: Credential::Code { parameter: "code" },
    key: KeyForm::TextOf { characters_min: 32, characters_max: 128 },
    event: EventName::Required(&[Place::Json("context.name")]),
    ..Provider::BASE
};

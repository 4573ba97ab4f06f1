use super::{Credential, EventName, KeyForm, MadeBy, Place, Provider, Recipe};

/// Azure Alerts carry a code in the URL that was registered; nothing is signed.
pub const AZUREALERT: Provider = Provider {
    name: "azurealert",
    credential: Credential::Code { parameter: "code" },
    key: KeyForm::TextOf { characters_min: 32, characters_max: 128 },
    event: EventName::Required(&[Place::Json("context.name")]),
    recipe: Recipe {
        title: "Azure Monitor's classic alerts",
        docs: "https://learn.microsoft.com/en-us/azure/azure-monitor/alerts/alerts-webhooks",
        secret: MadeBy::Us,
        steps: &["Open the alert rule and enter {url} under Webhook.", "Save."],
    },
    ..Provider::BASE
};

use super::{Answer, Credential, DeliveryId, MadeBy, Place, Provider, Recipe};

/// Telegram's bots send a token that was set with the hook.
pub const TELEGRAM: Provider = Provider {
    name: "telegram",
    credential: Credential::Token { place: Place::Header("X-Telegram-Bot-Api-Secret-Token"), prefix: "" },
    delivery_id: DeliveryId::First(&[Place::Json("update_id")]),
    success: Answer::OK,
    recipe: Recipe {
        title: "Telegram bots",
        docs: "https://core.telegram.org/bots/api#setwebhook",
        secret: MadeBy::Us,
        steps: &[
            "Call the bot's method setWebhook with {url} as url and {secret} as secret_token.",
            "See by getWebhookInfo that it is set.",
        ],
    },
    ..Provider::BASE
};

use super::{Answer, Credential, DeliveryId, Place, Provider};

/// Telegram's bots send a token that was set with the hook.
pub const TELEGRAM: Provider = Provider {
    name: "telegram",
    credential: Credential::Token { place: Place::Header("X-Telegram-Bot-Api-Secret-Token"), prefix: "" },
    delivery_id: DeliveryId::First(&[Place::Json("update_id")]),
    success: Answer::OK,
    ..Provider::BASE
};

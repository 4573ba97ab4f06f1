use super::{
    Credential, DeliveryId, EventName, JSON_TELLS_ITS_BORDERS, KeyForm, MadeBy, Part, Place, Provider, Recipe, Replay,
    Signature,
};

/// Svix: Standard Webhooks under its own header names.
pub const SVIX: Provider = Provider {
    name: "svix",
    credential: Credential::Signature(Signature::standard(
        "svix-signature",
        "svix-timestamp",
        &[Part::Header("svix-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
    )),
    key: KeyForm::Whsec,
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("svix-id")]),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    recipe: Recipe {
        title: "Svix",
        docs: "https://docs.svix.com/receiving/verifying-payloads/how",
        secret: MadeBy::Sender,
        steps: &[
            "At the sender that uses Svix, open the webhook settings and add an endpoint with the URL {url}.",
            "Open the endpoint and copy its Signing Secret, which begins with whsec_.",
        ],
    },
    ..Provider::BASE
};

use super::{
    Answer, Credential, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Signature, Time, TimeAt, Unit, Where,
};

/// Webflow signs the time, in milliseconds, and the body.
pub const WEBFLOW: Provider = Provider {
    name: "webflow",
    credential: Credential::Signature(Signature {
        at: Where::Header("x-webflow-signature"),
        message: &[Part::Time, Part::Text(":"), Part::Body],
        time: Some(Time { at: TimeAt::Header("x-webflow-timestamp"), unit: Unit::Milliseconds, window_s: Some(300) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("triggerType")]),
    replay: Replay::SignedTime,
    success: Answer::OK,
    recipe: Recipe {
        title: "Webflow",
        docs: "https://developers.webflow.com/data/docs/working-with-webhooks",
        secret: MadeBy::Sender,
        steps: &[
            "Call POST /v2/sites/SITE/webhooks of Webflow's API with the triggerType and {url} as url.",
            "Copy the secretKey of the answer; for webhooks of an OAuth app the secret is the app's client secret.",
            "Webhooks made in the dashboard are not signed.",
        ],
    },
    ..Provider::BASE
};

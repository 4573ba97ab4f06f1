use super::{
    Answer, Condition, Credential, Encoding, EventName, Handshake, MadeBy, Part, Place, Provider, Recipe, Replay, Said,
    Shape, Signature, Time, TimeAt, Unit, Wanted, Where,
};

/// Zoom signs a version, the time and the body, and has its own token signed to begin with.
pub const ZOOM: Provider = Provider {
    name: "zoom",
    credential: Credential::Signature(Signature {
        at: Where::Header("x-zm-signature"),
        shape: Shape::Prefix("v0="),
        message: &[Part::Text("v0:"), Part::Time, Part::Text(":"), Part::Body],
        time: Some(Time { at: TimeAt::Header("x-zm-request-timestamp"), unit: Unit::Seconds, window_s: None }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event")]),
    handshakes: &[Handshake::proven(
        &[Condition::Json("event", "endpoint.url_validation")],
        Wanted::Members(&[
            ("plainToken", Said::Back(Place::Json("payload.plainToken"))),
            (
                "encryptedToken",
                Said::Mac { prefix: "", encoding: Encoding::Hex, of: Place::Json("payload.plainToken") },
            ),
        ]),
    )],
    replay: Replay::SignedTime,
    success: Answer::OK,
    recipe: Recipe {
        title: "Zoom",
        docs: "https://developers.zoom.us/docs/api/webhooks/",
        secret: MadeBy::Sender,
        steps: &[
            "In the App Marketplace, open the app's Access page and copy its Secret Token.",
            "Add the source here before the next step: Zoom has a token signed.",
            "Add an Event Subscription with {url} as Event notification endpoint URL, choose the events, and press \
             Validate.",
            "Save.",
        ],
    },
    ..Provider::BASE
};

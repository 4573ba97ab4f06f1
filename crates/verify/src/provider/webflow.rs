use super::{Answer, Credential, EventName, Part, Place, Provider, Replay, Signature, Time, TimeAt, Unit, Where};

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
    ..Provider::BASE
};

use super::{
    Answer, Credential, EventName, Part, Place, Provider, Replay, Shape, Signature, Time, TimeAt, Unit, Where,
};

/// Buildkite with a signature over the time and the body.
pub const BUILDKITE: Provider = Provider {
    name: "buildkite",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Buildkite-Signature"),
        shape: Shape::List { between: ',', after_key: '=', key: "signature" },
        message: &[Part::Time, Part::Text("."), Part::Body],
        time: Some(Time { at: TimeAt::Item("timestamp"), unit: Unit::Seconds, window_s: None }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Buildkite-Event")]),
    replay: Replay::SignedTime,
    success: Answer::OK,
    ..Provider::BASE
};

use super::{
    Answer, Condition, Credential, Demand, Encoding, Handshake, MadeBy, Place, Provider, Recipe, Said, Shape,
    Signature, Wanted, Where,
};

/// X asks by GET, unsigned, for the MAC of a token. So that nobody can have an event signed that way, a token is answered
/// only if it could not be a JSON object, and only a JSON object is an event.
pub const X_TWITTER: Provider = Provider {
    name: "x-twitter",
    credential: Credential::Signature(Signature {
        at: Where::Header("x-twitter-webhooks-signature"),
        shape: Shape::Prefix("sha256="),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    handshakes: &[Handshake {
        demand: Demand::PlainToken(Place::Query("crc_token")),
        ..Handshake::open(
            &[Condition::Method("GET")],
            Wanted::Members(&[(
                "response_token",
                Said::Mac { prefix: "sha256=", encoding: Encoding::Base64, of: Place::Query("crc_token") },
            )]),
        )
    }],
    only_objects: true,
    success: Answer::OK,
    recipe: Recipe {
        title: "X",
        docs: "https://docs.x.com/x-api/webhooks/introduction",
        secret: MadeBy::Sender,
        steps: &[
            "In the Developer Console, open the app's Keys and tokens and copy the consumer secret (API key secret).",
            "Add the source here before the next step: X asks it for a token's MAC, and again each hour.",
            "Call POST /2/webhooks of X's API with {url} as url.",
        ],
    },
    ..Provider::BASE
};

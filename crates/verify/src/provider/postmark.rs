use super::{Answer, Credential, EventName, KeyForm, Place, Provider};

/// Postmark uses HTTP basic authentication.
pub const POSTMARK: Provider = Provider {
    name: "postmark",
    credential: Credential::Basic,
    key: KeyForm::UserPassword,
    event: EventName::Optional(&[Place::Json("RecordType")]),
    success: Answer::OK,
    ..Provider::BASE
};

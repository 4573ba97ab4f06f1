//! A provider as people write it. Each word stands for one of the vocabulary; places are tables of one member, such as
//! `{ header = "X-Event" }`.

use serde::Deserialize;

/// A provider as people write it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderForm {
    /// The name in configurations, URLs and event types.
    pub name: String,
    pub(super) signature: Option<SignatureForm>,
    pub(super) token: Option<TokenForm>,
    #[serde(default)]
    pub(super) basic: bool,
    #[serde(default)]
    pub(super) key: KeyWord,
    pub(super) methods: Option<Vec<String>>,
    #[serde(default)]
    pub(super) event: Vec<PlaceForm>,
    #[serde(default)]
    pub(super) event_required: bool,
    #[serde(default)]
    pub(super) delivery_id: Vec<PlaceForm>,
    pub(super) subject: Option<SubjectForm>,
    pub(super) form_field: Option<String>,
    #[serde(default)]
    pub(super) handshake: Vec<HandshakeForm>,
    pub(super) ping: Option<String>,
    #[serde(default)]
    pub(super) only_objects: bool,
    pub(super) body_bytes_max: Option<usize>,
    pub(super) success: Option<AnswerForm>,
    pub(super) refusal_status: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureForm {
    pub algorithm: AlgorithmWord,
    pub at: AtForm,
    pub prefix: Option<String>,
    pub list: Option<ListForm>,
    #[serde(default)]
    pub encoding: EncodingWord,
    pub message: String,
    pub time: Option<TimeForm>,
    pub key_name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum AlgorithmWord {
    #[serde(rename = "hmac-sha1")]
    HmacSha1,
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    #[serde(rename = "hmac-sha512")]
    HmacSha512,
    #[serde(rename = "ed25519")]
    Ed25519,
    #[serde(rename = "ecdsa-p256-sha256")]
    EcdsaP256,
}

/// How the configured text becomes a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyWord {
    #[default]
    Text,
    Whsec,
    Hex,
    Named,
    Whpk,
    #[serde(rename = "ed25519-hex")]
    Ed25519Hex,
    Spki,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EncodingWord {
    #[default]
    Hex,
    Base64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AtForm {
    Header(String),
    AnyOf(Vec<String>),
    Numbered(String),
    Json(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListForm {
    pub between: char,
    pub after_key: char,
    pub key: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeForm {
    pub at: TimeAtForm,
    pub unit: UnitWord,
    pub window: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimeAtForm {
    Header(String),
    Item(String),
    Json(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum UnitWord {
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "rfc3339")]
    Rfc3339,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenForm {
    pub at: PlaceForm,
    #[serde(default)]
    pub prefix: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlaceForm {
    Header(String),
    Query(String),
    Form(String),
    Json(String),
    Fixed(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubjectForm {
    pub event: String,
    pub kind: String,
    pub collection: String,
    pub id: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerForm {
    pub status: u16,
    pub content_type: Option<String>,
    #[serde(default)]
    pub text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandshakeForm {
    pub when: Vec<ConditionForm>,
    pub proven: bool,
    pub demand: Option<DemandForm>,
    pub answer: WantedForm,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConditionForm {
    Method(String),
    Header(String, String),
    HeaderPresent(String),
    HeaderAbsent(String),
    Query(String, String),
    Json(String, String),
    FormNumber(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DemandForm {
    VerifyToken(PlaceForm),
    AllowedOrigin(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WantedForm {
    Fixed(AnswerForm),
    Text(PlaceForm),
    Members(std::collections::BTreeMap<String, SaidForm>),
    HeaderBack(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SaidForm {
    Back(PlaceForm),
    Mac(MacForm),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MacForm {
    #[serde(default)]
    pub prefix: String,
    #[serde(default)]
    pub encoding: EncodingWord,
    pub of: PlaceForm,
}

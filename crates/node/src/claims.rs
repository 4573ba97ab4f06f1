//! What tokens say.

use core::time::Duration;

use napi_derive::napi;

/// What a verified token says; times in seconds since 1970.
#[napi(object, object_from_js = false)]
pub struct Claims {
    pub kind: &'static str,
    pub audience: Vec<String>,
    /// The sum of the categories.
    pub category: u32,
    pub not_before: Option<f64>,
    pub expires: Option<f64>,
    pub issued_at: Option<f64>,
    pub id: Option<String>,
    pub contract_ends: Option<f64>,
    pub key_id: Option<String>,
}

impl From<license::Claims> for Claims {
    fn from(claims: license::Claims) -> Self {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        Claims {
            kind: claims.kind.name(),
            audience: claims.audience,
            category: claims.categories.sum().into(),
            not_before: seconds(claims.not_before),
            expires: seconds(claims.expires),
            issued_at: seconds(claims.issued_at),
            id: claims.id,
            contract_ends: seconds(claims.contract_ends),
            key_id: claims.key,
        }
    }
}

/// What a token says, unverified: two JSON objects.
#[napi(object, object_from_js = false)]
pub struct Inspected {
    pub header: String,
    pub claims: String,
}

impl From<license::Inspected> for Inspected {
    fn from(inspected: license::Inspected) -> Self {
        let written = |members| serde_json::Value::Object(members).to_string();
        Inspected { header: written(inspected.unverified_header), claims: written(inspected.unverified_claims) }
    }
}

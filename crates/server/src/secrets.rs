//! What each stored secret is sealed for: the text that binds it to its owner, so that no row opens in another's place.

/// What a source's secrets are sealed for.
#[must_use]
pub fn source_of(provider: &str, name: &str) -> String {
    format!("source/{provider}/{name}")
}

/// What the key of a service's own profile is sealed for.
#[must_use]
pub fn service_secret_of(name: &str) -> String {
    format!("service/{name}/secret")
}

/// What our signing secrets for a service are sealed for.
#[must_use]
pub fn service_signing_of(name: &str) -> String {
    format!("service/{name}/signing")
}

/// What the secrets are sealed for with which the account of this number signs its tokens.
#[must_use]
pub fn account_jwt_of(number: i64) -> String {
    format!("account/{number}/jwt")
}

/// What the credential of a refused request is sealed for.
pub const QUARANTINE: &str = "quarantine";

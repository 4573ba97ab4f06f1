//! Keys and tokens for tests.

use core::time::Duration;

use license::{Algorithm, Categories, Draft, KeySet, Kind, Names, PrivateKey, Validator};
use verify::base64;
use verify::jws::{Compact, SigningKey};

pub const NOW: Duration = Duration::from_secs(1_760_000_000);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub const SECRET: &[u8] = b"a shared secret for tests alone, of sixty-four bytes and not more";

/// A key of each algorithm, named after it.
pub fn key(algorithm: Algorithm) -> PrivateKey {
    if algorithm == Algorithm::Hs512 {
        let jwk = format!(r#"{{"kty":"oct","kid":"HS512","k":"{}"}}"#, base64::encode_url(SECRET));
        return PrivateKey::read(&jwk).expect("a key");
    }
    PrivateKey::generate(algorithm, algorithm.name(), &[7; 32]).expect("a key")
}

/// A set of these keys.
pub fn keys(keys: &[&PrivateKey]) -> KeySet {
    let jwks: Vec<_> =
        keys.iter().map(|key| key.public_jwk().unwrap_or_else(|| key.private_jwk().to_string())).collect();
    KeySet::read(&format!(r#"{{"keys":[{}]}}"#, jwks.join(",")), None).expect("a set")
}

pub fn validator(algorithm: Algorithm) -> Validator {
    Validator::new(keys(&[&key(algorithm)]))
}

/// A license for thirty days in category M, or a companion without an end that is open to M and L.
pub fn draft(kind: Kind, audience: &str) -> Draft {
    let is_license = kind == Kind::User;
    Draft {
        kind,
        audience: audience.to_owned(),
        categories: if is_license { Categories::M } else { Categories::of_sum(6).expect("categories") },
        not_before: None,
        expires: is_license.then_some(NOW + 30 * DAY),
        lease: None,
        id: format!("{kind}-1"),
        issued_at: NOW,
        long: false,
        algorithm_by_new_name: false,
    }
}

pub fn issued(draft: &Draft, algorithm: Algorithm) -> String {
    draft.issue(&key(algorithm), &Names::default()).expect("a token")
}

/// A well-signed token of any header and any claims.
pub fn signed(algorithm: Algorithm, header: &str, claims: &[u8]) -> String {
    let private = if algorithm == Algorithm::Hs512 { SECRET } else { &[7; 32] };
    let key = SigningKey::of(algorithm, private).expect("a key");
    let signed = format!("{}.{}", base64::encode_url(header.as_bytes()), base64::encode_url(claims));
    format!("{signed}.{}", base64::encode_url(&key.sign(signed.as_bytes())))
}

/// A well-signed license with claims in the place of these, or beside them.
pub fn claiming(claims: &str) -> String {
    let claims = format!(
        r#"{{"iss":"sakuli.io","sub":"sakuli_user","aud":"customer","category":2,"nbf":1759000000,"exp":1761000000{claims}}}"#
    );
    signed(Algorithm::EdDsa, &header(Algorithm::EdDsa), claims.as_bytes())
}

pub fn header(algorithm: Algorithm) -> String {
    format!(r#"{{"alg":"{}","kid":"{0}"}}"#, algorithm.name())
}

/// That a signature is over what [`Compact::join`] says.
#[test]
fn what_is_made_here_is_made_as_it_is_elsewhere() {
    let key = SigningKey::of(Algorithm::EdDsa, &[7; 32]).expect("a key");
    let joined = Compact::join(r#"{"alg":"EdDSA"}"#, "{}", |signed| key.sign(signed));
    assert_eq!(signed(Algorithm::EdDsa, r#"{"alg":"EdDSA"}"#, b"{}"), joined);
}

//! What a token, a list of revocations or a set of keys reaches before it is believed, as a function of bytes: see
//! [`verify::fuzz`].

use core::str;
use core::time::Duration;
use std::sync::LazyLock;

use verify::fuzz::Target;

use crate::{Algorithm, KeySet, Kind, Names, PrivateKey, RevocationList, Validator, inspect};

/// When everything here happens.
const NOW: Duration = Duration::from_secs(1_767_225_600);

/// Every target.
pub const ALL: &[Target] = &[Target {
    name: "license",
    run: license_text,
    seeds: &[
        b"eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImEifQ.eyJpc3MiOiJzYWt1bGkuaW8iLCJzdWIiOiJzYWt1bGlfdXNlciIsImF1ZCI6ImFjbWUiLCJleHAiOjE3NzAwMDAwMDB9.AAAA",
        b"eyJhbGciOiJub25lIn0.e30.",
        b"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":\"a\"}]}",
        b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
    ],
}];

/// A text as a token of each kind, as a list of revocations, as keys.
pub fn license_text(bytes: &[u8]) {
    static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
        let key = PrivateKey::generate(Algorithm::EdDsa, "a", &[7; 32]);
        let public = key.and_then(|key| key.public_jwk()).expect("a key");
        KeySet::read(&public, None).expect("a set of one key")
    });
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| Validator::new(KEYS.clone()));
    let Ok(text) = str::from_utf8(bytes) else { return };
    for kind in Kind::ALL {
        assert!(VALIDATOR.verify(kind, text, NOW).is_err(), "nothing here knows the key");
    }
    assert!(RevocationList::read(text, &KEYS, &Names::default(), None).is_err(), "nothing here knows the key");
    let _ = (inspect(text), KeySet::read(text, Some("a")), KeySet::read_with_private(text));
}

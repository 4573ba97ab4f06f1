//! Checks of license tokens: a plugin's against a license, two signatures each, by algorithm.

use std::hint::black_box;
use std::time::{Duration, Instant};

use license::{Algorithm, Categories, Draft, KeySet, Kind, Names, PrivateKey, Validator};

const NOW: Duration = Duration::from_secs(1_767_225_600);
const PLUGIN: &str = "@countersign/scanner-av";
/// A secret of 64 bytes, in base64.
const SECRET: &str = "YmVuY2hiZW5jaGJlbmNoYmVuY2hiZW5jaGJlbmNoYmVuY2hiZW5jaGJlbmNoYmVuY2hiZW5jaGJlbmNoYmVuY2g";

/// How long checks are made at a stretch.
const STRETCH: Duration = Duration::from_millis(10);

/// What is checked.
pub struct Pair {
    /// With which algorithm.
    pub algorithm: Algorithm,
    validator: Validator,
    license: String,
    plugin: String,
}

/// A pair of each algorithm.
pub fn all() -> Vec<Pair> {
    Algorithm::ALL.into_iter().map(Pair::new).collect()
}

impl Pair {
    fn new(algorithm: Algorithm) -> Pair {
        let key = match algorithm {
            Algorithm::Hs512 => PrivateKey::read(&format!(r#"{{"kty":"oct","kid":"bench","k":"{SECRET}"}}"#)).ok(),
            Algorithm::EdDsa | Algorithm::Es256 => PrivateKey::generate(algorithm, "bench", &[7; 32]),
        };
        let key = key.expect("our own key");
        let jwk = key.public_jwk().unwrap_or_else(|| key.private_jwk().to_string());
        let validator = Validator::new(KeySet::read(&jwk, None).expect("our own key"));
        let token = |kind, audience: &str| {
            let draft = Draft {
                kind,
                audience: audience.to_owned(),
                categories: Categories::M,
                not_before: None,
                expires: Some(NOW + Duration::from_secs(86_400)),
                lease: None,
                id: "bench".to_owned(),
                issued_at: NOW,
                long: false,
                algorithm_by_new_name: false,
            };
            draft.issue(&key, &Names::default()).expect("our own token")
        };
        Pair { algorithm, validator, license: token(Kind::User, "customer-1"), plugin: token(Kind::Plugin, PLUGIN) }
    }

    /// How many checks there are in a second.
    pub fn rate(&self) -> f64 {
        let check = || self.validator.check_plugin(Some(PLUGIN), Some(black_box(&self.plugin)), &self.license, NOW);
        assert!(check().is_ok(), "a genuine pair is believed");
        let (begun, mut done) = (Instant::now(), 0_u32);
        while begun.elapsed() < STRETCH {
            black_box(check().is_ok());
            done += 1;
        }
        f64::from(done) / begun.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn every_algorithm_is_measured() {
        let pairs = all();
        assert_eq!(pairs.len(), 3);
        assert!(pairs.iter().all(|pair| pair.rate() > 0.0));
    }
}

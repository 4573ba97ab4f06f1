//! `license keygen`.

use std::path::{Path, PathBuf};

use license::{Algorithm, PrivateKey};
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::clock::random;
use crate::command::license::arguments::create;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// Which key, and where to.
#[derive(clap::Args)]
pub struct Keygen {
    /// The algorithm: `EdDSA` (Ed25519) or `ES256`.
    #[arg(long, value_parser = algorithm, default_value = "EdDSA")]
    alg: Algorithm,
    /// The key's name, by which verifiers tell it from its successor, such as `2026-a`.
    #[arg(long, value_name = "ID")]
    kid: String,
    /// The file of the private key, which must not exist. The public one is put beside it: of `vendor.jwk`, that is
    /// `vendor.public.jwk`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Keygen {
    /// Makes both files.
    pub fn run(&self, common: &Common) -> Done {
        if self.kid.is_empty() {
            return Err(Failure::usage("expected a name in --kid, found nothing"));
        }
        let key = self.generated();
        let (private, public) = (key.private_jwk(), key.public_jwk().unwrap_or_default());
        let beside = public_file(&self.out);
        if beside.exists() {
            return Err(Failure::usage(format!("{} is there already", beside.display()))
                .mend("choose another --out: both files are new"));
        }
        create(&self.out, &Zeroizing::new(format!("{}\n", *private)), 0o600)?;
        create(&beside, &format!("{public}\n"), 0o644)?;
        let (out, beside) = (self.out.display().to_string(), beside.display().to_string());
        match common.form() {
            Form::Json => {
                output::json(&json!({ "kid": self.kid, "alg": self.alg.name(), "private": out, "public": beside }));
            }
            Form::Human => {
                output::line(format_args!("{out}: the private key, which issues; keep it where nobody else reads it"));
                output::line(format_args!("{beside}: the public key, for verifiers"));
            }
        }
        Ok(Exit::Yes)
    }

    fn generated(&self) -> PrivateKey {
        loop {
            let bytes = Zeroizing::new(random());
            // Of some bytes comes no key, once in four thousand million.
            if let Some(key) = PrivateKey::generate(self.alg, &self.kid, &bytes) {
                return key;
            }
        }
    }
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    let pair = Algorithm::named(text).filter(|algorithm| *algorithm != Algorithm::Hs512);
    pair.ok_or_else(|| format!("expected EdDSA or ES256, found {text:?}"))
}

fn public_file(private: &Path) -> PathBuf {
    let stem = private.with_extension("");
    let name = stem.file_name().and_then(|name| name.to_str()).unwrap_or("license");
    stem.with_file_name(format!("{}.public.jwk", name.strip_suffix(".private").unwrap_or(name)))
}

#[cfg(test)]
mod tests {
    use super::public_file;
    use std::path::Path;

    #[test]
    fn the_public_key_lies_beside() {
        for private in ["a/v.jwk", "a/v.private.jwk", "a/v"] {
            assert_eq!(public_file(Path::new(private)), Path::new("a/v.public.jwk"), "{private}");
        }
    }
}

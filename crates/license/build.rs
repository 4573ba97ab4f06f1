//! Brings in what a build may have of its own: a shared secret, masked, and public keys.
//!
//! The secret is printed nowhere, stands on no command line, and only its masked form is written, below the target
//! directory.

#[path = "src/mask.rs"]
mod mask;

use std::path::{Path, PathBuf};
use std::{env, fs};

const SECRET_BYTES_MIN: usize = 32;
/// What RFC 7518, section 3.2, asks for under HS512.
const SECRET_BYTES_ADVISED: usize = 64;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/mask.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let written =
        fs::write(out.join("secret.rs"), secret()).and_then(|()| fs::write(out.join("keyset.rs"), keyset(&out)));
    if let Err(why) = written {
        println!("cargo::error=what is built in cannot be written to {}: {why}", out.display());
    }
}

/// The masked secret, as the text of an expression.
fn secret() -> String {
    println!("cargo::rerun-if-env-changed=PAROLE_VALUE");
    let set = env::var_os("PAROLE_VALUE").map(|value| value.into_encoded_bytes()).unwrap_or_default();
    if env::var_os("CARGO_FEATURE_PAROLE").is_none() {
        return "None".to_owned();
    }
    let required = env::var_os("CARGO_FEATURE_REQUIRE_PAROLE").is_some();
    match set.len() {
        0 if required => println!("cargo::error=the feature `require-parole` asks for PAROLE_VALUE, and it is not set"),
        0 => return "None".to_owned(),
        bytes @ ..SECRET_BYTES_MIN => {
            println!("cargo::error=PAROLE_VALUE has {bytes} bytes, but must have {SECRET_BYTES_MIN} at least");
        }
        bytes @ ..SECRET_BYTES_ADVISED => {
            println!("cargo::warning=PAROLE_VALUE has {bytes} bytes; {SECRET_BYTES_ADVISED} are advised for HS512");
        }
        _ => {}
    }
    format!("Some(&{:?})", mask::masked(&set))
}

/// The text of the key set, as the text of an expression.
fn keyset(out: &Path) -> String {
    println!("cargo::rerun-if-env-changed=COUNTERSIGN_BUILD_KEYSET");
    let Some(path) = env::var_os("COUNTERSIGN_BUILD_KEYSET").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return "None".to_owned();
    };
    println!("cargo::rerun-if-changed={}", path.display());
    let copy = out.join("keyset.json");
    let copied = if path.is_absolute() {
        fs::copy(&path, &copy).map(drop)
    } else {
        Err(std::io::ErrorKind::InvalidInput.into())
    };
    if let Err(why) = copied {
        println!(
            "cargo::error=COUNTERSIGN_BUILD_KEYSET must be the absolute path of a JWK set: {}: {why}",
            path.display()
        );
    }
    format!("Some(include_str!({copy:?}))")
}

//! From exec to exit of `whck`, beside `/bin/true` and what OpenSSL takes for the same signature.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tempfile::TempDir;

use super::conditions::Conditions;
use super::runs::{alternating, median_of, millis};
use crate::report::{Goal, Measured};

const SECRET: &[u8] = b"a secret of a repository";
const BODY: [u8; 1024] = [b'x'; 1024];

/// The median of many calls; the goal stands for it, and 3 ms is the most that is acceptable.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let place = Place::new()?;
    let others = || Ok::<_, io::Error>((call(&mut Command::new("/bin/true"))?.1, place.sign_with_openssl()?));
    let (others, whck) = alternating(conditions.calls, others, || place.check(&conditions.whck))?;
    let others = others.into_iter().collect::<io::Result<Vec<(f64, f64)>>>()?;
    let nothing = median_of(&others, |(nothing, _)| *nothing);
    let median = Measured::shown("whck, beside /bin/true", median_of(&whck, |ms| *ms), "ms");
    let openssl = Measured::shown("openssl dgst -sha256 -hmac", median_of(&others, |(_, openssl)| *openssl), "ms");
    Ok(vec![median.aiming(Goal::AtMost(1.5)).beside(nothing), openssl.beside(nothing)])
}

/// A secrets directory and a body.
struct Place {
    folder: TempDir,
    claim: String,
}

impl Place {
    fn new() -> io::Result<Self> {
        let folder = TempDir::with_prefix("whck-bench-")?;
        fs::create_dir(folder.path().join("secrets"))?;
        for (path, content, mode) in [("secrets/repository", SECRET, 0o600), ("body", &BODY, 0o600)] {
            fs::write(folder.path().join(path), content)?;
            fs::set_permissions(folder.path().join(path), Permissions::from_mode(mode))?;
        }
        fs::set_permissions(folder.path().join("secrets"), Permissions::from_mode(0o700))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("HMAC takes any key");
        mac.update(&BODY);
        let claim = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { folder, claim })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same signature, made by OpenSSL's own command, in milliseconds.
    fn sign_with_openssl(&self) -> io::Result<f64> {
        let mut command = Command::new("openssl");
        command.args(["dgst", "-sha256", "-hmac", "a secret of a repository"]).stdin(File::open(self.path("body"))?);
        Ok(call(&mut command)?.1)
    }

    /// One call with a genuine claim, in milliseconds.
    fn check(&self, whck: &Path) -> io::Result<f64> {
        let mut command = Command::new(whck);
        command.env_clear().env("WHCK_DIR", self.path("secrets"));
        command.args(["hmac-sha256", "repository", &self.claim]).stdin(File::open(self.path("body"))?);
        let (status, took_ms) = call(&mut command)
            .map_err(|why| io::Error::new(why.kind(), format!("{} cannot be started: {why}", whck.display())))?;
        if !status.success() {
            return Err(io::Error::other(format!("{} does not believe a genuine claim: {status}", whck.display())));
        }
        Ok(took_ms)
    }
}

fn call(command: &mut Command) -> io::Result<(ExitStatus, f64)> {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    Ok((status, millis(begun.elapsed())))
}

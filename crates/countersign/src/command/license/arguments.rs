//! What several commands about licenses take: tokens, times, keys, and how to check.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use container_check::{Fault, Options, RevocationMode, Surroundings};
use domain::{Clock, Timestamp};
use license::{Kind, Names, PrivateKey};

use crate::clock::SystemClock;
use crate::exit::Failure;
use crate::output;

/// The most that is read of a file or of standard input.
const BYTES_MAX: u64 = 1 << 20;

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::usage(fault.to_string())
    }
}

/// How to check.
#[derive(clap::Args)]
pub struct How {
    /// The public keys: a JWK set, or one key in PEM, whose name is the file's without extension. By default
    /// `$COUNTERSIGN_LICENSE_KEYSET`, else those built in.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    naming: Naming,
    /// By how many seconds two clocks may differ, at most 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    leeway: u64,
    /// The customer that the license must be for.
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
    /// The signed revocation list; by default `$COUNTERSIGN_LICENSE_REVOCATIONS`.
    #[arg(long, value_name = "FILE")]
    revocations: Option<PathBuf>,
    /// Whether there must be a revocation list: `off`, `optional` or `required`.
    #[arg(long, value_name = "MODE", value_parser = mode, default_value = "optional")]
    revocation_mode: RevocationMode,
    /// Remember the highest time seen and the last list here, and refuse a clock that was set back. With `--at` it is
    /// read and not changed.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Check as of this time instead of now: seconds since 1970, or RFC 3339. The state file is left as it is.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Duration>,
}

impl How {
    /// As of when.
    pub fn now(&self) -> Duration {
        self.at.unwrap_or_else(now)
    }

    /// Whether keys were named here.
    pub fn names_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// The same for the check itself.
    pub fn options(&self, require_token: bool) -> Options {
        Options {
            keys: self.keys.clone(),
            product: self.naming.product.clone(),
            leeway_s: self.leeway,
            customer: self.customer.clone(),
            revocations: self.revocations.clone(),
            mode: self.revocation_mode,
            state: self.state.clone(),
            is_trial: self.at.is_some(),
            require_token,
        }
    }

    /// A validator for checks as of [`How::now`]. What is odd and decides nothing is remarked.
    pub fn validator(&self, require_token: bool) -> Result<license::Validator, Failure> {
        let prepared = environment().prepared(&self.options(require_token), self.now())?;
        prepared.warnings.iter().for_each(|warning| output::remark(format_args!("countersign: warning: {warning}")));
        Ok(prepared.validator)
    }
}

/// Whose names tokens have.
#[derive(clap::Args)]
pub struct Naming {
    /// The product whose names the tokens have: issuer NAME, subjects NAME_user and so on; else the usual ones.
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
}

impl Naming {
    /// The names.
    pub fn names(&self) -> Names {
        self.product.as_deref().map(Names::of_product).unwrap_or_default()
    }
}

/// The license that is checked.
#[derive(clap::Args)]
pub struct TheLicense {
    /// The license: a token, `@FILE`, or `-` for standard input. By default `$COUNTERSIGN_LICENSE_KEY`, the file
    /// `$COUNTERSIGN_LICENSE_FILE`, or `$SAKULI_LICENSE_KEY`.
    #[arg(long, value_name = "TOKEN")]
    license: Option<String>,
}

impl TheLicense {
    /// The token; empty where none is set.
    pub fn read(&self) -> Result<String, Failure> {
        match &self.license {
            Some(given) => token(given),
            None => Ok(environment().license()?),
        }
    }
}

/// This process's environment.
pub fn environment() -> Surroundings<'static> {
    Surroundings::new(&|name| std::env::var_os(name))
}

/// The present time, since 1970.
pub fn now() -> Duration {
    Duration::from_secs(u64::try_from(SystemClock.now().milliseconds() / 1000).unwrap_or_default())
}

/// A time as RFC 3339.
pub fn shown(time: Duration) -> String {
    Timestamp(domain::time::micros(time)).rfc3339_seconds()
}

/// A token: as it stands, in `@FILE`, or on standard input for `-`; without white space around it. What is too long for
/// one, or not UTF-8, is for the validator to refuse.
pub fn token(given: &str) -> Result<String, Failure> {
    let bytes = match given.strip_prefix('@') {
        Some(path) => File::open(path).and_then(|mut file| bytes(&mut file)),
        None if given == "-" => bytes(&mut std::io::stdin().lock()),
        None => return Ok(given.trim().to_owned()),
    };
    let bytes = bytes.map_err(|why| Failure::usage(format!("the token {given} cannot be read: {why}")))?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn bytes(from: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX).read_to_end(&mut bytes).map(|_| bytes)
}

/// The text of a file.
pub fn read(path: &Path) -> Result<String, Failure> {
    let cannot = |why: &dyn std::fmt::Display| Failure::usage(format!("{} cannot be read: {why}", path.display()));
    let bytes = File::open(path).and_then(|mut file| bytes(&mut file)).map_err(|why| cannot(&why))?;
    String::from_utf8(bytes).map_err(|_| cannot(&"it is not UTF-8"))
}

/// The key that signs.
pub fn private_key(path: &Path) -> Result<PrivateKey, Failure> {
    let mode = std::fs::metadata(path).map(|file| file.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        let shown = path.display();
        output::remark(format_args!("countersign: warning: others may read {shown}; mend it with chmod 600 {shown}"));
    }
    let text = zeroize::Zeroizing::new(read(path)?);
    PrivateKey::read(&text).map_err(|fault| Failure::usage(format!("{}: {fault}", path.display())))
}

/// Writes a new file, which may hold a secret; one that is there already is left alone.
pub fn create(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|why| Failure::usage(format!("{} cannot be written: {why}", path.display())))
}

/// Puts a text in the place of a file, in one step. Who may read the file stays as it was; a new one has this mode.
pub fn replace(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let kept = std::fs::metadata(path).map_or(mode, |file| file.permissions().mode() & 0o777);
    let written = container_check::replace(path, text, kept);
    written.map_err(|why| Failure::usage(format!("{} cannot be written: {why}", path.display())))
}

/// A time: seconds since 1970, RFC 3339, or a day, which is its first moment in UTC.
pub fn time(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let instant = Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")));
    let since = instant.and_then(|at| u64::try_from(at.0).ok()).map(Duration::from_micros);
    since.ok_or_else(|| format!("expected seconds since 1970 or a time such as 2027-01-31T12:00:00Z, found {text:?}"))
}

/// A length of time; a bare number is days.
pub fn span(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(days) => Ok(Duration::from_secs(24 * 60 * 60).saturating_mul(days)),
        Err(_) => domain::time::parse_span(text),
    }
}

/// A kind of token.
pub fn kind(text: &str) -> Result<Kind, String> {
    Kind::named(text).ok_or_else(|| format!("expected user, plugin or container, found {text:?}"))
}

fn mode(text: &str) -> Result<RevocationMode, String> {
    RevocationMode::named(text).ok_or_else(|| format!("expected off, optional or required, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::{shown, span, time};
    use std::time::Duration;

    #[test]
    fn times_are_read_in_each_form() {
        let new_year = Duration::from_secs(1_798_761_600);
        for text in ["1798761600", "2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", "2027-01-01"] {
            assert_eq!(time(text), Ok(new_year), "{text}");
        }
        assert_eq!(shown(new_year), "2027-01-01T00:00:00Z");
        for text in ["", "-1", "tomorrow", "1.5", "1969-12-31T00:00:00Z"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert_eq!(
            (span("30"), span("30d")),
            (Ok(30 * Duration::from_secs(86_400)), Ok(30 * Duration::from_secs(86_400)))
        );
    }
}

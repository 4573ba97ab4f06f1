//! Secrets on the command line: never as an argument, which every process on the machine can read.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::exit::Failure;

/// Where a secret stands.
#[derive(clap::Args)]
#[group(multiple = false)]
pub struct SecretFrom {
    /// Read the secret from a file; a line break at its end does not count.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Read the secret from a variable of the environment.
    #[arg(long, value_name = "NAME")]
    secret_env: Option<String>,
}

impl SecretFrom {
    /// The secret, if one was named.
    ///
    /// # Errors
    /// When it is not there.
    pub fn read(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        let (text, place) = match (&self.secret_file, &self.secret_env) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path).map_err(|why| {
                    Failure::usage(format!("the secret file {} cannot be read: {why}", path.display()))
                })?;
                (Zeroizing::new(text), path.display().to_string())
            }
            (None, Some(name)) => {
                let text = std::env::var(name).map_err(|_| {
                    Failure::usage(format!("expected a secret in the variable {name}, which is not set"))
                })?;
                (Zeroizing::new(text), name.clone())
            }
            (None, None) => return Ok(None),
        };
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        if secret.is_empty() {
            return Err(Failure::usage(format!("expected a secret in {place}, found nothing")));
        }
        Ok(Some(Zeroizing::new(secret.to_owned())))
    }

    /// The variable that it is read from, if it is.
    pub fn variable(&self) -> Option<&str> {
        self.secret_env.as_deref()
    }

    /// The secret that must be named.
    ///
    /// # Errors
    /// When none was named or it is not there.
    pub fn required(&self) -> Result<Zeroizing<String>, Failure> {
        self.read()?.ok_or_else(|| Failure::usage("expected --secret-file FILE or --secret-env NAME, found neither"))
    }
}

//! `whck KIND IDENTIFIER CLAIM < BODY`: does this claim belong to the secret that is stored for this repository?
//!
//! The caller learns yes or no, by the exit code, and never the secret. The program only reads: a directory with one
//! file for each repository, and the body. An unknown repository takes the same work and gets the same answer as a
//! wrong claim.

mod arguments;
mod base64url;
mod check;
mod descriptors;
mod directory;
mod failure;
mod identifier;
mod rights;
mod secret;

use std::io::Write;
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use arguments::{Call, Claim, Request};
use check::Verdict;
use directory::Directory;
use failure::Failure;
use identifier::Identifier;
use rights::Rights;
use secret::Stored;

const VERSION: &str = concat!("whck ", env!("CARGO_PKG_VERSION"), "\n");

const HELP: &str = "\
Checks the claim of a forge's webhook against a stored secret.

Usage: whck [--claim-fd N] KIND IDENTIFIER CLAIM < BODY

  KIND          hmac-sha256: the claim is the HMAC-SHA256 of the body in hex, with or without `sha256=`
                token: the claim is the secret itself; the body is not read
  IDENTIFIER    the repository: its URL in base16 or base64url, or the name of a secret file
  CLAIM         the signature or token that the request presents
  --claim-fd N  read the claim from descriptor N, and give `-` as CLAIM, so that no process list shows it
  --help, --version

Options stand before KIND; whatever follows KIND is taken as it stands.

The secrets are files in $WHCK_DIR, else $XDG_CONFIG_HOME/whck, else $HOME/.config/whck, else .config/whck in the
home directory that this program lies in. With the rights of another account (set-user-id, sudo) no variable counts:
the account database names the home directory. A second secret may stand in NAME.next. The body may have
$WHCK_MAX_BODY octets (26214400; 0 for any number).

Exit codes: 0 valid, 1 not valid, 2 usage, 3 kind not supported, 4 identifier malformed, 5 no secrets directory,
6 secrets directory unusable, 7 body unreadable or too large, 70 internal error
";

fn main() -> ExitCode {
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(run).unwrap_or(Err(Failure::Internal("a panic")));
    match outcome {
        Ok(Verdict::Valid { warning: None }) => ExitCode::SUCCESS,
        Ok(Verdict::Valid { warning: Some(warning) }) => {
            tell(&format!("warning: {warning}"));
            ExitCode::SUCCESS
        }
        Ok(Verdict::NotValid { why: None }) => {
            tell("not valid");
            ExitCode::from(1)
        }
        Ok(Verdict::NotValid { why: Some(why) }) => {
            tell(&format!("not valid: {why}"));
            ExitCode::from(1)
        }
        Err(failure) => {
            tell(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

fn run() -> Result<Verdict, Failure> {
    let rights = Rights::take()?;
    match arguments::read(std::env::args_os().skip(1))? {
        Request::Help => print(HELP),
        Request::Version(None) => print(VERSION),
        Request::Version(wanted) => match descriptors::take_over(wanted)? {
            Some(_) => print(VERSION),
            None => Err(arguments::no_descriptor()),
        },
        Request::Check(call) => judge(call, &rights),
    }
}

fn judge(call: Call, rights: &Rights) -> Result<Verdict, Failure> {
    let claim = match call.claim {
        Claim::Descriptor(number) => arguments::read_claim(descriptors::take_over(Some(number))?)?,
        Claim::Given(claim) => {
            if rights.are_raised() {
                descriptors::take_over(None)?;
            }
            claim
        }
    };
    let identifier = Identifier::read(&call.identifier).ok_or(Failure::Identifier)?;
    let body_bytes_max = check::body_bytes_max(rights.variable("WHCK_MAX_BODY"))?;
    let directory = Directory::open(&secrets_directory(rights)?, rights)?;
    let stored = Stored::find(&directory, &identifier);
    rights.give_up()?;
    let body = std::io::stdin().lock();
    let matched = check::matches(call.kind, stored.secrets(), &claim, body, body_bytes_max)?;
    if !matched {
        rights.log_refusal(&identifier.names()[0]);
    }
    Ok(Verdict::of(matched, &stored, &directory, rights))
}

fn secrets_directory(rights: &Rights) -> Result<PathBuf, Failure> {
    let program = directory::program();
    let place = if rights.are_raised() {
        directory::locate_lent(rights.home(), program.as_deref())
    } else {
        directory::locate(|name| std::env::var_os(name), program.as_deref())
    };
    place.ok_or(Failure::NoDirectory)
}

fn print(text: &str) -> Result<Verdict, Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Ok(Verdict::Valid { warning: None }),
        Err(_) => Err(Failure::Internal("standard output cannot be written")),
    }
}

/// The one line on standard error. That nobody may be there to read it is no failure.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "whck: {line}");
}

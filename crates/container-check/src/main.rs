//! `container-check`: ends a container's start, by its exit code, unless the license matches the container.

use std::io::Write;
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use container_check::{Fault, Options, Outcome, RevocationMode, Surroundings, check_container};
use lexopt::{Arg, Parser};

const HELP: &str = "\
Ends a container's start, by its exit code, unless the license matches the container.

Usage: container-check [OPTIONS]

  --image NAME         the image that this container is made of, instead of $IMG
  --keys FILE          the public keys: a JWK set, or one key in PEM, whose name is the file's without extension
  --customer NAME      the customer that the license must be for
  --product NAME       the product whose names the tokens have: issuer NAME, subjects NAME_user and so on
  --leeway SECONDS     by how much two clocks may differ, 0 to 300 (0)
  --revocations FILE   the signed revocation list
  --revocation-mode M  off, optional (without a list all is well), or required (optional)
  --state FILE         remember the highest time seen and the last list, and refuse a clock that was set back
  --at SECONDS         check as of this time, since 1970, instead of now; leaves the state file as it is
  --json               say what came of it in JSON, on standard output
  --help, --version

The license is $COUNTERSIGN_LICENSE_KEY, else in the file $COUNTERSIGN_LICENSE_FILE, else $SAKULI_LICENSE_KEY. The
container's token is $COUNTERSIGN_CONTAINER_TOKEN, else in $COUNTERSIGN_CONTAINER_TOKEN_FILE, else in
/etc/countersign/container.jwt. Without --keys, the keys are in $COUNTERSIGN_LICENSE_KEYSET, else those built in; without
--revocations, the list is in $COUNTERSIGN_LICENSE_REVOCATIONS.

Exit codes: 0 valid, 2 usage or configuration, 10 no license, 11 malformed token, 12 algorithm, key or signature refused,
13 expired, 14 not yet valid, 15 claims refused, 16 another image's token, 17 categories do not fit, 18 revoked,
70 internal error
";

/// What the caller asks for.
enum Request {
    Help,
    Version,
    Check(Box<Check>),
}

#[derive(Default)]
struct Check {
    image: Option<String>,
    options: Options,
    at: Option<Duration>,
    as_json: bool,
}

fn main() -> ExitCode {
    panic::set_hook(Box::new(|_| {}));
    let exit = panic::catch_unwind(run).unwrap_or_else(|_| {
        tell("INTERNAL: Unknown failure");
        license::Code::Internal.exit()
    });
    ExitCode::from(exit)
}

fn run() -> u8 {
    match arguments() {
        Ok(Request::Help) => print(HELP),
        Ok(Request::Version) => print(concat!("container-check ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Request::Check(check)) => {
            let surroundings = Surroundings::new(&|name| std::env::var_os(name));
            let now = check.at.unwrap_or_else(now);
            let outcome = check_container(&surroundings, check.image.as_deref(), &check.options, now);
            report(&outcome, check.as_json)
        }
        Err(why) => report(&Outcome::unusable(&Fault(format!("{why}; see --help"))), false),
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn report(outcome: &Outcome, as_json: bool) -> u8 {
    outcome.warnings.iter().for_each(|warning| tell(&format!("warning: {warning}")));
    if let Some(line) = &outcome.line {
        tell(line);
    }
    if as_json {
        print(&format!("{}\n", outcome.json));
    }
    outcome.exit
}

/// A reader who went away changes nothing: the exit code counts.
fn print(text: &str) -> u8 {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    0
}

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "container-check: {line}");
}

fn arguments() -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_env();
    let mut check = Box::new(Check::default());
    let options = &mut check.options;
    while let Some(argument) = parser.next()? {
        let Arg::Long(name) = argument else { return Err(argument.unexpected()) };
        match name {
            "help" => return Ok(Request::Help),
            "version" => return Ok(Request::Version),
            "json" => check.as_json = true,
            "image" => check.image = Some(text(&mut parser)?),
            "at" => {
                check.at = Some(Duration::from_secs(parsed(&mut parser)?));
                options.is_trial = true;
            }
            "keys" => options.keys = Some(PathBuf::from(parser.value()?)),
            "customer" => options.customer = Some(text(&mut parser)?),
            "product" => options.product = Some(text(&mut parser)?),
            "leeway" => options.leeway_s = parsed(&mut parser)?,
            "revocations" => options.revocations = Some(PathBuf::from(parser.value()?)),
            "revocation-mode" => {
                let name = text(&mut parser)?;
                let expected = || format!("expected off, optional or required, found {name:?}");
                options.mode = RevocationMode::named(&name).ok_or_else(expected)?;
            }
            "state" => options.state = Some(PathBuf::from(parser.value()?)),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Request::Check(check))
}

fn text(parser: &mut Parser) -> Result<String, lexopt::Error> {
    Ok(parser.value()?.into_string()?)
}

fn parsed<T: FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync + 'static>>>>(
    parser: &mut Parser,
) -> Result<T, lexopt::Error> {
    use lexopt::ValueExt;
    parser.value()?.parse()
}

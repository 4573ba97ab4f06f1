//! What the program is started with: a port and a validator, each chosen once.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What the caller asks for.
#[derive(Debug)]
pub enum Asked {
    Help,
    Version,
    Serve(Settings),
}

/// What it serves with.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// The port on localhost; 0 for any free one.
    pub port: u16,
    /// The program that checks claims.
    pub validator: PathBuf,
    /// The program that is told of valid requests, if there is one.
    pub notify: Option<PathBuf>,
}

/// Why it does not start.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Usage(String),
    NoValidator(String),
}

impl Fault {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Fault::Usage(_) => 2,
            Fault::NoValidator(_) => 5,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Usage(fault) => write!(out, "{fault}; see `forge-endpoint --help`"),
            Fault::NoValidator(fault) => out.write_str(fault),
        }
    }
}

/// Reads the arguments after the program's name, and the variables that they are read with.
pub fn read(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Asked, Fault> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    match arguments.as_slice() {
        [option] if option == "--help" => return Ok(Asked::Help),
        [option] if option == "--version" => return Ok(Asked::Version),
        [] | [_] => {}
        more => return Err(Fault::Usage(format!("expected one argument, a port, found {}", more.len()))),
    }
    let port = port(set("FORGEHOOKPORT").as_ref().or(arguments.first()))?;
    let path = set("PATH").unwrap_or_default();
    let validator = validator(set("WHCK").map(PathBuf::from), Path::new("bin/whck"), &path)?;
    Ok(Asked::Serve(Settings { port, validator, notify: found_in(&path, "forgehook-notify") }))
}

fn port(text: Option<&OsString>) -> Result<u16, Fault> {
    let Some(text) = text else {
        return Err(Fault::Usage("expected a port, as the first argument or in FORGEHOOKPORT".to_owned()));
    };
    let digits = text.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.ok_or_else(|| Fault::Usage(format!("expected a port from 0 to 65535, found {}", text.display())))
}

/// The validator. What is chosen is binding: one that cannot be run is not made good by the next.
fn validator(named: Option<PathBuf>, override_here: &Path, path: &OsString) -> Result<PathBuf, Fault> {
    let chosen = named.or_else(|| override_here.symlink_metadata().is_ok().then(|| override_here.to_owned()));
    let chosen = chosen.or_else(|| found_in(path, "whck")).ok_or_else(|| {
        Fault::NoValidator("no validator: name one in WHCK, put it at ./bin/whck, or install whck".to_owned())
    })?;
    if !is_executable(&chosen) {
        return Err(Fault::NoValidator(format!("the validator {} is no executable file", chosen.display())));
    }
    std::path::absolute(&chosen).map_err(|_| Fault::NoValidator("the current directory is gone".to_owned()))
}

fn found_in(path: &OsString, name: &str) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|program| is_executable(program))
}

fn is_executable(program: &Path) -> bool {
    program.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SH: &str = "/bin/sh";

    fn settings(arguments: &[&str], set: &[(&str, &str)]) -> Result<Asked, Fault> {
        let variable = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        read(arguments.iter().map(Into::into), variable)
    }

    fn port_of(arguments: &[&str], set: &[(&str, &str)]) -> Result<u16, u8> {
        let set = [set, &[("WHCK", SH)]].concat();
        match settings(arguments, &set) {
            Ok(Asked::Serve(settings)) => Ok(settings.port),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.code()),
        }
    }

    #[test]
    fn the_variable_goes_before_the_argument() {
        assert_eq!(port_of(&["8000"], &[]), Ok(8000));
        assert_eq!(port_of(&["8000"], &[("FORGEHOOKPORT", "9000")]), Ok(9000));
        assert_eq!(port_of(&["8000"], &[("FORGEHOOKPORT", "")]), Ok(8000));
        assert_eq!(port_of(&["0"], &[]), Ok(0));
    }

    #[test]
    fn what_is_no_port_is_a_usage_fault() {
        for arguments in [&[][..], &["x"], &["65536"], &["+80"], &["-1"], &[""], &["80", "81"], &["--port"]] {
            assert_eq!(port_of(arguments, &[]), Err(2), "{arguments:?}");
        }
        assert_eq!(port_of(&["8000"], &[("FORGEHOOKPORT", "x")]), Err(2));
    }

    #[test]
    fn a_validator_that_is_named_is_binding() {
        let code = |whck| settings(&["0"], &[("WHCK", whck), ("PATH", "/bin")]).map_err(|fault| fault.code());

        assert!(matches!(code(SH), Ok(Asked::Serve(settings)) if settings.validator == Path::new(SH)));
        assert!(matches!(code("/nowhere/whck"), Err(5)));
        assert!(matches!(code("/etc/passwd"), Err(5)));
        assert!(matches!(settings(&["0"], &[]), Err(Fault::NoValidator(_))));
    }
}

//! The command line.

use lexopt::prelude::*;

/// How to call us.
pub const USAGE: &str = "\
Usage: bench WHAT [--connections 1,16,64] [--seconds 3] [--json]

WHAT is one of
  bare     the bare server that every rate is compared with
  egress   the outgoing client alone, on one thread
";

/// What to measure, and how.
#[derive(Debug, PartialEq)]
pub struct Args {
    /// Which measurement.
    pub what: What,
    /// Over how many connections, one run each.
    pub connections: Vec<usize>,
    /// How long each run takes.
    pub seconds: f64,
    /// JSON instead of a table.
    pub json: bool,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// The bare server.
    Bare,
    /// The outgoing client.
    Egress,
}

/// Reads the arguments; nothing means that help was asked for.
pub fn parse(mut words: lexopt::Parser) -> Result<Option<Args>, lexopt::Error> {
    let mut what = None;
    let mut args = Args { what: What::Bare, connections: vec![1, 16, 64], seconds: 3.0, json: false };
    while let Some(word) = words.next()? {
        match word {
            Value(name) if what.is_none() => what = Some(name.parse_with(which)?),
            Long("connections") => args.connections = words.value()?.parse_with(counts)?,
            Long("seconds") => args.seconds = words.value()?.parse_with(seconds)?,
            Long("json") => args.json = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    args.what = what.ok_or("say what to measure")?;
    Ok(Some(args))
}

fn which(name: &str) -> Result<What, String> {
    match name {
        "bare" => Ok(What::Bare),
        "egress" => Ok(What::Egress),
        _ => Err(format!("expected bare or egress, found `{name}`")),
    }
}

fn counts(list: &str) -> Result<Vec<usize>, String> {
    list.split(',')
        .map(|count| count.parse().ok().filter(|count| (1..=1024).contains(count)))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("expected numbers from 1 to 1024, found `{list}`"))
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.1..=600.0).contains(seconds))
        .ok_or_else(|| format!("expected seconds from 0.1 to 600, found `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<Args>, String> {
        parse(lexopt::Parser::from_args(line.split_whitespace())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_says_what_and_how() {
        let args = read("bare --connections 16,64 --seconds 0.5 --json").expect("fine").expect("not help");

        assert_eq!(args, Args { what: What::Bare, connections: vec![16, 64], seconds: 0.5, json: true });
        assert_eq!(read("egress --help"), Ok(None));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in
            ["", "unknown", "bare bare", "bare --connections 0", "bare --connections", "bare --seconds 1e9", "bare --x"]
        {
            assert!(read(line).is_err(), "{line}");
        }
    }
}

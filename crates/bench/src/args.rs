//! The command line.

use std::path::PathBuf;

use lexopt::prelude::*;

use crate::measure::conditions::Conditions;
use crate::measure::list::{self, Measurement};

/// What to measure, and how.
#[derive(Debug)]
pub struct Args {
    /// Which measurements.
    pub what: Vec<&'static Measurement>,
    /// How long, how often, on what.
    pub conditions: Conditions,
    /// JSON instead of a table.
    pub json: bool,
}

/// How to call us.
pub fn usage() -> String {
    let measurements: String = list::ALL.iter().map(|one| format!("  {:8} {}\n", one.name, one.about)).collect();
    format!(
        "\
Usage: bench [WHAT...] [options]

WHAT is any of these; without it, all of them in this order:
{measurements}
  --quick                 short windows, one run each, small counts: only to see that all works
  --seconds S             how long each run takes (2)
  --runs N                how many runs a median is taken of (5)
  --connections 1,16,64   over how many connections bare, egress and ingest run
  --open N                how many deliveries are open for memory and flood (1000000)
  --events N              how many events are stored for scale and lists (1000000; 10000000 where scale alone is asked)
  --json                  JSON instead of a table
"
    )
}

/// What an option changes, whether the rest is quick or not.
type Change = Box<dyn FnOnce(&mut Conditions)>;

/// Reads the arguments; nothing means that help was asked for. `product` and `whck` are the binaries to measure.
pub fn parse(mut words: lexopt::Parser, product: PathBuf, whck: PathBuf) -> Result<Option<Args>, lexopt::Error> {
    let mut what = Vec::new();
    let mut json = false;
    let mut quick = false;
    let mut changes: Vec<Change> = Vec::new();
    while let Some(word) = words.next()? {
        match word {
            Value(name) => what.push(name.parse_with(which)?),
            Long("quick") => quick = true,
            Long("json") => json = true,
            Long("help") | Short('h') => return Ok(None),
            Long("seconds") => {
                let seconds = words.value()?.parse_with(seconds)?;
                changes.push(Box::new(move |conditions| conditions.seconds = seconds));
            }
            Long("runs") => {
                let runs = words.value()?.parse_with(|text| number(text, 99))?;
                changes.push(Box::new(move |conditions| conditions.runs = runs as usize));
            }
            Long("connections") => {
                let connections = words.value()?.parse_with(connections)?;
                changes.push(Box::new(move |conditions| conditions.connections = connections));
            }
            Long("open") => {
                let open = words.value()?.parse_with(|text| number(text, 100_000_000))?;
                changes.push(Box::new(move |conditions| conditions.open = open));
            }
            Long("events") => {
                let events = words.value()?.parse_with(|text| number(text, 100_000_000))?;
                changes.push(Box::new(move |conditions| conditions.events = events));
            }
            other => return Err(other.unexpected()),
        }
    }
    let mut conditions = if quick { Conditions::quick(product, whck) } else { Conditions::full(product, whck) };
    if let ([Measurement { name: "scale", .. }], false) = (what.as_slice(), quick) {
        conditions.events = Conditions::SCALE_EVENTS;
    }
    for change in changes {
        change(&mut conditions);
    }
    if what.is_empty() {
        what = list::ALL.iter().collect();
    }
    Ok(Some(Args { what, conditions, json }))
}

fn which(name: &str) -> Result<&'static Measurement, String> {
    list::find(name).ok_or_else(|| {
        let names: Vec<&str> = list::ALL.iter().map(|one| one.name).collect();
        format!("expected one of {}, found `{name}`", names.join(", "))
    })
}

fn connections(list: &str) -> Result<Vec<usize>, String> {
    list.split(',').map(|count| number(count, 1024).map(|count| count as usize)).collect()
}

fn number(text: &str, max: u64) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|number| (1..=max).contains(number))
        .ok_or_else(|| format!("expected a number from 1 to {max}, found `{text}`"))
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
        let words = lexopt::Parser::from_args(line.split_whitespace());
        parse(words, "/product".into(), "/whck".into()).map_err(|error| error.to_string())
    }

    fn names(args: &Args) -> Vec<&'static str> {
        args.what.iter().map(|one| one.name).collect()
    }

    #[test]
    fn a_line_says_what_and_how() {
        let args =
            read("ingest bare --connections 16,64 --seconds 0.5 --runs 3 --json").expect("fine").expect("not help");

        let conditions = Conditions {
            connections: vec![16, 64],
            seconds: 0.5,
            runs: 3,
            ..Conditions::full("/product".into(), "/whck".into())
        };
        assert_eq!((names(&args), args.conditions, args.json), (vec!["ingest", "bare"], conditions, true));
        assert!(read("egress --help").expect("fine").is_none());
    }

    #[test]
    fn nothing_means_everything() {
        let args = read("").expect("fine").expect("not help");

        assert_eq!(args.what.len(), list::ALL.len());
        assert_eq!(args.conditions.runs, 5);
    }

    #[test]
    fn quick_is_short_wherever_it_stands() {
        let args = read("--runs 2 --quick").expect("fine").expect("not help");

        assert_eq!(args.conditions.runs, 2);
        assert_eq!(args.conditions.events, Conditions::quick("".into(), "".into()).events);
    }

    #[test]
    fn scale_alone_is_larger() {
        let events = |line| read(line).expect("fine").expect("not help").conditions.events;

        assert_eq!(events("scale"), 10_000_000);
        assert_eq!(events("scale start"), 1_000_000);
        assert_eq!(events("scale --events 5"), 5);
        assert!(events("scale --quick") < 1_000_000);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["unknown", "bare --connections 0", "bare --connections", "--seconds 1e9", "--runs 0", "--x"] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_usage_names_every_measurement_once() {
        for one in list::ALL {
            assert_eq!(usage().matches(&format!("\n  {} ", one.name)).count(), 1, "{}", one.name);
        }
    }
}

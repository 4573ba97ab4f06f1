//! `bench`: see [`bench::args::usage`].

use std::io;
use std::process::ExitCode;

use bench::args::{self, Args};
use bench::product::{Product, beside_us};
use bench::report::{self, Measured};

fn main() -> ExitCode {
    let (product, whck) = match binaries() {
        Ok(binaries) => binaries,
        Err(error) => {
            eprintln!("bench: cannot tell where this program lies: {error}");
            return ExitCode::FAILURE;
        }
    };
    match args::parse(lexopt::Parser::from_env(), product, whck) {
        Ok(Some(args)) => run(&args),
        Ok(None) => {
            print!("{}", args::usage());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("bench: {error}\n\n{}", args::usage());
            ExitCode::from(2)
        }
    }
}

fn binaries() -> io::Result<(std::path::PathBuf, std::path::PathBuf)> {
    Ok((Product::binary()?, beside_us("whck")?))
}

/// Makes every measurement, and shows what came of those that could be made.
fn run(args: &Args) -> ExitCode {
    let mut figures: Vec<Measured> = Vec::new();
    let mut all_made = true;
    for one in &args.what {
        eprintln!("bench: {}: {}", one.name, one.about);
        match (one.run)(&args.conditions) {
            Ok(more) => figures.extend(more),
            Err(error) => {
                eprintln!("bench: {} could not be measured: {error}", one.name);
                all_made = false;
            }
        }
    }
    if args.json {
        println!("{:#}", report::json(&figures));
    } else {
        print!("{}", report::table(&figures));
    }
    if all_made { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

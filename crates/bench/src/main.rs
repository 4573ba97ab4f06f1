//! `bench`: see [`bench::args::USAGE`].

use std::process::ExitCode;

use bench::args::{Args, What};
use bench::histogram::Histogram;
use bench::report::Measured;
use bench::{args, bare, outgoing, report};

fn main() -> ExitCode {
    match args::parse(lexopt::Parser::from_env()) {
        Ok(Some(args)) => {
            let figures = measure(&args);
            if args.json {
                println!("{:#}", report::json(&figures));
            } else {
                print!("{}", report::table(&figures));
            }
            ExitCode::SUCCESS
        }
        Ok(None) => {
            print!("{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("bench: {error}\n\n{}", args::USAGE);
            ExitCode::from(2)
        }
    }
}

fn measure(args: &Args) -> Vec<Measured> {
    args.connections
        .iter()
        .flat_map(|connections| match args.what {
            What::Bare => bare_server(*connections, args.seconds),
            What::Egress => outgoing_client(*connections, args.seconds),
        })
        .collect()
}

fn bare_server(connections: usize, seconds: f64) -> Vec<Measured> {
    let loaded = bare::measure(connections, seconds);
    rate_and_latency(&format!("bare, {connections} conn."), loaded.rate(), "requests/s", &loaded.latency)
}

fn outgoing_client(callers: usize, seconds: f64) -> Vec<Measured> {
    let reached = outgoing::measure(callers, seconds);
    let what = format!("egress, {callers} callers");
    let mut figures = rate_and_latency(&what, reached.rate, "POSTs/s", &reached.latency);
    figures.push(Measured::shown(format!("{what}: opened"), reached.connections as f64, "conn."));
    figures
}

fn rate_and_latency(what: &str, rate: f64, unit: &'static str, latency: &Histogram) -> Vec<Measured> {
    let quantile = |name: &str, share| {
        let ms = latency.quantile(share).as_secs_f64() * 1e3;
        Measured::shown(format!("{what}: {name}"), ms, "ms")
    };
    vec![Measured::shown(what, rate, unit), quantile("p50", 0.5), quantile("p99", 0.99), quantile("p99.9", 0.999)]
}

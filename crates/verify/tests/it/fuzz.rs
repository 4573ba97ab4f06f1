//! What strangers' bytes reach, over seeds and what comes of them by chance: the same on every run.

use serde_json::Value;
use verify::fuzz::{ALL, Target, try_all};

/// How many inputs each target is given besides its seeds.
const INPUTS: usize = 10_000;

/// The target's own seeds; of requests also every published one.
fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let own = target.seeds.iter().map(|seed| seed.to_vec());
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../vectors/providers.json")).expect("JSON");
    let profile = match target.name {
        "request" => "modern",
        "aspnet" => "aspnet",
        _ => return own.collect(),
    };
    let published = vectors.iter().filter(|vector| vector["profile"] == profile).map(|vector| {
        let text = |name: &str| vector[name].as_str().expect("text");
        let provider = if profile == "modern" { format!("{}\n", text("provider")) } else { String::new() };
        let headers: Vec<(String, String)> = serde_json::from_value(vector["headers"].clone()).expect("headers");
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let (method, url, body) = (text("method"), text("url"), text("body"));
        format!("{provider}{method} {url}\n{headers}\n{body}").into_bytes()
    });
    own.chain(published).collect()
}

#[test]
fn nothing_that_strangers_send_panics_or_is_believed() {
    try_all(ALL, INPUTS, seeds);
}

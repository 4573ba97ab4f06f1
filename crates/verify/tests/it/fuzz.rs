//! What strangers' bytes reach, over seeds and what comes of them by chance: the same on every run.

use std::path::Path;

use serde_json::Value;
use verify::fuzz::{ALL, Target};

/// How many inputs each target is given besides its seeds.
const INPUTS: usize = 10_000;

/// A sequence that looks random, and is the same on every run (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).expect("below a usize")
    }

    /// One of the seeds with a few changes.
    fn mutated(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(8)).min(bytes.len());
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.insert(at, u8::try_from(self.below(256)).expect("a byte")),
                3 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
                4 => {
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece.repeat(self.below(40)));
                }
                5 => {
                    const PIECES: [&[u8]; 12] =
                        [b"\"", b"{", b"[", b"%", b"=", b",", b"\n", b"\xff", b"\0", b"0", b"<", b"&#x110000;"];
                    bytes.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied());
                }
                _ if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }
}

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
    for target in ALL {
        let seeds = seeds(target);
        seeds.iter().for_each(|seed| (target.run)(seed));
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        for _ in 0..INPUTS {
            (target.run)(&chance.mutated(&seeds));
        }
    }
}

#[test]
fn every_target_has_a_file_that_cargo_fuzz_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let manifest = std::fs::read_to_string(folder.join("../Cargo.toml")).expect("fuzz/Cargo.toml");
    for Target { name, .. } in ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml lacks {name}");
        assert!(folder.join(format!("{name}.rs")).exists(), "fuzz/fuzz_targets lacks {name}.rs");
    }
    assert_eq!(std::fs::read_dir(folder).expect("targets").count(), ALL.len());
}

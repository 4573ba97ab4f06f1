//! Ten thousand seeds pass, and each planted bug is found.

use domain::planted::{self, Bug};

use super::story;

/// Seeds of one test; there are two, so that two cores share them.
const SEEDS: u64 = 5_000;
/// A planted bug must be found within so many.
const FOUND_WITHIN: u64 = 1_000;

fn tell(seed: u64) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(story::tell(seed))
}

fn tell_all(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        assert_eq!(tell(seed), Ok(()));
    }
}

#[test]
fn the_first_half_of_ten_thousand_seeds_passes() {
    tell_all(0..SEEDS);
}

#[test]
fn the_second_half_of_ten_thousand_seeds_passes() {
    tell_all(SEEDS..2 * SEEDS);
}

#[test]
fn every_planted_bug_is_found() {
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        planted::plant(Some(*bug));
        let found = (0..FOUND_WITHIN).find(|seed| tell(*seed).is_err());
        planted::plant(None);
        match found {
            Some(seed) => println!("{bug:?} is found by seed {seed}"),
            None => missed.push(*bug),
        }
    }
    assert!(missed.is_empty(), "planted and not found within {FOUND_WITHIN} seeds: {missed:?}");
}

/// For a person: `SEED=123 cargo test -p dispatch one_seed -- --nocapture` tells one story.
#[test]
fn one_seed() {
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    assert_eq!(tell(seed), Ok(()));
}

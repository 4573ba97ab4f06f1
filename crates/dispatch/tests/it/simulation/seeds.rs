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

/// Tells a story; should it go wrong, all of it, as a person reads it.
fn must_end_well(seed: u64) {
    if let Err(story) = tell(seed) {
        panic!("{story}");
    }
}

fn tell_all(seeds: std::ops::Range<u64>) {
    seeds.for_each(must_end_well);
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
    must_end_well(seed);
}

#[test]
fn a_story_that_goes_wrong_reads_from_its_first_step_to_how_to_hear_it_again() {
    planted::plant(Some(Bug::UnreadablePasses));
    let (seed, story) = (0..FOUND_WITHIN).find_map(|seed| Some((seed, tell(seed).err()?))).expect("a story");
    let again = tell(seed);
    planted::plant(None);

    let lines: Vec<&str> = story.lines().collect();
    let [first, steps @ .., last] = lines.as_slice() else { panic!("too short: {story}") };
    assert!(first.starts_with(&format!("seed {seed}: ")) && first.contains("service-"), "what went wrong: {first}");
    assert_eq!(*last, format!("Tell it again: SEED={seed} cargo test -p dispatch one_seed"));
    assert!(steps.iter().all(|step| step.starts_with("  2026-") || step.starts_with("  2025-")), "{story}");
    let told = |what: &str| steps.iter().any(|step| step.contains(what));
    assert!(told("service-1 is added") && told(" about subject ") && told("is called about event"), "{story}");
    assert!(told("is Garbage"), "the cause is there to be seen: {story}");
    assert_eq!(again.err(), Some(story), "it is the same story each time");
}

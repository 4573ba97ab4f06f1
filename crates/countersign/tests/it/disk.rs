//! A disk that takes nothing any more, while the gateway runs.

use std::process::Command;

use rustix::process::{Resource, Rlimit, prlimit};

use crate::world::{SECRET, World, countersign};

/// The server by a shell that lets it be told of a file's size limit as an error, as of a disk's, instead of ending it.
fn told_of_limits(world: &World) -> Command {
    let server = countersign(world.folder());
    let mut shell = Command::new("/bin/sh");
    shell.current_dir(world.folder()).env_clear();
    shell.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(server.get_program());
    shell
}

fn files_grow_to(world: &World, bytes_max: Option<u64>) {
    let limit = Rlimit { current: bytes_max, maximum: None };
    prlimit(Some(world.pid()), Resource::Fsize, limit).expect("a limit");
}

#[test]
fn a_disk_that_takes_nothing_is_answered_503_and_work_goes_on_when_it_takes_something_again() {
    let mut world = World::new("");
    world.start_as(told_of_limits(&world));
    let push = |world: &World, nth: &str| world.push(nth, br#"{"after":"1"}"#, SECRET).expect("an answer");
    assert_eq!(push(&world, "before").status, 204);

    files_grow_to(&world, Some(0));
    for nth in ["1", "2", "3"] {
        let refused = push(&world, nth);
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(!refused.headers["retry-after"].is_empty(), "{refused:?}");
        assert!(!refused.headers.contains_key("countersign-receipt"), "nothing was recorded: {refused:?}");
    }
    let large = vec![b' '; 128 * 1024];
    assert_eq!(world.push("large", &large, SECRET).expect("an answer").status, 503, "nor is a file written");
    assert_eq!(world.api("GET", "/api/v1/events", None).status, 200, "what is there can be read");

    files_grow_to(&world, None);
    // What was not acknowledged is sent again, and is no repeat.
    for nth in ["1", "2", "3"] {
        assert_eq!(push(&world, nth).status, 204);
    }
    assert_eq!(world.push("large", &large, SECRET).expect("an answer").status, 204);
    let events = world.api("GET", "/api/v1/events", None).json();
    assert_eq!(events["data"].as_array().map(Vec::len), Some(5), "{events:#}");

    world.kill();
    world.start();
    let events = world.api("GET", "/api/v1/events", None).json();
    assert_eq!(events["data"].as_array().map(Vec::len), Some(5), "all of it was on the disk: {events:#}");
}

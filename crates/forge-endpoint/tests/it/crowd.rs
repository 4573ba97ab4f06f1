//! Many requests at once, and a validator that takes its time.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::world::{SMALL, Server, World, receive};

const REQUESTS: usize = 1000;

/// How many validators may run at a time.
const PLACES: usize = 64;

/// Says that it runs, counts how many do, and waits at the gate.
const SLOW: &str = r#"[ "$1" = --version ] && exit 1
: > $W/running/$$
set -- $W/running/*
echo $# >> $W/counts
echo > $W/started
read -r line < $W/gate
rm $W/running/$$
exit 0"#;

#[test]
fn a_thousand_requests_at_once_are_all_answered_by_a_bounded_number_of_processes() {
    may_open_many();
    let world = World::new();
    fs::create_dir(world.path("running")).expect("a folder");
    for name in ["gate", "started"] {
        assert!(Command::new("mkfifo").arg(world.path(name)).status().expect("mkfifo runs").success());
    }
    let server = world.serve(&world.script("whck", SLOW));
    assert_eq!(server.post(&[], b"").status, 401);
    let before = descriptors_of(&server);

    let streams: Vec<_> = (0..REQUESTS).map(|_| server.send("POST", &[("X-Gitea-Signature", "c")], SMALL)).collect();
    let started = File::options().read(true).write(true).open(world.path("started")).expect("a pipe");
    let mut started = BufReader::new(started).lines();
    for _ in 0..PLACES {
        started.next().expect("a line").expect("a line");
    }
    assert_eq!(fs::read_dir(world.path("running")).expect("a folder").count(), PLACES);
    // From here on whoever comes to the gate finds a line there, or an open end.
    fs::rename(world.path("gate"), world.path("old")).expect("renamed");
    fs::write(world.path("gate"), "\n".repeat(10)).expect("a file");
    let old = File::options().read(true).write(true).open(world.path("old")).expect("a pipe");
    std::io::Write::write_all(&mut &old, "\n".repeat(PLACES).as_bytes()).expect("opened");

    let statuses: Vec<u16> = streams.into_iter().map(|stream| receive(stream).status).collect();

    assert_eq!(BTreeSet::from_iter(statuses.iter().copied()).difference(&BTreeSet::from([200, 503])).count(), 0);
    assert!(statuses.iter().filter(|status| **status == 200).count() >= PLACES);
    let most = world.read("counts").lines().filter_map(|line| line.parse::<usize>().ok()).max();
    assert!(most <= Some(PLACES), "{most:?}");
    settle(&server, before);
    assert_eq!(children_of(server.id()), []);
    drop((started, old));
}

#[test]
fn a_caller_who_leaves_takes_the_validator_along() {
    let world = World::new();
    for name in ["gate", "started"] {
        assert!(Command::new("mkfifo").arg(world.path(name)).status().expect("mkfifo runs").success());
    }
    let lines = "[ \"$1\" = --version ] && exit 1\necho > $W/started\nread -r line < $W/gate";
    let server = world.serve(&world.script("whck", lines));
    assert_eq!(server.post(&[], b"").status, 401);
    let before = descriptors_of(&server);

    let stream = server.send("POST", &[("X-Gitea-Signature", "c")], SMALL);
    fs::read(world.path("started")).expect("it runs");
    drop(stream);

    settle(&server, before);
    assert_eq!(children_of(server.id()), []);
}

/// Asks until the server has as many descriptors as before and no child: each answer is a turn of its loop.
fn settle(server: &Server, before: usize) {
    for _ in 0..10_000 {
        if descriptors_of(server) <= before && children_of(server.id()).is_empty() {
            return;
        }
        assert_eq!(server.post(&[], b"").status, 401);
    }
    panic!("{} descriptors instead of {before}, children {:?}", descriptors_of(server), children_of(server.id()));
}

fn descriptors_of(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.id())).expect("descriptors").count()
}

/// The children of a process, each with its state.
pub fn children_of(parent: u32) -> Vec<(String, char)> {
    let all = fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    let stats = all.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (id, rest) = stat.split_once(" (")?;
            let mut fields = rest.rsplit_once(") ")?.1.split(' ');
            let state = fields.next()?.chars().next()?;
            (fields.next()? == parent.to_string()).then(|| (id.to_owned(), state))
        })
        .collect()
}

fn may_open_many() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).expect("a limit");
}

//! The audit is a chain, with one root for each group.

use super::world::{Open, World, wait};
use crate::chain::{self, Looked};
use crate::command::{Answer, Change, Command};
use crate::tables::{Audit, AuditRoot};

fn change(world: &World, catalogue: i64, what: &str) -> Command {
    let (who, what) = ("ada".to_owned(), what.to_owned());
    Change { catalogue, entries: Vec::new(), who, what, now: world.now }.into()
}

fn look(world: &World, kept: Option<[u8; 32]>) -> Looked {
    world.read(move |rows| chain::look(rows, kept))
}

pub fn every_entry_follows_the_one_before_also_after_a_restart(open: &Open<'_>) {
    let mut world = World::new(open);
    let nothing = look(&world, None);
    assert_eq!((nothing.entries, nothing.root, nothing.faults), (0, None, Vec::new()));

    assert!(matches!(world.submit(change(&world, 1, "made a rule")), Answer::Version(2)));
    let kept = look(&world, None).root.expect("a root");
    world.crash();
    assert!(matches!(world.submit(change(&world, 2, "made another")), Answer::Version(3)));

    let rows = world.rows::<Audit>();
    assert_eq!(rows.iter().map(|row| row.nth).collect::<Vec<_>>(), [1, 2]);
    assert_ne!(rows[0].digest, rows[1].digest);
    let root = AuditRoot { nth: 2, digest: rows[1].digest };
    assert_eq!(look(&world, None), Looked { entries: 2, root: Some(root), kept: None, faults: Vec::new() });
    assert_eq!(look(&world, Some(kept.digest)).kept, Some(1));
    assert_eq!(look(&world, Some([7; 32])).faults, [chain::Fault::Unknown { root: [7; 32] }]);
}

pub fn what_is_refused_leaves_the_chain_as_it_was(open: &Open<'_>) {
    let world = World::new(open);
    world.submit(change(&world, 1, "made a rule"));
    let before = world.everything();

    let late = world.submit(change(&world, 1, "was too late"));

    assert!(matches!(late, Answer::Recompute));
    assert_eq!(world.everything(), before);
}

pub fn each_group_has_one_root_and_it_is_its_last_entrys(open: &Open<'_>) {
    let world = World::new(open);
    let commands = (1..=20).map(|nth| change(&world, nth, "one of many")).collect();

    for answer in world.together(commands) {
        assert!(matches!(answer, Ok(Answer::Version(_))));
    }
    wait(world.store().submit(Command::SeeSession { session: domain::SessionKey(1), at: world.now }))
        .expect("no audit");

    let (entries, roots) = (world.rows::<Audit>(), world.rows::<AuditRoot>());
    assert!(entries.len() == 20 && !roots.is_empty() && roots.len() <= 20);
    assert_eq!(roots.last().map(|root| root.nth), Some(20));
    for root in roots {
        let place = usize::try_from(root.nth - 1).expect("a place");
        assert_eq!(root.digest, entries[place].digest);
    }
    assert_eq!(look(&world, None).faults, []);
}

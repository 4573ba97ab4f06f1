//! What is done to the audit behind the program's back is seen.

use std::path::Path;

use domain::Timestamp;
use store::Store;
use store::chain::{self, Fault, Looked};
use store::command::{Answer, Change};
use store_sqlite::Still;
use tempfile::TempDir;

use crate::{NOW, open};

/// A store with an audit of twelve entries, closed.
async fn written() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let store = Store::new(&engine);
    for nth in 1..=12 {
        add(&store, nth).await;
    }
    engine.close();
    folder
}

async fn add(store: &Store, nth: i64) {
    let (who, what) = (format!("person {}", nth % 3), format!("change {nth}"));
    let now = Timestamp(NOW.0 + nth * 1_000_000);
    let change = Change { catalogue: nth, entries: Vec::new(), who, what, now };
    assert!(matches!(store.submit(change).await, Ok(Answer::Version(_))));
}

fn tamper(folder: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(folder.join("store.db")).expect("a database");
    connection.execute_batch(sql).expect("tampered");
}

fn look_for(folder: &Path, kept: Option<[u8; 32]>) -> Looked {
    let still = Still::open(&folder.join("store.db")).expect("a store");
    still.read(|rows| chain::look(rows, kept)).expect("it reads")
}

/// What a look says after this was done to a store.
async fn after(sql: &str) -> Vec<String> {
    let folder = written().await;
    assert_eq!(look_for(folder.path(), None).faults, []);
    tamper(folder.path(), sql);
    look_for(folder.path(), None).faults.iter().map(Fault::to_string).collect()
}

/// The beginning of the only thing that is said.
#[track_caller]
fn one(said: &[String], begins: &str) {
    assert!(said.len() == 1 && said[0].starts_with(begins), "{said:#?}");
}

#[tokio::test]
async fn a_removed_entry_is_missed() {
    one(&after("DELETE FROM audit WHERE nth = 5").await, "entry 5 is gone from its place");
    one(&after("DELETE FROM audit WHERE nth IN (5, 6, 7)").await, "entries 5 to 7 are gone from their places");
    let renumbered = after("DELETE FROM audit WHERE nth = 5; UPDATE audit SET nth = nth - 1 WHERE nth > 5").await;
    assert!(renumbered[0].starts_with("entry 5 (of person 0, at 2026-01-01T00:00:06.000Z) "), "{renumbered:?}");
}

#[tokio::test]
async fn a_changed_entry_is_named_with_what_was_expected() {
    for column in ["who = 'eve'", "what = 'nothing'", "at = at + 1", "digest = zeroblob(32)"] {
        let said = after(&format!("UPDATE audit SET {column} WHERE nth = 7")).await;
        assert!(said[0].starts_with("entry 7 (of ") && said[0].contains("expected the digest "), "{said:#?}");
        assert!(said.iter().all(|each| each.contains("entry 7") || each.contains("entry 8")), "{said:#?}");
    }
}

#[tokio::test]
async fn entries_in_another_order_are_named() {
    let places = "CREATE TEMP TABLE place AS SELECT nth, key FROM audit WHERE nth IN (3, 4);
        UPDATE audit SET key = -key WHERE nth IN (3, 4);
        UPDATE audit SET key = (SELECT place.key FROM place WHERE place.nth = 7 - audit.nth) WHERE nth IN (3, 4)";
    let said = after(places).await;
    let moved = "expected entry 2 before entry 3, found entry 4";
    assert_eq!(said, ["entry 3 is gone from its place", moved, "entry 4 is gone from its place"]);

    let texts = "CREATE TEMP TABLE text AS SELECT nth, what FROM audit WHERE nth IN (3, 4);
        UPDATE audit SET what = (SELECT text.what FROM text WHERE text.nth = 7 - audit.nth) WHERE nth IN (3, 4)";
    let said = after(texts).await;
    assert!(said.len() == 2 && said[0].starts_with("entry 3 (of ") && said[1].starts_with("entry 4 (of "), "{said:#?}");
}

#[tokio::test]
async fn what_is_cut_off_at_the_front_is_missed() {
    one(&after("DELETE FROM audit WHERE nth <= 4").await, "entries 1 to 4 are gone from their places");
    one(&after("DELETE FROM audit").await, "entries 1 to 12 are gone from their places");
}

#[tokio::test]
async fn an_entry_that_no_commit_wrote_is_named() {
    let said = after("INSERT INTO audit SELECT key + 1, at, who, what, 13, digest FROM audit WHERE nth = 12").await;
    assert!(said.iter().any(|each| each.contains("no commit wrote a root") && each.contains("entry 12")), "{said:#?}");
}

#[tokio::test]
async fn a_changed_root_is_named() {
    let said = after("UPDATE audit_root SET digest = zeroblob(32) WHERE nth = 12").await;
    one(&said, "the root of the commit that ended with entry 12: expected ");
}

#[tokio::test]
async fn what_is_cut_off_at_the_end_with_its_roots_is_seen_by_a_root_that_was_kept() {
    let folder = written().await;
    let kept = look_for(folder.path(), None).root.expect("a root").digest;
    assert_eq!(look_for(folder.path(), Some(kept)).kept, Some(12));
    tamper(folder.path(), "DELETE FROM audit WHERE nth > 9");
    assert_eq!(look_for(folder.path(), None).faults, [Fault::Missing { from: 10, to: 12 }]);

    tamper(folder.path(), "DELETE FROM audit_root WHERE nth > 9");
    assert_eq!(look_for(folder.path(), None).faults, [], "what is left is a whole audit");
    assert_eq!(look_for(folder.path(), Some(kept)).faults, [Fault::Unknown { root: kept }]);
}

#[tokio::test]
async fn the_audit_goes_on_behind_a_fault_and_the_fault_stays_visible() {
    let folder = written().await;
    tamper(folder.path(), "DELETE FROM audit WHERE nth = 5");
    let engine = open(folder.path());
    add(&Store::new(&engine), 13).await;
    engine.close();
    let looked = look_for(folder.path(), None);
    assert_eq!((looked.entries, looked.faults), (12, vec![Fault::Missing { from: 5, to: 5 }]));
}

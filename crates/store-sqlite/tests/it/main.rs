//! What the engine promises beyond the stories: how little it asks of the disk, and which files it refuses.

mod audit;
mod still;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::answer::Conclusion;
use domain::catalogue::{OnFailure, Owner, Service, SigningKind, Subscription};
use domain::event::Provenance;
use domain::profile::{PayloadForm, ProfileKind};
use domain::result::ResultKind;
use domain::{ServiceKey, SourceKey, Timestamp};
use store::change::Listed;
use store::command::{Answer, Change, Claim, Claimed, Finish, NewReceipt, Step};
use store::judged::{self, Arriving};
use store::{Journal, NoListener, NoSlots, Store};
use store_sqlite::{OpenError, Options, SqliteStore};

const NOW: Timestamp = Timestamp(1_767_225_600_000_000);
const SOURCE: SourceKey = SourceKey(1);

fn options() -> Options {
    Options { node: 1, salt: 7, slots: Arc::new(NoSlots), listener: Arc::new(NoListener) }
}

fn open(folder: &Path) -> Arc<SqliteStore> {
    SqliteStore::open(&folder.join("store.db"), options()).expect("a store")
}

/// Records one delivery without a subject; `nth` is what identifies it.
async fn record(store: &Store, nth: u128) -> Answer {
    let receipt = NewReceipt {
        source: SOURCE,
        scheme: "hmac-sha256".to_owned(),
        secret: "1".to_owned(),
        headers: "{}".to_owned(),
        digest: [0; 32],
        body: Bytes::from_static(b"{}"),
        blob: false,
        note_use: false,
        released: None,
    };
    let event = Arriving {
        kind: "github.ping".to_owned(),
        subject: None,
        artifact: None,
        provenance: Provenance::Signed(SOURCE),
        delivery: None,
        replay: Some(nth.to_be_bytes()),
        data: None,
        description: None,
    };
    judged::record(store, Some(receipt), vec![event], Timestamp::NEVER, NOW).await.expect("recorded")
}

async fn subscribe(store: &Store) -> ServiceKey {
    let service = Service {
        key: ServiceKey(1),
        number: 1,
        name: "lint".to_owned(),
        profile: ProfileKind::Standard,
        form: PayloadForm::Basic,
        url: "http://127.0.0.1:1/".to_owned(),
        secret: None,
        headers: Vec::new(),
        signs: SigningKind::V1,
        signing: Vec::new(),
        plugin_token: None,
        account: None,
        subscriptions: vec![Subscription {
            event: "github.ping".to_owned(),
            active: true,
            blocks: None,
            deadline: None,
            redeliver: None,
        }],
        on_failure: OnFailure::Hold,
        require_coverage: false,
        concurrency: 1,
        attempt: Duration::from_secs(60),
        allow_networks: Vec::new(),
        active: true,
        deleted: false,
        owner: Owner::Api,
    };
    let change = Change {
        catalogue: store.catalogue().version,
        entries: vec![service.entry()],
        who: "a test".to_owned(),
        what: "added a service".to_owned(),
        now: NOW,
    };
    let answer = store.submit(change).await.expect("changed");
    assert!(matches!(answer, Answer::Version(_)), "{answer:?}");
    service.key
}

async fn claim(store: &Store, service: ServiceKey) -> Claimed {
    let claim = Claim { service, limit: 1, probe: false, due_by: NOW, now: NOW };
    match store.submit(claim).await.expect("claimed") {
        Answer::Claimed(mut claimed) => claimed.pop().expect("a run is due"),
        other => panic!("a claim was answered {other:?}"),
    }
}

async fn conclude(store: &Store, call: &Claimed) -> Answer {
    let conclusion =
        Conclusion { kind: ResultKind::Processed, matched: Vec::new(), coverage: None, complete: true, text: None };
    let finish = Finish {
        run: call.run.key,
        lease: call.lease,
        started: NOW,
        connected: None,
        status: Some(200),
        answer: "processed",
        text: None,
        body: Bytes::from_static(b"{}"),
        step: Step::GiveUp,
        record: None,
        now: NOW,
    };
    judged::conclude(store, call, &conclusion, finish).await.expect("finished")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_at_the_same_time_share_their_commits() {
    const CALLERS: u128 = 64;
    const RECORDS: u128 = 50;
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let store = Store::new(&engine);
    let (commands_before, commits_before) = engine.counts();

    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for nth in 0..RECORDS {
                    let answer = record(&store, caller * RECORDS + nth).await;
                    assert!(matches!(answer, Answer::Recorded(_)), "{answer:?}");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller");
    }

    let (commands, commits) = engine.counts();
    let (commands, commits) = (commands - commands_before, commits - commits_before);
    assert_eq!(u128::from(commands), CALLERS * RECORDS);
    assert!(commits < commands / 4, "{commits} commits for {commands} commands");
}

#[tokio::test]
async fn a_delivery_takes_exactly_so_many_statements() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let store = Store::new(&engine);
    let service = subscribe(&store).await;

    let before = engine.statements();
    record(&store, 1).await;
    let recorded = engine.statements();
    let call = claim(&store, service).await;
    let claimed = engine.statements();
    let answer = conclude(&store, &call).await;
    let finished = engine.statements();

    assert!(matches!(answer, Answer::Concluded(_)), "{answer:?}");
    // Written: the receipt, the event, the run, the expectation, the delivery's key. Read: the gate.
    assert_eq!(recorded - before, 6);
    // Read: the run, its expectation. Written: the attempt, the run, the result, the expectation.
    assert_eq!(finished - claimed, 6);
}

#[tokio::test]
async fn a_repeated_delivery_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let store = Store::new(&engine);
    record(&store, 1).await;

    let before = engine.statements();
    let answer = record(&store, 1).await;

    assert!(matches!(answer, Answer::Repeat(Some(_))), "{answer:?}");
    // Read: the event that was remembered.
    assert_eq!(engine.statements() - before, 1);
}

#[tokio::test]
async fn commands_that_wait_behind_a_bad_one_are_carried_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let store = Store::new(&engine);
    let taken = store::tables::Artifact {
        key: domain::ArtifactKey(1),
        sha256: [0; 32],
        size: 0,
        name: String::new(),
        content_type: String::new(),
        owner: None,
        at: NOW,
        expires: Timestamp::NEVER,
        removed: None,
    };
    let put = || store::command::Command::PutArtifact(Box::new(taken.clone()));
    let pending: Vec<_> = (0..8).map(|_| engine.submit(put())).collect();
    let last = engine.submit(store::command::Command::Start);

    let mut done = 0;
    for each in pending {
        match each.await {
            Ok(_) => done += 1,
            Err(why) => assert!(matches!(why, store::StoreError::Taken(_)), "{why}"),
        }
    }
    assert_eq!(done, 1);
    assert!(matches!(last.await, Ok(Answer::Started { epoch: 1 })));
    assert!(matches!(record(&store, 1).await, Answer::Recorded(_)));
}

#[test]
fn a_store_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    open(folder.path()).close();
    let connection = rusqlite::Connection::open(&file).expect("a database");
    connection.execute("INSERT INTO migration (nth, sha256) VALUES (1000, x'00')", []).expect("a newer migration");
    let migrations =
        || -> i64 { connection.query_row("SELECT count(*) FROM migration", [], |row| row.get(0)).expect("a count") };
    let before = migrations();

    let opened = SqliteStore::open(&file, options());

    assert!(matches!(opened, Err(OpenError::Newer { .. })), "it was opened");
    assert_eq!(migrations(), before);
}

#[tokio::test]
async fn a_store_that_was_closed_stands_alone_in_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    record(&Store::new(&engine), 1).await;

    engine.close();

    let log = std::fs::metadata(folder.path().join("store.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "everything was moved into the file");
}

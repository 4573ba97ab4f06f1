//! A file is looked at and copied beside whoever writes it.

use std::path::Path;

use domain::event::Event;
use store::Store;
use store::row::RowsExt;
use store_sqlite::{OpenError, SqliteStore, Still};

use crate::{open, options, record};

fn events(file: &Path) -> usize {
    let still = Still::open(file).expect("a store");
    still.read(|rows| rows.page::<Event>(None, usize::MAX)).expect("it reads").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_whole_and_of_one_moment_while_others_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let store = Store::new(&engine);
    for nth in 0..200 {
        record(&store, nth).await;
    }
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for nth in 200..400 {
                record(&store, nth).await;
            }
        }
    });
    let (file, copy) = (folder.path().join("store.db"), folder.path().join("copy.db"));
    let still = Still::open(&file).expect("a store");
    still.copy_to(&copy).expect("copied");
    writing.await.expect("written");

    assert!((200..=400).contains(&events(&copy)));
    assert_eq!(Still::open(&copy).expect("a store").faults(false).expect("it reads"), Vec::<String>::new());
    assert!(!folder.path().join("copy.db-wal").exists(), "it stands alone");
    let opened = SqliteStore::open(&copy, options()).expect("a store");
    record(&Store::new(&opened), 1_000).await;
}

#[tokio::test]
async fn a_damaged_page_is_found_and_a_file_that_is_none_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let store = Store::new(&engine);
    for nth in 0..2_000 {
        record(&store, nth).await;
    }
    engine.close();
    let file = folder.path().join("store.db");
    let mut bytes = std::fs::read(&file).expect("a file");
    let last = bytes.len() - 2 * 4096;
    bytes[last..last + 4096].fill(0xa5);
    std::fs::write(&file, &bytes).expect("damaged");
    for quick in [true, false] {
        assert!(!Still::open(&file).expect("its first pages are whole").faults(quick).expect("it reads").is_empty());
    }

    std::fs::write(&file, vec![0xa5; 8192]).expect("damaged");
    let refused = SqliteStore::open(&file, options()).err().expect("it is no store");
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("countersign restore"), "{refused}");
    assert!(matches!(Still::open(&file).err(), Some(OpenError::Damaged { .. })));
}

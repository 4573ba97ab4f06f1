//! Blobs in a folder of their own.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use artifacts::{Blob, BlobError, Blobs, Digest};
use tempfile::TempDir;

fn blobs() -> (TempDir, Blobs) {
    let folder = TempDir::new().expect("a folder");
    let blobs = Blobs::open(folder.path()).expect("blobs");
    (folder, blobs)
}

/// Every file under `folder`, by its path inside it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("inside").to_owned());
            }
        }
    }
    found
}

const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn hello() -> Digest {
    HELLO.parse().expect("a digest")
}

#[test]
fn a_blob_is_stored_under_its_digest_and_read_back() {
    let (folder, blobs) = blobs();

    let blob = blobs.put(b"hello").expect("stored");

    assert_eq!(*blob, Blob { sha256: hello().0, size: 5 });
    assert_eq!(files(folder.path()), [Path::new(&HELLO[..2]).join(&HELLO[2..])]);
    assert_eq!(blobs.read(hello()).expect("bytes"), b"hello");
    assert_eq!(blobs.len(hello()).expect("a length"), 5);
    assert!(blobs.contains(hello()).expect("an answer"));
    blobs.verify(hello()).expect("whole");
}

#[test]
fn a_blob_written_in_pieces_is_the_same_blob() {
    let (folder, blobs) = blobs();
    let mut writer = blobs.begin().expect("a writer");

    for piece in ["he", "", "llo"] {
        writer.write(piece.as_bytes()).expect("written");
    }

    assert_eq!(writer.size(), 5);
    assert_eq!(writer.finish().expect("stored").sha256, hello().0);
    assert_eq!(blobs.put(b"hello").expect("stored").sha256, hello().0);
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn writers_of_the_same_blob_at_once_leave_one() {
    let (folder, blobs) = blobs();

    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(blobs.put(b"hello").expect("stored").sha256, hello().0));
        }
    });

    assert_eq!(files(folder.path()).len(), 1);
    blobs.verify(hello()).expect("whole");
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let (folder, blobs) = blobs();
    let mut writer = blobs.begin().expect("a writer");
    writer.write(b"half").expect("written");
    assert_eq!(files(folder.path()).len(), 1);

    drop(writer);

    assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
}

#[test]
fn what_a_killed_process_left_is_swept_at_the_next_open() {
    let (folder, blobs) = blobs();
    let _ = blobs.put(b"hello").expect("stored");
    let mut writer = blobs.begin().expect("a writer");
    writer.write(b"half").expect("written");
    std::mem::forget(writer);
    assert_eq!(files(folder.path()).len(), 2);

    let reopened = Blobs::open(folder.path()).expect("blobs");

    assert_eq!(files(folder.path()).len(), 1);
    assert_eq!(reopened.read(hello()).expect("bytes"), b"hello");
}

#[test]
fn the_empty_blob_is_a_blob() {
    let (_folder, blobs) = blobs();

    let empty = blobs.put(b"").expect("stored");

    assert_eq!(empty.size, 0);
    assert_eq!(blobs.read(empty.sha256).expect("bytes"), b"");
}

#[test]
fn a_missing_blob_is_told_from_a_broken_folder() {
    let (folder, blobs) = blobs();

    assert!(matches!(blobs.read(hello()), Err(BlobError::Missing(name)) if name == hello()));
    assert!(matches!(blobs.len(hello()), Err(BlobError::Missing(_))));
    assert!(matches!(blobs.file(hello()), Err(BlobError::Missing(_))));
    assert!(matches!(blobs.verify(hello()), Err(BlobError::Missing(_))));
    assert!(!blobs.contains(hello()).expect("an answer"));

    fs::remove_dir_all(folder.path()).expect("removed");
    assert!(matches!(blobs.put(b"hello"), Err(BlobError::Io(_))));
}

#[test]
fn changed_bytes_are_noticed() {
    let (folder, blobs) = blobs();
    let _ = blobs.put(b"hello").expect("stored");
    fs::write(folder.path().join(&HELLO[..2]).join(&HELLO[2..]), b"jello").expect("changed");

    let error = blobs.verify(hello()).expect_err("corrupt");

    assert!(matches!(error, BlobError::Corrupt { name, found } if name == hello() && found != name));
}

#[test]
fn a_removed_blob_is_gone_while_an_open_file_still_reads() {
    let (_folder, blobs) = blobs();
    let _ = blobs.put(b"hello").expect("stored");
    let mut open = blobs.file(hello()).expect("a file");

    for _ in 0..2 {
        let leaving = blobs.leave(hello()).expect("nobody holds it");
        assert!(leaving.remove().expect("removed, or gone already"));
    }

    let mut text = String::new();
    open.read_to_string(&mut text).expect("read");
    assert_eq!(text, "hello");
    assert!(matches!(blobs.read(hello()), Err(BlobError::Missing(_))));
}

#[test]
fn a_blob_is_not_removed_while_somebody_holds_it() {
    let (_folder, blobs) = blobs();
    let first = blobs.put(b"hello").expect("stored");
    let second = blobs.put(b"hello").expect("stored");
    for held in [first, second] {
        assert!(blobs.leave(hello()).is_none());
        drop(held);
    }
    assert!(blobs.leave(hello()).is_some());
    assert!(blobs.leave(hello()).is_some(), "an announcement that is dropped is taken back");
    assert!(blobs.contains(hello()).expect("an answer"));
}

#[test]
fn who_stores_the_same_bytes_takes_the_announcement_back() {
    for is_still_held in [true, false] {
        let (_folder, blobs) = blobs();
        let _ = blobs.put(b"hello").expect("stored");
        let leaving = blobs.leave(hello()).expect("nobody holds it");
        assert!(blobs.leave(hello()).is_none(), "it is announced once");

        let held = Some(blobs.put(b"hello").expect("stored")).filter(|_| is_still_held);

        assert!(!leaving.remove().expect("an answer"), "a row may say by now that it is needed");
        assert_eq!(blobs.read(hello()).expect("bytes"), b"hello");
        assert_eq!(blobs.leave(hello()).is_none(), held.is_some());
    }
}

#[test]
fn an_announcement_that_was_taken_back_removes_nothing_for_the_next_one() {
    let (_folder, blobs) = blobs();
    let _ = blobs.put(b"hello").expect("stored");
    let first = blobs.leave(hello()).expect("nobody holds it");
    let _ = blobs.put(b"hello").expect("stored");
    let second = blobs.leave(hello()).expect("nobody holds it any more");

    assert!(!first.remove().expect("an answer"));
    assert!(blobs.contains(hello()).expect("an answer"));
    assert!(second.remove().expect("removed"));
    assert!(!blobs.contains(hello()).expect("an answer"));
}

#[test]
fn storing_and_removing_at_once_never_loses_held_bytes() {
    let (_folder, blobs) = blobs();

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let held = blobs.put(b"hello").expect("stored");
                    assert_eq!(blobs.read(held.sha256).expect("bytes"), b"hello");
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..2_000 {
                if let Some(leaving) = blobs.leave(hello()) {
                    leaving.remove().expect("an answer");
                }
            }
        });
    });
}

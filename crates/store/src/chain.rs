//! The audit as a chain: each entry carries a digest of itself and of the digest before, so that nothing of it can be
//! taken out, changed or moved without a trace.
//!
//! The digest of an entry is the SHA-256 of these bytes, one after the other: the text `countersign audit 1` and a zero
//! byte; the digest of the entry before, 32 bytes, all zero for the first; the entry's place, its key and its time in
//! microseconds since 1970, 8 bytes each, the most significant first; the length of `who` in bytes, 8 bytes likewise,
//! and `who`; the length of `what`, and `what`.
//!
//! The group commit that adds entries writes one root beside them: the digest of the last of them. What is cut off at
//! the end together with its roots leaves no trace here: for that a root is kept elsewhere, and [`look`] is told it.

use domain::{AuditKey, Timestamp};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::row::RowsExt;
use crate::table::Rows;
use crate::tables::{Audit, AuditRoot};

/// What the first entry follows.
const NOTHING: [u8; 32] = [0; 32];

/// First in what is digested: another form of the chain would have another text.
const FORM: &[u8] = b"countersign audit 1\0";

/// Entries that are read at once.
const PAGE: usize = 1_000;

/// Faults that are told of at most: the newest; one who replaced the whole audit need not fill the memory too.
const FAULTS_MAX: usize = 50;

/// The entry that follows these, with its place and its digest.
///
/// # Errors
/// When the engine fails.
pub fn next(rows: &mut dyn Rows, key: AuditKey, at: Timestamp, who: String, what: String) -> Result<Audit, StoreError> {
    let last = rows.page::<Audit>(None, 1)?.pop();
    let (nth, before) = last.map_or((1, NOTHING), |last| (last.nth.saturating_add(1), last.digest));
    let entry = Audit { key, at, who, what, nth, digest: NOTHING };
    Ok(Audit { digest: digest(&before, &entry), ..entry })
}

/// Writes the root of a group's entries, if it had any.
///
/// # Errors
/// When the engine fails.
pub fn close(rows: &mut dyn Rows) -> Result<(), StoreError> {
    let Some(last) = rows.page::<Audit>(None, 1)?.pop() else { return Ok(()) };
    match rows.load::<AuditRoot>(last.nth)? {
        Some(_) => Ok(()),
        None => rows.add(&AuditRoot { nth: last.nth, digest: last.digest }),
    }
}

/// The newest root: how many entries there are, and the digest that stands for all of them.
///
/// # Errors
/// When the engine fails.
pub fn root(rows: &mut dyn Rows) -> Result<Option<AuditRoot>, StoreError> {
    Ok(rows.page(None, 1)?.pop())
}

fn digest(before: &[u8; 32], entry: &Audit) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(FORM);
    hash.update(before);
    for number in [entry.nth, entry.key.0, entry.at.0] {
        hash.update(number.to_be_bytes());
    }
    for text in [&entry.who, &entry.what] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

/// What a look at the whole audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// How many entries there are.
    pub entries: u64,
    /// The newest root.
    pub root: Option<AuditRoot>,
    /// The place of the entry whose digest the root is that was asked for.
    pub kept: Option<i64>,
    /// What is wrong, in the audit's order.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Entries are gone.
    Missing {
        /// The place of the first of them.
        from: i64,
        /// The place of the last of them.
        to: i64,
    },
    /// An entry stands where another belongs.
    Moved {
        /// The place it says it has.
        nth: i64,
        /// The place of the entry that it stands before.
        before: i64,
    },
    /// An entry does not have the digest that its content and the digest before give.
    Changed {
        /// The entry.
        entry: Box<Audit>,
        /// The digest that it should have.
        expected: [u8; 32],
    },
    /// The root of a commit is another than the digest of its last entry.
    Root {
        /// The entry's place.
        nth: i64,
        /// The entry's digest.
        expected: [u8; 32],
        /// The root.
        found: [u8; 32],
    },
    /// Entries at the end that no commit wrote a root for.
    Rootless {
        /// The place of the last entry with a root.
        after: i64,
        /// The place of the last entry.
        to: i64,
    },
    /// No entry has the digest that was kept elsewhere.
    Unknown {
        /// The digest.
        root: [u8; 32],
    },
}

impl Fault {
    /// The fault's kind in a word, for programs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Fault::Missing { .. } => "missing",
            Fault::Moved { .. } => "moved",
            Fault::Changed { .. } => "changed",
            Fault::Root { .. } => "root",
            Fault::Rootless { .. } => "rootless",
            Fault::Unknown { .. } => "unknown-root",
        }
    }

    /// The place of the entry that it is about, or of the first of them.
    #[must_use]
    pub fn entry(&self) -> Option<i64> {
        match self {
            Fault::Missing { from: nth, .. } | Fault::Moved { nth, .. } | Fault::Root { nth, .. } => Some(*nth),
            Fault::Changed { entry, .. } => Some(entry.nth),
            Fault::Rootless { after, .. } => Some(after.saturating_add(1)),
            Fault::Unknown { .. } => None,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hex = verify::hex::encode;
        match self {
            Fault::Missing { from, to } if from == to => write!(out, "entry {from} is gone from its place"),
            Fault::Missing { from, to } => write!(out, "entries {from} to {to} are gone from their places"),
            Fault::Moved { nth, before } => {
                write!(out, "expected entry {} before entry {before}, found entry {nth}", before.saturating_sub(1))
            }
            Fault::Changed { entry, expected } => write!(
                out,
                "entry {} (of {}, at {}) was changed, or the digest before it: expected the digest {}, found {}",
                entry.nth,
                entry.who,
                entry.at.rfc3339(),
                hex(expected),
                hex(&entry.digest),
            ),
            Fault::Root { nth, expected, found } => write!(
                out,
                "the root of the commit that ended with entry {nth}: expected {}, found {}",
                hex(expected),
                hex(found)
            ),
            Fault::Rootless { after, to } => {
                write!(out, "no commit wrote a root for the entries after entry {after}, up to {to}")
            }
            Fault::Unknown { root } => write!(
                out,
                "no entry has the digest {}: what was there when this root was kept was cut off or changed",
                hex(root)
            ),
        }
    }
}

/// Looks at every entry and every root, from the newest to the oldest. `kept` is a root that was kept elsewhere.
///
/// # Errors
/// When the engine fails or a row is corrupt.
pub fn look(rows: &mut dyn Rows, kept: Option<[u8; 32]>) -> Result<Looked, StoreError> {
    let root = root(rows)?;
    let mut look =
        Look { kept, roots: Roots::default(), looked: Looked { entries: 0, root, kept: None, faults: vec![] } };
    let mut newer: Option<Audit> = None;
    let mut below = None;
    loop {
        let page: Vec<Audit> = rows.page(below, PAGE)?;
        let Some(last) = page.last() else { break };
        below = Some(last.key.0);
        for entry in page {
            look.entry(rows, newer.as_ref(), &entry)?;
            newer = Some(entry);
        }
    }
    look.end(rows, newer.as_ref())?;
    let mut looked = look.looked;
    looked.faults.reverse();
    Ok(looked)
}

struct Look {
    kept: Option<[u8; 32]>,
    roots: Roots,
    looked: Looked,
}

/// The roots, from the newest to the oldest.
#[derive(Default)]
struct Roots {
    page: std::collections::VecDeque<AuditRoot>,
    below: Option<i64>,
}

impl Roots {
    /// The newest root that was not taken yet.
    fn peek(&mut self, rows: &mut dyn Rows) -> Result<Option<AuditRoot>, StoreError> {
        if self.page.is_empty() {
            self.page = rows.page(self.below, PAGE)?.into();
            self.below = self.page.back().map(|root| root.nth).or(self.below);
        }
        Ok(self.page.front().copied())
    }

    fn take(&mut self) {
        self.page.pop_front();
    }
}

impl Look {
    /// Takes the next older entry in; `newer` stands after it.
    fn entry(&mut self, rows: &mut dyn Rows, newer: Option<&Audit>, entry: &Audit) -> Result<(), StoreError> {
        self.looked.entries += 1;
        match newer {
            None => self.newest(entry),
            Some(newer) => self.pair(entry.nth, &entry.digest, newer),
        }
        if self.kept == Some(entry.digest) {
            self.looked.kept = Some(entry.nth);
        }
        while let Some(root) = self.roots.peek(rows)?.filter(|root| root.nth >= entry.nth) {
            self.roots.take();
            if root.nth == entry.nth && root.digest != entry.digest {
                self.fault(Fault::Root { nth: root.nth, expected: entry.digest, found: root.digest });
            }
        }
        Ok(())
    }

    /// The newest entry is what the newest root stands for.
    fn newest(&mut self, entry: &Audit) {
        let covered = self.looked.root.map_or(0, |root| root.nth);
        if entry.nth < covered {
            self.fault(Fault::Missing { from: entry.nth.saturating_add(1), to: covered });
        }
        if entry.nth > covered {
            self.fault(Fault::Rootless { after: covered, to: entry.nth });
        }
    }

    /// An entry and what stands before it.
    fn pair(&mut self, nth: i64, before: &[u8; 32], newer: &Audit) {
        if nth >= newer.nth {
            self.fault(Fault::Moved { nth, before: newer.nth });
        } else if nth.saturating_add(1) < newer.nth {
            self.fault(Fault::Missing { from: nth.saturating_add(1), to: newer.nth.saturating_sub(1) });
        } else {
            let expected = digest(before, newer);
            if expected != newer.digest {
                self.fault(Fault::Changed { entry: Box::new(newer.clone()), expected });
            }
        }
    }

    /// After the oldest entry.
    fn end(&mut self, rows: &mut dyn Rows, oldest: Option<&Audit>) -> Result<(), StoreError> {
        match (oldest, self.roots.peek(rows)?) {
            (Some(oldest), _) => self.pair(0, &NOTHING, oldest),
            (None, Some(root)) => self.fault(Fault::Missing { from: 1, to: root.nth }),
            (None, None) => {}
        }
        if let Some(root) = self.kept.filter(|_| self.looked.kept.is_none()) {
            self.looked.faults.insert(0, Fault::Unknown { root });
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault) {
        if self.looked.faults.len() < FAULTS_MAX {
            self.looked.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_the_bytes_that_are_written_down() {
        let entry = Audit {
            key: AuditKey(0x0102),
            at: Timestamp(1_767_225_600_000_000),
            who: "ada".to_owned(),
            what: "held it".to_owned(),
            nth: 1,
            digest: NOTHING,
        };
        let mut bytes = b"countersign audit 1\0".to_vec();
        bytes.extend([0; 32]);
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
        bytes.extend(1_767_225_600_000_000_i64.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 3, b'a', b'd', b'a', 0, 0, 0, 0, 0, 0, 0, 7]);
        bytes.extend(b"held it");
        assert_eq!(digest(&NOTHING, &entry).as_slice(), Sha256::digest(&bytes).as_slice());
        let moved = Audit { who: "adah".to_owned(), what: "eld it".to_owned(), ..entry.clone() };
        assert_ne!(digest(&NOTHING, &moved), digest(&NOTHING, &entry), "a letter belongs to one of the texts");
    }
}

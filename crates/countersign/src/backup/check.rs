//! Whether a backup is what was written, and would do.

use std::collections::BTreeSet;
use std::path::Path;

use artifacts::Digest;
use domain::Timestamp;
use domain::catalogue::Sealed;
use store::row::RowsExt;
use store::seal::SealKey;
use store::table::Rows;
use store::tables::{Entry, Quarantine};
use store::{StoreError, chain, sealed, search};
use store_sqlite::{SCHEMA, Still};

use super::STORE;
use super::files::digest;
use super::manifest::{Kept, Manifest, blob};
use crate::exit::Failure;

/// Rows that are read at once.
const PAGE: usize = 100;

/// What was found in a backup.
pub struct Found {
    /// What it says of itself.
    pub manifest: Manifest,
    /// How many sealed values the key opens, where one was given.
    pub opened: Option<usize>,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// Looks at all of a backup: each file's digest, the store's soundness, the blobs that it names, the audit's chain, and,
/// with the installation's key, whether every sealed value opens. Nothing is written.
///
/// # Errors
/// When there is no backup; what is wrong with one is found instead.
pub fn check(backup: &Path, key: Option<&SealKey>) -> Result<Found, Failure> {
    let manifest = Manifest::read(backup)?;
    let mut found = Found { manifest, opened: None, faults: Vec::new() };
    found.files(backup);
    if found.manifest.schema != SCHEMA {
        let schema = found.manifest.schema;
        found.faults.push(format!("its store has the schema {schema}, this program's is {SCHEMA}: use that version"));
    } else if let Err(why) = found.store(backup, key) {
        found.faults.push(format!("{STORE}: {why}"));
    }
    Ok(found)
}

impl Found {
    fn files(&mut self, backup: &Path) {
        let faults = self.manifest.files.iter().filter_map(|file| file_fault(backup, file));
        self.faults = faults.collect();
        if !self.manifest.files.iter().any(|file| file.path == STORE) {
            self.faults.push(format!("the manifest names no {STORE}"));
        }
    }

    fn store(&mut self, backup: &Path, key: Option<&SealKey>) -> Result<(), store_sqlite::OpenError> {
        let still = Still::open(&backup.join(STORE))?;
        self.faults.extend(still.faults(false)?.into_iter().map(|fault| format!("{STORE}: {fault}")));
        self.blobs(&still)?;
        self.audit(&still)?;
        if let Some(key) = key {
            let opening = still.read(|rows| open_all(rows, key))?;
            self.opened = Some(opening.opened);
            if opening.opened < opening.all {
                let Opening { all, opened } = opening;
                self.faults.push(format!("the key opens {opened} of {all} sealed values: it is not this backup's key"));
            }
        }
        Ok(())
    }

    /// Every blob that the store names and whose time has not come.
    fn blobs(&mut self, still: &Still) -> Result<(), StoreError> {
        let ended = Timestamp::parse(&self.manifest.ended).unwrap_or(Timestamp(0));
        let kept: BTreeSet<&str> = self.manifest.files.iter().map(|file| file.path.as_str()).collect();
        let named = still.read(search::named_blobs)?;
        let missing = named
            .into_iter()
            .filter(|(_, until)| until.milliseconds() > ended.milliseconds())
            .map(|(sha256, _)| Digest(sha256));
        let missing = missing.filter(|digest| !kept.contains(&*blob(*digest).to_string_lossy()));
        self.faults.extend(missing.map(|digest| format!("the store names the blob {digest}, which is not there")));
        Ok(())
    }

    fn audit(&mut self, still: &Still) -> Result<(), StoreError> {
        let looked = still.read(|rows| chain::look(rows, None))?;
        self.faults.extend(looked.faults.iter().map(|fault| format!("the audit: {fault}")));
        let root = looked.root.map(|root| verify::hex::encode(&root.digest));
        if root != self.manifest.audit.root {
            let shown = |root: &Option<String>| root.clone().unwrap_or_else(|| "none".to_owned());
            let (expected, root) = (shown(&self.manifest.audit.root), shown(&root));
            self.faults.push(format!("the audit's root: expected {expected}, found {root}"));
        }
        Ok(())
    }
}

fn file_fault(backup: &Path, file: &Kept) -> Option<String> {
    let place = file.place()?;
    match digest(&backup.join(&place)) {
        Err(why) => Some(format!("{}: {why}", file.path)),
        Ok((bytes, _)) if bytes != file.bytes => {
            Some(format!("{}: expected {} bytes, found {bytes}", file.path, file.bytes))
        }
        Ok((_, found)) if found.to_string() != file.sha256 => {
            Some(format!("{}: expected the SHA-256 {}, found {found}", file.path, file.sha256))
        }
        Ok(_) => None,
    }
}

/// How many sealed values there are, and how many of them open.
#[derive(Default)]
struct Opening {
    all: usize,
    opened: usize,
}

fn open_all(rows: &mut dyn Rows, key: &SealKey) -> Result<Opening, StoreError> {
    let mut opening = Opening::default();
    let mut visit = |sealed: &mut Sealed, of: &str| {
        opening.all += 1;
        opening.opened += usize::from(key.open(sealed, of).is_ok());
    };
    let mut below = None;
    loop {
        let page: Vec<Entry> = rows.page(below, PAGE)?;
        let Some(last) = page.last() else { break };
        below = Some(last.key);
        for entry in &page {
            sealed::in_entry(entry, &mut visit)?;
        }
    }
    below = None;
    loop {
        let page: Vec<Quarantine> = rows.page(below, PAGE)?;
        let Some(last) = page.last() else { break };
        below = Some(last.key.0);
        for refused in &page {
            let _ = sealed::in_refused(refused, &mut visit);
        }
    }
    Ok(opening)
}

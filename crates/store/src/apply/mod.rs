//! What each command does to the rows: the one place, for every engine.
//!
//! A command first reads and checks, then writes. One that refuses has written nothing, so a group of commands rides in
//! one transaction without a savepoint for each.

mod answer;
mod artifact;
mod batch;
mod check;
mod claim;
mod consequences;
mod decide;
mod perform;
mod person;
mod recheck;
mod record;
mod refused;
mod subject;
mod tag;

use std::sync::Arc;

use domain::catalogue::Catalogue;
use domain::gate::{Gate, GateState};
use domain::{ExpectationKey, ServiceKey, SubjectKey, Timestamp};

use crate::command::{Answer, Asked, Change, Command, News};
use crate::numbers::Numbers;
use crate::row::RowsExt;
use crate::table::Rows;
use crate::tables::{Entry, Meta, meta};
use crate::{Node, Slots, StoreError};

/// What a writer holds between transactions.
pub struct Desk {
    /// Who this node is.
    pub node: Node,
    /// The next keys.
    pub numbers: Numbers,
    /// The catalogue's version on disk.
    pub catalogue: i64,
    /// Places for calls.
    pub slots: Arc<dyn Slots>,
    /// Places that were taken since the engine last began: to be given back should it not come to a commit.
    pub taken: Vec<ServiceKey>,
    /// Whether the audit may have entries that no root stands for yet.
    pub audited: bool,
}

impl Desk {
    /// Gives back the places that were taken since there were so many: it does not come to a commit.
    pub fn give_back_from(&mut self, mark: usize) {
        for service in self.taken.drain(mark..) {
            self.slots.give_back(service);
        }
    }

    /// Before a group is committed: writes the audit's root, if the group had entries.
    ///
    /// # Errors
    /// When the engine fails; then the transaction must be given up.
    pub fn close_audit(&mut self, rows: &mut dyn Rows) -> Result<(), StoreError> {
        if std::mem::take(&mut self.audited) {
            crate::chain::close(rows)?;
        }
        Ok(())
    }
}

/// One transaction.
pub struct Turn<'a> {
    /// Its rows.
    pub rows: &'a mut dyn Rows,
    /// The writer's own state.
    pub desk: &'a mut Desk,
    /// What others will be told once it is on disk.
    pub news: Vec<News>,
}

/// Carries out one command.
///
/// # Errors
/// When the engine fails; then the transaction must be given up.
pub fn apply(turn: &mut Turn<'_>, command: &Command) -> Result<Answer, StoreError> {
    match command {
        Command::Record(record) => record::record(turn, record),
        Command::Claim(claim) => claim::claim(turn, claim),
        Command::Finish(finish) => answer::finish(turn, finish),
        Command::CallBack(call) => answer::call_back(turn, call),
        Command::Push(push) => answer::push(turn, push),
        Command::Upsert(upsert) => answer::upsert(turn, upsert),
        Command::Decide(decide) => decide::decide(turn, decide),
        Command::EndHold(end) => decide::end_hold(turn, end),
        Command::HoldCollection(hold) => decide::hold_collection(turn, hold),
        Command::LiftHold(lift) => decide::lift(turn, lift),
        Command::LiftRestriction(lift) => decide::lift_restriction(turn, lift),
        Command::StepRecheck(step) => recheck::step(turn, step),
        Command::Check(check) => check::check(turn, check),
        Command::PutSubject(put) => subject::put(turn, put),
        Command::PutCollection(put) => subject::put_collection(turn, put),
        Command::PutArtifact(artifact) => artifact::put(turn, artifact),
        Command::EndArtifact(end) => artifact::end(turn, end),
        Command::Amend(amend) => subject::amend(turn, amend),
        Command::MakeTag(make) => tag::make(turn, make),
        Command::Demand(demand) => claim::demand(turn, demand),
        Command::StartBatch(start) => batch::start(turn, start),
        Command::TurnBatch(to) => batch::turn(turn, to),
        Command::StepBatch(step) => batch::step(turn, step),
        Command::PerformStart(of) => perform::start(turn, *of),
        Command::PerformAgain(of) => perform::again(turn, *of),
        Command::PerformEnd(end) => perform::end(turn, end),
        Command::Start => claim::start(turn),
        Command::Turn { service, from, to, asked, now } => turn_gate(turn, *service, from, *to, asked.as_ref(), *now),
        Command::Change(change) => change_catalogue(turn, change),
        Command::KeepRefused(keep) => refused::keep(turn, keep),
        Command::ForgetRefused { before } => refused::forget(turn, *before),
        Command::LoggedIn(login, credential) => person::recognise(turn, *login, *credential),
        Command::BeginSession(session) => person::begin(turn, session),
        Command::SeeSession { session, at } => person::see(turn, *session, *at),
        Command::EndSessions(end) => person::end(turn, end),
        Command::SpendCode(code) => person::spend(turn, *code),
    }
}

impl Turn<'_> {
    /// A service's gate; one that was never turned is open.
    fn gate(&mut self, service: ServiceKey) -> Result<Gate, StoreError> {
        Ok(self.rows.load(service.0)?.unwrap_or(Gate::new(service, Timestamp(0))))
    }

    /// A key that grows with time.
    fn key(&mut self, now: Timestamp) -> i64 {
        self.desk.numbers.key(now)
    }

    /// The next expectation's number.
    fn expectation(&mut self) -> ExpectationKey {
        ExpectationKey(self.desk.numbers.expectation())
    }

    /// The next number for a pushed result. No expectation will show that it was given out, so it is written down.
    fn pushed_number(&mut self) -> Result<i64, StoreError> {
        let value = self.desk.numbers.expectation();
        let after = Meta { key: meta::EXPECTATION, value };
        match self.rows.load::<Meta>(meta::EXPECTATION)? {
            Some(before) => self.rows.change(&before, &after)?,
            None => self.rows.add(&after)?,
        }
        Ok(value)
    }

    /// Tells that a subject was judged.
    fn judged(&mut self, subject: SubjectKey) {
        self.news.push(News::Judged(subject));
    }

    /// Writes an audit row, chained to the one before.
    fn audit(&mut self, now: Timestamp, who: &str, what: String) -> Result<(), StoreError> {
        let key = domain::AuditKey(self.key(now));
        let entry = crate::chain::next(self.rows, key, now, who.to_owned(), what)?;
        self.desk.audited = true;
        self.rows.add(&entry)
    }
}

fn turn_gate(
    turn: &mut Turn<'_>,
    service: ServiceKey,
    from: &[GateState],
    to: GateState,
    asked: Option<&Asked>,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let stored: Option<Gate> = turn.rows.load(service.0)?;
    let before = stored.clone().unwrap_or(Gate::new(service, now));
    if !from.contains(&before.state) || before.state == to {
        return Ok(Answer::Moved);
    }
    let after = before.turned(to, asked.map(|asked| asked.who.as_str()), now);
    match stored {
        Some(before) => turn.rows.change(&before, &after)?,
        None => turn.rows.add(&after)?,
    }
    if let Some(asked) = asked {
        turn.audit(now, &asked.who, asked.what.clone())?;
    }
    turn.news.push(News::Turned { service, to });
    Ok(Answer::Done)
}

fn change_catalogue(turn: &mut Turn<'_>, change: &Change) -> Result<Answer, StoreError> {
    if change.catalogue != turn.desk.catalogue {
        return Ok(Answer::Recompute);
    }
    for entry in &change.entries {
        // What does not read back would shut everyone out.
        crate::change::take(&mut Catalogue::default(), entry)?;
        match turn.rows.load::<Entry>(entry.key)? {
            Some(before) => turn.rows.change(&before, entry)?,
            None => turn.rows.add(entry)?,
        }
    }
    turn.audit(change.now, &change.who, change.what.clone())?;
    let version = turn.desk.catalogue + 1;
    let before = Meta { key: meta::CATALOGUE, value: turn.desk.catalogue };
    turn.rows.change(&before, &Meta { value: version, ..before.clone() })?;
    turn.desk.catalogue = version;
    turn.news.push(News::Catalogue(version));
    Ok(Answer::Version(version))
}

/// Reads the whole catalogue.
///
/// # Errors
/// When the engine fails or an entry does not read.
pub fn read_catalogue(rows: &mut dyn Rows) -> Result<Catalogue, StoreError> {
    let mut catalogue =
        Catalogue { version: rows.load::<Meta>(meta::CATALOGUE)?.map_or(0, |row| row.value), ..Catalogue::default() };
    let mut below = None;
    loop {
        let page: Vec<Entry> = rows.page(below, 1_000)?;
        let Some(last) = page.last() else { return Ok(catalogue) };
        below = Some(last.key);
        for entry in &page {
            crate::change::take(&mut catalogue, entry)?;
        }
    }
}

/// Makes the rows that every store begins with, where they are missing, and reads what the writer needs.
///
/// # Errors
/// When the engine fails.
pub fn open_desk(rows: &mut dyn Rows, node: i64, salt: u64, slots: Arc<dyn Slots>) -> Result<Desk, StoreError> {
    for (key, value) in [(meta::CATALOGUE, 1), (meta::EPOCH, 0), (meta::SALT, salt.cast_signed())] {
        if rows.load::<Meta>(key)?.is_none() {
            rows.add(&Meta { key, value })?;
        }
    }
    let number = |rows: &mut dyn Rows, key| Ok::<_, StoreError>(rows.load::<Meta>(key)?.map_or(0, |row| row.value));
    Ok(Desk {
        node: Node { node, epoch: number(rows, meta::EPOCH)? },
        catalogue: number(rows, meta::CATALOGUE)?,
        numbers: Numbers::after(rows)?,
        slots,
        taken: Vec::new(),
        audited: false,
    })
}

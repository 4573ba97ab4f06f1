//! The one writer: takes what is queued, commits it as a group, then answers.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};

use domain::Salt;
use domain::catalogue::Catalogue;
use rusqlite::Connection;
use store::apply::{Desk, Turn, apply, open_desk, read_catalogue};
use store::command::{Answer, Command, News};
use store::row::RowsExt;
use store::tables::{Meta, meta};
use store::{Listener, Node, Reply, Slots, StoreError};

use crate::checkpoint::Checkpoints;
use crate::replay::ReplayMemory;
use crate::rows::{SqliteRows, Texts};
use crate::{OpenError, failed};

/// The most commands of one group: bounds how long the first of them waits.
const GROUP_COMMANDS_MAX: usize = 512;

/// What the writer has done so far.
#[derive(Default)]
pub struct Counts {
    commands: AtomicU64,
    commits: AtomicU64,
    statements: AtomicU64,
}

impl Counts {
    /// Commands and commits.
    pub fn read(&self) -> (u64, u64) {
        (self.commands.load(Ordering::Relaxed), self.commits.load(Ordering::Relaxed))
    }

    /// Statements.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

/// The writer, before it runs.
pub struct Writer {
    pub(crate) connection: Connection,
    pub(crate) desk: Desk,
    pub(crate) catalogue: Arc<RwLock<Arc<Catalogue>>>,
    pub(crate) listener: Arc<dyn Listener>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) replay: ReplayMemory,
    pub(crate) checkpoints: Checkpoints,
}

type Queued = (Command, Reply);
type Outcome = Result<Answer, StoreError>;

/// Makes the first rows where they are missing, and reads what the writer begins with.
pub fn prepare(
    connection: &mut Connection,
    node: i64,
    salt: u64,
    slots: Arc<dyn Slots>,
) -> Result<(Desk, Catalogue, Salt, ReplayMemory), OpenError> {
    let transaction = connection.transaction()?;
    let mut texts = Texts::default();
    let statements = Cell::new(0);
    let mut rows = SqliteRows { connection: &transaction, texts: &mut texts, statements: &statements, replay: None };
    let desk = open_desk(&mut rows, node, salt, slots)?;
    let catalogue = read_catalogue(&mut rows)?;
    let salt = rows.load::<Meta>(meta::SALT)?.map_or(salt, |row| row.value.cast_unsigned());
    let replay = ReplayMemory::load(&transaction)?;
    transaction.commit()?;
    Ok((desk, catalogue, Salt(salt), replay))
}

impl Writer {
    /// Works until the queue is closed and empty.
    pub fn run(mut self, queue: &mpsc::Receiver<Queued>) {
        let mut texts = Texts::default();
        let mut group: Vec<Queued> = Vec::with_capacity(GROUP_COMMANDS_MAX);
        while let Ok(first) = queue.recv() {
            group.push(first);
            while group.len() < GROUP_COMMANDS_MAX {
                let Ok(next) = queue.try_recv() else { break };
                group.push(next);
            }
            self.commit_group(&mut group, &mut texts);
        }
        // A reader that goes on keeps the log; then it is moved at the next start.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    fn commit_group(&mut self, group: &mut Vec<Queued>, texts: &mut Texts) {
        let kept = (self.desk.catalogue, self.desk.node);
        let (outcomes, news) = match self.together(group, texts) {
            Ok(done) => done,
            Err(why) => {
                (self.desk.catalogue, self.desk.node) = kept;
                if group.len() == 1 { (vec![Err(why)], Vec::new()) } else { self.one_by_one(group, texts) }
            }
        };
        self.publish(&news, texts);
        self.counts.commands.fetch_add(group.len() as u64, Ordering::Relaxed);
        self.listener.committed(news);
        for ((_, reply), outcome) in group.drain(..).zip(outcomes) {
            let _ = reply.send(outcome);
        }
        self.checkpoints.finish(&self.connection);
    }

    /// All commands in one transaction without a savepoint: a command that refuses has written nothing.
    fn together(&mut self, group: &[Queued], texts: &mut Texts) -> Result<(Vec<Outcome>, Vec<News>), StoreError> {
        self.batch("BEGIN IMMEDIATE")?;
        let statements = Cell::new(0);
        let replay = Some(&mut self.replay);
        let mut rows = SqliteRows { connection: &self.connection, texts, statements: &statements, replay };
        let mut turn = Turn { rows: &mut rows, desk: &mut self.desk, news: Vec::new() };
        let mut outcomes = Vec::with_capacity(group.len());
        let mut broken = None;
        for (command, _) in group {
            match apply(&mut turn, command) {
                Ok(answer) => outcomes.push(Ok(answer)),
                Err(why) => {
                    broken = Some(why);
                    break;
                }
            }
        }
        let news = turn.news;
        self.counts.statements.fetch_add(statements.get(), Ordering::Relaxed);
        let committed = match broken {
            None => self.move_and_commit(texts),
            Some(why) => Err(why),
        };
        if let Err(why) = committed {
            let _ = self.batch("ROLLBACK");
            self.replay.roll_back_to(0);
            self.desk.give_back_from(0);
            return Err(why);
        }
        Ok((outcomes, news))
    }

    fn move_and_commit(&mut self, texts: &mut Texts) -> Result<(), StoreError> {
        let statements = Cell::new(0);
        let mut rows = SqliteRows { connection: &self.connection, texts, statements: &statements, replay: None };
        self.desk.close_audit(&mut rows)?;
        self.counts.statements.fetch_add(statements.get(), Ordering::Relaxed);
        self.replay.step(&self.connection).map_err(|why| failed(&why))?;
        self.batch("COMMIT")?;
        self.replay.committed();
        self.desk.taken.clear();
        self.counts.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// After a failure: each command behind a savepoint, so that the one that fails changes nothing alone.
    fn one_by_one(&mut self, group: &[Queued], texts: &mut Texts) -> (Vec<Outcome>, Vec<News>) {
        if let Err(why) = self.batch("BEGIN IMMEDIATE") {
            return (group.iter().map(|_| Err(why.clone())).collect(), Vec::new());
        }
        let mut outcomes = Vec::with_capacity(group.len());
        let mut news = Vec::new();
        let before = (self.desk.catalogue, self.desk.node);
        for (command, _) in group {
            let kept = (self.desk.catalogue, self.desk.node);
            let outcome = self.behind_savepoint(command, texts, &mut news);
            if let Err(why) = &outcome {
                (self.desk.catalogue, self.desk.node) = kept;
                // Some failures make the engine undo the whole transaction; what came before is gone with it.
                if self.connection.is_autocommit() {
                    return self.give_up(group, before, why);
                }
            }
            outcomes.push(outcome);
        }
        match self.move_and_commit(texts) {
            Ok(()) => (outcomes, news),
            Err(why) => self.give_up(group, before, &why),
        }
    }

    /// Nothing of a group was written, and everyone is told so.
    fn give_up(&mut self, group: &[Queued], before: (i64, Node), why: &StoreError) -> (Vec<Outcome>, Vec<News>) {
        let _ = self.batch("ROLLBACK");
        self.replay.roll_back_to(0);
        self.desk.give_back_from(0);
        (self.desk.catalogue, self.desk.node) = before;
        (group.iter().map(|_| Err(why.clone())).collect(), Vec::new())
    }

    fn behind_savepoint(&mut self, command: &Command, texts: &mut Texts, news: &mut Vec<News>) -> Outcome {
        self.batch("SAVEPOINT one")?;
        let (mark, taken) = (self.replay.mark(), self.desk.taken.len());
        let statements = Cell::new(0);
        let replay = Some(&mut self.replay);
        let mut rows = SqliteRows { connection: &self.connection, texts, statements: &statements, replay };
        let mut turn = Turn { rows: &mut rows, desk: &mut self.desk, news: Vec::new() };
        let outcome = apply(&mut turn, command);
        let brought = turn.news;
        if let Err(why) = outcome {
            self.desk.give_back_from(taken);
            self.replay.roll_back_to(mark);
            self.batch("ROLLBACK TO one; RELEASE one")?;
            return Err(why);
        }
        self.batch("RELEASE one")?;
        news.extend(brought);
        outcome
    }

    /// Shows a changed catalogue before anyone is answered.
    fn publish(&self, news: &[News], texts: &mut Texts) {
        if !news.iter().any(|each| matches!(each, News::Catalogue(_))) {
            return;
        }
        let statements = Cell::new(0);
        let mut rows = SqliteRows { connection: &self.connection, texts, statements: &statements, replay: None };
        match read_catalogue(&mut rows) {
            Ok(catalogue) => {
                *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
            }
            Err(why) => tracing::error!(%why, "the changed catalogue does not read"),
        }
    }

    fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(|why| failed(&why))
    }
}

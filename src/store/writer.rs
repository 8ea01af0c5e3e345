//! The one writer: a task that owns the write connection and commits in groups.
//!
//! It takes what queued while the last group was being synced, so a group is as large as the
//! load makes it and no timer delays anybody. Nobody is answered before the commit.

use std::sync::Arc;

use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot};

use super::effect::{self, Applied, Effect};
use super::error::{CommitError, Damage, StoreError};
use super::lock::DirectoryLock;
use super::log;
use super::replay::ReplayIndex;
use super::rows::TrustDocumentRow;
use super::sqlite::{self, FileIdentity, Location};
use crate::audit::{Pending, Receipt};
use crate::base::{Code, Timestamp};
use crate::crypto::Signer;
use crate::crypto::merkle::Frontier;
use crate::crypto::note::VerifierKey;

/// What is asked of the writer.
pub(super) enum Message {
    /// See to this; no act, so no entry in the log.
    Chore(Box<Chore>),
    /// Commit this.
    Commit(Box<Item>),
    /// Finish, close, and say so.
    Stop(oneshot::Sender<()>),
}

/// One commit and where its answer goes.
pub(super) struct Item {
    pub(super) effects: Vec<Effect>,
    pub(super) pending: Pending,
    /// A refusal that stands before any effect is tried.
    pub(super) precluded: Option<Code>,
    pub(super) reply: oneshot::Sender<Result<Receipt, CommitError>>,
}

/// What changes the database without being an act of anybody, and where the answer goes.
pub(super) struct Chore {
    pub(super) task: Task,
    pub(super) reply: oneshot::Sender<Result<(), StoreError>>,
}

/// The work itself.
pub(super) enum Task {
    /// Keep this as the newest document of its name.
    Keep(TrustDocumentRow),
    /// Forget what had ended at this authenticated time.
    Sweep(Timestamp),
}

/// The log this writer keeps.
pub(super) struct LogIdentity {
    pub(super) key: VerifierKey,
    pub(super) signer: Arc<dyn Signer>,
}

/// The task's state.
pub(super) struct Writer {
    pub(super) location: Location,
    pub(super) log: LogIdentity,
    pub(super) replay: Arc<ReplayIndex>,
    /// None after a failure, until it is opened again.
    pub(super) session: Option<Session>,
    /// The log as it was last acknowledged; what is opened again must continue it.
    pub(super) frontier: Frontier,
    /// Held as long as this task may write.
    pub(super) lock: DirectoryLock,
}

/// An open write connection and the file it writes to.
pub(super) struct Session {
    connection: AnyConnection,
    file: FileIdentity,
}

impl Session {
    /// Takes over a connection, with the log as it is durable: never as it was in memory.
    pub(super) async fn begin(
        mut connection: AnyConnection,
        location: &Location,
        key: &VerifierKey,
    ) -> Result<(Self, Frontier), StoreError> {
        let frontier = log::restore(&mut connection, key).await?;
        Ok((Self { connection, file: location.file_identity()? }, frontier))
    }
}

impl Writer {
    /// Serves until it is stopped or nobody can ask any more.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        let mut stop = None;
        while stop.is_none() {
            let Some(first) = queue.recv().await else { break };
            let mut group = Vec::new();
            let mut chores = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Chore(chore) => chores.push(*chore),
                    Message::Commit(item) => group.push(*item),
                    Message::Stop(done) => stop = Some(done),
                }
                let room = group.len() < GROUP && stop.is_none();
                next = if room { queue.try_recv().ok() } else { None };
            }
            if !group.is_empty() {
                self.commit(group).await;
            }
            for chore in chores {
                let done = self.see_to(&chore.task).await;
                // Who asked may have gone; what was done stays.
                let _ = chore.reply.send(done);
            }
        }
        if let Some(session) = self.session.take() {
            sqlite::close(session.connection).await;
        }
        drop(self.lock);
        if let Some(done) = stop {
            // Who asked may have gone; the store is closed either way.
            let _ = done.send(());
        }
    }

    /// Commits a group and answers everyone in it.
    async fn commit(&mut self, group: Vec<Item>) {
        let mut replies = Vec::with_capacity(group.len());
        let mut work = Vec::with_capacity(group.len());
        for item in group {
            let claims = match item.precluded {
                None => item.effects.iter().filter_map(Effect::spends).collect(),
                Some(_) => Vec::new(),
            };
            replies.push((item.reply, claims));
            work.push((item.effects, item.pending, item.precluded));
        }
        let mut outcomes = self.write(work).await.map(Vec::into_iter);
        for (reply, claims) in replies {
            let answer = match &mut outcomes {
                Ok(outcomes) => {
                    let missing = Err(StoreError::Unavailable(None).into());
                    outcomes.next().unwrap_or(missing)
                }
                Err(error) => Err(error.clone().into()),
            };
            if answer.is_err() {
                for (digest, ..) in &claims {
                    self.replay.release(digest);
                }
            }
            // A caller that went away finds its entry in the log.
            let _ = reply.send(answer);
        }
    }

    async fn write(&mut self, work: Vec<Work>) -> Result<Vec<Outcome>, StoreError> {
        let mut session = self.take_session().await?;
        let outcomes = self.write_group(&mut session.connection, work).await?;
        self.session = Some(session);
        Ok(outcomes)
    }

    async fn see_to(&mut self, task: &Task) -> Result<(), StoreError> {
        let mut session = self.take_session().await?;
        let applied = match task {
            Task::Keep(row) => effect::put_document(&mut session.connection, row).await?,
            Task::Sweep(authenticated) => {
                effect::sweep(&mut session.connection, *authenticated).await?;
                self.replay.sweep(*authenticated);
                Applied::Done
            }
        };
        self.session = Some(session);
        match applied {
            Applied::Done | Applied::Used(_) => Ok(()),
            Applied::Refused(_) => Err(StoreError::Constraint),
        }
    }

    /// Taken out, so that after a failure it is gone: closing it rolls back, and whether a failed
    /// COMMIT took place is read from the database by the next group.
    async fn take_session(&mut self) -> Result<Session, StoreError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.reopen().await?,
        };
        if self.location.file_identity()? == session.file {
            Ok(session)
        } else {
            Err(Damage::Replaced.into())
        }
    }

    async fn reopen(&mut self) -> Result<Session, StoreError> {
        let connection = self.location.connect_writer().await?;
        let (mut session, restored) =
            Session::begin(connection, &self.location, &self.log.key).await?;
        log::continues(&mut session.connection, &self.frontier, &restored).await?;
        self.frontier = restored;
        Ok(session)
    }

    async fn write_group(
        &mut self,
        connection: &mut AnyConnection,
        work: Vec<Work>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut frontier = self.frontier.clone();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        let mut written = Vec::with_capacity(work.len());
        for item in work {
            written.push(write_one(connection, &mut frontier, item).await?);
        }
        log::seal(connection, &frontier, self.log.key.name(), &*self.log.signer).await?;
        sqlx::query("COMMIT").execute(&mut *connection).await?;

        self.frontier = frontier;
        Ok(written.into_iter().map(Written::outcome).collect())
    }
}

/// An item inside the transaction: not an answer yet.
struct Written {
    pending: Pending,
    index: u64,
    decided: Decided,
}

impl Written {
    /// The answer, to be made only after COMMIT.
    fn outcome(self) -> Outcome {
        let receipt = |use_number| Receipt::committed(&self.pending, self.index, use_number);
        match self.decided {
            Ok(use_number) => Ok(receipt(use_number)),
            Err(code) => Err(CommitError::Refused { code, receipt: receipt(None) }),
        }
    }
}

async fn write_one(
    connection: &mut AnyConnection,
    frontier: &mut Frontier,
    (effects, pending, precluded): Work,
) -> Result<Written, StoreError> {
    let decided = match precluded {
        Some(code) => Err(code),
        None => apply_all(connection, &effects).await?,
    };
    let pending = match decided {
        Ok(_) => pending,
        Err(code) => pending.refused(code),
    };
    let index = log::append(connection, frontier, &pending).await?;
    Ok(Written { pending, index, decided })
}

/// Carries out the effects in order; at the first refusal undoes those before it and tells why.
async fn apply_all(
    connection: &mut AnyConnection,
    effects: &[Effect],
) -> Result<Decided, StoreError> {
    let guarded = effects.len() > 1 || effects.iter().any(Effect::needs_savepoint);
    if guarded {
        sqlx::query("SAVEPOINT item").execute(&mut *connection).await?;
    }
    let mut decided = Ok(None);
    for each in effects {
        match effect::apply(connection, each).await {
            Ok(Applied::Done) => {}
            Ok(Applied::Refused(code)) => decided = Err(code),
            Ok(Applied::Used(number)) => decided = Ok(Some(number)),
            // Our own mistake in one item; its neighbours did nothing wrong.
            Err(StoreError::Constraint) => decided = Err(Code::Internal),
            Err(error) => return Err(error),
        }
        if decided.is_err() {
            break;
        }
    }
    if guarded {
        if decided.is_err() {
            sqlx::query("ROLLBACK TO SAVEPOINT item").execute(&mut *connection).await?;
        }
        sqlx::query("RELEASE SAVEPOINT item").execute(&mut *connection).await?;
    }
    Ok(decided)
}

type Work = (Vec<Effect>, Pending, Option<Code>);
/// The number of a use where a grant was used, or why nothing happened.
type Decided = Result<Option<u32>, Code>;
type Outcome = Result<Receipt, CommitError>;

/// The largest group: what one sync may delay, and lose the answers of, at once.
const GROUP: usize = 256;

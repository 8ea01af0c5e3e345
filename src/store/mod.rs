//! Durable state: one `Store`, read by many and written by one task, where every change and its
//! audit entry are one transaction.
//!
//! Nothing here decides who may do what; it holds the conditions that only a transaction can.

mod columns;
mod effect;
mod error;
mod lock;
mod log;
mod membership;
mod proposals;
mod read;
mod replay;
mod rows;
mod sqlite;
#[cfg(test)]
mod tests;
mod trust;
mod writer;

use std::path::Path;
use std::sync::Arc;

use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot};

pub use effect::Effect;
pub use error::{CommitError, Damage, StoreError};
pub use membership::ApplicationRow;
pub use proposals::{Approval, Persons, ProposalRow, ProposalState, RenewalRow};
pub use rows::{
    AuditRow, ClientRow, ClientState, ConsentRequestRow, ConsentRequestState, GrantRow, GrantState,
    InspectionRow, LicenceRow, ListLogRow, ListedKeyRow, StatusRow, TrustDocumentRow,
};

pub use trust::TrustCommit;

use self::lock::DirectoryLock;
use self::replay::{Claim, ReplayIndex};
use self::sqlite::{Access, Location};
use self::writer::{Chore, Item, LogIdentity, Message, Session, Task, Writer};
use crate::audit::{Pending, Receipt};
use crate::base::{Code, Timestamp, limits};
use crate::crypto::Signer;
use crate::crypto::note::VerifierKey;

/// The state of one node. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Store {
    readers: AnyPool,
    log_key: VerifierKey,
    replay: Arc<ReplayIndex>,
    /// None when opened for reading.
    queue: Option<mpsc::Sender<Message>>,
}

impl Store {
    /// Opens the data directory for serving: takes its lock, checks the file and the log, brings
    /// the schema up to date, and starts the writer.
    ///
    /// `origin` names the audit log, `elicence/<division>/audit`; `log_key` (Ed25519) signs its
    /// checkpoints. Must be called within a tokio runtime.
    pub async fn open(
        directory: &Path,
        origin: &str,
        log_key: Arc<dyn Signer>,
    ) -> Result<Self, StoreError> {
        let key =
            VerifierKey::new(origin, log_key.public_key()).map_err(|_| StoreError::OtherLog)?;
        sqlite::make_directory(directory)?;
        let lock = DirectoryLock::take(directory)?;
        sqlite::check_not_lost(directory)?;
        let location = Location::within(directory, Access::ReadWrite)?;
        let mut connection = location.connect_writer().await?;
        sqlite::check_file(&mut connection).await?;
        sqlite::migrate(&mut connection).await?;
        sqlite::mark_founded(directory)?;
        let spent = effect::all_spent(&mut connection).await?;
        let (session, frontier) = Session::begin(connection, &location, &key).await?;
        let readers = location.connect_readers().await?;

        let replay = Arc::new(ReplayIndex::holding(limits::REPLAY_ENTRIES, spent));
        let writer = Writer {
            location,
            log: LogIdentity { key: key.clone(), signer: log_key },
            replay: Arc::clone(&replay),
            session: Some(session),
            frontier,
            lock,
        };
        let (queue, messages) = mpsc::channel(limits::VERIFICATION_QUEUE);
        tokio::spawn(writer.run(messages));
        Ok(Self { readers, log_key: key, replay, queue: Some(queue) })
    }

    /// Opens the data directory for reading, also beside a process that serves from it. Commits
    /// are refused with [`StoreError::ReadOnly`].
    pub async fn open_read_only(
        directory: &Path,
        log_key: VerifierKey,
    ) -> Result<Self, StoreError> {
        let location = Location::within(directory, Access::ReadOnly)?;
        let readers = location.connect_readers().await?;
        let replay = Arc::new(ReplayIndex::holding(0, Vec::new()));
        Ok(Self { readers, log_key, replay, queue: None })
    }

    /// Makes `effects` durable together with the entry of what they are about.
    ///
    /// All effects happen, in order, or none does. Success and refusal are both on the record
    /// when this returns: a refusal is an entry of its own. On [`CommitError::Store`] nothing is
    /// acknowledged.
    pub async fn commit(
        &self,
        effects: Vec<Effect>,
        pending: Pending,
    ) -> Result<Receipt, CommitError> {
        let queue = self.queue.as_ref().ok_or(StoreError::ReadOnly)?;
        let gone = |()| StoreError::Unavailable(None);
        let place = queue.reserve().await.map_err(|_| gone(()))?;
        // No await from the claim to the send: a caller that goes away must not leave a claim
        // that nobody releases.
        let precluded = self.claim(&effects)?;
        let (reply, answer) = oneshot::channel();
        let item = Item { effects, pending, precluded, reply };
        place.send(Message::Commit(Box::new(item)));
        answer.await.map_err(|_| gone(()))?
    }

    /// Keeps `rows` as the newest of their names, without an entry in the log: for freshness
    /// statements, which arrive every half minute and change nothing by themselves.
    pub async fn keep_documents(&self, rows: Vec<TrustDocumentRow>) -> Result<(), StoreError> {
        for row in rows {
            self.see_to(Task::Keep(row)).await?;
        }
        Ok(())
    }

    /// Forgets nonces, request identifiers and inspections that had ended, with a margin, at
    /// `authenticated`: a time that another party signed, since what is forgotten by a clock that
    /// ran ahead can be used again when it is set right. Leaves no entry in the log.
    pub async fn sweep(&self, authenticated: Timestamp) -> Result<(), StoreError> {
        self.see_to(Task::Sweep(authenticated)).await
    }

    /// Commits what is queued, closes the database and lets go of the directory.
    pub async fn close(self) {
        if let Some(queue) = &self.queue {
            let (done, closed) = oneshot::channel();
            if queue.send(Message::Stop(done)).await.is_ok() {
                // The writer ends either way.
                let _ = closed.await;
            }
        }
        self.readers.close().await;
    }

    async fn see_to(&self, task: Task) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::ReadOnly)?;
        let (reply, answer) = oneshot::channel();
        let message = Message::Chore(Box::new(Chore { task, reply }));
        queue.send(message).await.map_err(|_| StoreError::Unavailable(None))?;
        answer.await.map_err(|_| StoreError::Unavailable(None))?
    }

    /// Claims in the index what the effects would spend; a code when one of them was spent.
    fn claim(&self, effects: &[Effect]) -> Result<Option<Code>, StoreError> {
        let mut claimed = Vec::new();
        for (digest, expires, code) in effects.iter().filter_map(Effect::spends) {
            let verdict = match self.replay.claim(digest, expires) {
                Claim::Fresh => {
                    claimed.push(digest);
                    continue;
                }
                Claim::Full => Err(StoreError::Overloaded),
                Claim::Spent => Ok(Some(code)),
            };
            for digest in &claimed {
                self.replay.release(digest);
            }
            return verdict;
        }
        Ok(None)
    }
}

//! Why the store did not do something: refusals are on the record, failures are not.

use std::io;
use std::sync::Arc;

use super::sqlite;
use crate::audit::{LogError, Receipt};
use crate::base::Code;

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An effect was not allowed; the refusal itself is an entry of the log.
    #[error("refused: {code}")]
    Refused {
        /// The reason.
        code: Code,
        /// Proof that the refusal was recorded.
        receipt: Receipt,
    },
    /// Nothing is known to be durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommitError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Store(error) => error.code(),
        }
    }
}

/// Why the store cannot serve.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A value does not fit the schema: a fault of this program, not of the database.
    #[error("a value does not fit the schema")]
    Constraint,
    /// What is stored contradicts itself.
    #[error("the database is damaged: {0}")]
    Damaged(Damage),
    /// No space left, or the disk fails.
    #[error("the disk is full or fails")]
    DiskFull,
    /// Another process holds the data directory.
    #[error("another process uses this data directory")]
    FolderInUse,
    /// The database was written by a newer program.
    #[error("the database was written by a newer version of this program")]
    NewerSchema,
    /// The log in this directory has another origin or another key.
    #[error("the audit log in this directory belongs to another origin or key")]
    OtherLog,
    /// More nonces and request identifiers are alive than are kept.
    #[error("too many nonces are alive")]
    Overloaded,
    /// The store was opened for reading.
    #[error("the store was opened for reading only")]
    ReadOnly,
    /// No free place was found in a status list.
    #[error("the status list is full")]
    StatusListFull,
    /// A connection does not keep the durability that was asked of it.
    #[error("the database does not keep the setting {0}")]
    UnsafeSetting(&'static str),
    /// It did not answer, or not in time.
    #[error("the store is not available")]
    Unavailable(#[source] Option<Arc<sqlx::Error>>),
}

impl StoreError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Constraint => Code::Internal,
            Self::Damaged(_) => Code::DatabaseDamaged,
            Self::DiskFull => Code::DiskFull,
            Self::FolderInUse => Code::FolderInUse,
            Self::NewerSchema | Self::OtherLog | Self::UnsafeSetting(_) => Code::ConfigInvalid,
            Self::Overloaded => Code::Overloaded,
            Self::ReadOnly | Self::Unavailable(_) => Code::AuditUnavailable,
            Self::StatusListFull => Code::StateConflict,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        sqlite::classify(error)
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::from(sqlx::Error::Io(error)),
        }
    }
}

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Leaves, frontier and signed checkpoint of the audit log disagree.
    #[error("the audit log does not agree with its signed checkpoint")]
    AuditState,
    /// The file is not a sound database.
    #[error("the file is not a sound database")]
    File,
    /// A line of the list log is missing.
    #[error("a line of the list log is missing")]
    ListLog,
    /// The audit log does not recompute.
    #[error("the audit log is not sound: {0}")]
    Log(#[from] LogError),
    /// A database was here, and is not any more. A new one would begin an empty log in silence.
    #[error("the database that was here is gone")]
    Missing,
    /// The database is not the one that was opened, or an older copy of it.
    #[error("the database was replaced while it was in use")]
    Replaced,
    /// A row does not parse as what it should be.
    #[error("column {0} holds what cannot stand there")]
    Row(&'static str),
}

impl From<Damage> for StoreError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

//! The advisory lock on a data directory: two processes never write to one.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::error::StoreError;

/// Holds `DIR/lock` until dropped. The operating system lets go of it when the process dies.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock, or refuses with [`StoreError::FolderInUse`] without waiting.
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(directory.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::FolderInUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

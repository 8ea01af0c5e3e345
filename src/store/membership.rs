//! Applications to the federation as a hub keeps them.

use super::Store;
use super::columns::{Columns, Stored};
use super::error::StoreError;
use crate::base::{MemberId, Timestamp};
use crate::crypto::Digest;

/// An application that waits for the operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationRow {
    /// SHA-256 of the list key's SubjectPublicKeyInfo.
    pub list_key: Digest,
    /// Who applies.
    pub member: MemberId,
    /// Digest of the bundle.
    pub sha256: Digest,
    /// The bundle.
    pub document: String,
    /// When it came in.
    pub received: Timestamp,
}

impl Stored for ApplicationRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            list_key: columns.parsed("list_key")?,
            member: columns.parsed("member")?,
            sha256: columns.parsed("sha256")?,
            document: columns.text("document")?,
            received: columns.instant("received")?,
        })
    }
}

impl Store {
    /// The applications that wait, newest first, at most a thousand.
    pub async fn applications(&self) -> Result<Vec<ApplicationRow>, StoreError> {
        let query = "SELECT * FROM applications ORDER BY received DESC, list_key LIMIT 1000";
        self.all(sqlx::query(query)).await
    }

    /// The application by the list key with this digest.
    pub async fn application(
        &self,
        list_key: Digest,
    ) -> Result<Option<ApplicationRow>, StoreError> {
        let query = "SELECT * FROM applications WHERE list_key = $1";
        self.one(sqlx::query(query).bind(list_key.to_string())).await
    }
}

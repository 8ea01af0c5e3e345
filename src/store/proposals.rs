//! Proposals that wait for a second person, and the renewals of clients' keys: rows and reads.

use super::Store;
use super::columns::{Columns, Stored};
use super::error::StoreError;
use super::rows::stored_word;
use crate::base::{ClientId, Timestamp};
use crate::crypto::Digest;

/// Something that one operator proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalRow {
    /// Its name: what kind of thing it is, and the digest or name of the thing.
    pub id: String,
    /// What kind of thing is proposed.
    pub kind: String,
    /// The thing, JSON.
    pub document: String,
    /// Whether it waits.
    pub state: ProposalState,
    /// The operator who proposed it.
    pub proposer: String,
    /// That operator's key.
    pub proposer_spki: Digest,
    /// The operator who approved it, once one has.
    pub approver: Option<String>,
    /// When it was proposed.
    pub created: Timestamp,
    /// First instant at which it can no longer be approved.
    pub ends: Timestamp,
}

/// An operator's approval of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What is approved.
    pub proposal: String,
    /// By whom.
    pub approver: String,
    /// That operator's key.
    pub approver_spki: Digest,
    /// How many persons this takes.
    pub persons: Persons,
}

/// How many persons an act takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persons {
    /// The proposer may approve as well.
    One,
    /// Another person than the proposer, with another key.
    Two,
}

/// A client's new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalRow {
    /// The new key.
    pub spki: Digest,
    /// The key that it follows.
    pub previous: Digest,
    /// The previous key's signature over the new one, compact JWS.
    pub proof: String,
    /// When.
    pub created: Timestamp,
}

stored_word!(
    /// Whether a proposal waits.
    ProposalState {
        /// Somebody approved it.
        Approved = "APPROVED",
        /// It waits.
        Proposed = "PROPOSED",
    }
);

impl Store {
    /// A proposal.
    pub async fn proposal(&self, id: &str) -> Result<Option<ProposalRow>, StoreError> {
        self.one(sqlx::query("SELECT * FROM proposals WHERE id = $1").bind(id)).await
    }

    /// The newest proposals of a kind, at most a hundred.
    pub async fn proposals(&self, kind: &str) -> Result<Vec<ProposalRow>, StoreError> {
        let query = "SELECT * FROM proposals WHERE kind = $1 ORDER BY created DESC, id LIMIT 100";
        self.all(sqlx::query(query).bind(kind)).await
    }

    /// How the key `spki` followed another, when it did.
    pub async fn renewal_to(&self, spki: Digest) -> Result<Option<RenewalRow>, StoreError> {
        let query = "SELECT * FROM client_renewals WHERE spki = $1";
        self.one(sqlx::query(query).bind(spki.to_string())).await
    }

    /// The keys of one client in one role.
    pub async fn keys_of_client(
        &self,
        role: &str,
        id: &ClientId,
    ) -> Result<Vec<super::ClientRow>, StoreError> {
        let query = "SELECT * FROM clients WHERE role = $1 AND id = $2 ORDER BY created, spki";
        self.all(sqlx::query(query).bind(role).bind(id.as_str())).await
    }
}

impl Stored for ProposalRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.text("id")?,
            kind: columns.text("kind")?,
            document: columns.text("document")?,
            state: columns.word("state", ProposalState::from_word)?,
            proposer: columns.text("proposer")?,
            proposer_spki: columns.parsed("proposer_spki")?,
            approver: columns.optional_text("approver")?,
            created: columns.instant("created")?,
            ends: columns.instant("ends")?,
        })
    }
}

impl Stored for RenewalRow {
    fn read(columns: &Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            spki: columns.parsed("spki")?,
            previous: columns.parsed("previous_spki")?,
            proof: columns.text("proof")?,
            created: columns.instant("created")?,
        })
    }
}

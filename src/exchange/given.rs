//! No entry, no disclosure: what is to leave is pledged to an audit entry, and leaves only against
//! the receipt of exactly that entry.

use serde_json::{Map, Value};

use super::answer::AuditPosition;
use crate::audit::{Entry, Pending, Receipt};
use crate::base::{Code, Entropy};
use crate::crypto::Digest;
use crate::disclosure::Disclosed;

/// A disclosure that waits for its entry to be durable.
#[derive(Debug)]
pub struct Pledged {
    disclosed: Disclosed,
    entry: Digest,
}

/// Claims that are on record, free to be answered.
#[derive(Debug)]
pub struct Given {
    claims: Map<String, Value>,
    position: AuditPosition,
}

/// Pledges `disclosed` to `entry`, into which the names and the digest of what leaves are written.
#[must_use]
pub fn pledge(disclosed: Disclosed, mut entry: Entry, entropy: &dyn Entropy) -> (Pledged, Pending) {
    entry.claims_given = disclosed.claim_names().map(str::to_owned).collect();
    entry.document_sha256 = Some(disclosed.digest());
    let pending = Pending::new(entry, entropy);
    (Pledged { disclosed, entry: pending.digest() }, pending)
}

/// Releases what was pledged against the receipt of its entry.
pub fn answer(pledged: Pledged, receipt: &Receipt) -> Result<Given, NotOnRecord> {
    if receipt.digest() != pledged.entry {
        return Err(NotOnRecord);
    }
    let position = AuditPosition::of(receipt);
    Ok(Given { claims: pledged.disclosed.into_claims(), position })
}

impl Given {
    /// The claims.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Where the disclosure stands on record.
    #[must_use]
    pub const fn position(&self) -> AuditPosition {
        self.position
    }
}

/// The receipt is of another entry: nothing leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receipt is of another entry")]
pub struct NotOnRecord;

impl NotOnRecord {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::AuditUnavailable
    }
}

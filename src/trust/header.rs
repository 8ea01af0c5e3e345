//! What a list of either kind says of itself: which version it is, when it was made, when it ends,
//! and which list it follows.

use super::freshness::Named;
use super::lote::{self, SchemeInformation, SignedList};
use super::refusal::UpdateRefusal;
use super::service::PreviousList;
use crate::base::{ListId, Timestamp, limits};
use crate::crypto::Digest;

/// The header of the federation list or of a provincial list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListHeader {
    /// Its number, and the digest and size of its payload.
    pub named: Named,
    /// When it was made.
    pub issued: Timestamp,
    /// When it ends.
    pub next_update: Timestamp,
    /// The list it follows.
    pub previous: PreviousList,
}

impl ListHeader {
    pub(super) fn of(signed: &SignedList) -> Result<Self, UpdateRefusal> {
        Self::read(&signed.document().lote.scheme, signed.signatures().payload())
    }

    /// What `payload`, whose scheme is `scheme`, says of itself.
    pub(super) fn read(scheme: &SchemeInformation, payload: &[u8]) -> Result<Self, UpdateRefusal> {
        let (sha256, bytes) = (Digest::of(payload), payload.len() as u64);
        Ok(Self {
            named: Named { sequence: scheme.sequence, sha256, bytes },
            issued: scheme.list_issue_date_time,
            next_update: scheme.next_update,
            previous: lote::required(&scheme.scheme_extensions, "PreviousList")?,
        })
    }

    /// Whether a list of this kind may be taken up at `now`: it has begun, has not ended, and ends
    /// within the life that its kind has. One that never ended would stay in force for ever at a
    /// node that nobody can reach.
    pub(super) fn check_life(&self, id: ListId, now: Timestamp) -> Result<(), UpdateRefusal> {
        let life = match id {
            ListId::Federation => limits::FEDERATION_LIST_LIFE,
            ListId::Province(_) => limits::PROVINCIAL_LIST_LIFE,
        };
        if self.issued > now + limits::FRESHNESS_AHEAD {
            Err(UpdateRefusal::NotYetValid)
        } else if self.next_update <= now {
            Err(UpdateRefusal::Expired)
        } else if self.next_update.since(self.issued) > life {
            Err(UpdateRefusal::Malformed)
        } else {
            Ok(())
        }
    }
}

//! A list that was read and whose signatures were verified, and that no state has taken yet: all
//! the work of an update that needs nobody to wait, so that many lists can be examined at once.

use std::sync::Arc;

use super::accept::{Accepted, check_order};
use super::federation::{self, FederationList};
use super::header::ListHeader;
use super::lote::{Frame, SignedList};
use super::province::ProvincialList;
use super::refusal::UpdateRefusal;
use super::service::PreviousList;
use super::state::{Held, TrustState, Verified};
use crate::base::{Division, ListId, Timestamp, limits};
use crate::crypto::Digest;
use crate::crypto::jws::{GeneralJws, Typ};

/// A list whose bytes and signatures were found sound. Whether it is what the node waits for is
/// judged again, by the state that takes it.
#[derive(Clone, Debug)]
pub struct ExaminedList {
    list: Verified,
    signer: Signer,
}

/// Under what the signatures were verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signer {
    /// The operators of the root with this digest.
    Root(Digest),
    /// The list key of a member.
    Key(Digest),
}

impl TrustState {
    /// Reads `bytes`, fetched as list `id`, and verifies its signatures. Entries that stand byte for
    /// byte in the list held are not read again.
    pub fn examine_list(
        &self,
        id: ListId,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<ExaminedList, UpdateRefusal> {
        if bytes.len() > limits::TRUST_LIST_BYTES {
            return Err(UpdateRefusal::TooLarge);
        }
        // What nobody named is not even read.
        self.freshness()
            .and_then(|freshness| freshness.list(id))
            .ok_or(UpdateRefusal::SnapshotMismatch)?;
        let list = match id {
            ListId::Federation => self.examine_federation(bytes, now)?,
            ListId::Province(division) => self.examine_province(division, bytes, now)?,
        };
        let signer = self.signer_of(id)?;
        Ok(ExaminedList { list, signer })
    }

    /// Takes a list that was examined, perhaps in an earlier state.
    pub(super) fn take_list(
        &self,
        examined: &ExaminedList,
        now: Timestamp,
    ) -> Result<Accepted, UpdateRefusal> {
        let id = examined.id();
        self.check_expected(id, examined.list.header(), now)?;
        if self.signer_of(id)? != examined.signer {
            return Err(UpdateRefusal::WrongSigner);
        }
        self.put_verified(examined.list.clone())
    }

    fn examine_federation(&self, bytes: &[u8], now: Timestamp) -> Result<Verified, UpdateRefusal> {
        let signed = SignedList::parse(bytes)?;
        if signed.id() != ListId::Federation {
            return Err(UpdateRefusal::IdNotCanonical);
        }
        self.check_expected(ListId::Federation, &ListHeader::of(&signed)?, now)?;
        federation::check_signatures(signed.signatures(), &self.root)?;
        held_federation(&signed, bytes)
    }

    fn examine_province(
        &self,
        division: Division,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Verified, UpdateRefusal> {
        let signatures = GeneralJws::parse(bytes)?;
        let frame = Frame::parse(signatures.payload())?;
        if frame.id() != ListId::Province(division) {
            return Err(UpdateRefusal::IdNotCanonical);
        }
        let header = ListHeader::read(frame.scheme(), signatures.payload())?;
        self.check_expected(frame.id(), &header, now)?;
        self.verified_province(division, &signatures, (&frame, header), bytes)
    }

    /// Reads a provincial list whose frame is known, if the member's list key signed it.
    fn verified_province(
        &self,
        division: Division,
        signatures: &GeneralJws,
        (frame, header): (&Frame<'_>, ListHeader),
        bytes: &[u8],
    ) -> Result<Verified, UpdateRefusal> {
        let federation = self.federation().ok_or(UpdateRefusal::WrongSigner)?;
        let member = federation.member(division.member()).ok_or(UpdateRefusal::WrongSigner)?;
        let is_signed = !signatures.signers(&[&member.list_key], Typ::List)?.is_empty();
        let held = self.newest_province(division);
        let list = ProvincialList::from_frame(frame, header, held)?;
        if is_signed {
            let bytes = String::from_utf8_lossy(bytes).into_owned();
            return Ok(Verified::Province(Arc::new(Held { list, bytes })));
        }
        let own_keys: Vec<_> = list.services().iter().map(|service| &service.key).collect();
        if signatures.signers(&own_keys, Typ::List)?.is_empty() {
            Err(UpdateRefusal::WrongSigner)
        } else {
            Err(UpdateRefusal::WrongKeyUsage)
        }
    }

    /// Reads a list that this node stored when it had been accepted: its signatures are verified
    /// again, its place and its dates were judged then.
    pub(super) fn stored_list(&self, id: ListId, bytes: &[u8]) -> Result<Verified, UpdateRefusal> {
        match id {
            ListId::Federation => {
                let signed = SignedList::parse(bytes)?;
                // The list in force may have been signed under a root before the one in force now.
                let roots = std::iter::once(&self.root).chain(self.earlier_roots.iter().rev());
                let mut outcomes =
                    roots.map(|root| federation::check_signatures(signed.signatures(), root));
                let newest = outcomes.next().unwrap_or(Err(UpdateRefusal::ThresholdNotMet));
                newest.or_else(|refusal| outcomes.find(Result::is_ok).unwrap_or(Err(refusal)))?;
                held_federation(&signed, bytes)
            }
            ListId::Province(division) => {
                let signatures = GeneralJws::parse(bytes)?;
                let frame = Frame::parse(signatures.payload())?;
                if frame.id() != id {
                    return Err(UpdateRefusal::IdNotCanonical);
                }
                let header = ListHeader::read(frame.scheme(), signatures.payload())?;
                self.verified_province(division, &signatures, (&frame, header), bytes)
            }
        }
    }

    /// Whether a list with this header is the one that the freshness statement names, lies ahead
    /// of the one held, and is alive.
    fn check_expected(
        &self,
        id: ListId,
        offered: &ListHeader,
        now: Timestamp,
    ) -> Result<(), UpdateRefusal> {
        let freshness = self.freshness().ok_or(UpdateRefusal::SnapshotMismatch)?;
        let named = freshness.list(id).ok_or(UpdateRefusal::SnapshotMismatch)?;
        self.check_succession(id, offered, now)?;
        if offered.named != named {
            return Err(UpdateRefusal::SnapshotMismatch);
        }
        offered.check_life(id, now)
    }

    /// The offered list must lie ahead of the newest one, within reach, and follow from it when it
    /// is the very next.
    fn check_succession(
        &self,
        id: ListId,
        offered: &ListHeader,
        now: Timestamp,
    ) -> Result<(), UpdateRefusal> {
        let Some(held) = self.newest(id) else { return Ok(()) };
        let (before, next) = (held.named, offered.named);
        check_order(next, before)?;
        let days = now.since(held.issued).as_secs() / SECONDS_PER_DAY;
        let reach = limits::SEQUENCE_JUMP_PER_DAY.saturating_mul(days.saturating_add(1));
        if next.sequence - before.sequence > reach {
            return Err(UpdateRefusal::SequenceJump);
        }
        let follows =
            offered.previous == PreviousList { sequence: before.sequence, sha256: before.sha256 };
        if next.sequence == before.sequence + 1 && !follows {
            return Err(UpdateRefusal::Fork);
        }
        Ok(())
    }

    /// Who has to sign list `id` as this state stands.
    fn signer_of(&self, id: ListId) -> Result<Signer, UpdateRefusal> {
        match id {
            ListId::Federation => Ok(Signer::Root(self.root.sha256())),
            ListId::Province(division) => {
                let federation = self.federation().ok_or(UpdateRefusal::WrongSigner)?;
                let member = federation.member(division.member());
                let member = member.ok_or(UpdateRefusal::WrongSigner)?;
                Ok(Signer::Key(member.list_key.spki_digest()))
            }
        }
    }
}

impl ExaminedList {
    /// Which list it is.
    #[must_use]
    pub fn id(&self) -> ListId {
        self.list.id()
    }
}

fn held_federation(signed: &SignedList, bytes: &[u8]) -> Result<Verified, UpdateRefusal> {
    let list = FederationList::read(signed)?;
    let bytes = String::from_utf8_lossy(bytes).into_owned();
    Ok(Verified::Federation(Arc::new(Held { list, bytes })))
}

const SECONDS_PER_DAY: u64 = 86_400;

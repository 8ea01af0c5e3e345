//! What an entry shows of itself that no time and no other list can change: that its key stands
//! where it is listed, and who signed its certificates. Judged once, when it is first asked for;
//! the proof of possession, which nobody asks for again, is forgotten then.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::census::EntryRefusal;
use super::possession::{PossessionClaims, is_proven};
use super::province::Service;
use super::service::ServiceKind;
use crate::base::MemberId;
use crate::crypto::x509::issuance_chain_signatures;

/// The evidence of one entry, before or after it was judged.
pub(super) struct Evidence(Mutex<State>);

enum State {
    Unjudged { member: MemberId, possession: Option<Box<str>> },
    Judged(Result<(), EntryRefusal>),
}

impl Evidence {
    /// That of an entry in the list of `member`.
    pub(super) fn new(member: MemberId, possession: Option<String>) -> Self {
        let possession = possession.map(String::into_boxed_str);
        Self(Mutex::new(State::Unjudged { member, possession }))
    }

    /// What it shows of `service`, the entry that it belongs to.
    pub(super) fn judge(&self, service: &Service) -> Result<(), EntryRefusal> {
        // A judge that panicked left the state as it was.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Judged(judgement) => *judgement,
            State::Unjudged { member, possession } => {
                let judgement = judge(service, *member, possession.as_deref());
                *state = State::Judged(judgement);
                judgement
            }
        }
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Evidence")
    }
}

fn judge(
    service: &Service,
    member: MemberId,
    possession: Option<&str>,
) -> Result<(), EntryRefusal> {
    let proof = possession.ok_or(EntryRefusal::NoPossessionProof)?;
    let key = service.key.spki_digest();
    let expected = PossessionClaims::new(member, &service.id, service.kind, key);
    if !is_proven(proof, &service.key, &expected) {
        return Err(EntryRefusal::NoPossessionProof);
    }
    if service.kind == ServiceKind::Issuance {
        issuance_chain_signatures(&service.certificates).map_err(EntryRefusal::Chain)?;
    }
    Ok(())
}

//! The census: every key of every provincial list, judged one by one, so that one bad entry does
//! not spoil the others.

use std::collections::HashMap;
use std::sync::Arc;

use super::federation::{FederationList, Member};
use super::history::signature_standing;
use super::province::{ProvincialList, Service};
use super::restriction::Restriction;
use super::scope::ServiceScope;
use super::service::{ServiceKind, ServiceStatus};
use super::state::{Held, TrustState};
use crate::base::{Code, Division, MemberId, ServiceId, Timestamp};
use crate::crypto::Digest;
use crate::crypto::x509::{ChainError, issuance_chain_shape};

/// One key of one province, judged.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) member: MemberId,
    pub(super) list: Arc<Held<ProvincialList>>,
    pub(super) index: usize,
    pub(super) judgement: Result<(), EntryRefusal>,
    /// The worst that its lists, an order or the memory of burned keys say of it.
    pub(super) status: ServiceStatus,
    /// The worst that is said of it outside the list that holds it, burned keys left aside.
    pub(super) barred: ServiceStatus,
    /// Whether its past is not to be relied on.
    pub(super) doubted: bool,
    /// What lists that wait for witnesses narrow its scope to, each of them.
    pub(super) narrowed: Vec<Arc<ServiceScope>>,
}

impl Entry {
    /// Whether what it signed at `signed_at` is valid though the key was withdrawn since: for a
    /// stated reason that casts no doubt on the key.
    pub(super) fn outlives_its_end(&self, signed_at: Timestamp) -> bool {
        let service = self.service();
        let present = service.history.intervals().first();
        let harmless = present
            .and_then(|interval| interval.reason)
            .is_some_and(|reason| !reason.reason.is_compromise());
        service.status == ServiceStatus::Withdrawn
            && harmless
            && self.barred == ServiceStatus::Granted
            && !self.doubted
            && signature_standing(service, signed_at, None).is_ok()
    }

    pub(super) fn service(&self) -> &Service {
        &self.list.list.services()[self.index]
    }
}

/// A census in the making.
pub(super) struct Census<'s> {
    state: &'s TrustState,
    pub(super) entries: HashMap<Digest, Entry>,
    pub(super) refused: Vec<(Division, ServiceId, EntryRefusal)>,
}

impl<'s> Census<'s> {
    /// Judges every entry of `state` at `now`.
    pub(super) fn take(state: &'s TrustState, now: Timestamp) -> Self {
        let most = state.provinces().map(|list| list.services().len()).sum();
        let entries = HashMap::with_capacity(most);
        let mut census = Self { state, entries, refused: Vec::new() };
        let Some(federation) = state.federation() else { return census };
        for held in state.lists.provinces.values() {
            census.add_list(federation, held, Judge { now });
        }
        census.collect_refused();
        census
    }

    fn add_list(
        &mut self,
        federation: &FederationList,
        held: &Arc<Held<ProvincialList>>,
        judge: Judge,
    ) {
        let member_id = held.list.division().member();
        let Some(member) = federation.member(member_id) else { return };
        let restriction = Restriction::of(self.state, &held.list);
        for (index, service) in held.list.services().iter().enumerate() {
            let mut judgement = judge.entry(federation, member, service);
            // A key that did not state that it stands here says nothing of that key, least of all
            // against an entry where it did: or any province could void the keys of another.
            if judgement == Err(EntryRefusal::NoPossessionProof) {
                self.refuse(member_id, service, EntryRefusal::NoPossessionProof);
                continue;
            }
            if index >= member.scope.max_list_entries as usize {
                judgement = Err(EntryRefusal::OutOfScope);
            }
            let judgement = judgement.and_then(|()| restriction.judge(service, judge));
            let entry = Entry {
                member: member_id,
                list: Arc::clone(held),
                index,
                judgement,
                status: service.status.max(restriction.status(service)),
                barred: restriction.bar(service),
                doubted: self.state.doubted.contains(&(member_id, service.key.spki_digest())),
                narrowed: restriction.scopes(service),
            };
            self.add_entry(service, entry);
        }
    }

    /// Of two entries with one key, the one whose list the log carried first is believed; while
    /// nobody has shown which that is, neither is.
    fn add_entry(&mut self, service: &Service, entry: Entry) {
        let spki = service.key.spki_digest();
        let Some(twin) = self.entries.get_mut(&spki) else {
            self.entries.insert(spki, entry);
            return;
        };
        let origin = |member: MemberId| self.state.origins.get(&(spki, member)).copied();
        let elder = match (origin(twin.member), origin(entry.member)) {
            (Some(held), Some(new)) if twin.member != entry.member => Some(held < new),
            _ => None,
        };
        let (member, id) = match elder {
            Some(true) => (entry.member, service.id.clone()),
            Some(false) => {
                let younger = std::mem::replace(twin, entry);
                (younger.member, younger.service().id.clone())
            }
            None => {
                twin.judgement = Err(EntryRefusal::DuplicateKey);
                (entry.member, service.id.clone())
            }
        };
        self.refused.push((member.division(), id, EntryRefusal::DuplicateKey));
    }

    fn refuse(&mut self, member: MemberId, service: &Service, refusal: EntryRefusal) {
        self.refused.push((member.division(), service.id.clone(), refusal));
    }

    /// Adds the entries that were judged and refused to those that were not even kept.
    fn collect_refused(&mut self) {
        let refusal = |entry: &Entry| {
            let refusal = entry.judgement.err()?;
            Some((entry.member.division(), entry.service().id.clone(), refusal))
        };
        self.refused.extend(self.entries.values().filter_map(refusal));
        self.refused.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    }
}

/// Why a listed key is not believed. It does not spoil the other entries of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// The chain to the province's issuing authority is refused.
    #[error("its chain is refused: {0}")]
    Chain(ChainError),
    /// Another entry has the same key.
    #[error("another entry has the same key")]
    DuplicateKey,
    /// The key itself did not state that it stands here.
    #[error("no proof that its member holds the key")]
    NoPossessionProof,
    /// Beyond what the federation lets this member do.
    #[error("beyond what the federation grants this member")]
    OutOfScope,
}

impl EntryRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Chain(error) => error.code(),
            Self::DuplicateKey => Code::DuplicateKey,
            Self::NoPossessionProof => Code::NoPossessionProof,
            Self::OutOfScope => Code::OutOfScope,
        }
    }
}

/// The judge of entries.
#[derive(Clone, Copy)]
pub(super) struct Judge {
    now: Timestamp,
}

impl Judge {
    /// Judges one entry: possession, scope, and the chain of an issuer.
    pub(super) fn entry(
        self,
        federation: &FederationList,
        member: &Member,
        service: &Service,
    ) -> Result<(), EntryRefusal> {
        let evidence = service.evidence();
        if evidence == Err(EntryRefusal::NoPossessionProof) {
            return evidence;
        }
        let allowed = member.scope.may_vouch_for.iter().any(|word| word == service.kind.word());
        if !allowed || !service_id_is_own(federation, member, &service.id) {
            return Err(EntryRefusal::OutOfScope);
        }
        if let Some(scope) = &service.scope {
            let owned = |territory: &String| federation.owner_of(territory) == Some(member.id);
            let allowed = |kind: &String| member.scope.licence_types.contains(kind);
            if !scope.territories.iter().all(owned) || !scope.licence_types.iter().all(allowed) {
                return Err(EntryRefusal::OutOfScope);
            }
        }
        // Time goes on, so ends are compared each time; signatures stay as they were found.
        if service.kind == ServiceKind::Issuance {
            issuance_chain_shape(&service.certificates, self.now).map_err(EntryRefusal::Chain)?;
        }
        evidence
    }
}

fn service_id_is_own(federation: &FederationList, member: &Member, id: &ServiceId) -> bool {
    let division = id.as_str().split(':').nth(3).and_then(|digits| digits.parse().ok());
    division.is_some_and(|division| federation.owner_of_division(division) == Some(member.id))
}

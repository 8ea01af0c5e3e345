//! The snapshot: one immutable picture of the federation, judged entry by entry, against which a
//! request is answered from beginning to end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::federation::{FederationList, Member, StatutoryUse};
use super::possession::{PossessionClaims, is_proven};
use super::province::{ProvincialList, Service};
use super::root::Hub;
use super::service::{ServiceKind, ServiceStatus};
use super::state::{Held, TrustState};
use crate::base::{Code, Division, ListId, MemberId, ServiceId, Timestamp, limits};
use crate::crypto::x509::{Certificate, ChainError, issuance_chain};
use crate::crypto::{Digest, PublicKey};

/// The federation as this node may rely on it.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    state: TrustState,
    entries: HashMap<Digest, Entry>,
    refused: Vec<(Division, ServiceId, EntryRefusal)>,
    anchors: usize,
}

/// One key of one province, judged.
#[derive(Debug)]
struct Entry {
    member: MemberId,
    list: Arc<Held<ProvincialList>>,
    index: usize,
    judgement: Result<(), EntryRefusal>,
}

impl Entry {
    fn service(&self) -> &Service {
        &self.list.list.services()[self.index]
    }
}

/// An issuer that the federation recognises now. Only [`Snapshot::recognise`] makes one.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    federation: Arc<Held<FederationList>>,
    list: Arc<Held<ProvincialList>>,
    index: usize,
    member: MemberId,
    reference: TrustReference,
}

/// Which trust a verdict rests on, so that it can be judged again years later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustReference {
    /// Sequence number of the root.
    pub root: u64,
    /// Sequence number of the federation list.
    pub federation: u64,
    /// Sequence number of the provincial list.
    pub sequence: u64,
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// Signing time of the newest freshness statement.
    pub as_of: Option<Timestamp>,
    /// Size of the list log.
    pub log_size: u64,
}

/// How old trust is, by the signing time of the newest freshness statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrustAge {
    /// At most five minutes.
    Fresh,
    /// Older; shown.
    Cached,
    /// Over an hour: disclosure to businesses stops.
    Stale,
    /// Past the longest time that a node may stand alone.
    Expired,
}

/// An authority whose certificates make clients of one role.
#[derive(Clone, Debug)]
pub struct ClientAuthority {
    /// Its certificate.
    pub certificate: Certificate,
    /// The role.
    pub role: String,
    /// Whether it may be used now.
    pub status: ServiceStatus,
}

impl Snapshot {
    /// Judges every entry of `state` at `now`. `generation` tells this snapshot from others.
    #[must_use]
    pub fn build(state: TrustState, generation: u64, now: Timestamp) -> Self {
        let mut snapshot =
            Self { generation, entries: HashMap::new(), refused: Vec::new(), anchors: 0, state };
        let Some(federation) = snapshot.state.federation.clone() else { return snapshot };
        let lists: Vec<_> = snapshot.state.provinces.values().cloned().collect();
        for held in &lists {
            snapshot.add_list(&federation.list, held, now);
        }
        snapshot.collect_refused();
        snapshot.anchors =
            snapshot.entries.values().filter(|entry| entry.judgement.is_ok()).count();
        snapshot
    }

    fn add_list(
        &mut self,
        federation: &FederationList,
        held: &Arc<Held<ProvincialList>>,
        now: Timestamp,
    ) {
        let member_id = held.list.division().member();
        let Some(member) = federation.member(member_id) else { return };
        for (index, service) in held.list.services().iter().enumerate() {
            let mut judgement = judge(federation, member, service, now);
            // A key that did not state that it stands here says nothing of that key, least of all
            // against an entry where it did: or any province could void the keys of another.
            if judgement == Err(EntryRefusal::NoPossessionProof) {
                self.refuse(member_id, service, EntryRefusal::NoPossessionProof);
                continue;
            }
            if index >= member.scope.max_list_entries as usize {
                judgement = Err(EntryRefusal::OutOfScope);
            }
            let entry = Entry { member: member_id, list: Arc::clone(held), index, judgement };
            let spki = service.key.spki_digest();
            // Two entries with one key: which came first is known only to the list log, so
            // neither is believed.
            match self.entries.get_mut(&spki) {
                Some(twin) => {
                    twin.judgement = Err(EntryRefusal::DuplicateKey);
                    self.refuse(member_id, service, EntryRefusal::DuplicateKey);
                }
                None => {
                    self.entries.insert(spki, entry);
                }
            }
        }
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

    /// Tells this snapshot from every other of this process.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The state it was built from.
    #[must_use]
    pub const fn state(&self) -> &TrustState {
        &self.state
    }

    /// Keys that may be relied on.
    #[must_use]
    pub const fn anchors(&self) -> usize {
        self.anchors
    }

    /// Entries that are listed and not believed, with the reason.
    #[must_use]
    pub fn refused(&self) -> &[(Division, ServiceId, EntryRefusal)] {
        &self.refused
    }

    /// The hub, as the root names it.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.state.root().document().hub
    }

    /// Whether the list log is cosigned by others than its operator.
    #[must_use]
    pub fn is_witnessed(&self) -> bool {
        self.state.root().document().witnesses.quorum > 0
    }

    /// Signing time of the newest freshness statement.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.state.freshness().map(super::freshness::Freshness::issued)
    }

    /// How old trust is at `now`.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> TrustAge {
        let Some(issued) = self.as_of() else { return TrustAge::Expired };
        match now.since(issued) {
            age if age > limits::HUBLESS_AGE => TrustAge::Expired,
            age if age > limits::TRUST_STALE_AGE => TrustAge::Stale,
            age if age > limits::TRUST_FRESH_AGE => TrustAge::Cached,
            _ => TrustAge::Fresh,
        }
    }

    /// Whether anything may still be judged at `now`: an unexpired federation list, and a hub
    /// heard of within the allowed time.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        let list_in_force =
            self.state.federation().is_some_and(|list| list.header().next_update > now);
        list_in_force && self.age(now) != TrustAge::Expired
    }

    /// Whether `member` may be asked and answered at `now`: trust as such is in force, and so is
    /// the list that names its keys.
    #[must_use]
    pub fn is_in_force(&self, member: MemberId, now: Timestamp) -> bool {
        let list = self.state.province(member.division());
        self.is_usable(now) && list.is_some_and(|list| list.header().next_update > now)
    }

    /// Every member, whatever its status.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.state.federation().into_iter().flat_map(FederationList::members)
    }

    /// One member, whatever its status.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.state.federation()?.member(id)
    }

    /// The member that speaks for `division`, by the longest listed prefix.
    #[must_use]
    pub fn owner_of(&self, division: Division) -> Option<MemberId> {
        self.state.federation()?.owner_of_division(division)
    }

    /// A use of the national catalogue.
    #[must_use]
    pub fn statutory_use(&self, use_id: &str) -> Option<&StatutoryUse> {
        self.state.federation()?.statutory_use(use_id)
    }

    /// Whose TLS certificate this is, compared whole, with the worse of its entry's and its
    /// member's status.
    #[must_use]
    pub fn member_by_tls(&self, certificate: &Certificate) -> Option<(&Member, ServiceStatus)> {
        let entry = self.entries.get(&certificate.spki_digest())?;
        let service = entry.service();
        let is_this = service.kind == ServiceKind::GatewayTls
            && entry.judgement.is_ok()
            && service.certificate() == certificate;
        if !is_this {
            return None;
        }
        let member = self.member(entry.member)?;
        Some((member, member.status.max(service.status)))
    }

    /// The certificates by which `member`'s gateway may present itself in TLS.
    pub fn tls_certificates(&self, member: MemberId) -> impl Iterator<Item = &Certificate> {
        self.granted(member, ServiceKind::GatewayTls).map(Service::certificate)
    }

    /// The keys of `member` that may be used for `kind` now.
    pub fn keys(&self, member: MemberId, kind: ServiceKind) -> impl Iterator<Item = &PublicKey> {
        self.granted(member, kind).map(|service| &service.key)
    }

    /// The authorities whose certificates make clients of `member`'s gateway, whatever their
    /// status: a suspended one is answered with a reason, an unlisted one not at all.
    pub fn client_authorities(&self, member: MemberId) -> impl Iterator<Item = ClientAuthority> {
        self.believed(member, ServiceKind::ClientCa).map(|service| ClientAuthority {
            certificate: service.certificate().clone(),
            role: service.client_role.clone().unwrap_or_default(),
            status: service.status,
        })
    }

    fn believed(&self, member: MemberId, kind: ServiceKind) -> impl Iterator<Item = &Service> {
        self.entries
            .values()
            .filter(move |entry| {
                entry.member == member && entry.judgement.is_ok() && entry.service().kind == kind
            })
            .map(Entry::service)
    }

    fn granted(&self, member: MemberId, kind: ServiceKind) -> impl Iterator<Item = &Service> {
        let member_granted =
            self.member(member).is_some_and(|member| member.status == ServiceStatus::Granted);
        self.believed(member, kind)
            .filter(move |service| member_granted && service.status == ServiceStatus::Granted)
    }

    /// Recognises the signer of a credential by its certificate, at `now`.
    pub fn recognise(
        &self,
        signer: &Certificate,
        now: Timestamp,
    ) -> Result<TrustedIssuer, IssuerRefusal> {
        let federation = self.state.federation.as_ref().ok_or(IssuerRefusal::TrustExpired)?;
        let in_force = self.is_usable(now);
        let unknown =
            if in_force { IssuerRefusal::NotFederated } else { IssuerRefusal::TrustExpired };
        let entry = self.entries.get(&signer.spki_digest()).ok_or(unknown)?;
        let service = entry.service();
        let member = self.member(entry.member).ok_or(unknown)?;
        // What was taken away stays so, however old the news of it has become.
        let status = member.status.max(service.status);
        match status {
            ServiceStatus::Granted | ServiceStatus::Staged => {}
            ServiceStatus::Suspended => return Err(IssuerRefusal::Suspended),
            ServiceStatus::Withdrawn => return Err(IssuerRefusal::Withdrawn),
        }
        if !in_force || entry.list.list.header().next_update <= now {
            return Err(IssuerRefusal::TrustExpired);
        }
        entry.judgement.map_err(|refusal| match refusal {
            EntryRefusal::Chain(ChainError::Expired { .. }) => IssuerRefusal::CertificateEnded,
            EntryRefusal::OutOfScope => IssuerRefusal::OutOfScope,
            EntryRefusal::Chain(_)
            | EntryRefusal::DuplicateKey
            | EntryRefusal::NoPossessionProof => IssuerRefusal::NotFederated,
        })?;
        if service.kind != ServiceKind::Issuance || service.certificate() != signer {
            return Err(IssuerRefusal::OutOfScope);
        }
        if status == ServiceStatus::Staged {
            return Err(IssuerRefusal::NotFederated);
        }
        if !service.certificates.iter().all(|certificate| certificate.is_valid_at(now)) {
            return Err(IssuerRefusal::CertificateEnded);
        }
        Ok(TrustedIssuer {
            federation: Arc::clone(federation),
            list: Arc::clone(&entry.list),
            index: entry.index,
            member: entry.member,
            reference: self.reference(&entry.list.list, federation.list.header().named.sequence),
        })
    }

    fn reference(&self, list: &ProvincialList, federation: u64) -> TrustReference {
        TrustReference {
            root: self.state.root().document().sequence,
            federation,
            sequence: list.header().named.sequence,
            digest: list.header().named.sha256,
            as_of: self.as_of(),
            log_size: self.state.freshness().map_or(0, |freshness| freshness.log().size),
        }
    }

    /// The reference of the list of `division`, for answers that rest on the province as such.
    #[must_use]
    pub fn reference_of(&self, division: Division) -> Option<TrustReference> {
        let federation = self.state.federation()?.header().named.sequence;
        Some(self.reference(self.state.province(division)?, federation))
    }

    /// When each list in force ends.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<ListId, Timestamp> {
        self.state.headers().map(|(id, header)| (id, header.next_update)).collect()
    }
}

impl TrustedIssuer {
    fn service(&self) -> &Service {
        &self.list.list.services()[self.index]
    }

    /// Its identifier, which a credential's `iss` must equal byte for byte.
    #[must_use]
    pub fn id(&self) -> &ServiceId {
        &self.service().id
    }

    /// Its key, and with it the only algorithm.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.service().key
    }

    /// The province that lists it.
    #[must_use]
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// The signer's certificate and its chain.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.service().certificates
    }

    /// The trust that recognition rests on.
    #[must_use]
    pub const fn reference(&self) -> TrustReference {
        self.reference
    }

    /// The origin at which the province publishes its status lists for everybody.
    #[must_use]
    pub fn public_origin(&self) -> &str {
        self.federation.list.member(self.member).map_or("", Member::public_origin)
    }

    /// Whether it may speak for a licence of this type, division and issuing authority: inside
    /// its own scope, and in a division that the federation gives to its province.
    pub fn check_scope(
        &self,
        licence_type: &str,
        division: Division,
        authority_code: &str,
    ) -> Result<(), IssuerRefusal> {
        let own_scope = self
            .service()
            .scope
            .as_ref()
            .is_some_and(|scope| scope.admits(licence_type, division, authority_code));
        let own_division = self.federation.list.owner_of_division(division) == Some(self.member);
        if own_scope && own_division { Ok(()) } else { Err(IssuerRefusal::OutOfScope) }
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

/// Why an issuer is not recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerRefusal {
    /// Its certificate, or its authority's, has ended.
    #[error("the issuer's certificate has ended")]
    CertificateEnded,
    /// No list names it.
    #[error("no list names this issuer")]
    NotFederated,
    /// It may not speak for this.
    #[error("the issuer may not speak for this")]
    OutOfScope,
    /// It or its province is suspended.
    #[error("the issuer or its province is suspended")]
    Suspended,
    /// The lists have ended.
    #[error("the lists have ended")]
    TrustExpired,
    /// It or its province is withdrawn.
    #[error("the issuer or its province is withdrawn")]
    Withdrawn,
}

impl IssuerRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::CertificateEnded => Code::IssuerCertExpiredUnproven,
            Self::NotFederated => Code::IssuerNotFederated,
            Self::OutOfScope => Code::IssuerOutOfScope,
            Self::Suspended => Code::IssuerSuspended,
            Self::TrustExpired => Code::TrustExpired,
            Self::Withdrawn => Code::IssuerWithdrawn,
        }
    }
}

/// Judges one entry: possession, scope, and the chain of an issuer.
fn judge(
    federation: &FederationList,
    member: &Member,
    service: &Service,
    now: Timestamp,
) -> Result<(), EntryRefusal> {
    let expected =
        PossessionClaims::new(member.id, &service.id, service.kind, service.key.spki_digest());
    let proven =
        service.possession.as_ref().is_some_and(|proof| is_proven(proof, &service.key, &expected));
    if !proven {
        return Err(EntryRefusal::NoPossessionProof);
    }
    let kind_allowed = member.scope.may_vouch_for.iter().any(|word| word == service.kind.word());
    if !kind_allowed || !service_id_is_own(federation, member, &service.id) {
        return Err(EntryRefusal::OutOfScope);
    }
    if let Some(scope) = &service.scope {
        let owned = |territory: &String| federation.owner_of(territory) == Some(member.id);
        let allowed = |kind: &String| member.scope.licence_types.contains(kind);
        if !scope.territories.iter().all(owned) || !scope.licence_types.iter().all(allowed) {
            return Err(EntryRefusal::OutOfScope);
        }
    }
    if service.kind == ServiceKind::Issuance {
        issuance_chain(&service.certificates, now).map_err(EntryRefusal::Chain)?;
    }
    Ok(())
}

fn service_id_is_own(federation: &FederationList, member: &Member, id: &ServiceId) -> bool {
    let division = id.as_str().split(':').nth(3).and_then(|digits| digits.parse().ok());
    division.is_some_and(|division| federation.owner_of_division(division) == Some(member.id))
}

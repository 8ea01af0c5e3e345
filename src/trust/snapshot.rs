//! The snapshot: one immutable picture of the federation, judged entry by entry, against which a
//! request is answered from beginning to end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::census::{Census, Entry, EntryRefusal};
use super::federation::{FederationList, Member, StatutoryUse};
use super::issuer::{IssuerRefusal, TrustedIssuer};
use super::province::{ProvincialList, Service};
use super::restriction::member_statuses;
use super::root::Hub;
use super::service::{ServiceKind, ServiceStatus};
use super::state::TrustState;
use crate::base::{Division, ListId, MemberId, ServiceId, Timestamp, limits};
use crate::crypto::x509::{Certificate, ChainError};
use crate::crypto::{Digest, PublicKey};

/// The federation as this node may rely on it.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    state: TrustState,
    members: BTreeMap<MemberId, ServiceStatus>,
    entries: HashMap<Digest, Entry>,
    refused: Vec<(Division, ServiceId, EntryRefusal)>,
    anchors: usize,
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
    /// Verifies what building the snapshot of `state` would have to verify otherwise: the proofs
    /// and chains of every `parts`-th entry from the `part`-th on that were not verified before.
    /// The parts can be verified at the same time.
    pub fn prepare(state: &TrustState, [part, parts]: [usize; 2]) {
        let services = state.provinces().flat_map(ProvincialList::services);
        for service in services.skip(part).step_by(parts.max(1)) {
            // A refusal is told with the snapshot.
            let _ = service.evidence();
        }
    }

    /// Judges every entry of `state` at `now`. `generation` tells this snapshot from others.
    #[must_use]
    pub fn build(state: TrustState, generation: u64, now: Timestamp) -> Self {
        let census = Census::take(&state, now);
        let members = state.federation().map(|list| member_statuses(&state, list));
        let anchors = census.entries.values().filter(|entry| entry.judgement.is_ok()).count();
        Self {
            generation,
            members: members.unwrap_or_default(),
            entries: census.entries,
            refused: census.refused,
            anchors,
            state,
        }
    }

    /// Keys that two members list and of which nobody has shown whose they were first, with the
    /// members: what to ask the log for.
    pub fn contested(&self) -> impl Iterator<Item = (Digest, MemberId)> + '_ {
        self.refused.iter().filter(|(.., refusal)| *refusal == EntryRefusal::DuplicateKey).flat_map(
            |(division, id, _)| {
                let lists = self.state.provinces();
                let own = lists.filter(move |list| list.division() == *division);
                let services = own.flat_map(ProvincialList::services);
                let key = services.filter(move |service| service.id == *id);
                key.map(|service| (service.key.spki_digest(), division.member()))
            },
        )
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

    /// Signing time of the newest freshness statement ever taken.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.state.heard()
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
        let mut waiting = self.state.waiting.federations();
        let held = self.state.federation()?.statutory_use(use_id)?;
        // A catalogue that changed is not used until the change is witnessed.
        let stands = waiting.all(|waiting| waiting.list.statutory_use(use_id) == Some(held));
        stands.then_some(held)
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
        Some((member, self.status_of(member.id).max(entry.status)))
    }

    /// The certificates by which `member`'s gateway may present itself in TLS.
    pub fn tls_certificates(&self, member: MemberId) -> impl Iterator<Item = &Certificate> {
        self.granted(member, ServiceKind::GatewayTls).map(Service::certificate)
    }

    /// The same whatever the status of the member and of the entry, unless it is withdrawn.
    pub fn listed_tls_certificates(&self, member: MemberId) -> impl Iterator<Item = &Certificate> {
        self.believed(member, ServiceKind::GatewayTls)
            .filter(|entry| entry.status != ServiceStatus::Withdrawn)
            .map(|entry| entry.service().certificate())
    }

    /// The keys of `member` that may be used for `kind` now.
    pub fn keys(&self, member: MemberId, kind: ServiceKind) -> impl Iterator<Item = &PublicKey> {
        self.granted(member, kind).map(|service| &service.key)
    }

    /// The authorities whose certificates make clients of `member`'s gateway, whatever their
    /// status: a suspended one is answered with a reason, an unlisted one not at all.
    pub fn client_authorities(&self, member: MemberId) -> impl Iterator<Item = ClientAuthority> {
        self.believed(member, ServiceKind::ClientCa).map(|entry| ClientAuthority {
            certificate: entry.service().certificate().clone(),
            role: entry.service().client_role.clone().unwrap_or_default(),
            status: entry.status,
        })
    }

    /// The worst that the lists and the orders say of a member as a whole.
    #[must_use]
    pub fn status_of(&self, member: MemberId) -> ServiceStatus {
        self.members.get(&member).copied().unwrap_or(ServiceStatus::Withdrawn)
    }

    fn believed(&self, member: MemberId, kind: ServiceKind) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(move |entry| {
            entry.member == member && entry.judgement.is_ok() && entry.service().kind == kind
        })
    }

    fn granted(&self, member: MemberId, kind: ServiceKind) -> impl Iterator<Item = &Service> {
        let member_granted = self.status_of(member) == ServiceStatus::Granted;
        self.believed(member, kind)
            .filter(move |entry| member_granted && entry.status == ServiceStatus::Granted)
            .map(Entry::service)
    }

    /// Recognises the signer of a credential by its certificate, at `now`.
    pub fn recognise(
        &self,
        signer: &Certificate,
        now: Timestamp,
    ) -> Result<TrustedIssuer, IssuerRefusal> {
        self.recognise_signed(signer, None, now)
    }

    /// The same when the credential says that it was signed at `signed_at`: a key that was merely
    /// replaced, or whose use ended, leaves what it signed before that valid. Only a key that is
    /// in its holder's hands alone can be believed about the time of its signatures.
    pub fn recognise_signed(
        &self,
        signer: &Certificate,
        signed_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<TrustedIssuer, IssuerRefusal> {
        let federation = self.state.lists.federation.as_ref().ok_or(IssuerRefusal::TrustExpired)?;
        let in_force = self.is_usable(now);
        let unknown =
            if in_force { IssuerRefusal::NotFederated } else { IssuerRefusal::TrustExpired };
        let entry = self.entries.get(&signer.spki_digest()).ok_or(unknown)?;
        let service = entry.service();
        // What was taken away stays so, however old the news of it has become.
        let own = if signed_at.is_some_and(|signed_at| entry.outlives_its_end(signed_at)) {
            ServiceStatus::Granted
        } else {
            entry.status
        };
        let status = self.status_of(entry.member).max(own);
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
            narrowed: entry.narrowed.clone(),
            waiting: self.state.waiting.federations().cloned().collect(),
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

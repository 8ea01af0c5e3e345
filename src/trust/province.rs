//! List B, a provincial list: the keys of one province's gateway, issuers and clients' authorities.

use std::sync::Arc;

use super::census::EntryRefusal;
use super::evidence::Evidence;
use super::header::ListHeader;
use super::history::StatusHistory;
use super::lote::{self, Extension, Frame, SignedList};
use super::refusal::UpdateRefusal;
use super::scope::ServiceScope;
use super::service::{ServiceKind, ServiceStatus};
use super::service_reader::ServiceReader;
use crate::base::{Division, ListId, ServiceId, Timestamp};
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, Digest, PublicKey};

/// A provincial list whose shape was found sound. Its signature is judged by the accept rules,
/// its entries one by one when a snapshot is built.
#[derive(Clone, Debug)]
pub struct ProvincialList {
    division: Division,
    header: ListHeader,
    services: Vec<Arc<Service>>,
}

/// One entry of a provincial list.
#[derive(Debug)]
pub struct Service {
    /// Its identifier; for issuers also the credential's `iss`.
    pub id: ServiceId,
    /// What it is for.
    pub kind: ServiceKind,
    /// Whether it may be used.
    pub status: ServiceStatus,
    /// Since when.
    pub since: Timestamp,
    /// Its status now and before.
    pub history: StatusHistory,
    /// The key's certificate first, then its chain to the province's authority.
    pub certificates: Vec<Certificate>,
    /// The key.
    pub key: PublicKey,
    /// For issuers: what they may sign.
    pub scope: Option<Arc<ServiceScope>>,
    /// For client authorities: the one role whose certificates they sign.
    pub client_role: Option<String>,
    /// SHA-256 of its JSON as it stands in the list.
    pub(super) digest: Digest,
    pub(super) evidence: Evidence,
}

impl ProvincialList {
    /// Reads the shape of a provincial list; no signature is judged here.
    pub fn read(signed: &SignedList) -> Result<Self, UpdateRefusal> {
        let payload = signed.signatures().payload();
        let frame = Frame::parse(payload)?;
        let header = ListHeader::read(frame.scheme(), payload)?;
        Self::from_frame(&frame, header, None)
    }

    /// The same, when its frame was read already. Entries that stand byte for byte in `known`, a
    /// list of the same province, are taken from there.
    pub(super) fn from_frame(
        frame: &Frame<'_>,
        header: ListHeader,
        known: Option<&Self>,
    ) -> Result<Self, UpdateRefusal> {
        let ListId::Province(division) = frame.id() else {
            return Err(UpdateRefusal::IdNotCanonical);
        };
        let known = known.filter(|known| known.division == division);
        let known = known.into_iter().flat_map(|known| &known.services);
        let mut reader = ServiceReader::new(frame, division.member(), known);
        let mut entities = frame.entities();
        let services = entities.next().unwrap_or_default();
        if entities.next().is_some() {
            return Err(UpdateRefusal::Malformed);
        }
        let services: Vec<Arc<Service>> =
            services.iter().map(|bytes| reader.read(bytes)).collect::<Result<_, _>>()?;
        check_distinct_identifiers(&services)?;
        Ok(Self { division, header, services })
    }

    /// Whose list it is.
    #[must_use]
    pub const fn division(&self) -> Division {
        self.division
    }

    /// What it says of itself.
    #[must_use]
    pub const fn header(&self) -> &ListHeader {
        &self.header
    }

    /// Its entries, in the order of the list.
    #[must_use]
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }
}

impl Service {
    /// What it shows of itself that no time can change: that its key stands here, and for issuers
    /// that the authority above it signed its certificate. Verified when first asked for.
    pub fn evidence(&self) -> Result<(), EntryRefusal> {
        self.evidence.judge(self)
    }

    /// Its status at `instant`, by the interval that holds it; none before it was first listed.
    #[must_use]
    pub fn status_at(&self, instant: Timestamp) -> Option<ServiceStatus> {
        self.history.at(instant).map(|interval| interval.status)
    }

    /// Whether the key itself states that it stands here.
    pub(super) fn is_proven(&self) -> bool {
        self.evidence() != Err(EntryRefusal::NoPossessionProof)
    }

    /// The key's certificate.
    ///
    /// # Panics
    ///
    /// Never: an entry without certificates is not read.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        // Unwrap safety: `read` refuses an entry without certificates, and nothing else makes one.
        self.certificates.first().expect("an entry has a certificate")
    }
}

/// The extensions of an entry in a provincial list.
#[must_use]
pub fn service_extensions(
    id: &ServiceId,
    possession: &str,
    scope: Option<&ServiceScope>,
    client_role: Option<&str>,
) -> Option<Vec<Extension>> {
    let mut extensions =
        vec![Extension::new("ServiceId", id)?, Extension::new("PossessionProof", &possession)?];
    if let Some(scope) = scope {
        extensions.push(Extension::new("ServiceScope", scope)?);
    }
    if let Some(role) = client_role {
        extensions.push(Extension::new("ClientRole", &role)?);
    }
    Some(extensions)
}

/// What `KeyAlgorithm` says must be what the key is.
pub(super) fn check_key_algorithm(
    extensions: &[Extension],
    key: &PublicKey,
) -> Result<(), UpdateRefusal> {
    let Some(name) = lote::optional::<String>(extensions, "KeyAlgorithm")? else { return Ok(()) };
    let stated = Algorithm::from_name(&name).ok_or(UpdateRefusal::AlgorithmNotAllowed)?;
    if stated == key.algorithm() { Ok(()) } else { Err(UpdateRefusal::Malformed) }
}

fn check_distinct_identifiers(services: &[Arc<Service>]) -> Result<(), UpdateRefusal> {
    let mut identifiers: Vec<&ServiceId> = services.iter().map(|service| &service.id).collect();
    identifiers.sort_unstable();
    if identifiers.windows(2).all(|pair| pair[0] != pair[1]) {
        Ok(())
    } else {
        Err(UpdateRefusal::Conflict)
    }
}

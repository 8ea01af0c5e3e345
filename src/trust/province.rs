//! List B, a provincial list: the keys of one province's gateway, issuers and clients' authorities.

use super::header::ListHeader;
use super::history::StatusHistory;
use super::lote::{self, EntityService, Extension, SignedList};
use super::possession::{PossessionClaims, is_proven};
use super::refusal::UpdateRefusal;
use super::scope::ServiceScope;
use super::service::{ServiceKind, ServiceStatus};
use crate::base::{Division, ListId, MemberId, ServiceId, Timestamp};
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, PublicKey};

/// A provincial list whose shape was found sound. Its signature is judged by the accept rules,
/// its entries one by one when a snapshot is built.
#[derive(Clone, Debug)]
pub struct ProvincialList {
    division: Division,
    header: ListHeader,
    services: Vec<Service>,
}

/// One entry of a provincial list.
#[derive(Clone, Debug)]
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
    pub scope: Option<ServiceScope>,
    /// For client authorities: the one role whose certificates they sign.
    pub client_role: Option<String>,
    /// The key's own statement that it stands for this entry.
    pub possession: Option<String>,
}

impl ProvincialList {
    /// Reads the shape of a provincial list; no signature is judged here.
    pub fn read(signed: &SignedList) -> Result<Self, UpdateRefusal> {
        let ListId::Province(division) = signed.id() else {
            return Err(UpdateRefusal::IdNotCanonical);
        };
        let lote = &signed.document().lote;
        let mut services = Vec::new();
        if let [entity] = &lote.entities[..] {
            services = entity.services.iter().map(Service::read).collect::<Result<_, _>>()?;
        } else if !lote.entities.is_empty() {
            return Err(UpdateRefusal::Malformed);
        }
        check_distinct_identifiers(&services)?;
        Ok(Self { division, header: ListHeader::read(signed)?, services })
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
    pub fn services(&self) -> &[Service] {
        &self.services
    }
}

impl Service {
    fn read(service: &EntityService) -> Result<Self, UpdateRefusal> {
        let information = &service.information;
        let extensions = &information.service_information_extensions;
        let kind: ServiceKind = information.service_type_identifier.parse()?;
        // The list key is the federation's to name, never the province's own list's.
        if kind == ServiceKind::ListSigning {
            return Err(UpdateRefusal::WrongKeyUsage);
        }
        let scope: Option<ServiceScope> = lote::optional(extensions, "ServiceScope")?;
        if let Some(scope) = &scope {
            scope.check()?;
        }
        let client_role = lote::optional(extensions, "ClientRole")?;
        let complete = match kind {
            ServiceKind::Issuance => scope.is_some(),
            ServiceKind::ClientCa => client_role.is_some(),
            _ => true,
        };
        if !complete {
            return Err(UpdateRefusal::Malformed);
        }
        let certificates = information.service_digital_identity.parse()?;
        let first = certificates.first().ok_or(UpdateRefusal::Malformed)?;
        let key = first.public_key().map_err(|_| UpdateRefusal::AlgorithmNotAllowed)?;
        check_key_algorithm(extensions, &key)?;
        Ok(Self {
            id: lote::required(extensions, "ServiceId")?,
            kind,
            status: information.service_status.parse()?,
            since: information.status_starting_time,
            history: StatusHistory::read(service)?,
            key,
            certificates,
            scope,
            client_role,
            possession: lote::optional(extensions, "PossessionProof")?,
        })
    }

    /// Its status at `instant`, by the interval that holds it; none before it was first listed.
    #[must_use]
    pub fn status_at(&self, instant: Timestamp) -> Option<ServiceStatus> {
        self.history.at(instant).map(|interval| interval.status)
    }

    /// Whether the key itself states that it stands here, in the list of `member`.
    pub(super) fn is_proven_for(&self, member: MemberId) -> bool {
        let expected = PossessionClaims::new(member, &self.id, self.kind, self.key.spki_digest());
        self.possession.as_deref().is_some_and(|proof| is_proven(proof, &self.key, &expected))
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

fn check_distinct_identifiers(services: &[Service]) -> Result<(), UpdateRefusal> {
    let mut identifiers: Vec<&ServiceId> = services.iter().map(|service| &service.id).collect();
    identifiers.sort_unstable();
    if identifiers.windows(2).all(|pair| pair[0] != pair[1]) {
        Ok(())
    } else {
        Err(UpdateRefusal::Conflict)
    }
}

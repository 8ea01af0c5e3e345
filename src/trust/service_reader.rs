//! Reading the entries of one provincial list: each from its bytes, and what many of them repeat
//! is kept once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::evidence::Evidence;
use super::history::StatusHistory;
use super::lote::{self, EntityService, Frame, KnownCertificates};
use super::province::{Service, check_key_algorithm};
use super::refusal::UpdateRefusal;
use super::scope::ServiceScope;
use super::service::ServiceKind;
use crate::base::MemberId;
use crate::crypto::Digest;

/// The reader of one list.
pub(super) struct ServiceReader<'r, 'p> {
    frame: &'r Frame<'p>,
    member: MemberId,
    known: HashMap<Digest, &'r Arc<Service>>,
    authorities: KnownCertificates,
    scopes: HashSet<Arc<ServiceScope>>,
}

impl<'r, 'p> ServiceReader<'r, 'p> {
    /// The reader of the list of `member` around which `frame` stands; `known` are entries of
    /// another list of the same member.
    pub(super) fn new(
        frame: &'r Frame<'p>,
        member: MemberId,
        known: impl Iterator<Item = &'r Arc<Service>>,
    ) -> Self {
        Self {
            frame,
            member,
            known: known.map(|service| (service.digest, service)).collect(),
            authorities: KnownCertificates::default(),
            scopes: HashSet::new(),
        }
    }

    /// Reads one entry, or takes it from those known if it is the same byte for byte.
    pub(super) fn read(&mut self, bytes: &RawValue) -> Result<Arc<Service>, UpdateRefusal> {
        let digest = Digest::of(bytes.get());
        if let Some(known) = self.known.get(&digest) {
            return Ok(Arc::clone(known));
        }
        let service = self.frame.service(bytes)?;
        self.read_new(&service, digest).map(Arc::new)
    }

    fn read_new(
        &mut self,
        service: &EntityService,
        digest: Digest,
    ) -> Result<Service, UpdateRefusal> {
        let information = &service.information;
        let extensions = &information.service_information_extensions;
        let kind: ServiceKind = information.service_type_identifier.parse()?;
        // The list key is the federation's to name, never the province's own list's.
        if kind == ServiceKind::ListSigning {
            return Err(UpdateRefusal::WrongKeyUsage);
        }
        let scope = lote::optional(extensions, "ServiceScope")?;
        let scope = scope.map(|scope| self.shared_scope(scope)).transpose()?;
        let client_role = lote::optional(extensions, "ClientRole")?;
        let complete = match kind {
            ServiceKind::Issuance => scope.is_some(),
            ServiceKind::ClientCa => client_role.is_some(),
            _ => true,
        };
        if !complete {
            return Err(UpdateRefusal::Malformed);
        }
        let identity = &information.service_digital_identity;
        let certificates = identity.parse_sharing(&mut self.authorities)?;
        let first = certificates.first().ok_or(UpdateRefusal::Malformed)?;
        let key = first.public_key().map_err(|_| UpdateRefusal::AlgorithmNotAllowed)?;
        check_key_algorithm(extensions, &key)?;
        Ok(Service {
            id: lote::required(extensions, "ServiceId")?,
            kind,
            status: information.service_status.parse()?,
            since: information.status_starting_time,
            history: StatusHistory::read(service)?,
            key,
            certificates,
            scope,
            client_role,
            digest,
            evidence: Evidence::new(self.member, lote::optional(extensions, "PossessionProof")?),
        })
    }

    /// The one copy of `scope`: the issuers of an authority mostly have the same.
    fn shared_scope(&mut self, scope: ServiceScope) -> Result<Arc<ServiceScope>, UpdateRefusal> {
        scope.check()?;
        if let Some(known) = self.scopes.get(&scope) {
            return Ok(Arc::clone(known));
        }
        let scope = Arc::new(scope);
        self.scopes.insert(Arc::clone(&scope));
        Ok(scope)
    }
}

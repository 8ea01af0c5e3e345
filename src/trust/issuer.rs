//! An issuer that the federation recognises, and why one is not.

use std::sync::Arc;

use super::federation::{FederationList, Member};
use super::province::{ProvincialList, Service};
use super::scope::ServiceScope;
use super::snapshot::TrustReference;
use super::state::Held;
use crate::base::{Code, Division, MemberId, ServiceId};
use crate::crypto::PublicKey;
use crate::crypto::x509::Certificate;

/// An issuer that the federation recognises now. Only
/// [`Snapshot::recognise`](super::Snapshot::recognise) makes one.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    pub(super) federation: Arc<Held<FederationList>>,
    pub(super) list: Arc<Held<ProvincialList>>,
    pub(super) index: usize,
    pub(super) member: MemberId,
    pub(super) narrowed: Vec<Arc<ServiceScope>>,
    /// The federation lists that wait for witnesses.
    pub(super) waiting: Vec<Arc<Held<FederationList>>>,
    pub(super) reference: TrustReference,
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
        let admits =
            |scope: &Arc<ServiceScope>| scope.admits(licence_type, division, authority_code);
        let owns = |list: &FederationList| list.owner_of_division(division) == Some(self.member);
        let own_scope = own_scope && self.narrowed.iter().all(admits);
        let own_division =
            owns(&self.federation.list) && self.waiting.iter().all(|waiting| owns(&waiting.list));
        if own_scope && own_division { Ok(()) } else { Err(IssuerRefusal::OutOfScope) }
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

//! ETSI TS 119 602 "Lists of Trusted Entities" in JSON, as types that refuse unknown members, and
//! our profile of them: which fields we always give, and how our extensions are read.

pub mod compose;
mod entity;
mod extension;
mod frame;
mod identity;
mod model;
mod pointers;
mod profile;
mod strict;

pub use entity::{
    Entity, EntityAddress, EntityInformation, EntityService, HistoryInstance, ServiceInformation,
    SupplyPoint,
};
pub use extension::{Extension, optional, required};
pub(super) use frame::Frame;
pub(super) use identity::KnownCertificates;
pub use identity::{DigitalIdentity, PkiObject};
pub use model::{
    Document, ElectronicAddress, LocalisedText, LocalisedUri, Lote, Notice, PostalAddress,
    SchemeInformation, SchemeOperatorAddress,
};
pub use pointers::{Pointer, Qualifier};

use super::refusal::UpdateRefusal;
use crate::base::{ListId, NumericDate, Timestamp};
use crate::crypto::jws::{GeneralJws, Header, Typ, Vote};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, SealError, Signer, json};

/// A list as it was received: its signatures not yet judged, its payload parsed.
#[derive(Clone, Debug)]
pub struct SignedList {
    signatures: GeneralJws,
    document: Document,
    id: ListId,
}

impl SignedList {
    /// Reads the general JSON form and the list inside it, strictly.
    pub fn parse(bytes: &[u8]) -> Result<Self, UpdateRefusal> {
        let signatures = GeneralJws::parse(bytes)?;
        let document: Document = json::from_list(signatures.payload())?;
        let id = document.check_profile()?;
        Ok(Self { signatures, document, id })
    }

    /// Which list it says it is.
    #[must_use]
    pub const fn id(&self) -> ListId {
        self.id
    }

    /// The list itself.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The signatures over it.
    #[must_use]
    pub const fn signatures(&self) -> &GeneralJws {
        &self.signatures
    }

    /// SHA-256 of the payload bytes: the name of this version of the list.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        Digest::of(self.signatures.payload())
    }

    /// Size of the payload in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.signatures.payload().len() as u64
    }
}

/// One signature over a list, by the key of `certificate` (ETSI TS 119 602 with JAdES headers).
pub fn vote(
    signer: &dyn Signer,
    certificate: &Certificate,
    payload: &[u8],
    now: Timestamp,
) -> Result<Vote, SealError> {
    let header = Header::new(Typ::List)
        .with_content("application/json", NumericDate::from(now))
        .with_chain(&[certificate.der()]);
    Vote::cast(signer, header, payload)
}

/// `LoTEType` of the federation list.
pub const FEDERATION_TYPE: &str = "urn:elicence:list-type:federation";
/// `LoTEType` of a provincial list.
pub const PROVINCE_TYPE: &str = "urn:elicence:list-type:province";

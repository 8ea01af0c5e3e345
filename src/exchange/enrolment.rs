//! How a province applies: one bundle, signed by its list key, with its first list inside, in
//! which every key proves itself. Anyone can check a bundle; only operators can grant it.

use serde::{Deserialize, Serialize};

use crate::base::{Code, Division, ListId, MemberId, ServiceId, Timestamp, limits};
use crate::crypto::jws::{Compact, Header, JwsError, Typ, sign_compact};
use crate::crypto::x509::Certificate;
use crate::crypto::{SealError, Signer};
use crate::trust::lote::{Entity, Extension, SignedList, compose};
use crate::trust::{
    MemberExtension, MembershipScope, PreviousList, ServiceKind, ServiceStatus, StatutoryUse,
    UpdateRefusal, member_extensions,
};

/// What a province applies with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Who applies.
    pub member: MemberId,
    /// Its names, Chinese and English.
    pub names: [String; 2],
    /// Origins: federation listener, public listener.
    pub hosts: Vec<String>,
    /// C2SP verifier key of its gateway as a witness.
    pub witness_vkey: String,
    /// What it asks to be allowed.
    pub scope: MembershipScope,
    /// Its first list, general JSON form.
    pub list: String,
}

impl Enrolment {
    /// Signs the bundle with the province's list key.
    pub fn sign(
        &self,
        list_key: &dyn Signer,
        certificate: &Certificate,
    ) -> Result<String, SealError> {
        let header = Header::new(Typ::Enrolment).with_chain(&[certificate.der()]);
        sign_compact(list_key, header, self)
    }

    /// Checks a bundle as the hub does: signed by the key that signed the list inside, the list
    /// sound and the applicant's own, the asked territory inside its division, the key sound and
    /// within its validity. Returns the application and the list key's certificate.
    pub fn check(bundle: &str, now: Timestamp) -> Result<(Self, Certificate), EnrolmentRefusal> {
        let compact = Compact::parse(bundle)?;
        let chain = compact.header().chain()?;
        let [der] = &chain[..] else { return Err(EnrolmentRefusal::Certificate) };
        let certificate = Certificate::parse(der).map_err(|_| EnrolmentRefusal::Certificate)?;
        let key = certificate.public_key().map_err(|_| EnrolmentRefusal::Certificate)?;
        if !certificate.is_valid_at(now) || certificate.is_authority() {
            return Err(EnrolmentRefusal::Certificate);
        }
        let application: Self = compact.open(&key, Typ::Enrolment)?;
        let list = SignedList::parse(application.list.as_bytes())?;
        if list.id() != ListId::Province(application.member.division()) {
            return Err(EnrolmentRefusal::OtherList);
        }
        if list.signatures().signers(&[&key], Typ::List)?.is_empty() {
            return Err(EnrolmentRefusal::ListSignature);
        }
        application.check_territory()?;
        Ok((application, certificate))
    }

    fn check_territory(&self) -> Result<(), EnrolmentRefusal> {
        let division: Division = self.member.division();
        let own = &division.as_str()[..2];
        let inside = self.scope.territories.iter().all(|territory| territory.starts_with(own));
        if inside && !self.scope.territories.is_empty() {
            Ok(())
        } else {
            Err(EnrolmentRefusal::Territory)
        }
    }
}

/// The payload of a federation list that grants these applications, for operators to sign.
pub fn federation_payload(
    applications: &[(Enrolment, Certificate)],
    uses: &[StatutoryUse],
    sequence: u64,
    previous: PreviousList,
    now: Timestamp,
) -> Result<Vec<u8>, SealError> {
    let entities = applications
        .iter()
        .map(|(application, certificate)| application.entity(certificate, now))
        .collect::<Option<Vec<_>>>()
        .ok_or(SealError::Document)?;
    let catalogue = Extension::new("StatutoryUses", &uses).ok_or(SealError::Document)?;
    let draft = compose::ListDraft {
        id: ListId::Federation,
        sequence,
        previous,
        operator: ["交通运输部", "Ministry of Transport"],
        issued: now,
        next_update: (now + limits::FEDERATION_LIST_LIFE).whole_seconds(),
        extensions: vec![catalogue],
        entities,
    };
    draft.to_payload()
}

impl Enrolment {
    /// The applicant as an entity of the federation list.
    fn entity(&self, certificate: &Certificate, now: Timestamp) -> Option<Entity> {
        let kind = ServiceKind::ListSigning;
        let id = ServiceId::new(self.member.division(), kind.word(), 1);
        let extensions = vec![Extension::new("ServiceId", &id)?];
        let certificates = std::slice::from_ref(certificate);
        let service = compose::service(
            kind,
            certificates,
            ServiceStatus::Granted,
            now.whole_seconds(),
            &[],
            extensions,
        );
        let member = MemberExtension {
            id: self.member,
            hosts: self.hosts.clone(),
            witness_vkey: self.witness_vkey.clone(),
        };
        let extensions = member_extensions(&member, &self.scope)?;
        let [chinese, english] = &self.names;
        Some(compose::entity([chinese, english], &self.hosts, extensions, vec![service]))
    }
}

/// Why an application is sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefusal {
    /// The list key's certificate is unsound or outside its validity.
    #[error("the list key's certificate is unsound or outside its validity")]
    Certificate,
    /// The bundle's own signature or form.
    #[error("the bundle is not signed by the key it brings")]
    Bundle,
    /// The first list is refused.
    #[error("the first list is refused: {0}")]
    List(UpdateRefusal),
    /// The first list is not signed by the list key.
    #[error("the first list is not signed by the list key")]
    ListSignature,
    /// The first list is another member's.
    #[error("the first list is another member's")]
    OtherList,
    /// The asked territory is not the applicant's.
    #[error("the asked territory lies outside the applicant's division")]
    Territory,
}

impl EnrolmentRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Bundle | Self::ListSignature => Code::WrongSigner,
            Self::Certificate => Code::WrongKeyUsage,
            Self::List(refusal) => refusal.code(),
            Self::OtherList => Code::IdNotCanonical,
            Self::Territory => Code::OutOfScope,
        }
    }
}

impl From<JwsError> for EnrolmentRefusal {
    fn from(_: JwsError) -> Self {
        Self::Bundle
    }
}

impl From<UpdateRefusal> for EnrolmentRefusal {
    fn from(refusal: UpdateRefusal) -> Self {
        Self::List(refusal)
    }
}

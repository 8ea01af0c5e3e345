//! How a province applies: one bundle, signed by its list key, with its first list inside, in
//! which every key proves itself to one hub. Anyone can check a bundle; only operators grant it.

mod check;
mod keys;
mod known;
mod nonce;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use check::{EnrolmentContext, Examination, Finding};
pub(super) use check::{is_canonical_origin, scope_faults};
pub use known::KnownKeys;
pub(super) use known::keys_of;
pub use nonce::{EnrolmentNonceKey, EnrolmentNonceRefusal};

use crate::base::{Code, MemberId, limits};
use crate::crypto::jws::{Compact, Header, JwsError, Typ, sign_compact};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, PublicKey, SealError, Signer, json};
use crate::trust::{MembershipScope, ServiceKind};

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
    /// C2SP verifier key of its gateway as a witness, called `elicence/<division>/witness`.
    pub witness_vkey: String,
    /// Where its people are reached, as `mailto:` and `tel:` addresses.
    pub contacts: Vec<String>,
    /// What it asks to be allowed.
    pub scope: MembershipScope,
    /// Its first list, general JSON form.
    pub list: String,
}

/// To whom an application is made: the hub by the origin that the root names, and that hub's
/// nonce. Without a nonce the application is a draft, which can be checked and not handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addressee {
    /// The hub's origin as the root names it.
    pub hub: String,
    /// Its nonce; empty in a draft.
    pub nonce: String,
}

/// An application as it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What is applied with.
    pub enrolment: Enrolment,
    /// To whom.
    pub addressee: Addressee,
    /// A statement by every key, each a compact JWS.
    pub proofs: Vec<String>,
}

/// What a key states of itself in an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyClaims {
    /// SHA-256 of the canonical form (RFC 8785) of the [`Enrolment`].
    pub bundle: Digest,
    /// Who applies.
    pub member: MemberId,
    /// The word of its service, or `witness`.
    pub role: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub spki: Digest,
    /// The hub's nonce.
    pub nonce: String,
    /// The hub's origin.
    pub hub: String,
}

/// A key with the role in which it proves itself.
#[derive(Clone, Copy)]
pub struct ProvingKey<'a> {
    /// The word of its service, or [`WITNESS_ROLE`].
    pub role: &'a str,
    /// The key.
    pub signer: &'a dyn Signer,
}

impl Enrolment {
    /// The digest that the proofs name.
    pub fn digest(&self) -> Result<Digest, SealError> {
        json::canonical(self).map(Digest::of).map_err(|_| SealError::Document)
    }

    /// Seals the application: a proof by each of `keys` and by the list key, and the list key's
    /// signature over the whole.
    pub fn seal(
        self,
        list_key: &dyn Signer,
        certificate: &Certificate,
        keys: &[ProvingKey<'_>],
        addressee: Addressee,
    ) -> Result<String, SealError> {
        let digest = self.digest()?;
        let own = ProvingKey { role: ServiceKind::ListSigning.word(), signer: list_key };
        let prove = |key: &ProvingKey<'_>| {
            let spki = key.signer.public_key().spki_digest();
            let claims = KeyClaims::new(digest, self.member, key.role, spki, &addressee);
            sign_compact(key.signer, Header::new(Typ::Possession), &claims)
        };
        let proofs = keys.iter().chain([&own]).map(prove).collect::<Result<_, _>>()?;
        let header = Header::new(Typ::Enrolment).with_chain(&[certificate.der()]);
        sign_compact(list_key, header, &Bundle { enrolment: self, addressee, proofs })
    }
}

impl KeyClaims {
    fn new(
        bundle: Digest,
        member: MemberId,
        role: &str,
        spki: Digest,
        addressee: &Addressee,
    ) -> Self {
        Self {
            bundle,
            member,
            role: role.to_owned(),
            spki,
            nonce: addressee.nonce.clone(),
            hub: addressee.hub.clone(),
        }
    }
}

/// An application that its own list key signed, with that key; nothing else of it is judged yet.
#[derive(Clone, Debug)]
pub struct OpenedBundle {
    /// What was signed.
    pub bundle: Bundle,
    /// The list key's certificate.
    pub certificate: Certificate,
    /// The list key.
    pub key: PublicKey,
}

impl OpenedBundle {
    /// Opens a bundle: one certificate in its header, whose key signed it.
    pub fn open(token: &str) -> Result<Self, EnrolmentRefusal> {
        let compact = Compact::parse_within(token, limits::ENROLMENT_BYTES)?;
        let chain = compact.header().chain()?;
        let [der] = &chain[..] else { return Err(EnrolmentRefusal::Certificate) };
        let certificate = Certificate::parse(der).map_err(|_| EnrolmentRefusal::Certificate)?;
        let key = certificate.public_key().map_err(|_| EnrolmentRefusal::Certificate)?;
        let bundle = compact.open(&key, Typ::Enrolment)?;
        Ok(Self { bundle, certificate, key })
    }

    /// Whether it names no nonce and cannot be handed in.
    #[must_use]
    pub const fn is_draft(&self) -> bool {
        self.bundle.addressee.nonce.is_empty()
    }

    /// SHA-256 of the list key: what is read out over a second channel before it is granted.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        self.key.spki_digest()
    }
}

/// Why an application cannot even be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefusal {
    /// The bundle's own signature or form.
    #[error("the bundle is not signed by the key it brings")]
    Bundle,
    /// It does not bring one readable certificate of an admitted key.
    #[error("the bundle does not bring the list key's certificate, of an admitted kind")]
    Certificate,
}

impl EnrolmentRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Bundle => Code::WrongSigner,
            Self::Certificate => Code::WrongKeyUsage,
        }
    }
}

impl From<JwsError> for EnrolmentRefusal {
    fn from(_: JwsError) -> Self {
        Self::Bundle
    }
}

/// The role of a gateway's key as a witness of logs, which no list carries as a service.
pub const WITNESS_ROLE: &str = "witness";

//! Proof of possession: each listed key states itself for which entry of which list it stands, so
//! that nobody can list a key that is not theirs.

use serde::{Deserialize, Serialize};

use super::service::ServiceKind;
use crate::base::{ListId, MemberId, ServiceId};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, PublicKey, SealError, Signer};

/// What a key says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PossessionClaims {
    /// The list that may carry the entry.
    pub list_id: ListId,
    /// The member whose list it is.
    pub member: MemberId,
    /// The entry.
    pub service_id: ServiceId,
    /// `urn:elicence:service:<word>`.
    #[serde(rename = "type")]
    pub service_type: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub spki: Digest,
}

impl PossessionClaims {
    /// The claims of the key `spki` in the list of `member`.
    #[must_use]
    pub fn new(member: MemberId, service_id: &ServiceId, kind: ServiceKind, spki: Digest) -> Self {
        Self {
            list_id: ListId::Province(member.division()),
            member,
            service_id: service_id.clone(),
            service_type: kind.to_string(),
            spki,
        }
    }
}

/// Signs the proof with the key itself.
pub fn prove(
    signer: &dyn Signer,
    member: MemberId,
    service_id: &ServiceId,
    kind: ServiceKind,
) -> Result<String, SealError> {
    let claims = PossessionClaims::new(member, service_id, kind, signer.public_key().spki_digest());
    sign_compact(signer, Header::new(Typ::Possession), &claims)
}

/// Whether `proof` was made by `key` for exactly `expected`.
#[must_use]
pub fn is_proven(proof: &str, key: &PublicKey, expected: &PossessionClaims) -> bool {
    Compact::parse(proof)
        .and_then(|token| token.open::<PossessionClaims>(key, Typ::Possession))
        .is_ok_and(|claims| claims == *expected)
}

//! The suspension order D: one signed sentence that stops a member, one of its services or one of
//! its keys now. Anybody may carry it; its signatures alone make it count.

use serde::{Deserialize, Serialize};

use super::refusal::UpdateRefusal;
use crate::base::{MemberId, NumericDate, ServiceId, Timestamp, limits};
use crate::crypto::jws::{GeneralJws, Header, Typ, Vote};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, PublicKey, SealError, Signer, json};

/// What an order says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuspensionClaims {
    /// When it was written. It may be signed beforehand and kept, so this does not date its effect.
    pub iat: NumericDate,
    /// Tells it from another order with the same words; any text of 1 to 64 characters.
    pub jti: String,
    /// Whom it stops.
    pub member: MemberId,
    /// What of that member it stops; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<SuspensionTarget>,
    /// Why, for people; at most 512 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A part of a member that an order stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum SuspensionTarget {
    /// One key, by the SHA-256 of its SubjectPublicKeyInfo, wherever the member lists it.
    Key(Digest),
    /// One entry of its list.
    Service(ServiceId),
}

/// An order as it was carried here: its signatures are judged by the accept rules.
#[derive(Clone, Debug)]
pub struct SignedOrder {
    signatures: GeneralJws,
    claims: SuspensionClaims,
}

impl SuspensionClaims {
    /// The payload to be signed, in canonical form.
    pub fn to_payload(&self) -> Result<Vec<u8>, SealError> {
        json::canonical(self).map_err(|_| SealError::Document)
    }

    fn check(&self) -> Result<(), UpdateRefusal> {
        let is_named = (1..=MOST_NAME).contains(&self.jti.chars().count());
        let sound = is_named && self.reason.len() <= MOST_REASON;
        if sound { Ok(()) } else { Err(UpdateRefusal::Malformed) }
    }
}

impl SignedOrder {
    /// Reads the general JSON form, or the compact form with its one signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, UpdateRefusal> {
        if bytes.len() > limits::TOKEN_BYTES {
            return Err(UpdateRefusal::TooLarge);
        }
        let signatures = if bytes.first() == Some(&b'{') {
            GeneralJws::parse(bytes)?
        } else {
            let text = std::str::from_utf8(bytes).map_err(|_| UpdateRefusal::Malformed)?;
            GeneralJws::from_compact(text.trim_end_matches('\n'))?
        };
        let claims: SuspensionClaims = json::from_slice(signatures.payload())?;
        claims.check()?;
        Ok(Self { signatures, claims })
    }

    /// What it says.
    #[must_use]
    pub const fn claims(&self) -> &SuspensionClaims {
        &self.claims
    }

    /// The signatures over it.
    #[must_use]
    pub const fn signatures(&self) -> &GeneralJws {
        &self.signatures
    }

    /// SHA-256 of its payload: the name by which it is cited, whoever else signs it later.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        Digest::of(self.signatures.payload())
    }

    /// Whether `key` is among those that signed it as an order.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let signers = self.signatures.signers(&[key], Typ::Suspension);
        signers.is_ok_and(|signers| !signers.is_empty())
    }

    /// The general JSON form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SealError> {
        self.signatures.to_bytes()
    }

    /// The same order with the signatures of these keys alone, one of each.
    pub(super) fn kept_to(&self, keys: &[&PublicKey]) -> Result<Self, UpdateRefusal> {
        let signatures = self.signatures.clone().kept_to(keys, Typ::Suspension)?;
        Ok(Self { signatures, claims: self.claims.clone() })
    }

    /// Whether it carries every signature that `other` carries, over the same words.
    pub(super) fn has_all_of(&self, other: &Self) -> bool {
        self.signatures.has_all_of(&other.signatures)
    }

    /// The same order with the signatures of `other` besides its own.
    pub(super) fn joined_by(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        joined.signatures.add_all(&other.signatures);
        joined
    }
}

/// One signature over an order, by the key of `certificate`.
pub fn order_vote(
    signer: &dyn Signer,
    certificate: &Certificate,
    payload: &[u8],
    now: Timestamp,
) -> Result<Vote, SealError> {
    let header = Header::new(Typ::Suspension)
        .with_content("application/json", NumericDate::from(now))
        .with_chain(&[certificate.der()]);
    Vote::cast(signer, header, payload)
}

/// Characters of an order's name.
const MOST_NAME: usize = 64;
/// Bytes of a reason: a sentence, not a file.
const MOST_REASON: usize = 512;

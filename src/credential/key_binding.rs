//! The holder's key: key-binding JWTs (RFC 9901 §4.3) in a verification, and the same form as the
//! approval of a grant. One made for the one is never taken for the other.
//!
//! Whether a nonce was used before is the caller's to know.

use serde::{Deserialize, Serialize};

use super::examine::{Failure, examine};
use super::sd_jwt::SdJwt;
use crate::base::{Code, NumericDate, Timestamp, limits};
use crate::crypto::jws::{Compact, Typ};
use crate::crypto::{Digest, PublicKey, json};
use crate::licence::Identifier;
use crate::trust::{Snapshot, TrustedIssuer};

/// A key binding as it came, with the digest of what it came with.
#[derive(Debug)]
pub(super) struct Presented {
    pub(super) token: String,
    pub(super) sd_hash: Digest,
}

/// What a key binding must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expectation<'t> {
    /// The holder's key.
    pub(super) key: &'t PublicKey,
    /// The audience, when the caller has one.
    pub(super) audience: Option<&'t str>,
    /// The nonce, when the caller sent one.
    pub(super) nonce: Option<&'t str>,
    /// The transaction it approves.
    pub(super) transaction: Transaction,
}

/// Whether a key binding shows a credential, or approves a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transaction {
    /// It shows: a hash of a transaction makes it unacceptable.
    Forbidden,
    /// It approves exactly the transaction with this hash.
    Required(Digest),
}

/// The claims of a key binding, in the order in which they are signed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeyBindingClaims {
    pub(super) iat: NumericDate,
    pub(super) aud: String,
    pub(super) nonce: String,
    pub(super) sd_hash: Digest,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) transaction_data_hashes: Option<Vec<Digest>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) transaction_data_hashes_alg: Option<String>,
}

/// Verifies a key binding and yields when it was made.
pub(super) fn verify(
    presented: &Presented,
    expected: Expectation<'_>,
    now: Timestamp,
) -> Result<Timestamp, BindingError> {
    let token = Compact::parse(&presented.token).map_err(|_| BindingError::Malformed)?;
    let payload =
        token.verify(expected.key, Typ::KeyBinding).map_err(|_| BindingError::Signature)?;
    let claims: KeyBindingClaims =
        json::from_slice(payload).map_err(|_| BindingError::Malformed)?;
    if claims.sd_hash != presented.sd_hash {
        return Err(BindingError::SdHash);
    }
    check_transaction(&claims, expected.transaction)?;
    if expected.audience.is_some_and(|audience| audience != claims.aud) {
        return Err(BindingError::Audience);
    }
    let made = claims.iat.instant();
    if made > now + limits::CLOCK_SKEW || now.since(made) > limits::KEY_BINDING_AGE {
        return Err(BindingError::Age);
    }
    // Last, so that only a sound binding with a foreign nonce is taken for a replay.
    if expected.nonce.is_some_and(|nonce| nonce != claims.nonce) {
        return Err(BindingError::Nonce);
    }
    Ok(made)
}

fn check_transaction(claims: &KeyBindingClaims, expected: Transaction) -> Result<(), BindingError> {
    let algorithm = claims.transaction_data_hashes_alg.as_deref();
    let agrees = match (expected, &claims.transaction_data_hashes) {
        (Transaction::Forbidden, None) => algorithm.is_none(),
        (Transaction::Required(hash), Some(hashes)) => {
            hashes[..] == [hash] && algorithm.is_none_or(|name| name == TRANSACTION_HASH)
        }
        _ => false,
    };
    if agrees { Ok(()) } else { Err(BindingError::Transaction) }
}

/// The nonce a key binding claims to answer.
pub(super) fn unverified_nonce(presented: &Presented) -> Option<String> {
    let token = Compact::parse(&presented.token).ok()?;
    let claims: KeyBindingClaims = json::from_slice(token.unverified_payload()).ok()?;
    Some(claims.nonce)
}

/// What an approval by the holder's key must answer.
#[derive(Clone, Copy, Debug)]
pub struct Approval<'t> {
    /// The public origin of the issuing gateway, or the name of its request key.
    pub audience: &'t str,
    /// The nonce of the request.
    pub nonce: &'t str,
    /// SHA-256 over the ASCII of the one entry of `transaction_data`.
    pub transaction: Digest,
}

/// An approval that verified. Only [`approve`] makes one.
#[derive(Debug)]
pub struct Approved {
    identifier: Identifier,
    issuer: TrustedIssuer,
    holder_key: PublicKey,
    credential: Digest,
    at: Timestamp,
}

impl Approved {
    /// The licence whose holder approved.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Who issued it.
    #[must_use]
    pub const fn issuer(&self) -> &TrustedIssuer {
        &self.issuer
    }

    /// The key that approved. A former holder's is another than the register has.
    #[must_use]
    pub const fn holder_key(&self) -> &PublicKey {
        &self.holder_key
    }

    /// The digest of the credential, by which the register finds its newest.
    #[must_use]
    pub const fn credential(&self) -> Digest {
        self.credential
    }

    /// When it was made.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// Verifies `<issuer-jwt>~<kb-jwt>` as the approval of one transaction, by the key of the holder.
///
/// Whether the licence is in force, and whether this is still its holder, is for the register.
pub fn approve(
    token: &str,
    snapshot: &Snapshot,
    expected: Approval<'_>,
    now: Timestamp,
) -> Result<Approved, ApprovalError> {
    let discloses_nothing = SdJwt::split(token).is_ok_and(|parts| parts.disclosure_count() == 0);
    let credential = examine(token, snapshot, now).map_err(ApprovalError::Credential)?;
    if !discloses_nothing {
        return Err(ApprovalError::Disclosures);
    }
    let key = credential.holder_key.ok_or(ApprovalError::NoHolderKey)?;
    let presented = credential.key_binding.ok_or(ApprovalError::NoKeyBinding)?;
    let expectation = Expectation {
        key: &key,
        audience: Some(expected.audience),
        nonce: Some(expected.nonce),
        transaction: Transaction::Required(expected.transaction),
    };
    let at = verify(&presented, expectation, now).map_err(ApprovalError::Binding)?;
    Ok(Approved {
        identifier: credential.envelope.identifier().clone(),
        issuer: credential.issuer,
        holder_key: key,
        credential: credential.digest,
        at,
    })
}

/// Why a key binding is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// Too old, or from the future.
    #[error("the key binding is too old, or from the future")]
    Age,
    /// Made for another audience.
    #[error("the key binding is for another audience")]
    Audience,
    /// A claim is missing or of another type.
    #[error("the key binding is malformed")]
    Malformed,
    /// Not there.
    #[error("there is no key binding")]
    Missing,
    /// It answers another challenge.
    #[error("the key binding answers another challenge")]
    Nonce,
    /// The credential names no key of the holder.
    #[error("the credential names no holder's key")]
    NoKey,
    /// Made over another set of disclosures.
    #[error("the key binding is over another presentation")]
    SdHash,
    /// By another key, of another kind, or by another algorithm.
    #[error("the key binding is not signed by the holder's key")]
    Signature,
    /// It approves a transaction where it must not, or another one.
    #[error("the key binding is not for this transaction")]
    Transaction,
}

impl BindingError {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Nonce => Code::HolderReplay,
            _ => Code::HolderBindingFailed,
        }
    }
}

/// Why an approval is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The key binding is refused.
    #[error(transparent)]
    Binding(BindingError),
    /// The credential is not authentic.
    #[error("the credential: {0}")]
    Credential(Box<Failure>),
    /// It discloses claims, which an approval has no need of.
    #[error("an approval discloses nothing")]
    Disclosures,
    /// The credential names no key of the holder.
    #[error("the credential names no holder's key")]
    NoHolderKey,
    /// There is no key binding.
    #[error("there is no key binding")]
    NoKeyBinding,
}

impl ApprovalError {
    /// The published code, the same for all: the approval does not stand.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::HolderSignatureInvalid
    }
}

/// The one hash for transactions, also where none is named (OpenID4VP §5.1).
pub(super) const TRANSACTION_HASH: &str = "sha-256";

//! What a verification ends with: the judgement and its parts, and the proof that a licence was
//! accepted. Nothing here decides.

use std::ops::Deref;

use serde_json::{Map, Value};

use super::report::{Decision, HolderBindingReport, LicenceReport, SignatureReport};
use crate::base::{Code, Division};
use crate::crypto::{Digest, PublicKey};
use crate::licence::{Identifier, LicenceType};
use crate::trust::TrustedIssuer;

/// A credential with the judgement on it.
#[derive(Debug)]
pub struct Judged {
    pub(super) decision: Decision,
    pub(super) reasons: Vec<Code>,
    pub(super) signature: SignatureReport,
    pub(super) licence: LicenceReport,
    pub(super) holder_binding: HolderBindingReport,
    pub(super) content: Licence,
}

impl Judged {
    /// What to do.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// Why: what decides first, notes last. Never empty.
    #[must_use]
    pub fn reasons(&self) -> &[Code] {
        &self.reasons
    }

    /// The report on the signature.
    #[must_use]
    pub const fn signature(&self) -> &SignatureReport {
        &self.signature
    }

    /// The report on the licence.
    #[must_use]
    pub const fn licence(&self) -> &LicenceReport {
        &self.licence
    }

    /// The report on the holder's key.
    #[must_use]
    pub const fn holder_binding(&self) -> &HolderBindingReport {
        &self.holder_binding
    }

    /// What the credential says, signed by its issuer whatever the decision. Which of it a caller
    /// may see is for the policy.
    #[must_use]
    pub const fn content(&self) -> &Licence {
        &self.content
    }

    /// The licence, if it was accepted.
    pub fn into_verified(self) -> Result<Verified<Licence>, Refused> {
        match self.decision {
            Decision::Accept => Ok(Verified(self.content)),
            Decision::Check | Decision::Refuse => {
                Err(Refused { decision: self.decision, reasons: self.reasons })
            }
        }
    }
}

/// What a credential says of a licence, under the issuer's signature.
#[derive(Debug)]
pub struct Licence {
    pub(super) identifier: Identifier,
    pub(super) kind: LicenceType,
    pub(super) division: Division,
    pub(super) issuer: TrustedIssuer,
    pub(super) holder_key: Option<PublicKey>,
    pub(super) claims: Map<String, Value>,
    pub(super) digest: Digest,
}

impl Licence {
    /// Its identifier.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Its kind.
    #[must_use]
    pub const fn licence_type(&self) -> LicenceType {
        self.kind
    }

    /// The division whose authority issued it.
    #[must_use]
    pub const fn division(&self) -> Division {
        self.division
    }

    /// Who signed it.
    #[must_use]
    pub const fn issuer(&self) -> &TrustedIssuer {
        &self.issuer
    }

    /// The holder's key, when the credential names one.
    #[must_use]
    pub const fn holder_key(&self) -> Option<&PublicKey> {
        self.holder_key.as_ref()
    }

    /// Every claim of the licence that is clear or was disclosed.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The digest of the issuer's JWT.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// Something that was verified and accepted. Only [`Judged::into_verified`] makes one.
#[derive(Debug)]
pub struct Verified<T>(T);

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A credential that is not to be relied on, or not yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not accepted: {}", self.code())]
pub struct Refused {
    decision: Decision,
    reasons: Vec<Code>,
}

impl Refused {
    /// Check or refuse.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// The deciding code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.reasons.first().copied().unwrap_or(Code::Internal)
    }

    /// Every reason.
    #[must_use]
    pub fn reasons(&self) -> &[Code] {
        &self.reasons
    }
}

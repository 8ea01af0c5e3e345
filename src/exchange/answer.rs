//! The answer of one gateway to another: bound to its request, and to the audit entry without
//! which it would not exist.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ExchangeRefusal;
use crate::audit::Receipt;
use crate::base::{MemberId, NumericDate, Timestamp, limits};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, PublicKey, SealError, Signer};

/// What an answering gateway signs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer<T> {
    /// The answering member.
    pub iss: MemberId,
    /// The member that asked.
    pub aud: MemberId,
    /// When it was signed.
    pub iat: NumericDate,
    /// When it ends as an answer; as evidence it has no end.
    pub exp: NumericDate,
    /// SHA-256 of the request it answers.
    pub request_sha256: Digest,
    /// Where it stands in the answering gateway's log.
    pub audit: AuditPosition,
    /// The answer itself.
    pub result: T,
}

/// Where an entry stands in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditPosition {
    /// Its leaf hash.
    pub leaf: Digest,
    /// Its number, from 0.
    pub index: u64,
}

impl AuditPosition {
    /// The position that a receipt tells.
    #[must_use]
    pub fn of(receipt: &Receipt) -> Self {
        Self { leaf: receipt.leaf(), index: receipt.index() }
    }
}

/// Who answers whom, on which request.
#[derive(Clone, Copy, Debug)]
pub struct AnswerDraft {
    /// The answering member.
    pub iss: MemberId,
    /// The member that asked.
    pub aud: MemberId,
    /// SHA-256 of the request.
    pub request_sha256: Digest,
}

impl AnswerDraft {
    /// Signs an answer for which `receipt` proves the entry in the log.
    pub fn sign<T: Serialize>(
        self,
        result: T,
        receipt: &Receipt,
        signer: &dyn Signer,
        now: Timestamp,
    ) -> Result<String, SealError> {
        let answer = Answer {
            iss: self.iss,
            aud: self.aud,
            iat: now.into(),
            exp: (now + limits::REQUEST_LIFE).into(),
            request_sha256: self.request_sha256,
            audit: AuditPosition::of(receipt),
            result,
        };
        sign_compact(signer, Header::new(Typ::Answer), &answer)
    }
}

impl<T: DeserializeOwned> Answer<T> {
    /// Verifies that `token` is the answer of `asked.iss` to the request of `asked.aud` with that
    /// digest.
    pub fn open<'k>(
        token: &str,
        asked: AnswerDraft,
        keys: impl Iterator<Item = &'k PublicKey>,
    ) -> Result<Self, ExchangeRefusal> {
        let compact = Compact::parse(token).map_err(|_| ExchangeRefusal::AnswerMismatch)?;
        let mut opened = keys.filter_map(|key| compact.open::<Self>(key, Typ::Answer).ok());
        let answer = opened.next().ok_or(ExchangeRefusal::AnswerMismatch)?;
        let bound = answer.iss == asked.iss
            && answer.aud == asked.aud
            && answer.request_sha256 == asked.request_sha256;
        if bound { Ok(answer) } else { Err(ExchangeRefusal::AnswerMismatch) }
    }
}

//! Why an update of trust is refused, in the words of the published registry.

use crate::base::Code;
use crate::crypto::json::JsonError;
use crate::crypto::jws::JwsError;

/// Why an update is not taken. The state that was held stays in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateRefusal {
    /// An algorithm or a key of a kind that is not admitted.
    #[error("an algorithm that is not admitted")]
    AlgorithmNotAllowed,
    /// One entry stands twice with different content.
    #[error("one entry stands twice with different content")]
    Conflict,
    /// A member stands twice in one JSON object.
    #[error("a JSON member stands twice")]
    DuplicateMember,
    /// The same sequence number with other bytes.
    #[error("the same sequence number with other bytes")]
    Equivocation,
    /// The document has ended.
    #[error("the list is past its NextUpdate")]
    Expired,
    /// `PreviousList` names another list than the one held.
    #[error("the list does not follow from the one held")]
    Fork,
    /// The freshness statement has ended.
    #[error("the freshness statement has ended")]
    Freeze,
    /// An identifier that is not in canonical form, or not the one asked for.
    #[error("an identifier that is not the canonical one asked for")]
    IdNotCanonical,
    /// Not parseable as what it claims to be.
    #[error("not parseable as what it claims to be")]
    Malformed,
    /// A member's list key changed without proof by the previous key.
    #[error("a member's list key changed without proof by the previous key")]
    MemberKeyUnproven,
    /// Issued in the future.
    #[error("issued in the future")]
    NotYetValid,
    /// A sequence number lower than the one held.
    #[error("a sequence number lower than the one held")]
    Rollback,
    /// The new root is not signed by the keys of the one held.
    #[error("the root does not follow from the one held")]
    RootChainBroken,
    /// The root contradicts itself.
    #[error("the root contradicts itself")]
    RootInvalid,
    /// The sequence number jumps too far.
    #[error("the sequence number jumps too far")]
    SequenceJump,
    /// Hash, size or sequence are not those the freshness statement names.
    #[error("not the document that the freshness statement names")]
    SnapshotMismatch,
    /// Fewer distinct keys signed than the root demands.
    #[error("too few distinct keys signed")]
    ThresholdNotMet,
    /// The log shows another history than the one read before.
    #[error("the list log shows another history than the one read before")]
    SplitView,
    /// Over the signed or the allowed size.
    #[error("larger than signed or allowed")]
    TooLarge,
    /// Signed by a key of another kind.
    #[error("signed by a key of another kind")]
    WrongKeyUsage,
    /// Signed by somebody else's key.
    #[error("signed by somebody else's key")]
    WrongSigner,
    /// A document of another kind.
    #[error("a document of another kind")]
    WrongTyp,
}

impl UpdateRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::AlgorithmNotAllowed => Code::AlgNotAllowed,
            Self::Conflict => Code::Conflict,
            Self::DuplicateMember => Code::DuplicateMember,
            Self::Equivocation => Code::ListEquivocation,
            Self::Expired => Code::ListExpired,
            Self::Fork => Code::Fork,
            Self::Freeze => Code::Freeze,
            Self::IdNotCanonical => Code::IdNotCanonical,
            Self::Malformed => Code::Malformed,
            Self::MemberKeyUnproven => Code::MemberKeyUnproven,
            Self::NotYetValid => Code::ListNotYetValid,
            Self::Rollback => Code::ListRollback,
            Self::RootChainBroken => Code::RootChainBroken,
            Self::RootInvalid => Code::RootInvalid,
            Self::SequenceJump => Code::SeqJump,
            Self::SnapshotMismatch => Code::SnapshotMismatch,
            Self::SplitView => Code::SplitView,
            Self::ThresholdNotMet => Code::ThresholdNotMet,
            Self::TooLarge => Code::TooLarge,
            Self::WrongKeyUsage => Code::WrongKeyUsage,
            Self::WrongSigner => Code::WrongSigner,
            Self::WrongTyp => Code::WrongTyp,
        }
    }
}

impl From<JsonError> for UpdateRefusal {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::DuplicateMember => Self::DuplicateMember,
            JsonError::TooLarge => Self::TooLarge,
            JsonError::NotCanonicalisable | JsonError::Syntax { .. } | JsonError::Unexpected(_) => {
                Self::Malformed
            }
        }
    }
}

impl From<JwsError> for UpdateRefusal {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::AlgorithmNotAllowed => Self::AlgorithmNotAllowed,
            JwsError::Json(json) => json.into(),
            JwsError::ForbiddenHeader | JwsError::Malformed | JwsError::NotCompact => {
                Self::Malformed
            }
            JwsError::Signature => Self::WrongSigner,
            JwsError::TooLarge => Self::TooLarge,
            JwsError::WrongTyp => Self::WrongTyp,
        }
    }
}

//! Why consent is not asked for, not recorded, or does not cover a use.

use crate::base::Code;
use crate::crypto::SealError;

/// A refusal of this module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentRefusal {
    /// The way the holder agreed is too weak for what was agreed to.
    #[error("the way the holder agreed is too weak for what is asked")]
    ApprovalTooWeak,
    /// Claims beyond the grant.
    #[error("claims beyond the grant: {}", claims.join(", "))]
    ClaimsNotGranted {
        /// Those that are too many.
        claims: Vec<String>,
    },
    /// All uses are spent.
    #[error("all uses of the grant are spent")]
    Exhausted,
    /// Past the end of the grant.
    #[error("the grant has ended")]
    Expired,
    /// The grant's own signature does not verify.
    #[error("no grant signed by its province")]
    GrantSignature,
    /// What the holder signed does not verify, or approves something else.
    #[error("the holder's signature does not verify, or is over something else")]
    HolderSignature,
    /// The relying party has not registered the use.
    #[error("no such intended use is registered")]
    IntendedUseNotRegistered,
    /// A member of a request is wrong.
    #[error("{pointer} is not acceptable")]
    Invalid {
        /// The member (RFC 6901).
        pointer: String,
    },
    /// Given to another party or key.
    #[error("the grant is bound to another party or key")]
    NotBoundToClient,
    /// Its first instant is still to come.
    #[error("the grant does not run yet")]
    NotYetValid,
    /// Claims beyond the registered intended use.
    #[error("claims beyond the registered use: {}", claims.join(", "))]
    OverAsking {
        /// Those that are too many.
        claims: Vec<String>,
    },
    /// Paused by the holder, or its member is suspended.
    #[error("the grant is paused")]
    Paused,
    /// Another purpose than was granted.
    #[error("another purpose than was granted")]
    PurposeMismatch,
    /// Taken back.
    #[error("the grant was taken back")]
    Revoked,
    /// A document of ours could not be written or signed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl ConsentRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::ApprovalTooWeak | Self::HolderSignature => Code::HolderSignatureInvalid,
            Self::ClaimsNotGranted { .. } => Code::ClaimsNotGranted,
            Self::Exhausted => Code::GrantExhausted,
            Self::Expired => Code::GrantExpired,
            Self::GrantSignature | Self::NotYetValid => Code::GrantRequired,
            Self::IntendedUseNotRegistered => Code::IntendedUseNotRegistered,
            Self::Invalid { .. } => Code::ValidationFailed,
            Self::NotBoundToClient => Code::GrantNotBoundToClient,
            Self::OverAsking { .. } => Code::OverAsking,
            Self::Paused => Code::GrantPaused,
            Self::PurposeMismatch => Code::GrantPurposeMismatch,
            Self::Revoked => Code::GrantRevoked,
            Self::Seal(_) => Code::Internal,
        }
    }

    pub(super) fn invalid(pointer: &str) -> Self {
        Self::Invalid { pointer: pointer.to_owned() }
    }
}

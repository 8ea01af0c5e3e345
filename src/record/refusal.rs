//! Why a record cannot be read or made.

use crate::base::Code;
use crate::crypto::SealError;
use crate::crypto::json::JsonError;
use crate::trust::UpdateRefusal;

/// A refusal of this module, before any judgement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordRefusal {
    /// The answer holds no disclosure that a record could be made of.
    #[error("the answer holds no disclosure under a grant")]
    Answer,
    /// The document is refused.
    #[error("the document: {0}")]
    Json(JsonError),
    /// A level that is not read here.
    #[error("a level that is not read here")]
    Level,
    /// Another media type.
    #[error("not an e-record")]
    MediaType,
    /// A part that must be there is absent.
    #[error("the part {name} is absent")]
    PartMissing {
        /// The part.
        name: &'static str,
    },
    /// It could not be written or signed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Over 4 MiB, or more roots and lists than a record can need.
    #[error("larger than allowed")]
    TooLarge,
    /// An embedded root, list or statement is refused.
    #[error("the embedded trust: {0}")]
    Trust(UpdateRefusal),
    /// A list is absent, or is not the one that the embedded statement names.
    #[error("the embedded lists are not those that the embedded statement names")]
    TrustIncomplete,
    /// An unknown major version.
    #[error("an unknown major version")]
    Version,
}

impl RecordRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Answer | Self::Json(_) => Code::FormatDamaged,
            Self::Level | Self::MediaType => Code::FormatUnsupported,
            Self::PartMissing { .. } => Code::RecordPartMissing,
            Self::Seal(_) => Code::Internal,
            Self::TooLarge => Code::FormatTooLarge,
            Self::Trust(_) | Self::TrustIncomplete => Code::RecordProofInvalid,
            Self::Version => Code::RecordVersion,
        }
    }
}

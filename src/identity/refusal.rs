//! Why a presented chain makes no caller.

use crate::base::{Code, Timestamp};
use crate::crypto::x509::CertificateError;

/// Why a presented chain makes no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityRefusal {
    /// The key is not P-256, P-384 or Ed25519.
    #[error("the certificate's key is not admitted")]
    BadKey,
    /// A certificate that cannot be read.
    #[error("a certificate cannot be read: {0}")]
    Certificate(CertificateError),
    /// Past its end, or its authority's.
    #[error("the certificate ended at {not_after}")]
    Expired {
        /// Its last instant.
        not_after: Timestamp,
    },
    /// No certificate at all.
    #[error("no certificate was presented")]
    Missing,
    /// It carries no client name, several, or one that is not canonical.
    #[error("the certificate does not name exactly one client")]
    Name,
    /// A certificate that signs others was presented as a caller's own.
    #[error("the certificate is an authority's")]
    NotALeaf,
    /// Validity has not begun.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Named for another division than this gateway's.
    #[error("the certificate names a client of another province")]
    OtherProvince,
    /// Named in a role that its authority does not give.
    #[error("the certificate names another role than its authority's")]
    OtherRole,
    /// Not for authentication as a client, or for anything at all.
    #[error("the certificate is not for authentication as a client")]
    Purpose,
    /// More certificates than a chain has.
    #[error("the chain is too long")]
    TooLong,
    /// Listed by nobody: not the hub's, no member's, and by no authority of this node.
    #[error("no list names this certificate or its authority")]
    Unknown,
}

impl IdentityRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing => Code::ClientCertificateRequired,
            Self::BadKey
            | Self::Certificate(_)
            | Self::Expired { .. }
            | Self::Name
            | Self::NotALeaf
            | Self::NotYetValid
            | Self::OtherProvince
            | Self::OtherRole
            | Self::Purpose
            | Self::TooLong
            | Self::Unknown => Code::ClientCertificateRejected,
        }
    }
}

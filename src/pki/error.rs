//! Why a key or a certificate could not be made, read or kept.

use std::io;
use std::path::{Path, PathBuf};

use crate::base::Code;
use crate::crypto::SealError;
use crate::crypto::x509::CertificateError;

/// Why a key or a certificate could not be made, read or kept.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A certificate that our own reader does not take.
    #[error("the certificate is not one that the federation takes: {0}")]
    Certificate(#[from] CertificateError),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate library refused, for example a name that cannot stand in a certificate.
    #[error("the certificate cannot be made: {0}")]
    Generation(#[from] rcgen::Error),
    /// A private key that is not of an admitted kind, or that does not belong to its certificate.
    #[error("the private key cannot be used: {0}")]
    Key(#[from] SealError),
    /// A longer life than the federation gives to certificates of this kind.
    #[error("the certificate would live longer than its kind may")]
    LifeTooLong,
    /// A file without what it should hold.
    #[error("{}: holds no {expected} in PEM form", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// A certificate that may not sign others was loaded as an authority.
    #[error("the certificate may not sign others")]
    NotAnAuthority,
    /// The certificate would still run when its authority has ended.
    #[error("the certificate would outlive its authority")]
    OutlivesAuthority,
    /// A key file that others than its owner may read.
    #[error("{}: mode is {mode:04o}, a private key must have 0600", path.display())]
    Permissions {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A certificate request that is not signed by its own key, or whose key is not admitted.
    #[error("the certificate request is not sound")]
    Request,
}

impl PkiError {
    /// The published code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Permissions { .. } => Code::KeyPermissions,
            Self::File { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Code::DiskFull
            }
            Self::Certificate(_)
            | Self::File { .. }
            | Self::Key(_)
            | Self::Malformed { .. }
            | Self::NotAnAuthority => Code::ConfigInvalid,
            Self::LifeTooLong | Self::OutlivesAuthority | Self::Request => Code::ValidationFailed,
            Self::Generation(_) => Code::Internal,
        }
    }

    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

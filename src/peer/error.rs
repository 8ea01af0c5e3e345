//! Why a question to another node brought no answer.

use std::error::Error;
use std::io;

use super::addresses::RefusedAddress;
use super::origin::OriginError;
use crate::base::Code;
use crate::tls::TlsError;

/// Why a question to another node brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The other side's name leads to an address that may not be called.
    #[error("the name leads to an address that may not be called")]
    AddressRefused,
    /// The connection broke, or what came is not HTTP.
    #[error("the exchange broke off")]
    BrokenOff,
    /// The answer came in an encoding that was not asked for.
    #[error("the answer came in an encoding that was not asked for")]
    Encoding,
    /// TLS was refused, by us or by the other side.
    #[error("the handshake was refused: {0}")]
    Handshake(rustls::Error),
    /// The list or the root names an origin that may not be called.
    #[error("the listed origin may not be called: {0}")]
    Origin(#[from] OriginError),
    /// A path that cannot stand in an address as it is.
    #[error("not a path that can be asked for")]
    Path,
    /// The client cannot be set up.
    #[error("the client cannot be set up")]
    Settings,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// Our own key and certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The answer is larger than its kind may be.
    #[error("the answer is larger than {most_bytes} bytes")]
    TooLarge {
        /// What was allowed.
        most_bytes: usize,
    },
    /// No list names this member with a key that may be used now.
    #[error("no list names this member with a TLS key in force")]
    Unlisted,
    /// No connection.
    #[error("no connection")]
    Unreachable,
}

impl PeerError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Encoding => Code::ContentEncoding,
            Self::Timeout => Code::Timeout,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::AddressRefused
            | Self::BrokenOff
            | Self::Handshake(_)
            | Self::Origin(_)
            | Self::Unlisted
            | Self::Unreachable => Code::IssuerProvinceUnreachable,
            Self::Tls(error) => error.code(),
            Self::Path | Self::Settings => Code::Internal,
        }
    }

    /// What the library's error means: the most telling cause wins over the wrapping.
    pub(super) fn of_library(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(current) = cause {
            if current.is::<RefusedAddress>() {
                return Self::AddressRefused;
            }
            if let Some(refusal) = handshake_refusal(current) {
                return Self::Handshake(refusal.clone());
            }
            cause = current.source();
        }
        if error.is_connect() { Self::Unreachable } else { Self::BrokenOff }
    }
}

/// TLS errors travel inside I/O errors, sometimes two deep, whose `source` skips what they carry.
fn handshake_refusal<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(refusal) = error.downcast_ref() {
        return Some(refusal);
    }
    handshake_refusal(error.downcast_ref::<io::Error>()?.get_ref()?)
}

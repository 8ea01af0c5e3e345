//! Fetching a document: it is there whole, or one of a few things is wrong.

use reqwest::StatusCode;

use super::client::{PeerAnswer, PeerClient, PeerRequest};
use super::error::PeerError;
use crate::base::Code;

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It was answered with something else.
    #[error("the answer is not what was asked for")]
    Malformed,
    /// There is no such thing.
    #[error("there is no such thing")]
    NotFound,
    /// The other side is not to be had.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The other side refused, with this status.
    #[error("answered with status {0}")]
    Status(StatusCode),
}

impl FetchError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed => Code::Malformed,
            Self::NotFound => Code::NotFound,
            Self::Peer(error) => error.code(),
            Self::Status(_) => Code::IssuerProvinceUnreachable,
        }
    }
}

impl PeerClient {
    /// Fetches a document.
    pub async fn fetch(&self, request: PeerRequest) -> Result<Vec<u8>, FetchError> {
        self.send(request).await?.whole()
    }
}

impl PeerAnswer {
    /// The document of an answer that brings one.
    pub fn whole(self) -> Result<Vec<u8>, FetchError> {
        match self.status {
            StatusCode::OK => Ok(self.bytes),
            StatusCode::NOT_FOUND => Err(FetchError::NotFound),
            other => Err(FetchError::Status(other)),
        }
    }
}

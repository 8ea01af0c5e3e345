//! The vocabulary of list entries: what a key is for, and whether it may be used.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::refusal::UpdateRefusal;
use crate::crypto::Digest;

/// What a listed key is for. A key is never tried for another purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKind {
    /// Anchor of the certificates of one role of clients.
    ClientCa,
    /// Signs the register's event feed.
    Feed,
    /// Signs requests, answers, grants, verdicts, records and receipts.
    GatewaySigning,
    /// The gateway's key in mutual TLS.
    GatewayTls,
    /// Signs licences.
    Issuance,
    /// Signs the province's own list; pinned in the federation list.
    ListSigning,
    /// Signs the audit log's checkpoints.
    LogSigning,
    /// States who a client is and what uses it has registered.
    Registrar,
    /// Signs status lists.
    Status,
    /// Signs time stamps.
    Timestamping,
}

impl ServiceKind {
    const ALL: [Self; 10] = [
        Self::ClientCa,
        Self::Feed,
        Self::GatewaySigning,
        Self::GatewayTls,
        Self::Issuance,
        Self::ListSigning,
        Self::LogSigning,
        Self::Registrar,
        Self::Status,
        Self::Timestamping,
    ];

    /// The word in `urn:elicence:service:<word>` and in a `ServiceId`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClientCa => "client-ca",
            Self::Feed => "feed",
            Self::GatewaySigning => "gateway-signing",
            Self::GatewayTls => "gateway-tls",
            Self::Issuance => "issuance",
            Self::ListSigning => "list-signing",
            Self::LogSigning => "log-signing",
            Self::Registrar => "registrar",
            Self::Status => "status",
            Self::Timestamping => "timestamping",
        }
    }
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{KIND_PREFIX}{}", self.word())
    }
}

impl FromStr for ServiceKind {
    type Err = UpdateRefusal;

    fn from_str(text: &str) -> Result<Self, UpdateRefusal> {
        let word = text.strip_prefix(KIND_PREFIX).ok_or(UpdateRefusal::Malformed)?;
        let known = Self::ALL.into_iter().find(|kind| kind.word() == word);
        known.ok_or(UpdateRefusal::Malformed)
    }
}

/// Whether an entry may be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceStatus {
    /// In force.
    Granted,
    /// Known, connecting, and not yet trusted.
    Staged,
    /// Stopped, perhaps for a while.
    Suspended,
    /// Ended for good; its key is burned.
    Withdrawn,
}

impl fmt::Display for ServiceStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Granted => "granted",
            Self::Staged => "staged",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
        };
        write!(formatter, "{STATUS_PREFIX}{word}")
    }
}

impl FromStr for ServiceStatus {
    type Err = UpdateRefusal;

    fn from_str(text: &str) -> Result<Self, UpdateRefusal> {
        match text.strip_prefix(STATUS_PREFIX) {
            Some("granted") => Ok(Self::Granted),
            Some("staged") => Ok(Self::Staged),
            Some("suspended") => Ok(Self::Suspended),
            Some("withdrawn") => Ok(Self::Withdrawn),
            _ => Err(UpdateRefusal::Malformed),
        }
    }
}

/// The list before this one, by sequence number and SHA-256 of its payload bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousList {
    /// Its sequence number; 0 when there was none.
    pub sequence: u64,
    /// The digest of its payload; of nothing when there was none.
    pub sha256: Digest,
}

impl PreviousList {
    /// What the first list of a kind names as its predecessor.
    #[must_use]
    pub fn none() -> Self {
        Self { sequence: 0, sha256: Digest::of([]) }
    }
}

const KIND_PREFIX: &str = "urn:elicence:service:";
const STATUS_PREFIX: &str = "urn:elicence:status:";

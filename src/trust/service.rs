//! The vocabulary of list entries: what a key is for, and whether it may be used.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::refusal::UpdateRefusal;
use crate::base::Timestamp;
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

impl ServiceStatus {
    /// Whether an entry of this status may next have status `next`. A withdrawn key is burned, and
    /// what was in force is never merely staged again. The same status again changes the reason or
    /// the scope.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Staged => true,
            Self::Granted | Self::Suspended => !matches!(next, Self::Staged),
            Self::Withdrawn => matches!(next, Self::Withdrawn),
        }
    }
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

/// Why an entry has its status, the extension `StatusReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StatusReason {
    /// The reason.
    pub reason: Reason,
    /// Since when the key may have been in other hands (RFC 5280 §5.3.2); without it, from ever.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub invalidity_date: Option<Timestamp>,
}

/// Reasons for a status, in the words of RFC 5280 §5.3.1 where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// An administrative decision.
    Administrative,
    /// The authority above the key may be in other hands.
    CaCompromise,
    /// What the key was for has ended.
    Cessation,
    /// The key may be in other hands.
    KeyCompromise,
    /// Another key has taken its place.
    Superseded,
}

impl Reason {
    /// Whether signatures of before the status are in doubt as well.
    #[must_use]
    pub const fn is_compromise(self) -> bool {
        matches!(self, Self::CaCompromise | Self::KeyCompromise)
    }
}

impl StatusReason {
    /// `reason` without a date.
    #[must_use]
    pub const fn new(reason: Reason) -> Self {
        Self { reason, invalidity_date: None }
    }

    /// Whether the reason goes with its date and with `status`: only a compromise has a date, and
    /// what is compromised is neither in force nor about to be.
    pub(super) const fn fits(self, status: ServiceStatus) -> bool {
        let compromised = self.reason.is_compromise();
        let stopped = matches!(status, ServiceStatus::Suspended | ServiceStatus::Withdrawn);
        (compromised || self.invalidity_date.is_none()) && (stopped || !compromised)
    }
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Timestamp::deserialize(deserializer).map(Some)
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

//! The values that labels can have: closed sets, so that no peer can grow the number of series.

use crate::base::{Answer, Code, Division};
use crate::licence::province_of;

/// On whose word a grant was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantKind {
    /// The transport authority's authorisation.
    Authority,
    /// The holder's consent.
    Holder,
}

impl GrantKind {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Holder => "holder",
        }
    }
}

/// Why a TLS handshake came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandshakeFailure {
    /// None was presented where one is required.
    CertificateMissing,
    /// Unknown, ended or unfit.
    CertificateRefused,
    /// The peer went away.
    Closed,
    /// Not finished in time.
    Deadline,
    /// No common version or parameters, or not TLS at all.
    Protocol,
    /// Too many from one address.
    RateLimited,
}

impl HandshakeFailure {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateRefused => "certificate_refused",
            Self::Closed => "closed",
            Self::Deadline => "deadline",
            Self::Protocol => "protocol",
            Self::RateLimited => "rate_limited",
        }
    }
}

/// A certified key of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyName {
    /// The authority of the province's clients.
    ClientCa,
    /// The federation list, which ends like a key.
    FederationList,
    /// Signs the hub's freshness statements.
    Freshness,
    /// Signs requests and answers between gateways.
    Gateway,
    /// Signs licences.
    Issuer,
    /// The authority of the province's licence signers.
    IssuingCa,
    /// Signs the province's list.
    List,
    /// The checkpoints of the hub's list log.
    ListLog,
    /// The log's checkpoints.
    Log,
    /// A file that is none of these.
    Other,
    /// The province's own list, which ends like a key.
    OwnList,
    /// States who a client is.
    Registrar,
    /// The root, which ends like a key.
    Root,
    /// Signs status lists.
    Status,
    /// The federation and operator listeners, and outbound connections.
    Tls,
}

impl KeyName {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::ClientCa => "client_ca",
            Self::FederationList => "federation_list",
            Self::Freshness => "freshness",
            Self::Gateway => "gateway",
            Self::Issuer => "issuer",
            Self::IssuingCa => "issuing_ca",
            Self::List => "list",
            Self::ListLog => "list_log",
            Self::Log => "log",
            Self::Other => OTHER,
            Self::OwnList => "own_list",
            Self::Registrar => "registrar",
            Self::Root => "root",
            Self::Status => "status",
            Self::Tls => "tls",
        }
    }
}

/// The province that a division lies in; every other six digits are one and the same `other`.
pub(super) fn division_label(division: Division) -> String {
    province_of(division)
        .map_or_else(|| OTHER.to_owned(), |province| province.division().to_string())
}

/// The decision that a verdict leads to.
pub(super) const fn decision_label(reason: Code) -> &'static str {
    match reason.answer() {
        Answer::Accept => "accept",
        Answer::Check => "check",
        Answer::Refuse => "refuse",
        _ => OTHER,
    }
}

/// What came of an attempt.
pub(super) fn outcome_label(outcome: Result<(), Code>) -> &'static str {
    outcome.map_or_else(Code::as_str, |()| "ok")
}

const OTHER: &str = "other";

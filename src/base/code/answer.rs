//! Where a code is said, and what it leads to.

use serde::{Deserialize, Serialize};

/// The part of the system that says a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The program's own start and end.
    Cli,
    /// Said beside a verdict, never deciding it.
    Note,
    /// The judgement on a certificate chain (RFC 5280 §6).
    Path,
    /// A request that failed (RFC 9457).
    Problem,
    /// The judgement on an e-record.
    Record,
    /// An update of the trust lists.
    TrustUpdate,
    /// The judgement on a presented licence, or on a register's answer.
    Verdict,
}

/// What a code leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The licence or record is good for this use.
    Accept,
    /// A person must look further; nothing may be held against the holder for it.
    Check,
    /// One entry of a list is not taken, the others are.
    EntryRefused,
    /// The program ends with this status.
    Exit(u8),
    /// Nothing is decided by it.
    Info,
    /// The last good trust state stays in use.
    Keep,
    /// The request failed. Its HTTP status is known to the HTTP layer only.
    Problem,
    /// The licence or record is not good for this use.
    Refuse,
    /// Of a new list only withdrawals, suspensions and narrowings apply.
    RestrictionsOnly,
}

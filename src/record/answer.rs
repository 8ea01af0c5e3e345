//! The issuing gateway's answer as evidence: who answered whom, when, and what of it a record
//! rests on. Members that a record has no need of are not read.

use serde::Deserialize;

use super::document::IssuerEntry;
use crate::base::{MemberId, NumericDate};
use crate::crypto::json;
use crate::crypto::jws::{Compact, Typ};
use crate::trust::{ServiceKind, Snapshot};

/// What an answer says.
#[derive(Debug, Deserialize)]
pub(super) struct Answered {
    /// The issuing gateway.
    pub(super) iss: MemberId,
    /// The gateway that asked, for its business.
    pub(super) aud: MemberId,
    /// The instant of use.
    pub(super) iat: NumericDate,
    /// Where the use stands in the issuing gateway's log.
    pub(super) audit: IssuerEntry,
    /// What was given.
    pub(super) result: Given,
}

/// What was given; a member that is absent is not compared.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    /// The credential with its disclosures.
    #[serde(default)]
    pub(super) presentation: Option<String>,
    /// The signed grant.
    #[serde(default)]
    pub(super) grant: Option<String>,
    /// What the holder agreed to.
    #[serde(default)]
    pub(super) transaction_data: Option<String>,
    /// The holder's signature.
    #[serde(default)]
    pub(super) approval: Option<String>,
    /// Which use this was.
    #[serde(default)]
    pub(super) uses: Option<Uses>,
}

/// How often a grant was used, and may be.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Uses {
    /// The number of this use, from 1.
    pub(super) count: u32,
    /// The most.
    #[serde(default)]
    pub(super) max: Option<u32>,
}

impl Answered {
    /// Reads an answer without believing it.
    pub(super) fn unverified(token: &str) -> Option<Self> {
        json::from_slice(Compact::parse(token).ok()?.unverified_payload()).ok()
    }

    /// Reads an answer that the gateway of the member it names did sign.
    pub(super) fn verified(token: &str, snapshot: &Snapshot) -> Option<Self> {
        let claimed = Self::unverified(token)?;
        let compact = Compact::parse(token).ok()?;
        snapshot
            .keys(claimed.iss, ServiceKind::GatewaySigning)
            .find_map(|key| compact.open(key, Typ::Answer).ok())
    }
}

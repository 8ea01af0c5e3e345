//! Scope: for which divisions and licence types a member, and one of its keys, may speak. Denied
//! by default; a narrower scope never widens a broader one.

use serde::{Deserialize, Serialize};

use super::refusal::UpdateRefusal;
use crate::base::Division;

/// What the federation lets a member do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MembershipScope {
    /// Division prefixes of 2, 4 or 6 digits; the longest among all members wins.
    pub territories: Vec<String>,
    /// Codes of the licence types it may issue.
    pub licence_types: Vec<String>,
    /// Words of the kinds of service it may list.
    pub may_vouch_for: Vec<String>,
    /// Most entries that its list may hold.
    pub max_list_entries: u32,
}

/// What a province lets one of its issuers do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceScope {
    /// Division prefixes.
    pub territories: Vec<String>,
    /// Codes of the licence types it signs.
    pub licence_types: Vec<String>,
    /// Codes of the issuing authorities it signs for.
    pub authority_codes: Vec<String>,
}

impl MembershipScope {
    pub(super) fn check(&self) -> Result<(), UpdateRefusal> {
        check_prefixes(&self.territories)
    }

    /// The length of the longest prefix that covers `territory` (a prefix itself), if any does.
    pub(super) fn covers(&self, territory: &str) -> Option<usize> {
        longest(&self.territories, territory)
    }
}

impl ServiceScope {
    pub(super) fn check(&self) -> Result<(), UpdateRefusal> {
        check_prefixes(&self.territories)
    }

    /// Whether a licence of `licence_type` from `division` under `authority_code` lies inside.
    #[must_use]
    pub fn admits(&self, licence_type: &str, division: Division, authority_code: &str) -> bool {
        self.licence_types.iter().any(|known| known == licence_type)
            && longest(&self.territories, division.as_str()).is_some()
            && self.authority_codes.iter().any(|known| known == authority_code)
    }
}

fn longest(prefixes: &[String], territory: &str) -> Option<usize> {
    let covering = prefixes.iter().filter(|prefix| territory.starts_with(prefix.as_str()));
    covering.map(String::len).max()
}

fn check_prefixes(territories: &[String]) -> Result<(), UpdateRefusal> {
    let sound = |prefix: &String| {
        matches!(prefix.len(), 2 | 4 | 6) && prefix.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !territories.is_empty() && territories.iter().all(sound) {
        Ok(())
    } else {
        Err(UpdateRefusal::Malformed)
    }
}

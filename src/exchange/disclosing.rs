//! What travels when a business uses a grant.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of `POST /v1/disclosures` and of `POST /v1/records`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisclosureBody {
    /// The grant, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The claims wanted.
    #[serde(default)]
    pub claims: Vec<String>,
    /// The purpose, when the business states it again; must be the grant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// What the issuing gateway gives, and what proves that it might.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisclosureResult {
    /// The credential with exactly the granted disclosures.
    pub presentation: String,
    /// The claims, by name and value.
    pub claims: Map<String, Value>,
    /// The signed grant.
    pub grant: String,
    /// What the holder signed over.
    pub transaction_data: String,
    /// The holder's signature.
    pub approval: String,
    /// Which use this was.
    pub uses: UseCount,
}

/// How often a grant was used, and may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseCount {
    /// This use's number.
    pub count: u32,
    /// The most.
    pub max: Option<u32>,
}

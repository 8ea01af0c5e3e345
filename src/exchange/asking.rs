//! Who asks, and on what ground: the members of a request that concern people.

use serde::{Deserialize, Serialize};

use crate::base::InspectionRef;
use crate::crypto::Digest;

/// What the asking gateway states of the client it asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerStatement {
    /// The client's role.
    pub role: String,
    /// The client's identifier.
    pub id: String,
    /// SHA-256 of its key's SubjectPublicKeyInfo.
    pub spki_sha256: Digest,
    /// The registrar's statement on it, `elicence-registration+jwt`.
    pub registration: String,
}

/// The ground on which something is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Basis {
    /// A holder's grant, named in the body.
    Grant,
    /// A holder is to be asked.
    Consent,
    /// A holder's grant, named in the body, to file what is given as an e-record.
    Record,
    /// What the client holds in its hand is checked; nothing is disclosed.
    Presented,
    /// A use of the national catalogue.
    Statutory {
        /// The use.
        use_id: String,
        /// The provision stated when the inspection was opened.
        law_ref: String,
        /// The reason stated then.
        reason_code: String,
    },
}

/// The officer behind a statutory request, by pseudonym.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Known to the officer's unit only.
    pub pseudonym: String,
    /// The unit.
    pub unit: String,
    /// The open inspection.
    pub inspection_ref: InspectionRef,
}

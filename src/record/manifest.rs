//! The manifest: every part of a record by name and digest. It says which parts may be taken out
//! later, and tolerates no other change.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::Record;
use crate::crypto::{Digest, SealError, json};

/// Every part of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The parts, by name.
    pub parts: Vec<Part>,
}

/// One part of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its member, or `disclosures/` and a number from 0.
    pub name: String,
    /// SHA-256 of its canonical form (RFC 8785).
    pub sha256: Digest,
    /// Whether it may be taken out later.
    pub redactable: bool,
}

impl Manifest {
    /// The manifest of `record` as it stands, its own manifest and signature left out.
    pub(super) fn over(record: &Record) -> Result<Self, SealError> {
        let document = serde_json::to_value(record).map_err(|_| SealError::Document)?;
        let Value::Object(members) = document else { return Err(SealError::Document) };
        let mut parts = Vec::new();
        for (name, value) in &members {
            if !matches!(name.as_str(), "manifest" | "gateway_signature" | "disclosures") {
                parts.push(Part::of(name.clone(), value, false)?);
            }
        }
        parts.sort_by(|left, right| left.name.cmp(&right.name));
        for (number, disclosure) in record.disclosures.iter().enumerate() {
            parts.push(Part::of(disclosure_name(number), disclosure, true)?);
        }
        Ok(Self { parts })
    }

    /// How many disclosures were taken out of `record` since this manifest was made; `None` when
    /// anything else differs.
    pub(super) fn redacted_in(&self, record: &Record) -> Option<usize> {
        let found = Self::over(record).ok()?;
        let (fixed, disclosures) = self.halves();
        let (found_fixed, found_disclosures) = found.halves();
        let names_are_ours = disclosures
            .iter()
            .enumerate()
            .all(|(number, part)| part.name == disclosure_name(number));
        // What is left must stand in the order in which it was listed.
        let mut listed = disclosures.iter();
        let left_are_listed =
            found_disclosures.iter().all(|found| listed.any(|part| part.sha256 == found.sha256));
        let holds = fixed == found_fixed && names_are_ours && left_are_listed;
        holds.then(|| disclosures.len().saturating_sub(found_disclosures.len()))
    }

    /// The parts that are fixed, and those that may be taken out.
    fn halves(&self) -> (Vec<&Part>, Vec<&Part>) {
        self.parts.iter().partition(|part| !part.redactable)
    }
}

impl Part {
    fn of(name: String, content: &impl Serialize, redactable: bool) -> Result<Self, SealError> {
        let canonical = json::canonical(content).map_err(|_| SealError::Document)?;
        Ok(Self { name, sha256: Digest::of(canonical), redactable })
    }
}

fn disclosure_name(number: usize) -> String {
    format!("disclosures/{number}")
}

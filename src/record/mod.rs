//! The e-record (Article 12): what a business files after a disclosure, verifiable offline and
//! years later with nothing but the pinned root.
//!
//! Making and judging are pure: what is embedded is handed in, and nothing is fetched. A record is
//! of level B with trust and status evidence; it proves no instant of its own existence, and its
//! judgement says so.

mod answer;
mod basis;
mod comparison;
mod document;
mod manifest;
mod refusal;
mod seal;
mod standing;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trust;
mod verdict;
mod verify;

pub use document::{
    Annotation, AuditEvidence, Basis, BasisKind, BasisPart, IssuerEntry, Level, Record, Revocation,
    open,
};
pub use manifest::{Manifest, Part};
pub use refusal::RecordRefusal;
pub use seal::{AnnotationDraft, Parts, seal};
pub use trust::{ProvincialEvidence, TrustEvidence};
pub use verdict::{Attestation, Layers, Proof, Today, Verification};
pub use verify::{VerifyTerms, verify};

/// The media type of an e-record.
pub const MEDIA_TYPE: &str = "application/vnd.elicence.record.v1+json";

//! The lines of the list log: one for each thing that was signed and published, so that whoever is
//! named in one can see whether the signature was theirs.

use serde::{Deserialize, Serialize};

use super::refusal::UpdateRefusal;
use crate::base::{ListId, MemberId, NumericDate};
use crate::crypto::merkle::leaf_hash;
use crate::crypto::{Digest, SealError, json};

/// One line of the list log. Its canonical JSON (RFC 8785) is the data of the Merkle leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum LogLeaf {
    /// A member applied.
    Enrolment {
        /// When it was logged; never before the line above.
        at: NumericDate,
        /// Who applied.
        member: MemberId,
        /// SHA-256 of the bundle.
        sha256: Digest,
        /// SHA-256 of the SubjectPublicKeyInfo of the list key it applied with.
        spki: Digest,
    },
    /// A member's list key stated its successor.
    KeyChange {
        /// When it was logged.
        at: NumericDate,
        /// Whose key changes.
        member: MemberId,
        /// SHA-256 of the successor's SubjectPublicKeyInfo.
        spki: Digest,
    },
    /// A version of a list.
    List {
        /// When it was logged.
        at: NumericDate,
        /// Which list.
        id: ListId,
        /// Its number.
        sequence: u64,
        /// SHA-256 of its payload.
        sha256: Digest,
    },
    /// A root.
    Root {
        /// When it was logged.
        at: NumericDate,
        /// Its number.
        sequence: u64,
        /// SHA-256 of its payload.
        sha256: Digest,
    },
    /// A suspension order.
    Suspension {
        /// When it was logged.
        at: NumericDate,
        /// Whom it stops.
        member: MemberId,
        /// SHA-256 of its payload.
        sha256: Digest,
    },
}

impl LogLeaf {
    /// The line as it is logged.
    pub fn to_line(&self) -> Result<String, SealError> {
        let bytes = json::canonical(self).map_err(|_| SealError::Document)?;
        String::from_utf8(bytes).map_err(|_| SealError::Document)
    }

    /// Reads a line. A log may hold lines of kinds that this program does not know; they are read
    /// as malformed, and count as leaves all the same.
    pub fn parse(line: &str) -> Result<Self, UpdateRefusal> {
        Ok(json::from_slice(line.as_bytes())?)
    }

    /// The Merkle leaf of a line.
    #[must_use]
    pub fn hash(line: &str) -> Digest {
        leaf_hash(line.as_bytes())
    }

    /// When it was logged.
    #[must_use]
    pub const fn at(&self) -> NumericDate {
        match self {
            Self::Enrolment { at, .. }
            | Self::KeyChange { at, .. }
            | Self::List { at, .. }
            | Self::Root { at, .. }
            | Self::Suspension { at, .. } => *at,
        }
    }

    /// The member whose signature stands behind it, or that it stops; the federation list and the
    /// root are everybody's.
    #[must_use]
    pub const fn member(&self) -> Option<MemberId> {
        match self {
            Self::Enrolment { member, .. }
            | Self::KeyChange { member, .. }
            | Self::Suspension { member, .. } => Some(*member),
            Self::List { id: ListId::Province(division), .. } => Some(division.member()),
            Self::List { id: ListId::Federation, .. } | Self::Root { .. } => None,
        }
    }
}

//! The permit: leave to disclose exactly these claims, once.

use std::collections::BTreeMap;

use super::purpose::Purpose;
use crate::base::{GrantId, InspectionRef, Timestamp};
use crate::consent::ConsentMode;
use crate::identity::Role;
use crate::licence::Identifier;

/// The form in which a claim may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Masking {
    /// As a business may see it: of a number the first and the last character.
    Business,
    /// The value itself.
    None,
    /// As an officer compares it with a card: six characters and the last four.
    Officer,
}

/// What a permit rests on, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BasisReference {
    /// A holder's grant.
    Grant {
        /// The grant.
        grant: GrantId,
        /// Whether the data may be kept.
        mode: ConsentMode,
    },
    /// Nothing: public claims only.
    None,
    /// An officer's function.
    Statutory {
        /// The use of the catalogue.
        use_id: String,
        /// The provision.
        law_ref: String,
        /// The inspection.
        inspection: InspectionRef,
        /// The unit.
        unit: String,
        /// The officer's pseudonym.
        officer: String,
        /// When what is shown must be gone.
        view_ends: Timestamp,
    },
}

/// Leave to disclose. Only [`super::decide`] makes one; `disclosure` takes it by value.
#[derive(Debug)]
pub struct Permit {
    pub(super) role: Role,
    pub(super) purpose: Purpose,
    pub(super) basis: BasisReference,
    pub(super) identifier: Identifier,
    pub(super) claims: BTreeMap<&'static str, Masking>,
}

impl Permit {
    /// The role it was given to.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The purpose.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What it rests on.
    #[must_use]
    pub const fn basis(&self) -> &BasisReference {
        &self.basis
    }

    /// The licence it is about.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// The claims, each with its form; no other may leave.
    #[must_use]
    pub const fn claims(&self) -> &BTreeMap<&'static str, Masking> {
        &self.claims
    }
}

//! The rule: for every role, purpose, class of claim and kind of basis, which column of the field
//! table governs. Whatever is not written here is denied.

use super::permit::Masking;
use super::purpose::Purpose;
use crate::identity::Role;
use crate::licence::{BusinessDisclosure, DisclosureClass, Field, PoliceDisclosure};

/// What a disclosure rests on, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BasisKind {
    /// The holder's grant.
    Holder,
    /// Nothing.
    None,
    /// An officer's function.
    Statutory,
}

impl BasisKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Holder, Self::None, Self::Statutory];
}

/// Which column of the field table governs a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// What a business may be shown.
    Business,
    /// None: the claim stays where it is.
    Deny,
    /// Masked whatever the columns say, where they would show it at all: it passes through the
    /// hands of a channel.
    Masked,
    /// What police may be shown.
    Officer,
}

/// The rule for a claim of `class`.
#[must_use]
pub const fn rule(role: Role, purpose: Purpose, class: DisclosureClass, basis: BasisKind) -> Rule {
    use DisclosureClass as Class;
    match (role, purpose, class, basis) {
        // Public claims, to whoever has such a use of licences at all.
        (
            Role::Enforcement,
            Purpose::RoadsideCheck | Purpose::OffSiteEnforcement,
            Class::Public,
            BasisKind::None | BasisKind::Statutory,
        )
        | (
            Role::TransportAuthority,
            Purpose::OffSiteEnforcement | Purpose::GovService,
            Class::Public,
            BasisKind::None,
        )
        | (
            Role::Business | Role::Intermediary,
            Purpose::CargoContracting
            | Purpose::EmploymentCheck
            | Purpose::Insurance
            | Purpose::SafetyFile,
            Class::Public,
            BasisKind::None,
        )
        | (Role::Channel, Purpose::RoadsideCheck, Class::Public, BasisKind::Statutory)
        | (
            Role::Channel,
            Purpose::RoadsideCheck | Purpose::SelfView,
            Class::Public,
            BasisKind::None,
        )
        // Under the holder's grant. No class above personal where the purpose can do without.
        | (Role::TransportAuthority, Purpose::GovService, _, BasisKind::Holder)
        | (
            Role::Business | Role::Intermediary,
            Purpose::EmploymentCheck | Purpose::SafetyFile,
            _,
            BasisKind::Holder,
        )
        | (
            Role::Business | Role::Intermediary,
            Purpose::CargoContracting | Purpose::Insurance,
            Class::Public | Class::Internal | Class::Commercial | Class::Personal,
            BasisKind::Holder,
        )
        | (
            Role::Channel,
            Purpose::SelfView,
            Class::Public | Class::Internal | Class::Commercial,
            BasisKind::Holder,
        ) => Rule::Business,
        // Under an officer's mandate.
        (
            Role::Enforcement,
            Purpose::RoadsideCheck | Purpose::OffSiteEnforcement,
            Class::Internal | Class::Commercial | Class::Personal | Class::Sensitive,
            BasisKind::Statutory,
        )
        | (
            Role::Channel,
            Purpose::RoadsideCheck,
            Class::Internal | Class::Commercial,
            BasisKind::Statutory,
        ) => Rule::Officer,
        (Role::Channel, Purpose::RoadsideCheck, _, BasisKind::Statutory)
        | (Role::Channel, Purpose::SelfView, _, BasisKind::Holder) => Rule::Masked,
        _ => Rule::Deny,
    }
}

/// Whether a claim stands alone: in its grant, or in what an officer named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Singled {
    /// It was singled out.
    Out,
    /// It came with others.
    Together,
}

impl Rule {
    /// The form in which `row` may be shown, or `None` when it may not.
    pub(super) const fn masking(self, row: &Field, singled: Singled) -> Option<Masking> {
        match self {
            Self::Deny => None,
            Self::Business => match (row.business(), singled) {
                (BusinessDisclosure::Yes | BusinessDisclosure::Consent, _)
                | (BusinessDisclosure::ConsentSeparate, Singled::Out) => Some(Masking::None),
                (BusinessDisclosure::ConsentMasked, _) => Some(Masking::Business),
                (BusinessDisclosure::No, _)
                | (BusinessDisclosure::ConsentSeparate, Singled::Together) => None,
            },
            Self::Officer => match (row.police(), singled) {
                (PoliceDisclosure::Yes, _) | (PoliceDisclosure::PersonCheckOnly, Singled::Out) => {
                    Some(Masking::None)
                }
                (PoliceDisclosure::Masked, _) => Some(Masking::Officer),
                (PoliceDisclosure::No, _)
                | (PoliceDisclosure::PersonCheckOnly, Singled::Together) => None,
            },
            Self::Masked => match row.police() {
                PoliceDisclosure::Yes | PoliceDisclosure::Masked => Some(Masking::Business),
                PoliceDisclosure::No | PoliceDisclosure::PersonCheckOnly => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_claim_that_is_not_public_without_a_basis() {
        for role in Role::ALL {
            for purpose in Purpose::ALL {
                for class in DisclosureClass::ALL {
                    let found = rule(role, purpose, class, BasisKind::None);
                    let open = class == DisclosureClass::Public;
                    assert!(open || found == Rule::Deny, "{role:?} {purpose} {class:?}");
                }
            }
        }
    }

    #[test]
    fn only_officers_use_mandates_and_only_grantees_use_grants() {
        for purpose in Purpose::ALL {
            for class in DisclosureClass::ALL {
                for role in [Role::Business, Role::Intermediary, Role::TransportAuthority] {
                    assert_eq!(rule(role, purpose, class, BasisKind::Statutory), Rule::Deny);
                }
                assert_eq!(rule(Role::Enforcement, purpose, class, BasisKind::Holder), Rule::Deny);
            }
        }
    }

    #[test]
    fn statistics_and_the_machinery_of_the_gateway_see_no_claim() {
        for basis in BasisKind::ALL {
            for class in DisclosureClass::ALL {
                for purpose in Purpose::ALL {
                    for role in [Role::Auditor, Role::Operator, Role::Register] {
                        assert_eq!(rule(role, purpose, class, basis), Rule::Deny);
                    }
                }
                for role in Role::ALL {
                    let found = rule(role, Purpose::SupervisionStatistics, class, basis);
                    assert_eq!(found, Rule::Deny);
                }
            }
        }
    }
}

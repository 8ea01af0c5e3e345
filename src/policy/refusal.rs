//! Why no permit, and why no mandate.

use crate::base::Code;

/// Why a disclosure is not permitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// Claims beyond what basis, purpose and role together allow.
    #[error("claims beyond what is allowed: {}", claims.join(", "))]
    ClaimsNotGranted {
        /// Those that are too many; none when everything was asked for at once.
        claims: Vec<String>,
    },
    /// A claim that takes a holder's grant, and there is none.
    #[error("a grant is needed for this")]
    GrantRequired,
    /// A claim that takes an officer's mandate, and there is none.
    #[error("a statutory use and an open inspection are needed for this")]
    LegalBasisRequired,
    /// The grant is for another licence.
    #[error("the grant is for another licence")]
    OtherLicence,
    /// The basis is for another purpose.
    #[error("the basis is for another purpose")]
    PurposeMismatch,
    /// The role has no such use of licences.
    #[error("the role has no such use of licences")]
    RoleNotAllowed,
    /// A government service that is not named.
    #[error("the service item and the business number are missing")]
    ServiceItemMissing,
    /// There is no such purpose.
    #[error("there is no such purpose")]
    UnknownPurpose,
}

impl PolicyRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::ClaimsNotGranted { .. } => Code::ClaimsNotGranted,
            Self::GrantRequired | Self::OtherLicence => Code::GrantRequired,
            Self::LegalBasisRequired => Code::LegalBasisRequired,
            Self::PurposeMismatch => Code::GrantPurposeMismatch,
            Self::RoleNotAllowed => Code::RoleNotAllowed,
            Self::ServiceItemMissing => Code::ValidationFailed,
            Self::UnknownPurpose => Code::UnknownPurpose,
        }
    }
}

/// Why a statutory function gives no mandate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MandateRefusal {
    /// The inspection is closed, has ended or has not begun.
    #[error("the inspection is not open")]
    InspectionNotOpen,
    /// A member of the question is missing or wrong.
    #[error("{pointer} is missing or wrong")]
    Invalid {
        /// The member (RFC 6901).
        pointer: &'static str,
    },
    /// The inspection rests on another provision than the use.
    #[error("the inspection rests on another provision")]
    OtherProvision,
    /// The catalogue names a purpose that is none of ours.
    #[error("there is no such purpose")]
    UnknownPurpose,
    /// The national catalogue has no such use.
    #[error("the national catalogue has no such use")]
    UseNotInCatalogue,
    /// The province has not registered the use for this unit and this way of asking.
    #[error("the use is not registered for this unit and this way of asking")]
    UseNotRegistered,
}

impl MandateRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::InspectionNotOpen | Self::OtherProvision => Code::LegalBasisRequired,
            Self::Invalid { .. } => Code::ValidationFailed,
            Self::UnknownPurpose => Code::UnknownPurpose,
            Self::UseNotInCatalogue | Self::UseNotRegistered => Code::IntendedUseNotRegistered,
        }
    }
}

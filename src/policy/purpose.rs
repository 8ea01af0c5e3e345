//! The purposes for which a licence may be looked at. There is no other.

use std::fmt;
use std::str::FromStr;

use super::refusal::PolicyRefusal;
use crate::consent::PurposeCode;

/// A purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Contracting a carrier.
    CargoContracting,
    /// Employing a driver.
    EmploymentCheck,
    /// A government service (Article 6).
    GovService,
    /// Insuring a vehicle or an enterprise.
    Insurance,
    /// Enforcement away from the road.
    OffSiteEnforcement,
    /// A check at the roadside.
    RoadsideCheck,
    /// The safety file an enterprise must keep.
    SafetyFile,
    /// The holder looking at what is the holder's own.
    SelfView,
    /// Counts for supervision; no claim of any licence.
    SupervisionStatistics,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 9] = [
        Self::CargoContracting,
        Self::EmploymentCheck,
        Self::GovService,
        Self::Insurance,
        Self::OffSiteEnforcement,
        Self::RoadsideCheck,
        Self::SafetyFile,
        Self::SelfView,
        Self::SupervisionStatistics,
    ];

    /// The code, as grants and requests write it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CargoContracting => "cargo-contracting",
            Self::EmploymentCheck => "employment-check",
            Self::GovService => "gov-service",
            Self::Insurance => "insurance",
            Self::OffSiteEnforcement => "off-site-enforcement",
            Self::RoadsideCheck => "roadside-check",
            Self::SafetyFile => "safety-file",
            Self::SelfView => "self-view",
            Self::SupervisionStatistics => "supervision-statistics",
        }
    }

    /// Whether a use for it must name a service item and a business number.
    #[must_use]
    pub const fn needs_service_item(self) -> bool {
        matches!(self, Self::GovService)
    }

    /// How many days what is disclosed for it may be kept at most; 0 where it is only looked at.
    #[must_use]
    pub const fn longest_data_life_days(self) -> u64 {
        match self {
            Self::RoadsideCheck
            | Self::OffSiteEnforcement
            | Self::SelfView
            | Self::SupervisionStatistics => 0,
            Self::CargoContracting => 6 * LONGEST_MONTH,
            Self::EmploymentCheck | Self::GovService | Self::Insurance => LONGEST_YEAR,
            Self::SafetyFile => 3 * LONGEST_YEAR,
        }
    }
}

impl FromStr for Purpose {
    type Err = PolicyRefusal;

    fn from_str(code: &str) -> Result<Self, PolicyRefusal> {
        let known = Self::ALL.into_iter().find(|purpose| purpose.code() == code);
        known.ok_or(PolicyRefusal::UnknownPurpose)
    }
}

impl TryFrom<&PurposeCode> for Purpose {
    type Error = PolicyRefusal;

    fn try_from(code: &PurposeCode) -> Result<Self, PolicyRefusal> {
        code.as_str().parse()
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

const LONGEST_MONTH: u64 = 31;
const LONGEST_YEAR: u64 = 366;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Code;

    #[test]
    fn purposes_are_the_nine_and_no_other() {
        for purpose in Purpose::ALL {
            assert_eq!(purpose.code().parse(), Ok(purpose));
            assert!(purpose.code().parse::<PurposeCode>().is_ok());
        }
        for code in ["", "police_check", "Roadside-check", "roadside-check ", "any", "*"] {
            let refusal = code.parse::<Purpose>().unwrap_err();
            assert_eq!(refusal.code(), Code::UnknownPurpose, "{code}");
        }
    }
}

//! The status of a licence: one vocabulary, and how the three code systems of the field map to it.
//!
//! A status lives in registers and status lists; it is never a claim of a licence.

use serde::{Deserialize, Serialize};

/// What an issuer says a licence is worth today.
///
/// 吊销, 撤销 and 注销 are different acts of law and stay apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenceStatus {
    /// 有效: in force.
    Valid,
    /// 暂扣: seized for a time.
    Suspended,
    /// 已过期: past its end.
    Expired,
    /// 已换发: replaced by a newer licence.
    Superseded,
    /// 注销: taken off the register.
    Cancelled,
    /// 撤销: taken back because it was wrongly granted.
    Withdrawn,
    /// 吊销: taken away as a punishment.
    Revoked,
    /// 办理转出: moved to another authority.
    TransferredOut,
    /// 无效: not in force, for another reason.
    Invalid,
    /// A code that maps to nothing. It does not mean "not licensed".
    Unknown,
}

impl LicenceStatus {
    /// Every status.
    pub const ALL: [Self; 10] = [
        Self::Valid,
        Self::Suspended,
        Self::Expired,
        Self::Superseded,
        Self::Cancelled,
        Self::Withdrawn,
        Self::Revoked,
        Self::TransferredOut,
        Self::Invalid,
        Self::Unknown,
    ];

    /// The canonical token, as JSON writes it.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::TransferredOut => "transferred_out",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
        }
    }

    /// The status with this canonical token.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.token() == token)
    }

    /// Reads a code of one of the field's code systems; what maps to nothing is `Unknown`.
    #[must_use]
    pub fn from_code(scheme: StatusScheme, code: &str) -> Self {
        match scheme {
            StatusScheme::ConstructionELicence => from_construction_code(code),
            StatusScheme::JtT415 => from_jtt415_code(code),
            StatusScheme::TransportELicence => from_transport_code(code),
        }
    }

    /// Whether a licence of this status is recognised; only a valid one is.
    #[must_use]
    pub const fn recognised(self) -> bool {
        matches!(self, Self::Valid)
    }
}

/// A code system for statuses in use in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StatusScheme {
    /// Two digits, as construction e-licences write them.
    #[serde(rename = "construction-e-licence")]
    ConstructionELicence,
    /// One digit (JT/T 415-2006, 5.5.2).
    #[serde(rename = "jtt-415")]
    JtT415,
    /// Two digits, as transport e-licences write them.
    #[serde(rename = "transport-e-licence")]
    TransportELicence,
}

fn from_jtt415_code(code: &str) -> LicenceStatus {
    match code {
        "1" => LicenceStatus::Valid,
        "2" => LicenceStatus::Invalid,
        _ => LicenceStatus::Unknown,
    }
}

fn from_transport_code(code: &str) -> LicenceStatus {
    match code {
        "10" => LicenceStatus::Valid,
        "01" => LicenceStatus::Superseded,
        "02" => LicenceStatus::Expired,
        "03" => LicenceStatus::Cancelled,
        "04" => LicenceStatus::Withdrawn,
        "05" => LicenceStatus::Revoked,
        "09" => LicenceStatus::Invalid,
        _ => LicenceStatus::Unknown,
    }
}

fn from_construction_code(code: &str) -> LicenceStatus {
    match code {
        "01" => LicenceStatus::Valid,
        "02" => LicenceStatus::Suspended,
        "03" => LicenceStatus::Withdrawn,
        "04" => LicenceStatus::Cancelled,
        "05" => LicenceStatus::Expired,
        "06" => LicenceStatus::TransferredOut,
        "07" => LicenceStatus::Revoked,
        "99" => LicenceStatus::Invalid,
        _ => LicenceStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_means_different_things_in_different_schemes() {
        let read = LicenceStatus::from_code;
        assert_eq!(read(StatusScheme::TransportELicence, "01"), LicenceStatus::Superseded);
        assert_eq!(read(StatusScheme::ConstructionELicence, "01"), LicenceStatus::Valid);
        assert_eq!(read(StatusScheme::JtT415, "01"), LicenceStatus::Unknown);
        assert_eq!(read(StatusScheme::TransportELicence, "04"), LicenceStatus::Withdrawn);
        assert_eq!(read(StatusScheme::ConstructionELicence, "04"), LicenceStatus::Cancelled);
    }

    #[test]
    fn unmapped_codes_are_unknown_and_only_valid_is_recognised() {
        for scheme in [
            StatusScheme::ConstructionELicence,
            StatusScheme::JtT415,
            StatusScheme::TransportELicence,
        ] {
            for code in ["", "0", "3", "08", "11", "valid", " 1", "10 "] {
                assert_eq!(LicenceStatus::from_code(scheme, code), LicenceStatus::Unknown);
            }
        }
        assert!(LicenceStatus::ALL.iter().filter(|status| status.recognised()).count() == 1);
        assert!(LicenceStatus::Valid.recognised());
    }

    #[test]
    fn tokens_are_what_json_writes() {
        for status in LicenceStatus::ALL {
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, format!("\"{}\"", status.token()));
            assert_eq!(LicenceStatus::from_token(status.token()), Some(status));
        }
        assert_eq!(LicenceStatus::from_token("Valid"), None);
    }
}

//! A record of the register, and the proof that the register was asked.

use serde::{Deserialize, Serialize};

use crate::base::{Code, Timestamp};
use crate::licence::{Carrier, LicenceDocument, LicenceStatus};

/// What the register holds of one version of one licence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The claims, identifier, validity and version among them.
    pub document: LicenceDocument,
    /// What the licence is worth today.
    pub status: LicenceStatus,
    /// What it is written on; paper and cards are looked up like electronic licences.
    pub carrier: Carrier,
    /// Its place in the province's status list; paper and cards have none.
    pub status_index: Option<u64>,
    /// When the register last changed it.
    pub updated: Timestamp,
}

/// A record as the register answered it at one instant. Only [`recall`] makes one.
#[derive(Debug)]
pub struct Recorded {
    record: Record,
    code: Code,
    as_of: Timestamp,
}

/// Answers with `record` at `now`.
///
/// The end is judged before the status: a licence past it has expired, whatever was noted about
/// it. The start is judged after: what was taken away before it began is told as such.
#[must_use]
pub fn recall(record: Record, now: Timestamp) -> Recorded {
    let document = &record.document;
    let code = if now >= document.valid_to().end() {
        Code::LicenceExpired
    } else if now < document.valid_from().start() && record.status.recognised() {
        Code::LicenceNotYetValid
    } else {
        status_code(record.status)
    };
    Recorded { record, code, as_of: now }
}

impl Recorded {
    /// The record.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// The register's answer: `register.valid`, or why the licence is not in force.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// When it was answered.
    #[must_use]
    pub const fn as_of(&self) -> Timestamp {
        self.as_of
    }
}

const fn status_code(status: LicenceStatus) -> Code {
    match status {
        LicenceStatus::Cancelled => Code::LicenceCancelled,
        LicenceStatus::Expired => Code::LicenceExpired,
        LicenceStatus::Invalid => Code::LicenceInvalid,
        LicenceStatus::Revoked => Code::LicenceRevoked,
        LicenceStatus::Superseded => Code::LicenceSuperseded,
        LicenceStatus::Suspended => Code::LicenceSuspended,
        LicenceStatus::TransferredOut => Code::LicenceTransferredOut,
        LicenceStatus::Unknown => Code::LicenceStatusUnknown,
        LicenceStatus::Valid => Code::RegisterValid,
        LicenceStatus::Withdrawn => Code::LicenceWithdrawn,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::licence::LicenceType;

    pub(crate) const IN_2026: Timestamp = Timestamp::from_unix_seconds(1_780_000_000);

    /// A synthetic vehicle certificate of a company.
    pub(crate) fn vehicle() -> Record {
        record(
            LicenceType::VehicleCertificate,
            &json!({
                "certificateIdentifier":
                    "1.2.156.3005.2.11100000000019713D013.111200000001234561.000000000001.001.Y",
                "certificateTypeCode": "11100000000019713D013",
                "certificateNumber": "120000000001",
                "issuingDivision": "120000",
                "issuingAuthorityCode": "111200000001234561",
                "validFrom": "20260101",
                "validTo": "20291231",
                "version": "001",
                "plateNumber": "津A12345",
                "ownerName": "示例运输有限公司",
                "holderName": "示例运输有限公司",
                "holderCode": "91120000MA0000001X",
                "holderCodeType": "001",
                "technicalGrade": "1",
            }),
        )
    }

    /// A synthetic driver's qualification.
    pub(crate) fn driver() -> Record {
        record(
            LicenceType::PractitionerQualification,
            &json!({
                "certificateIdentifier":
                    "1.2.156.3005.2.11100000000019713D071.111200000001234561.000000000001.001.I",
                "certificateTypeCode": "11100000000019713D071",
                "issuingDivision": "120000",
                "issuingAuthorityCode": "111200000001234561",
                "validFrom": "20260101",
                "validTo": "20291231",
                "version": "001",
                "holderName": "张三",
                "holderCode": "11010519491231002X",
                "holderCodeType": "111",
                "name": "张三",
                "gender": "1",
                "birthDate": "19491231",
                "photo": "AAAA",
                "qualificationNumber": "11010519491231002X",
                "qualificationCategoryCode": "10001",
            }),
        )
    }

    fn record(licence_type: LicenceType, claims: &Value) -> Record {
        let claims = claims.as_object().unwrap().clone();
        Record {
            document: LicenceDocument::new(licence_type, claims).unwrap(),
            status: LicenceStatus::Valid,
            carrier: Carrier::Electronic,
            status_index: Some(412),
            updated: IN_2026,
        }
    }

    #[test]
    fn only_a_valid_licence_within_its_dates_is_in_force() {
        for status in LicenceStatus::ALL {
            let answer = recall(Record { status, ..vehicle() }, IN_2026);
            assert_eq!(answer.code() == Code::RegisterValid, status == LicenceStatus::Valid);
            let expired = recall(Record { status, ..vehicle() }, IN_2026 + FIVE_YEARS);
            assert_eq!(expired.code(), Code::LicenceExpired, "the date comes first");
        }
    }

    #[test]
    fn the_last_day_counts_to_its_end_in_china() {
        let end = vehicle().document.valid_to().end();
        let second = std::time::Duration::from_secs(1);
        assert_eq!(recall(vehicle(), end - second).code(), Code::RegisterValid);
        assert_eq!(recall(vehicle(), end).code(), Code::LicenceExpired);
        let start = vehicle().document.valid_from().start();
        assert_eq!(recall(vehicle(), start - second).code(), Code::LicenceNotYetValid);
        assert_eq!(recall(vehicle(), start).code(), Code::RegisterValid);
    }

    #[test]
    fn a_revocation_before_the_start_is_told_as_such() {
        let record = Record { status: LicenceStatus::Revoked, ..vehicle() };
        let early = Timestamp::from_unix_seconds(1_700_000_000);
        assert_eq!(recall(record, early).code(), Code::LicenceRevoked);
    }

    #[test]
    fn a_record_with_an_unknown_member_is_not_read() {
        let mut json = serde_json::to_value(vehicle()).unwrap();
        assert_eq!(serde_json::from_value::<Record>(json.clone()).unwrap(), vehicle());
        json["state"] = json!("valid");
        assert!(serde_json::from_value::<Record>(json).is_err());
    }

    const FIVE_YEARS: std::time::Duration = std::time::Duration::from_hours(5 * 366 * 24);
}

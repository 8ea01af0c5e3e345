//! Small published code tables: conditions of operators and vehicles, holders' numbers, carriers.
//!
//! None of these conditions is a licence's status; each is an axis of its own and is never folded
//! into it.

use serde::{Deserialize, Serialize};

use super::textual::coded_enum;

coded_enum! {
    /// The condition of an operator's business (JT/T 415-2006, 5.3.1).
    OperatorStatus {
        Operating = "1", "营业", "operating";
        Closed = "2", "停业", "closed";
        Rectification = "3", "整改", "rectification";
        SuspendedForRectification = "4", "停业整顿", "suspended for rectification";
        Dormant = "5", "歇业", "dormant";
        Deregistered = "6", "注销", "deregistered";
        Other = "9", "其他", "other";
    }
}

impl OperatorStatus {
    /// Reads a code as the field writes it: one system stores `7` for "other", which counts as a
    /// defect of data but is understood.
    #[must_use]
    pub fn from_field_code(code: &str) -> Option<Self> {
        if code == "7" { Some(Self::Other) } else { Self::from_code(code) }
    }

    /// Whether the operator is in business.
    #[must_use]
    pub const fn is_operating(self) -> bool {
        matches!(self, Self::Operating)
    }
}

coded_enum! {
    /// The condition of a vehicle in service (JT/T 415-2006, 5.4.6).
    VehicleStatus {
        InService = "10", "营运", "in service";
        OutOfService = "21", "停运", "out of service";
        ReportedLost = "22", "挂失", "reported lost";
        OwnerChanged = "31", "迁出(过户)", "moved out (ownership)";
        RegistrationMoved = "32", "迁出(转籍)", "moved out (registration)";
        Scrapped = "33", "报废", "scrapped";
        Dormant = "34", "歇业", "dormant";
        Cancelled = "80", "注销", "cancelled";
        Other = "90", "其他", "other";
    }
}

impl VehicleStatus {
    /// Whether a vehicle in this condition may carry for hire.
    #[must_use]
    pub const fn may_operate(self) -> bool {
        matches!(self, Self::InService)
    }
}

coded_enum! {
    /// The result of a vehicle's annual review (年度审验).
    AnnualReview {
        NotReviewed = "0", "未年审", "not reviewed";
        Passed = "1", "年审合格", "passed";
        Failed = "2", "年审不合格", "failed";
    }
}

coded_enum! {
    /// The technical grade of a vehicle.
    TechnicalGrade {
        NotGraded = "0", "未评定", "not graded";
        First = "1", "一级", "grade 1";
        Second = "2", "二级", "grade 2";
        Failed = "9", "不合格", "failed";
    }
}

coded_enum! {
    /// Why a licence was issued.
    IssueReason {
        FirstIssue = "1", "初领", "first issue";
        Lost = "2", "证照丢失", "lost";
        Damaged = "3", "证照污损", "damaged";
        OperatingStatusChanged = "4", "经营状态变更", "operating status change";
        InformationChanged = "5", "证照信息变更", "information change";
        Expired = "6", "证照到期", "expiry";
        Redesigned = "7", "证照改版", "redesign";
        Other = "9", "其他", "other";
    }
}

coded_enum! {
    /// Which kind of number a holder is known by (GB/T 36903).
    HolderCodeType {
        SocialCreditCode = "001", "统一社会信用代码", "unified social credit code";
        OtherOrganisation = "099", "其它法人与其它组织有效证件代码", "other legal-person code";
        CitizenId = "111", "公民身份证号码", "citizen identity number";
        ArmyOfficer = "114", "中国人民解放军军官证编号", "PLA officer card";
        ArmedPoliceOfficer = "115", "中国人民武装警察部队警官证编号", "PAP officer card";
        ArmySoldier = "118", "中国人民解放军士兵证编号", "PLA soldier card";
        ArmedPoliceSoldier = "119", "中国人民武装警察部队士兵证编号", "PAP soldier card";
        ArmyCivilian = "120", "中国人民解放军文职人员证编号", "PLA civilian card";
        ArmedPoliceCivilian = "122", "中国人民武装警察部队文职人员证编号", "PAP civilian card";
        DiplomaticPassport = "411", "外交护照", "diplomatic passport";
        ServicePassport = "412", "公务护照", "service passport";
        PublicAffairsPassport = "413", "公务普通护照", "public affairs passport";
        OrdinaryPassport = "414", "普通护照", "ordinary passport";
        TaiwanPermit = "511", "台湾居民来往大陆通行证", "mainland travel permit (Taiwan)";
        HongKongMacaoPermit = "516", "港澳居民来往内地通行证", "mainland travel permit (HK/Macao)";
        OtherPerson = "999", "其它自然人有效证件", "other natural-person id";
    }
}

impl HolderCodeType {
    /// Whether such a number belongs to an organisation or to a natural person.
    #[must_use]
    pub const fn holder_kind(self) -> HolderKind {
        match self {
            Self::SocialCreditCode | Self::OtherOrganisation => HolderKind::Company,
            _ => HolderKind::Person,
        }
    }
}

/// Who holds a licence. Where it is not known, the holder is taken for a person, whose data are
/// better protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HolderKind {
    /// A legal person or another organisation.
    Company,
    /// A natural person.
    Person,
}

/// What a licence is written on. Unexpired paper and cards stay recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// A signed electronic licence.
    Electronic,
    /// A card with a chip.
    IcCard,
    /// A printed licence.
    Paper,
}

/// The code is not in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code is not in its table")]
pub struct UnknownCode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for status in VehicleStatus::ALL {
            assert_eq!(VehicleStatus::from_code(status.code()), Some(*status));
        }
        for kind in HolderCodeType::ALL {
            let json = serde_json::to_string(kind).unwrap();
            assert_eq!(serde_json::from_str::<HolderCodeType>(&json).unwrap(), *kind);
        }
        assert_eq!(serde_json::to_string(&Carrier::IcCard).unwrap(), "\"ic_card\"");
    }

    #[test]
    fn unknown_codes_name_nothing() {
        for code in ["", "0", "01", "7", " 1", "１"] {
            assert_eq!(OperatorStatus::from_code(code), None, "{code:?}");
        }
        assert_eq!(OperatorStatus::from_field_code("7"), Some(OperatorStatus::Other));
        assert_eq!(OperatorStatus::from_field_code("8"), None);
        assert!(serde_json::from_str::<HolderCodeType>("1").is_err());
        assert!(serde_json::from_str::<Carrier>("\"Paper\"").is_err());
    }

    #[test]
    fn only_a_vehicle_in_service_may_operate() {
        let may: Vec<_> = VehicleStatus::ALL.iter().filter(|status| status.may_operate()).collect();
        assert_eq!(may, [&VehicleStatus::InService]);
    }

    #[test]
    fn only_two_kinds_of_number_belong_to_companies() {
        let companies =
            HolderCodeType::ALL.iter().filter(|kind| kind.holder_kind() == HolderKind::Company);
        assert!(companies.map(|kind| kind.code()).eq(["001", "099"]));
    }
}

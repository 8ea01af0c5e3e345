//! The eleven kinds of licence this gateway recognises, and the tokens by which they are named.
//!
//! Nine road-transport licences in three classes, the electronic road pass, and the exit-entry
//! card for Hong Kong and Macao. How long any of them is valid is read from it, never known here.

use std::fmt;
use std::str::FromStr;

use super::textual::textual_serde;

/// A kind of licence.
///
/// Its token is the 21-character type code (GB/T 36904) or, where the ministry gave none, `TP` or
/// `TC`; the same token stands in `vct`, in scopes and in `datatypes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LicenceType {
    /// 道路运输经营许可证, the permit to operate road transport.
    OperatingPermit,
    /// 道路危险货物运输许可证, the permit to carry dangerous goods.
    DangerousGoodsPermit,
    /// 网络预约出租汽车经营许可证, the permit to operate ride-hailing.
    RideHailingPermit,
    /// 放射性物品道路运输许可证, the permit to carry radioactive goods.
    RadioactiveGoodsPermit,
    /// 道路运输证, the certificate of a vehicle in road transport.
    VehicleCertificate,
    /// 网络预约出租汽车运输证, the certificate of a ride-hailing vehicle.
    RideHailingVehicleCertificate,
    /// 道路运输从业人员从业资格证, the qualification of a practitioner.
    PractitionerQualification,
    /// 巡游出租汽车驾驶员证, the licence of a cruising taxi driver.
    TaxiDriverLicence,
    /// 网络预约出租汽车驾驶员证, the licence of a ride-hailing driver.
    RideHailingDriverLicence,
    /// 电子通行证, the electronic road pass.
    RoadPass,
    /// 往来港澳通行证, the exit-entry permit for Hong Kong and Macao.
    HongKongMacaoCard,
}

impl LicenceType {
    /// Every kind, in the order of the catalogue.
    pub const ALL: [Self; 11] = [
        Self::OperatingPermit,
        Self::DangerousGoodsPermit,
        Self::RideHailingPermit,
        Self::RadioactiveGoodsPermit,
        Self::VehicleCertificate,
        Self::RideHailingVehicleCertificate,
        Self::PractitionerQualification,
        Self::TaxiDriverLicence,
        Self::RideHailingDriverLicence,
        Self::RoadPass,
        Self::HongKongMacaoCard,
    ];

    /// The token: 21 characters, `TP` or `TC`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OperatingPermit => "11100000000019713D008",
            Self::DangerousGoodsPermit => "11100000000019713D016",
            Self::RideHailingPermit => "11100000000019713D074",
            Self::RadioactiveGoodsPermit => "11100000000019713D079",
            Self::VehicleCertificate => "11100000000019713D013",
            Self::RideHailingVehicleCertificate => "11100000000019713D073",
            Self::PractitionerQualification => "11100000000019713D071",
            Self::TaxiDriverLicence => "11100000000019713D075",
            Self::RideHailingDriverLicence => "11100000000019713D072",
            Self::RoadPass => "TP",
            Self::HongKongMacaoCard => "TC",
        }
    }

    /// The kind with this token.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The credential type, `urn:elicence:vct:<token>:1`.
    #[must_use]
    pub fn vct(self) -> String {
        format!("{VCT_PREFIX}{}{VCT_SUFFIX}", self.code())
    }

    /// The kind a credential type names.
    #[must_use]
    pub fn from_vct(vct: &str) -> Option<Self> {
        Self::from_code(vct.strip_prefix(VCT_PREFIX)?.strip_suffix(VCT_SUFFIX)?)
    }

    /// The class, which decides the fields a licence of this kind has.
    #[must_use]
    pub const fn class(self) -> LicenceClass {
        match self {
            Self::OperatingPermit
            | Self::DangerousGoodsPermit
            | Self::RideHailingPermit
            | Self::RadioactiveGoodsPermit => LicenceClass::OperatingPermit,
            Self::VehicleCertificate | Self::RideHailingVehicleCertificate => {
                LicenceClass::VehicleCertificate
            }
            Self::PractitionerQualification
            | Self::TaxiDriverLicence
            | Self::RideHailingDriverLicence => LicenceClass::PractitionerQualification,
            Self::RoadPass => LicenceClass::RoadPass,
            Self::HongKongMacaoCard => LicenceClass::HongKongMacaoCard,
        }
    }

    /// Whom or what a licence of this kind speaks of.
    #[must_use]
    pub const fn subject(self) -> LicenceSubject {
        match self.class() {
            LicenceClass::OperatingPermit => LicenceSubject::Enterprise,
            LicenceClass::VehicleCertificate | LicenceClass::RoadPass => LicenceSubject::Vehicle,
            LicenceClass::PractitionerQualification | LicenceClass::HongKongMacaoCard => {
                LicenceSubject::Person
            }
        }
    }

    /// The name in Chinese.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::OperatingPermit => "道路运输经营许可证",
            Self::DangerousGoodsPermit => "道路危险货物运输许可证",
            Self::RideHailingPermit => "网络预约出租汽车经营许可证",
            Self::RadioactiveGoodsPermit => "放射性物品道路运输许可证",
            Self::VehicleCertificate => "道路运输证",
            Self::RideHailingVehicleCertificate => "网络预约出租汽车运输证",
            Self::PractitionerQualification => "道路运输从业人员从业资格证",
            Self::TaxiDriverLicence => "巡游出租汽车驾驶员证",
            Self::RideHailingDriverLicence => "网络预约出租汽车驾驶员证",
            Self::RoadPass => "电子通行证",
            Self::HongKongMacaoCard => "往来港澳通行证",
        }
    }

    /// The name in English.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::OperatingPermit => "Road transport operating permit",
            Self::DangerousGoodsPermit => "Dangerous goods road transport permit",
            Self::RideHailingPermit => "Ride-hailing operating permit",
            Self::RadioactiveGoodsPermit => "Radioactive goods road transport permit",
            Self::VehicleCertificate => "Road transport certificate (vehicle)",
            Self::RideHailingVehicleCertificate => "Ride-hailing vehicle certificate",
            Self::PractitionerQualification => "Road transport practitioner qualification",
            Self::TaxiDriverLicence => "Cruising taxi driver licence",
            Self::RideHailingDriverLicence => "Ride-hailing driver licence",
            Self::RoadPass => "Electronic road pass",
            Self::HongKongMacaoCard => {
                "Exit-Entry Permit for Travelling to and from Hong Kong and Macao"
            }
        }
    }

    /// The name in Spanish.
    #[must_use]
    pub const fn name_es(self) -> &'static str {
        match self {
            Self::OperatingPermit => "Permiso de operación de transporte por carretera",
            Self::DangerousGoodsPermit => "Permiso de transporte de mercancías peligrosas",
            Self::RideHailingPermit => "Permiso de operación VTC",
            Self::RadioactiveGoodsPermit => "Permiso de transporte de materiales radiactivos",
            Self::VehicleCertificate => "Certificado de transporte por carretera (vehículo)",
            Self::RideHailingVehicleCertificate => "Certificado de vehículo VTC",
            Self::PractitionerQualification => "Certificado de aptitud profesional",
            Self::TaxiDriverLicence => "Licencia de taxista",
            Self::RideHailingDriverLicence => "Licencia de conductor VTC",
            Self::RoadPass => "Pase electrónico de circulación",
            Self::HongKongMacaoCard => "Permiso de viaje a Hong Kong y Macao",
        }
    }
}

impl fmt::Display for LicenceType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for LicenceType {
    type Err = UnknownLicenceType;

    fn from_str(text: &str) -> Result<Self, UnknownLicenceType> {
        Self::from_code(text).ok_or(UnknownLicenceType)
    }
}

textual_serde!(LicenceType);

/// The class of a licence; licences of one class share their fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LicenceClass {
    /// `RA`, 经营许可证 (JT/T 1291).
    OperatingPermit,
    /// `RB`, 运输证 (JT/T 1292).
    VehicleCertificate,
    /// `RE`, 从业资格证 (JT/T 1290).
    PractitionerQualification,
    /// `TP`, the road pass, a local document.
    RoadPass,
    /// `TC`, the Hong Kong and Macao card (a profile of ICAO Doc 9303).
    HongKongMacaoCard,
}

impl LicenceClass {
    /// The two letters by which the catalogue names the class.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OperatingPermit => "RA",
            Self::VehicleCertificate => "RB",
            Self::PractitionerQualification => "RE",
            Self::RoadPass => "TP",
            Self::HongKongMacaoCard => "TC",
        }
    }
}

/// Whom or what a licence speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LicenceSubject {
    /// An operator of transport.
    Enterprise,
    /// A natural person.
    Person,
    /// A vehicle, told by its plate.
    Vehicle,
}

/// The token names no kind of licence in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such kind of licence")]
pub struct UnknownLicenceType;

const VCT_PREFIX: &str = "urn:elicence:vct:";
const VCT_SUFFIX: &str = ":1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_credential_types_round_trip() {
        for kind in LicenceType::ALL {
            assert_eq!(LicenceType::from_code(kind.code()), Some(kind));
            assert_eq!(LicenceType::from_vct(&kind.vct()), Some(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.code()));
            assert_eq!(serde_json::from_str::<LicenceType>(&json).unwrap(), kind);
        }
    }

    #[test]
    fn near_misses_name_nothing() {
        for vct in [
            "urn:elicence:vct:TP",
            "urn:elicence:vct:TP:2",
            "urn:elicence:vct:TP:11",
            "urn:elicence:vct:tp:1",
            "URN:elicence:vct:TP:1",
            "urn:elicence:vct::1",
            "urn:elicence:vct:11100000000019713D009:1",
            " urn:elicence:vct:TP:1",
        ] {
            assert_eq!(LicenceType::from_vct(vct), None, "{vct}");
        }
        assert_eq!(LicenceType::from_code(""), None);
        assert!("OperatingPermit".parse::<LicenceType>().is_err());
    }

    #[test]
    fn the_catalogue_has_three_classes_with_nine_licences() {
        let count = |class| LicenceType::ALL.iter().filter(|kind| kind.class() == class).count();
        assert_eq!(count(LicenceClass::OperatingPermit), 4);
        assert_eq!(count(LicenceClass::VehicleCertificate), 2);
        assert_eq!(count(LicenceClass::PractitionerQualification), 3);
        assert_eq!(
            LicenceType::VehicleCertificate.vct(),
            "urn:elicence:vct:11100000000019713D013:1"
        );
    }
}

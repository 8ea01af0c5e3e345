//! The field table: one line per field, grouped by the licences that have it.
//!
//! Sources: GB/T 36903 and 36904, JT/T 1290 to 1292, JT/T 415, JT/T 697.7, and what provincial
//! systems exchange. `issuingDivision` is this federation's own.

use super::field::{
    BusinessDisclosure, ClaimFormat, ClaimScope, ClaimSensitivity, DisclosureClass, Field,
    PoliceDisclosure,
};
use super::kind::LicenceClass;

/// Reads one group after another: name and the three names people read, then the format, the
/// disclosure class, and what police and businesses may see.
macro_rules! fields {
    ($($scope:ident { $(
        $name:literal, $zh:literal, $en:literal, $es:literal:
        $format:ident, $sensitivity:ident, police $police:ident, business $business:ident;
    )* })*) => {
        &[$($(Field {
            scope: $scope,
            json_name: $name,
            name_zh: $zh,
            name_en: $en,
            name_es: $es,
            format: ClaimFormat::$format,
            sensitivity: fields!(@sensitivity $sensitivity),
            police: PoliceDisclosure::$police,
            business: BusinessDisclosure::$business,
        },)*)*]
    };
    (@sensitivity ByHolder) => { ClaimSensitivity::PersonalUnlessCompany };
    (@sensitivity $class:ident) => { ClaimSensitivity::Always(DisclosureClass::$class) };
}

/// Every field of every licence.
pub(super) const FIELDS: &[Field] = fields! {
    EVERY {
        "certificateIdentifier", "电子证照标识", "e-licence identifier", "identificador": Text, Public, police Yes, business Yes;
        "certificateTypeCode", "证照类型代码", "type code", "código de tipo": Text, Public, police Yes, business Yes;
        "certificateName", "证照名称", "licence name", "nombre": Text, Public, police Yes, business Yes;
        "certificateNumber", "证照编号", "licence number", "número": Text, Internal, police Yes, business Consent;
        "version", "版本号", "version", "versión": Text, Public, police Yes, business Yes;
        "issuingAuthorityName", "证照颁发机构", "issuer name", "autoridad emisora": Text, Public, police Yes, business Yes;
        "issuingAuthorityCode", "证照颁发机构代码", "issuer USCC", "código de autoridad": Text, Public, police Yes, business Yes;
        "issuingDivision", "颁发机构所属行政区划", "issuing division", "división emisora": Text, Public, police Yes, business Yes;
        "issuedDate", "证照颁发日期", "issue date", "fecha de emisión": Date, Public, police Yes, business Yes;
        "validFrom", "有效期起始", "valid from", "válido desde": Date, Public, police Yes, business Yes;
        "validTo", "有效期截至", "valid to", "válido hasta": Date, Public, police Yes, business Yes;
        "areaCode", "所属管辖属地编码", "area code", "código de área": Text, Public, police Yes, business Yes;
        "holderName", "持证主体", "holder name", "titular": Text, ByHolder, police Yes, business Consent;
        "holderCode", "持证主体代码", "holder id", "código de titular": Text, Sensitive, police Masked, business ConsentMasked;
        "holderCodeType", "持证主体代码类型代码", "holder id type", "tipo de código": Text, Internal, police Yes, business Consent;
        "status", "证照状态", "licence status", "estado": Text, Public, police Yes, business Yes;
        "relatedIdentifier", "关联证照标识", "superseded/related identifier", "identificador relacionado": Text, Internal, police Yes, business Consent;
    }
    RA {
        "licenseWord", "许可证字", "permit word", "letra del permiso": Text, Internal, police Yes, business Consent;
        "licenseCode", "许可证号", "permit number", "número": Text, Internal, police Yes, business Consent;
        "address", "地址", "address", "dirección": Text, ByHolder, police Yes, business Consent;
        "businessScopeCode", "经营范围代码", "business scope code", "código de ámbito": Text, Public, police Yes, business Yes;
        "businessScopeDesc", "经营范围", "business scope", "ámbito": Text, Public, police Yes, business Yes;
        "economicTypeCode", "经济类型代码", "economic type", "tipo económico": Text, Internal, police Yes, business Consent;
        "operatingStatus", "经营状态", "operating status", "estado operativo": Text, Public, police Yes, business Yes;
        "certificateState", "证照有效状态", "validity flag", "validez": Text, Public, police Yes, business Yes;
    }
    RB {
        "plateNumber", "车辆号牌", "plate", "matrícula": Text, Internal, police Yes, business Consent;
        "plateColourCode", "车牌颜色代码", "plate colour code", "color de matrícula": Text, Internal, police Yes, business Consent;
        "vin", "车辆识别代号", "VIN", "VIN": Text, Internal, police Yes, business Consent;
        "transCertificateWord", "道路运输证字", "certificate word", "letra": Text, Internal, police Yes, business Consent;
        "transCertificateCode", "道路运输证号", "certificate number", "número": Text, Internal, police Yes, business Consent;
        "ownerName", "业户名称", "operator name", "operador": Text, Commercial, police Yes, business Consent;
        "ownerLicenseCode", "经营许可证号", "operator permit number", "permiso del operador": Text, Internal, police Yes, business Consent;
        "vehicleTypeCode", "车辆类型代码", "vehicle type code", "tipo de vehículo": Text, Public, police Yes, business Yes;
        "tonnageSeats", "吨(座)位", "tonnage / seats", "toneladas/plazas": Measure, Public, police Yes, business Yes;
        "dimensionsMm", "车辆尺寸(毫米)长宽高", "length x width x height mm", "dimensiones": Measure, Public, police Yes, business Yes;
        "businessScopeCode", "经营范围代码", "business scope code", "ámbito": Text, Public, police Yes, business Yes;
        "vehicleOperatingStatus", "车辆营运状态", "vehicle operating status", "estado del vehículo": Text, Public, police Yes, business Yes;
        "annualReviewStatus", "车辆年审状态", "annual review status", "inspección anual": Text, Public, police Yes, business Yes;
        "annualReviewValidTo", "车辆年度审验有效期至", "annual review valid to", "inspección válida hasta": Date, Public, police Yes, business Yes;
        "technicalGrade", "车辆技术等级", "technical grade", "grado técnico": Text, Public, police Yes, business Yes;
    }
    RE {
        "name", "姓名", "name", "nombre": Text, Personal, police Yes, business Consent;
        "gender", "性别", "gender", "sexo": Text, Personal, police No, business Consent;
        "birthDate", "出生日期", "birth date", "fecha de nacimiento": Date, Personal, police No, business Consent;
        "photo", "照片", "photo", "foto": Photo, Sensitive, police PersonCheckOnly, business ConsentSeparate;
        "qualificationCategoryCode", "从业资格类别代码", "qualification category", "categoría": Text, Public, police Yes, business Yes;
        "qualificationNumber", "从业资格证号", "qualification number", "número": Text, Sensitive, police Masked, business ConsentMasked;
        "driverLicenceClass", "准驾车型", "driving class", "clase": Text, Internal, police Yes, business Consent;
        "creditAssessment", "诚信考核等级", "credit assessment", "evaluación de crédito": Text, Personal, police Yes, business Consent;
    }
    TP {
        "plateNumber", "车牌号", "plate", "matrícula": Text, Internal, police Yes, business Consent;
        "holderName", "企业或个人名称", "company or person", "empresa o persona": Text, ByHolder, police Yes, business Consent;
        "passType", "证件类型", "pass type", "tipo de pase": Text, Public, police Yes, business Yes;
        "permittedSections", "允许通行路段", "permitted road sections", "tramos permitidos": List, Public, police Yes, business Yes;
        "permittedTimes", "允许通行时间", "permitted driving hours", "horario permitido": List, Public, police Yes, business Yes;
        "validFrom", "有效日期起", "valid from", "válido desde": Date, Public, police Yes, business Yes;
        "validTo", "有效日期止", "valid to", "válido hasta": Date, Public, police Yes, business Yes;
    }
    TC {
        "documentNumber", "证件号码", "document number", "número de documento": Text, Sensitive, police Masked, business No;
        "validTo", "有效期至", "valid to", "válido hasta": Date, Internal, police Yes, business No;
        "endorsements", "签注", "endorsements", "endosos": List, Internal, police Yes, business No;
    }
};

const EVERY: ClaimScope = ClaimScope::Every;
const RA: ClaimScope = ClaimScope::Class(LicenceClass::OperatingPermit);
const RB: ClaimScope = ClaimScope::Class(LicenceClass::VehicleCertificate);
const RE: ClaimScope = ClaimScope::Class(LicenceClass::PractitionerQualification);
const TP: ClaimScope = ClaimScope::Class(LicenceClass::RoadPass);
const TC: ClaimScope = ClaimScope::Class(LicenceClass::HongKongMacaoCard);

//! The province-level divisions: names, plate prefixes, and who issues road-transport licences.
//!
//! Thirty-four divisions of GB/T 2260 and the Xinjiang Production and Construction Corps, which
//! issues licences of its own under the plate prefix of Xinjiang.

use crate::base::Division;

/// A division of the first level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Province {
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    plate_prefix: Option<char>,
    issuance: Issuance,
}

impl Province {
    /// The six-digit code.
    ///
    /// # Panics
    ///
    /// Never: the table below holds six digits in every row.
    #[must_use]
    pub fn division(&self) -> Division {
        // Unwrap safety: every row of the table below is six digits, and a test reads them all.
        self.code.parse().expect("a code of the table is six digits")
    }

    /// The name in Chinese.
    #[must_use]
    pub const fn name_zh(&self) -> &'static str {
        self.name_zh
    }

    /// The name in English.
    #[must_use]
    pub const fn name_en(&self) -> &'static str {
        self.name_en
    }

    /// The character its plates begin with. Xinjiang and its Corps share one.
    #[must_use]
    pub const fn plate_prefix(&self) -> Option<char> {
        self.plate_prefix
    }

    /// Whether it issues electronic road-transport licences.
    #[must_use]
    pub const fn issuance(&self) -> Issuance {
        self.issuance
    }
}

/// Whether a division issues electronic road-transport licences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Issuance {
    /// It issues them.
    Issues,
    /// It does not.
    None,
}

/// The province that `division` lies in, or `None` for digits that lie in none.
#[must_use]
pub fn province_of(division: Division) -> Option<&'static Province> {
    let province = division.province();
    PROVINCES.iter().find(|row| row.code == province.as_str())
}

/// The provinces whose plates begin with `prefix`: none, one, or Xinjiang and its Corps.
pub fn provinces_with_prefix(prefix: char) -> impl Iterator<Item = &'static Province> {
    PROVINCES.iter().filter(move |row| row.plate_prefix == Some(prefix))
}

const fn issuer(
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    plate_prefix: char,
) -> Province {
    let plate_prefix = Some(plate_prefix);
    Province { code, name_zh, name_en, plate_prefix, issuance: Issuance::Issues }
}

const fn bystander(code: &'static str, name_zh: &'static str, name_en: &'static str) -> Province {
    Province { code, name_zh, name_en, plate_prefix: None, issuance: Issuance::None }
}

/// All of them, in the order of their codes.
pub const PROVINCES: [Province; 35] = [
    issuer("110000", "北京市", "Beijing", '京'),
    issuer("120000", "天津市", "Tianjin", '津'),
    issuer("130000", "河北省", "Hebei", '冀'),
    issuer("140000", "山西省", "Shanxi", '晋'),
    issuer("150000", "内蒙古自治区", "Inner Mongolia", '蒙'),
    issuer("210000", "辽宁省", "Liaoning", '辽'),
    issuer("220000", "吉林省", "Jilin", '吉'),
    issuer("230000", "黑龙江省", "Heilongjiang", '黑'),
    issuer("310000", "上海市", "Shanghai", '沪'),
    issuer("320000", "江苏省", "Jiangsu", '苏'),
    issuer("330000", "浙江省", "Zhejiang", '浙'),
    issuer("340000", "安徽省", "Anhui", '皖'),
    issuer("350000", "福建省", "Fujian", '闽'),
    issuer("360000", "江西省", "Jiangxi", '赣'),
    issuer("370000", "山东省", "Shandong", '鲁'),
    issuer("410000", "河南省", "Henan", '豫'),
    issuer("420000", "湖北省", "Hubei", '鄂'),
    issuer("430000", "湖南省", "Hunan", '湘'),
    issuer("440000", "广东省", "Guangdong", '粤'),
    issuer("450000", "广西壮族自治区", "Guangxi", '桂'),
    issuer("460000", "海南省", "Hainan", '琼'),
    issuer("500000", "重庆市", "Chongqing", '渝'),
    issuer("510000", "四川省", "Sichuan", '川'),
    issuer("520000", "贵州省", "Guizhou", '贵'),
    issuer("530000", "云南省", "Yunnan", '云'),
    issuer("540000", "西藏自治区", "Tibet (Xizang)", '藏'),
    issuer("610000", "陕西省", "Shaanxi", '陕'),
    issuer("620000", "甘肃省", "Gansu", '甘'),
    issuer("630000", "青海省", "Qinghai", '青'),
    issuer("640000", "宁夏回族自治区", "Ningxia", '宁'),
    issuer("650000", "新疆维吾尔自治区", "Xinjiang", '新'),
    issuer("660000", "新疆生产建设兵团", "Xinjiang Production and Construction Corps", '新'),
    bystander("710000", "台湾省", "Taiwan"),
    bystander("810000", "香港特别行政区", "Hong Kong SAR"),
    bystander("820000", "澳门特别行政区", "Macao SAR"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_divisions_issue() {
        let issuers = PROVINCES.iter().filter(|row| row.issuance() == Issuance::Issues);
        assert_eq!(issuers.count(), 32);
        for row in &PROVINCES {
            assert_eq!(province_of(row.division()), Some(row));
            assert_eq!(row.plate_prefix().is_some(), row.issuance() == Issuance::Issues);
        }
    }

    #[test]
    fn a_county_lies_in_its_province() {
        let name = |code: &str| province_of(code.parse().unwrap()).map(Province::name_en);
        assert_eq!(name("130682"), Some("Hebei"));
        assert_eq!(name("120000"), Some("Tianjin"));
        for code in ["000000", "990000", "160000", "010000"] {
            assert_eq!(name(code), None, "{code}");
        }
    }

    #[test]
    fn xinjiang_shares_its_prefix_with_the_corps() {
        let codes: Vec<_> = provinces_with_prefix('新').map(|row| row.code).collect();
        assert_eq!(codes, ["650000", "660000"]);
        assert_eq!(provinces_with_prefix('津').count(), 1);
        assert_eq!(provinces_with_prefix('测').count(), 0);
        assert_eq!(provinces_with_prefix('A').count(), 0);
    }
}

//! Identifiers as types: a value of one of these cannot be malformed, nor mistaken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::entropy::Entropy;
use super::time::Timestamp;

/// An administrative division by its six-digit code (GB/T 2260), such as `120000`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Division([u8; 6]);

impl Division {
    /// The six digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The province this division lies in: its first two digits, then zeros.
    #[must_use]
    pub const fn province(self) -> Self {
        Self([self.0[0], self.0[1], b'0', b'0', b'0', b'0'])
    }

    /// Whether the code begins with `prefix` (2, 4 or 6 digits).
    #[must_use]
    pub fn is_within(&self, prefix: &str) -> bool {
        matches!(prefix.len(), 2 | 4 | 6) && self.as_str().starts_with(prefix)
    }

    /// The trust-list member that speaks for this division.
    #[must_use]
    pub const fn member(self) -> MemberId {
        MemberId(self)
    }
}

impl FromStr for Division {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes: [u8; 6] = text.as_bytes().try_into().map_err(|_| IdError::Division)?;
        if bytes.iter().all(u8::is_ascii_digit) { Ok(Self(bytes)) } else { Err(IdError::Division) }
    }
}

impl fmt::Display for Division {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A member of the federation, `urn:elicence:member:<six digits>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(Division);

impl MemberId {
    /// The division this member speaks for.
    #[must_use]
    pub const fn division(self) -> Division {
        self.0
    }
}

impl FromStr for MemberId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix(MEMBER_PREFIX).ok_or(IdError::Member)?;
        digits.parse().map(Self).map_err(|_| IdError::Member)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{MEMBER_PREFIX}{}", self.0)
    }
}

/// A trust list: the federation list, or the list of one province.
///
/// As a document type it is `urn:elicence:list:federation` or `urn:elicence:list:<six digits>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListId {
    /// List A: who is a member.
    Federation,
    /// List B of one province: its keys and issuers.
    Province(Division),
}

impl ListId {
    /// The last part alone, as it stands in addresses and file names: `federation` or six digits.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Federation => "federation".to_owned(),
            Self::Province(division) => division.to_string(),
        }
    }

    /// Reads what [`Self::short`] writes.
    pub fn from_short(text: &str) -> Result<Self, IdError> {
        match text {
            "federation" => Ok(Self::Federation),
            digits => digits.parse().map(Self::Province).map_err(|_| IdError::List),
        }
    }
}

impl FromStr for ListId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::from_short(text.strip_prefix(LIST_PREFIX).ok_or(IdError::List)?)
    }
}

impl fmt::Display for ListId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{LIST_PREFIX}{}", self.short())
    }
}

/// A service of a province, `urn:elicence:svc:<division>:<kind>:<n>`; for issuers also the
/// credential's `iss`. Compared byte for byte, never normalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(String);

impl ServiceId {
    /// Builds the identifier of the `number`-th service of `kind` in `division`.
    #[must_use]
    pub fn new(division: Division, kind: &str, number: u32) -> Self {
        Self(format!("{SERVICE_PREFIX}{division}:{kind}:{number}"))
    }

    /// The identifier's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut parts = text.strip_prefix(SERVICE_PREFIX).ok_or(IdError::Service)?.split(':');
        let (Some(division), Some(kind), Some(number), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdError::Service);
        };
        division.parse::<Division>().map_err(|_| IdError::Service)?;
        let kind_is_a_word =
            !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let number_is_canonical =
            number.parse::<u32>().is_ok_and(|parsed| parsed.to_string() == number);
        if kind_is_a_word && number_is_canonical && kind.len() <= 32 {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Service)
        }
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A client of a gateway: the `<id>` of its SAN `urn:elicence:client:<division>:<role>:<id>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// The identifier's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Client)
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Declares an opaque identifier: a prefix, then a version 7 UUID in 32 hexadecimal digits, so
/// that identifiers sort by the time they were made and cannot be guessed.
macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $error:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Makes a new identifier from the instant and 80 unpredictable bits.
            #[must_use]
            pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
                let mut random = [0; 10];
                entropy.fill(&mut random);
                let millis = now.unix_micros().max(0).unsigned_abs() / 1000;
                let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
                Self(format!(concat!($prefix, "{}"), uuid.simple()))
            }

            /// The identifier's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.strip_prefix($prefix).ok_or(IdError::$error)?;
                let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                if digits.len() == 32 && digits.bytes().all(is_digit) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::$error)
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

opaque_id!(
    /// A holder's request to consent, `creq_…`.
    ConsentRequestId, "creq_", ConsentRequest
);
opaque_id!(
    /// An event of the register or of the gateway, `evt_…`.
    EventId, "evt_", Event
);
opaque_id!(
    /// A grant, `grt_…`: the name by which its state is found, never a bearer token.
    GrantId, "grt_", Grant
);
opaque_id!(
    /// An open inspection, `insp_…`: the case an officer works on.
    InspectionRef, "insp_", Inspection
);
opaque_id!(
    /// An e-record, `rec_…`.
    RecordId, "rec_", Record
);
opaque_id!(
    /// A verification report, `ver_…`.
    ReportId, "ver_", Report
);

/// Serialises through `Display` and `FromStr`, so that no malformed identifier can be read.
macro_rules! textual_serde {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self)
            }
        }
    )*};
}

textual_serde!(
    Division,
    MemberId,
    ListId,
    ServiceId,
    ClientId,
    ConsentRequestId,
    EventId,
    GrantId,
    InspectionRef,
    RecordId,
    ReportId
);

/// Which kind of identifier a text fails to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a client identifier.
    #[error("a client identifier has 1 to 64 letters, digits, '-', '_' or '.'")]
    Client,
    /// Not a consent request.
    #[error("not a consent request identifier (creq_ and 32 hexadecimal digits)")]
    ConsentRequest,
    /// Not a division.
    #[error("a division is six digits")]
    Division,
    /// Not an event.
    #[error("not an event identifier (evt_ and 32 hexadecimal digits)")]
    Event,
    /// Not a grant.
    #[error("not a grant identifier (grt_ and 32 hexadecimal digits)")]
    Grant,
    /// Not an inspection.
    #[error("not an inspection reference (insp_ and 32 hexadecimal digits)")]
    Inspection,
    /// Not a list.
    #[error("a list is urn:elicence:list: and 'federation' or six digits")]
    List,
    /// Not a member.
    #[error("a member is urn:elicence:member: and six digits")]
    Member,
    /// Not an e-record.
    #[error("not a record identifier (rec_ and 32 hexadecimal digits)")]
    Record,
    /// Not a report.
    #[error("not a report identifier (ver_ and 32 hexadecimal digits)")]
    Report,
    /// Not a service.
    #[error("a service is urn:elicence:svc:<six digits>:<kind>:<number>")]
    Service,
}

const LIST_PREFIX: &str = "urn:elicence:list:";
const MEMBER_PREFIX: &str = "urn:elicence:member:";
const SERVICE_PREFIX: &str = "urn:elicence:svc:";

#[cfg(test)]
mod tests {
    use super::super::entropy::SystemEntropy;
    use super::*;

    #[test]
    fn tl_36_only_canonical_identifiers_parse() {
        for text in [
            "urn:elicence:list:../../etc",
            "urn:elicence:list:12000",
            "urn:elicence:list:1200000",
            "urn:elicence:list:%2e%2e%2f",
            "urn:elicence:list:12000\0",
            "urn:elicence:list:FEDERATION",
            "URN:elicence:list:120000",
        ] {
            assert!(text.parse::<ListId>().is_err(), "{text:?}");
        }
        assert!("urn:elicence:member:120000 ".parse::<MemberId>().is_err());
        for text in [
            "urn:elicence:svc:120000:issuance:01",
            "urn:elicence:svc:120000:Issuance:1",
            "urn:elicence:svc:120000:issuance:1:2",
            "urn:elicence:svc:120000::1",
            "urn:elicence:svc:120000:issuance:1/",
        ] {
            assert!(text.parse::<ServiceId>().is_err(), "{text}");
        }
    }

    #[test]
    fn opaque_identifiers_round_trip_and_keep_to_their_kind() {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let grant = GrantId::generate(now, &SystemEntropy);
        assert_eq!(grant.to_string().parse::<GrantId>().unwrap(), grant);
        assert!(grant.as_str().parse::<ReportId>().is_err());
        assert!("grt_' OR 1=1--".parse::<GrantId>().is_err());
    }

    #[test]
    fn division_prefixes_have_two_four_or_six_digits() {
        let division: Division = "130682".parse().unwrap();
        assert!(division.is_within("13") && division.is_within("1306"));
        assert!(!division.is_within("1") && !division.is_within("130") && !division.is_within(""));
        assert_eq!(division.province().as_str(), "130000");
    }
}

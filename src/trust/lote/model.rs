//! The JSON of a list, member by member as the official schema has it.

use base64::Engine as _;
use serde::{Deserialize, Serialize};

use super::super::refusal::UpdateRefusal;
use super::{Extension, FEDERATION_TYPE, PROVINCE_TYPE};
use crate::base::{ListId, Timestamp};
use crate::crypto::x509::Certificate;

/// The whole document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The list.
    #[serde(rename = "LoTE")]
    pub lote: Lote,
}

/// The list: who made it, and whom it names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lote {
    /// Number, dates and rules of this list.
    #[serde(rename = "ListAndSchemeInformation")]
    pub scheme: SchemeInformation,
    /// The entities; left out when there are none, since the schema knows no empty array.
    #[serde(rename = "TrustedEntitiesList", default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
}

/// Number, dates and rules of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct SchemeInformation {
    /// Always 1.
    #[serde(rename = "LoTEVersionIdentifier")]
    pub version: u32,
    /// Sequence number, below 2⁵³.
    #[serde(rename = "LoTESequenceNumber")]
    pub sequence: u64,
    /// Federation or province.
    #[serde(rename = "LoTEType")]
    pub list_type: String,
    /// Who signs it.
    pub scheme_operator_name: Vec<LocalisedText>,
    /// Where they are found.
    pub scheme_operator_address: SchemeOperatorAddress,
    /// The scheme; its first value carries the list's identifier.
    pub scheme_name: Vec<LocalisedText>,
    /// The list's identifier, `urn:elicence:list:…`.
    #[serde(rename = "SchemeInformationURI")]
    pub scheme_information_uri: Vec<LocalisedUri>,
    /// How statuses are decided.
    pub status_determination_approach: String,
    /// The rules of the community.
    pub scheme_type_community_rules: Vec<LocalisedUri>,
    /// `CN`.
    pub scheme_territory: String,
    /// Legal notice.
    pub policy_or_legal_notice: Vec<Notice>,
    /// 65535: history is never dropped.
    pub historical_information_period: u32,
    /// When it was made.
    pub list_issue_date_time: Timestamp,
    /// When it ends.
    pub next_update: Timestamp,
    /// Our extensions.
    pub scheme_extensions: Vec<Extension>,
}

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalisedText {
    /// Language tag.
    pub lang: String,
    /// The text.
    pub value: String,
}

/// An address in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalisedUri {
    /// Language tag.
    pub lang: String,
    /// The address.
    #[serde(rename = "uriValue")]
    pub uri: String,
}

/// An electronic address.
pub type ElectronicAddress = LocalisedUri;

/// Where the scheme's operator is found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct SchemeOperatorAddress {
    /// On paper.
    pub scheme_operator_postal_address: Vec<PostalAddress>,
    /// On line.
    pub scheme_operator_electronic_address: Vec<ElectronicAddress>,
}

/// A postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostalAddress {
    /// Language tag.
    pub lang: String,
    /// Street and number.
    #[serde(rename = "StreetAddress")]
    pub street: String,
    /// Country code.
    #[serde(rename = "Country")]
    pub country: String,
}

/// A legal notice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Its text.
    #[serde(rename = "LoTELegalNotice")]
    pub text: String,
}

/// One entity: a member in list A, the province itself in list B.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Who it is.
    #[serde(rename = "TrustedEntityInformation")]
    pub information: EntityInformation,
    /// Its keys.
    #[serde(rename = "TrustedEntityServices")]
    pub services: Vec<EntityService>,
}

/// Who an entity is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityInformation {
    /// Its name.
    #[serde(rename = "TEName")]
    pub name: Vec<LocalisedText>,
    /// Where it is found.
    #[serde(rename = "TEAddress")]
    pub address: EntityAddress,
    /// Where to read about it.
    #[serde(rename = "TEInformationURI")]
    pub information_uri: Vec<LocalisedUri>,
    /// Our extensions.
    #[serde(rename = "TEInformationExtensions", default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// Where an entity is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityAddress {
    /// On paper.
    #[serde(rename = "TEPostalAddress")]
    pub postal: Vec<PostalAddress>,
    /// On line.
    #[serde(rename = "TEElectronicAddress")]
    pub electronic: Vec<ElectronicAddress>,
}

/// One key of an entity, with its past.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityService {
    /// The key as it stands now.
    #[serde(rename = "ServiceInformation")]
    pub information: ServiceInformation,
    /// How it stood before, newest first.
    #[serde(rename = "ServiceHistory", default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<serde_json::Value>,
}

/// One key: what it is for, and whether it may be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct ServiceInformation {
    /// Its name for people.
    pub service_name: Vec<LocalisedText>,
    /// The key itself.
    pub service_digital_identity: DigitalIdentity,
    /// `urn:elicence:service:<word>`.
    pub service_type_identifier: String,
    /// `urn:elicence:status:<word>`.
    pub service_status: String,
    /// Since when it has this status.
    pub status_starting_time: Timestamp,
    /// Addresses it serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_supply_points: Vec<SupplyPoint>,
    /// Our extensions.
    pub service_information_extensions: Vec<Extension>,
}

/// The key of a service, by its certificates.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitalIdentity {
    /// The key's certificate first, then its chain.
    #[serde(rename = "X509Certificates")]
    pub certificates: Vec<PkiObject>,
}

impl DigitalIdentity {
    /// An identity of the given certificates.
    #[must_use]
    pub fn of(certificates: &[Certificate]) -> Self {
        let object = |certificate: &Certificate| PkiObject {
            val: base64::engine::general_purpose::STANDARD.encode(certificate.der()),
        };
        Self { certificates: certificates.iter().map(object).collect() }
    }

    /// The certificates, parsed.
    pub fn parse(&self) -> Result<Vec<Certificate>, UpdateRefusal> {
        if self.certificates.is_empty() || self.certificates.len() > MOST_CERTIFICATES {
            return Err(UpdateRefusal::Malformed);
        }
        let parse = |object: &PkiObject| {
            let der = base64::engine::general_purpose::STANDARD
                .decode(&object.val)
                .map_err(|_| UpdateRefusal::Malformed)?;
            Certificate::parse(&der).map_err(|_| UpdateRefusal::Malformed)
        };
        self.certificates.iter().map(parse).collect()
    }
}

/// A certificate in base64 DER.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PkiObject {
    /// Base64 DER.
    pub val: String,
}

/// An address that a service serves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplyPoint {
    /// The address.
    #[serde(rename = "uriValue")]
    pub uri: String,
}

impl Document {
    /// Holds the document against our profile and tells which list it is.
    pub(super) fn check_profile(&self) -> Result<ListId, UpdateRefusal> {
        let scheme = &self.lote.scheme;
        let [uri] = &scheme.scheme_information_uri[..] else {
            return Err(UpdateRefusal::Malformed);
        };
        let id: ListId = uri.uri.parse().map_err(|_| UpdateRefusal::IdNotCanonical)?;
        let expected_type = match id {
            ListId::Federation => FEDERATION_TYPE,
            ListId::Province(_) => PROVINCE_TYPE,
        };
        if scheme.list_type != expected_type {
            return Err(UpdateRefusal::WrongTyp);
        }
        let sound = scheme.version == 1
            && scheme.sequence >= 1
            && scheme.sequence < MOST_SEQUENCE
            && scheme.list_issue_date_time < scheme.next_update;
        if sound { Ok(id) } else { Err(UpdateRefusal::Malformed) }
    }
}

/// Signer, issuing CA, and one above it.
const MOST_CERTIFICATES: usize = 3;
/// 2⁵³: the largest range of whole numbers that every JSON reader keeps exactly.
const MOST_SEQUENCE: u64 = 1 << 53;

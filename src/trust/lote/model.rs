//! The JSON of a list, member by member as the official schema has it: the list as a whole and
//! what it says of its scheme. Its entities are in `entity`.
//!
//! An array that the schema wants filled is refused when it is empty, and an optional member that
//! is there is never `null`.

use serde::{Deserialize, Serialize};

use super::pointers::Pointer;
use super::strict::{given, items};
use super::{Entity, EntityService, Extension};
use crate::base::Timestamp;

/// The whole document; `S` is how its services are held.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct Document<S = EntityService> {
    /// The list.
    #[serde(rename = "LoTE")]
    pub lote: Lote<S>,
}

/// The list: who made it, and whom it names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct Lote<S = EntityService> {
    /// Number, dates and rules of this list.
    #[serde(rename = "ListAndSchemeInformation")]
    pub scheme: SchemeInformation,
    /// The entities; left out when there are none, since the schema knows no empty array.
    #[serde(
        rename = "TrustedEntitiesList",
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub entities: Vec<Entity<S>>,
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
    #[serde(deserialize_with = "items")]
    pub scheme_operator_name: Vec<LocalisedText>,
    /// Where they are found.
    pub scheme_operator_address: SchemeOperatorAddress,
    /// The scheme; its first value carries the list's identifier.
    #[serde(deserialize_with = "items")]
    pub scheme_name: Vec<LocalisedText>,
    /// The list's identifier, `urn:elicence:list:…`.
    #[serde(rename = "SchemeInformationURI", deserialize_with = "items")]
    pub scheme_information_uri: Vec<LocalisedUri>,
    /// How statuses are decided.
    pub status_determination_approach: String,
    /// The rules of the community.
    #[serde(deserialize_with = "items")]
    pub scheme_type_community_rules: Vec<LocalisedUri>,
    /// `CN`.
    pub scheme_territory: String,
    /// Legal notice.
    #[serde(deserialize_with = "items")]
    pub policy_or_legal_notice: Vec<Notice>,
    /// 65535: history is never dropped.
    pub historical_information_period: u32,
    /// Where the members' own lists lie; in the federation list alone.
    #[serde(
        rename = "PointersToOtherLoTE",
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub pointers: Vec<Pointer>,
    /// When it was made.
    pub list_issue_date_time: Timestamp,
    /// When it ends.
    pub next_update: Timestamp,
    /// Addresses where this list is to be had.
    #[serde(default, deserialize_with = "items", skip_serializing_if = "Vec::is_empty")]
    pub distribution_points: Vec<String>,
    /// Our extensions.
    #[serde(deserialize_with = "items")]
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
    #[serde(deserialize_with = "items")]
    pub scheme_operator_postal_address: Vec<PostalAddress>,
    /// On line.
    #[serde(deserialize_with = "items")]
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
    /// Town.
    #[serde(
        rename = "Locality",
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub locality: Option<String>,
    /// Province.
    #[serde(
        rename = "StateOrProvince",
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub province: Option<String>,
    /// Postal code.
    #[serde(
        rename = "PostalCode",
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub postal_code: Option<String>,
    /// Country code.
    #[serde(rename = "Country")]
    pub country: String,
}

/// A rule or a notice; a list holds items of one kind alone, as the schema wants it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Notice {
    /// Where the policy is published.
    #[serde(rename = "LoTEPolicy")]
    Policy(LocalisedUri),
    /// The text of a legal notice.
    #[serde(rename = "LoTELegalNotice")]
    Text(String),
}

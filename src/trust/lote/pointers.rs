//! Where lists lie: pointers from the federation list to the members' lists, and the addresses
//! where one list is to be had. For readers of other federations; ours go by the freshness
//! statement.

use serde::{Deserialize, Serialize};

use super::strict::{given, items};
use super::{DigitalIdentity, Entity, LocalisedText, LocalisedUri, PROVINCE_TYPE};
use crate::base::ListId;
use crate::trust::federation::MemberExtension;
use crate::trust::service::ServiceStatus;

/// Where another list lies, and whose key signs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    /// Its address.
    #[serde(rename = "LoTELocation")]
    pub location: String,
    /// The keys that may sign it.
    #[serde(rename = "ServiceDigitalIdentities", deserialize_with = "items")]
    pub identities: Vec<DigitalIdentity>,
    /// What kind of list it is.
    #[serde(rename = "LoTEQualifiers", deserialize_with = "items")]
    pub qualifiers: Vec<Qualifier>,
}

/// What kind of list a pointer leads to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qualifier {
    /// Its type.
    #[serde(rename = "LoTEType")]
    pub list_type: String,
    /// Who signs it.
    #[serde(rename = "SchemeOperatorName", deserialize_with = "items")]
    pub operator: Vec<LocalisedText>,
    /// The rules of its community.
    #[serde(
        rename = "SchemeTypeCommunityRules",
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub rules: Vec<LocalisedUri>,
    /// Its territory.
    #[serde(
        rename = "SchemeTerritory",
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub territory: Option<String>,
    /// Its media type.
    #[serde(rename = "MimeType")]
    pub media_type: String,
}

/// Pointers to the lists of all members that have not left, at their own public addresses.
pub(super) fn of_members(entities: &[Entity]) -> Vec<Pointer> {
    entities.iter().filter_map(of_member).collect()
}

fn of_member(entity: &Entity) -> Option<Pointer> {
    let member: Option<MemberExtension> =
        super::optional(&entity.information.extensions, "Member").ok()?;
    let member = member?;
    let service = entity.services.first()?;
    if service.information.service_status == ServiceStatus::Withdrawn.to_string() {
        return None;
    }
    let list = ListId::Province(member.id.division());
    Some(Pointer {
        location: location(member.hosts.last()?, list),
        identities: vec![service.information.service_digital_identity.shortest()],
        qualifiers: vec![Qualifier {
            list_type: PROVINCE_TYPE.to_owned(),
            operator: entity.information.name.clone(),
            rules: Vec::new(),
            territory: Some("CN".to_owned()),
            media_type: "application/jose".to_owned(),
        }],
    })
}

/// Addresses where the members that `entities` name serve list `id`.
pub(super) fn mirrors(id: ListId, entities: &[Entity]) -> Vec<String> {
    let origin = |entity: &Entity| entity.information.address.electronic.last().cloned();
    let origins = entities.iter().filter_map(origin);
    origins.map(|origin| location(&origin.uri, id)).collect()
}

fn location(origin: &str, list: ListId) -> String {
    format!("{origin}/v1/lists/{}", list.short())
}

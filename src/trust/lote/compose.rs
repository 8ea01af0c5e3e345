//! Lists as they are made: the members of the JSON that are the same in every list of ours.

use super::{
    DigitalIdentity, Document, Entity, EntityAddress, EntityInformation, EntityService, Extension,
    FEDERATION_TYPE, LocalisedText, LocalisedUri, Lote, Notice, PROVINCE_TYPE, PostalAddress,
    SchemeInformation, SchemeOperatorAddress, ServiceInformation, SupplyPoint, pointers,
};
use crate::base::{ListId, Timestamp};
use crate::crypto::x509::Certificate;
use crate::crypto::{SealError, json};
use crate::trust::service::{PreviousList, ServiceKind, ServiceStatus};

/// What differs from one list to the next.
#[derive(Clone, Debug)]
pub struct ListDraft {
    /// Which list it is.
    pub id: ListId,
    /// Its sequence number.
    pub sequence: u64,
    /// The one before.
    pub previous: PreviousList,
    /// Who signs it, in Chinese and English.
    pub operator: [&'static str; 2],
    /// When it is made.
    pub issued: Timestamp,
    /// When it ends.
    pub next_update: Timestamp,
    /// Extensions besides `PreviousList`.
    pub extensions: Vec<Extension>,
    /// Its entities.
    pub entities: Vec<Entity>,
}

impl ListDraft {
    /// The payload to be signed, in canonical form.
    pub fn to_payload(self) -> Result<Vec<u8>, SealError> {
        let previous = Extension::new("PreviousList", &self.previous).ok_or(SealError::Document)?;
        let mut scheme_extensions = vec![previous];
        scheme_extensions.extend(self.extensions);
        let scheme = SchemeInformation {
            version: 1,
            sequence: self.sequence,
            list_type: match self.id {
                ListId::Federation => FEDERATION_TYPE.to_owned(),
                ListId::Province(_) => PROVINCE_TYPE.to_owned(),
            },
            scheme_operator_name: bilingual(self.operator),
            scheme_operator_address: SchemeOperatorAddress {
                scheme_operator_postal_address: vec![postal_address()],
                scheme_operator_electronic_address: vec![address("urn:elicence:federation")],
            },
            scheme_name: bilingual([
                "道路运输电子证照互认",
                "Road-transport e-licence recognition",
            ]),
            scheme_information_uri: vec![address(&self.id.to_string())],
            status_determination_approach: "urn:elicence:approach:explicit".to_owned(),
            scheme_type_community_rules: vec![address("urn:elicence:rules:1")],
            scheme_territory: "CN".to_owned(),
            policy_or_legal_notice: vec![Notice::Text(
                "Recognition of road-transport electronic licences, Articles 5 to 13".to_owned(),
            )],
            historical_information_period: 65_535,
            pointers: match self.id {
                ListId::Federation => pointers::of_members(&self.entities),
                ListId::Province(_) => Vec::new(),
            },
            list_issue_date_time: self.issued,
            next_update: self.next_update,
            distribution_points: pointers::mirrors(self.id, &self.entities),
            scheme_extensions,
        };
        let document = Document { lote: Lote { scheme, entities: self.entities } };
        json::canonical(&document).map_err(|_| SealError::Document)
    }
}

/// Writes anew where the lists lie, after a change of the entities of `list`.
pub fn point_to_members(list: &mut Lote, id: ListId) {
    if id == ListId::Federation {
        list.scheme.pointers = pointers::of_members(&list.entities);
    }
    list.scheme.distribution_points = pointers::mirrors(id, &list.entities);
}

/// An entity with the members that every one of ours has.
#[must_use]
pub fn entity(
    names: [&str; 2],
    addresses: &[String],
    extensions: Vec<Extension>,
    services: Vec<EntityService>,
) -> Entity {
    Entity {
        information: EntityInformation {
            name: bilingual(names),
            address: EntityAddress {
                postal: vec![postal_address()],
                electronic: addresses.iter().map(|uri| address(uri)).collect(),
            },
            information_uri: vec![address("urn:elicence:federation")],
            extensions,
        },
        services,
    }
}

/// A service with the members that every one of ours has.
#[must_use]
pub fn service(
    kind: ServiceKind,
    certificates: &[Certificate],
    status: ServiceStatus,
    since: Timestamp,
    supply_points: &[String],
    extensions: Vec<Extension>,
) -> EntityService {
    let supply_points = supply_points.iter().map(|uri| SupplyPoint { uri: uri.clone() });
    EntityService {
        information: ServiceInformation {
            service_name: vec![text("en", kind.word())],
            service_digital_identity: DigitalIdentity::of(certificates),
            service_type_identifier: kind.to_string(),
            service_status: status.to_string(),
            status_starting_time: since,
            service_supply_points: supply_points.collect(),
            service_information_extensions: extensions,
        },
        history: Vec::new(),
    }
}

fn bilingual([chinese, english]: [&str; 2]) -> Vec<LocalisedText> {
    vec![text("zh-CN", chinese), text("en", english)]
}

fn text(lang: &str, value: &str) -> LocalisedText {
    LocalisedText { lang: lang.to_owned(), value: value.to_owned() }
}

fn address(uri: &str) -> LocalisedUri {
    LocalisedUri { lang: "en".to_owned(), uri: uri.to_owned() }
}

/// Postal addresses are required by the format and used by nothing here.
fn postal_address() -> PostalAddress {
    PostalAddress {
        lang: "en".to_owned(),
        street: "-".to_owned(),
        locality: None,
        province: None,
        postal_code: None,
        country: "CN".to_owned(),
    }
}

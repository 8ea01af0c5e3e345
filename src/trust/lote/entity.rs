//! The JSON of a list's entities: who they are, which keys they have, and how each key stood before.

use serde::{Deserialize, Serialize};

use super::super::refusal::UpdateRefusal;
use super::super::service::{ServiceStatus, StatusReason};
use super::strict::{given, items};
use super::{
    DigitalIdentity, ElectronicAddress, Extension, LocalisedText, LocalisedUri, PostalAddress,
};
use crate::base::Timestamp;

/// One entity: a member in list A, the province itself in list B.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>"))]
pub struct Entity<S = EntityService> {
    /// Who it is.
    #[serde(rename = "TrustedEntityInformation")]
    pub information: EntityInformation,
    /// Its keys.
    #[serde(rename = "TrustedEntityServices", deserialize_with = "items")]
    pub services: Vec<S>,
}

/// Who an entity is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityInformation {
    /// Its name.
    #[serde(rename = "TEName", deserialize_with = "items")]
    pub name: Vec<LocalisedText>,
    /// Where it is found.
    #[serde(rename = "TEAddress")]
    pub address: EntityAddress,
    /// Where to read about it.
    #[serde(rename = "TEInformationURI", deserialize_with = "items")]
    pub information_uri: Vec<LocalisedUri>,
    /// Our extensions.
    #[serde(
        rename = "TEInformationExtensions",
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub extensions: Vec<Extension>,
}

/// Where an entity is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityAddress {
    /// On paper.
    #[serde(rename = "TEPostalAddress", deserialize_with = "items")]
    pub postal: Vec<PostalAddress>,
    /// On line.
    #[serde(rename = "TEElectronicAddress", deserialize_with = "items")]
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
    #[serde(
        rename = "ServiceHistory",
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub history: Vec<HistoryInstance>,
}

/// One key: what it is for, and whether it may be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct ServiceInformation {
    /// Its name for people.
    #[serde(deserialize_with = "items")]
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
    #[serde(default, deserialize_with = "items", skip_serializing_if = "Vec::is_empty")]
    pub service_supply_points: Vec<SupplyPoint>,
    /// Our extensions.
    #[serde(deserialize_with = "items")]
    pub service_information_extensions: Vec<Extension>,
}

/// How an entry stood during one interval of the past: from its starting time to that of the next
/// newer instance, or of the entry itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct HistoryInstance {
    /// Its name for people.
    #[serde(deserialize_with = "items")]
    pub service_name: Vec<LocalisedText>,
    /// The key.
    pub service_digital_identity: DigitalIdentity,
    /// What it was for; the same as it is now.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub service_type_identifier: Option<String>,
    /// `urn:elicence:status:<word>`.
    pub service_status: String,
    /// Since when it had this status.
    pub status_starting_time: Timestamp,
    /// Our extensions.
    #[serde(default, deserialize_with = "items", skip_serializing_if = "Vec::is_empty")]
    pub service_information_extensions: Vec<Extension>,
}

/// An address that a service serves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplyPoint {
    /// The address.
    #[serde(rename = "uriValue")]
    pub uri: String,
}

impl EntityService {
    /// Gives the entry `status` from the whole second of `now` on, and keeps how it stood until
    /// then in its history. A second change within one second replaces the first: no instant has
    /// two statuses. Saying again what is said already changes nothing.
    pub fn change_status(
        &mut self,
        status: ServiceStatus,
        reason: Option<StatusReason>,
        now: Timestamp,
    ) -> Result<(), UpdateRefusal> {
        let now = now.whole_seconds();
        let information = &self.information;
        let extensions = &information.service_information_extensions;
        let held: ServiceStatus = information.service_status.parse()?;
        let held_reason: Option<StatusReason> = super::optional(extensions, "StatusReason")?;
        if (held, held_reason) == (status, reason) {
            return Ok(());
        }
        let fits = reason.is_none_or(|reason| reason.fits(status));
        if !held.may_become(status) || !fits || now < information.status_starting_time {
            return Err(UpdateRefusal::Malformed);
        }
        if now > information.status_starting_time {
            self.history.insert(0, information.as_past());
        }
        let information = &mut self.information;
        information.service_status = status.to_string();
        information.status_starting_time = now;
        let extensions = &mut information.service_information_extensions;
        extensions.retain(|extension| !extension.is_named("StatusReason"));
        if let Some(reason) = reason {
            let extension = Extension::new("StatusReason", &reason);
            extensions.push(extension.ok_or(UpdateRefusal::Malformed)?);
        }
        Ok(())
    }

    /// Gives the entry of a list key the key of `identity` from the whole second of `now` on, and
    /// keeps the one before in its history. The entry must have stood for a second at least.
    pub fn change_key(
        &mut self,
        identity: DigitalIdentity,
        now: Timestamp,
    ) -> Result<(), UpdateRefusal> {
        let now = now.whole_seconds();
        if now <= self.information.status_starting_time {
            return Err(UpdateRefusal::Malformed);
        }
        self.history.insert(0, self.information.as_past());
        self.information.service_digital_identity = identity;
        self.information.status_starting_time = now;
        Ok(())
    }
}

impl ServiceInformation {
    /// How the entry stands now, as an instance of its history: without what only its use needs.
    fn as_past(&self) -> HistoryInstance {
        let extensions = self.service_information_extensions.iter();
        HistoryInstance {
            service_name: self.service_name.clone(),
            service_digital_identity: self.service_digital_identity.shortest(),
            service_type_identifier: Some(self.service_type_identifier.clone()),
            service_status: self.service_status.clone(),
            status_starting_time: self.status_starting_time,
            service_information_extensions: extensions
                .filter(|extension| extension.is_kept_in_history())
                .cloned()
                .collect(),
        }
    }
}

//! The next federation list, made from the one in force: what an operator's desk composes and the
//! operators then sign. Whatever is not changed is carried over, and what was is kept as history.

use crate::base::{Code, ListId, MemberId, ServiceId, Timestamp, limits};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, SealError, json};
use crate::trust::lote::{
    DigitalIdentity, Document, Entity, EntityService, Extension, SignedList, compose, optional,
};
use crate::trust::{
    KeyChange, KeyChangeExtension, MemberExtension, PreviousList, Reenrolled, ServiceKind,
    ServiceStatus, StatutoryUse, member_extensions,
};

use super::enrolment::{Enrolment, OpenedBundle, keys_of};

mod amending;

pub use amending::Amendment;

/// A federation list in the making.
#[derive(Clone, Debug)]
pub struct NextList {
    document: Document,
    now: Timestamp,
}

/// A change of a member's list key as it goes from the member to the operators.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChangeRequest {
    /// Whose list key changes.
    pub member: MemberId,
    /// The new list key's certificate, base64 DER.
    pub certificate: String,
    /// The previous key's statement.
    pub key_change: KeyChange,
}

impl NextList {
    /// The first list of a federation, with its catalogue and nobody in it.
    pub fn first(uses: &[StatutoryUse], now: Timestamp) -> Result<Self, MembershipError> {
        let catalogue = Extension::new("StatutoryUses", &uses).ok_or(SealError::Document)?;
        let draft = compose::ListDraft {
            id: ListId::Federation,
            sequence: 1,
            previous: PreviousList::none(),
            operator: ["交通运输部", "Ministry of Transport"],
            issued: now.whole_seconds(),
            next_update: (now + limits::FEDERATION_LIST_LIFE).whole_seconds(),
            extensions: vec![catalogue],
            entities: Vec::new(),
        };
        let payload = draft.to_payload()?;
        let document = json::from_list(&payload).map_err(|_| SealError::Document)?;
        Ok(Self { document, now: now.whole_seconds() })
    }

    /// The list that follows `held`, with nothing changed yet but its number and its dates.
    pub fn after(held: &SignedList, now: Timestamp) -> Result<Self, MembershipError> {
        if held.id() != ListId::Federation {
            return Err(MembershipError::OtherList);
        }
        let mut document = held.document().clone();
        let scheme = &mut document.lote.scheme;
        let previous = PreviousList { sequence: scheme.sequence, sha256: held.sha256() };
        scheme.sequence += 1;
        scheme.list_issue_date_time = now.whole_seconds();
        scheme.next_update = (now + limits::FEDERATION_LIST_LIFE).whole_seconds();
        put(&mut scheme.scheme_extensions, "PreviousList", &previous)?;
        Ok(Self { document, now: now.whole_seconds() })
    }

    /// Takes an applicant in, staged or granted; or moves a staged one on, with what it applies
    /// for now. `fingerprint` is the digest of the list key as the province read it out.
    pub fn approve(
        mut self,
        application: &OpenedBundle,
        status: ServiceStatus,
        fingerprint: Digest,
    ) -> Result<Self, MembershipError> {
        if application.fingerprint() != fingerprint {
            return Err(MembershipError::Fingerprint);
        }
        if application.is_draft() {
            return Err(MembershipError::Draft);
        }
        if !matches!(status, ServiceStatus::Staged | ServiceStatus::Granted) {
            return Err(MembershipError::Status);
        }
        let enrolment = &application.bundle.enrolment;
        self.check_key_is_fresh(enrolment.member, fingerprint)?;
        let Some(entity) = self.entity_mut(enrolment.member) else {
            let entity = admitted(enrolment, &application.certificate, status, self.now)
                .ok_or(SealError::Document)?;
            self.document.lote.entities.push(entity);
            return Ok(self);
        };
        if list_key_of(entity)? != fingerprint {
            return Err(MembershipError::OtherKey);
        }
        let before = status_of(entity)?;
        if !matches!((before, status), (ServiceStatus::Staged, ServiceStatus::Granted)) {
            return Err(MembershipError::Transition { before, after: status });
        }
        let now = self.now;
        let entity = self.entity_mut(enrolment.member).ok_or(MembershipError::NoMember)?;
        describe(entity, enrolment)?;
        set_status(entity, status, now)?;
        Ok(self)
    }

    /// Takes a member in again that lost its list key: by its new application, and with the mark
    /// that no statement of the old key exists. Nodes take it only after a suspension and a wait.
    pub fn reenrol(
        mut self,
        application: &OpenedBundle,
        fingerprint: Digest,
    ) -> Result<Self, MembershipError> {
        if application.fingerprint() != fingerprint {
            return Err(MembershipError::Fingerprint);
        }
        if application.is_draft() {
            return Err(MembershipError::Draft);
        }
        let enrolment = &application.bundle.enrolment;
        self.check_key_is_fresh(enrolment.member, fingerprint)?;
        let mark = KeyChangeExtension::Reenrolled(Reenrolled::MARK);
        let now = self.now;
        let entity = self.entity_mut(enrolment.member).ok_or(MembershipError::NoMember)?;
        if status_of(entity)? == ServiceStatus::Withdrawn {
            return Err(MembershipError::Withdrawn);
        }
        if list_key_of(entity)? == fingerprint {
            return Err(MembershipError::SameKey);
        }
        describe(entity, enrolment)?;
        replace_key(entity, &application.certificate, &mark, now)?;
        Ok(self)
    }

    /// Ends a membership for good.
    pub fn withdraw(mut self, member: MemberId) -> Result<Self, MembershipError> {
        let now = self.now;
        let entity = self.entity_mut(member).ok_or(MembershipError::NoMember)?;
        if status_of(entity)? == ServiceStatus::Withdrawn {
            return Err(MembershipError::Withdrawn);
        }
        set_status(entity, ServiceStatus::Withdrawn, now)?;
        Ok(self)
    }

    /// Lifts suspension orders by their hashes, and grants a member again that the list itself
    /// shows as suspended. Orders that were lifted before stay lifted.
    pub fn restore(mut self, member: MemberId, orders: &[Digest]) -> Result<Self, MembershipError> {
        let now = self.now;
        let entity = self.entity_mut(member).ok_or(MembershipError::NoMember)?;
        let is_suspended = match status_of(entity)? {
            ServiceStatus::Withdrawn => return Err(MembershipError::Withdrawn),
            status => status == ServiceStatus::Suspended,
        };
        if orders.is_empty() && !is_suspended {
            return Err(MembershipError::NothingToLift);
        }
        if is_suspended {
            set_status(entity, ServiceStatus::Granted, now)?;
        }
        self.lift(orders)?;
        Ok(self)
    }

    fn lift(&mut self, orders: &[Digest]) -> Result<(), MembershipError> {
        let extensions = &mut self.document.lote.scheme.scheme_extensions;
        let mut lifted: Vec<Digest> = optional(extensions, LIFTED_ORDERS)
            .map_err(|_| MembershipError::Unreadable)?
            .unwrap_or_default();
        for order in orders {
            if lifted.contains(order) {
                return Err(MembershipError::NothingToLift);
            }
            lifted.push(*order);
        }
        if orders.is_empty() { Ok(()) } else { put(extensions, LIFTED_ORDERS, &lifted) }
    }

    /// Changes a member's list key by the statement of the key in force.
    pub fn change_key(mut self, request: &KeyChangeRequest) -> Result<Self, MembershipError> {
        let certificate = request.certificate().ok_or(MembershipError::KeyChange)?;
        certificate.public_key().map_err(|_| MembershipError::KeyChange)?;
        let change = &request.key_change;
        if certificate.spki_digest() != change.new_spki
            || certificate.is_authority()
            || !certificate.is_valid_at(self.now)
        {
            return Err(MembershipError::KeyChange);
        }
        self.check_key_is_fresh(request.member, change.new_spki)?;
        let now = self.now;
        let entity = self.entity_mut(request.member).ok_or(MembershipError::NoMember)?;
        if status_of(entity)? == ServiceStatus::Withdrawn {
            return Err(MembershipError::Withdrawn);
        }
        let previous = list_certificate(entity)?;
        let key = previous.public_key().map_err(|_| MembershipError::Unreadable)?;
        change.verify(request.member, &key).map_err(|_| MembershipError::KeyChange)?;
        if change.sequence != next_turn(entity)? {
            return Err(MembershipError::KeyChange);
        }
        let extension = KeyChangeExtension::Signed(change.clone());
        replace_key(entity, &certificate, &extension, now)?;
        Ok(self)
    }

    /// The payload to be signed, in canonical form.
    pub fn to_payload(mut self) -> Result<Vec<u8>, MembershipError> {
        compose::point_to_members(&mut self.document.lote, ListId::Federation);
        Ok(json::canonical(&self.document).map_err(|_| SealError::Document)?)
    }

    fn entity_mut(&mut self, member: MemberId) -> Option<&mut Entity> {
        self.document.lote.entities.iter_mut().find(|entity| member_of(entity) == Some(member))
    }

    /// A key that anybody had before, the member itself included, is burned.
    fn check_key_is_fresh(&self, member: MemberId, spki: Digest) -> Result<(), MembershipError> {
        for entity in &self.document.lote.entities {
            let is_own = member_of(entity) == Some(member);
            if is_own && list_key_of(entity).ok() == Some(spki) {
                continue;
            }
            if entity.services.iter().flat_map(keys_of).any(|known| known == spki) {
                return Err(MembershipError::BurnedKey);
            }
        }
        Ok(())
    }
}

impl KeyChangeRequest {
    /// A request for the key of `certificate`.
    #[must_use]
    pub fn new(member: MemberId, certificate: &Certificate, key_change: KeyChange) -> Self {
        let certificate = DigitalIdentity::of(std::slice::from_ref(certificate));
        let certificate = certificate.certificates.into_iter().map(|object| object.val).collect();
        Self { member, certificate, key_change }
    }

    /// The new list key's certificate.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        use base64::Engine as _;
        let der = base64::engine::general_purpose::STANDARD.decode(&self.certificate).ok()?;
        Certificate::parse(&der).ok()
    }
}

/// Which change of a member's list key the next one will be, by the list in force.
pub fn next_key_turn(held: &SignedList, member: MemberId) -> Result<u64, MembershipError> {
    let mut entities = held.document().lote.entities.iter();
    let entity = entities.find(|entity| member_of(entity) == Some(member));
    next_turn(entity.ok_or(MembershipError::NoMember)?)
}

fn next_turn(entity: &Entity) -> Result<u64, MembershipError> {
    let last = optional::<KeyChangeExtension>(&entity.information.extensions, KEY_CHANGE)
        .map_err(|_| MembershipError::Unreadable)?;
    Ok(match last {
        Some(KeyChangeExtension::Signed(change)) => change.sequence.saturating_add(1),
        Some(KeyChangeExtension::Reenrolled(_)) | None => 1,
    })
}

/// An applicant as a new entity of the federation list.
fn admitted(
    enrolment: &Enrolment,
    certificate: &Certificate,
    status: ServiceStatus,
    now: Timestamp,
) -> Option<Entity> {
    let kind = ServiceKind::ListSigning;
    let id = ServiceId::new(enrolment.member.division(), kind.word(), 1);
    let extensions = vec![Extension::new("ServiceId", &id)?];
    let certificates = std::slice::from_ref(certificate);
    let service = compose::service(kind, certificates, status, now, &[], extensions);
    let extensions = member_extensions(&membership(enrolment), &enrolment.scope)?;
    let [chinese, english] = &enrolment.names;
    Some(compose::entity([chinese, english], &enrolment.hosts, extensions, vec![service]))
}

fn membership(enrolment: &Enrolment) -> MemberExtension {
    MemberExtension {
        id: enrolment.member,
        hosts: enrolment.hosts.clone(),
        witness_vkey: enrolment.witness_vkey.clone(),
    }
}

/// What the entity says of the member, by its newest application.
fn describe(entity: &mut Entity, enrolment: &Enrolment) -> Result<(), MembershipError> {
    let extensions = &mut entity.information.extensions;
    put(extensions, "Member", &membership(enrolment))?;
    put(extensions, "MembershipScope", &enrolment.scope)?;
    let [chinese, english] = &enrolment.names;
    let fresh = compose::entity([chinese, english], &enrolment.hosts, Vec::new(), Vec::new());
    entity.information.name = fresh.information.name;
    entity.information.address = fresh.information.address;
    Ok(())
}

/// Where the entity says that the member is reached, in the words of every list.
fn describe_hosts(entity: &mut Entity, hosts: &[String]) {
    let fresh = compose::entity(["", ""], hosts, Vec::new(), Vec::new());
    entity.information.address = fresh.information.address;
}

/// Another status from `now` on; how it stood before becomes history.
fn set_status(
    entity: &mut Entity,
    status: ServiceStatus,
    now: Timestamp,
) -> Result<(), MembershipError> {
    let service = list_service_mut(entity)?;
    service.change_status(status, None, now).map_err(|_| MembershipError::TooSoon)
}

fn replace_key(
    entity: &mut Entity,
    certificate: &Certificate,
    change: &KeyChangeExtension,
    now: Timestamp,
) -> Result<(), MembershipError> {
    let extensions = &mut entity.information.extensions;
    // How the key came here goes into history with it: a node that was away follows every step.
    let earlier: Vec<Extension> =
        extensions.iter().filter(|held| held.is_named(KEY_CHANGE)).cloned().collect();
    put(extensions, KEY_CHANGE, change)?;
    let identity = DigitalIdentity::of(std::slice::from_ref(certificate));
    let service = list_service_mut(entity)?;
    service.change_key(identity, now).map_err(|_| MembershipError::TooSoon)?;
    if let Some(past) = service.history.first_mut() {
        past.service_information_extensions.extend(earlier);
    }
    Ok(())
}

fn member_of(entity: &Entity) -> Option<MemberId> {
    let member: Option<MemberExtension> =
        optional(&entity.information.extensions, "Member").ok().flatten();
    member.map(|member| member.id)
}

fn list_service_mut(entity: &mut Entity) -> Result<&mut EntityService, MembershipError> {
    entity.services.first_mut().ok_or(MembershipError::Unreadable)
}

fn status_of(entity: &Entity) -> Result<ServiceStatus, MembershipError> {
    let service = entity.services.first().ok_or(MembershipError::Unreadable)?;
    service.information.service_status.parse().map_err(|_| MembershipError::Unreadable)
}

fn list_certificate(entity: &Entity) -> Result<Certificate, MembershipError> {
    let service = entity.services.first().ok_or(MembershipError::Unreadable)?;
    let certificates = service.information.service_digital_identity.parse();
    let mut certificates = certificates.map_err(|_| MembershipError::Unreadable)?.into_iter();
    certificates.next().ok_or(MembershipError::Unreadable)
}

fn list_key_of(entity: &Entity) -> Result<Digest, MembershipError> {
    list_certificate(entity).map(|certificate| certificate.spki_digest())
}

/// Sets the extension `name`, in place of one that is there.
fn put(
    extensions: &mut Vec<Extension>,
    name: &str,
    value: &impl serde::Serialize,
) -> Result<(), MembershipError> {
    let fresh = Extension::new(name, value).ok_or(SealError::Document)?;
    match extensions.iter_mut().find(|extension| extension.is_named(name)) {
        Some(held) => *held = fresh,
        None => extensions.push(fresh),
    }
    Ok(())
}

/// Why a next list is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// The key was somebody's before.
    #[error("the key is known to the federation already; a key that was given up is burned")]
    BurnedKey,
    /// The application names no nonce of the hub.
    #[error("the application is a draft, which no hub has taken in")]
    Draft,
    /// The confirmed fingerprint is not that of the application.
    #[error("the fingerprint that was read out is not that of the application's list key")]
    Fingerprint,
    /// An origin is not in its one form.
    #[error("a host is not an https origin in its one form, https://host[:port]")]
    Host,
    /// The statement, the new certificate or the turn does not fit the key in force.
    #[error("the key in force did not state this change, or it is not the next one")]
    KeyChange,
    /// Nobody of that name is in the list.
    #[error("no such member is in the list")]
    NoMember,
    /// Everything stands in the list as it is asked for.
    #[error("nothing is asked for that the list does not say already")]
    NothingChanges,
    /// No order is named, or one that was lifted before.
    #[error("no order is named that is still in force, and the list suspends nobody of that name")]
    NothingToLift,
    /// The member has another list key.
    #[error("the member has another list key, which changes by `member rotate` alone")]
    OtherKey,
    /// Not the federation list.
    #[error("it is not the federation list")]
    OtherList,
    /// The application brings the key that is in force.
    #[error("the application brings the list key that is in force already")]
    SameKey,
    /// The scope reaches beyond the division, or names what does not exist.
    #[error("the scope reaches beyond the division, or names what a province cannot vouch for")]
    Scope,
    /// It cannot be written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Applicants are staged or granted.
    #[error("an applicant is staged or granted")]
    Status,
    /// The status does not follow from the one in force.
    #[error("a member that is {} cannot become {}", word(*before), word(*after))]
    Transition {
        /// The status in force.
        before: ServiceStatus,
        /// The one that was asked for.
        after: ServiceStatus,
    },
    /// The entry was changed at this very instant, or lies in the future.
    #[error("the entry is not older than the change")]
    TooSoon,
    /// The list in force cannot be read in full.
    #[error("the list in force has an entry that cannot be read")]
    Unreadable,
    /// The member left for good.
    #[error("the member is withdrawn, and what is withdrawn stays so")]
    Withdrawn,
}

impl MembershipError {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::BurnedKey => Code::DuplicateKey,
            Self::Draft
            | Self::Fingerprint
            | Self::NothingChanges
            | Self::NothingToLift
            | Self::Status => Code::ValidationFailed,
            Self::Scope => Code::OutOfScope,
            Self::KeyChange | Self::OtherKey | Self::SameKey => Code::MemberKeyUnproven,
            Self::NoMember => Code::NotFound,
            Self::Host | Self::OtherList => Code::IdNotCanonical,
            Self::Seal(_) => Code::Internal,
            Self::TooSoon | Self::Transition { .. } => Code::StateConflict,
            Self::Unreadable => Code::Malformed,
            Self::Withdrawn => Code::MemberWithdrawn,
        }
    }
}

/// The last word of a status, as people say it.
pub(super) fn word(status: ServiceStatus) -> &'static str {
    match status {
        ServiceStatus::Granted => "granted",
        ServiceStatus::Staged => "staged",
        ServiceStatus::Suspended => "suspended",
        ServiceStatus::Withdrawn => "withdrawn",
    }
}

const KEY_CHANGE: &str = "KeyChange";
const LIFTED_ORDERS: &str = "LiftedOrders";

#[cfg(test)]
mod tests;

//! List A, the federation list: who is a member, with which list key, and for what; and the
//! national catalogue of statutory uses.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use super::header::ListHeader;
use super::history::StatusHistory;
use super::key_change::KeyChangeExtension;
use super::lote::{self, Entity, EntityService, Extension, SignedList};
use super::province::check_key_algorithm;
use super::refusal::UpdateRefusal;
use super::scope::MembershipScope;
use super::service::{ServiceKind, ServiceStatus};
use crate::base::{Division, ListId, MemberId, ServiceId, Timestamp};
use crate::crypto::jws::GeneralJws;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, Digest, Jwk, PublicKey};

/// A federation list whose shape was found sound. Signatures are judged by the accept rules.
#[derive(Clone, Debug)]
pub struct FederationList {
    header: ListHeader,
    members: BTreeMap<MemberId, Member>,
    uses: BTreeMap<String, StatutoryUse>,
    lifted: BTreeSet<Digest>,
    collector: Option<Jwk>,
}

/// One member of the federation.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who it is.
    pub id: MemberId,
    /// Its name in Chinese and English.
    pub names: Vec<lote::LocalisedText>,
    /// Origins it may be reached at: its federation listener first, its public listener second.
    pub hosts: Vec<String>,
    /// What it may do.
    pub scope: MembershipScope,
    /// The certificate whose key signs its list.
    pub list_certificate: Certificate,
    /// That key.
    pub list_key: PublicKey,
    /// How the key came to take the place of an earlier one.
    pub key_change: Option<KeyChangeExtension>,
    /// The same of each of `earlier_keys`.
    pub earlier_changes: Vec<Option<KeyChangeExtension>>,
    /// Its list keys before this one, newest first.
    pub earlier_keys: Vec<PublicKey>,
    /// Its key as a witness of logs, as a C2SP verifier key.
    pub witness_vkey: String,
    /// Whether it takes part now.
    pub status: ServiceStatus,
    /// Since when.
    pub since: Timestamp,
    /// Its status now and before.
    pub history: StatusHistory,
}

/// A use of licences by statutory function, as the national catalogue allows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatutoryUse {
    /// Its identifier.
    pub use_id: String,
    /// The provision it rests on.
    pub law_ref: String,
    /// The purpose it serves.
    pub purpose: String,
    /// The most that may be disclosed: names of claims.
    pub claims: Vec<String>,
    /// Kinds of query: `credential`, `plate`, `number`, `identifier`.
    pub queries: Vec<String>,
    /// The form of the case numbers under which it is used; none when any will do.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub case_pattern: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// The `Member` extension of an entity.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberExtension {
    /// Who it is.
    pub id: MemberId,
    /// Origins it may be reached at.
    pub hosts: Vec<String>,
    /// Its gateway's key as a witness of logs, as a C2SP verifier key.
    pub witness_vkey: String,
}

impl FederationList {
    /// Reads the shape of a federation list; no signature is judged here.
    pub fn read(signed: &SignedList) -> Result<Self, UpdateRefusal> {
        if signed.id() != ListId::Federation {
            return Err(UpdateRefusal::IdNotCanonical);
        }
        let lote = &signed.document().lote;
        let extensions = &lote.scheme.scheme_extensions;
        let mut members = BTreeMap::new();
        for entity in &lote.entities {
            let member = Member::read(entity)?;
            if members.insert(member.id, member).is_some() {
                return Err(UpdateRefusal::Conflict);
            }
        }
        let catalogue: Vec<StatutoryUse> =
            lote::optional(extensions, "StatutoryUses")?.unwrap_or_default();
        let mut uses = BTreeMap::new();
        for statutory_use in catalogue {
            if statutory_use.case_pattern.as_ref().is_some_and(|pattern| !is_pattern(pattern)) {
                return Err(UpdateRefusal::Malformed);
            }
            if uses.insert(statutory_use.use_id.clone(), statutory_use).is_some() {
                return Err(UpdateRefusal::Conflict);
            }
        }
        let lifted = read_lifted_orders(extensions)?;
        let collector = read_collector(extensions)?;
        let header = ListHeader::of(signed)?;
        Ok(Self { header, members, uses, lifted, collector })
    }

    /// Whether it lifts the suspension order whose payload has this digest.
    #[must_use]
    pub fn lifts(&self, order: Digest) -> bool {
        self.lifted.contains(&order)
    }

    /// Digests of the suspension orders that this list lifts.
    #[must_use]
    pub const fn lifted_orders(&self) -> &BTreeSet<Digest> {
        &self.lifted
    }

    /// The key for which reports to the hub's collector are encrypted.
    #[must_use]
    pub const fn collector(&self) -> Option<&Jwk> {
        self.collector.as_ref()
    }

    /// What it says of itself.
    #[must_use]
    pub const fn header(&self) -> &ListHeader {
        &self.header
    }

    /// The members, by code.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// One member.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// A use of the national catalogue.
    #[must_use]
    pub fn statutory_use(&self, use_id: &str) -> Option<&StatutoryUse> {
        self.uses.get(use_id)
    }

    /// Whether both lists let the same members do the same, whatever their statuses.
    pub(super) fn has_the_scopes_of(&self, other: &Self) -> bool {
        let scopes = |list: &'_ Self| -> Vec<(MemberId, MembershipScope)> {
            list.members().map(|member| (member.id, member.scope.clone())).collect()
        };
        scopes(self) == scopes(other)
    }

    /// Whether both lists have the same national catalogue.
    pub(super) fn has_the_uses_of(&self, other: &Self) -> bool {
        self.uses == other.uses
    }

    /// The member that speaks for `territory`, a division or a prefix of one: the longest prefix
    /// among all members wins; a tie is nobody's.
    #[must_use]
    pub fn owner_of(&self, territory: &str) -> Option<MemberId> {
        let claims = self
            .members
            .values()
            .filter_map(|member| Some((member.scope.covers(territory)?, member.id)));
        let best = claims.clone().max()?;
        let tied = claims.filter(|(length, _)| *length == best.0).count() > 1;
        (!tied).then_some(best.1)
    }

    /// The member that speaks for `division`.
    #[must_use]
    pub fn owner_of_division(&self, division: Division) -> Option<MemberId> {
        self.owner_of(division.as_str())
    }
}

impl Member {
    fn read(entity: &Entity) -> Result<Self, UpdateRefusal> {
        let extensions = &entity.information.extensions;
        let member: MemberExtension = lote::required(extensions, "Member")?;
        let scope: MembershipScope = lote::required(extensions, "MembershipScope")?;
        scope.check()?;
        let [service] = &entity.services[..] else { return Err(UpdateRefusal::Malformed) };
        let (list_certificate, list_key) = list_key(service)?;
        if member.hosts.is_empty() || !member.hosts.iter().all(|host| is_origin(host)) {
            return Err(UpdateRefusal::Malformed);
        }
        let (earlier_keys, earlier_changes) = earlier_list_keys(service, &list_key)?;
        Ok(Self {
            id: member.id,
            names: entity.information.name.clone(),
            hosts: member.hosts,
            scope,
            list_certificate,
            list_key,
            key_change: lote::optional(extensions, "KeyChange")?,
            earlier_changes,
            earlier_keys,
            witness_vkey: member.witness_vkey,
            status: service.information.service_status.parse()?,
            since: service.information.status_starting_time,
            history: StatusHistory::read(service)?,
        })
    }

    /// Its status at `instant`, by the interval that holds it; none before it was first listed.
    #[must_use]
    pub fn status_at(&self, instant: Timestamp) -> Option<ServiceStatus> {
        self.history.at(instant).map(|interval| interval.status)
    }

    /// How its list key, and each before it, came to take the place of the one before, newest first;
    /// none where the list does not say.
    pub(super) fn key_changes(&self) -> impl Iterator<Item = Option<&KeyChangeExtension>> {
        let earlier = self.earlier_changes.iter().map(Option::as_ref);
        std::iter::once(self.key_change.as_ref()).chain(earlier)
    }

    /// Which change of its list key the next stated one will be.
    pub(super) const fn next_turn(&self) -> u64 {
        match &self.key_change {
            Some(KeyChangeExtension::Signed(change)) => change.sequence.saturating_add(1),
            Some(KeyChangeExtension::Reenrolled(_)) | None => 1,
        }
    }

    /// The origin of its federation listener.
    #[must_use]
    pub fn federation_origin(&self) -> &str {
        self.hosts.first().map_or("", String::as_str)
    }

    /// The origin of its public listener.
    #[must_use]
    pub fn public_origin(&self) -> &str {
        self.hosts.get(1).map_or("", String::as_str)
    }
}

/// Reads the one service of a member: its list key.
fn list_key(service: &EntityService) -> Result<(Certificate, PublicKey), UpdateRefusal> {
    let information = &service.information;
    let kind: ServiceKind = information.service_type_identifier.parse()?;
    if kind != ServiceKind::ListSigning {
        return Err(UpdateRefusal::WrongKeyUsage);
    }
    let _: ServiceId = lote::required(&information.service_information_extensions, "ServiceId")?;
    let certificates = information.service_digital_identity.parse()?;
    let [certificate] = &certificates[..] else { return Err(UpdateRefusal::Malformed) };
    let key = certificate.public_key().map_err(|_| UpdateRefusal::AlgorithmNotAllowed)?;
    check_key_algorithm(&information.service_information_extensions, &key)?;
    Ok((certificate.clone(), key))
}

/// Orders that stand twice were not counted by whoever signed the list.
fn read_lifted_orders(extensions: &[Extension]) -> Result<BTreeSet<Digest>, UpdateRefusal> {
    let Some(orders) = lote::optional::<Vec<Digest>>(extensions, "LiftedOrders")? else {
        return Ok(BTreeSet::new());
    };
    let distinct: BTreeSet<Digest> = orders.iter().copied().collect();
    match (orders.is_empty(), distinct.len() == orders.len()) {
        (true, _) => Err(UpdateRefusal::Malformed),
        (_, false) => Err(UpdateRefusal::Conflict),
        _ => Ok(distinct),
    }
}

/// A key to encrypt for lies on a curve of key agreement; an Ed25519 key only signs.
fn read_collector(extensions: &[Extension]) -> Result<Option<Jwk>, UpdateRefusal> {
    let collector: Option<Jwk> = lote::optional(extensions, "Collector")?;
    if let Some(jwk) = &collector {
        let key = jwk.public_key().map_err(|_| UpdateRefusal::Malformed)?;
        if key.algorithm() == Algorithm::EdDsa {
            return Err(UpdateRefusal::AlgorithmNotAllowed);
        }
    }
    Ok(collector)
}

/// A pattern is a short printable text; what it matches is its user's to say.
fn is_pattern(text: &str) -> bool {
    (1..=PATTERN_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The list keys that stood here before `current`, newest first, and what each of them stated when
/// it took the place of the one before.
fn earlier_list_keys(
    service: &EntityService,
    current: &PublicKey,
) -> Result<(Vec<PublicKey>, Vec<Option<KeyChangeExtension>>), UpdateRefusal> {
    let (mut keys, mut changes) = (Vec::<PublicKey>::new(), Vec::new());
    for past in &service.history {
        let key = past.service_digital_identity.key()?;
        if keys.last().unwrap_or(current) == &key {
            continue;
        }
        keys.push(key);
        changes.push(lote::optional(&past.service_information_extensions, "KeyChange")?);
    }
    Ok((keys, changes))
}

/// Whether `text` is an origin as we compare them: `https://host[:port]`, nothing behind it, no
/// user, lower case.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://") else { return false };
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b':')
    };
    !host.is_empty() && host.bytes().all(allowed)
}

/// The extensions of a member's entity.
#[must_use]
pub fn member_extensions(
    member: &MemberExtension,
    scope: &MembershipScope,
) -> Option<Vec<Extension>> {
    Some(vec![Extension::new("Member", member)?, Extension::new("MembershipScope", scope)?])
}

/// The signatures of a federation list are judged against the root's operators.
pub(super) fn check_signatures(
    signatures: &GeneralJws,
    root: &super::root::Root,
) -> Result<(), UpdateRefusal> {
    root.check_votes(signatures, crate::crypto::jws::Typ::List, UpdateRefusal::ThresholdNotMet)
}

/// Longest pattern of case numbers: they are compared by eye as well.
const PATTERN_BYTES: usize = 128;

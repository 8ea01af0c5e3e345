//! The keys that a federation knows already, and whose they are: no applicant may bring one.

use std::collections::BTreeMap;

use crate::base::{ListId, MemberId};
use crate::crypto::Digest;
use crate::crypto::note::WitnessKey;
use crate::crypto::x509::Certificate;
use crate::trust::lote::{DigitalIdentity, Entity, EntityService, SignedList, optional};
use crate::trust::{
    DocumentKind, MemberExtension, MembershipScope, Root, ServiceStatus, TrustState,
};

/// Keys with their owners, and the members with what they hold.
#[derive(Clone, Debug, Default)]
pub struct KnownKeys {
    owners: BTreeMap<Digest, Owner>,
    members: BTreeMap<MemberId, KnownMember>,
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The root names it: operators, freshness, hub.
    Federation,
    /// A member, now or in the past.
    Member(MemberId),
}

/// A member as the federation list has it, and orders.
#[derive(Clone, Debug)]
pub(super) struct KnownMember {
    /// SHA-256 of the list key in force.
    pub(super) list_key: Option<Digest>,
    /// Its status; suspended while an order about it is in force.
    pub(super) status: Option<ServiceStatus>,
    /// Division prefixes of its scope.
    pub(super) territories: Vec<String>,
}

impl KnownKeys {
    /// What `state` knows, keys of the past included: what was withdrawn or replaced is burned.
    #[must_use]
    pub fn of(state: &TrustState) -> Self {
        let mut known = Self::default();
        known.add_root(state.root());
        for document in state.documents() {
            if document.kind == DocumentKind::List
                && let Ok(list) = SignedList::parse(document.text.as_bytes())
            {
                known.add_list(&list);
            }
        }
        // An order stops a member as its status does: whoever lost its list key may apply anew.
        for (id, member) in &mut known.members {
            if state.orders().touch(*id) && member.status != Some(ServiceStatus::Withdrawn) {
                member.status = Some(ServiceStatus::Suspended);
            }
        }
        known
    }

    /// What one list knows, for a desk that holds nothing else.
    #[must_use]
    pub fn of_list(list: &SignedList) -> Self {
        let mut known = Self::default();
        known.add_list(list);
        known
    }

    fn add_root(&mut self, root: &Root) {
        let document = root.document();
        let operators = document.operators.keys.iter().map(|key| key.spki_sha256);
        let named = operators.chain([document.freshness.spki_sha256, document.hub.tls_spki_sha256]);
        self.owners.extend(named.map(|spki| (spki, Owner::Federation)));
    }

    fn add_list(&mut self, list: &SignedList) {
        for entity in &list.document().lote.entities {
            let owner = match list.id() {
                ListId::Province(division) => Some(division.member()),
                ListId::Federation => self.add_member(entity),
            };
            let Some(owner) = owner else { continue };
            for service in &entity.services {
                for spki in keys_of(service) {
                    self.owners.entry(spki).or_insert(Owner::Member(owner));
                }
            }
        }
    }

    fn add_member(&mut self, entity: &Entity) -> Option<MemberId> {
        let extensions = &entity.information.extensions;
        let member: MemberExtension = optional(extensions, "Member").ok().flatten()?;
        let scope: Option<MembershipScope> = optional(extensions, "MembershipScope").ok().flatten();
        let service = entity.services.first();
        let known = KnownMember {
            list_key: service.and_then(|service| {
                identity_keys(&service.information.service_digital_identity).first().copied()
            }),
            status: service.and_then(|service| service.information.service_status.parse().ok()),
            territories: scope.map(|scope| scope.territories).unwrap_or_default(),
        };
        self.members.insert(member.id, known);
        if let Ok(key) = member.witness_vkey.parse::<WitnessKey>() {
            self.owners.entry(key.spki_digest()).or_insert(Owner::Member(member.id));
        }
        Some(member.id)
    }

    pub(super) fn owner(&self, spki: Digest) -> Option<Owner> {
        self.owners.get(&spki).copied()
    }

    pub(super) fn member(&self, id: MemberId) -> Option<&KnownMember> {
        self.members.get(&id)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (MemberId, &KnownMember)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }
}

/// The keys of an entry, now and in its history, with those of the chain.
pub(in crate::exchange) fn keys_of(service: &EntityService) -> Vec<Digest> {
    let mut keys = identity_keys(&service.information.service_digital_identity);
    for past in &service.history {
        keys.extend(past.service_digital_identity.key().map(|key| key.spki_digest()));
    }
    keys
}

fn identity_keys(identity: &DigitalIdentity) -> Vec<Digest> {
    let certificates = identity.parse().unwrap_or_default();
    certificates.iter().map(Certificate::spki_digest).collect()
}

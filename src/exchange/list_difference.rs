//! What one list says that the list before it did not, in words: what an operator reads before
//! signing. Whatever differs is told; what has no words of its own is told as changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::base::{ServiceId, counted};
use crate::crypto::Digest;
use crate::trust::lote::{Document, Entity, EntityService, Extension, optional};
use crate::trust::{
    KeyChangeExtension, MemberExtension, MembershipScope, PreviousList, StatutoryUse,
};

/// One difference between two lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A word for programs, such as `member-added`.
    pub kind: &'static str,
    /// What it is about: a member, a service, or a part of the list.
    pub subject: String,
    /// How it was and how it is.
    pub text: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.subject, self.text)
    }
}

/// What `new` says that `old` did not. Against no list at all, everybody in it is new.
#[must_use]
pub fn difference(old: Option<&Document>, new: &Document) -> Vec<Difference> {
    let mut found = Found::default();
    if let Some(old) = old {
        found.scheme(old, new);
    }
    let before = old.map(entities_of).unwrap_or_default();
    let after = entities_of(new);
    for (name, entity) in &after {
        match before.get(name) {
            None => found.added(name, entity),
            Some(held) => found.entity(name, held, entity),
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        found.add("member-removed", name, "is no longer in the list, which no list may do");
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, kind: &'static str, subject: &str, text: impl Into<String>) {
        self.0.push(Difference { kind, subject: subject.to_owned(), text: text.into() });
    }

    /// Number, dates and extensions of the list itself.
    fn scheme(&mut self, old: &Document, new: &Document) {
        let (before, after) = (&old.lote.scheme, &new.lote.scheme);
        if before.scheme_information_uri != after.scheme_information_uri {
            self.add("other-list", "list", "is another list than the one before");
        }
        self.add(
            "sequence",
            "list",
            format!(
                "number {} after {}, until {} (was {})",
                after.sequence, before.sequence, after.next_update, before.next_update
            ),
        );
        let previous: Option<PreviousList> =
            optional(&after.scheme_extensions, "PreviousList").ok().flatten();
        if previous.is_none_or(|previous| previous.sequence != before.sequence) {
            self.add("previous", "list", "does not name the list before it as its predecessor");
        }
        self.lifted(&before.scheme_extensions, &after.scheme_extensions);
        self.uses(&before.scheme_extensions, &after.scheme_extensions);
        let told = ["PreviousList", "LiftedOrders", "StatutoryUses"];
        self.others("list", &before.scheme_extensions, &after.scheme_extensions, &told);
    }

    fn lifted(&mut self, old: &[Extension], new: &[Extension]) {
        let orders = |extensions: &[Extension]| -> BTreeSet<Digest> {
            optional(extensions, "LiftedOrders").ok().flatten().unwrap_or_default()
        };
        let (before, after) = (orders(old), orders(new));
        for order in after.difference(&before) {
            self.add("order-lifted", "list", format!("lifts the order {}", order.to_hex()));
        }
        for order in before.difference(&after) {
            let text = format!("no longer lifts the order {}", order.to_hex());
            self.add("order-not-lifted", "list", text);
        }
    }

    fn uses(&mut self, old: &[Extension], new: &[Extension]) {
        let uses = |extensions: &[Extension]| -> BTreeMap<String, StatutoryUse> {
            let all: Vec<StatutoryUse> =
                optional(extensions, "StatutoryUses").ok().flatten().unwrap_or_default();
            all.into_iter().map(|each| (each.use_id.clone(), each)).collect()
        };
        let (before, after) = (uses(old), uses(new));
        for (id, each) in &after {
            match before.get(id) {
                None => self.add("use-added", id, format!("new use under {}", each.law_ref)),
                Some(held) if held != each => self.add("use-changed", id, "the use is changed"),
                Some(_) => {}
            }
        }
        for id in before.keys().filter(|id| !after.contains_key(*id)) {
            self.add("use-removed", id, "the use is no longer in the catalogue");
        }
    }

    /// Somebody new, with everything that is being agreed to.
    fn added(&mut self, name: &str, entity: &Entity) {
        let extensions = &entity.information.extensions;
        let names: Vec<&str> =
            entity.information.name.iter().map(|name| name.value.as_str()).collect();
        self.add("member-added", name, format!("is new: {}", names.join(", ")));
        if let Some(member) = member_of(entity) {
            self.add("hosts", name, format!("is reached at {}", member.hosts.join(" ")));
            self.add("witness", name, format!("witnesses as {}", member.witness_vkey));
        }
        if let Ok(Some(scope)) = optional::<MembershipScope>(extensions, "MembershipScope") {
            self.add("scope", name, format!("may: {}", scope_text(&scope)));
        }
        for (id, service) in services_of(entity) {
            self.service_added(name, &id, service);
        }
    }

    fn entity(&mut self, name: &str, old: &Entity, new: &Entity) {
        let (before, after) = (&old.information, &new.information);
        if before.name != after.name || before.address != after.address {
            self.add("described", name, "its name or address is changed");
        }
        if before.information_uri != after.information_uri {
            self.add("described", name, "where to read about it is changed");
        }
        self.membership(name, old, new);
        self.scope(name, &before.extensions, &after.extensions);
        self.key_change(name, &before.extensions, &after.extensions);
        let told = ["Member", "MembershipScope", "KeyChange"];
        self.others(name, &before.extensions, &after.extensions, &told);
        let (old_services, new_services) = (services_of(old), services_of(new));
        for (id, service) in &new_services {
            match old_services.get(id) {
                None => self.service_added(name, id, service),
                Some(held) => self.service(name, id, held, service),
            }
        }
        for id in old_services.keys().filter(|id| !new_services.contains_key(*id)) {
            self.add("service-removed", name, format!("{id} is no longer in the list"));
        }
    }

    fn membership(&mut self, name: &str, old: &Entity, new: &Entity) {
        let (before, after) = (member_of(old), member_of(new));
        let hosts = |member: &Option<MemberExtension>| {
            member.as_ref().map(|member| member.hosts.join(" ")).unwrap_or_default()
        };
        let vkey = |member: &Option<MemberExtension>| {
            member.as_ref().map(|member| member.witness_vkey.clone()).unwrap_or_default()
        };
        if hosts(&before) != hosts(&after) {
            let text = format!("is reached at {} (was {})", hosts(&after), hosts(&before));
            self.add("hosts", name, text);
        }
        if vkey(&before) != vkey(&after) {
            let text = format!("witnesses as {} (was {})", vkey(&after), vkey(&before));
            self.add("witness", name, text);
        }
    }

    fn scope(&mut self, name: &str, old: &[Extension], new: &[Extension]) {
        let scope = |extensions: &[Extension]| {
            optional::<MembershipScope>(extensions, "MembershipScope").ok().flatten()
        };
        let (before, after) = (scope(old), scope(new));
        if before != after {
            let told = |scope: &Option<MembershipScope>| {
                scope.as_ref().map(scope_text).unwrap_or_default()
            };
            let text = format!("may now: {} (was: {})", told(&after), told(&before));
            self.add("scope", name, text);
        }
    }

    fn key_change(&mut self, name: &str, old: &[Extension], new: &[Extension]) {
        let change = |extensions: &[Extension]| {
            optional::<KeyChangeExtension>(extensions, "KeyChange").ok().flatten()
        };
        let after = change(new);
        if change(old) == after {
            return;
        }
        let text = match after {
            Some(KeyChangeExtension::Signed(change)) => format!(
                "its key {} states that {} takes its place (change {})",
                change.previous_spki.to_hex(),
                change.new_spki.to_hex(),
                change.sequence
            ),
            Some(KeyChangeExtension::Reenrolled(_)) => {
                "its list key is LOST and it enrols anew: no key states the change".to_owned()
            }
            None => "the statement of its last key change is gone".to_owned(),
        };
        self.add("key-change", name, text);
    }

    fn service_added(&mut self, name: &str, id: &str, service: &EntityService) {
        let text = format!(
            "{id} is new, {}, key {}",
            status_word(&service.information.service_status),
            key_text(service)
        );
        self.add("service-added", name, text);
    }

    fn service(&mut self, name: &str, id: &str, old: &EntityService, new: &EntityService) {
        let (before, after) = (&old.information, &new.information);
        if before.service_status != after.service_status {
            let text = format!(
                "{id} is {} since {} (was {})",
                status_word(&after.service_status),
                after.status_starting_time,
                status_word(&before.service_status)
            );
            self.add("status", name, text);
        }
        if key_text(old) != key_text(new) {
            let text = format!("{id} has the key {} (was {})", key_text(new), key_text(old));
            self.add("key", name, text);
        }
        if is_changed_otherwise(old, new) {
            self.add("service-changed", name, format!("{id} is changed"));
        }
        if new.history.len() < old.history.len() {
            self.add("history", name, format!("{id} lost a part of its history"));
        }
    }

    /// Extensions that have no words of their own.
    fn others(&mut self, name: &str, old: &[Extension], new: &[Extension], told: &[&str]) {
        let rest = |extensions: &[Extension]| -> BTreeSet<String> {
            let is_told =
                |extension: &&Extension| !told.iter().any(|known| extension.is_named(known));
            extensions
                .iter()
                .filter(is_told)
                .map(|extension| serde_json::to_string(extension).unwrap_or_default())
                .collect()
        };
        if rest(old) != rest(new) {
            self.add("extension", name, "another extension is added, changed or removed");
        }
    }
}

/// Members of the federation list by their identifier; the one entity of a provincial list by the
/// list's.
fn entities_of(document: &Document) -> BTreeMap<String, &Entity> {
    let list = document.lote.scheme.scheme_information_uri.first();
    let list = list.map_or_else(String::new, |uri| uri.uri.clone());
    let named = |entity| match member_of(entity) {
        Some(member) => (member.id.to_string(), entity),
        None => (list.clone(), entity),
    };
    document.lote.entities.iter().map(named).collect()
}

fn member_of(entity: &Entity) -> Option<MemberExtension> {
    optional(&entity.information.extensions, "Member").ok().flatten()
}

/// Services by identifier; one without is told by its place.
fn services_of(entity: &Entity) -> BTreeMap<String, &EntityService> {
    let named = |(index, service): (usize, _)| {
        let service: &EntityService = service;
        let extensions = &service.information.service_information_extensions;
        let id: Option<ServiceId> = optional(extensions, "ServiceId").ok().flatten();
        (id.map_or_else(|| format!("entry {index}"), |id| id.to_string()), service)
    };
    entity.services.iter().enumerate().map(named).collect()
}

/// Whether anything differs besides status, key and history.
fn is_changed_otherwise(old: &EntityService, new: &EntityService) -> bool {
    let rest = |service: &EntityService| {
        let mut value = serde_json::to_value(&service.information).unwrap_or_default();
        if let Value::Object(members) = &mut value {
            for told in ["ServiceStatus", "StatusStartingTime", "ServiceDigitalIdentity"] {
                members.remove(told);
            }
        }
        value
    };
    let identity = |service: &EntityService| {
        serde_json::to_value(&service.information.service_digital_identity).unwrap_or_default()
    };
    // The same key in another certificate.
    let recertified = key_text(old) == key_text(new) && identity(old) != identity(new);
    rest(old) != rest(new) || recertified
}

fn key_text(service: &EntityService) -> String {
    let certificates = service.information.service_digital_identity.parse().unwrap_or_default();
    certificates
        .first()
        .map_or_else(|| "unreadable".to_owned(), |first| first.spki_digest().to_hex())
}

fn status_word(status: &str) -> &str {
    status.rsplit(':').next().unwrap_or(status)
}

fn scope_text(scope: &MembershipScope) -> String {
    format!(
        "territories {}; licence types {}; kinds of key {}; at most {}",
        scope.territories.join(" "),
        scope.licence_types.join(" "),
        scope.may_vouch_for.join(" "),
        counted(scope.max_list_entries, "entry", "entries")
    )
}

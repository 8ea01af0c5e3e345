//! A province's own next list before it is published: whether every node would take it, whether it
//! says anything new, and when the old one must be signed again.

use std::time::Duration;

use serde_json::Value;

use super::header::ListHeader;
use super::lote::{Document, Extension, SignedList};
use super::province::ProvincialList;
use super::refusal::UpdateRefusal;
use super::service::PreviousList;
use super::state::TrustState;
use crate::base::{Division, ListId, Timestamp, limits};
use crate::crypto::jws::Typ;
use crate::crypto::{SealError, json};

/// A list that follows the one in force and is signed by the province's list key.
#[derive(Clone, Debug)]
pub struct NextList {
    list: ProvincialList,
    changed: Vec<String>,
}

impl NextList {
    /// Reads what is to become the next list of `division`, by the rules of every node, with `state`
    /// as the present: strictly the next number, naming the list in force, alive at `now`, signed
    /// by the list key that the federation names.
    pub fn read(
        state: &TrustState,
        division: Division,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Self, UpdateRefusal> {
        if bytes.len() > limits::TRUST_LIST_BYTES {
            return Err(UpdateRefusal::TooLarge);
        }
        let signed = SignedList::parse(bytes)?;
        if signed.id() != ListId::Province(division) {
            return Err(UpdateRefusal::IdNotCanonical);
        }
        let federation = state.federation().ok_or(UpdateRefusal::WrongSigner)?;
        let member = federation.member(division.member()).ok_or(UpdateRefusal::WrongSigner)?;
        if signed.signatures().signers(&[&member.list_key], Typ::List)?.is_empty() {
            return Err(UpdateRefusal::WrongSigner);
        }
        let list = ProvincialList::read(&signed)?;
        check_follows(list.header(), state.newest(ListId::Province(division)))?;
        list.header().check_life(ListId::Province(division), now)?;
        let held = held_bytes(state, division)
            .and_then(|held| SignedList::parse(held.as_bytes()).ok())
            .and_then(|held| content(held.document()));
        let mut changed = Vec::new();
        let offered = content(signed.document()).ok_or(UpdateRefusal::Malformed)?;
        collect_changes(&held.unwrap_or_default(), &offered, "", &mut changed);
        Ok(Self { list, changed })
    }

    /// The list.
    #[must_use]
    pub const fn list(&self) -> &ProvincialList {
        &self.list
    }

    /// Whether it differs from the list in force in its number and dates alone.
    #[must_use]
    pub const fn is_unchanged(&self) -> bool {
        self.changed.is_empty()
    }

    /// Where in the document it differs from the list in force, number and dates aside: JSON
    /// pointers (RFC 6901). Nothing that differs is left out.
    #[must_use]
    pub fn changed(&self) -> &[String] {
        &self.changed
    }
}

impl ListHeader {
    /// Whether a list with this header must be signed again at `now`: it is a day old, or ends
    /// within a week.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        now.since(self.issued) >= RESIGNED_AFTER || self.ends_soon(now)
    }

    /// Whether less than a week is left at `now`.
    #[must_use]
    pub fn ends_soon(&self, now: Timestamp) -> bool {
        self.next_update.since(now) < RESIGNED_BEFORE
    }
}

/// The payload of the list that follows `division`'s list in force and says the same, for
/// [`limits::PROVINCIAL_LIST_LIFE`] from `now`.
pub fn unchanged_successor(
    state: &TrustState,
    division: Division,
    now: Timestamp,
) -> Result<Vec<u8>, SealError> {
    let held = held_bytes(state, division).ok_or(SealError::Document)?;
    let signed = SignedList::parse(held.as_bytes()).map_err(|_| SealError::Document)?;
    let mut document = signed.document().clone();
    let scheme = &mut document.lote.scheme;
    let previous = PreviousList { sequence: scheme.sequence, sha256: signed.sha256() };
    let previous = Extension::new("PreviousList", &previous).ok_or(SealError::Document)?;
    for extension in &mut scheme.scheme_extensions {
        if extension.is_same_kind(&previous) {
            *extension = previous.clone();
        }
    }
    scheme.sequence += 1;
    scheme.list_issue_date_time = now.whole_seconds();
    scheme.next_update = (now + limits::PROVINCIAL_LIST_LIFE).whole_seconds();
    json::canonical(&document).map_err(|_| SealError::Document)
}

fn held_bytes(state: &TrustState, division: Division) -> Option<String> {
    state.list_bytes(ListId::Province(division)).map(|(text, _)| text.to_owned())
}

fn check_follows(offered: &ListHeader, held: Option<&ListHeader>) -> Result<(), UpdateRefusal> {
    let (before, previous) = held.map_or_else(
        || (0, PreviousList::none()),
        |held| {
            let named = held.named;
            let previous = PreviousList { sequence: named.sequence, sha256: named.sha256 };
            (named.sequence, previous)
        },
    );
    let sequence = offered.named.sequence;
    if sequence < before {
        return Err(UpdateRefusal::Rollback);
    }
    if sequence == before {
        return Err(UpdateRefusal::Equivocation);
    }
    if sequence > before + 1 {
        return Err(UpdateRefusal::SequenceJump);
    }
    if offered.previous == previous { Ok(()) } else { Err(UpdateRefusal::Fork) }
}

/// A list as JSON without what every new signing changes.
fn content(document: &Document) -> Option<Value> {
    let mut value = serde_json::to_value(document).ok()?;
    let scheme = value.pointer_mut("/LoTE/ListAndSchemeInformation")?.as_object_mut()?;
    for member in ["LoTESequenceNumber", "ListIssueDateTime", "NextUpdate"] {
        scheme.remove(member)?;
    }
    if let Some(Value::Array(extensions)) = scheme.get_mut("SchemeExtensions") {
        extensions.retain(|extension| extension["Name"] != "urn:elicence:ext:PreviousList");
    }
    Some(value)
}

/// The places in which two documents differ. Their depth is what a list's reader admits.
fn collect_changes(held: &Value, offered: &Value, place: &str, changed: &mut Vec<String>) {
    match (held, offered) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                let before = old.get(name).unwrap_or(&Value::Null);
                collect_changes(before, value, &format!("{place}/{name}"), changed);
            }
            let gone = old.keys().filter(|name| !new.contains_key(*name));
            changed.extend(gone.map(|name| format!("{place}/{name}")));
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (number, (before, value)) in old.iter().zip(new).enumerate() {
                collect_changes(before, value, &format!("{place}/{number}"), changed);
            }
        }
        _ if held == offered => {}
        _ => changed.push(place.to_owned()),
    }
}

/// A list is signed anew every day even when nothing changed, so that its end is never near.
const RESIGNED_AFTER: Duration = Duration::from_hours(24);
/// However old it is, half of its life must always be left.
const RESIGNED_BEFORE: Duration = Duration::from_hours(7 * 24);

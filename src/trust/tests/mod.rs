//! The accept rules and the snapshot held against the attack catalogue; each test is named after
//! its row. The hub is the worst one throughout: it names in its statements whatever it likes.

mod federation;
mod floors;
mod format;
mod history;
mod latecomers;
mod lists;
mod log;
mod machine;
mod next_list;
mod orders;
mod profile;
mod restore;
mod revived;
mod roots;
mod sabotage;
mod schema;
mod scope;
mod size;
mod waiting;

use super::testing::{Federation, Identity, list_id, seal_with};
use super::{DocumentKind, TrustState, Update, UpdateRefusal};
use crate::base::{ListId, Timestamp};
use crate::crypto::Digest;
use crate::crypto::jws::GeneralJws;

fn federation() -> Federation {
    Federation::new("2026-11-22T08:00:00Z".parse().unwrap())
}

/// Offers `bytes` as list `id`, whatever the freshness statement held names.
fn offer(
    state: &TrustState,
    id: ListId,
    bytes: &[u8],
    now: Timestamp,
) -> Result<TrustState, UpdateRefusal> {
    state.accept(Update::List { id, bytes }, now).map(|accepted| accepted.state)
}

/// Offers `bytes` as list `id` after a freshness statement that names exactly them.
fn announce_and_offer(
    federation: &mut Federation,
    state: &TrustState,
    id: ListId,
    bytes: &[u8],
) -> Result<TrustState, UpdateRefusal> {
    federation.announce(id, bytes);
    let token = federation.freshness();
    let state = take_freshness(state, &token, federation.now)?;
    offer(&state, id, bytes, federation.now)
}

fn take_freshness(
    state: &TrustState,
    token: &str,
    now: Timestamp,
) -> Result<TrustState, UpdateRefusal> {
    state.accept(Update::Freshness(token), now).map(|accepted| accepted.state)
}

fn take_root(
    state: &TrustState,
    bytes: &[u8],
    now: Timestamp,
) -> Result<TrustState, UpdateRefusal> {
    state.accept(Update::Root(bytes), now).map(|accepted| accepted.state)
}

/// The next honest version of list `id`, its text changed before the right keys sign it.
fn resealed(federation: &Federation, id: ListId, from: &str, to: &str) -> Vec<u8> {
    let payload = String::from_utf8(federation.draft(id).to_payload().unwrap()).unwrap();
    assert!(payload.contains(from), "{from} stands in the list");
    seal_with(
        payload.replacen(from, to, 1).as_bytes(),
        &list_signers(federation, id),
        federation.now,
    )
}

fn list_signers(federation: &Federation, id: ListId) -> Vec<&Identity> {
    match id {
        ListId::Federation => federation.operators.iter().take(3).collect(),
        ListId::Province(division) => vec![&federation.province(division.as_str()).list],
    }
}

/// What `state` holds, by name, number and digest.
fn contents(state: &TrustState) -> Vec<(DocumentKind, String, u64, Digest)> {
    let documents = state.documents().into_iter();
    documents.map(|held| (held.kind, held.id, held.sequence, held.sha256)).collect()
}

fn payload_of(bytes: &[u8]) -> Vec<u8> {
    GeneralJws::parse(bytes).unwrap().payload().to_vec()
}

fn tianjin() -> ListId {
    list_id(TIANJIN)
}

const TIANJIN: &str = "120000";
const HEBEI: &str = "130000";

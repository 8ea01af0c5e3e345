//! Which of this province's clients may act at all: asked before every request, on every listener,
//! so that one that was suspended a moment ago is refused on the connection it has open.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::base::{ClientId, Code};
use crate::crypto::Digest;
use crate::identity::Client;
use crate::store::{ClientRow, ClientState};

/// The register of clients as the doors need it.
pub(crate) struct ClientBook {
    entries: ArcSwap<Entries>,
    generation: AtomicU64,
    /// Held from before a commit until it is entered here, so that the book and the store take
    /// changes in one order.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

type Entries = HashMap<Digest, Entry>;

#[derive(Clone)]
struct Entry {
    role: String,
    id: ClientId,
    state: ClientState,
}

impl ClientBook {
    /// The book as the store has it.
    pub(crate) fn of(rows: Vec<ClientRow>) -> Self {
        let entries: Entries = rows.into_iter().map(|row| (row.spki, Entry::of(row))).collect();
        Self {
            entries: ArcSwap::from_pointee(entries),
            generation: AtomicU64::new(0),
            changing: tokio::sync::Mutex::new(()),
        }
    }

    /// Grows with every change.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether `client` may act. A key that nobody registered stands with its name: whoever was
    /// suspended by name does not come back with another certificate.
    pub(crate) fn standing(&self, client: &Client) -> Result<(), Code> {
        let entries = self.entries.load();
        let own = entries.get(&client.key().spki_digest());
        let name = entries.get(&name_digest(&client.role().to_string(), client.id()));
        match own.or(name).map(|entry| entry.state) {
            None | Some(ClientState::Active) => Ok(()),
            Some(ClientState::Suspended | ClientState::Withdrawn) => Err(Code::ClientSuspended),
        }
    }

    /// The state in which the store has the name as such.
    pub(crate) fn state_of_name(&self, role: &str, id: &ClientId) -> Option<ClientState> {
        self.entries.load().get(&name_digest(role, id)).map(|entry| entry.state)
    }

    /// Whether a key is in the book.
    pub(crate) fn knows(&self, spki: Digest) -> bool {
        self.entries.load().contains_key(&spki)
    }

    /// Enters a key that the store took.
    pub(crate) fn put(&self, row: ClientRow) {
        self.change(|entries| {
            entries.insert(row.spki, Entry::of(row));
        });
    }

    /// Enters a change of state that the store took: of one key, or of all that go by the name.
    pub(crate) fn set_state(
        &self,
        (role, id): (&str, &ClientId),
        spki: Option<Digest>,
        state: ClientState,
    ) {
        self.change(|entries| {
            for (key, entry) in entries {
                let is_meant = entry.role == role && entry.id == *id;
                let is_final = entry.state == ClientState::Withdrawn;
                if is_meant && !is_final && spki.is_none_or(|spki| spki == *key) {
                    entry.state = state;
                }
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) {
        let mut entries = Entries::clone(&self.entries.load());
        change(&mut entries);
        self.entries.store(Arc::new(entries));
        // After the entries: whoever sees the new number sees them as well.
        self.generation.fetch_add(1, Ordering::Release);
    }
}

impl Entry {
    fn of(row: ClientRow) -> Self {
        Self { role: row.role, id: row.id, state: row.state }
    }
}

/// Under which a name as such is kept among the keys: a digest that no key has.
pub(crate) fn name_digest(role: &str, id: &ClientId) -> Digest {
    Digest::of_parts(&[b"elicence client name\0", role.as_bytes(), b"\0", id.as_str().as_bytes()])
}

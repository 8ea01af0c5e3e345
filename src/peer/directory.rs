//! A client for each node of the federation, rebuilt when what a list says of it changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use super::client::{PeerClient, PeerSettings};
use super::error::PeerError;
use super::origin::Origin;
use crate::base::MemberId;
use crate::crypto::Digest;
use crate::crypto::x509::Certificate;
use crate::tls::{ServerPin, TlsIdentity};
use crate::trust::{Member, Snapshot};

/// The clients of a node, at most two for each member and one for the hub.
#[derive(Debug)]
pub struct PeerDirectory {
    identity: Option<TlsIdentity>,
    settings: PeerSettings,
    clients: ArcSwap<HashMap<Destination, Arc<Entry>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Destination {
    Hub,
    Federation(MemberId),
    Public(MemberId),
    Witness(MemberId),
}

#[derive(Debug)]
struct Entry {
    /// Origin and pin it was made for.
    mark: Digest,
    /// The snapshot in which the mark was last found right.
    generation: AtomicU64,
    client: Arc<PeerClient>,
}

impl PeerDirectory {
    /// A directory without clients yet, which will show `identity`. A node whose key changes makes
    /// a new directory.
    #[must_use]
    pub fn new(identity: Option<TlsIdentity>, settings: PeerSettings) -> Self {
        Self { identity, settings, clients: ArcSwap::default() }
    }

    /// The client of the hub that the root names.
    pub fn hub(&self, snapshot: &Snapshot) -> Result<Arc<PeerClient>, PeerError> {
        self.find(Destination::Hub, snapshot)
    }

    /// The client of `member`'s federation listener.
    pub fn member(
        &self,
        snapshot: &Snapshot,
        member: MemberId,
    ) -> Result<Arc<PeerClient>, PeerError> {
        self.find(Destination::Federation(member), snapshot)
    }

    /// The client of `member`'s federation listener though it be suspended: who witnesses a log
    /// goes on witnessing it.
    pub fn member_whatever_its_status(
        &self,
        snapshot: &Snapshot,
        member: MemberId,
    ) -> Result<Arc<PeerClient>, PeerError> {
        self.find(Destination::Witness(member), snapshot)
    }

    /// The client of `member`'s public listener, to which this node does not show itself.
    pub fn public(
        &self,
        snapshot: &Snapshot,
        member: MemberId,
    ) -> Result<Arc<PeerClient>, PeerError> {
        self.find(Destination::Public(member), snapshot)
    }

    fn find(
        &self,
        destination: Destination,
        snapshot: &Snapshot,
    ) -> Result<Arc<PeerClient>, PeerError> {
        let known = self.clients.load().get(&destination).cloned();
        let generation = snapshot.generation();
        if let Some(entry) = &known
            && entry.generation.load(Ordering::Relaxed) == generation
        {
            return Ok(Arc::clone(&entry.client));
        }
        let (origin, pin) = destination.look_up(snapshot)?;
        let mark = Digest::of_parts(&[origin.as_bytes(), pin.digest().as_bytes()]);
        if let Some(entry) = known.filter(|entry| entry.mark == mark) {
            entry.generation.store(generation, Ordering::Relaxed);
            return Ok(Arc::clone(&entry.client));
        }
        let origin = Origin::parse(origin, self.settings.policy)?;
        let identity = self.identity.as_ref().filter(|_| destination.is_shown_who_asks());
        let client = Arc::new(PeerClient::new(origin, pin, identity, &self.settings)?);
        self.keep(
            destination,
            Entry { mark, generation: generation.into(), client: Arc::clone(&client) },
            snapshot,
        );
        Ok(client)
    }

    /// Keeps a client, and drops those of nodes that are no longer members. The one it replaces
    /// lives on in requests under way and is gone with them.
    fn keep(&self, destination: Destination, entry: Entry, snapshot: &Snapshot) {
        let entry = Arc::new(entry);
        self.clients.rcu(|clients| {
            let mut next = HashMap::clone(clients);
            next.retain(|known, _| known.stands_in(snapshot));
            next.insert(destination, Arc::clone(&entry));
            next
        });
    }
}

impl Destination {
    /// Where it is and what it must show, as the root or the lists say now.
    fn look_up(self, snapshot: &Snapshot) -> Result<(&str, ServerPin), PeerError> {
        let (id, origin): (MemberId, fn(&Member) -> &str) = match self {
            Self::Hub => {
                let hub = snapshot.hub();
                let origin = hub.url.strip_suffix('/').unwrap_or(&hub.url);
                return Ok((origin, ServerPin::Key(hub.tls_spki_sha256)));
            }
            Self::Federation(id) | Self::Witness(id) => (id, Member::federation_origin),
            Self::Public(id) => (id, Member::public_origin),
        };
        let member = snapshot.member(id).ok_or(PeerError::Unlisted)?;
        let pinned: Vec<Certificate> = match self {
            Self::Witness(_) => snapshot.listed_tls_certificates(id).cloned().collect(),
            _ => snapshot.tls_certificates(id).cloned().collect(),
        };
        if pinned.is_empty() {
            return Err(PeerError::Unlisted);
        }
        Ok((origin(member), ServerPin::Certificates(pinned)))
    }

    const fn is_shown_who_asks(self) -> bool {
        !matches!(self, Self::Public(_))
    }

    fn stands_in(self, snapshot: &Snapshot) -> bool {
        match self {
            Self::Hub => true,
            Self::Federation(id) | Self::Public(id) | Self::Witness(id) => {
                snapshot.member(id).is_some()
            }
        }
    }
}

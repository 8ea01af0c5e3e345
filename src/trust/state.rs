//! What a node holds of the federation, between updates and across restarts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::federation::{self, FederationList};
use super::freshness::{Freshness, Named};
use super::header::ListHeader;
use super::lote::SignedList;
use super::province::ProvincialList;
use super::refusal::UpdateRefusal;
use super::root::Root;
use crate::base::{Division, ListId};
use crate::crypto::Digest;
use crate::crypto::jws::Typ;

/// Root, federation list, provincial lists and freshness, as accepted so far. A state is never
/// changed; the accept rules make a new one.
#[derive(Clone, Debug)]
pub struct TrustState {
    pub(super) root: Arc<Root>,
    /// The roots that led from the pinned one to the one in force, oldest first.
    pub(super) earlier_roots: Vec<Arc<Root>>,
    pub(super) freshness: Option<Arc<Freshness>>,
    pub(super) federation: Option<Arc<Held<FederationList>>>,
    pub(super) provinces: BTreeMap<Division, Arc<Held<ProvincialList>>>,
}

/// A list with the bytes it was read from, which go to the store and to whoever asks.
#[derive(Clone, Debug)]
pub(super) struct Held<T> {
    pub(super) list: T,
    pub(super) bytes: String,
}

/// Kinds of document that make up the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// The federation list or a provincial list.
    List,
    /// A root.
    Root,
    /// A freshness statement.
    Freshness,
}

impl DocumentKind {
    /// The word under which documents of this kind are stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Freshness => "freshness",
            Self::List => "list",
            Self::Root => "root",
        }
    }
}

/// A document of the state in the form in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// Which one: the number of a root, the key of a freshness statement, `federation` or six
    /// digits. A store keeps one document of each kind and identifier, the newest.
    pub id: String,
    /// Its sequence number.
    pub sequence: u64,
    /// SHA-256 of its payload (of the token, for freshness).
    pub sha256: Digest,
    /// The signed bytes.
    pub text: String,
}

impl TrustState {
    /// The state of a node that knows only its pinned root.
    #[must_use]
    pub fn pinned(root: Root) -> Self {
        Self {
            root: Arc::new(root),
            earlier_roots: Vec::new(),
            freshness: None,
            federation: None,
            provinces: BTreeMap::new(),
        }
    }

    /// Restores a state from stored documents. Every signature is verified again; expiry is not,
    /// since a node must know what it held even when it has ended.
    pub fn restore(pinned: Root, documents: &[StoredDocument]) -> Result<Self, UpdateRefusal> {
        let mut state = Self::pinned(pinned);
        let of_kind = |kind| documents.iter().filter(move |document| document.kind == kind);
        let mut roots: Vec<&StoredDocument> = of_kind(DocumentKind::Root).collect();
        roots.sort_by_key(|document| document.sequence);
        for document in roots {
            if document.sequence > state.root.document().sequence {
                let next = state.root.successor(document.text.as_bytes())?;
                state.earlier_roots.push(std::mem::replace(&mut state.root, Arc::new(next)));
            }
        }
        let freshness_key = freshness_id(&state.root);
        if let Some(document) =
            of_kind(DocumentKind::Freshness).find(|document| document.id == freshness_key)
        {
            state.freshness = Some(Arc::new(Freshness::read(&document.text, &state.root)?));
        }
        let lists = || of_kind(DocumentKind::List);
        let federation = ListId::Federation.short();
        for document in lists().filter(|document| document.id == federation) {
            state.restore_list(document)?;
        }
        for document in lists().filter(|document| document.id != federation) {
            state.restore_list(document)?;
        }
        Ok(state)
    }

    fn restore_list(&mut self, document: &StoredDocument) -> Result<(), UpdateRefusal> {
        let signed = SignedList::parse(document.text.as_bytes())?;
        if signed.id().short() != document.id {
            return Err(UpdateRefusal::IdNotCanonical);
        }
        // The list in force may have been signed under a root before the one in force now.
        let newest_first = std::iter::once(&self.root).chain(self.earlier_roots.iter().rev());
        let mut root = Arc::clone(&self.root);
        if signed.id() == ListId::Federation {
            let signed_under =
                |root: &&Arc<Root>| federation::check_signatures(signed.signatures(), root).is_ok();
            root = newest_first.clone().find(signed_under).cloned().unwrap_or(root);
        }
        self.hold_under(&root, &signed, document.text.clone())
    }

    /// Verifies the signatures of `signed` and holds it in place of what was held.
    pub(super) fn hold(&mut self, signed: &SignedList, bytes: String) -> Result<(), UpdateRefusal> {
        let root = Arc::clone(&self.root);
        self.hold_under(&root, signed, bytes)
    }

    fn hold_under(
        &mut self,
        root: &Root,
        signed: &SignedList,
        bytes: String,
    ) -> Result<(), UpdateRefusal> {
        match signed.id() {
            ListId::Federation => {
                federation::check_signatures(signed.signatures(), root)?;
                let list = FederationList::read(signed)?;
                self.federation = Some(Arc::new(Held { list, bytes }));
            }
            ListId::Province(division) => {
                self.check_list_signature(signed, division)?;
                let list = ProvincialList::read(signed)?;
                self.provinces.insert(division, Arc::new(Held { list, bytes }));
            }
        }
        Ok(())
    }

    fn check_list_signature(
        &self,
        signed: &SignedList,
        division: Division,
    ) -> Result<(), UpdateRefusal> {
        let federation = self.federation().ok_or(UpdateRefusal::WrongSigner)?;
        let member = federation.member(division.member()).ok_or(UpdateRefusal::WrongSigner)?;
        if !signed.signatures().signers(&[&member.list_key], Typ::List)?.is_empty() {
            return Ok(());
        }
        let list = ProvincialList::read(signed)?;
        let own_keys: Vec<_> = list.services().iter().map(|service| &service.key).collect();
        if signed.signatures().signers(&own_keys, Typ::List)?.is_empty() {
            Err(UpdateRefusal::WrongSigner)
        } else {
            Err(UpdateRefusal::WrongKeyUsage)
        }
    }

    /// The root in force.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The newest freshness statement.
    #[must_use]
    pub fn freshness(&self) -> Option<&Freshness> {
        self.freshness.as_deref()
    }

    /// The federation list.
    #[must_use]
    pub fn federation(&self) -> Option<&FederationList> {
        self.federation.as_deref().map(|held| &held.list)
    }

    /// A provincial list.
    #[must_use]
    pub fn province(&self, division: Division) -> Option<&ProvincialList> {
        self.provinces.get(&division).map(|held| &held.list)
    }

    /// Every provincial list.
    pub fn provinces(&self) -> impl Iterator<Item = &ProvincialList> {
        self.provinces.values().map(|held| &held.list)
    }

    /// Whether the list `id` is held in the version that the freshness statement names.
    #[must_use]
    pub fn is_current(&self, id: ListId) -> bool {
        let named = self.freshness().and_then(|freshness| freshness.list(id));
        named.is_some() && named == self.held(id)
    }

    /// The header of list `id` as it is held.
    #[must_use]
    pub fn header(&self, id: ListId) -> Option<&ListHeader> {
        match id {
            ListId::Federation => self.federation().map(FederationList::header),
            ListId::Province(division) => self.province(division).map(ProvincialList::header),
        }
    }

    /// The headers of all lists held, the federation's first.
    pub fn headers(&self) -> impl Iterator<Item = (ListId, &ListHeader)> {
        let federation = self.federation().map(|list| (ListId::Federation, list.header()));
        let provinces =
            self.provinces().map(|list| (ListId::Province(list.division()), list.header()));
        federation.into_iter().chain(provinces)
    }

    /// The held version of list `id`, by number, digest and size.
    #[must_use]
    pub fn held(&self, id: ListId) -> Option<Named> {
        self.header(id).map(|header| header.named)
    }

    /// The state as documents for the store.
    #[must_use]
    pub fn documents(&self) -> Vec<StoredDocument> {
        let roots = self.earlier_roots.iter().chain(std::iter::once(&self.root));
        let mut documents: Vec<StoredDocument> = roots.map(|root| stored_root(root)).collect();
        if let Some(freshness) = &self.freshness {
            documents.push(StoredDocument {
                kind: DocumentKind::Freshness,
                id: freshness_id(&self.root),
                sequence: freshness.sequence(),
                sha256: freshness.sha256(),
                text: freshness.token().to_owned(),
            });
        }
        if let Some(held) = &self.federation {
            documents.push(stored_list(ListId::Federation, held.list.header(), &held.bytes));
        }
        for held in self.provinces.values() {
            let id = ListId::Province(held.list.division());
            documents.push(stored_list(id, held.list.header(), &held.bytes));
        }
        documents
    }
}

/// Each root is kept: a restart walks again from the pinned one to the one in force.
fn stored_root(root: &Root) -> StoredDocument {
    StoredDocument {
        kind: DocumentKind::Root,
        id: root.document().sequence.to_string(),
        sequence: root.document().sequence,
        sha256: root.sha256(),
        text: String::from_utf8_lossy(root.bytes()).into_owned(),
    }
}

/// Statements are kept by the key that signs them: a new key counts from its own beginning, and
/// what the old one said is not read again.
fn freshness_id(root: &Root) -> String {
    root.freshness_key().spki_digest().to_string()
}

fn stored_list(id: ListId, header: &ListHeader, bytes: &str) -> StoredDocument {
    StoredDocument {
        kind: DocumentKind::List,
        id: id.short(),
        sequence: header.named.sequence,
        sha256: header.named.sha256,
        text: bytes.to_owned(),
    }
}

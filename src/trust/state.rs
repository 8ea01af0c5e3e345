//! What a node holds of the federation, between updates and across restarts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::federation::FederationList;
use super::freshness::{Freshness, Named};
use super::header::ListHeader;
use super::log_view::LogView;
use super::order::SignedOrder;
use super::orders::Orders;
use super::province::ProvincialList;
use super::root::Root;
use super::voices::Voices;
use super::waiting::Waiting;
use crate::base::{Division, ListId, MemberId, Timestamp};
use crate::crypto::Digest;

/// Root, federation list, provincial lists, freshness and orders, as accepted so far. A state is
/// never changed; the accept rules make a new one.
#[derive(Clone, Debug)]
pub struct TrustState {
    pub(super) root: Arc<Root>,
    /// The roots that led from the pinned one to the one in force, oldest first.
    pub(super) earlier_roots: Vec<Arc<Root>>,
    pub(super) freshness: Option<Arc<Freshness>>,
    /// Signing time of the newest statement ever taken, under whichever key: age and floor stay
    /// when a statement is dropped.
    pub(super) heard: Option<Timestamp>,
    pub(super) lists: Lists,
    pub(super) waiting: Waiting,
    pub(super) orders: Arc<Orders>,
    pub(super) log: Arc<LogView>,
    /// Keys that a list once withdrew; no list brings them back.
    pub(super) burned: Arc<BTreeSet<Digest>>,
    /// Keys of a member on whose past nobody may rely: what they signed before their end is not
    /// saved by the reason that a list gives for it.
    pub(super) doubted: Arc<BTreeSet<(MemberId, Digest)>>,
    /// For keys that two members list: where the log first carried each claim.
    pub(super) origins: Arc<BTreeMap<(Digest, MemberId), u64>>,
}

/// A federation list and the provincial lists beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    pub(super) federation: Option<Arc<Held<FederationList>>>,
    pub(super) provinces: BTreeMap<Division, Arc<Held<ProvincialList>>>,
}

/// A list with the bytes it was read from, which go to the store and to whoever asks.
#[derive(Clone, Debug)]
pub(super) struct Held<T> {
    pub(super) list: T,
    pub(super) bytes: String,
}

/// A list whose signatures were verified, of either kind.
#[derive(Clone, Debug)]
pub(super) enum Verified {
    Federation(Arc<Held<FederationList>>),
    Province(Arc<Held<ProvincialList>>),
}

impl Lists {
    pub(super) fn header(&self, id: ListId) -> Option<&ListHeader> {
        match id {
            ListId::Federation => self.federation.as_ref().map(|held| held.list.header()),
            ListId::Province(division) => {
                self.provinces.get(&division).map(|held| held.list.header())
            }
        }
    }

    pub(super) fn put(&mut self, list: Verified) {
        match list {
            Verified::Federation(held) => self.federation = Some(held),
            Verified::Province(held) => {
                self.provinces.insert(held.list.division(), held);
            }
        }
    }

    /// All lists, the federation's first.
    pub(super) fn all(&self) -> impl Iterator<Item = Verified> {
        let federation = self.federation.iter().cloned().map(Verified::Federation);
        federation.chain(self.provinces.values().cloned().map(Verified::Province))
    }

    /// The headers of all lists, the federation's first.
    pub(super) fn headers(&self) -> impl Iterator<Item = (ListId, &ListHeader)> {
        let federation = self.federation.iter();
        let federation = federation.map(|held| (ListId::Federation, held.list.header()));
        let provinces = self.provinces.iter();
        let provinces =
            provinces.map(|(division, held)| (ListId::Province(*division), held.list.header()));
        federation.chain(provinces)
    }

    fn bytes(&self, id: ListId) -> Option<&str> {
        match id {
            ListId::Federation => self.federation.as_ref().map(|held| held.bytes.as_str()),
            ListId::Province(division) => {
                self.provinces.get(&division).map(|held| held.bytes.as_str())
            }
        }
    }
}

impl Verified {
    pub(super) fn id(&self) -> ListId {
        match self {
            Self::Federation(_) => ListId::Federation,
            Self::Province(held) => ListId::Province(held.list.division()),
        }
    }

    pub(super) fn header(&self) -> &ListHeader {
        match self {
            Self::Federation(held) => held.list.header(),
            Self::Province(held) => held.list.header(),
        }
    }

    pub(super) fn named(&self) -> Named {
        self.header().named
    }

    /// The signed bytes.
    pub(super) fn bytes(&self) -> &str {
        match self {
            Self::Federation(held) => &held.bytes,
            Self::Province(held) => &held.bytes,
        }
    }
}

impl TrustState {
    /// The state of a node that knows only its pinned root.
    #[must_use]
    pub fn pinned(root: Root) -> Self {
        Self {
            root: Arc::new(root),
            earlier_roots: Vec::new(),
            freshness: None,
            heard: None,
            lists: Lists::default(),
            waiting: Waiting::default(),
            orders: Arc::default(),
            log: Arc::default(),
            burned: Arc::default(),
            doubted: Arc::default(),
            origins: Arc::default(),
        }
    }

    /// The root in force.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The root with this number, when it is the one in force or led to it.
    #[must_use]
    pub fn root_numbered(&self, sequence: u64) -> Option<&Root> {
        let all = self.earlier_roots.iter().chain(std::iter::once(&self.root));
        all.map(Arc::as_ref).find(|root| root.document().sequence == sequence)
    }

    /// The newest freshness statement.
    #[must_use]
    pub fn freshness(&self) -> Option<&Freshness> {
        self.freshness.as_deref()
    }

    /// Signing time of the newest freshness statement ever taken.
    #[must_use]
    pub const fn heard(&self) -> Option<Timestamp> {
        self.heard
    }

    /// The federation list.
    #[must_use]
    pub fn federation(&self) -> Option<&FederationList> {
        self.lists.federation.as_deref().map(|held| &held.list)
    }

    /// A provincial list.
    #[must_use]
    pub fn province(&self, division: Division) -> Option<&ProvincialList> {
        self.lists.provinces.get(&division).map(|held| &held.list)
    }

    /// The newest version of a provincial list, in force or waiting.
    #[must_use]
    pub fn newest_province(&self, division: Division) -> Option<&ProvincialList> {
        let waiting = self.waiting.provinces(division).next_back().map(|held| &held.list);
        waiting.or_else(|| self.province(division))
    }

    /// Every provincial list.
    pub fn provinces(&self) -> impl Iterator<Item = &ProvincialList> {
        self.lists.provinces.values().map(|held| &held.list)
    }

    /// The suspension orders.
    #[must_use]
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The list log as far as it was read.
    #[must_use]
    pub fn log(&self) -> &LogView {
        &self.log
    }

    /// Whether taking `order` would change nothing, without its signatures being judged again: it
    /// was lifted, or is held as it is.
    #[must_use]
    pub fn knows_order(&self, order: &SignedOrder) -> bool {
        self.voices().is_some_and(|voices| self.orders.know(order, &voices))
    }

    /// Whose word counts for an order as this state stands.
    pub(super) fn voices(&self) -> Option<Voices<'_>> {
        let federation = self.federation()?;
        let (root, earlier_roots) = (&*self.root, &self.earlier_roots[..]);
        Some(Voices { root, earlier_roots, federation, log: &self.log })
    }

    /// Orders that the newest statement names and that nobody has brought yet.
    #[must_use]
    pub fn missing_orders(&self) -> Vec<Digest> {
        let lifted = |order: &Digest| self.federation().is_some_and(|list| list.lifts(*order));
        let missing = |order: &Digest| self.orders.get(*order).is_none() && !lifted(order);
        let named = self.freshness().into_iter().flat_map(Freshness::orders);
        named.filter(missing).collect()
    }

    /// Whether the list `id` is held, or waits, in the version that the freshness statement names.
    #[must_use]
    pub fn is_current(&self, id: ListId) -> bool {
        let named = self.freshness().and_then(|freshness| freshness.list(id));
        named.is_some() && named == self.newest(id).map(|header| header.named)
    }

    /// Lists that wait for the log's witnesses, in their newest versions.
    pub fn waiting(&self) -> impl Iterator<Item = (ListId, &ListHeader)> {
        self.waiting.headers()
    }

    /// The header of the newest version of list `id`, in force or waiting.
    #[must_use]
    pub fn newest(&self, id: ListId) -> Option<&ListHeader> {
        self.waiting.header(id).or_else(|| self.lists.header(id))
    }

    /// Every list that is here, in force or waiting, the federation's first.
    #[must_use]
    pub fn known_lists(&self) -> BTreeSet<ListId> {
        self.lists.headers().chain(self.waiting.headers()).map(|(id, _)| id).collect()
    }

    /// The header of list `id` as it is held.
    #[must_use]
    pub fn header(&self, id: ListId) -> Option<&ListHeader> {
        self.lists.header(id)
    }

    /// The headers of all lists held, the federation's first.
    pub fn headers(&self) -> impl Iterator<Item = (ListId, &ListHeader)> {
        self.lists.headers()
    }

    /// The held version of list `id`, by number, digest and size.
    #[must_use]
    pub fn held(&self, id: ListId) -> Option<Named> {
        self.header(id).map(|header| header.named)
    }

    /// The signed bytes of version `sequence` of list `id`, when it is in force or waiting.
    #[must_use]
    pub fn list_version(&self, id: ListId, sequence: u64) -> Option<&str> {
        let is_it = |header: &ListHeader| header.named.sequence == sequence;
        if let Some(waiting) = self.waiting.newest(id).filter(|list| is_it(list.header())) {
            return Some(waiting.bytes());
        }
        self.lists.header(id).is_some_and(is_it).then(|| self.lists.bytes(id))?
    }

    /// The signed bytes of list `id`, general JSON form: the newest version that is here, whether
    /// in force or waiting, since whoever asks judges it anew.
    #[must_use]
    pub fn list_bytes(&self, id: ListId) -> Option<(&str, Named)> {
        if let Some(waiting) = self.waiting.newest(id) {
            return Some((waiting.bytes(), waiting.named()));
        }
        Some((self.lists.bytes(id)?, self.lists.header(id)?.named))
    }
}

//! What a node holds of the federation, between updates and across restarts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::federation::{self, FederationList, Member};
use super::freshness::{Freshness, Named};
use super::header::ListHeader;
use super::log_view::LogView;
use super::lote::SignedList;
use super::order::SignedOrder;
use super::orders::Orders;
use super::province::ProvincialList;
use super::refusal::UpdateRefusal;
use super::root::Root;
use crate::base::{Division, ListId, MemberId, Timestamp};
use crate::crypto::Digest;
use crate::crypto::jws::Typ;

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
    /// Lists that are newer than the held ones and not witnessed yet: what they take away counts.
    pub(super) waiting: Lists,
    pub(super) orders: Arc<Orders>,
    pub(super) log: Arc<LogView>,
    /// Keys that a list once withdrew; no list brings them back.
    pub(super) burned: Arc<BTreeSet<Digest>>,
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

    pub(super) fn remove(&mut self, id: ListId) -> Option<Verified> {
        match id {
            ListId::Federation => self.federation.take().map(Verified::Federation),
            ListId::Province(division) => self.provinces.remove(&division).map(Verified::Province),
        }
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
            waiting: Lists::default(),
            orders: Arc::default(),
            log: Arc::default(),
            burned: Arc::default(),
            origins: Arc::default(),
        }
    }

    /// Verifies the signatures of `signed` under `root` and the keys held, and reads it.
    pub(super) fn verify_list(
        &self,
        root: &Root,
        signed: &SignedList,
        bytes: String,
    ) -> Result<Verified, UpdateRefusal> {
        match signed.id() {
            ListId::Federation => {
                federation::check_signatures(signed.signatures(), root)?;
                let list = FederationList::read(signed)?;
                Ok(Verified::Federation(Arc::new(Held { list, bytes })))
            }
            ListId::Province(division) => {
                self.check_list_signature(signed, division)?;
                let list = ProvincialList::read(signed)?;
                Ok(Verified::Province(Arc::new(Held { list, bytes })))
            }
        }
    }

    fn check_list_signature(
        &self,
        signed: &SignedList,
        division: Division,
    ) -> Result<(), UpdateRefusal> {
        let member = self.member_of(division).ok_or(UpdateRefusal::WrongSigner)?;
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

    fn member_of(&self, division: Division) -> Option<&Member> {
        self.federation()?.member(division.member())
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
        let waiting = self.waiting.provinces.get(&division).map(|held| &held.list);
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
        self.federation().is_some_and(|list| self.orders.know(order, &self.root, list))
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

    /// Lists that wait for the log's witnesses.
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
        let is_it = |lists: &&Lists| {
            lists.header(id).is_some_and(|header| header.named.sequence == sequence)
        };
        [&self.waiting, &self.lists].into_iter().find(is_it)?.bytes(id)
    }

    /// The signed bytes of list `id`, general JSON form: the newest version that is here, whether
    /// in force or waiting, since whoever asks judges it anew.
    #[must_use]
    pub fn list_bytes(&self, id: ListId) -> Option<(&str, Named)> {
        let lists = if self.waiting.header(id).is_some() { &self.waiting } else { &self.lists };
        Some((lists.bytes(id)?, lists.header(id)?.named))
    }
}

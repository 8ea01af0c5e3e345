//! Lines of the list log that name this province: each must be of something that it signed here.
//! A list or an order under a stolen key passes every signature check; only its owner can know
//! better, so what was made here is remembered, and a signature by the own key is not enough.

use std::collections::BTreeSet;

use super::keys::KeyFolder;
use super::node::Node;
use crate::base::{Code, ListId};
use crate::crypto::Digest;
use crate::pki::files;
use crate::store::{StoreError, TrustDocumentRow};
use crate::trust::lote::SignedList;
use crate::trust::{LogLeaf, SignedOrder};

impl Node {
    /// Remembers that this gateway publishes the list with this payload.
    pub(super) async fn remember_own_list(&self, list: &[u8]) -> Result<(), StoreError> {
        let Ok(signed) = SignedList::parse(list) else { return Ok(()) };
        self.remember_own(OWN_LIST, signed.sha256(), signed.document().lote.scheme.sequence).await
    }

    /// Remembers an order that an operator of this gateway brings, if it is this province's own:
    /// its line must be known long after a list has lifted it.
    pub(super) async fn remember_own_order(&self, order: &[u8]) -> Result<(), StoreError> {
        let Ok(order) = SignedOrder::parse(order) else { return Ok(()) };
        let snapshot = self.trust.snapshot();
        let member = snapshot.member(self.settings.member);
        let is_own = order.claims().member == self.settings.member
            && member.is_some_and(|member| order.is_signed_by(&member.list_key));
        if is_own { self.remember_own(OWN_ORDER, order.sha256(), 0).await } else { Ok(()) }
    }

    async fn remember_own(
        &self,
        kind: &str,
        sha256: Digest,
        sequence: u64,
    ) -> Result<(), StoreError> {
        let row = TrustDocumentRow {
            kind: kind.to_owned(),
            id: sha256.to_string(),
            sequence,
            sha256,
            document: String::new(),
            updated: self.now(),
        };
        self.store.keep_documents(vec![row]).await
    }

    /// Alarms on lines that name this member and that it did not sign.
    pub(super) async fn watch_own_lines(&self, lines: &[String]) {
        let own = self.settings.member;
        let leaves = lines.iter().filter_map(|line| LogLeaf::parse(line).ok());
        let leaves: Vec<LogLeaf> = leaves.filter(|leaf| leaf.member() == Some(own)).collect();
        if leaves.is_empty() {
            return;
        }
        let (keys, outbox) = (self.own_list_keys(), self.outbox());
        for leaf in leaves {
            let is_own = match &leaf {
                LogLeaf::List { sha256, .. } => {
                    outbox.contains(sha256) || self.is_remembered(OWN_LIST, *sha256).await
                }
                LogLeaf::Enrolment { spki, .. } | LogLeaf::KeyChange { spki, .. } => {
                    keys.contains(spki)
                }
                LogLeaf::Suspension { sha256, .. } => {
                    outbox.contains(sha256) || self.is_remembered(OWN_ORDER, *sha256).await
                }
                LogLeaf::Root { .. } => true,
            };
            if !is_own {
                tracing::error!(
                    ?leaf,
                    "the list log names this province for something that was not signed here: \
                     if nobody here did it elsewhere, suspend this member and replace its list key"
                );
                self.telemetry.trust_updated(own.division(), Err(Code::WrongSigner));
            }
        }
    }

    async fn is_remembered(&self, kind: &str, sha256: Digest) -> bool {
        matches!(self.store.trust_document(kind, &sha256.to_string()).await, Ok(Some(_)))
    }

    /// List keys of this province whose certificates lie in its key folder.
    fn own_list_keys(&self) -> BTreeSet<Digest> {
        let folder = KeyFolder::of(&self.settings.data_dir);
        let certificates = files::certificates_in(folder.path()).into_iter();
        let own = certificates.filter(|(name, _)| name.starts_with("list"));
        own.flat_map(|(_, chain)| chain).map(|certificate| certificate.spki_digest()).collect()
    }

    /// Lists and orders that were made in this folder and taken elsewhere by hand.
    fn outbox(&self) -> BTreeSet<Digest> {
        let own = self.settings.member;
        let list = |bytes: &[u8]| {
            let list = SignedList::parse(bytes).ok()?;
            (list.id() == ListId::Province(own.division())).then(|| list.sha256())
        };
        let order = |bytes: &[u8]| {
            let order = SignedOrder::parse(bytes).ok()?;
            (order.claims().member == own).then(|| order.sha256())
        };
        let outbox = std::fs::read_dir(self.settings.data_dir.join("outbox"));
        let files = outbox.into_iter().flatten().flatten().map(|entry| entry.path());
        let json = files.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
        let documents = json.filter_map(|path| std::fs::read(path).ok());
        documents.filter_map(|bytes| list(&bytes).or_else(|| order(&bytes))).collect()
    }
}

/// Under this word the store remembers lists that this gateway published.
const OWN_LIST: &str = "own-list";
/// Under this word it remembers orders of this province that its own operators brought.
const OWN_ORDER: &str = "own-order";

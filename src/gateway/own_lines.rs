//! Lines of the list log that name this province: each must be of something that it signed here.
//! A list under a stolen key passes every signature check; only its owner can know better.

use std::collections::BTreeSet;

use super::keys::KeyFolder;
use super::node::Node;
use crate::base::{Code, ListId};
use crate::crypto::Digest;
use crate::pki::files;
use crate::store::{StoreError, TrustDocumentRow};
use crate::trust::LogLeaf;
use crate::trust::lote::SignedList;

impl Node {
    /// Remembers that this gateway publishes the list with this payload.
    pub(super) async fn remember_own_list(&self, list: &[u8]) -> Result<(), StoreError> {
        let Ok(signed) = SignedList::parse(list) else { return Ok(()) };
        let sha256 = signed.sha256();
        let row = TrustDocumentRow {
            kind: OWN_LIST.to_owned(),
            id: sha256.to_string(),
            sequence: signed.document().lote.scheme.sequence,
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
        let (keys, outbox) = (self.own_list_keys(), self.outbox_lists());
        for leaf in leaves {
            let is_own = match &leaf {
                LogLeaf::List { sha256, .. } => {
                    outbox.contains(sha256) || self.is_remembered(*sha256).await
                }
                LogLeaf::Enrolment { spki, .. } | LogLeaf::KeyChange { spki, .. } => {
                    keys.contains(spki)
                }
                LogLeaf::Suspension { sha256, .. } => self.is_own_order(*sha256),
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

    async fn is_remembered(&self, list: Digest) -> bool {
        matches!(self.store.trust_document(OWN_LIST, &list.to_string()).await, Ok(Some(_)))
    }

    /// Whether an order was signed with this province's own list key.
    fn is_own_order(&self, order: Digest) -> bool {
        let snapshot = self.trust.snapshot();
        let Some(member) = snapshot.member(self.settings.member) else { return false };
        let held = snapshot.state().orders().get(order);
        held.is_some_and(|held| held.order().is_signed_by(&member.list_key))
    }

    /// List keys of this province whose certificates lie in its key folder.
    fn own_list_keys(&self) -> BTreeSet<Digest> {
        let folder = KeyFolder::of(&self.settings.data_dir);
        let certificates = files::certificates_in(folder.path()).into_iter();
        let own = certificates.filter(|(name, _)| name.starts_with("list"));
        own.flat_map(|(_, chain)| chain).map(|certificate| certificate.spki_digest()).collect()
    }

    /// Lists that were signed in this folder and taken to the hub by hand.
    fn outbox_lists(&self) -> BTreeSet<Digest> {
        let own = ListId::Province(self.settings.member.division());
        let outbox = std::fs::read_dir(self.settings.data_dir.join("outbox"));
        let files = outbox.into_iter().flatten().flatten().map(|entry| entry.path());
        let json = files.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
        json.filter_map(|path| SignedList::parse(&std::fs::read(path).ok()?).ok())
            .filter(|list| list.id() == own)
            .map(|list| list.sha256())
            .collect()
    }
}

/// Under this word the store remembers lists that this gateway published.
const OWN_LIST: &str = "own-list";

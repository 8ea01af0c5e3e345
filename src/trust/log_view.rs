//! The list log as one node has read it: every line once, its tree, and the newest checkpoints,
//! alone and with enough witnesses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::freshness::Named;
use super::log_leaf::LogLeaf;
use super::refusal::UpdateRefusal;
use super::root::{Root, Witnesses};
use super::state::TrustState;
use super::stored::{DocumentKind, StoredDocument};
use crate::base::{ListId, MemberId};
use crate::crypto::merkle::TileTree;
use crate::crypto::note::{Checkpoint, VerifierKey, WitnessKey, cosignatures};
use crate::crypto::{Digest, json};

/// What a node has read of the list log.
#[derive(Clone, Debug, Default)]
pub struct LogView {
    tree: TileTree,
    /// For each version of a list: the line that first carried it, under its own name and number.
    /// A line that names another list is read by another member, who has no cause for alarm.
    listed: BTreeMap<(ListId, u64, Digest), u64>,
    /// For each enrolment: when it was logged, by member and list key; never before a line above,
    /// or the log's operator could date back what is to stand three days in sight of all.
    enrolled: BTreeMap<(MemberId, Digest), i64>,
    /// The latest time that a line states, in seconds since 1970.
    latest: i64,
    /// For each suspension order: the line that first carried it, by whom it stops.
    stopped: BTreeMap<(MemberId, Digest), u64>,
    /// For each root: the line that first carried it.
    roots: BTreeMap<(u64, Digest), u64>,
    newest: Option<Head>,
    witnessed: Option<Head>,
}

/// A checkpoint that was accepted, and the root under which it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    size: u64,
    tree: Digest,
    note: String,
    root: u64,
}

impl LogView {
    /// How many lines were read.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root of the tree over them.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// The tree, with the roots, proofs and tiles of all its sizes.
    #[must_use]
    pub const fn tree(&self) -> &TileTree {
        &self.tree
    }

    /// The newest checkpoint with all cosignatures that came with it.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&str> {
        self.newest.as_ref().map(|head| head.note.as_str())
    }

    /// The newest checkpoint that enough witnesses cosigned.
    #[must_use]
    pub fn witnessed_checkpoint(&self) -> Option<&str> {
        self.witnessed.as_ref().map(|head| head.note.as_str())
    }

    /// How many lines stand under a checkpoint that enough witnesses cosigned.
    #[must_use]
    pub fn witnessed_size(&self) -> u64 {
        self.witnessed.as_ref().map_or(0, |head| head.size)
    }

    /// The line that first carried this version of list `id`.
    #[must_use]
    pub fn index_of(&self, id: ListId, version: Named) -> Option<u64> {
        self.listed.get(&(id, version.sequence, version.sha256)).copied()
    }

    /// Whether enough witnesses saw this version of list `id` in the log.
    #[must_use]
    pub fn is_witnessed(&self, id: ListId, version: Named) -> bool {
        self.index_of(id, version).is_some_and(|index| index < self.witnessed_size())
    }

    /// When `member` was first logged as applying with the list key of this digest, in seconds
    /// since 1970.
    pub(super) fn enrolled_at(&self, member: MemberId, list_key: Digest) -> Option<i64> {
        self.enrolled.get(&(member, list_key)).copied()
    }

    /// The line that first carried this order against `member`.
    pub(super) fn index_of_order(&self, member: MemberId, order: Digest) -> Option<u64> {
        self.stopped.get(&(member, order)).copied()
    }

    /// The line that first carried `root`.
    pub(super) fn index_of_root(&self, root: &Root) -> Option<u64> {
        self.roots.get(&(root.document().sequence, root.sha256())).copied()
    }

    /// Reads the log on to `note`, whose new lines are `lines`. The tree over all of them must be
    /// the one that the log signed; a log that shows anything else shows another history.
    pub(super) fn advance(
        &self,
        note: &str,
        lines: &[String],
        state: &TrustState,
    ) -> Result<Self, UpdateRefusal> {
        let root = state.root();
        let checkpoint = open(note, root)?;
        if checkpoint.size < self.size() {
            return Err(UpdateRefusal::Rollback);
        }
        let mut next = self.clone();
        for line in lines {
            next.read(line);
        }
        if next.size() != checkpoint.size {
            return Err(UpdateRefusal::SnapshotMismatch);
        }
        if next.root() != checkpoint.root {
            return Err(UpdateRefusal::SplitView);
        }
        let head = Head {
            size: checkpoint.size,
            tree: checkpoint.root,
            note: note.to_owned(),
            root: root.document().sequence,
        };
        if is_witnessed(note, root)? && next.is_handed_over(note, state)? {
            next.witnessed = Some(head.clone());
        }
        next.newest = Some(head);
        Ok(next)
    }

    /// A new set of witnesses takes over with a checkpoint that the set before it cosigned too.
    fn is_handed_over(&self, note: &str, state: &TrustState) -> Result<bool, UpdateRefusal> {
        let Some(before) = &self.witnessed else { return Ok(true) };
        match state.root_numbered(before.root) {
            Some(earlier) => is_witnessed(note, earlier),
            None => Ok(false),
        }
    }

    fn read(&mut self, line: &str) {
        let index = self.size();
        let leaf = LogLeaf::parse(line);
        if let Ok(leaf) = &leaf {
            self.latest = self.latest.max(leaf.at().instant().unix_seconds());
        }
        match leaf {
            Ok(LogLeaf::List { id, sequence, sha256, .. }) => {
                self.listed.entry((id, sequence, sha256)).or_insert(index);
            }
            Ok(LogLeaf::Enrolment { member, spki, .. }) => {
                self.enrolled.entry((member, spki)).or_insert(self.latest);
            }
            Ok(LogLeaf::Suspension { member, sha256, .. }) => {
                self.stopped.entry((member, sha256)).or_insert(index);
            }
            Ok(LogLeaf::Root { sequence, sha256, .. }) => {
                self.roots.entry((sequence, sha256)).or_insert(index);
            }
            // Other lines, and those of kinds still unknown, count as leaves.
            Ok(LogLeaf::KeyChange { .. }) | Err(_) => {}
        }
        self.tree.append(LogLeaf::hash(line));
    }

    /// The checkpoints as documents for the store; the lines are stored as they are.
    pub(super) fn documents(&self) -> Vec<StoredDocument> {
        let document = |id: &str, head: &Head| {
            let text = String::from_utf8(json::canonical(head).ok()?).ok()?;
            // One size has one tree, whoever cosigned it by now.
            let (sequence, sha256) = (head.size, head.tree);
            let (kind, id) = (DocumentKind::Checkpoint, id.to_owned());
            Some(StoredDocument { kind, id, sequence, sha256, text })
        };
        let newest = self.newest.iter().filter_map(|head| document(NEWEST, head));
        let witnessed = self.witnessed.iter().filter_map(|head| document(WITNESSED, head));
        newest.chain(witnessed).collect()
    }

    /// Restores the view from stored lines and checkpoints, which must agree with each other.
    pub(super) fn restore(
        lines: &[String],
        checkpoints: &[&StoredDocument],
        state: &TrustState,
    ) -> Result<Self, UpdateRefusal> {
        let mut view = Self::default();
        let mut trees = BTreeMap::new();
        let wanted: Vec<u64> = checkpoints.iter().map(|document| document.sequence).collect();
        for line in lines {
            view.read(line);
            if wanted.contains(&view.size()) {
                trees.insert(view.size(), view.root());
            }
        }
        for document in checkpoints {
            let head: Head = json::from_slice(document.text.as_bytes())?;
            let root = state.root_numbered(head.root).ok_or(UpdateRefusal::RootInvalid)?;
            let checkpoint = open(&head.note, root)?;
            if trees.get(&checkpoint.size) != Some(&checkpoint.root) || checkpoint.size != head.size
            {
                return Err(UpdateRefusal::SplitView);
            }
            match document.id.as_str() {
                WITNESSED if is_witnessed(&head.note, root)? => view.witnessed = Some(head),
                WITNESSED => return Err(UpdateRefusal::ThresholdNotMet),
                _ => view.newest = Some(head),
            }
        }
        // Lines are stored together with the head that signs them.
        let signed = view.newest.as_ref().map_or(0, |head| head.size);
        if view.size() == signed { Ok(view) } else { Err(UpdateRefusal::SplitView) }
    }
}

/// The checkpoint of `note`, signed by the log that `root` names.
fn open(note: &str, root: &Root) -> Result<Checkpoint, UpdateRefusal> {
    let log = &root.document().log;
    let key: VerifierKey = log.vkey.parse().map_err(|_| UpdateRefusal::RootInvalid)?;
    let checkpoint = Checkpoint::open(note, &key).map_err(|_| UpdateRefusal::WrongSigner)?;
    if checkpoint.origin == log.origin { Ok(checkpoint) } else { Err(UpdateRefusal::WrongSigner) }
}

/// Whether as many distinct witnesses of `root` cosigned `note` as it demands.
fn is_witnessed(note: &str, root: &Root) -> Result<bool, UpdateRefusal> {
    let document = root.document();
    let witnesses = keys(&document.witnesses, &document.log.vkey)?;
    let found = cosignatures(note, &witnesses).map_err(|_| UpdateRefusal::WrongSigner)?;
    Ok(found.len() >= document.witnesses.quorum as usize)
}

/// The witnesses' keys; the log's own operator is no witness of its log.
fn keys(witnesses: &Witnesses, log: &str) -> Result<Vec<WitnessKey>, UpdateRefusal> {
    let own: VerifierKey = log.parse().map_err(|_| UpdateRefusal::RootInvalid)?;
    let keys: Vec<WitnessKey> = witnesses
        .vkeys
        .iter()
        .map(|text| text.parse().map_err(|_| UpdateRefusal::RootInvalid))
        .collect::<Result<_, _>>()?;
    Ok(keys.into_iter().filter(|key| key.spki_digest() != own.spki_digest()).collect())
}

const NEWEST: &str = "newest";
const WITNESSED: &str = "witnessed";

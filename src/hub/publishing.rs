//! How news gets onto the board: judged as every node will, made durable with a line in the log,
//! and only then shown and told.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::board::{Board, BoardError, Publication, Signers};
use super::serving::Node;
use crate::audit::{Actor, Entry, EntryKind, Pending};
use crate::base::{Code, ListId, Timestamp};
use crate::crypto::{Digest, Signer};
use crate::http::{Problem, documents};
use crate::store::{CommitError, Effect, ListedKeyRow, StoreError, TrustCommit, TrustDocumentRow};
use crate::trust::{DocumentKind, LogLeaf, Named, ProvincialList, Root, SignedOrder, TrustState};

impl Node {
    /// Publishes lists together.
    pub(super) async fn publish(
        &self,
        lists: &[(ListId, &[u8])],
        actor: Actor,
    ) -> Result<Value, Problem> {
        let now = self.clock.now();
        let mut board = self.board.lock().await;
        let signers = self.signers(board.root())?;
        let publication = board
            .publish(lists, signers.borrowed(), now)
            .map_err(|error| board_problem(error, "/list"))?;
        let named = |id: &ListId| {
            publication.lists.iter().find(|(known, _)| known == id).map(|(_, named)| *named)
        };
        let state = publication.board.state();
        let published = lists.iter().filter_map(|(id, bytes)| {
            let named = named(id)?;
            Some(Effect::PublishDocument(TrustDocumentRow {
                kind: DocumentKind::List.word().to_owned(),
                id: id.short(),
                sequence: named.sequence,
                sha256: named.sha256,
                document: String::from_utf8_lossy(bytes).into_owned(),
                // By it the version in force at an instant is found.
                updated: state.newest(*id).map_or(now, |header| header.issued),
            }))
        });
        let mut published: Vec<Effect> = published.collect();
        let newly = newly_listed(board.state(), state, &publication.lists);
        published.push(Effect::ListKeys(newly));
        let is_news = !publication.lines.is_empty();
        if is_news {
            self.keep(&board, &publication, published, actor, now).await?;
        }
        let refused: Vec<_> = publication
            .refused
            .iter()
            .map(|(service, code)| json!({ "service": service, "code": code }))
            .collect();
        let told: Vec<_> = publication
            .lists
            .iter()
            .map(|(id, named)| {
                json!({ "id": id, "sequence": named.sequence, "sha256": named.sha256 })
            })
            .collect();
        if is_news {
            self.put_up(&mut board, publication.board, now);
        }
        Ok(json!({ "published": told, "refused": refused }))
    }

    /// Where the log first carried `key` in a province's list, with the proof.
    pub(super) async fn first_listed(&self, list: &str, key: Digest) -> Result<Value, Problem> {
        let row = self.store.listed_key(list, key).await;
        let row = row.map_err(|_| Problem::new(Code::NotReady))?;
        let row = row.ok_or_else(|| Problem::new(Code::NotFound))?;
        let snapshot = self.snapshot.load();
        let tree = snapshot.state().log().tree();
        let proof = tree.inclusion_proof(row.index, tree.size());
        Ok(json!({
            "list": row.list, "key": row.spki, "sequence": row.sequence, "log_index": row.index,
            "log_size": tree.size(), "proof": proof.unwrap_or_default(),
        }))
    }

    /// Takes a suspension order from whoever brings it; tells what it counts for, and whether it
    /// was news.
    pub(super) async fn take_order(&self, bytes: &[u8]) -> Result<(Value, bool), Problem> {
        let now = self.clock.now();
        let mut board = self.board.lock().await;
        let signers = self.signers(board.root())?;
        let refused = |error| board_problem(error, "");
        let order = SignedOrder::parse(bytes).map_err(|refusal| refused(refusal.into()))?;
        let publication = board.order(bytes, signers.borrowed(), now).map_err(refused)?;
        let is_news = publication.is_some();
        if let Some(publication) = publication {
            let actor = Actor { role: "order".to_owned(), ..Actor::gateway() };
            self.keep(&board, &publication, Vec::new(), actor, now).await?;
            self.put_up(&mut board, publication.board, now);
        }
        Ok((documents::order_answer(&order, board.state().orders()), is_news))
    }

    /// Publishes the next root. Its freshness key and log key must be among this hub's.
    pub(super) async fn publish_root(&self, bytes: &[u8], actor: Actor) -> Result<Value, Problem> {
        let now = self.clock.now();
        let mut board = self.board.lock().await;
        let refused = |error| board_problem(error, "/root");
        let next =
            board.root().successor(bytes).map_err(|refusal| refused(BoardError::from(refusal)))?;
        let signers = self.signers(&next)?;
        let publication = board.root_after(bytes, signers.borrowed(), now).map_err(refused)?;
        self.keep(&board, &publication, Vec::new(), actor, now).await?;
        self.put_up(&mut board, publication.board, now);
        Ok(json!({ "sequence": next.document().sequence, "sha256": next.sha256().to_hex() }))
    }

    /// Puts a line into the log that goes with no list.
    pub(super) async fn log_line(&self, leaf: LogLeaf, actor: Actor) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut board = self.board.lock().await;
        let signers = self.signers(board.root())?;
        let publication = board
            .record(leaf, signers.borrowed(), now)
            .map_err(|error| board_problem(error, ""))?;
        self.keep(&board, &publication, Vec::new(), actor, now).await?;
        self.put_up(&mut board, publication.board, now);
        Ok(())
    }

    /// Makes a publication durable, with everything that goes on record in one transaction.
    async fn keep(
        &self,
        before: &Board,
        publication: &Publication,
        published: Vec<Effect>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let after = publication.board.state();
        let change = TrustCommit::between(before.state(), after, &publication.lines, now);
        self.keep_recorded(change, published, actor, now).await
    }

    /// Makes a change durable that nobody asked for.
    pub(super) async fn keep_change(
        &self,
        change: TrustCommit,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if change.effects.is_empty() {
            let kept = self.store.keep_documents(change.quiet).await;
            return kept.map_err(|error| not_kept(&error));
        }
        self.keep_recorded(change, Vec::new(), Actor::gateway(), now).await
    }

    async fn keep_recorded(
        &self,
        change: TrustCommit,
        published: Vec<Effect>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let mut entry = Entry::new(EntryKind::TrustChanged, now, actor);
        entry.reference = change.reference();
        entry.document_sha256 = change.sha256();
        let effects = published.into_iter().chain(change.effects).collect();
        match self.store.commit(effects, Pending::new(entry, &self.entropy)).await {
            Ok(_) => {}
            Err(CommitError::Refused { .. }) => return Err(Problem::new(Code::StateConflict)),
            Err(CommitError::Store(error)) => return Err(not_kept(&error)),
        }
        if let Err(error) = self.store.keep_documents(change.quiet).await {
            tracing::error!(%error, "a freshness statement was not kept");
        }
        Ok(())
    }

    /// Shows a board that is durable, and tells everybody that there is news.
    pub(super) fn put_up(&self, board: &mut Board, next: Board, now: Timestamp) {
        *board = next;
        self.show(board, now);
        self.news.tell();
    }

    /// The keys that `root` names, which must be this hub's.
    pub(super) fn signers(&self, root: &Root) -> Result<HeldSigners, Problem> {
        self.keys.signers(root).ok_or_else(|| {
            Problem::new(Code::NotReady).with_detail(
                "this hub does not hold the freshness key and the log key that the root names",
            )
        })
    }
}

/// The keys that these lists carry and their predecessors did not, with the lines that log them.
fn newly_listed(
    before: &TrustState,
    after: &TrustState,
    lists: &[(ListId, Named)],
) -> Vec<ListedKeyRow> {
    let mut rows = Vec::new();
    for (id, named) in lists {
        let ListId::Province(division) = id else { continue };
        let Some(index) = after.log().index_of(*id, *named) else { continue };
        let keys = |state: &TrustState| -> BTreeSet<Digest> {
            let list = state.newest_province(*division);
            let services = list.into_iter().flat_map(ProvincialList::services);
            services.map(|service| service.key.spki_digest()).collect()
        };
        let new = keys(after);
        rows.extend(new.difference(&keys(before)).map(|spki| ListedKeyRow {
            list: id.short(),
            spki: *spki,
            sequence: named.sequence,
            index,
        }));
    }
    rows
}

/// The two keys of a hub that say what is current.
pub(super) struct HeldSigners {
    pub(super) freshness: Arc<dyn Signer>,
    pub(super) log: Arc<dyn Signer>,
}

impl HeldSigners {
    pub(super) fn borrowed(&self) -> Signers<'_> {
        Signers { freshness: self.freshness.as_ref(), log: self.log.as_ref() }
    }
}

/// What could not be put on record did not happen; the operator must hear why.
pub(super) fn not_kept(error: &StoreError) -> Problem {
    tracing::error!(%error, "nothing can be put on record");
    Problem::new(Code::AuditUnavailable)
}

/// News that every node would refuse is the sender's to mend, and is told why.
fn board_problem(error: BoardError, pointer: &str) -> Problem {
    match error {
        BoardError::Refused(refusal) => Problem::new(Code::ValidationFailed)
            .with_error(pointer, format!("{}: {refusal}", refusal.code())),
        BoardError::Seal(_) => Problem::new(Code::Internal),
    }
}

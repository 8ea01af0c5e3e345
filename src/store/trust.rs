//! From one trust state to the next: what the store has to do, and which part of it is an act that
//! goes on record.

use super::effect::Effect;
use super::rows::{ListLogRow, TrustDocumentRow};
use crate::base::{ServiceId, Timestamp};
use crate::crypto::Digest;
use crate::trust::{DocumentKind, TrustState};

/// What makes a new trust state durable.
#[derive(Clone, Debug, Default)]
pub struct TrustCommit {
    /// Changes that go on record, together.
    pub effects: Vec<Effect>,
    /// Documents that change nothing by themselves: freshness, and further cosignatures.
    pub quiet: Vec<TrustDocumentRow>,
    reference: Vec<String>,
    sha256: Option<Digest>,
}

impl TrustCommit {
    /// From `before` to `after`, with the lines of the list log that lie between.
    #[must_use]
    pub fn between(
        before: &TrustState,
        after: &TrustState,
        lines: &[String],
        now: Timestamp,
    ) -> Self {
        let mut commit = Self::default();
        let first = before.log().size();
        let row = |(index, statement): (u64, &String)| {
            Effect::AppendListLog(ListLogRow { index, statement: statement.clone() })
        };
        commit.effects.extend((first..).zip(lines).map(row));
        let change = after.changes_since(before);
        for (kind, id) in change.gone {
            commit.reference.push(format!("-{}/{id}", kind.word()));
            commit.effects.push(Effect::ForgetTrustDocument { kind: kind.word(), id });
        }
        for document in &change.kept {
            let row = TrustDocumentRow::of(document, now);
            match document.kind {
                DocumentKind::Freshness => commit.quiet.push(row),
                DocumentKind::Checkpoint if lines.is_empty() => commit.quiet.push(row),
                DocumentKind::Checkpoint => commit.effects.push(Effect::PutTrustDocument(row)),
                _ => {
                    commit.sha256 = commit.sha256.or(Some(row.sha256));
                    commit.reference.push(named(document.kind, &row));
                    commit.effects.push(Effect::PutTrustDocument(row));
                }
            }
        }
        commit
    }

    /// Which documents came and went, in the words of the log.
    #[must_use]
    pub fn reference(&self) -> Option<String> {
        let shown = self.reference.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(" ");
        let more = self.reference.len().saturating_sub(MOST_NAMED);
        match (shown.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(shown),
            (false, more) => Some(format!("{shown} and {more} more")),
        }
    }

    /// Identifiers of the lists that came.
    pub fn updated_lists(&self) -> impl Iterator<Item = &str> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::PutTrustDocument(row) => {
                let list = [DocumentKind::List, DocumentKind::Waiting];
                let is_list = list.iter().any(|kind| kind.word() == row.kind);
                // An older version that goes on waiting is no news.
                (is_list && !row.id.contains('/')).then_some(row.id.as_str())
            }
            _ => None,
        })
    }

    /// Puts on record which entries a list took away without having withdrawn them.
    pub fn note_removed(&mut self, removed: &[ServiceId]) {
        self.reference.extend(removed.iter().map(|service| format!("removed {service}")));
    }

    /// SHA-256 of the first document that came.
    #[must_use]
    pub const fn sha256(&self) -> Option<Digest> {
        self.sha256
    }
}

fn named(kind: DocumentKind, row: &TrustDocumentRow) -> String {
    match kind {
        DocumentKind::List => format!("{}/{}", row.id, row.sequence),
        _ => format!("{}/{}/{}", kind.word(), row.id, row.sequence),
    }
}

/// Documents named in one entry of the log: a first start brings forty.
const MOST_NAMED: usize = 64;

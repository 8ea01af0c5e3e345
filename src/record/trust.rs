//! The trust that a record carries: roots, lists and the statement that names them. It is believed
//! only as far as the pinned root reaches, with every signature verified again.

use serde::{Deserialize, Serialize};

use super::refusal::RecordRefusal;
use crate::base::{Division, ListId, MemberId, limits};
use crate::crypto::jws::GeneralJws;
use crate::crypto::{Digest, json};
use crate::trust::{DocumentKind, Root, RootDocument, StoredDocument, TrustState, UpdateRefusal};

/// Roots and lists as they were when the record was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustEvidence {
    /// The roots from the first one that its maker pinned to the one then in force.
    pub roots: Vec<String>,
    /// The federation list.
    pub federation: String,
    /// The lists of the issuing and of the making province.
    pub provinces: Vec<ProvincialEvidence>,
    /// The freshness statement that names these lists.
    pub freshness: String,
}

/// The list of one province.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvincialEvidence {
    /// Whose it is.
    pub division: Division,
    /// The signed list.
    pub list: String,
}

impl TrustEvidence {
    /// What `state` holds of the issuing and of the making province; `None` when it does not hold
    /// all of it.
    #[must_use]
    pub fn of(state: &TrustState, issuing: MemberId, making: MemberId) -> Option<Self> {
        let documents = state.documents();
        let texts = |kind: DocumentKind| {
            documents
                .iter()
                .filter(move |document| document.kind == kind)
                .map(|document| (document.id.as_str(), document.text.clone()))
        };
        let list = |id: ListId| {
            let short = id.short();
            texts(DocumentKind::List).find(|(name, _)| *name == short).map(|(_, text)| text)
        };
        let mut divisions = vec![issuing.division(), making.division()];
        divisions.dedup();
        let provincial = |division: Division| {
            let list = list(ListId::Province(division))?;
            Some(ProvincialEvidence { division, list })
        };
        Some(Self {
            roots: texts(DocumentKind::Root).map(|(_, text)| text).collect(),
            federation: list(ListId::Federation)?,
            provinces: divisions.into_iter().map(provincial).collect::<Option<_>>()?,
            freshness: texts(DocumentKind::Freshness).next()?.1,
        })
    }

    /// The state that this evidence proves to whoever pinned `pinned`.
    pub(super) fn restore(&self, pinned: Root) -> Result<TrustState, RecordRefusal> {
        if self.roots.len() > limits::ROOT_STEPS || self.provinces.len() > MOST_PROVINCES {
            return Err(RecordRefusal::TooLarge);
        }
        let mut documents = self.roots.iter().map(stored_root).collect::<Result<Vec<_>, _>>()?;
        let roots =
            TrustState::restore(pinned.clone(), &documents, &[]).map_err(RecordRefusal::Trust)?;
        let freshness_key = roots.root().document().freshness.spki_sha256.to_string();
        documents.push(stored(DocumentKind::Freshness, freshness_key, 0, &self.freshness));
        let federation = ListId::Federation.short();
        documents.push(stored(DocumentKind::List, federation, 0, &self.federation));
        for province in &self.provinces {
            let id = ListId::Province(province.division).short();
            documents.push(stored(DocumentKind::List, id, 0, &province.list));
        }
        let state = TrustState::restore(pinned, &documents, &[]).map_err(RecordRefusal::Trust)?;
        let provinces = self.provinces.iter().map(|province| ListId::Province(province.division));
        // An older list under a newer statement would bring back what it has withdrawn.
        if std::iter::once(ListId::Federation).chain(provinces).all(|id| state.is_current(id)) {
            Ok(state)
        } else {
            Err(RecordRefusal::TrustIncomplete)
        }
    }
}

fn stored_root(text: &String) -> Result<StoredDocument, RecordRefusal> {
    let refused = |_| RecordRefusal::Trust(UpdateRefusal::RootInvalid);
    let signed = GeneralJws::parse(text.as_bytes()).map_err(refused)?;
    let root: RootDocument = json::from_slice(signed.payload())
        .map_err(|_| RecordRefusal::Trust(UpdateRefusal::RootInvalid))?;
    Ok(stored(DocumentKind::Root, root.sequence.to_string(), root.sequence, text))
}

fn stored(kind: DocumentKind, id: String, sequence: u64, text: &str) -> StoredDocument {
    StoredDocument { kind, id, sequence, sha256: Digest::of(text), text: text.to_owned() }
}

/// Issuing and making province.
const MOST_PROVINCES: usize = 2;

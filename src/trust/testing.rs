//! A whole federation for unit tests, small and really signed: five operators, three provinces,
//! every kind of key. It makes honest documents, and gives tests what they need to make others.

#![allow(
    dead_code,
    unused_imports,
    reason = "a fixture for tests of many modules, none of which uses all of it"
)]

mod identity;
mod province;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use identity::Identity;
pub(crate) use province::{Listed, Province, licence_types};

use super::lote::compose::{self, ListDraft};
use super::{
    Emergency, FreshnessDraft, Hub, ListLog, LogHead, LogLeaf, Named, PinnedKey, PreviousList,
    ROOT_TYPE, Root, RootDocument, ServiceKind, ServiceStatus, Snapshot, StatutoryUse, Threshold,
    TrustState, Update, Witnesses, lote, root_vote,
};
use crate::base::{ListId, ServiceId, Timestamp};
use crate::crypto::jws::GeneralJws;
use crate::crypto::merkle::TileTree;
use crate::crypto::note::{Checkpoint, VerifierKey, cosign};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Digest, Signer as _};

/// The federation as its operators, its hub and its provinces hold it: keys, drafts, and what was
/// published so far.
pub(crate) struct Federation {
    /// The instant at which everything is made; tests move it.
    pub(crate) now: Timestamp,
    /// Five operators, three of whom must sign.
    pub(crate) operators: Vec<Identity>,
    /// The key of freshness statements.
    pub(crate) freshness_key: Identity,
    /// The hub's TLS key.
    pub(crate) hub_tls: Identity,
    /// The root as it is signed next.
    pub(crate) root: RootDocument,
    /// The national catalogue.
    pub(crate) uses: Vec<StatutoryUse>,
    /// Signs the list log's checkpoints.
    pub(crate) log_key: SoftwareKey,
    /// The lines of the list log.
    pub(crate) log: Vec<String>,
    /// Suspension orders that the next statement names.
    pub(crate) orders: Vec<Digest>,
    /// Orders that every federation list from now on lifts.
    pub(crate) lifted: Vec<Digest>,
    provinces: BTreeMap<&'static str, Province>,
    published: BTreeMap<ListId, Published>,
    freshness_sequence: u64,
}

/// A list as it lies at the hub.
struct Published {
    bytes: Vec<u8>,
    named: Named,
}

impl Federation {
    /// The federation at `now`, with the first version of every list published.
    pub(crate) fn new(now: Timestamp) -> Self {
        let provinces =
            [("120000", "Tianjin", 7450), ("130000", "Hebei", 7460), ("440000", "Guangdong", 7470)];
        Self::of(&provinces, now)
    }

    /// As [`Self::new`], of provinces by their six digits, name and first port.
    pub(crate) fn of(provinces: &[(&'static str, &'static str, u16)], now: Timestamp) -> Self {
        let operators: Vec<Identity> =
            (1..=5).map(|n| Identity::leaf(&format!("operator {n}"), now)).collect();
        let freshness_key = Identity::leaf("freshness", now);
        let hub_tls = Identity::tls("hub", now);
        let log_key = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
        let root = root_document(&operators, &freshness_key, &hub_tls, &log_key, now);
        let mut federation = Self {
            now,
            operators,
            freshness_key,
            hub_tls,
            root,
            uses: statutory_uses(),
            log_key,
            log: Vec::new(),
            orders: Vec::new(),
            lifted: Vec::new(),
            provinces: provinces
                .iter()
                .map(|(code, name, port)| (*code, Province::new(code, name, *port, now)))
                .collect(),
            published: BTreeMap::new(),
            freshness_sequence: 0,
        };
        federation.publish(ListId::Federation);
        for (code, ..) in provinces {
            federation.publish(list_id(code));
        }
        federation
    }

    /// A province by its six digits.
    pub(crate) fn province(&self, code: &str) -> &Province {
        &self.provinces[code]
    }

    /// A province whose entries or membership a test changes before the next list is published.
    pub(crate) fn province_mut(&mut self, code: &str) -> &mut Province {
        self.provinces.get_mut(code).expect("a province of the fixture")
    }

    /// The root, signed by three operators.
    pub(crate) fn signed_root(&self) -> Vec<u8> {
        self.root_signed_by(&self.operators.iter().take(3).collect::<Vec<_>>())
    }

    /// The root, signed by whomever the test names.
    pub(crate) fn root_signed_by(&self, signers: &[&Identity]) -> Vec<u8> {
        let payload = self.root.to_payload().unwrap();
        let mut document = GeneralJws::unsigned(payload.clone());
        for signer in signers {
            let vote = root_vote(&signer.key, &signer.certificate, &payload, self.now).unwrap();
            document.add(vote);
        }
        document.to_bytes().unwrap()
    }

    /// The next honest version of a list, not yet signed.
    pub(crate) fn draft(&self, id: ListId) -> ListDraft {
        let previous = self.published.get(&id).map_or_else(PreviousList::none, |last| {
            PreviousList { sequence: last.named.sequence, sha256: last.named.sha256 }
        });
        let (days, entities, extensions) = match id {
            ListId::Federation => {
                let members = self.provinces.values().map(Province::member_entity);
                let uses = lote::Extension::new("StatutoryUses", &self.uses).unwrap();
                let mut extensions = vec![uses];
                if !self.lifted.is_empty() {
                    extensions.push(lote::Extension::new("LiftedOrders", &self.lifted).unwrap());
                }
                (90, members.collect(), extensions)
            }
            ListId::Province(division) => {
                (14, vec![self.province(division.as_str()).entity()], Vec::new())
            }
        };
        ListDraft {
            id,
            sequence: previous.sequence + 1,
            previous,
            operator: ["测试互认平台", "Test federation"],
            issued: self.now,
            next_update: self.now + Duration::from_hours(24 * days),
            extensions,
            entities,
        }
    }

    /// `draft` under the signatures that its list needs: three operators, or the province's key.
    pub(crate) fn seal(&self, draft: ListDraft) -> Vec<u8> {
        let signers: Vec<&Identity> = match draft.id {
            ListId::Federation => self.operators.iter().take(3).collect(),
            ListId::Province(division) => vec![&self.province(division.as_str()).list],
        };
        seal_with(&draft.to_payload().unwrap(), &signers, self.now)
    }

    /// Makes `bytes` what the hub serves as list `id` and what the next freshness statement names.
    pub(crate) fn announce(&mut self, id: ListId, bytes: &[u8]) {
        let named = name_of(bytes);
        let leaf = LogLeaf::List {
            at: self.now.into(),
            id,
            sequence: named.sequence,
            sha256: named.sha256,
        };
        self.log.push(leaf.to_line().unwrap());
        self.published.insert(id, Published { bytes: bytes.to_vec(), named });
    }

    /// Drafts, seals and announces the next version of list `id`.
    pub(crate) fn publish(&mut self, id: ListId) -> Vec<u8> {
        let bytes = self.seal(self.draft(id));
        self.announce(id, &bytes);
        bytes
    }

    /// The bytes of list `id` as the hub serves them.
    pub(crate) fn served(&self, id: ListId) -> &[u8] {
        &self.published[&id].bytes
    }

    /// The next freshness statement, not yet signed.
    pub(crate) fn freshness_draft(&mut self) -> FreshnessDraft {
        self.freshness_sequence += 1;
        FreshnessDraft {
            sequence: self.freshness_sequence,
            root: Named {
                sequence: self.root.sequence,
                sha256: Digest::of(self.root.to_payload().unwrap()),
                bytes: self.root.to_payload().unwrap().len() as u64,
            },
            lists: self.published.iter().map(|(id, list)| (*id, list.named)).collect(),
            log: LogHead { size: self.log_tree().size(), root: self.log_tree().root() },
            orders: self.orders.clone(),
        }
    }

    /// The next freshness statement over everything published, signed at `now`.
    pub(crate) fn freshness(&mut self) -> String {
        let draft = self.freshness_draft();
        draft.sign(&self.freshness_key.key, self.now).unwrap()
    }

    /// The tree over the list log.
    pub(crate) fn log_tree(&self) -> TileTree {
        TileTree::over(&self.log.iter().map(|line| LogLeaf::hash(line)).collect::<Vec<_>>())
    }

    /// The head of the list log.
    pub(crate) fn log_head(&self) -> Checkpoint {
        let tree = self.log_tree();
        Checkpoint { origin: LOG_ORIGIN.to_owned(), size: tree.size(), root: tree.root() }
    }

    /// The signed head of the list log, cosigned by these provinces.
    pub(crate) fn log_note(&self, witnesses: &[&str]) -> String {
        let head = self.log_head();
        let mut note = head.sign(&self.log_key).unwrap();
        for code in witnesses {
            let province = &self.provinces[code];
            note += &cosign(&head, &province.witness, &province.witness_name(), self.now).unwrap();
        }
        note
    }

    /// Makes these provinces the witnesses of the list log, `quorum` of whom must cosign. The root
    /// is still to be signed.
    pub(crate) fn appoint(&mut self, quorum: u32, witnesses: &[&str]) {
        let vkeys = witnesses.iter().map(|code| self.provinces[code].witness_vkey()).collect();
        self.root.witnesses = Witnesses { quorum, vkeys };
        self.root.sequence += 1;
    }

    /// What a node that held `state` holds after it read the log on to its head.
    pub(crate) fn read_log(&self, state: &TrustState, witnesses: &[&str]) -> TrustState {
        let read = usize::try_from(state.log().size()).unwrap();
        let note = self.log_note(witnesses);
        let update = Update::Log { checkpoint: &note, lines: &self.log[read..] };
        state.accept(update, self.now).unwrap().state
    }

    /// What a node that pinned the root holds after it took everything published.
    pub(crate) fn state(&mut self) -> TrustState {
        self.refresh(&TrustState::pinned(Root::pinned(&self.signed_root()).unwrap()))
    }

    /// What a node that held `state` holds after it took a new freshness statement and every list
    /// that it did not hold yet.
    pub(crate) fn refresh(&mut self, state: &TrustState) -> TrustState {
        let token = self.freshness();
        let state = state.accept(Update::Freshness(&token), self.now).unwrap().state;
        let mut state = self.read_log(&state, &[]);
        for (id, list) in &self.published {
            if !state.is_current(*id) {
                let update = Update::List { id: *id, bytes: &list.bytes };
                state = state.accept(update, self.now).unwrap().state;
            }
        }
        state
    }

    /// The snapshot of [`Self::state`].
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        Snapshot::build(self.state(), 1, self.now)
    }
}

/// The list of the province with these six digits.
pub(crate) fn list_id(code: &str) -> ListId {
    ListId::Province(code.parse().unwrap())
}

/// A list over `payload` with the signatures of `signers`, whoever they are.
pub(crate) fn seal_with(payload: &[u8], signers: &[&Identity], now: Timestamp) -> Vec<u8> {
    let mut document = GeneralJws::unsigned(payload.to_vec());
    for signer in signers {
        document.add(lote::vote(&signer.key, &signer.certificate, payload, now).unwrap());
    }
    document.to_bytes().unwrap()
}

/// How a freshness statement names these bytes; sequence 0 when they are no list.
pub(crate) fn name_of(bytes: &[u8]) -> Named {
    let payload = GeneralJws::parse(bytes).unwrap().payload().to_vec();
    let document: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
    let sequence = &document["LoTE"]["ListAndSchemeInformation"]["LoTESequenceNumber"];
    Named {
        sequence: sequence.as_u64().unwrap_or_default(),
        sha256: Digest::of(&payload),
        bytes: payload.len() as u64,
    }
}

fn root_document(
    operators: &[Identity],
    freshness: &Identity,
    hub_tls: &Identity,
    log_key: &SoftwareKey,
    now: Timestamp,
) -> RootDocument {
    let keys = operators.iter().map(|operator| PinnedKey::of(&operator.certificate)).collect();
    RootDocument {
        document_type: ROOT_TYPE.to_owned(),
        sequence: 1,
        expires: (now + Duration::from_hours(24 * 730)).whole_seconds(),
        federation: ListId::Federation.to_string(),
        operators: Threshold { threshold: 3, keys },
        freshness: PinnedKey::of(&freshness.certificate),
        emergency: Emergency { threshold: 2 },
        log: ListLog {
            origin: LOG_ORIGIN.to_owned(),
            vkey: VerifierKey::new(LOG_ORIGIN, log_key.public_key()).unwrap().to_string(),
        },
        witnesses: Witnesses { quorum: 0, vkeys: Vec::new() },
        hub: Hub {
            url: "https://127.0.0.1:7440".to_owned(),
            tls_spki_sha256: hub_tls.certificate.spki_digest(),
        },
    }
}

/// Origin of the fixture's list log.
pub(crate) const LOG_ORIGIN: &str = "list-log.test";

fn statutory_uses() -> Vec<StatutoryUse> {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    vec![StatutoryUse {
        use_id: "roadside-check".to_owned(),
        law_ref: "Regulations on Road Transport, Article 58".to_owned(),
        purpose: "roadside-inspection".to_owned(),
        claims: words(&["plate_number", "valid_to", "status"]),
        queries: words(&["credential", "plate", "number"]),
        case_pattern: None,
    }]
}

/// The one entry of a member in the federation list.
fn list_key_service(province: &Province) -> lote::EntityService {
    let kind = ServiceKind::ListSigning;
    let id = ServiceId::new(province.division, kind.word(), 1);
    let extensions = vec![lote::Extension::new("ServiceId", &id).unwrap()];
    let certificate = std::slice::from_ref(&province.list.certificate);
    let status: ServiceStatus = province.status;
    compose::service(kind, certificate, status, province.since, &[], extensions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_fixture_is_believed() {
        let mut federation = Federation::new("2026-11-22T08:00:00Z".parse().unwrap());
        let snapshot = federation.snapshot();
        assert_eq!(snapshot.refused(), []);
        assert_eq!(snapshot.anchors(), 21);
        for code in ["120000", "130000", "440000"] {
            let province = federation.province(code);
            let issuer = snapshot.recognise(&province.issuer.certificate, federation.now).unwrap();
            assert_eq!(issuer.id(), &province.issuer_id());
            let (kind, authority) = (licence_types().swap_remove(4), &province.authority_code);
            assert_eq!(issuer.check_scope(&kind, province.division, authority), Ok(()));
            let client = province.client("enforcement", "unit-1", federation.now);
            let authority = &province.client_authorities["enforcement"].certificate;
            assert_eq!(client.certificate.verify_issued_by(authority), Ok(()));
        }
    }
}

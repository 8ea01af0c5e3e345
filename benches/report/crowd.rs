//! A federation of many members, each with many issuers and nothing else: made in memory, to be
//! read and judged.

use std::time::Duration;

use hutong::base::{Division, ListId, ServiceId, Timestamp};
use hutong::crypto::jws::GeneralJws;
use hutong::crypto::note::{VerifierKey, WitnessKey};
use hutong::crypto::seal::SoftwareKey;
use hutong::crypto::x509::Certificate;
use hutong::crypto::{Algorithm, Digest, Signer as _};
use hutong::licence::LicenceType;
use hutong::pki::{AUTHORITY_LIFE, Authority, LEAF_LIFE, Made, Period};
use hutong::trust::lote::{self, Entity, EntityService, Extension, SignedList, compose};
use hutong::trust::{
    Emergency, Hub, ListLog, MemberExtension, MembershipScope, PinnedKey, PreviousList, ROOT_TYPE,
    RootDocument, ServiceKind, ServiceStatus, Threshold, Witnesses, member_extensions, root_vote,
};

use super::founded::{Fallible, Issuer};

/// Its root, its lists, and the keys that sign what changes.
pub(crate) struct Crowd {
    pub(crate) root: Vec<u8>,
    pub(crate) freshness: SoftwareKey,
    pub(crate) lists: Vec<(ListId, Vec<u8>)>,
    list_keys: Vec<Made>,
}

impl Crowd {
    /// `members` lists of `entries` issuers.
    pub(crate) fn make(members: u32, entries: u32, now: Timestamp) -> Fallible<Self> {
        let leaf = Period::from_now(now, LEAF_LIFE);
        let operator = Made::signing("operator", Algorithm::Es256, leaf)?;
        let freshness = Made::signing("freshness", Algorithm::Es256, leaf)?;
        let mut lists = Vec::new();
        let mut entities = Vec::new();
        let mut list_keys = Vec::new();
        for number in 0..members {
            let division: Division =
                format!("{:02}{:02}00", 11 + number / 90, 1 + number % 90).parse()?;
            let key = Made::signing(&format!("{division} list"), Algorithm::Es256, leaf)?;
            entities.push(member(division, &key.certificate, now)?);
            lists.push((ListId::Province(division), list(division, &key, entries, now)?));
            list_keys.push(key);
        }
        let payload = draft(ListId::Federation, entities, now).to_payload()?;
        lists.insert(0, (ListId::Federation, sealed(&payload, &operator, now)?));
        Ok(Self {
            root: root(&operator, &freshness, now)?,
            freshness: freshness.signer()?,
            lists,
            list_keys,
        })
    }

    /// The next versions of the lists of the first `count` members, their entries as before.
    pub(crate) fn next_lists(
        &self,
        count: usize,
        now: Timestamp,
    ) -> Fallible<Vec<(ListId, Vec<u8>)>> {
        let provinces = self.lists.iter().filter(|(id, _)| *id != ListId::Federation);
        let next = |((id, held), key): (&(ListId, Vec<u8>), &Made)| -> Fallible<_> {
            let signed = SignedList::parse(held)?;
            let mut document = signed.document().clone();
            let scheme = &mut document.lote.scheme;
            let previous = PreviousList { sequence: scheme.sequence, sha256: signed.sha256() };
            let previous = Extension::new("PreviousList", &previous).ok_or("an extension")?;
            scheme.scheme_extensions = vec![previous];
            scheme.sequence += 1;
            Ok((*id, sealed(&hutong::crypto::json::canonical(&document)?, key, now)?))
        };
        provinces.zip(&self.list_keys).take(count).map(next).collect()
    }
}

fn member(division: Division, key: &Certificate, now: Timestamp) -> Fallible<Entity> {
    let kind = ServiceKind::ListSigning;
    let id = ServiceId::new(division, kind.word(), 1);
    let extensions = vec![Extension::new("ServiceId", &id).ok_or("an extension")?];
    let certificates = std::slice::from_ref(key);
    let service =
        compose::service(kind, certificates, ServiceStatus::Granted, now, &[], extensions);
    let hosts = ["federation", "public"].map(|part| format!("https://{part}.{division}.example"));
    let witness = SoftwareKey::generate(Algorithm::EdDsa)?;
    let name = format!("elicence/{division}/witness");
    let witness_vkey = WitnessKey::new(&name, witness.public_key())?.to_string();
    let member = MemberExtension { id: division.member(), hosts: hosts.to_vec(), witness_vkey };
    let scope = MembershipScope {
        territories: vec![division.as_str()[..4].to_owned()],
        licence_types: LicenceType::ALL.iter().map(|kind| kind.code().to_owned()).collect(),
        may_vouch_for: vec![ServiceKind::Issuance.word().to_owned()],
        max_list_entries: 10_000,
    };
    let extensions = member_extensions(&member, &scope).ok_or("extensions")?;
    Ok(compose::entity(NAMES, &hosts, extensions, vec![service]))
}

fn list(division: Division, key: &Made, entries: u32, now: Timestamp) -> Fallible<Vec<u8>> {
    let (_, authority) =
        Authority::make("issuing authority", Period::from_now(now, AUTHORITY_LIFE))?;
    let entry = |number| -> Fallible<EntityService> {
        Issuer::make(&authority, division, number, now)?.entry(
            &division.as_str()[..4],
            division,
            now,
        )
    };
    let services = (1..=entries).map(entry).collect::<Fallible<Vec<_>>>()?;
    let address = [format!("https://federation.{division}.example")];
    let entity = compose::entity(NAMES, &address, Vec::new(), services);
    let payload = draft(ListId::Province(division), vec![entity], now).to_payload()?;
    sealed(&payload, key, now)
}

fn draft(id: ListId, entities: Vec<Entity>, now: Timestamp) -> compose::ListDraft {
    compose::ListDraft {
        id,
        sequence: 1,
        previous: PreviousList::none(),
        operator: NAMES,
        issued: now.whole_seconds(),
        next_update: (now + Duration::from_hours(24 * 14)).whole_seconds(),
        extensions: Vec::new(),
        entities,
    }
}

fn sealed(payload: &[u8], key: &Made, now: Timestamp) -> Fallible<Vec<u8>> {
    let mut document = GeneralJws::unsigned(payload.to_vec());
    document.add(lote::vote(&key.signer()?, &key.certificate, payload, now)?);
    Ok(document.to_bytes()?)
}

fn root(operator: &Made, freshness: &Made, now: Timestamp) -> Fallible<Vec<u8>> {
    let log = SoftwareKey::generate(Algorithm::EdDsa)?;
    let origin = "list-log.example".to_owned();
    let document = RootDocument {
        document_type: ROOT_TYPE.to_owned(),
        sequence: 1,
        expires: (now + Duration::from_hours(24 * 365)).whole_seconds(),
        federation: ListId::Federation.to_string(),
        operators: Threshold { threshold: 1, keys: vec![PinnedKey::of(&operator.certificate)] },
        freshness: PinnedKey::of(&freshness.certificate),
        emergency: Emergency { threshold: 1 },
        log: ListLog { vkey: VerifierKey::new(&origin, log.public_key())?.to_string(), origin },
        witnesses: Witnesses { quorum: 0, vkeys: Vec::new() },
        hub: Hub { url: "https://hub.example".to_owned(), tls_spki_sha256: Digest::of("hub") },
    };
    let payload = document.to_payload()?;
    let mut root = GeneralJws::unsigned(payload.clone());
    root.add(root_vote(&operator.signer()?, &operator.certificate, &payload, now)?);
    Ok(root.to_bytes()?)
}

const NAMES: [&str; 2] = ["示例", "Example"];

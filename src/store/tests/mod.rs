//! Tests against real files. The fixtures are synthetic.

mod consent;
mod durability;
mod membership;
mod proposal;
mod register;

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::audit::{Actor, Entry, EntryKind};
use crate::base::{ConsentRequestId, GrantId, SystemEntropy, Timestamp};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Digest};
use crate::licence::Identifier;

/// A directory, a log key, and the store that uses them.
struct Bench {
    directory: tempfile::TempDir,
    signer: Arc<SoftwareKey>,
}

impl Bench {
    fn new() -> Self {
        let signer = Arc::new(SoftwareKey::generate(Algorithm::EdDsa).unwrap());
        Self { directory: tempfile::tempdir().unwrap(), signer }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    async fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(self.path(), ORIGIN, self.signer.clone()).await
    }

    async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    /// A connection beside the store, for tampering.
    async fn beside(&self) -> sqlx::AnyConnection {
        let location = Location::within(self.path(), Access::ReadWrite).unwrap();
        location.connect_writer().await.unwrap()
    }

    async fn tamper(&self, statement: &'static str) {
        let mut connection = self.beside().await;
        sqlx::query(statement).execute(&mut connection).await.unwrap();
        sqlite::close(connection).await;
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000 + second)
}

fn pending_at(kind: EntryKind, second: i64) -> Pending {
    let subject = Some(Digest::of("licence"));
    Pending::new(
        Entry { subject, ..Entry::new(kind, at(second), Actor::gateway()) },
        &SystemEntropy,
    )
}

fn pending() -> Pending {
    pending_at(EntryKind::Disclosure, 0)
}

fn identifier(number: u32) -> Identifier {
    let text =
        format!("1.2.156.3005.2.11100000000019713D013.111200000001234561.{number:012}.001.Y");
    text.parse().unwrap()
}

fn grant(max_uses: Option<u32>) -> GrantRow {
    GrantRow {
        id: GrantId::generate(at(0), &SystemEntropy),
        state: GrantState::Active,
        licence: identifier(1),
        grantee_spki: Digest::of("key"),
        registration: "iu_1".to_owned(),
        purpose: "cargo-contracting".to_owned(),
        document: "e30.e30.AA".to_owned(),
        status_index: u32::from_be_bytes(
            crate::base::Entropy::salt(&SystemEntropy)[..4].try_into().unwrap(),
        ) >> 1,
        nbf: at(0),
        exp: at(3600),
        max_uses,
        uses: 0,
        created: at(0),
        ended: None,
    }
}

fn consent_request() -> ConsentRequestRow {
    ConsentRequestRow {
        id: ConsentRequestId::generate(at(0), &SystemEntropy),
        state: ConsentRequestState::Requested,
        licence: identifier(1),
        document: "{}".to_owned(),
        transaction_data: "e30".to_owned(),
        nonce: "AA".to_owned(),
        expires: at(300),
        created: at(0),
    }
}

async fn insert_grant(store: &Store, row: &GrantRow) {
    let effect = Effect::InsertGrant { row: row.clone(), consent_request: None };
    store.commit(vec![effect], pending_at(EntryKind::GrantCreated, 0)).await.unwrap();
}

fn use_at(grant: &GrantRow, second: i64) -> Vec<Effect> {
    vec![Effect::UseGrant { grant: grant.id.clone(), now: at(second) }]
}

/// The code of a refusal; anything else fails the test.
fn refusal(result: Result<Receipt, CommitError>) -> Code {
    match result {
        Err(CommitError::Refused { code, .. }) => code,
        other => panic!("not a refusal: {other:?}"),
    }
}

const ORIGIN: &str = "elicence/120000/audit";

//! Tests of cosignatures and of the witness's decision.

mod cosignatures;
mod witnessing;

use super::{Checkpoint, VerifierKey, WitnessKey};
use crate::base::Timestamp;
use crate::crypto::merkle;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Digest, Signer as _};

const ORIGIN: &str = "elicence/federation/lists";

fn signer() -> SoftwareKey {
    SoftwareKey::generate(Algorithm::EdDsa).unwrap()
}

fn log_key(signer: &SoftwareKey) -> VerifierKey {
    VerifierKey::new(ORIGIN, signer.public_key()).unwrap()
}

fn witness_key(name: &str, signer: &SoftwareKey) -> WitnessKey {
    WitnessKey::new(name, signer.public_key()).unwrap()
}

fn leaves(count: usize) -> Vec<Digest> {
    (0..count).map(|n| merkle::leaf_hash(&n.to_be_bytes())).collect()
}

/// The checkpoint of the test's log at `size`.
fn checkpoint(size: usize) -> Checkpoint {
    let root = merkle::root(&leaves(size));
    Checkpoint { origin: ORIGIN.to_owned(), size: size as u64, root }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

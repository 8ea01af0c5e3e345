//! Proofs on Merkle trees (RFC 6962, and subtrees of them), published by transparency-dev.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hutong::crypto::Digest;
use hutong::crypto::merkle::{
    verify_consistency, verify_inclusion, verify_subtree_consistency, verify_subtree_inclusion,
};
use serde::Deserialize;

use super::vectors::{Tally, cases};

#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(rename = "wantErr")]
    refused: bool,
    /// `null` for the empty proof of a tree of one leaf.
    proof: Option<Vec<String>>,
    #[serde(flatten)]
    claim: Claim,
}

/// What the proof is said to show.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Claim {
    Inclusion { leaf_idx: u64, tree_size: u64, root: String, leaf_hash: String },
    Consistency { size1: u64, size2: u64, root1: String, root2: String },
    SubtreeInclusion { leaf_idx: u64, start: u64, end: u64, root: String, leaf_hash: String },
    SubtreeConsistency { start: u64, end: u64, size: u64, root1: String, root2: String },
}

impl Case {
    /// Whether this program takes the proof. Hashes of another length are not read.
    fn verdict(&self) -> bool {
        let hashes = self.proof.iter().flatten().map(|text| hash(text)).collect::<Option<Vec<_>>>();
        let Some(proof) = hashes else { return false };
        match &self.claim {
            Claim::Inclusion { leaf_idx, tree_size, root, leaf_hash } => hash(leaf_hash)
                .is_some_and(|leaf| {
                    verify_inclusion(leaf, *leaf_idx, *tree_size, &proof, &known(root))
                }),
            Claim::Consistency { size1, size2, root1, root2 } => {
                verify_consistency(*size1, *size2, &proof, &known(root1), &known(root2))
            }
            Claim::SubtreeInclusion { leaf_idx, start, end, root, leaf_hash } => hash(leaf_hash)
                .is_some_and(|leaf| {
                    let range = (*start, *end);
                    verify_subtree_inclusion(leaf, *leaf_idx, range, &proof, &known(root))
                }),
            Claim::SubtreeConsistency { start, end, size, root1, root2 } => {
                let range = (*start, *end);
                verify_subtree_consistency(range, *size, &proof, &known(root1), &known(root2))
            }
        }
    }
}

#[test]
fn merkle_proofs() {
    let Some(cases) = cases::<Case>("rfc6962-merkle", 518) else { return };
    let mut tally = Tally::default();
    for case in &cases {
        tally.note(&case.id, !case.refused, case.verdict());
    }
    tally.close("rfc6962-merkle", 36, 482);
}

fn hash(text: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(text).unwrap();
    bytes.try_into().ok().map(Digest::from_bytes)
}

/// A root that the verifier knows beforehand. Some cases, of which one is to be accepted, give
/// twelve bytes where only equality matters; their digest stands for them.
fn known(text: &str) -> Digest {
    hash(text).unwrap_or_else(|| Digest::of(STANDARD.decode(text).unwrap()))
}

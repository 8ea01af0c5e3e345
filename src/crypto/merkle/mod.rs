//! The Merkle tree of RFC 6962 §2.1: roots, inclusion and consistency, made and verified; and the
//! tiles in which a log serves its tree (C2SP tlog-tiles).

mod bundle;
mod subtree;
mod tile;
mod tree;

pub use bundle::{BundleError, decode_bundle, encode_bundle};
pub use subtree::{verify_subtree_consistency, verify_subtree_inclusion};
pub use tile::{TILE_WIDTH, TileError, TileKind, TilePath};
pub use tree::TileTree;

use super::Digest;

/// The hash of a leaf (RFC 6962 §2.1: 0x00 before the data).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], data])
}

/// The hash of an inner node (RFC 6962 §2.1: 0x01 before both children).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root over all of `leaves`, given as leaf hashes; of none, the digest of nothing.
#[must_use]
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of([]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The right edge of a tree: the roots of its complete subtrees, largest first. It is all that is
/// needed to append and to tell the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of the tree over `leaves`.
    #[must_use]
    pub fn over(leaves: &[Digest]) -> Self {
        let mut frontier = Self::default();
        for leaf in leaves {
            frontier.append(*leaf);
        }
        frontier
    }

    /// Restores a frontier from its stored peaks; `None` when their number does not fit `size`.
    #[must_use]
    pub fn restore(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Adds a leaf hash at the right.
    pub fn append(&mut self, leaf: Digest) {
        let mut node = leaf;
        let mut below = self.size;
        while below & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
            below >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The stored form: roots of the complete subtrees, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Digest::of([]) };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The inclusion proof of leaf `index` in the tree over `leaves` (RFC 6962 §2.1.1).
#[must_use]
pub fn inclusion_proof(leaves: &[Digest], index: usize) -> Vec<Digest> {
    if leaves.len() < 2 || index >= leaves.len() {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if index < left.len() {
        (inclusion_proof(left, index), root(right))
    } else {
        (inclusion_proof(right, index - left.len()), root(left))
    };
    proof.push(sibling);
    proof
}

/// The consistency proof from the first `old_size` leaves to all of `leaves` (RFC 6962 §2.1.2).
#[must_use]
pub fn consistency_proof(leaves: &[Digest], old_size: usize) -> Vec<Digest> {
    if old_size == 0 || old_size >= leaves.len() {
        return Vec::new();
    }
    subproof(leaves, old_size, true)
}

fn subproof(leaves: &[Digest], old_size: usize, whole: bool) -> Vec<Digest> {
    if old_size == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if old_size <= left.len() {
        (subproof(left, old_size, whole), root(right))
    } else {
        (subproof(right, old_size - left.len(), false), root(left))
    };
    proof.push(sibling);
    proof
}

/// Whether `proof` shows that `leaf` stands at `index` of the tree of `size` leaves with `root`
/// (RFC 9162 §2.1.3.2).
#[must_use]
pub fn verify_inclusion(
    leaf: Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    expected: &Digest,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut position, mut last, mut node) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            node = node_hash(sibling, &node);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && node == *expected
}

/// Whether `proof` shows that the tree of `old_size` leaves with `old_root` is a prefix of the
/// tree of `new_size` leaves with `new_root` (RFC 9162 §2.1.4.2).
///
/// Nothing is proved of a tree that grew from none: every tree did. Whoever may start from the
/// empty tree decides so before asking.
#[must_use]
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    proof: &[Digest],
    old_root: &Digest,
    new_root: &Digest,
) -> bool {
    if old_size == 0 {
        return new_size == 0 && proof.is_empty() && old_root == new_root && *old_root == root(&[]);
    }
    verify_subtree_consistency((0, old_size), new_size, proof, old_root, new_root)
}

/// The largest power of two smaller than `size` (RFC 6962 §2.1).
const fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u32) -> Vec<Digest> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn the_frontier_tells_the_same_root_as_the_whole_tree() {
        for count in 0..70 {
            let leaves = leaves(count);
            let frontier = Frontier::over(&leaves);
            assert_eq!(frontier.root(), root(&leaves));
            let restored = Frontier::restore(frontier.size(), frontier.peaks().to_vec()).unwrap();
            assert_eq!(restored, frontier);
        }
        assert!(Frontier::restore(3, vec![Digest::of("one")]).is_none());
    }

    #[test]
    fn every_inclusion_proof_verifies_at_its_own_place_only() {
        for count in 1..20_u32 {
            let leaves = leaves(count);
            let (root, size) = (root(&leaves), u64::from(count));
            for index in 0..count {
                let place = u64::from(index);
                let proof = inclusion_proof(&leaves, index as usize);
                let leaf = leaves[index as usize];
                assert!(verify_inclusion(leaf, place, size, &proof, &root));
                assert!(!verify_inclusion(leaf_hash(b"x"), place, size, &proof, &root));
                assert!(!verify_inclusion(leaf, place, size, &proof, &Digest::of("x")));
                assert!(!verify_inclusion(leaf, size, size, &proof, &root));
                let longer = [&proof[..], &[root]].concat();
                assert!(!verify_inclusion(leaf, place, size, &longer, &root));
                if count > 1 {
                    assert!(!verify_inclusion(leaf, (place + 1) % size, size, &proof, &root));
                }
            }
        }
    }

    #[test]
    fn consistency_proofs_verify_between_their_own_sizes_only() {
        let all = leaves(33);
        for new in 1..=33_usize {
            let new_root = root(&all[..new]);
            for old in 0..=new {
                let proof = consistency_proof(&all[..new], old);
                let old_root = root(&all[..old]);
                let (old_size, new_size) = (old as u64, new as u64);
                let shown = verify_consistency(old_size, new_size, &proof, &old_root, &new_root);
                assert_eq!(shown, old > 0, "of the empty tree nothing is shown");
                if old > 0 {
                    let wrong = Digest::of("x");
                    assert!(!verify_consistency(old_size, new_size, &proof, &wrong, &new_root));
                    assert!(!verify_consistency(old_size, new_size, &proof, &old_root, &wrong));
                }
                assert!(!verify_consistency(new_size + 1, new_size, &proof, &old_root, &new_root));
            }
        }
        let (empty, other) = (root(&[]), Digest::of("x"));
        assert!(verify_consistency(0, 0, &[], &empty, &empty));
        assert!(!verify_consistency(0, 0, &[], &other, &other));
        assert!(!verify_consistency(0, 0, &[], &empty, &other));
        assert!(!verify_consistency(0, 0, &[other], &empty, &empty));
    }
}

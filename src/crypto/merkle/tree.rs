//! A tree that keeps every complete subtree it has: roots, proofs and tiles of any of its sizes
//! without hashing the leaves again.

use super::tile::{TILE_WIDTH, TileKind, TilePath};
use super::{Digest, node_hash, root, split};

/// A growing tree with all its inner nodes, two hashes for each leaf: 6.4 MB for 100,000.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileTree {
    /// By height: the roots of the complete subtrees of 2^height leaves, from the left.
    levels: Vec<Vec<Digest>>,
}

impl TileTree {
    /// The tree over `leaves`.
    #[must_use]
    pub fn over(leaves: &[Digest]) -> Self {
        let mut tree = Self::default();
        for leaf in leaves {
            tree.append(*leaf);
        }
        tree
    }

    /// Adds a leaf hash at the right.
    pub fn append(&mut self, leaf: Digest) {
        let mut node = leaf;
        for height in 0.. {
            if self.levels.len() == height {
                self.levels.push(Vec::new());
            }
            let level = &mut self.levels[height];
            level.push(node);
            let [.., left, right] = &level[..] else { return };
            if !level.len().is_multiple_of(2) {
                return;
            }
            node = node_hash(left, right);
        }
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.leaves().len() as u64
    }

    /// The leaf hashes, in their order.
    #[must_use]
    pub fn leaves(&self) -> &[Digest] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.range(0, self.leaves().len())
    }

    /// The root when the tree had `size` leaves; `None` when it never had so many.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Digest> {
        Some(self.range(0, self.known(size)?))
    }

    /// The inclusion proof of leaf `index` in the tree of the first `size` leaves (RFC 6962
    /// §2.1.1); `None` when there is no such leaf or no such tree.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Digest>> {
        let (index, size) = (usize::try_from(index).ok()?, self.known(size)?);
        if index >= size {
            return None;
        }
        let (mut start, mut end, mut proof) = (0, size, Vec::new());
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                proof.push(self.range(middle, end));
                end = middle;
            } else {
                proof.push(self.range(start, middle));
                start = middle;
            }
        }
        proof.reverse();
        Some(proof)
    }

    /// The consistency proof from the first `old_size` to the first `new_size` leaves (RFC 6962
    /// §2.1.2), empty from 0; `None` when the tree never had so many, or the sizes are swapped.
    #[must_use]
    pub fn consistency_proof(&self, old_size: u64, new_size: u64) -> Option<Vec<Digest>> {
        let (old, new) = (self.known(old_size)?, self.known(new_size)?);
        if old > new {
            return None;
        }
        let (mut start, mut end, mut proof) = (0, new, Vec::new());
        while old > 0 && end != old {
            let middle = start + split(end - start);
            if old <= middle {
                proof.push(self.range(middle, end));
                end = middle;
            } else {
                proof.push(self.range(start, middle));
                start = middle;
            }
        }
        if start > 0 {
            // The old tree ends inside: its last part is no root that the verifier has.
            proof.push(self.range(start, end));
        }
        proof.reverse();
        Some(proof)
    }

    /// The hashes of a tile, 32 bytes each; `None` for bundles of entries, which are not kept
    /// here, and when the tree does not have the tile in that width.
    #[must_use]
    pub fn tile(&self, path: &TilePath) -> Option<Vec<u8>> {
        let TileKind::Hashes { level } = path.kind() else { return None };
        let nodes = self.levels.get(8 * usize::from(level))?;
        let from = usize::try_from(path.index().checked_mul(u64::from(TILE_WIDTH))?).ok()?;
        let hashes = nodes.get(from..from.checked_add(usize::from(path.width()))?)?;
        Some(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect())
    }

    /// `size`, where the tree has had it.
    fn known(&self, size: u64) -> Option<usize> {
        usize::try_from(size).ok().filter(|size| *size <= self.leaves().len())
    }

    /// The root over the leaves from `start` to before `end`, which begin where a complete tree
    /// that could hold them does: joined from the complete subtrees, the smallest first.
    fn range(&self, start: usize, end: usize) -> Digest {
        let (mut at, mut parts) = (start, Vec::new());
        while let Some(height) = (end - at).checked_ilog2() {
            parts.push(self.levels[height as usize][at >> height]);
            at += 1 << height;
        }
        let mut parts = parts.into_iter().rev();
        let Some(last) = parts.next() else { return root(&[]) };
        parts.fold(last, |right, left| node_hash(&left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::merkle::{
        Frontier, consistency_proof, inclusion_proof, leaf_hash, verify_consistency,
        verify_inclusion,
    };
    use proptest::prelude::*;

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn path(text: &str) -> TilePath {
        text.parse().unwrap()
    }

    #[test]
    fn every_small_tree_agrees_with_the_definition() {
        let all = leaves(40);
        let tree = TileTree::over(&all);
        for new in 0..=40_usize {
            let (size, now) = (new as u64, &all[..new]);
            assert_eq!(tree.root_at(size), Some(root(now)));
            assert_eq!(TileTree::over(now).root(), Frontier::over(now).root());
            for old in 0..=new {
                let proof = tree.consistency_proof(old as u64, size);
                assert_eq!(proof, Some(consistency_proof(now, old)), "{old} {new}");
            }
            for index in 0..new {
                let proof = tree.inclusion_proof(index as u64, size);
                assert_eq!(proof, Some(inclusion_proof(now, index)), "{index} {new}");
            }
        }
    }

    #[test]
    fn what_a_tree_never_had_it_does_not_tell() {
        let tree = TileTree::over(&leaves(5));
        for size in [6, u64::MAX] {
            assert_eq!(tree.root_at(size), None);
            assert_eq!(tree.inclusion_proof(0, size), None);
            assert_eq!(tree.consistency_proof(1, size), None);
            assert_eq!(tree.consistency_proof(size, 5), None);
        }
        assert_eq!(tree.consistency_proof(4, 3), None);
        for (index, size) in [(3, 3), (5, 5), (0, 0), (u64::MAX, 5)] {
            assert_eq!(tree.inclusion_proof(index, size), None);
        }
        let empty = TileTree::default();
        assert_eq!((empty.size(), empty.root()), (0, root(&[])));
        assert_eq!(empty.tile(&path("0/000.p/1")), None);
    }

    #[test]
    fn tiles_hold_the_roots_of_full_tiles_below() {
        let all = leaves(70_000);
        let tree = TileTree::over(&all);
        let of = |hashes: &[Digest]| -> Vec<u8> {
            hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
        };
        assert_eq!(tree.tile(&path("0/000")).unwrap(), of(&all[..256]));
        assert_eq!(tree.tile(&path("0/273.p/112")).unwrap(), of(&all[69_888..]));
        assert_eq!(tree.tile(&path("0/273.p/3")).unwrap(), of(&all[69_888..69_891]));
        let level_one: Vec<Digest> = all.chunks_exact(256).map(root).collect();
        assert_eq!(tree.tile(&path("1/000")).unwrap(), of(&level_one[..256]));
        assert_eq!(tree.tile(&path("1/001.p/17")).unwrap(), of(&level_one[256..]));
        assert_eq!(tree.tile(&path("2/000.p/1")).unwrap(), of(&[root(&all[..65_536])]));
        for missing in [
            "0/273",
            "0/273.p/113",
            "0/274.p/1",
            "1/001.p/18",
            "1/001",
            "1/002.p/1",
            "2/000.p/2",
            "2/000",
            "2/001.p/1",
            "3/000.p/1",
            "63/000.p/1",
            "entries/000",
            "0/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(tree.tile(&path(missing)), None, "{missing}");
        }
    }

    proptest! {
        #[test]
        fn proofs_between_any_sizes_are_those_of_the_definition(
            count in 1_usize..1_500, a: prop::sample::Index, b: prop::sample::Index,
        ) {
            let all = leaves(count);
            let tree = TileTree::over(&all);
            let (new, old) = (a.index(count) + 1, b.index(a.index(count) + 1));
            let (new_root, old_root) = (root(&all[..new]), root(&all[..old]));
            let (size, place) = (new as u64, old as u64);
            prop_assert_eq!(tree.root_at(size), Some(new_root));
            let proof = tree.consistency_proof(place, size).unwrap();
            prop_assert_eq!(&proof, &consistency_proof(&all[..new], old));
            prop_assert!(
                old == 0 || verify_consistency(place, size, &proof, &old_root, &new_root)
            );
            let proof = tree.inclusion_proof(place, size).unwrap();
            prop_assert_eq!(&proof, &inclusion_proof(&all[..new], old));
            prop_assert!(verify_inclusion(all[old], place, size, &proof, &new_root));
        }
    }
}

//! Proofs on subtrees: the part of a tree from one leaf to before another, where that part is a
//! tree of its own (subtrees of IETF draft-ietf-plants-merkle-tree-certs).
//!
//! A consistency proof of RFC 6962 is the case that starts at leaf 0.

use super::{Digest, node_hash, root, verify_inclusion};

/// Whether `proof` shows that `leaf` stands at `index` of a tree whose subtree from leaf `start`
/// to before leaf `end` has the root `expected`.
#[must_use]
pub fn verify_subtree_inclusion(
    leaf: Digest,
    index: u64,
    (start, end): (u64, u64),
    proof: &[Digest],
    expected: &Digest,
) -> bool {
    is_subtree(start, end)
        && index >= start
        && verify_inclusion(leaf, index - start, end - start, proof, expected)
}

/// Whether `proof` shows that the subtree from leaf `start` to before leaf `end`, of root
/// `subtree`, is part of the tree of `size` leaves with the root `whole`.
///
/// The empty subtree is part of every tree; its root is that of no leaves, its proof empty.
#[must_use]
pub fn verify_subtree_consistency(
    (start, end): (u64, u64),
    size: u64,
    proof: &[Digest],
    subtree: &Digest,
    whole: &Digest,
) -> bool {
    if start == end {
        return end <= size && proof.is_empty() && *subtree == root(&[]);
    }
    if end > size || !is_subtree(start, end) {
        return false;
    }
    let mut at = Position { first: start, end: end - 1, last: size - 1 };
    // Up to the largest complete tree in which the subtree ends: there the proof begins.
    while at.first != at.end && (at.end == at.last || at.end & 1 == 1) {
        at.rise();
    }
    let mut steps = proof.iter();
    let begin = if at.first == at.end { Some(subtree) } else { steps.next() };
    let Some(begin) = begin else { return false };
    let (mut part, mut all) = (*begin, *begin);
    for sibling in steps {
        if at.last == 0 {
            return false;
        }
        if at.end & 1 == 1 || at.end == at.last {
            if at.first < at.end {
                part = node_hash(sibling, &part);
            }
            all = node_hash(sibling, &all);
            while at.end & 1 == 0 && at.end != 0 {
                at.rise();
            }
        } else {
            all = node_hash(&all, sibling);
        }
        at.rise();
    }
    at.last == 0 && part == *subtree && all == *whole
}

/// Whether the leaves from `start` to before `end` are a subtree: not empty, and beginning where a
/// complete tree that could hold them does.
const fn is_subtree(start: u64, end: u64) -> bool {
    if start >= end {
        return false;
    }
    match (end - start).checked_next_power_of_two() {
        Some(width) => start.is_multiple_of(width),
        None => start == 0,
    }
}

/// Where the path upwards stands on its level: the subtree's first and last node, the tree's last.
struct Position {
    first: u64,
    end: u64,
    last: u64,
}

impl Position {
    const fn rise(&mut self) {
        self.first >>= 1;
        self.end >>= 1;
        self.last >>= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::merkle::{inclusion_proof, leaf_hash};

    /// The proof by the definition, from all leaves.
    fn prove(leaves: &[Digest], start: usize, end: usize, whole: bool) -> Vec<Digest> {
        if start == 0 && end == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let (left, right) = leaves.split_at(super::super::split(leaves.len()));
        let (mut proof, sibling) = if end <= left.len() {
            (prove(left, start, end, whole), root(right))
        } else if start >= left.len() {
            (prove(right, start - left.len(), end - left.len(), whole), root(left))
        } else {
            (prove(right, 0, end - left.len(), false), root(left))
        };
        proof.push(sibling);
        proof
    }

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn every_subtree_of_a_tree_and_no_other_range_is_shown_to_be_part_of_it() {
        let other = Digest::of("other");
        for size in 1..=33_usize {
            let leaves = leaves(size);
            let whole = root(&leaves);
            for (start, end) in (0..size).flat_map(|a| (a + 1..=size).map(move |b| (a, b))) {
                let (range, count) = ((start as u64, end as u64), size as u64);
                let subtree = root(&leaves[start..end]);
                if !start.is_multiple_of((end - start).next_power_of_two()) {
                    let shown = verify_subtree_consistency(range, count, &[], &subtree, &whole);
                    assert!(!shown, "{start} {end} {size}");
                    continue;
                }
                let proof = prove(&leaves, start, end, true);
                let shows = |proof: &[Digest], subtree, whole| {
                    verify_subtree_consistency(range, count, proof, subtree, whole)
                };
                assert!(shows(&proof, &subtree, &whole), "{start} {end} {size}");
                assert!(!shows(&proof, &other, &whole));
                assert!(!shows(&proof, &subtree, &other));
                assert!(!shows(&[&proof[..], &[other]].concat(), &subtree, &whole));
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(!shows(shorter, &subtree, &whole));
                }
                for index in start..end {
                    let inside = inclusion_proof(&leaves[start..end], index - start);
                    let place = index as u64;
                    let stands = |place, root| {
                        verify_subtree_inclusion(leaves[index], place, range, &inside, root)
                    };
                    assert!(stands(place, &subtree));
                    assert!(!stands(place, &other));
                    assert!(!stands(place + 1, &subtree) && !stands(range.1, &subtree));
                    assert!(start == 0 || !stands(range.0 - 1, &subtree));
                }
            }
        }
    }

    #[test]
    fn the_largest_ranges_do_not_overflow() {
        let any = Digest::of("any");
        for range in [(0, u64::MAX), (1, u64::MAX), (u64::MAX, 0), (u64::MAX, u64::MAX)] {
            assert!(!verify_subtree_consistency(range, u64::MAX, &[], &any, &any) || range.0 == 0);
            assert!(!verify_subtree_inclusion(any, range.0, range, &[], &any));
        }
        assert!(!verify_subtree_consistency((0, 1), 0, &[], &any, &any));
    }
}

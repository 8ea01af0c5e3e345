//! A bounded index in memory, in front of the table of spent nonces and request identifiers.
//!
//! It sheds a flood of repeats before they reach the writer. It reads no clock: an entry goes
//! when the sweep finds it ended by authenticated time, and at capacity new ones are refused.
//! The table stays the judge.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::{DashMap, Entry};

use crate::base::{Timestamp, limits};
use crate::crypto::Digest;

/// What was spent and until when it must be remembered.
#[derive(Debug)]
pub(super) struct ReplayIndex {
    spent: DashMap<Digest, Timestamp>,
    /// Counted apart: asking the map locks every shard.
    count: AtomicUsize,
    capacity: usize,
}

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Not seen before; the claimant holds it until it is released or swept.
    Fresh,
    /// No room.
    Full,
    /// Claimed before.
    Spent,
}

impl ReplayIndex {
    /// An index that holds what is `spent` and takes up to `capacity` entries in all.
    pub(super) fn holding(capacity: usize, spent: Vec<(Digest, Timestamp)>) -> Self {
        let spent: DashMap<_, _> = spent.into_iter().collect();
        let count = AtomicUsize::new(spent.len());
        Self { spent, count, capacity }
    }

    /// Claims `digest` until `expires`.
    pub(super) fn claim(&self, digest: Digest, expires: Timestamp) -> Claim {
        // The guard on a shard lives to the end of this match and no call in it touches the map.
        match self.spent.entry(digest) {
            Entry::Occupied(_) => Claim::Spent,
            Entry::Vacant(place) => {
                let taken =
                    self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                        (count < self.capacity).then_some(count + 1)
                    });
                if taken.is_err() {
                    return Claim::Full;
                }
                place.insert(expires);
                Claim::Fresh
            }
        }
    }

    /// Gives a claim back that came to nothing.
    pub(super) fn release(&self, digest: &Digest) {
        if self.spent.remove(digest).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Forgets what had ended at `authenticated`.
    pub(super) fn sweep(&self, authenticated: Timestamp) {
        let mut forgotten = 0;
        self.spent.retain(|_, expires| {
            let keep = !has_ended(*expires, authenticated);
            forgotten += usize::from(!keep);
            keep
        });
        self.count.fetch_sub(forgotten, Ordering::Relaxed);
    }
}

/// Whether an entry that was good until `expires` may be forgotten.
fn has_ended(expires: Timestamp, authenticated: Timestamp) -> bool {
    expires + MARGIN <= authenticated
}

/// Entries are kept past their end by as much as two clocks may disagree, so that a clock set
/// back by that much does not make one good again.
pub(super) const MARGIN: Duration = limits::CLOCK_AGREEMENT;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(second)
    }

    #[test]
    fn a_claim_holds_until_it_is_released() {
        let index = ReplayIndex::holding(10, Vec::new());
        let digest = Digest::of("nonce");
        assert_eq!(index.claim(digest, at(300)), Claim::Fresh);
        assert_eq!(index.claim(digest, at(300)), Claim::Spent);
        assert_eq!(index.claim(digest, at(900)), Claim::Spent);
        index.release(&digest);
        index.release(&digest);
        assert_eq!(index.count.load(Ordering::Relaxed), 0);
        assert_eq!(index.claim(digest, at(300)), Claim::Fresh);
    }

    #[test]
    fn at_capacity_new_entries_are_refused_and_only_a_sweep_makes_room() {
        let index = ReplayIndex::holding(2, Vec::new());
        assert_eq!(index.claim(Digest::of("1"), at(300)), Claim::Fresh);
        assert_eq!(index.claim(Digest::of("2"), at(400)), Claim::Fresh);
        for authenticated in [0, 300, 599] {
            index.sweep(at(authenticated));
            assert_eq!(index.claim(Digest::of("3"), at(9_000_000)), Claim::Full);
            assert_eq!(index.claim(Digest::of("1"), at(9_000_000)), Claim::Spent);
        }
        index.sweep(at(600));
        assert_eq!(index.claim(Digest::of("3"), at(900)), Claim::Fresh);
        assert_eq!(index.claim(Digest::of("2"), at(900)), Claim::Spent);
        assert_eq!(index.claim(Digest::of("4"), at(900)), Claim::Full);
    }
}

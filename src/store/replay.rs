//! A bounded index in memory, in front of the table of spent nonces and request identifiers.
//!
//! It sheds a flood of repeats before they reach the writer, and it never forgets an entry
//! before its end: at capacity new ones are refused. The table stays the judge.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
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
    swept: AtomicI64,
}

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Not seen before; the claimant holds it until it is released or ends.
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
        Self { spent, count, capacity, swept: AtomicI64::new(i64::MIN) }
    }

    /// Claims `digest` until `expires`.
    pub(super) fn claim(&self, digest: Digest, expires: Timestamp, now: Timestamp) -> Claim {
        if self.count.load(Ordering::Relaxed) >= self.capacity {
            self.sweep(now);
        }
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

    /// Forgets what has ended, at most once a second: under a flood at capacity a walk through
    /// the whole map for each request would be the flood's work done for it.
    fn sweep(&self, now: Timestamp) {
        let last = self.swept.load(Ordering::Relaxed);
        if now.unix_seconds() <= last
            || self
                .swept
                .compare_exchange(last, now.unix_seconds(), Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        let mut forgotten = 0;
        self.spent.retain(|_, expires| {
            let keep = !has_ended(*expires, now);
            forgotten += usize::from(!keep);
            keep
        });
        self.count.fetch_sub(forgotten, Ordering::Relaxed);
    }
}

/// Whether an entry that was good until `expires` may be forgotten.
pub(super) fn has_ended(expires: Timestamp, now: Timestamp) -> bool {
    expires + MARGIN <= now
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
        assert_eq!(index.claim(digest, at(300), at(0)), Claim::Fresh);
        assert_eq!(index.claim(digest, at(300), at(0)), Claim::Spent);
        assert_eq!(index.claim(digest, at(900), at(700)), Claim::Spent);
        index.release(&digest);
        index.release(&digest);
        assert_eq!(index.count.load(Ordering::Relaxed), 0);
        assert_eq!(index.claim(digest, at(300), at(0)), Claim::Fresh);
    }

    #[test]
    fn at_capacity_nothing_is_evicted_before_its_end() {
        let index = ReplayIndex::holding(2, Vec::new());
        assert_eq!(index.claim(Digest::of("1"), at(300), at(0)), Claim::Fresh);
        assert_eq!(index.claim(Digest::of("2"), at(400), at(0)), Claim::Fresh);
        for now in [0, 300, 599] {
            assert_eq!(index.claim(Digest::of("3"), at(900), at(now)), Claim::Full, "{now}");
            assert_eq!(index.claim(Digest::of("1"), at(900), at(now)), Claim::Spent, "{now}");
        }
        assert_eq!(index.claim(Digest::of("3"), at(900), at(600)), Claim::Fresh);
        assert_eq!(index.claim(Digest::of("2"), at(900), at(600)), Claim::Spent);
    }
}

//! The whole log recomputed: every commitment, every leaf, the root at every checkpoint, the
//! order of times. It believes nothing but the checkpoints it is given.

use std::cmp::Reverse;
use std::time::Duration;

use super::entry::{Entry, EntryKind, Outcome};
use super::pending::{Salt, commitment};
use crate::base::{Timestamp, limits};
use crate::crypto::note::Checkpoint;
use crate::crypto::{Digest, json, merkle};

/// One line as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The number it is stored under.
    pub index: u64,
    /// The leaf hash it is stored with.
    pub leaf: Digest,
    /// The entry, unless its retention has ended.
    pub content: Content<'a>,
}

/// What is left of an entry.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// Entry and salt were deleted after their retention; the leaf remains.
    Erased,
    /// The entry is there.
    Kept {
        /// Its salt.
        salt: Salt,
        /// Its canonical bytes.
        entry: &'a [u8],
    },
}

/// What a sound log contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Number of leaves.
    pub size: u64,
    /// Root over all of them.
    pub root: Digest,
    /// Lines whose content has been erased.
    pub erased: u64,
    /// Refusals among the entries that are there.
    pub refusals: u64,
    /// Lines after the newest checkpoint, which nothing vouches for.
    pub unwitnessed: u64,
}

/// Recomputes a log from its first line and holds it against `checkpoints`, which the caller has
/// opened: the log's own, and any that witnesses or earlier readers kept.
pub fn verify_log<'a>(
    records: impl IntoIterator<Item = Record<'a>>,
    checkpoints: Vec<Checkpoint>,
) -> Result<Summary, LogError> {
    let mut verifier = LogVerifier::new(checkpoints)?;
    for record in records {
        verifier.take(&record)?;
    }
    verifier.finish()
}

/// The same work page by page, for a log that is larger than memory.
#[derive(Debug)]
pub struct LogVerifier {
    /// Checkpoints not reached yet, largest first.
    awaited: Vec<Checkpoint>,
    frontier: merkle::Frontier,
    newest: Option<Timestamp>,
    erased: u64,
    refusals: u64,
    vouched: u64,
}

impl LogVerifier {
    /// Begins at line zero.
    pub fn new(mut checkpoints: Vec<Checkpoint>) -> Result<Self, LogError> {
        checkpoints.sort_by_key(|checkpoint| Reverse(checkpoint.size));
        let mut verifier = Self {
            awaited: checkpoints,
            frontier: merkle::Frontier::default(),
            newest: None,
            erased: 0,
            refusals: 0,
            vouched: 0,
        };
        verifier.compare()?;
        Ok(verifier)
    }

    /// Takes the next line.
    pub fn take(&mut self, record: &Record<'_>) -> Result<(), LogError> {
        let expected = self.frontier.size();
        if record.index != expected {
            return Err(LogError::Misplaced { expected, found: record.index });
        }
        match record.content {
            Content::Erased => self.erased += 1,
            Content::Kept { salt, entry } => self.read(record, salt, entry)?,
        }
        self.frontier.append(record.leaf);
        self.compare()
    }

    /// Ends; lines that a checkpoint promised and that did not come are missed here.
    pub fn finish(self) -> Result<Summary, LogError> {
        let size = self.frontier.size();
        if let Some(checkpoint) = self.awaited.first() {
            return Err(LogError::Truncated { size, promised: checkpoint.size });
        }
        Ok(Summary {
            size,
            root: self.frontier.root(),
            erased: self.erased,
            refusals: self.refusals,
            unwitnessed: size - self.vouched,
        })
    }

    fn read(&mut self, record: &Record<'_>, salt: Salt, bytes: &[u8]) -> Result<(), LogError> {
        let index = record.index;
        if merkle::leaf_hash(commitment(salt, bytes).as_bytes()) != record.leaf {
            return Err(LogError::Changed { index });
        }
        let entry: Entry = json::from_slice(bytes).map_err(|_| LogError::NotAnEntry { index })?;
        if entry.canonical() != bytes {
            return Err(LogError::NotAnEntry { index });
        }
        let behind = self.newest.is_some_and(|newest| newest.since(entry.at) > CONCURRENCY);
        if behind && entry.kind != EntryKind::Started {
            return Err(LogError::Backdated { index });
        }
        self.newest = match self.newest {
            Some(newest) if !behind => Some(newest.max(entry.at)),
            _ => Some(entry.at),
        };
        self.refusals += u64::from(matches!(entry.outcome, Outcome::Refused(_)));
        Ok(())
    }

    /// Holds the root against every checkpoint of the present size.
    fn compare(&mut self) -> Result<(), LogError> {
        let size = self.frontier.size();
        while let Some(checkpoint) = self.awaited.pop_if(|awaited| awaited.size == size) {
            if checkpoint.root != self.frontier.root() {
                return Err(LogError::Root { size });
            }
            self.vouched = size;
        }
        Ok(())
    }
}

/// Why a log is not sound; the first fault, by the number of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// An entry is dated well before one above it.
    #[error("entry {index} is dated before an entry above it")]
    Backdated {
        /// The entry.
        index: u64,
    },
    /// An entry is not what its leaf commits to.
    #[error("entry {index} is not what its leaf commits to")]
    Changed {
        /// The entry.
        index: u64,
    },
    /// A line is missing, twice there, or out of order.
    #[error("where line {expected} belongs stands line {found}")]
    Misplaced {
        /// The number that should follow.
        expected: u64,
        /// The number that does.
        found: u64,
    },
    /// The bytes are committed to but are no entry in canonical form.
    #[error("line {index} is not an entry")]
    NotAnEntry {
        /// The line.
        index: u64,
    },
    /// The leaves do not have the root that was signed.
    #[error("the first {size} leaves do not have the root of the checkpoint")]
    Root {
        /// The size of the checkpoint.
        size: u64,
    },
    /// Lines are missing at the end.
    #[error("the log has {size} lines, a checkpoint promises {promised}")]
    Truncated {
        /// Lines that are there.
        size: u64,
        /// Lines that a checkpoint has.
        promised: u64,
    },
}

/// Requests take their time when they begin and their line when they end, so lines lie apart by
/// up to the longest a request may run; a minute covers it and the forgiven skew.
const CONCURRENCY: Duration = limits::CLOCK_SKEW;

#[cfg(test)]
mod tests {
    use super::super::entry::Actor;
    use super::super::pending::Pending;
    use super::*;
    use crate::base::{Code, SystemEntropy};

    /// A log of `count` entries, one a second, every third a refusal.
    fn log(count: i64) -> Vec<Pending> {
        (0..count).map(|n| pending(EntryKind::Disclosure, n, n % 3 == 2)).collect()
    }

    fn pending(kind: EntryKind, second: i64, refused: bool) -> Pending {
        let at = Timestamp::from_unix_seconds(1_800_000_000 + second);
        let pending = Pending::new(Entry::new(kind, at, Actor::gateway()), &SystemEntropy);
        if refused { pending.refused(Code::GrantRevoked) } else { pending }
    }

    fn records(log: &[Pending]) -> Vec<Record<'_>> {
        log.iter()
            .enumerate()
            .map(|(index, pending)| Record {
                index: index as u64,
                leaf: pending.leaf(),
                content: Content::Kept { salt: pending.salt(), entry: pending.canonical() },
            })
            .collect()
    }

    fn checkpoint(log: &[Pending]) -> Checkpoint {
        let leaves: Vec<_> = log.iter().map(Pending::leaf).collect();
        let root = merkle::root(&leaves);
        Checkpoint { origin: "test".to_owned(), size: leaves.len() as u64, root }
    }

    fn verify(records: Vec<Record<'_>>, log: &[Pending]) -> Result<Summary, LogError> {
        verify_log(records, vec![checkpoint(log)])
    }

    #[test]
    fn a_sound_log_verifies_also_after_erasure() {
        let log = log(10);
        let checkpoints = vec![checkpoint(&log[..8]), checkpoint(&log[..4]), checkpoint(&[])];
        let mut records = records(&log);
        records[1].content = Content::Erased;
        let summary = verify_log(records, checkpoints).unwrap();
        assert_eq!((summary.size, summary.erased, summary.unwitnessed), (10, 1, 2));
        assert_eq!(summary.refusals, 3);
        assert_eq!(summary.root, checkpoint(&log).root);
    }

    #[test]
    fn au_01_an_edited_byte_is_found() {
        let log = log(6);
        for index in 0..6 {
            let mut edited = log[index].canonical().to_vec();
            let middle = edited.len() / 2;
            edited[middle] ^= 1;
            let mut records = records(&log);
            let salt = log[index].salt();
            records[index].content = Content::Kept { salt, entry: &edited };
            let error = LogError::Changed { index: index as u64 };
            assert_eq!(verify(records.clone(), &log), Err(error));
            // The leaf edited along with it: the root gives it away.
            records[index].leaf = merkle::leaf_hash(commitment(salt, &edited).as_bytes());
            assert!(verify(records, &log).is_err());
        }
    }

    #[test]
    fn au_02_a_deleted_tail_is_found() {
        let log = log(6);
        for kept in 0..6 {
            let error = LogError::Truncated { size: kept as u64, promised: 6 };
            assert_eq!(verify(records(&log[..kept]), &log), Err(error));
        }
    }

    #[test]
    fn au_04_reordered_and_repeated_lines_are_found() {
        let log = log(6);
        let mut swapped = records(&log);
        swapped.swap(2, 3);
        assert_eq!(
            verify(swapped.clone(), &log),
            Err(LogError::Misplaced { expected: 2, found: 3 })
        );
        for (index, record) in swapped.iter_mut().enumerate() {
            record.index = index as u64;
        }
        assert_eq!(verify(swapped, &log), Err(LogError::Root { size: 6 }));
        let mut repeated = records(&log);
        repeated[4] = Record { index: 4, ..repeated[3] };
        assert_eq!(verify(repeated, &log), Err(LogError::Root { size: 6 }));
    }

    #[test]
    fn au_06_a_backdated_entry_is_found() {
        let mut log = log(3);
        log.push(pending(EntryKind::Disclosure, -58, false));
        assert!(verify(records(&log), &log).is_ok(), "requests may overlap");
        log.push(pending(EntryKind::Disclosure, -59, false));
        assert_eq!(verify(records(&log), &log), Err(LogError::Backdated { index: 4 }));
    }

    #[test]
    fn a_restart_may_set_the_clock_back_and_only_a_restart() {
        let mut log = log(3);
        log.push(pending(EntryKind::Started, -3600, false));
        log.push(pending(EntryKind::Disclosure, -3599, false));
        assert!(verify(records(&log), &log).is_ok());
    }

    #[test]
    fn au_08_a_wrong_leaf_or_size_is_found() {
        let log = log(6);
        let mut wrong_leaf = records(&log);
        wrong_leaf[5] = Record { leaf: Digest::of("x"), content: Content::Erased, ..wrong_leaf[5] };
        assert_eq!(verify(wrong_leaf, &log), Err(LogError::Root { size: 6 }));
        let wrong_size = Checkpoint { size: 5, ..checkpoint(&log) };
        assert_eq!(verify_log(records(&log), vec![wrong_size]), Err(LogError::Root { size: 5 }));
    }

    #[test]
    fn bytes_that_are_no_entry_are_found() {
        let log = log(1);
        let spaced = [log[0].canonical(), b" "].concat();
        for bytes in [&b"{}"[..], b"", &spaced] {
            let salt = log[0].salt();
            let leaf = merkle::leaf_hash(commitment(salt, bytes).as_bytes());
            let record = Record { index: 0, leaf, content: Content::Kept { salt, entry: bytes } };
            assert_eq!(verify_log([record], vec![]), Err(LogError::NotAnEntry { index: 0 }));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_single_mutation_of_a_log_goes_unnoticed(
            count in 1_usize..20, place: proptest::sample::Index, other: proptest::sample::Index,
            kind in 0..6_u8, bit in 0..8_u8,
        ) {
            let log = log(count.try_into().unwrap());
            let mut altered: Vec<(Digest, Salt, Vec<u8>)> = log
                .iter()
                .map(|pending| (pending.leaf(), pending.salt(), pending.canonical().to_vec()))
                .collect();
            let at = place.index(count);
            match kind {
                0 => drop(altered.remove(at)),
                1 => altered.insert(at, altered[at].clone()),
                2 if at != other.index(count) => altered.swap(at, other.index(count)),
                3 => altered[at].1 = pending(EntryKind::Started, 0, false).salt(),
                4 => altered[at].0 = Digest::of("x"),
                _ => {
                    let byte = other.index(altered[at].2.len());
                    altered[at].2[byte] ^= 1 << bit;
                }
            }
            let records = altered.iter().zip(0..).map(|((leaf, salt, entry), index)| Record {
                index, leaf: *leaf, content: Content::Kept { salt: *salt, entry },
            });
            let verdict = verify_log(records, vec![checkpoint(&log)]);
            // A line that is repeated at the very end lies behind the checkpoint, and shows there.
            let beyond = verdict.as_ref().is_ok_and(|summary| summary.unwitnessed == 1);
            proptest::prop_assert!(verdict.is_err() || beyond);
        }
    }
}

//! What a witness decides on a log's new checkpoint (C2SP tlog-witness, `add-checkpoint`).
//!
//! The decision alone: its caller stores the new state by compare-and-set, and only then cosigns.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::VerifierKey;
use super::signed::{NOTE_BYTES, SignedNote};
use super::{Checkpoint, CheckpointError};
use crate::crypto::{Digest, merkle};

/// The body of a request to a witness: a checkpoint, and the proof that it continues an older one.
///
/// Written by `to_string`; that is the one form [`AddCheckpoint::read`] takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the sender thinks the witness has cosigned last; 0 for never.
    pub old: u64,
    /// The consistency proof from `old` to the checkpoint (RFC 6962 §2.1.2), 63 hashes at most.
    pub proof: Vec<Digest>,
    /// The signed checkpoint.
    pub note: String,
}

impl AddCheckpoint {
    /// Reads a body. Nothing is verified but its form, that of the checkpoint included.
    pub fn read(body: &[u8]) -> Result<Self, WitnessRefusal> {
        Self::parse(body).ok_or(WitnessRefusal::Malformed)
    }

    /// The name of the log, as the unverified checkpoint says: by it the witness finds the key
    /// and the state it holds.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.note.lines().next().unwrap_or_default()
    }

    fn parse(body: &[u8]) -> Option<Self> {
        if body.len() > BODY_BYTES {
            return None;
        }
        let (head, note) = std::str::from_utf8(body).ok()?.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let proof = lines.map(read_hash).collect::<Option<Vec<_>>>()?;
        let _: Checkpoint = SignedNote::read(note)?.text.parse().ok()?;
        let request = Self { old, proof, note: note.to_owned() };
        // Leading zeros and signs of the size: whatever does not write back as it was read.
        let canonical = request.to_string().as_bytes() == body;
        (canonical && request.proof.len() <= PROOF_HASHES).then_some(request)
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(formatter, "{}", STANDARD.encode(hash.as_bytes()))?;
        }
        write!(formatter, "\n{}", self.note)
    }
}

/// The last state of a log that a witness cosigned, all that it keeps of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// How many leaves the tree had.
    pub size: u64,
    /// The root of the tree.
    pub root: Digest,
}

impl Held {
    /// The checkpoint of this state in the log called `origin`: what is cosigned.
    #[must_use]
    pub fn checkpoint(self, origin: &str) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size: self.size, root: self.root }
    }
}

impl From<&Checkpoint> for Held {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { size: checkpoint.size, root: checkpoint.root }
    }
}

/// Whether a witness that holds `held` (`None`: it never cosigned this log) may cosign what
/// `request` asks for; the result is the state to be held from then on.
///
/// The caller replaces exactly `held` by the result in its store and cosigns after that alone:
/// otherwise two requests at once could make it cosign two futures.
pub fn witness(
    held: Option<Held>,
    request: &AddCheckpoint,
    log_key: &VerifierKey,
) -> Result<Held, WitnessRefusal> {
    let checkpoint = Checkpoint::open(&request.note, log_key).map_err(|error| match error {
        CheckpointError::OtherLog => WitnessRefusal::UnknownLog,
        CheckpointError::Signature | CheckpointError::Unsigned => WitnessRefusal::Unsigned,
        _ => WitnessRefusal::Malformed,
    })?;
    let new = Held::from(&checkpoint);
    let held = held.unwrap_or_else(|| Held { size: 0, root: merkle::root(&[]) });
    if request.old > new.size {
        return Err(WitnessRefusal::Backwards);
    }
    if request.old != held.size {
        return Err(WitnessRefusal::Conflict { held: held.size });
    }
    if new.size == held.size && new.root != held.root {
        return Err(WitnessRefusal::Fork { held: held.size });
    }
    if continues(&held, &new, &request.proof) { Ok(new) } else { Err(WitnessRefusal::Inconsistent) }
}

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// The old size lies beyond the checkpoint's (the specification's 400).
    #[error("the old size is larger than the checkpoint's")]
    Backwards,
    /// The witness holds another size than the sender thinks (409, the size as body).
    #[error("the witness holds a checkpoint of size {held}")]
    Conflict {
        /// The size it holds; 0 for none.
        held: u64,
    },
    /// Another root at the size the witness holds: the log has shown two histories (409).
    #[error("the witness holds another root at size {held}")]
    Fork {
        /// The size in question.
        held: u64,
    },
    /// The proof does not show that the checkpoint continues what the witness holds (422).
    #[error("the consistency proof does not verify")]
    Inconsistent,
    /// Not a request in its one form (400).
    #[error("not an old size, a consistency proof and a signed checkpoint")]
    Malformed,
    /// The checkpoint is of a log that the witness does not follow (404).
    #[error("the log is not known to this witness")]
    UnknownLog,
    /// The checkpoint bears no valid signature of its log (403).
    #[error("the checkpoint is not signed by its log")]
    Unsigned,
}

fn continues(held: &Held, new: &Held, proof: &[Digest]) -> bool {
    if held.size == 0 && new.size > 0 {
        // Every log continues the empty one; there is nothing to prove.
        return proof.is_empty();
    }
    merkle::verify_consistency(held.size, new.size, proof, &held.root, &new.root)
}

fn read_hash(line: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(line).ok()?;
    bytes.try_into().ok().map(Digest::from_bytes)
}

/// A tree of 2⁶³ leaves needs no more (C2SP tlog-witness).
const PROOF_HASHES: usize = 63;
/// The largest note, the longest proof at 45 bytes a line, and the first line.
const BODY_BYTES: usize = NOTE_BYTES + PROOF_HASHES * 45 + 32;

//! Signed notes of transparency logs: checkpoints, their cosignatures, and what a witness decides.
//!
//! The forms are those of C2SP `signed-note`, `tlog-checkpoint`, `tlog-cosignature` (v1, Ed25519)
//! and `tlog-witness`. Nothing here keeps anything: a witness's memory is its caller's.

mod checkpoint;
mod cosignature;
mod key;
mod signed;
mod witness;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{Cosignature, CosignatureError, add_cosignatures, cosign, cosignatures};
pub use key::{NoteKey, VerifierKey, WitnessKey};
pub use witness::{AddCheckpoint, Held, WitnessRefusal, witness};

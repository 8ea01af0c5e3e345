//! Signed notes of transparency logs: checkpoints and the keys that sign them.
//!
//! The forms are those of C2SP `signed-note` and `tlog-checkpoint`.

mod checkpoint;
mod key;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use key::VerifierKey;

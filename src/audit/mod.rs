//! The audit log as a pure matter: entries, their salted commitments, verification.
//!
//! An entry says who did what on which basis, with the names of claims and never their values.
//! Nothing here writes anything down: the store turns a [`Pending`] into a [`Receipt`].

mod entry;
mod pending;
mod verify;

pub use entry::{Actor, Entry, EntryKind, Outcome};
pub use pending::{Pending, Receipt, Salt, SaltError};
pub use verify::{Content, LogError, LogVerifier, Record, Summary, verify_log};

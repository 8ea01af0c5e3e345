//! Vectors of conformance: what any implementation must answer to fixed tokens, read from
//! `conformance/vectors/` and put to this program's own verifier.
//!
//! A vector judges answers, never the way to them; nothing here can change what is accepted.

mod suite;
mod vector;

pub use suite::{Outcome, Suite, SuiteError, run};
pub use vector::{Expectation, Vector};

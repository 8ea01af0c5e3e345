//! The issuing province's register as a source of truth: what it holds of a licence, how it is
//! asked, what it answers and how its records may change.
//!
//! Records are stored and found by the shell; only [`recall`] turns one into a [`Recorded`], the
//! proof on which a policy decision may rest.

mod change;
mod query;
mod record;

pub use change::{ChangeRefusal, GrantEffect, RegisterChange, StatusChange, check_transition};
pub use query::{HolderCode, LicenceNumber, Query, QueryError, QueryKind, QueryTerms};
pub use record::{Record, Recorded, recall};

#[cfg(test)]
pub(crate) use record::tests::{IN_2026, driver, vehicle};

//! Who may see which claim of a licence, for what purpose and on what basis (Article 12).
//!
//! Default deny. Only [`decide`] makes a [`Permit`], and only a holder's grant or an officer's
//! mandate opens a claim that is not public.

mod decision;
mod mandate;
mod permit;
mod purpose;
mod refusal;
mod rule;

pub use decision::{Basis, Requested, Subject, decide};
pub use mandate::{Inspection, Mandate, MandateQuestion, RegisteredStatutoryUse};
pub use permit::{BasisReference, Masking, Permit};
pub use purpose::Purpose;
pub use refusal::{MandateRefusal, PolicyRefusal};
pub use rule::{BasisKind, Rule, rule};

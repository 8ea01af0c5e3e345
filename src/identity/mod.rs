//! Who is calling: from a presented certificate chain to a [`Caller`].
//!
//! Identity comes from keys that the lists pin, never from a header and never from a
//! distinguished name. What a caller may do is decided elsewhere.

mod caller;
mod name;
mod recognise;
mod refusal;
mod role;
#[cfg(test)]
mod tests;

pub use caller::{Caller, Client};
pub use name::{ClientName, NameError};
pub use recognise::{Place, identify, read_chain};
pub use refusal::IdentityRefusal;
pub use role::{Role, UnknownRole};

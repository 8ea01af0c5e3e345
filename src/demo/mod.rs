//! The demonstration: a whole federation on this machine, with real TLS, real signatures and a
//! real database for each node, telling step by step what it does and why.

mod authorisation;
mod cast;
mod closing;
mod evidence;
mod recognition;
mod script;
mod stage;
mod story;
mod teller;

pub use story::{DemoError, DemoOptions, run};

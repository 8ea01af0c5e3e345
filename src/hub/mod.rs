//! The hub as a service: it publishes what the federation agreed on, and can change none of it.
//! Lists come signed by others; the hub's own keys say only what is current.

mod applications;
mod board;
mod ends;
mod founding;
mod keys;
mod log_shelf;
mod orders;
mod publishing;
mod serving;
mod shelf;
mod witnesses;

pub use founding::{HubCharter, HubFoundingError, RootTerms, found, root_payload};
pub use serving::{Running, Settings, StartError, check, start};

//! The hub as a service: it publishes what the federation agreed on, and can change none of it.
//! Lists come signed by others; the hub's own keys say only what is current.

mod applications;
mod board;
mod founding;
mod keys;
mod serving;
mod shelf;

pub use founding::{HubCharter, HubFoundingError, RootTerms, found, root_payload};
pub use serving::{Running, Settings, StartError, check, start};

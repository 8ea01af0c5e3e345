//! The way out: requests to the hub and to other gateways, and to nobody else.
//!
//! A client serves one origin that a list or the root names, believes one pin, follows no
//! redirect, knows no proxy and no cookie, and stops reading where its caller said.

mod addresses;
mod client;
mod desk;
mod directory;
mod error;
mod fetch;
mod gathering;
mod origin;
mod probe;
#[cfg(test)]
mod tests;

pub use client::{PeerAnswer, PeerClient, PeerRequest, PeerSettings, PeerStream, STREAM_PAUSE};
pub use desk::{Desk, DeskError, DeskIdentity, Reply};
pub use directory::PeerDirectory;
pub use error::PeerError;
pub use fetch::FetchError;
pub use gathering::{Fetched, Gathered, GatheringError, Tagged, TrustReader, gather_trust};
pub use origin::{Origin, OriginError, OriginPolicy};
pub use probe::{Welcome, knock};

//! hutong (互通): the mutual-recognition gateway for provincial electronic road-transport licences.
//!
//! Data flows one way: bytes → identity → trust → credential → consent → policy → disclosure →
//! audit → answer. Each stage returns a value only it can make, and the next stage cannot be
//! called without it.
//!
//! The map of the house. A module may name only modules on an **earlier** line; modules on one
//! line do not know each other. `tests/layering.rs` holds this table against the source.
//!
//! ```text
//!  0  base
//!  1  crypto licence
//!  2  trust audit
//!  3  identity credential
//!  4  register consent
//!  5  policy
//!  6  disclosure
//!  7  record
//!  8  exchange
//! 10  store telemetry tls pki
//! 11  http peer
//! 12  hub gateway
//! 13  config
//! 14  demo conformance
//! 15  cli
//! ```
//!
//! Down to `exchange` everything is pure: no clock, no file, no network, no randomness of its
//! own. Time is an argument, salts come through [`base::Entropy`], signatures through
//! [`crypto::Signer`].

pub mod audit;
pub mod base;
pub mod cli;
pub mod config;
pub mod conformance;
pub mod consent;
pub mod credential;
pub mod crypto;
pub mod demo;
pub mod disclosure;
pub mod exchange;
pub mod gateway;
pub mod http;
pub mod hub;
pub mod identity;
pub mod licence;
pub mod peer;
pub mod pki;
pub mod policy;
pub mod record;
pub mod register;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod trust;

//! The server side of HTTP: three listeners of one build, each with its own routes, limits that no
//! peer can raise, and failures that are told as problems (RFC 9457).
//!
//! Nothing here knows what a route is for. It refuses to route anything whose limits are unnamed.

mod admission;
mod connection;
mod gate;
mod json;
mod listener;
mod negotiation;
mod options;
mod pointer;
mod problem;
mod representation;
mod routes;
mod rules;
mod service;
#[cfg(test)]
mod tests;

mod trace;

pub use gate::{Generation, Identify, IdentityGate, PeerChain};
pub use json::StrictJson;
pub use listener::{Bound, ListenError, Listener, serve};
pub use options::{ConnectionLimits, ListenerKind, ListenerOptions};
pub use problem::{MemberError, Problem};
pub use representation::{Representations, SignedDocument, instant_asked};
pub use routes::Routes;
pub use rules::{MediaType, RouteRules};
pub use service::Service;
pub use trace::TraceId;

//! What a node tells its operators: metrics in Prometheus' text form, and the log.
//!
//! No label carries personal data or a value that a peer can choose.

mod ends;
mod labels;
mod log;
mod metrics;

pub use ends::KeyEnd;
pub use labels::{GrantKind, HandshakeFailure, KeyName};
pub use log::{LogError, LogFormat, start_log};
pub use metrics::Telemetry;

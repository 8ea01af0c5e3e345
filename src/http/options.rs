//! What a listener is for, and the limits of its connections with their defaults.

use std::sync::Arc;
use std::time::Duration;

use super::gate::IdentityGate;
use crate::base::{Entropy, limits};
use crate::telemetry::Telemetry;

/// Which of the three doors a listener is.
///
/// The doors that know their callers cannot be opened without the gate that judges them.
#[derive(Clone, Debug)]
pub enum ListenerKind {
    /// Members and their clients, by certificate.
    Federation(IdentityGate),
    /// The node's operators, by certificate; on loopback by default.
    Operator(IdentityGate),
    /// Everybody; no client certificate.
    Public,
}

impl ListenerKind {
    pub(super) const fn gate(&self) -> Option<&IdentityGate> {
        match self {
            Self::Federation(gate) | Self::Operator(gate) => Some(gate),
            Self::Public => None,
        }
    }
}

/// What a listener needs besides its address, certificate and routes.
#[derive(Clone)]
pub struct ListenerOptions {
    /// Authorities (`host` or `host:port`) that requests may name. The bound address is always one,
    /// and `localhost` with its port when it is a loopback address.
    pub authorities: Vec<String>,
    /// For trace identifiers and jitter.
    pub entropy: Arc<dyn Entropy>,
    /// Limits of connections.
    pub limits: ConnectionLimits,
    /// Where failed handshakes are counted.
    pub telemetry: Arc<Telemetry>,
}

/// Limits of connections; raised by configuration only. Defaults and reasons: [`limits`].
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections.
    pub connections: usize,
    /// Open connections under one client certificate.
    pub connections_per_caller: usize,
    /// Handshakes in progress.
    pub handshakes: usize,
    /// Handshakes begun per second from one address, in the long run.
    pub handshakes_per_second_per_address: u32,
    /// Time for a handshake.
    pub handshake_deadline: Duration,
    /// Time for the header of an HTTP/1.1 request.
    pub header_deadline: Duration,
    /// Time without a request and without progress of an answer.
    pub idle_deadline: Duration,
    /// Age at which a connection is drained, before jitter.
    pub connection_age: Duration,
    /// Concurrent streams of an HTTP/2 connection.
    pub h2_streams: u32,
    /// Time to finish what is in progress when a connection or the listener is to end.
    pub drain_deadline: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            connections_per_caller: limits::CONNECTIONS_PER_MEMBER,
            handshakes: limits::CONCURRENT_HANDSHAKES,
            handshakes_per_second_per_address: HANDSHAKES_PER_SECOND_PER_ADDRESS,
            handshake_deadline: limits::HANDSHAKE_DEADLINE,
            header_deadline: limits::HEADER_DEADLINE,
            idle_deadline: limits::IDLE_DEADLINE,
            connection_age: limits::H2_CONNECTION_AGE,
            h2_streams: limits::H2_STREAMS,
            drain_deadline: limits::SHUTDOWN_DEADLINE,
        }
    }
}

/// The limit as the type that the bucket counts in; the compiler holds that it fits.
const HANDSHAKES_PER_SECOND_PER_ADDRESS: u32 = {
    assert!(limits::HANDSHAKES_PER_SECOND_PER_ADDRESS < 1_000);
    #[allow(clippy::cast_possible_truncation, reason = "asserted above")]
    let rate = limits::HANDSHAKES_PER_SECOND_PER_ADDRESS as u32;
    rate
};

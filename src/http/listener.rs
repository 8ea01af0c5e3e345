//! Binding an address and accepting connections: how many, how fast, and how they end.
//!
//! What happens on one connection is told in `connection`.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::admission::{Authorities, Origins};
use super::connection::{self, House};
use super::options::{ListenerKind, ListenerOptions};
use super::routes::Routes;
use crate::base::Code;
use crate::telemetry::HandshakeFailure;

/// A way to open a listener.
#[derive(Clone, Copy, Debug)]
pub struct Listener;

impl Listener {
    /// Takes the address; nothing is accepted until [`serve`] runs.
    ///
    /// The certificate and the client verifier of `tls` may be swapped while it serves; new
    /// handshakes use the new ones. Its ALPN should offer `h2` and `http/1.1`.
    pub async fn bind(
        address: SocketAddr,
        kind: ListenerKind,
        tls: Arc<ArcSwap<rustls::ServerConfig>>,
        routes: Routes,
        options: ListenerOptions,
    ) -> Result<Bound, ListenError> {
        let unusable = |source| ListenError::AddressUnusable { address, source };
        let socket = match TcpListener::bind(address).await {
            Ok(socket) => socket,
            Err(source) if source.kind() == io::ErrorKind::AddrInUse => {
                return Err(ListenError::PortInUse { address });
            }
            Err(source) => return Err(unusable(source)),
        };
        let local = socket.local_addr().map_err(unusable)?;
        let mut names = options.authorities;
        names.push(local.to_string());
        if local.ip().is_loopback() {
            names.push(format!("localhost:{}", local.port()));
        }
        let origins = if kind.gate().is_some() { Origins::OwnOnly } else { Origins::Any };
        let house = House {
            authorities: Authorities::new(names),
            callers: Arc::default(),
            entropy: options.entropy,
            gate: kind.gate().cloned(),
            handshakes: Semaphore::new(options.limits.handshakes),
            limits: options.limits,
            origins,
            router: routes.into_router(),
            telemetry: options.telemetry,
            tls,
        };
        Ok(Bound { socket, local, house: Arc::new(house) })
    }
}

/// An address that is ours, with everything that will be served on it.
#[derive(Debug)]
pub struct Bound {
    socket: TcpListener,
    local: SocketAddr,
    house: Arc<House>,
}

impl Bound {
    /// The address, with the port that the system chose where none was asked for.
    #[must_use]
    pub const fn local_address(&self) -> SocketAddr {
        self.local
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Not an address of this machine, or not allowed to us.
    #[error("cannot listen on {address}: {source}")]
    AddressUnusable {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Another process listens there.
    #[error("{address} is in use by another process")]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
}

impl ListenError {
    /// The code with which the program ends.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::AddressUnusable { .. } => Code::ConfigInvalid,
            Self::PortInUse { .. } => Code::PortInUse,
        }
    }
}

/// Accepts and serves until `shutdown` resolves, then lets what is in progress finish within the
/// drain deadline.
pub async fn serve(bound: Bound, shutdown: impl Future<Output = ()> + Send) {
    let Bound { socket, house, .. } = bound;
    let limits = house.limits;
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut bucket = AddressBuckets::new(limits.handshakes_per_second_per_address);
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.as_mut() => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&socket, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        if !bucket.admits(peer.ip(), Instant::now()) {
            house.telemetry.handshake_failed(HandshakeFailure::RateLimited);
            continue;
        }
        let (house, stopping) = (Arc::clone(&house), stopping.clone());
        connections.spawn(async move {
            connection::run(stream, house, stopping).await;
            drop(place);
        });
    }
    drop(socket);
    drop(stop);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain_deadline, drained).await.is_err() {
        tracing::warn!(left = connections.len(), "connections cut at the end of the drain");
    }
    connections.shutdown().await;
}

/// Waits for a place first: beyond the limit, connections queue in the system, not in our memory.
async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            // Out of descriptors, or a peer that left at once: neither ends the listener.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Handshakes begun by each address: a token bucket for each, in bounded memory.
#[derive(Debug)]
struct AddressBuckets {
    rate: u32,
    levels: HashMap<IpAddr, (f64, Instant)>,
}

impl AddressBuckets {
    fn new(rate: u32) -> Self {
        Self { rate, levels: HashMap::new() }
    }

    /// Whether `address` may begin one more handshake at `now`.
    fn admits(&mut self, address: IpAddr, now: Instant) -> bool {
        let address = subscriber(address);
        let (rate, full) = (f64::from(self.rate), f64::from(self.rate) * BURST_SECONDS);
        let level_at = |(level, since): (f64, Instant)| {
            (level + now.duration_since(since).as_secs_f64() * rate).min(full)
        };
        if self.levels.len() >= ADDRESSES {
            self.levels.retain(|_, bucket| level_at(*bucket) < full);
        }
        if self.levels.len() >= ADDRESSES && !self.levels.contains_key(&address) {
            // So many addresses at once are one attacker; those already known are served.
            return false;
        }
        let level = self.levels.get(&address).map_or(full, |bucket| level_at(*bucket));
        let admitted = level >= 1.0;
        self.levels.insert(address, (if admitted { level - 1.0 } else { level }, now));
        admitted
    }
}

/// What one subscriber holds: an IPv4 address, or the /64 in which IPv6 hosts choose their own.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::from((u128::from(address) & !u128::from(u64::MAX)).to_be_bytes())
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Pause after a failed accept: it fails again at once while descriptors are short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Seconds' worth of handshakes that an address may begin at once: a restarted client fills its
/// pool of connections in one go.
const BURST_SECONDS: f64 = 10.0;
/// Addresses whose handshakes are counted: 64 bytes each, so 4 MiB.
const ADDRESSES: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_16_a_flood_from_one_address_is_cut_and_others_are_served() {
        let mut buckets = AddressBuckets::new(20);
        let (flood, honest) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let start = Instant::now();
        let admitted = (0..5_000_u64)
            .filter(|n| buckets.admits(flood, start + Duration::from_millis(n * 2)))
            .count();
        // 500 a second for ten seconds: the burst of 200, then 20 a second.
        assert!((390..=401).contains(&admitted), "{admitted}");
        let end = start + Duration::from_secs(10);
        assert!(buckets.admits(honest, end));
        assert!(!buckets.admits(flood, end));
        assert!(buckets.admits(flood, end + Duration::from_secs(1)));
    }

    #[test]
    fn the_memory_of_addresses_is_bounded() {
        let mut buckets = AddressBuckets::new(20);
        let now = Instant::now();
        for n in 0..u32::try_from(ADDRESSES).unwrap() + 10 {
            buckets.admits(IpAddr::from(n.to_be_bytes()), now);
        }
        assert_eq!(buckets.levels.len(), ADDRESSES);
        assert!(buckets.admits(IpAddr::from([255, 0, 0, 1]), now + Duration::from_secs(1)));
        assert_eq!(buckets.levels.len(), 1);
    }
}

//! A gate before a listener: it counts connections, and can be closed for those that came late.

#![allow(dead_code, reason = "each program uses its own part")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener as Probe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A gate that is open for everybody until it is closed.
pub(crate) struct Gate {
    accepted: Arc<AtomicUsize>,
    /// Connections from this number on are cut, and no new ones are let through.
    closed_from: watch::Sender<usize>,
}

impl Gate {
    /// Lets connections at `front` through to `behind`.
    pub(crate) async fn open(front: SocketAddr, behind: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(front).await?;
        let accepted = Arc::new(AtomicUsize::new(0));
        let closed_from = watch::Sender::new(usize::MAX);
        let gate = Self { accepted: Arc::clone(&accepted), closed_from: closed_from.clone() };
        tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                let mut closing = closed_from.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(incoming, behind) => {}
                        _ = closing.wait_for(|from| number >= *from) => {}
                    }
                });
            }
        });
        Ok(gate)
    }

    /// How many connections came so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Cuts every connection but the first `kept`, and lets nobody through any more.
    pub(crate) fn close_after(&self, kept: usize) {
        self.closed_from.send_replace(kept);
    }
}

async fn carry(mut incoming: TcpStream, behind: SocketAddr) {
    let Ok(mut outgoing) = TcpStream::connect(behind).await else { return };
    // Either side may end it.
    let _ = incoming.set_nodelay(true);
    let _ = outgoing.set_nodelay(true);
    let _ = tokio::io::copy_bidirectional(&mut incoming, &mut outgoing).await;
}

/// The first of 50 free ports, never twice in one test program.
pub(crate) fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 200).unwrap_or_default();
    for _ in 0..240 {
        let block = (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 240;
        let base = 20_000 + block * 50;
        let ports = (0..5).flat_map(|ten| (0..6).map(move |port| 10 * ten + port));
        let bound: Result<Vec<_>, _> =
            ports.map(|port| Probe::bind((Ipv4Addr::LOCALHOST, base + port))).collect();
        if bound.is_ok() {
            return base;
        }
    }
    panic!("no free ports");
}

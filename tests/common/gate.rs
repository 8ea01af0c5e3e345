//! A gate before a listener: it counts connections, and can fall silent for those that came late,
//! as a network does that drops what it should carry.

#![allow(dead_code, reason = "each program uses its own part")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener as Probe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A gate that carries everything until it falls silent; with it its connections end.
pub(crate) struct Gate {
    accepted: Arc<AtomicUsize>,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy)]
enum State {
    Open,
    /// Connections from this number on are held open, and nothing is carried.
    SilentFrom(usize),
    Gone,
}

impl Gate {
    /// Carries connections at `front` to `behind`.
    pub(crate) async fn open(front: SocketAddr, behind: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(front).await?;
        let accepted = Arc::new(AtomicUsize::new(0));
        let (state, watched) = watch::channel(State::Open);
        let counted = Arc::clone(&accepted);
        tokio::spawn(async move {
            let mut ends = watched.clone();
            loop {
                let incoming = tokio::select! {
                    incoming = listener.accept() => incoming,
                    _ = ends.wait_for(|state| matches!(state, State::Gone)) => return,
                };
                let Ok((incoming, _)) = incoming else { return };
                let number = counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(hold(incoming, behind, number, watched.clone()));
            }
        });
        Ok(Self { accepted, state })
    }

    /// How many connections came so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Carries nothing any more but for the first `kept` connections.
    pub(crate) fn silence_after(&self, kept: usize) {
        self.state.send_replace(State::SilentFrom(kept));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.state.send_replace(State::Gone);
    }
}

async fn hold(
    mut incoming: TcpStream,
    behind: SocketAddr,
    number: usize,
    mut watched: watch::Receiver<State>,
) {
    let mut ends = watched.clone();
    let silent = |state: &State| match state {
        State::Open => false,
        State::SilentFrom(from) => number >= *from,
        State::Gone => true,
    };
    let Ok(mut outgoing) = TcpStream::connect(behind).await else { return };
    tokio::select! {
        biased;
        _ = watched.wait_for(silent) => {}
        // Either side may end it.
        _ = tokio::io::copy_bidirectional(&mut incoming, &mut outgoing) => return,
    }
    let _ = ends.wait_for(|state| matches!(state, State::Gone)).await;
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

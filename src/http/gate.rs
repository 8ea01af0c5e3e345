//! Who is at the other end: judged for every request, not only at the handshake.
//!
//! A connection outlives a change of trust. While the generation of the trust snapshot stands, the
//! question costs one integer compare; when it moves, the caller is judged anew.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Extensions;

use crate::base::{Code, Layer};

/// The certificates that the peer presented in the handshake, leaf first, as DER.
///
/// In the extensions of every request; empty on the public listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerChain(Arc<Vec<Vec<u8>>>);

impl PeerChain {
    pub(super) fn new(certificates: Vec<Vec<u8>>) -> Self {
        Self(Arc::new(certificates))
    }

    /// The certificates, leaf first.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.0
    }
}

/// Judges the peer's certificates and puts the caller into the extensions of each request.
#[derive(Clone)]
pub struct IdentityGate {
    generation: Generation,
    identify: Identify<Admitted>,
}

/// Reads the generation of the trust snapshot.
pub type Generation = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Judges a chain as presented, leaf first, as DER.
pub type Identify<C> = Arc<dyn Fn(&[Vec<u8>]) -> Result<C, Code> + Send + Sync>;

impl IdentityGate {
    /// A gate that asks `identify` whenever `generation` has changed since it last asked.
    ///
    /// `identify` answers with the caller, which handlers find as an extension of type `C`, or with
    /// the code of the refusal: one of status 403 (such as `member-suspended`) is told and leaves
    /// the connection open, every other is told as `client-certificate-rejected` and closes it.
    /// `standing` says whether a caller that is let in is served everywhere, or, by the code that it
    /// is told elsewhere, only on routes [`open_to_the_stopped`](super::RouteRules). `is_member`
    /// says whose `traceparent` is taken. A generation that also counts minutes makes the end of a
    /// certificate's life noticed on open connections.
    pub fn new<C: Clone + Send + Sync + 'static>(
        generation: Generation,
        identify: Identify<C>,
        standing: fn(&C) -> Result<(), Code>,
        is_member: fn(&C) -> bool,
    ) -> Self {
        let identify = move |chain: &[Vec<u8>]| {
            let caller = identify(chain)?;
            let is_member = is_member(&caller);
            let stopped = standing(&caller).err().map(Stopped);
            let install = move |extensions: &mut Extensions| {
                extensions.insert(caller.clone());
                if let Some(stopped) = stopped {
                    extensions.insert(stopped);
                }
            };
            Ok(Admitted { install: Arc::new(install), is_member })
        };
        Self { generation, identify: Arc::new(identify) }
    }
}

impl fmt::Debug for IdentityGate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IdentityGate").finish_non_exhaustive()
    }
}

/// In the extensions of a request of one that is stopped: what it is told on most routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped(pub(super) Code);

/// A caller that the gate let in.
#[derive(Clone)]
pub(super) struct Admitted {
    install: Arc<dyn Fn(&mut Extensions) + Send + Sync>,
    is_member: bool,
}

impl Admitted {
    /// Puts the caller where handlers look for it.
    pub(super) fn install(&self, extensions: &mut Extensions) {
        (self.install)(extensions);
    }

    pub(super) const fn is_member(&self) -> bool {
        self.is_member
    }
}

/// Why a request does not get past the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not, or no longer, somebody we know: the connection ends with this answer.
    Rejected,
    /// Known, but not allowed for now; it is told why.
    Standing(Code),
}

/// The gate as one connection sees it, with what it last said.
pub(super) struct Recognition {
    gate: IdentityGate,
    chain: PeerChain,
    latest: Mutex<Option<(u64, Result<Admitted, Refusal>)>>,
}

impl Recognition {
    pub(super) const fn new(gate: IdentityGate, chain: PeerChain) -> Self {
        Self { gate, chain, latest: Mutex::new(None) }
    }

    /// Who is asking now.
    pub(super) fn recognise(&self) -> Result<Admitted, Refusal> {
        // Read before judging: a change in between is then noticed by the next request.
        let generation = (self.gate.generation)();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((judged_at, verdict)) = latest.as_ref()
            && *judged_at == generation
        {
            return verdict.clone();
        }
        let verdict = (self.gate.identify)(self.chain.certificates()).map_err(Refusal::of);
        *latest = Some((generation, verdict.clone()));
        verdict
    }
}

impl Refusal {
    fn of(code: Code) -> Self {
        let is_standing = code.layer() == Layer::Problem
            && !matches!(code, Code::ClientCertificateRejected | Code::ClientCertificateRequired);
        if is_standing { Self::Standing(code) } else { Self::Rejected }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn the_caller_is_judged_once_per_generation() {
        let generation = Arc::new(AtomicU64::new(1));
        let asked = Arc::new(AtomicU64::new(0));
        let (seen, counted) = (Arc::clone(&generation), Arc::clone(&asked));
        let gate = IdentityGate::new::<u8>(
            Arc::new(move || seen.load(Ordering::SeqCst)),
            Arc::new(move |_: &[Vec<u8>]| match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(7),
                1 => Err(Code::MemberSuspended),
                _ => Err(Code::PathRevoked),
            }),
            |_| Ok(()),
            |_| false,
        );
        let recognition = Recognition::new(gate, PeerChain::default());
        assert!(recognition.recognise().is_ok());
        assert!(recognition.recognise().is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        generation.store(2, Ordering::SeqCst);
        assert_eq!(recognition.recognise().err(), Some(Refusal::Standing(Code::MemberSuspended)));
        generation.store(3, Ordering::SeqCst);
        assert_eq!(recognition.recognise().err(), Some(Refusal::Rejected));
        assert_eq!(recognition.recognise().err(), Some(Refusal::Rejected));
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }
}

//! How a command reaches a node: the flags that all clients share, and the desk made of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::Value;
use zeroize::Zeroizing;

use super::fail::Failure;
use super::screen::Screen;
use crate::base::{MemberId, SystemClock};
use crate::crypto::x509::Certificate;
use crate::peer::{Desk, DeskError, DeskIdentity, PeerError, Reply, Welcome, knock};
use crate::pki::{PkiError, files};
use crate::tls::{ServerPin, TlsIdentity};

/// Who asks, and whom: mutual TLS with a pinned certificate on both sides.
#[derive(Debug, Args)]
pub(super) struct Caller {
    /// Origin of the listener to call: the federation listener for clients, the operator listener
    /// for operators.
    #[arg(long, visible_alias = "hub", value_name = "ORIGIN", help_heading = "Connection")]
    gateway: String,
    /// The node's certificate (its keys/gateway-tls.cert.pem); no other is believed.
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    server_cert: PathBuf,
    /// The client's certificate.
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    cert: PathBuf,
    /// The client's private key, mode 0600.
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    key: PathBuf,
}

/// The same where a command can do without a node.
#[derive(Debug, Args)]
pub(super) struct OptionalCaller {
    /// Origin of the listener to call: the federation listener for clients, the operator listener
    /// for operators.
    #[arg(
        long, value_name = "ORIGIN", help_heading = "Connection",
        requires_all = ["server_cert", "cert", "key"],
    )]
    gateway: Option<String>,
    /// The node's certificate (its keys/gateway-tls.cert.pem); no other is believed.
    #[arg(long, value_name = "FILE", help_heading = "Connection", requires = "gateway")]
    server_cert: Option<PathBuf>,
    /// The client's certificate.
    #[arg(long, value_name = "FILE", help_heading = "Connection", requires = "gateway")]
    cert: Option<PathBuf>,
    /// The client's private key, mode 0600.
    #[arg(long, value_name = "FILE", help_heading = "Connection", requires = "gateway")]
    key: Option<PathBuf>,
}

impl OptionalCaller {
    /// The caller, where one is named.
    pub(super) fn named(self) -> Option<Caller> {
        let Self { gateway, server_cert, cert, key } = self;
        Some(Caller { gateway: gateway?, server_cert: server_cert?, cert: cert?, key: key? })
    }
}

impl Caller {
    /// Sends a document, and expects it to be done.
    pub(super) async fn post(
        &self,
        screen: Screen,
        path: &str,
        document: &Value,
    ) -> Result<Value, Failure> {
        let papers = self.papers()?;
        let desk = papers.desk(&self.gateway)?;
        let sent = screen.waiting("asking the node", desk.post(path, document)).await;
        self.done(sent, &papers).await
    }

    /// Sends a document with the client's own signature for the member that is to answer.
    pub(super) async fn post_signed(
        &self,
        screen: Screen,
        path: &str,
        issuer: MemberId,
        document: &Value,
    ) -> Result<Value, Failure> {
        let papers = self.papers()?;
        let desk = papers.desk(&self.gateway)?;
        let work = desk.post_signed(path, issuer, document);
        let sent = screen.waiting("asking the issuing province", work).await;
        self.done(sent, &papers).await
    }

    /// The client's own certificate and key, PKCS#8 DER.
    pub(super) fn own(&self) -> Result<(Certificate, Zeroizing<Vec<u8>>), Failure> {
        let papers = self.papers()?;
        // Unwrap safety: reading certificates from a file yields at least one or an error.
        let certificate = papers.chain.first().expect("a certificate file holds a certificate");
        Ok((certificate.clone(), papers.pkcs8.clone()))
    }

    fn papers(&self) -> Result<Papers, Failure> {
        let failure = |error: PkiError| {
            let what = "the client's key and certificate cannot be used";
            Failure::of(error.code(), what, &error)
        };
        let pin = pin(&self.server_cert)?;
        let chain = files::read_certificates(&self.cert).map_err(failure)?;
        let pkcs8 = files::read_key(&self.key).map_err(failure)?;
        Ok(Papers { pin, chain, pkcs8 })
    }

    async fn done(
        &self,
        sent: Result<Reply, DeskError>,
        papers: &Papers,
    ) -> Result<Value, Failure> {
        // In TLS 1.3 a refused client learns of it only after its own handshake is over, and the
        // library then tells of a broken connection: one more handshake asks what was meant.
        let broken = matches!(&sent, Err(DeskError::Peer(PeerError::BrokenOff)));
        if broken && let Some(alert) = papers.turned_away(&self.gateway).await {
            return Err(Failure::turned_away(&self.gateway, &alert));
        }
        done(&self.gateway, sent)
    }
}

/// What a client shows, and what it believes.
struct Papers {
    pin: ServerPin,
    chain: Vec<Certificate>,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl Papers {
    fn desk(&self, gateway: &str) -> Result<Desk, Failure> {
        let identity =
            self.chain.first().map(|certificate| DeskIdentity { certificate, pkcs8: &self.pkcs8 });
        Desk::open(gateway, self.pin.clone(), identity, Arc::new(SystemClock))
            .map_err(|error| Failure::desk(format!("{gateway} cannot be called"), &error))
    }

    /// The alert by which the node refuses this client, if it does.
    async fn turned_away(&self, gateway: &str) -> Option<String> {
        let authority = gateway.strip_prefix("https://")?;
        let address = if authority.contains(':') {
            tokio::net::lookup_host(authority).await.ok()?.next()?
        } else {
            tokio::net::lookup_host((authority, HTTPS)).await.ok()?.next()?
        };
        let identity = TlsIdentity::new(&self.chain, &self.pkcs8).ok()?;
        let clock = Arc::new(SystemClock);
        match knock(address, self.pin.clone(), Some(&identity), clock).await {
            Ok(Welcome::Refused(alert)) => Some(alert),
            Ok(Welcome::In) | Err(_) => None,
        }
    }
}

/// Sends a document to a public listener, where no certificate is shown: what holders do.
pub(super) async fn post_public(
    screen: Screen,
    origin: &str,
    server_cert: &Path,
    path: &str,
    document: &Value,
) -> Result<Value, Failure> {
    post_pinned(screen, origin, pin(server_cert)?, path, document).await
}

/// The same where the server is pinned otherwise than by a file: the hub, by the root.
pub(super) async fn post_pinned(
    screen: Screen,
    origin: &str,
    pin: ServerPin,
    path: &str,
    document: &Value,
) -> Result<Value, Failure> {
    let desk = Desk::open(origin, pin, None, Arc::new(SystemClock))
        .map_err(|error| Failure::desk(format!("{origin} cannot be called"), &error))?;
    done(origin, screen.waiting("asking the node", desk.post(path, document)).await)
}

fn done(origin: &str, sent: Result<Reply, DeskError>) -> Result<Value, Failure> {
    let reply = sent.map_err(|error| Failure::desk(format!("{origin} did not answer"), &error))?;
    if reply.is_done() {
        Ok(reply.body)
    } else {
        Err(Failure::reply(format!("{origin} refused"), &reply))
    }
}

fn pin(path: &Path) -> Result<ServerPin, Failure> {
    files::read_certificates(path)
        .map(ServerPin::Certificates)
        .map_err(|error| Failure::of(error.code(), "the node's certificate cannot be read", &error))
}

const HTTPS: u16 = 443;

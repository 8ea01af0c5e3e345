//! How a command reaches a node: the flags that all clients share, and the desk made of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::fail::Failure;
use super::screen::Screen;
use crate::base::{MemberId, SystemClock};
use crate::peer::{Desk, DeskError, DeskIdentity, Reply};
use crate::pki::files;
use crate::tls::ServerPin;

/// Who asks, and whom: mutual TLS with a pinned certificate on both sides.
#[derive(Debug, Args)]
pub(super) struct Caller {
    /// Origin of the listener to call: the federation listener for clients, the operator listener
    /// for operators.
    #[arg(long, value_name = "ORIGIN", help_heading = "Connection")]
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

impl Caller {
    /// Sends a document, and expects it to be done.
    pub(super) async fn post(
        &self,
        screen: Screen,
        path: &str,
        document: &Value,
    ) -> Result<Value, Failure> {
        let desk = self.open()?;
        let sent = screen.waiting("asking the node", desk.post(path, document)).await;
        self.done(sent)
    }

    /// Sends a document with the client's own signature for the member that is to answer.
    pub(super) async fn post_signed(
        &self,
        screen: Screen,
        path: &str,
        issuer: MemberId,
        document: &Value,
    ) -> Result<Value, Failure> {
        let desk = self.open()?;
        let work = desk.post_signed(path, issuer, document);
        self.done(screen.waiting("asking the issuing province", work).await)
    }

    fn open(&self) -> Result<Desk, Failure> {
        let soundness = "the client's key and certificate cannot be used";
        let chain = files::read_certificates(&self.cert)
            .map_err(|error| Failure::of(error.code(), soundness, &error))?;
        let pkcs8 = files::read_key(&self.key)
            .map_err(|error| Failure::of(error.code(), soundness, &error))?;
        let identity = chain.first().map(|certificate| DeskIdentity { certificate, pkcs8: &pkcs8 });
        let pin = pin(&self.server_cert)?;
        Desk::open(&self.gateway, pin, identity, Arc::new(SystemClock))
            .map_err(|error| Failure::desk(format!("{} cannot be called", self.gateway), &error))
    }

    fn done(&self, sent: Result<Reply, DeskError>) -> Result<Value, Failure> {
        done(&self.gateway, sent)
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
    let desk = Desk::open(origin, pin(server_cert)?, None, Arc::new(SystemClock))
        .map_err(|error| Failure::desk(format!("{origin} cannot be called"), &error))?;
    done(origin, screen.waiting("asking the issuing province", desk.post(path, document)).await)
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

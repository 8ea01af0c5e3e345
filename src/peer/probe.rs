//! Knocking at a door: a bare TLS handshake that tells what the other side says to whoever shows
//! this certificate. In TLS 1.3 a client learns of its refusal only when it reads, and the layers
//! above lose the reason on the way.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::error::PeerError;
use crate::base::{Clock, limits};
use crate::tls::{ServerPin, TlsIdentity, client_settings};

/// What a door said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// It opened.
    In,
    /// It stayed shut, with this alert (RFC 8446 §6).
    Refused(String),
}

/// Knocks at `address`, showing `identity` where there is one.
pub async fn knock(
    address: SocketAddr,
    pin: ServerPin,
    identity: Option<&TlsIdentity>,
    clock: Arc<dyn Clock>,
) -> Result<Welcome, PeerError> {
    let settings = Arc::new(client_settings(pin, identity, clock)?);
    let attempt = async {
        let stream = TcpStream::connect(address).await.map_err(|_| PeerError::Unreachable)?;
        let name = ServerName::IpAddress(address.ip().into());
        let mut stream = match TlsConnector::from(settings).connect(name, stream).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Welcome::Refused(error.to_string())),
        };
        // Enough of a request that a server which let us in answers something.
        let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        let mut first = [0; 1];
        match stream.read(&mut first).await {
            Ok(_) => Ok(Welcome::In),
            Err(error) => Ok(Welcome::Refused(error.to_string())),
        }
    };
    tokio::time::timeout(limits::HANDSHAKE_DEADLINE, attempt)
        .await
        .map_err(|_| PeerError::Timeout)?
}

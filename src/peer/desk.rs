//! A client's desk: what the program of a police unit, a business or an operator needs to talk to
//! the gateway of its own province, over mutual TLS and with its own signature where that counts.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::client::{PeerClient, PeerRequest, PeerSettings};
use super::error::PeerError;
use super::origin::{Origin, OriginPolicy};
use crate::base::{Clock, Entropy as _, MemberId, SystemEntropy, limits};
use crate::crypto::SealError;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::exchange::ClientRequest;
use crate::tls::{ServerPin, TlsIdentity};

/// A connection to one gateway, as one client.
pub struct Desk {
    http: PeerClient,
    client: Option<(Certificate, SoftwareKey)>,
    clock: Arc<dyn Clock>,
}

/// Key and certificate by which a client shows itself.
#[derive(Clone, Copy)]
pub struct DeskIdentity<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// The private key, PKCS#8 DER.
    pub pkcs8: &'a [u8],
}

/// What came back: a status and a document, which may be a problem.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body as JSON; a text that is no JSON stands in it as a string.
    pub body: Value,
}

impl Reply {
    /// The published code of a problem.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the request was done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.status / 100 == 2
    }
}

impl Desk {
    /// A desk at the gateway with this origin and certificate. Without an identity it is a
    /// stranger's, which only the public listener serves.
    pub fn open(
        origin: &str,
        server: ServerPin,
        identity: Option<DeskIdentity<'_>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DeskError> {
        let origin = Origin::parse(origin, OriginPolicy::AllowPrivate).map_err(PeerError::from)?;
        let settings = PeerSettings::new(OriginPolicy::AllowPrivate, Arc::clone(&clock));
        let (tls, client) = match identity {
            None => (None, None),
            Some(DeskIdentity { certificate, pkcs8 }) => {
                let tls = TlsIdentity::new(std::slice::from_ref(certificate), pkcs8)
                    .map_err(PeerError::from)?;
                let key = SoftwareKey::from_pkcs8(pkcs8)?;
                (Some(tls), Some((certificate.clone(), key)))
            }
        };
        let http = PeerClient::new(origin, server, tls.as_ref(), &settings)?;
        Ok(Self { http, client, clock })
    }

    /// Asks for `path`.
    pub async fn get(&self, path: &str) -> Result<Reply, DeskError> {
        self.send(PeerRequest::get(path, limits::LARGE_BODY_BYTES)).await
    }

    /// Sends a document.
    pub async fn post(&self, path: &str, document: &Value) -> Result<Reply, DeskError> {
        self.send_document(path, document, HeaderMap::new()).await
    }

    /// Sends a document with the client's own signature for `aud`, the member that is to answer.
    pub async fn post_signed(
        &self,
        path: &str,
        aud: MemberId,
        document: &Value,
    ) -> Result<Reply, DeskError> {
        let (certificate, key) = self.client.as_ref().ok_or(DeskError::NoIdentity)?;
        let body = serde_json::to_vec(document).map_err(|_| SealError::Document)?;
        let now = self.clock.now();
        let token = ClientRequest::sign(key, certificate, aud, &body, SystemEntropy.salt(), now)?;
        let mut headers = HeaderMap::new();
        let value = HeaderValue::try_from(token).map_err(|_| SealError::Document)?;
        headers.insert(HeaderName::from_static("elicence-client-request"), value);
        self.send_document(path, document, headers).await
    }

    /// Sends a document with header fields of the caller's choice.
    pub async fn send_document(
        &self,
        path: &str,
        document: &Value,
        mut headers: HeaderMap,
    ) -> Result<Reply, DeskError> {
        let body = serde_json::to_vec(document).map_err(|_| SealError::Document)?;
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let mut request = PeerRequest::post(path, body, limits::LARGE_BODY_BYTES);
        request.method = Method::POST;
        request.headers = headers;
        self.send(request).await
    }

    async fn send(&self, request: PeerRequest) -> Result<Reply, DeskError> {
        let answer = self.http.send(request).await?;
        let body = serde_json::from_slice(&answer.bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.bytes).into_owned()));
        Ok(Reply { status: answer.status.as_u16(), body })
    }
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A signed request needs a client certificate.
    #[error("a signed request needs a client certificate")]
    NoIdentity,
    /// The gateway is not to be had, or turned us away in the handshake.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The key cannot be used.
    #[error(transparent)]
    Seal(#[from] SealError),
}

//! One client for one origin and one pin.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{Method, Response, StatusCode, redirect};

use super::addresses::PolicedResolver;
use super::error::PeerError;
use super::origin::{Origin, OriginPolicy};
use crate::base::{Clock, limits};
use crate::tls::{ServerPin, TlsIdentity, client_settings};

/// What all clients of a node have in common.
#[derive(Clone, Debug)]
pub struct PeerSettings {
    /// Which addresses may be called.
    pub policy: OriginPolicy,
    /// By what certificates are judged.
    pub clock: Arc<dyn Clock>,
    /// Time to connect, the handshake included.
    pub connect_deadline: Duration,
    /// Time for a whole exchange, to the last byte of the answer.
    pub deadline: Duration,
}

impl PeerSettings {
    /// The deadlines of the federation.
    #[must_use]
    pub fn new(policy: OriginPolicy, clock: Arc<dyn Clock>) -> Self {
        Self {
            policy,
            clock,
            connect_deadline: limits::CONNECT_DEADLINE,
            deadline: limits::OUTBOUND_DEADLINE,
        }
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct PeerRequest {
    /// The method.
    pub method: Method,
    /// Path and query, from `/` on.
    pub path: String,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// How many bytes the answer may have.
    pub most_bytes: usize,
    /// A shorter time than the settings give, for a caller who waits less.
    pub deadline: Option<Duration>,
}

impl PeerRequest {
    /// A plain question for `path`.
    #[must_use]
    pub fn get(path: &str, most_bytes: usize) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            most_bytes,
            deadline: None,
        }
    }

    /// A question with a body.
    #[must_use]
    pub fn post(path: &str, body: Vec<u8>, most_bytes: usize) -> Self {
        Self { method: Method::POST, body, ..Self::get(path, most_bytes) }
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct PeerAnswer {
    /// The status.
    pub status: StatusCode,
    /// `Content-Type`, when it is text.
    pub content_type: Option<String>,
    /// `ETag`, when it is text.
    pub etag: Option<String>,
    /// `Retry-After`, when it is text.
    pub retry_after: Option<String>,
    /// The body.
    pub bytes: Vec<u8>,
}

/// A client of one origin.
pub struct PeerClient {
    origin: Origin,
    http: reqwest::Client,
}

impl PeerClient {
    /// A client that calls `origin`, believes `pin`, and shows `identity` where there is one.
    pub fn new(
        origin: Origin,
        pin: ServerPin,
        identity: Option<&TlsIdentity>,
        settings: &PeerSettings,
    ) -> Result<Self, PeerError> {
        let tls = client_settings(pin, identity, Arc::clone(&settings.clock))?;
        // Repetition stays at the library's default: only what the other side declared unprocessed
        // (a drained HTTP/2 connection) is sent again.
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .dns_resolver(PolicedResolver { policy: settings.policy })
            .connect_timeout(settings.connect_deadline)
            .timeout(settings.deadline)
            .pool_idle_timeout(limits::IDLE_DEADLINE)
            .pool_max_idle_per_host(limits::CONNECTIONS_PER_MEMBER)
            .http2_initial_stream_window_size(limits::H2_STREAM_WINDOW)
            .http2_initial_connection_window_size(limits::H2_CONNECTION_WINDOW)
            .http2_max_header_list_size(limits::H2_HEADER_LIST_BYTES)
            .http2_keep_alive_interval(limits::H2_PING_INTERVAL)
            .http2_keep_alive_timeout(limits::H2_PING_TIMEOUT)
            .build()
            .map_err(|_| PeerError::Settings)?;
        Ok(Self { origin, http })
    }

    /// Whom it calls.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Asks, and reads the whole answer within the deadline and the size that `request` allows.
    pub async fn send(&self, request: PeerRequest) -> Result<PeerAnswer, PeerError> {
        let url = self.origin.join(&request.path).ok_or(PeerError::Path)?;
        let mut outgoing = self.http.request(request.method, url).headers(request.headers);
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body);
        }
        if let Some(deadline) = request.deadline {
            outgoing = outgoing.timeout(deadline);
        }
        let response = outgoing.send().await.map_err(|error| PeerError::of_library(&error))?;
        read(response, request.most_bytes).await
    }

    /// Asks for `path` and nothing more.
    pub async fn get(&self, path: &str, most_bytes: usize) -> Result<PeerAnswer, PeerError> {
        self.send(PeerRequest::get(path, most_bytes)).await
    }
}

impl fmt::Debug for PeerClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PeerClient({})", self.origin)
    }
}

async fn read(mut response: Response, most_bytes: usize) -> Result<PeerAnswer, PeerError> {
    let too_large = || PeerError::TooLarge { most_bytes };
    // Nothing is inflated here, so nothing is asked for but the plain bytes; what comes otherwise
    // would be told as malformed by whoever reads it.
    if !is_plain(response.headers()) {
        return Err(PeerError::Encoding);
    }
    if response.content_length().is_some_and(|length| length > most_bytes as u64) {
        return Err(too_large());
    }
    let text = |name: HeaderName| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let mut answer = PeerAnswer {
        status: response.status(),
        content_type: text(CONTENT_TYPE),
        etag: text(ETAG),
        retry_after: text(RETRY_AFTER),
        bytes: Vec::new(),
    };
    while let Some(chunk) = response.chunk().await.map_err(|error| PeerError::of_library(&error))? {
        if chunk.len() > most_bytes - answer.bytes.len() {
            return Err(too_large());
        }
        answer.bytes.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn is_plain(headers: &HeaderMap) -> bool {
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().all(identity)
}

//! One connection: handshake, then requests, each admitted anew, until it idles, ages, is refused
//! or the listener stops.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT_LANGUAGE, CONNECTION, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Version};
use axum::response::{IntoResponse, Response};
use dashmap::DashMap;
use futures_util::FutureExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::admission::{self, Authorities, Origins};
use super::gate::{IdentityGate, PeerChain, Recognition, Refusal};
use super::options::ConnectionLimits;
use super::problem::{Occurrence, Problem};
use super::trace::TraceId;
use crate::base::{Code, Entropy, Language, limits};
use crate::crypto::Digest;
use crate::telemetry::{HandshakeFailure, Telemetry};

/// What all connections of one listener share.
pub(super) struct House {
    pub(super) authorities: Authorities,
    pub(super) callers: Arc<DashMap<Digest, usize>>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) gate: Option<IdentityGate>,
    pub(super) handshakes: Semaphore,
    pub(super) limits: ConnectionLimits,
    pub(super) origins: Origins,
    pub(super) router: Router,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) tls: Arc<ArcSwap<rustls::ServerConfig>>,
}

impl fmt::Debug for House {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("House").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Serves one connection to its end. `stopping` changes when the listener is to end.
pub(super) async fn run(stream: TcpStream, house: Arc<House>, stopping: watch::Receiver<()>) {
    match handshake(stream, &house).await {
        Ok(stream) => converse(stream, house, stopping).await,
        Err(reason) => house.telemetry.handshake_failed(reason),
    }
}

async fn handshake(
    stream: TcpStream,
    house: &House,
) -> Result<TlsStream<TcpStream>, HandshakeFailure> {
    // Answers are written whole; waiting to fill a segment only adds delay.
    stream.set_nodelay(true).map_err(|_| HandshakeFailure::Closed)?;
    let accept = async {
        let _slot = house.handshakes.acquire().await.map_err(|_| HandshakeFailure::Closed)?;
        let acceptor = TlsAcceptor::from(house.tls.load_full());
        acceptor.accept(stream).await.map_err(|error| reason_of(&error))
    };
    tokio::time::timeout(house.limits.handshake_deadline, accept)
        .await
        .unwrap_or(Err(HandshakeFailure::Deadline))
}

fn reason_of(error: &io::Error) -> HandshakeFailure {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::NoCertificatesPresented) => HandshakeFailure::CertificateMissing,
        Some(rustls::Error::InvalidCertificate(_)) => HandshakeFailure::CertificateRefused,
        Some(_) => HandshakeFailure::Protocol,
        None => HandshakeFailure::Closed,
    }
}

async fn converse(
    stream: TlsStream<TcpStream>,
    house: Arc<House>,
    mut stopping: watch::Receiver<()>,
) {
    let limits = house.limits;
    let Some(_share) = Share::take(&stream, &house) else {
        house.telemetry.handshake_failed(HandshakeFailure::RateLimited);
        return;
    };
    let age = limits.connection_age + jitter(house.entropy.as_ref(), limits.connection_age);
    let builder = protocol(&stream, &limits);
    let desk = Arc::new(Desk::new(&stream, house));
    let service = {
        let desk = Arc::clone(&desk);
        service_fn(move |request| Arc::clone(&desk).answer(request))
    };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = desk.activity.idle(limits.idle_deadline) => {}
        () = tokio::time::sleep(age) => {}
        () = desk.closing.notified() => {}
        // Either a stop was said or the listener is gone: the same to us.
        _ = stopping.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    // What does not finish in time is cut: the peer has had its warning.
    let _ = tokio::time::timeout(limits.drain_deadline, connection).await;
}

/// One of the connections that a caller may have open, given back when dropped.
struct Share(Option<(Arc<DashMap<Digest, usize>>, Digest)>);

impl Share {
    /// None when the caller has them all; without limit where callers are not known.
    fn take(stream: &TlsStream<TcpStream>, house: &House) -> Option<Self> {
        let Some(leaf) = stream.get_ref().1.peer_certificates().and_then(<[_]>::first) else {
            return Some(Self(None));
        };
        let caller = Digest::of(leaf);
        let mut open = house.callers.entry(caller).or_insert(0);
        if *open >= house.limits.connections_per_caller {
            return None;
        }
        *open += 1;
        Some(Self(Some((Arc::clone(&house.callers), caller))))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some((callers, caller)) = &self.0 {
            callers.remove_if_mut(caller, |_, open| {
                *open = open.saturating_sub(1);
                *open == 0
            });
        }
    }
}

/// HTTP/2 or HTTP/1.1 as agreed in the handshake, never guessed from the first bytes: guessing
/// would wait for them without a deadline.
fn protocol(
    stream: &TlsStream<TcpStream>,
    limits: &ConnectionLimits,
) -> auto::Builder<TokioExecutor> {
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_deadline)
        .max_headers(limits::HEADER_COUNT + H1_HEADER_COUNT_SLACK)
        .max_buf_size(H1_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.h2_streams)
        .max_header_list_size(limits::H2_HEADER_LIST_BYTES)
        .initial_stream_window_size(limits::H2_STREAM_WINDOW)
        .initial_connection_window_size(limits::H2_CONNECTION_WINDOW)
        .max_pending_accept_reset_streams(limits::H2_PENDING_RESETS)
        .max_local_error_reset_streams(limits::H2_LOCAL_RESETS)
        .keep_alive_interval(limits::H2_PING_INTERVAL)
        .keep_alive_timeout(limits::H2_PING_TIMEOUT);
    if is_h2 { builder.http2_only() } else { builder.http1_only() }
}

/// Up to a tenth of `age`, so that connections opened together do not end together.
fn jitter(entropy: &dyn Entropy, age: Duration) -> Duration {
    let mut bytes = [0; 2];
    entropy.fill(&mut bytes);
    age / 10 * u32::from(u16::from_be_bytes(bytes)) / u32::from(u16::MAX)
}

/// Where the requests of one connection are taken and answered.
struct Desk {
    activity: Arc<Activity>,
    chain: PeerChain,
    closing: Notify,
    house: Arc<House>,
    recognition: Option<Recognition>,
    sni: Option<String>,
}

impl Desk {
    fn new(stream: &TlsStream<TcpStream>, house: Arc<House>) -> Self {
        let session = stream.get_ref().1;
        let certificates = session.peer_certificates().unwrap_or_default();
        let chain =
            PeerChain::new(certificates.iter().map(|certificate| certificate.to_vec()).collect());
        let recognition =
            house.gate.as_ref().map(|gate| Recognition::new(gate.clone(), chain.clone()));
        Self {
            activity: Arc::new(Activity::new()),
            chain,
            closing: Notify::new(),
            recognition,
            sni: session.server_name().map(str::to_owned),
            house,
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<WatchedBody>, Infallible> {
        let work = self.activity.begin();
        let (mut parts, body) = request.into_parts();
        let mut occurrence = Occurrence {
            trace_id: Some(TraceId::generate(self.house.entropy.as_ref())),
            instance: Some(parts.uri.path().chars().take(INSTANCE_CHARACTERS).collect()),
            language: preferred_language(&parts.headers),
        };
        let mut response = match self.admit(&mut parts, &mut occurrence) {
            Ok(()) => self.route(Request::from_parts(parts, Body::new(body))).await,
            Err(problem) => self.refuse(problem, parts.version),
        };
        dress(&mut response, &occurrence);
        drop(work);
        Ok(response.map(|body| WatchedBody { body, activity: Arc::clone(&self.activity) }))
    }

    /// Judges identity, then form; puts what handlers may rely on into the extensions.
    fn admit(&self, parts: &mut Parts, occurrence: &mut Occurrence) -> Result<(), Problem> {
        if let Some(recognition) = &self.recognition {
            let admitted = recognition.recognise().map_err(|refusal| match refusal {
                Refusal::Rejected => Problem::new(Code::ClientCertificateRejected),
                Refusal::Standing(code) => Problem::new(code),
            })?;
            admitted.install(&mut parts.extensions);
            if admitted.is_member()
                && let Some(carried) = TraceId::carried_by(&parts.headers)
            {
                occurrence.trace_id = Some(carried);
            }
        }
        if let Some(trace_id) = occurrence.trace_id {
            parts.extensions.insert(trace_id);
        }
        parts.extensions.insert(occurrence.language);
        parts.extensions.insert(self.chain.clone());
        let house = &self.house;
        admission::check(parts, &house.authorities, self.sni.as_deref(), house.origins)
    }

    /// Tells the problem; when the caller is nobody we know, ends the connection with it.
    fn refuse(&self, problem: Problem, version: Version) -> Response {
        let ends_connection = problem.code() == Code::ClientCertificateRejected;
        let mut response = problem.into_response();
        if ends_connection {
            if version < Version::HTTP_2 {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            self.closing.notify_one();
        }
        response
    }

    /// Runs the route; a panic in it is one failed request, not the end of the connection.
    async fn route(&self, request: Request) -> Response {
        let routed = AssertUnwindSafe(self.house.router.clone().oneshot(request)).catch_unwind();
        match routed.await {
            Ok(Ok(response)) => response,
            Err(_) => {
                tracing::error!("a route panicked; the request was answered with 500");
                Problem::new(Code::Internal).into_response()
            }
        }
    }
}

/// Gives the answer its trace identifier, and a problem the words and names of its request.
fn dress(response: &mut Response, occurrence: &Occurrence) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let dressed = problem.render(occurrence);
        for (name, value) in dressed.headers() {
            response.headers_mut().insert(name, value.clone());
        }
        // The length of the document that this one replaces.
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = dressed.into_body();
    }
    let trace = occurrence.trace_id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok());
    if let Some(trace) = trace {
        response.headers_mut().insert("trace_id", trace);
    }
}

/// The first language of `Accept-Language` that we speak; English where none is. Weights are not
/// read: senders list languages in the order of preference.
fn preferred_language(headers: &HeaderMap) -> Language {
    let value = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let ranges = value.unwrap_or_default().split(',').take(ACCEPTED_LANGUAGES);
    ranges
        .filter_map(|range| range.split(';').next())
        .find_map(|range| match range.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some(Language::Zh),
            "en" => Some(Language::En),
            "es" => Some(Language::Es),
            _ => None,
        })
        .unwrap_or(Language::En)
}

/// When something last happened on a connection. Bytes alone do not count: a peer that answers
/// pings but takes no data is idle.
struct Activity {
    start: Instant,
    last_millis: AtomicU64,
    in_progress: AtomicUsize,
}

impl Activity {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            last_millis: AtomicU64::new(0),
            in_progress: AtomicUsize::new(0),
        }
    }

    fn touch(&self) {
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.fetch_max(elapsed, Ordering::Relaxed);
    }

    /// Marks a request in progress until the value is dropped; its route has deadlines of its own.
    fn begin(self: &Arc<Self>) -> InProgress {
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        InProgress(Arc::clone(self))
    }

    /// Resolves when nothing has happened for `deadline`.
    async fn idle(&self, deadline: Duration) {
        loop {
            if self.in_progress.load(Ordering::Relaxed) > 0 {
                self.touch();
            }
            let last = Duration::from_millis(self.last_millis.load(Ordering::Relaxed));
            let end = self.start + last + deadline;
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }
}

struct InProgress(Arc<Activity>);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.touch();
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer; each part that the peer makes room for counts as activity.
struct WatchedBody {
    body: Body,
    activity: Arc<Activity>,
}

impl hyper::body::Body for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.activity.touch();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Header fields that the parser takes beyond the limit, so that the first field too many is told
/// as a problem; beyond these the parser answers 431 by itself.
const H1_HEADER_COUNT_SLACK: usize = 1;
/// Room for the longest header and request line that are judged, and as much again to judge the
/// first too many.
const H1_BUFFER_BYTES: usize = 2 * (limits::HEADER_BYTES + limits::URI_BYTES);
/// Languages looked at in one request.
const ACCEPTED_LANGUAGES: usize = 16;
/// Longest path that a problem repeats.
const INSTANCE_CHARACTERS: usize = 256;

//! A listener with a few routes, and a client that can say anything to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Extension;
use axum::routing::{get, post};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::*;
use crate::base::{Code, SystemEntropy};
use crate::telemetry::Telemetry;

/// What the gate of the stand answers, set by the test.
#[derive(Debug, Default)]
pub(super) struct Trust {
    pub(super) generation: AtomicU64,
    verdict: AtomicU8,
}

/// The caller of the stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    stopped: bool,
}

impl Trust {
    pub(super) fn set(&self, verdict: Result<(), Code>) {
        let number = match verdict {
            Ok(()) => 0,
            Err(Code::MemberSuspended) => 1,
            Err(_) => 2,
        };
        self.verdict.store(number, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Lets the caller in, where those who are stopped are served.
    pub(super) fn stop(&self) {
        self.verdict.store(3, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn gate(self: &Arc<Self>) -> IdentityGate {
        let (counted, asked) = (Arc::clone(self), Arc::clone(self));
        IdentityGate::new(
            Arc::new(move || counted.generation.load(Ordering::SeqCst)),
            Arc::new(move |chain: &[Vec<u8>]| {
                assert_eq!(chain.len(), 1, "the chain comes as presented");
                match asked.verdict.load(Ordering::SeqCst) {
                    0 => Ok(Member { stopped: false }),
                    1 => Err(Code::MemberSuspended),
                    3 => Ok(Member { stopped: true }),
                    _ => Err(Code::ClientCertificateRejected),
                }
            }),
            |member: &Member| if member.stopped { Err(Code::MemberSuspended) } else { Ok(()) },
            |_: &Member| true,
        )
    }
}

pub(super) struct Stand {
    pub(super) address: std::net::SocketAddr,
    pub(super) client: Arc<ClientConfig>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) done: JoinHandle<()>,
}

impl Stand {
    pub(super) async fn public() -> Self {
        Self::open(ListenerKind::Public, ConnectionLimits::default()).await
    }

    pub(super) async fn open(kind: ListenerKind, limits: ConnectionLimits) -> Self {
        let (server, client) = tls(kind.gate().is_some());
        let telemetry = Arc::new(Telemetry::new().unwrap());
        let options = options(limits, Arc::clone(&telemetry));
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let tls = Arc::new(ArcSwap::from_pointee(server));
        let bound = Listener::bind(anywhere, kind, tls, routes(), options).await.unwrap();
        let address = bound.local_address();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(serve(bound, async move { drop(stopped.await) }));
        Self { address, client: Arc::new(client), telemetry, stop, done }
    }

    pub(super) async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_as(Arc::clone(&self.client)).await
    }

    pub(super) async fn connect_as(&self, client: Arc<ClientConfig>) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(client).connect(name, stream).await.unwrap()
    }

    /// A request as text, with the headers that every test needs and `extra` ones.
    pub(super) fn request(&self, line: &str, extra: &[&str], body: &str) -> String {
        let mut text = format!("{line} HTTP/1.1\r\nHost: localhost:{}\r\n", self.address.port());
        for header in extra {
            text.push_str(header);
            text.push_str("\r\n");
        }
        if !body.is_empty() && !extra.iter().any(|header| header.starts_with("Content-Length")) {
            text = text + "Content-Length: " + &body.len().to_string() + "\r\n";
        }
        text + "\r\n" + body
    }

    /// Sends on a connection of its own and reads the one answer.
    pub(super) async fn ask(&self, line: &str, extra: &[&str], body: &str) -> Answer {
        let mut stream = self.connect().await;
        // A refusal may come, and the connection end, before all is written.
        let _ = stream.write_all(self.request(line, extra, body).as_bytes()).await;
        Answer::read(&mut stream).await
    }
}

/// An answer of HTTP/1.1.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) async fn read(stream: &mut TlsStream<TcpStream>) -> Self {
        let reading = tokio::time::timeout(Duration::from_secs(20), Self::read_now(stream));
        reading.await.expect("an answer within 20 s")
    }

    async fn read_now(stream: &mut TlsStream<TcpStream>) -> Self {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(stream.read_u8().await.expect("a whole head"));
        }
        let head = String::from_utf8(bytes).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body }
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of a problem, after checking that it is a whole one.
    pub(super) fn problem(&self) -> String {
        let document = self.json();
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        assert!(self.head.contains("cache-control: no-store"), "{self:?}");
        assert_eq!(document["status"], self.status, "{self:?}");
        let trace = document["trace_id"].as_str().unwrap();
        assert!(self.head.contains(&format!("trace_id: {trace}")), "{self:?}");
        let code = document["code"].as_str().unwrap();
        assert_eq!(document["type"], format!("urn:elicence:problem:{code}"));
        code.to_owned()
    }
}

pub(super) fn options(limits: ConnectionLimits, telemetry: Arc<Telemetry>) -> ListenerOptions {
    ListenerOptions { authorities: Vec::new(), entropy: Arc::new(SystemEntropy), limits, telemetry }
}

/// A server's and its client's configuration, each trusting the other's self-signed certificate.
pub(super) fn tls(with_client_certificate: bool) -> (ServerConfig, ClientConfig) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certified = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (server, client) = (certified(), certified());
    let key = |of: &rcgen::CertifiedKey<rcgen::KeyPair>| {
        PrivateKeyDer::try_from(of.signing_key.serialize_der()).unwrap()
    };
    let trusting = |certificate: &rcgen::Certificate| {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        roots
    };
    let for_server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap();
    let for_server = if with_client_certificate {
        let roots = Arc::new(trusting(&client.cert));
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
        for_server.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        for_server.with_no_client_auth()
    };
    let mut for_server =
        for_server.with_single_cert(vec![server.cert.der().clone()], key(&server)).unwrap();
    for_server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let for_client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(trusting(&server.cert));
    let for_client = if with_client_certificate {
        for_client.with_client_auth_cert(vec![client.cert.der().clone()], key(&client)).unwrap()
    } else {
        for_client.with_no_client_auth()
    };
    (for_server, for_client)
}

fn routes() -> Routes {
    let echo = |body: StrictJson<serde_json::Value>| async move { body.bytes };
    let late = || async { tokio::time::sleep(Duration::from_mins(10)).await };
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "done"
    };
    let panic = |uri: axum::http::Uri| async move {
        assert!(uri.path().is_empty(), "unwrapped");
    };
    let endless = || async {
        let part = axum::body::Bytes::from(vec![b'x'; 65_536]);
        let parts = futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(part));
        axum::body::Body::from_stream(parts)
    };
    let trace = |Extension(trace): Extension<TraceId>| async move { trace.to_string() };
    let caller = |caller: Option<Extension<Member>>| async move { format!("{}", caller.is_some()) };
    let rules = RouteRules::business();
    let short = RouteRules::within(Duration::from_millis(50));
    Routes::new()
        .route("/v1/echo", post(echo), rules)
        .route("/v1/news", get(caller), rules.open_to_the_stopped())
        .route("/v1/large", post(echo), rules.with_large_body())
        .route("/v1/list", post(|| async {}), rules.taking(&[MediaType::JoseJson]))
        .route("/v1/slow", get(slow), rules)
        .route("/v1/endless", get(endless), rules)
        .route("/v1/late", get(late), short)
        .route("/v1/body", post(echo), rules.with_body_deadline(Duration::from_millis(200)))
        .route("/v1/panic", get(panic), rules)
        .route("/v1/trace", get(trace), rules)
        .route("/v1/caller", get(caller), rules)
        .federation_only("/v1/disclosures")
}

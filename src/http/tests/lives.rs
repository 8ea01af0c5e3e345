//! How connections live and end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::*;
use super::stand::{Answer, Stand, Trust, options, tls};
use crate::base::Code;
use crate::telemetry::Telemetry;

#[tokio::test]
async fn ht_10_headers_that_trickle_are_cut_at_the_deadline() {
    let limits = ConnectionLimits {
        header_deadline: Duration::from_millis(200),
        ..ConnectionLimits::default()
    };
    let stand = Stand::open(ListenerKind::Public, limits).await;
    let mut stream = stand.connect().await;
    let start = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").await.unwrap();
    let mut rest = Vec::new();
    // Cut without an answer, or with one; in either case at the deadline.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(start.elapsed() >= Duration::from_millis(190) && start.elapsed().as_secs() < 5);
    assert_eq!(stand.ask("GET /v1/trace", &[], "").await.status, 200, "others are served");
}

#[tokio::test]
async fn tls_15_half_handshakes_end_at_the_deadline_and_are_counted() {
    let limits = ConnectionLimits {
        handshakes: 2,
        handshake_deadline: Duration::from_millis(200),
        ..ConnectionLimits::default()
    };
    let stand = Stand::open(ListenerKind::Public, limits).await;
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(TcpStream::connect(stand.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(stand.ask("GET /v1/trace", &[], "").await.status, 200);
    let failures = "hutong_tls_handshake_failures_total{reason=\"deadline\"} 2";
    assert!(stand.telemetry.render().contains(failures));
}

#[tokio::test]
async fn ht_04_a_connection_without_requests_is_closed_when_idle() {
    let limits = ConnectionLimits {
        idle_deadline: Duration::from_millis(150),
        ..ConnectionLimits::default()
    };
    let stand = Stand::open(ListenerKind::Public, limits).await;
    let mut stream = stand.connect().await;
    for _ in 0..2 {
        // Longer than the idle deadline, but in progress.
        let request = stand.request("GET /v1/slow", &[], "");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(Answer::read(&mut stream).await.body, b"done");
    }
    assert!(ends(&mut stream).await);
}

#[tokio::test]
async fn ht_11_an_answer_that_nobody_takes_is_cut() {
    let limits = ConnectionLimits {
        idle_deadline: Duration::from_millis(150),
        drain_deadline: Duration::from_millis(150),
        ..ConnectionLimits::default()
    };
    let stand = Stand::open(ListenerKind::Public, limits).await;
    let mut stream = stand.connect().await;
    stream.write_all(stand.request("GET /v1/endless", &[], "").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(ends(&mut stream).await, "what was buffered, then the end");
}

#[tokio::test]
async fn one_caller_has_a_share_of_the_connections() {
    let trust = Arc::new(Trust::default());
    let limits = ConnectionLimits { connections_per_caller: 2, ..ConnectionLimits::default() };
    let stand = Stand::open(ListenerKind::Federation(trust.gate()), limits).await;
    let request = stand.request("GET /v1/caller", &[], "");
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = stand.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(Answer::read(&mut stream).await.status, 200);
        open.push(stream);
    }
    assert!(ends(&mut stand.connect().await).await);
    drop(open.pop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut stream = stand.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 200);
}

#[tokio::test]
async fn a_connection_is_drained_at_its_age() {
    let limits = ConnectionLimits {
        connection_age: Duration::from_millis(100),
        ..ConnectionLimits::default()
    };
    let stand = Stand::open(ListenerKind::Public, limits).await;
    let mut stream = stand.connect().await;
    stream.write_all(stand.request("GET /v1/slow", &[], "").as_bytes()).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.body, b"done");
    assert!(ends(&mut stream).await);
}

#[tokio::test]
async fn a_panic_is_one_failed_request() {
    let stand = Stand::public().await;
    let mut stream = stand.connect().await;
    stream.write_all(stand.request("GET /v1/panic", &[], "").as_bytes()).await.unwrap();
    let answer = Answer::read(&mut stream).await;
    assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("unwrap"), "nothing of the inside");
    stream.write_all(stand.request("GET /v1/trace", &[], "").as_bytes()).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 200);
}

#[tokio::test]
async fn work_beyond_its_deadline_is_given_up() {
    let stand = Stand::public().await;
    let answer = stand.ask("GET /v1/late", &[], "").await;
    assert_eq!((answer.status, answer.problem().as_str()), (504, "deadline-exceeded"));
    assert_eq!(answer.json()["retryable"], true);
}

#[tokio::test]
async fn a_stop_lets_requests_in_progress_finish() {
    let stand = Stand::public().await;
    let (mut busy, mut quiet) = (stand.connect().await, stand.connect().await);
    busy.write_all(stand.request("GET /v1/slow", &[], "").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stand.stop.send(()).unwrap();
    assert!(ends(&mut quiet).await);
    let answer = Answer::read(&mut busy).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"done".as_slice()));
    tokio::time::timeout(Duration::from_secs(5), stand.done).await.unwrap().unwrap();
    assert!(TcpStream::connect(stand.address).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let stand = Stand::public().await;
    let tls = Arc::new(ArcSwap::from_pointee(tls(false).0));
    let options = options(ConnectionLimits::default(), Arc::new(Telemetry::new().unwrap()));
    let kind = ListenerKind::Public;
    let error = Listener::bind(stand.address, kind, tls, Routes::new(), options).await.unwrap_err();
    assert_eq!(error.code(), Code::PortInUse);
    assert!(error.to_string().contains(&stand.address.to_string()));
}

#[tokio::test]
async fn tls_04_a_withdrawn_caller_is_refused_on_its_open_connection() {
    let trust = Arc::new(Trust::default());
    let kind = ListenerKind::Federation(trust.gate());
    let stand = Stand::open(kind, ConnectionLimits::default()).await;
    let mut stream = stand.connect().await;
    let request = stand.request("GET /v1/caller", &[], "");
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.body, b"true");
    trust.set(Err(Code::MemberSuspended));
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = Answer::read(&mut stream).await;
    assert_eq!((answer.status, answer.problem().as_str()), (403, "member-suspended"));
    trust.set(Ok(()));
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.status, 200);
    trust.set(Err(Code::ClientCertificateRejected));
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = Answer::read(&mut stream).await;
    assert_eq!((answer.status, answer.problem().as_str()), (401, "client-certificate-rejected"));
    assert!(answer.head.contains("connection: close"));
    assert!(ends(&mut stream).await);
}

#[tokio::test]
async fn a_caller_that_is_stopped_is_served_on_the_routes_that_are_open_to_it_alone() {
    let trust = Arc::new(Trust::default());
    let kind = ListenerKind::Federation(trust.gate());
    let stand = Stand::open(kind, ConnectionLimits::default()).await;
    let mut stream = stand.connect().await;
    let mut ask = async |line: &str| {
        stream.write_all(stand.request(line, &[], "").as_bytes()).await.unwrap();
        Answer::read(&mut stream).await
    };
    trust.stop();
    for (line, status) in [
        ("GET /v1/caller", 403),
        ("GET /v1/news", 200),
        ("POST /v1/echo", 403),
        ("POST /v1/news", 405),
        ("GET /v1/news", 200),
    ] {
        let answer = ask(line).await;
        assert_eq!(answer.status, status, "{line}");
        if status == 403 {
            assert_eq!(answer.problem().as_str(), "member-suspended", "{line}");
        }
    }
    trust.set(Ok(()));
    assert_eq!(ask("GET /v1/caller").await.status, 200, "when it is restored");
    trust.set(Err(Code::MemberSuspended));
    assert_eq!(ask("GET /v1/news").await.status, 403, "one that is not let in");
}

#[tokio::test]
async fn tls_01_a_caller_without_a_certificate_is_refused_and_counted() {
    let trust = Arc::new(Trust::default());
    let kind = ListenerKind::Federation(trust.gate());
    let stand = Stand::open(kind, ConnectionLimits::default()).await;
    let mut bare = (*stand.client).clone();
    bare.client_auth_cert_resolver = Arc::new(NoCertificate);
    let mut stream = stand.connect_as(Arc::new(bare)).await;
    assert!(ends(&mut stream).await);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let failures = "hutong_tls_handshake_failures_total{reason=\"certificate_missing\"} 1";
    assert!(stand.telemetry.render().contains(failures));
}

#[tokio::test]
async fn only_a_member_chooses_the_trace_identifier() {
    let trust = Arc::new(Trust::default());
    let federation = ListenerKind::Federation(trust.gate());
    let federation = Stand::open(federation, ConnectionLimits::default()).await;
    let public = Stand::public().await;
    let given = "0af7651916cd43dd8448eb211c80319c";
    let header = format!("traceparent: 00-{given}-b7ad6b7169203331-01");
    let answer = federation.ask("GET /v1/trace", &[&header], "").await;
    assert_eq!(answer.body, given.as_bytes());
    assert!(answer.head.contains(&format!("trace_id: {given}")));
    let answer = public.ask("GET /v1/trace", &[&header], "").await;
    assert_eq!(answer.body.len(), 32);
    assert_ne!(answer.body, given.as_bytes());
}

#[tokio::test]
async fn http_2_is_served_and_a_withdrawn_caller_is_told_to_go() {
    let trust = Arc::new(Trust::default());
    let kind = ListenerKind::Federation(trust.gate());
    let stand = Stand::open(kind, ConnectionLimits::default()).await;
    let mut config = (*stand.client).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/v1/caller", stand.address.port());
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 200));
    let wide = client.get(&url).header("x-wide", "x".repeat(20_000)).send().await;
    assert_eq!(wide.unwrap().status().as_u16(), 431);
    trust.set(Err(Code::ClientCertificateRejected));
    let refused = client.get(&url).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 401);
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "client-certificate-rejected");
}

/// A client that has no certificate to present.
#[derive(Debug)]
struct NoCertificate;

impl rustls::client::ResolvesClientCert for NoCertificate {
    fn resolve(
        &self,
        _: &[&[u8]],
        _: &[rustls::SignatureScheme],
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Whether the server ends the connection within five seconds.
async fn ends(stream: &mut tokio_rustls::client::TlsStream<TcpStream>) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.is_ok()
}

//! Questions over real sockets, to servers that keep to the rules and to servers that do not.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::*;
use crate::base::{Clock, Code, Division, ListId, ManualClock, MemberId, Timestamp};
use crate::identity::Place;
use crate::tls::{ClientJudge, ServerPin, TlsIdentity, federation_settings, public_settings};
use crate::trust::testing::{Federation, Identity, list_id};
use crate::trust::{ServiceKind, ServiceStatus, Snapshot};

const PORT: u16 = 8443;

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(now()))
}

fn settings() -> PeerSettings {
    PeerSettings {
        deadline: Duration::from_millis(800),
        ..PeerSettings::new(OriginPolicy::AllowPrivate, clock())
    }
}

fn shown(identity: &Identity) -> TlsIdentity {
    TlsIdentity::new(std::slice::from_ref(&identity.certificate), &identity.pkcs8).unwrap()
}

fn member(code: &str) -> MemberId {
    code.parse::<Division>().unwrap().member()
}

/// A server that sends `answer` to whatever it is asked, over and over, and remembers the heads.
struct Server {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    identity: Identity,
}

impl Server {
    async fn answering(answer: &str) -> Self {
        let answer = Arc::new(answer.as_bytes().to_vec());
        Self::with(move |mut stream| {
            let answer = Arc::clone(&answer);
            async move { stream.write_all(&answer).await.map(|()| stream) }
        })
        .await
    }

    async fn with<F, G>(reply: F) -> Self
    where
        F: Fn(TlsStream<TcpStream>) -> G + Send + Sync + 'static,
        G: Future<Output = io::Result<TlsStream<TcpStream>>> + Send,
    {
        let identity = Identity::tls("server", now());
        let mut tls = ServerConfig::clone(&public_settings(&shown(&identity), clock()).unwrap());
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                while let Ok(head) = read_head(&mut stream).await {
                    seen.lock().unwrap().push(head);
                    let Ok(same) = reply(stream).await else { break };
                    stream = same;
                }
            }
        });
        Self { port, heads, identity }
    }

    fn pin(&self) -> ServerPin {
        ServerPin::Certificates(vec![self.identity.certificate.clone()])
    }

    fn client(&self) -> PeerClient {
        self.client_by("127.0.0.1", self.pin(), &settings()).unwrap()
    }

    fn client_by(
        &self,
        host: &str,
        pin: ServerPin,
        settings: &PeerSettings,
    ) -> Result<PeerClient, PeerError> {
        let origin =
            Origin::parse(&format!("https://{host}:{}", self.port), OriginPolicy::AllowPrivate)?;
        PeerClient::new(origin, pin, None, settings)
    }
}

async fn read_head(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[tokio::test]
async fn an_answer_comes_with_what_is_needed_of_it() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\ncontent-type: application/jose\r\netag: \"7\"\r\n\
         content-length: 4\r\n\r\nlist",
    )
    .await;
    let answer = server.client().get("/v1/trust/lists/federation", 4).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.bytes[..]), (200, &b"list"[..]));
    assert_eq!(answer.content_type.as_deref(), Some("application/jose"));
    assert_eq!(answer.etag.as_deref(), Some("\"7\""));
}

#[tokio::test]
async fn ss_04_a_redirect_is_an_answer_and_not_a_way() {
    let server = Server::answering(
        "HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let answer = server.client().get("/", 0).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    assert_eq!(server.heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn ss_10_an_answer_over_its_size_is_cut() {
    let declared = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12345").await;
    let refused = declared.client().get("/", 4).await.unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge);

    let endless = Server::with(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
        loop {
            stream.write_all(b"4\r\nmore\r\n").await?;
        }
    })
    .await;
    let refused = endless.client().get("/", 1000).await.unwrap_err();
    assert!(matches!(refused, PeerError::TooLarge { most_bytes: 1000 }));
}

#[tokio::test]
async fn ss_10_an_answer_that_never_ends_is_timed_out() {
    let silent = Server::with(|stream| async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        Ok(stream)
    })
    .await;
    let dripping = Server::with(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await?;
        loop {
            stream.write_all(b".").await?;
            stream.flush().await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let hesitating = Server::with(|mut stream| async move {
        loop {
            stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await?;
            tokio::task::yield_now().await;
        }
    })
    .await;
    for server in [silent, dripping, hesitating] {
        let refused = server.client().get("/", 1000).await.unwrap_err();
        assert_eq!(refused.code(), Code::Timeout, "{refused:?}");
    }
}

#[tokio::test]
async fn ss_10_headers_without_end_are_cut() {
    let server = Server::with(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
        loop {
            stream.write_all(b"x: 1\r\n").await?;
        }
    })
    .await;
    assert!(matches!(server.client().get("/", 0).await, Err(PeerError::BrokenOff)));
}

#[tokio::test]
async fn ss_11_nothing_of_one_answer_goes_into_the_next_question() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nwww-authenticate: Basic\r\n\
         content-length: 2\r\n\r\nok",
    )
    .await;
    let client = server.client();
    for _ in 0..2 {
        assert_eq!(client.get("/v1/hello", 16).await.unwrap().bytes, b"ok");
    }
    for head in &*server.heads.lock().unwrap() {
        let head = head.to_lowercase();
        for word in ["cookie", "authorization", "referer", "user-agent", "accept-encoding"] {
            assert!(!head.contains(word), "{head}");
        }
    }
}

#[tokio::test]
async fn an_encoding_that_was_not_asked_for_is_refused_by_its_own_code() {
    for encoding in
        ["gzip", "GZIP", "x-gzip", "br", "identity, gzip", "", "identity\r\ncontent-encoding: gzip"]
    {
        for status in ["200 OK", "404 Not Found"] {
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-encoding: {encoding}\r\ncontent-length: 2\r\n\r\nok"
            );
            let server = Server::answering(&answer).await;
            let refused = server.client().get("/v1/lists/federation/1", 16).await.unwrap_err();
            assert!(matches!(refused, PeerError::Encoding), "{encoding}: {refused:?}");
            assert_eq!(refused.code(), Code::ContentEncoding);
        }
    }
    let plain = "HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\ncontent-length: 2\r\n\r\nok";
    let server = Server::answering(plain).await;
    assert_eq!(server.client().get("/v1/hello", 16).await.unwrap().bytes, b"ok");
}

#[tokio::test]
async fn ss_13_only_the_pin_and_the_name_make_a_server() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let other = Identity::tls("server", now());
    let pin = ServerPin::Certificates(vec![other.certificate]);
    let client = server.client_by("127.0.0.1", pin, &settings()).unwrap();
    let refused = client.get("/", 0).await.unwrap_err();
    assert!(matches!(refused, PeerError::Handshake(_)), "{refused:?}");
    assert!(server.client().get("/", 0).await.is_ok());
}

#[tokio::test]
async fn ss_01_a_name_that_leads_inside_is_not_called() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let public_only = PeerSettings { policy: OriginPolicy::PublicOnly, ..settings() };
    let client = server.client_by("localhost", server.pin(), &public_only).unwrap();
    assert!(matches!(client.get("/", 0).await, Err(PeerError::AddressRefused)));
    assert!(server.heads.lock().unwrap().is_empty());
    let client = server.client_by("localhost", server.pin(), &settings()).unwrap();
    assert!(client.get("/", 0).await.is_ok());
}

#[tokio::test]
async fn a_path_that_leads_elsewhere_and_a_port_without_server() {
    let server = Server::answering("").await;
    let client = server.client();
    assert!(matches!(client.get("@127.0.0.2/", 0).await, Err(PeerError::Path)));
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let origin = format!("https://127.0.0.1:{unused}");
    let origin = Origin::parse(&origin, OriginPolicy::AllowPrivate).unwrap();
    let nobody = PeerClient::new(origin, server.pin(), None, &settings()).unwrap();
    let refused = nobody.get("/", 0).await.unwrap_err();
    assert!(matches!(refused, PeerError::Unreachable), "{refused:?}");
    assert_eq!(refused.code(), Code::IssuerProvinceUnreachable);
}

/// A gateway of Hebei with both listeners on one port, which answers over HTTP/2 whom it lets in.
async fn gateway(federation: &mut Federation) -> Arc<ArcSwap<Snapshot>> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    federation.province_mut("130000").hosts = vec![origin.clone(), origin];
    federation.publish(ListId::Federation);
    let trust = Arc::new(ArcSwap::from_pointee(federation.snapshot()));
    let judge = ClientJudge::new(Arc::clone(&trust), Place::Gateway(member("130000")));
    let identity = shown(&federation.province("130000").tls);
    let acceptor = TlsAcceptor::from(federation_settings(&identity, judge, clock()).unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let service = hyper::service::service_fn(|request: hyper::Request<_>| async move {
                let _: hyper::Request<hyper::body::Incoming> = request;
                Ok::<_, io::Error>(hyper::Response::new(Full::new(Bytes::from_static(b"h2"))))
            });
            tokio::spawn(async move {
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    trust
}

#[tokio::test]
async fn members_are_called_over_http_2_with_our_certificate() {
    let mut federation = Federation::new(now());
    let trust = gateway(&mut federation).await;
    let own = shown(&federation.province("120000").tls);
    let directory = PeerDirectory::new(Some(own), settings());
    let client = directory.member(&trust.load(), member("130000")).unwrap();
    assert_eq!(client.get("/", 2).await.unwrap().bytes, b"h2");
}

#[tokio::test]
async fn ss_08_our_certificate_is_shown_only_where_we_are_known() {
    let mut federation = Federation::new(now());
    let trust = gateway(&mut federation).await;
    let own = shown(&federation.province("120000").tls);
    let directory = PeerDirectory::new(Some(own), settings());
    let client = directory.public(&trust.load(), member("130000")).unwrap();
    assert!(client.get("/", 2).await.is_err());
}

#[test]
fn a_client_lasts_as_long_as_its_pin() {
    let mut federation = Federation::new(now());
    federation.province_mut("130000").hosts = vec![format!("https://127.0.0.1:{PORT}")];
    federation.publish(ListId::Federation);
    let snapshot = |federation: &mut Federation, generation| {
        Snapshot::build(federation.state(), generation, now())
    };
    let directory = PeerDirectory::new(None, settings());
    let find = |snapshot: &Snapshot| directory.member(snapshot, member("130000"));

    let first = find(&snapshot(&mut federation, 1)).unwrap();
    assert_eq!(first.origin().as_str(), "https://127.0.0.1:8443");
    let unchanged = find(&snapshot(&mut federation, 2)).unwrap();
    assert!(Arc::ptr_eq(&first, &unchanged));

    let next = Identity::tls("Hebei gateway", now());
    let province = federation.province_mut("130000");
    let entry = province.entry(ServiceKind::GatewayTls, 2, &next);
    *province.entry_mut(ServiceKind::GatewayTls) = entry;
    federation.publish(list_id("130000"));
    let rotated = find(&snapshot(&mut federation, 3)).unwrap();
    assert!(!Arc::ptr_eq(&first, &rotated));

    federation.province_mut("130000").entry_mut(ServiceKind::GatewayTls).status =
        ServiceStatus::Suspended;
    federation.publish(list_id("130000"));
    assert!(matches!(find(&snapshot(&mut federation, 4)), Err(PeerError::Unlisted)));
}

#[test]
fn only_members_with_a_callable_origin_are_called() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let directory = PeerDirectory::new(None, settings());
    assert!(matches!(directory.member(&snapshot, member("999999")), Err(PeerError::Unlisted)));
    assert!(directory.hub(&snapshot).is_ok());

    let public_only = PeerSettings { policy: OriginPolicy::PublicOnly, ..settings() };
    let directory = PeerDirectory::new(None, public_only);
    for refused in [directory.hub(&snapshot), directory.member(&snapshot, member("130000"))] {
        assert!(matches!(refused, Err(PeerError::Origin(OriginError::Address))));
    }
}

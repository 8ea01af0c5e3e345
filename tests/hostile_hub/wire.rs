//! A server that speaks HTTP/1.1 over TLS byte by byte, so that it can lie in every way: about the
//! length, about the end, about the time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hutong::crypto::Digest;
use hutong::pki::Made;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::TLS13;
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) path: String,
    /// SHA-256 of the client's certificate.
    pub(crate) client: Option<Digest>,
}

/// What is sent back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// An answer in order, with these further header lines.
    Whole { status: &'static str, headers: String, body: Vec<u8> },
    /// This head, then the same part again and again with a pause between.
    Endless { head: &'static str, part: Vec<u8>, pause: Duration },
    /// Another answer after a while.
    Later(Duration, Box<Self>),
    /// Nothing, while the connection stays open.
    Silence,
}

impl Answer {
    pub(crate) fn found(body: impl Into<Vec<u8>>) -> Self {
        let headers = "content-type: application/octet-stream\r\n".to_owned();
        Self::Whole { status: "200 OK", headers, body: body.into() }
    }

    pub(crate) const fn missing() -> Self {
        Self::Whole { status: "404 Not Found", headers: String::new(), body: Vec::new() }
    }
}

/// Decides what is answered.
pub(crate) type Script = Arc<dyn Fn(&Ask) -> Answer + Send + Sync>;

/// The server; it ends with this value.
pub(crate) struct Server {
    accepting: JoinHandle<()>,
    sent: Arc<AtomicU64>,
}

impl Server {
    /// Listens at `address` under the key of `made`.
    pub(crate) async fn start(address: SocketAddr, made: &Made, script: Script) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(settings(made)));
        let listener = TcpListener::bind(address).await.expect("a free port");
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, script) = (acceptor.clone(), Arc::clone(&script));
                open.spawn(serve(stream, acceptor, script, Arc::clone(&counter)));
                while open.try_join_next().is_some() {}
            }
        });
        Self { accepting, sent }
    }

    /// Bytes of bodies without end that could be written so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// Ends it, and with it every connection.
    pub(crate) async fn stop(self) {
        self.accepting.abort();
        // It was told to end.
        let _ = self.accepting.await;
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    script: Script,
    sent: Arc<AtomicU64>,
) -> Option<()> {
    let mut stream = acceptor.accept(stream).await.ok()?;
    let chain = stream.get_ref().1.peer_certificates();
    let client = chain.and_then(|chain| chain.first()).map(|own| Digest::of(own.as_ref()));
    loop {
        let path = read_request(&mut stream).await?;
        let mut answer = script(&Ask { path, client });
        while let Answer::Later(pause, then) = answer {
            tokio::time::sleep(pause).await;
            answer = *then;
        }
        match answer {
            Answer::Whole { status, headers, body } => {
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
                stream.write_all(&[head.as_bytes(), &body].concat()).await.ok()?;
                stream.flush().await.ok()?;
            }
            Answer::Endless { head, part, pause } => {
                stream.write_all(head.as_bytes()).await.ok()?;
                loop {
                    stream.write_all(&part).await.ok()?;
                    stream.flush().await.ok()?;
                    sent.fetch_add(part.len() as u64, Ordering::SeqCst);
                    tokio::time::sleep(pause).await;
                }
            }
            Answer::Silence | Answer::Later(..) => std::future::pending().await,
        }
    }
}

/// The target of the next request, its body read and dropped.
async fn read_request(stream: &mut TlsStream<TcpStream>) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).await.ok()?;
    head.split(' ').nth(1).map(str::to_owned)
}

fn settings(made: &Made) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = vec![CertificateDer::from(made.certificate.der().to_vec())];
    let key = PrivatePkcs8KeyDer::from(made.pkcs8.to_vec());
    ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .with_client_cert_verifier(Arc::new(Anybody(provider)))
        .with_single_cert(chain, key.into())
        .expect("a key with its certificate")
}

/// Looks at every client certificate and believes it.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ClientCertVerifier for Anybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("not offered".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

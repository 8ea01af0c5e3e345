//! A client that says what no library would say for it, and shows whom no gateway knows.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use hutong::pki::Made;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

/// Sends the head of a request as it stands and returns the whole answer, or why TLS ended.
pub(crate) fn send(
    address: SocketAddr,
    identity: Option<&Made>,
    head: &str,
) -> Result<String, Option<rustls::Error>> {
    let name = ServerName::IpAddress(address.ip().into());
    let connection = ClientConnection::new(Arc::new(settings(identity)), name).expect("settings");
    let stream = TcpStream::connect(address).map_err(|_| None)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    let mut stream = StreamOwned::new(connection, stream);
    let cause = |error: std::io::Error| {
        error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()).cloned()
    };
    stream.write_all(head.as_bytes()).map_err(cause)?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        read.map_err(cause)?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn settings(identity: Option<&Made>) -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)));
    let Some(made) = identity else { return builder.with_no_client_auth() };
    let chain = vec![CertificateDer::from(made.certificate.der().to_vec())];
    let key = PrivatePkcs8KeyDer::from(made.pkcs8.to_vec());
    builder.with_client_auth_cert(chain, key.into()).expect("a key with its certificate")
}

/// Believes every server.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
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

//! Handshakes over real sockets on the loopback address: who gets in, and with which alert others
//! are turned away.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rcgen::{ExtendedKeyUsagePurpose, SanType};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, HandshakeKind, NamedGroup,
    ServerConfig,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::base::{Clock, Division, ManualClock, Timestamp};
use crate::crypto::x509::Certificate;
use crate::identity::Place;
use crate::trust::testing::{Federation, Identity, list_id};
use crate::trust::{ServiceKind, ServiceStatus, Snapshot};

const OWN: &str = "120000";
const OTHER: &str = "130000";

/// A gateway that answers two bytes to whoever passes its judge.
struct Gateway {
    federation: Federation,
    trust: Arc<ArcSwap<Snapshot>>,
    clock: Arc<ManualClock>,
    settings: Arc<ServerConfig>,
}

impl Gateway {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(adjust: impl FnOnce(&mut Federation)) -> Self {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut federation = Federation::new(now);
        adjust(&mut federation);
        let trust = Arc::new(ArcSwap::from_pointee(federation.snapshot()));
        let clock = Arc::new(ManualClock::at(now));
        let place = Place::Gateway(OWN.parse::<Division>().unwrap().member());
        let settings = federation_settings(
            &shown(&federation.province(OWN).tls),
            ClientJudge::new(Arc::clone(&trust), place),
            Arc::<ManualClock>::clone(&clock),
        )
        .unwrap();
        Self { federation, trust, clock, settings }
    }

    fn pin(&self) -> ServerPin {
        ServerPin::Certificates(vec![self.federation.province(OWN).tls.certificate.clone()])
    }

    /// The settings of an honest client that shows `identity`.
    fn client(&self, identity: Option<&TlsIdentity>) -> ClientConfig {
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        client_settings(self.pin(), identity, clock).unwrap()
    }

    async fn meet(&self, client: ClientConfig) -> Meeting {
        meet(Arc::clone(&self.settings), Arc::new(client), "127.0.0.1").await
    }

    /// The alert by which a client that shows `chain` is turned away.
    async fn alert(&self, chain: &[&Identity]) -> AlertDescription {
        let certificates: Vec<Certificate> =
            chain.iter().map(|link| link.certificate.clone()).collect();
        let identity = TlsIdentity::new(&certificates, &chain[0].pkcs8).unwrap();
        let meeting = self.meet(self.client(Some(&identity))).await;
        assert!(meeting.server.is_err());
        meeting.alert()
    }
}

/// What both sides saw of one connection.
struct Meeting {
    client: io::Result<(HandshakeKind, NamedGroup)>,
    server: io::Result<HandshakeKind>,
}

impl Meeting {
    fn alert(&self) -> AlertDescription {
        match tls_error(self.client.as_ref().unwrap_err()) {
            Error::AlertReceived(alert) => *alert,
            other => panic!("{other:?}"),
        }
    }

    fn refused_by_client(&self) -> &CertificateError {
        match tls_error(self.client.as_ref().unwrap_err()) {
            Error::InvalidCertificate(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    fn passed(&self) -> bool {
        self.client.is_ok() && self.server.is_ok()
    }
}

fn tls_error(error: &io::Error) -> &Error {
    error.get_ref().and_then(|inner| inner.downcast_ref()).unwrap_or_else(|| panic!("{error:?}"))
}

fn shown(identity: &Identity) -> TlsIdentity {
    TlsIdentity::new(std::slice::from_ref(&identity.certificate), &identity.pkcs8).unwrap()
}

async fn meet(server: Arc<ServerConfig>, client: Arc<ClientConfig>, name: &str) -> Meeting {
    let (address, served) = serve_once(server).await;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let talk = async {
        let stream = TcpStream::connect(address).await?;
        let mut stream = TlsConnector::from(client).connect(name, stream).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        assert_eq!(answer, b"ok");
        let connection = stream.get_ref().1;
        let group = connection.negotiated_key_exchange_group().unwrap().name();
        Ok((connection.handshake_kind().unwrap(), group))
    };
    let client = tokio::time::timeout(Duration::from_secs(10), talk).await.unwrap();
    Meeting { client, server: served.await.unwrap() }
}

async fn serve_once(
    settings: Arc<ServerConfig>,
) -> (SocketAddr, tokio::task::JoinHandle<io::Result<HandshakeKind>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let mut stream = TlsAcceptor::from(settings).accept(stream).await?;
        stream.write_all(b"ok").await?;
        stream.shutdown().await?;
        Ok(stream.get_ref().1.handshake_kind().unwrap())
    });
    (address, served)
}

#[tokio::test]
async fn members_clients_and_the_hub_get_in_by_a_hybrid_key_exchange() {
    let gateway = Gateway::new();
    let federation = &gateway.federation;
    let police = federation.province(OWN).client("enforcement", "unit-1", federation.now);
    for identity in [&federation.province(OTHER).tls, &federation.hub_tls, &police] {
        let meeting = gateway.meet(gateway.client(Some(&shown(identity)))).await;
        assert_eq!(meeting.client.unwrap(), (HandshakeKind::Full, NamedGroup::X25519MLKEM768));
    }
}

#[tokio::test]
async fn tls_01_without_a_client_certificate() {
    let gateway = Gateway::new();
    let meeting = gateway.meet(gateway.client(None)).await;
    assert_eq!(meeting.alert(), AlertDescription::CertificateRequired);
    assert_eq!(u8::from(AlertDescription::CertificateRequired), 116);
}

#[tokio::test]
async fn tls_02_strangers_other_provinces_clients_and_unlisted_members() {
    let gateway = Gateway::new();
    let now = gateway.federation.now;
    let unknown_authority = Identity::authority("unknown CA", now);
    let stranger =
        unknown_authority.issue_client("urn:elicence:client:120000:enforcement:unit-1", now);
    let neighbour = gateway.federation.province(OTHER).client("enforcement", "unit-1", now);
    let unlisted = Identity::tls("Hebei gateway", now);
    for chain in
        [vec![&stranger], vec![&stranger, &unknown_authority], vec![&neighbour], vec![&unlisted]]
    {
        let alert = gateway.alert(&chain).await;
        assert_eq!((alert, u8::from(alert)), (AlertDescription::UnknownCA, 48));
    }
}

#[tokio::test]
async fn tls_03_an_expired_client_certificate() {
    let gateway = Gateway::new();
    let now = gateway.federation.now;
    let authority = &gateway.federation.province(OWN).client_authorities["enforcement"];
    let day = Duration::from_hours(24);
    let expired = Identity::make("client", now, Some(authority.as_issuer()), |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let uri = "urn:elicence:client:120000:enforcement:unit-1";
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        params.not_after = params.not_before + day;
    });
    let alert = gateway.alert(&[&expired]).await;
    assert_eq!((alert, u8::from(alert)), (AlertDescription::CertificateExpired, 45));
}

#[tokio::test]
async fn tls_04_a_member_that_left_the_list_is_unknown_at_its_next_connection() {
    let mut gateway = Gateway::new();
    let neighbour = gateway.client(Some(&shown(&gateway.federation.province(OTHER).tls)));
    assert!(gateway.meet(neighbour.clone()).await.passed());
    let province = gateway.federation.province_mut(OTHER);
    province.entries.retain(|entry| entry.kind != ServiceKind::GatewayTls);
    gateway.federation.publish(list_id(OTHER));
    gateway.trust.store(Arc::new(gateway.federation.snapshot()));
    assert_eq!(gateway.meet(neighbour).await.alert(), AlertDescription::UnknownCA);
}

#[tokio::test]
async fn tls_07_only_tls_1_2_offered() {
    let gateway = Gateway::new();
    let (address, served) = serve_once(Arc::clone(&gateway.settings)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&client_hello_of_tls_1_2()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(served.await.unwrap().is_err());
    // One record: an alert, fatal, protocol_version.
    assert_eq!((answer[0], &answer[3..]), (21, &[0, 2, 2, 70][..]));
}

fn client_hello_of_tls_1_2() -> Vec<u8> {
    let extensions: [&[u8]; 3] =
        [&[0, 10, 0, 4, 0, 2, 0, 0x17], &[0, 11, 0, 2, 1, 0], &[0, 13, 0, 4, 0, 2, 4, 3]];
    let extensions = extensions.concat();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0, 0]);
    body.push(u8::try_from(extensions.len()).unwrap());
    body.extend(extensions);
    let length = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}

#[tokio::test]
async fn tls_08_nothing_is_resumed_and_no_early_data_taken() {
    let gateway = Gateway::new();
    assert_eq!(gateway.settings.max_early_data_size, 0);
    let identity = shown(&gateway.federation.province(OTHER).tls);
    // A client that would resume if only it could.
    let mut eager = gateway.client(Some(&identity));
    eager.resumption = Resumption::default();
    eager.enable_early_data = true;
    for _ in 0..3 {
        let meeting = gateway.meet(eager.clone()).await;
        assert_eq!(meeting.server.unwrap(), HandshakeKind::Full);
        assert_eq!(meeting.client.unwrap().0, HandshakeKind::Full);
    }
}

#[tokio::test]
async fn tls_13_a_chain_of_five() {
    let gateway = Gateway::new();
    let federation = &gateway.federation;
    let police = federation.province(OWN).client("enforcement", "unit-1", federation.now);
    let authority = &federation.province(OWN).client_authorities["enforcement"];
    let chain = [&police, authority, authority, authority, authority];
    assert_eq!(gateway.alert(&chain).await, AlertDescription::BadCertificate);
    let four = TlsIdentity::new(
        &chain[..4].iter().map(|link| link.certificate.clone()).collect::<Vec<_>>(),
        &police.pkcs8,
    );
    assert!(gateway.meet(gateway.client(Some(&four.unwrap()))).await.passed());
}

#[tokio::test]
async fn tls_14_a_certificate_for_servers_only() {
    let gateway = Gateway::new();
    let authority = &gateway.federation.province(OWN).client_authorities["enforcement"];
    let now = gateway.federation.now;
    let server_only = Identity::make("client", now, Some(authority.as_issuer()), |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let uri = "urn:elicence:client:120000:enforcement:unit-1";
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
    });
    let alert = gateway.alert(&[&server_only]).await;
    assert_eq!(alert, AlertDescription::UnsupportedCertificate);
}

#[tokio::test]
async fn a_client_that_names_another_role_or_province() {
    let gateway = Gateway::new();
    let authority = &gateway.federation.province(OWN).client_authorities["business"];
    for uri in [
        "urn:elicence:client:120000:enforcement:unit-1",
        "urn:elicence:client:130000:business:unit-1",
    ] {
        let client = authority.issue_client(uri, gateway.federation.now);
        assert_eq!(gateway.alert(&[&client]).await, AlertDescription::CertificateUnknown);
    }
}

#[tokio::test]
async fn suspended_and_withdrawn_members_shake_hands_to_be_told_why() {
    for status in [ServiceStatus::Suspended, ServiceStatus::Withdrawn] {
        let gateway = Gateway::with(|federation| {
            federation.province_mut(OTHER).entry_mut(ServiceKind::GatewayTls).status = status;
            federation.publish(list_id(OTHER));
        });
        let identity = shown(&gateway.federation.province(OTHER).tls);
        assert!(gateway.meet(gateway.client(Some(&identity))).await.passed());
    }
}

#[tokio::test]
async fn the_public_listener_asks_for_no_certificate() {
    let gateway = Gateway::new();
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&gateway.clock);
    let settings = public_settings(&shown(&gateway.federation.province(OWN).tls), clock).unwrap();
    let client = Arc::new(gateway.client(None));
    assert!(meet(settings, client, "localhost").await.passed());
}

#[tokio::test]
async fn tls_20_a_server_with_another_name_or_another_provinces_certificate() {
    let gateway = Gateway::new();
    let own = shown(&gateway.federation.province(OTHER).tls);
    let clock = || -> Arc<dyn Clock> { Arc::<ManualClock>::clone(&gateway.clock) };

    let client = Arc::new(gateway.client(Some(&own)));
    let meeting = meet(Arc::clone(&gateway.settings), client, "hub.test").await;
    assert_eq!(meeting.refused_by_client(), &CertificateError::NotValidForName);

    let hub = gateway.federation.hub_tls.certificate.spki_digest();
    let others = vec![gateway.federation.province("440000").tls.certificate.clone()];
    for pin in
        [ServerPin::Key(hub), ServerPin::Certificates(others), ServerPin::Certificates(vec![])]
    {
        let client = client_settings(pin, Some(&own), clock()).unwrap();
        let meeting = gateway.meet(client).await;
        assert_eq!(meeting.refused_by_client(), &CertificateError::UnknownIssuer);
    }
    let key = gateway.federation.province(OWN).tls.certificate.spki_digest();
    let client = client_settings(ServerPin::Key(key), Some(&own), clock()).unwrap();
    assert!(gateway.meet(client).await.passed());
}

#[tokio::test]
async fn a_pinned_server_past_its_validity_is_refused() {
    let gateway = Gateway::new();
    let own = &gateway.federation.province(OWN).tls.certificate;
    let client = gateway.client(Some(&shown(&gateway.federation.province(OTHER).tls)));
    gateway.clock.set(own.not_after() + Duration::from_secs(1));
    let meeting = gateway.meet(client.clone()).await;
    assert_eq!(meeting.refused_by_client(), &CertificateError::Expired);
    gateway.clock.set(own.not_before() - Duration::from_secs(1));
    let meeting = gateway.meet(client).await;
    assert_eq!(meeting.refused_by_client(), &CertificateError::NotValidYet);
}

#[test]
fn a_strangers_key_is_not_taken_for_ones_own() {
    let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    let (own, other) = (Identity::tls("own", now), Identity::tls("other", now));
    let mixed = TlsIdentity::new(std::slice::from_ref(&own.certificate), &other.pkcs8);
    assert!(matches!(mixed, Err(TlsError::Key(_))));
    assert!(matches!(TlsIdentity::new(&[], &own.pkcs8), Err(TlsError::NoCertificate)));
    let broken = TlsIdentity::new(std::slice::from_ref(&own.certificate), b"no key");
    assert!(matches!(broken, Err(TlsError::Key(_))));
    assert_ne!(shown(&own).certificate(), shown(&other).certificate());
}

//! The three configurations: federation listener, public listener, outbound.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig};

use super::clients::ClientJudge;
use super::identity::{TlsError, TlsIdentity};
use super::provider::{ClockOfTls, provider};
use super::servers::{ServerJudge, ServerPin};
use crate::base::Clock;

/// The federation listener: a client certificate is demanded and judged by `clients`.
pub fn federation_settings(
    identity: &TlsIdentity,
    clients: ClientJudge,
    clock: Arc<dyn Clock>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(ClockOfTls(clock)))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Settings)?
        .with_client_cert_verifier(Arc::new(clients));
    Ok(hardened(builder.with_cert_resolver(identity.resolver())))
}

/// The public listener: no client certificate is asked for.
pub fn public_settings(
    identity: &TlsIdentity,
    clock: Arc<dyn Clock>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(ClockOfTls(clock)))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Settings)?
        .with_no_client_auth();
    Ok(hardened(builder.with_cert_resolver(identity.resolver())))
}

/// Outbound: the server must show what `pin` says; `identity`, where there is one, is shown to it
/// and to nobody else, since these settings serve one pin.
pub fn client_settings(
    pin: ServerPin,
    identity: Option<&TlsIdentity>,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, TlsError> {
    // The library calls every judge but its own dangerous; this one is narrower than that.
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(ClockOfTls(clock)))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Settings)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(ServerJudge { pin }));
    let mut settings = match identity {
        Some(identity) => builder.with_client_cert_resolver(identity.resolver()),
        None => builder.with_no_client_auth(),
    };
    settings.resumption = Resumption::disabled();
    settings.enable_early_data = false;
    settings.alpn_protocols = alpn();
    Ok(settings)
}

/// Nothing is kept for a later connection: no tickets, no sessions, no early data.
fn hardened(mut settings: ServerConfig) -> Arc<ServerConfig> {
    settings.session_storage = Arc::new(NoServerSessionStorage {});
    settings.send_tls13_tickets = 0;
    settings.max_early_data_size = 0;
    settings.alpn_protocols = alpn();
    Arc::new(settings)
}

fn alpn() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
}

//! Founding a hub: its keys and configuration, and the payload of the first root, which names
//! operators' keys that the hub never sees. Refuses to touch a folder that was founded before.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::keys::{FRESHNESS, LIST_LOG, OPERATOR_CA, TLS, certificate_file, key_file};
use crate::base::{Timestamp, limits};
use crate::crypto::note::VerifierKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, SealError};
use crate::pki::{AUTHORITY_LIFE, Authority, LEAF_LIFE, Made, Period, PkiError, files};
use crate::trust::{
    Emergency, Hub, ListLog, PinnedKey, ROOT_TYPE, RootDocument, Threshold, Witnesses,
};

/// What a hub is founded with.
#[derive(Clone, Debug)]
pub struct HubCharter {
    /// Addresses of the three listeners.
    pub listen: [SocketAddr; 3],
    /// Origin of the federation listener; the root will name it.
    pub federation_origin: String,
    /// Origin of the public listener.
    pub public_origin: String,
    /// Whether members may have loopback and private addresses.
    pub allow_private_addresses: bool,
}

/// Who governs the federation.
#[derive(Clone, Copy, Debug)]
pub struct RootTerms<'a> {
    /// The operators' certificates.
    pub operators: &'a [Certificate],
    /// How many of them must sign.
    pub threshold: u32,
    /// How many of them may suspend.
    pub emergency: u32,
}

/// Founds a hub in `folder` and returns its configuration file.
pub fn found(
    folder: &Path,
    charter: &HubCharter,
    now: Timestamp,
) -> Result<PathBuf, HubFoundingError> {
    let config = folder.join("config.toml");
    if config.exists() {
        return Err(HubFoundingError::Exists { path: config });
    }
    for part in ["keys", "trust"] {
        let path = folder.join(part);
        std::fs::create_dir_all(&path).map_err(|error| HubFoundingError::File { path, error })?;
    }
    let leaf = Period::from_now(now, LEAF_LIFE);
    let host = charter.federation_origin.strip_prefix("https://").unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    keep(folder, TLS, &Made::tls("federation hub", &[host], leaf)?)?;
    keep(folder, FRESHNESS, &Made::signing("hub freshness", Algorithm::Es256, leaf)?)?;
    keep(folder, LIST_LOG, &Made::signing("list log", Algorithm::EdDsa, leaf)?)?;
    let period = Period::from_now(now, AUTHORITY_LIFE);
    keep(folder, OPERATOR_CA, &Authority::make("hub operators", period)?.0)?;
    let [federation, public, operator] = charter.listen;
    let text = format!(
        "role = \"hub\"\ndata_dir = \".\"\n\n[listen]\nfederation = \"{federation}\"\n\
         public = \"{public}\"\noperator = \"{operator}\"\n\n[addresses]\n\
         federation = \"{}\"\npublic = \"{}\"\n\n[outbound]\n\
         allow_private_addresses = {}\n",
        charter.federation_origin, charter.public_origin, charter.allow_private_addresses,
    );
    std::fs::write(&config, text)
        .map_err(|error| HubFoundingError::File { path: config.clone(), error })?;
    Ok(config)
}

/// The payload of the first root over the hub founded in `folder`, for operators to sign.
pub fn root_payload(
    folder: &Path,
    charter: &HubCharter,
    terms: RootTerms<'_>,
    now: Timestamp,
) -> Result<Vec<u8>, HubFoundingError> {
    let certificate = |name: &str| -> Result<Certificate, HubFoundingError> {
        let read = files::read_certificates(&certificate_file(folder, name))?;
        Ok(read.into_iter().next().ok_or(SealError::BadKey)?)
    };
    let log = certificate(LIST_LOG)?.public_key().map_err(|_| SealError::BadKey)?;
    let vkey = VerifierKey::new(LIST_LOG_ORIGIN, &log).map_err(|_| SealError::BadKey)?;
    let document = RootDocument {
        document_type: ROOT_TYPE.to_owned(),
        sequence: 1,
        expires: (now + limits::ROOT_LIFE).whole_seconds(),
        federation: crate::base::ListId::Federation.to_string(),
        operators: Threshold {
            threshold: terms.threshold,
            keys: terms.operators.iter().map(PinnedKey::of).collect(),
        },
        freshness: PinnedKey::of(&certificate(FRESHNESS)?),
        emergency: Emergency { threshold: terms.emergency },
        log: ListLog { origin: LIST_LOG_ORIGIN.to_owned(), vkey: vkey.to_string() },
        // No witness yet: disclosure opens all the same and says `witnessed:false`.
        witnesses: Witnesses { quorum: 0, vkeys: Vec::new() },
        hub: Hub {
            url: charter.federation_origin.clone(),
            tls_spki_sha256: certificate(TLS)?.spki_digest(),
        },
    };
    Ok(document.to_payload()?)
}

fn keep(folder: &Path, name: &str, made: &Made) -> Result<(), HubFoundingError> {
    files::write_key(&key_file(folder, name), &made.pkcs8)?;
    let chain = std::slice::from_ref(&made.certificate);
    files::write_certificates(&certificate_file(folder, name), chain)?;
    Ok(())
}

/// Why a hub could not be founded.
#[derive(Debug, thiserror::Error)]
pub enum HubFoundingError {
    /// It was founded before.
    #[error("{} exists already: a hub was founded here before", path.display())]
    Exists {
        /// What stands there.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A key or certificate.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A signature.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Origin line of the list log's checkpoints.
pub(super) const LIST_LOG_ORIGIN: &str = "elicence/federation/lists";

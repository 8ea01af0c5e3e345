//! The hub's keys. An operator's key is never among them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::crypto::Signer;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::pki::{PkiError, files};

/// What the hub signs with.
pub(super) struct Keys {
    /// Certificate and key of TLS; the root pins the key.
    pub(super) tls: (Vec<Certificate>, Zeroizing<Vec<u8>>),
    /// Signs freshness statements.
    pub(super) freshness: Arc<dyn Signer>,
    /// Signs the list log's checkpoints.
    pub(super) log: Arc<dyn Signer>,
    /// Authorities whose certificates make operators of this node.
    pub(super) operators: Vec<Certificate>,
}

impl Keys {
    pub(super) fn load(data_dir: &Path) -> Result<Self, PkiError> {
        let signer = |name: &str| -> Result<Arc<dyn Signer>, PkiError> {
            let pkcs8 = files::read_key(&key_file(data_dir, name))?;
            Ok(Arc::new(SoftwareKey::from_pkcs8(&pkcs8)?))
        };
        Ok(Self {
            tls: (
                files::read_certificates(&certificate_file(data_dir, TLS))?,
                files::read_key(&key_file(data_dir, TLS))?,
            ),
            freshness: signer(FRESHNESS)?,
            log: signer(LIST_LOG)?,
            operators: files::read_certificates(&certificate_file(data_dir, OPERATOR_CA))?,
        })
    }
}

pub(super) fn key_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

pub(super) fn key_file(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join(format!("keys/{name}.key.pem"))
}

pub(super) fn certificate_file(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join(format!("keys/{name}.cert.pem"))
}

pub(super) const TLS: &str = "hub-tls";
pub(super) const FRESHNESS: &str = "freshness";
pub(super) const LIST_LOG: &str = "list-log";
pub(super) const OPERATOR_CA: &str = "client-ca-operator";

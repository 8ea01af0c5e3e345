//! The hub's keys. An operator's key is never among them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::publishing::HeldSigners;
use crate::crypto::note::VerifierKey;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{PublicKey, Signer};
use crate::pki::{PkiError, files};
use crate::trust::Root;

/// What the hub signs with.
pub(super) struct Keys {
    /// Certificate and key of TLS; the root pins the key.
    pub(super) tls: (Vec<Certificate>, Zeroizing<Vec<u8>>),
    /// Keys of freshness statements; the root says which one is in force.
    pub(super) freshness: Vec<Arc<dyn Signer>>,
    /// Keys of the list log's checkpoints, likewise.
    pub(super) log: Vec<Arc<dyn Signer>>,
    /// Signs the checkpoints of this hub's own audit log.
    pub(super) audit: Arc<dyn Signer>,
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
            freshness: signers(data_dir, FRESHNESS)?,
            log: signers(data_dir, LIST_LOG)?,
            audit: signer(LIST_LOG)?,
            operators: files::read_certificates(&certificate_file(data_dir, OPERATOR_CA))?,
        })
    }

    /// The keys that `root` names; `None` unless this hub holds both.
    pub(super) fn signers(&self, root: &Root) -> Option<HeldSigners> {
        let log: VerifierKey = root.document().log.vkey.parse().ok()?;
        let find = |keys: &[Arc<dyn Signer>], named: &PublicKey| {
            keys.iter().find(|key| key.public_key() == named).cloned()
        };
        Some(HeldSigners {
            freshness: find(&self.freshness, root.freshness_key())?,
            log: find(&self.log, log.public_key())?,
        })
    }
}

/// The key called `name` and those called `name-…`, which wait for a root that names them.
fn signers(data_dir: &Path, name: &str) -> Result<Vec<Arc<dyn Signer>>, PkiError> {
    let own = key_file(data_dir, name);
    let folder = own.parent().unwrap_or(data_dir);
    let is_further = |path: &PathBuf| {
        let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        file.starts_with(&format!("{name}-")) && file.ends_with(".key.pem")
    };
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut further: Vec<PathBuf> = found.map(|entry| entry.path()).filter(is_further).collect();
    further.sort();
    let load = |path: &PathBuf| -> Result<Arc<dyn Signer>, PkiError> {
        Ok(Arc::new(SoftwareKey::from_pkcs8(&files::read_key(path)?)?))
    };
    std::iter::once(&own).chain(&further).map(load).collect()
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

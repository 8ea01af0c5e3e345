//! The keys of a gateway: one for each thing it does, each in a file of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::rotating::next_file;
use crate::base::{Division, ServiceId};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{PublicKey, Signer};
use crate::pki::{Authority, PkiError, files};
use crate::trust::{ProvincialList, ServiceKind, ServiceStatus};

/// The keys that a running gateway holds.
pub(crate) struct Keys {
    /// Certificate and key of mutual TLS.
    pub(crate) tls: (Certificate, Zeroizing<Vec<u8>>),
    /// Signs requests, answers, grants, reports, records, receipts.
    pub(crate) signing: Arc<dyn Signer>,
    /// Signs status lists.
    pub(crate) status: Arc<dyn Signer>,
    /// States who a client is.
    pub(crate) registrar: Arc<dyn Signer>,
    /// Signs the audit log's checkpoints.
    pub(crate) log: Arc<dyn Signer>,
    /// Cosigns checkpoints of the list log.
    pub(crate) witness: Arc<dyn Signer>,
    /// Signs licences.
    pub(crate) issuer: IssuerKey,
    /// Makes nonces that need not be stored.
    pub(crate) nonce_secret: Zeroizing<[u8; 32]>,
}

/// A licence signer with its chain.
pub(crate) struct IssuerKey {
    /// Its entry in the list, the credential's `iss`.
    pub(crate) id: ServiceId,
    /// Its certificate, then the issuing authority's.
    pub(crate) chain: Vec<Certificate>,
    /// The key.
    pub(crate) signer: Arc<dyn Signer>,
}

impl Keys {
    /// Reads the keys of `division`'s gateway from its data directory.
    pub(crate) fn load(data_dir: &Path, division: Division) -> Result<Self, PkiError> {
        let folder = KeyFolder::of(data_dir);
        let certificate = first(files::read_certificates(&folder.certificate("gateway-tls"))?);
        Ok(Self {
            tls: (certificate, files::read_key(&folder.key("gateway-tls"))?),
            signing: folder.signer(ServiceKind::GatewaySigning.word())?,
            status: folder.signer(ServiceKind::Status.word())?,
            registrar: folder.signer(ServiceKind::Registrar.word())?,
            log: folder.signer(ServiceKind::LogSigning.word())?,
            witness: folder.signer("witness")?,
            issuer: IssuerKey {
                id: ServiceId::new(division, ServiceKind::Issuance.word(), 1),
                chain: files::read_certificates(&folder.certificate("issuance"))?,
                signer: folder.signer("issuance")?,
            },
            nonce_secret: folder.nonce_secret()?,
        })
    }
}

impl Keys {
    /// Goes over to the keys that are to follow, each as soon as `list`, the province's own in
    /// force, grants it.
    pub(crate) fn follow(
        &mut self,
        data_dir: &Path,
        list: &ProvincialList,
    ) -> Result<(), PkiError> {
        let folder = KeyFolder::of(data_dir);
        let granted = |key: &PublicKey| {
            let mut services = list.services().iter();
            services.find(|service| service.key == *key && service.status == ServiceStatus::Granted)
        };
        for (kind, place) in [
            (ServiceKind::GatewaySigning, &mut self.signing),
            (ServiceKind::Status, &mut self.status),
            (ServiceKind::Registrar, &mut self.registrar),
        ] {
            let next = next_file(kind.word());
            if folder.key(&next).exists() {
                let signer = folder.signer(&next)?;
                if granted(signer.public_key()).is_some() {
                    *place = signer;
                }
            }
        }
        let next = next_file("gateway-tls");
        if folder.key(&next).exists() {
            let certificate = first(files::read_certificates(&folder.certificate(&next))?);
            if certificate.public_key().is_ok_and(|key| granted(&key).is_some()) {
                self.tls = (certificate, files::read_key(&folder.key(&next))?);
            }
        }
        let next = next_file("issuance");
        if folder.key(&next).exists() {
            let signer = folder.signer(&next)?;
            if granted(signer.public_key()).is_some() {
                self.issuer.chain = files::read_certificates(&folder.certificate(&next))?;
                self.issuer.signer = signer;
            }
        }
        // The number of an issuer's entry is the list's to say: credentials carry it.
        if let Some(service) = granted(self.issuer.signer.public_key()) {
            self.issuer.id = service.id.clone();
        }
        Ok(())
    }

    /// Every key in use by its digest, as the log states it at the start.
    pub(crate) fn in_use(&self) -> String {
        let tls = self.tls.0.spki_digest();
        let spki = |signer: &Arc<dyn Signer>| signer.public_key().spki_digest();
        format!(
            "gateway-tls={tls} gateway-signing={} status={} registrar={} issuance={}",
            spki(&self.signing),
            spki(&self.status),
            spki(&self.registrar),
            spki(&self.issuer.signer),
        )
    }
}

/// Where a node keeps its keys: `DIR/keys/<name>.key.pem` and `DIR/keys/<name>.cert.pem`.
pub(crate) struct KeyFolder(PathBuf);

impl KeyFolder {
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("keys"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.key.pem"))
    }

    pub(crate) fn certificate(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.cert.pem"))
    }

    /// Reads a signing key.
    pub(crate) fn signer(&self, name: &str) -> Result<Arc<dyn Signer>, PkiError> {
        let pkcs8 = files::read_key(&self.key(name))?;
        let key = SoftwareKey::from_pkcs8(&pkcs8)?;
        Ok(Arc::new(key))
    }

    /// Loads an authority that issues certificates.
    pub(crate) fn authority(&self, name: &str) -> Result<Authority, PkiError> {
        let certificate = first(files::read_certificates(&self.certificate(name))?);
        Authority::load(certificate, &files::read_key(&self.key(name))?)
    }

    /// The secret of nonces: derived from a key file of its own, which only this node has.
    fn nonce_secret(&self) -> Result<Zeroizing<[u8; 32]>, PkiError> {
        let pkcs8 = files::read_key(&self.key("nonce"))?;
        let digest = crate::crypto::Digest::of_parts(&[b"elicence nonce secret\0", &pkcs8]);
        Ok(Zeroizing::new(*digest.as_bytes()))
    }
}

/// The first of certificates that were read from a file.
fn first(certificates: Vec<Certificate>) -> Certificate {
    // Unwrap safety: reading certificates from a file yields at least one or an error.
    certificates.into_iter().next().expect("a certificate file holds a certificate")
}

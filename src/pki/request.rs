//! A client's own request for a certificate (PKCS #10): which key asks, and in whose name.

use rcgen::{CertificateSigningRequestParams, PublicKeyData as _, SanType};

use super::error::PkiError;
use crate::crypto::PublicKey;
use crate::identity::ClientName;

/// A request whose signature proves that its sender holds the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCsr {
    /// The name that it asks for.
    pub name: ClientName,
    /// The key.
    pub key: PublicKey,
}

impl ClientCsr {
    /// Reads a request (PEM). It names exactly one client, by its URI, and a key that the
    /// federation admits; whatever else it asks for is not looked at and not given.
    pub fn read(request: &str) -> Result<Self, PkiError> {
        let request =
            CertificateSigningRequestParams::from_pem(request).map_err(|_| PkiError::Request)?;
        let [SanType::URI(uri)] = &request.params.subject_alt_names[..] else {
            return Err(PkiError::Request);
        };
        let name = uri.as_str().parse().map_err(|_| PkiError::Request)?;
        let spki = request.public_key.subject_public_key_info();
        let key = PublicKey::from_spki(&spki).map_err(|_| PkiError::Request)?;
        Ok(Self { name, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::seal::SoftwareKey;
    use crate::crypto::{Algorithm, Signer as _};
    use crate::pki::client_request;

    #[test]
    fn a_request_names_one_client_and_its_key() {
        let name: ClientName = "urn:elicence:client:120000:business:x".parse().unwrap();
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
        let read = ClientCsr::read(&client_request(&name, &pkcs8).unwrap()).unwrap();
        assert_eq!(read.name, name);
        assert_eq!(&read.key, SoftwareKey::from_pkcs8(&pkcs8).unwrap().public_key());
    }

    #[test]
    fn a_request_in_no_name_in_two_or_in_a_hosts_is_none() {
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
        let pair = rcgen::KeyPair::try_from(pkcs8.as_slice()).unwrap();
        let uri = |text: &str| SanType::URI(text.try_into().unwrap());
        let own = "urn:elicence:client:120000:business:x";
        for names in [
            vec![],
            vec![uri(own), uri("urn:elicence:client:120000:operator:x")],
            vec![uri("urn:elicence:member:120000")],
            vec![SanType::DnsName("gateway.test".try_into().unwrap())],
        ] {
            let mut asked = rcgen::CertificateParams::default();
            asked.subject_alt_names = names;
            let request = asked.serialize_request(&pair).unwrap().pem().unwrap();
            assert!(matches!(ClientCsr::read(&request), Err(PkiError::Request)));
        }
        assert!(matches!(ClientCsr::read("no request"), Err(PkiError::Request)));
    }
}

//! What is made holds the profile; what is kept can be read by its owner alone.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::base::{Code, Timestamp};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::issuance_chain;
use crate::crypto::{Algorithm, Signer as _};
use crate::identity::ClientName;

const DAY: Duration = Duration::from_hours(24);

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn period(days: u32) -> Period {
    Period::from_now(now(), days * DAY)
}

fn client() -> ClientName {
    "urn:elicence:client:120000:business:91120000MA000000XX".parse().unwrap()
}

#[test]
fn a_pinned_leaf_is_no_authority_and_lives_as_long_as_stated() {
    let made = Made::tls("gateway", &["127.0.0.1", "gateway.test"], period(730)).unwrap();
    let certificate = &made.certificate;
    assert!(!certificate.is_authority());
    assert!(certificate.is_valid_at(now()));
    assert_eq!(certificate.not_after().since(certificate.not_before()), 730 * DAY);
    assert_eq!(certificate.purposes(), ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    let key = made.signer().unwrap();
    assert_eq!(key.public_key(), &certificate.public_key().unwrap());
}

#[test]
fn nobody_lives_longer_than_its_kind_or_its_authority() {
    let too_long = |result: Result<Made, PkiError>| matches!(result, Err(PkiError::LifeTooLong));
    assert!(too_long(Made::tls("gateway", &["a.test"], period(731))));
    assert!(too_long(Made::signing("list", Algorithm::Es256, period(731))));
    assert!(too_long(Authority::make("ca", period(1462)).map(|(made, _)| made)));
    let (_, authority) = Authority::make("ca", period(1461)).unwrap();
    assert!(too_long(authority.issue_client(&client(), period(366))));
    let (_, ending) = Authority::make("ca", period(100)).unwrap();
    let outlives = ending.issue_signer("licences", period(101));
    assert!(matches!(outlives, Err(PkiError::OutlivesAuthority)));
    assert!(ending.issue_signer("licences", period(100)).is_ok());
}

#[test]
fn a_licence_signer_has_a_path_to_its_authority() {
    let (made, authority) = Authority::make("issuing CA", period(1461)).unwrap();
    let signer = authority.issue_signer("licences", period(730)).unwrap();
    let chain = [signer.certificate, made.certificate];
    assert_eq!(issuance_chain(&chain, now()), Ok(()));
}

#[test]
fn an_authority_goes_on_issuing_after_it_was_loaded_again() {
    let (made, _) = Authority::make("business CA", period(1461)).unwrap();
    let loaded = Authority::from_pem(&made.certificate_pem(), &made.key_pem()).unwrap();
    let issued = loaded.issue_client(&client(), period(365)).unwrap().certificate;
    assert_eq!(issued.verify_issued_by(&made.certificate), Ok(()));
    assert_eq!(issued.uris(), [client().to_string()]);
    assert_eq!(issued.purposes(), ["1.3.6.1.5.5.7.3.2"]);
}

#[test]
fn a_leaf_or_a_strangers_key_makes_no_authority() {
    let (made, _) = Authority::make("ca", period(1461)).unwrap();
    let leaf = Made::signing("leaf", Algorithm::Es256, period(10)).unwrap();
    let load = |certificate: &str, key: &str| Authority::from_pem(certificate, key).unwrap_err();
    let not_authority = load(&leaf.certificate_pem(), &leaf.key_pem());
    assert!(matches!(not_authority, PkiError::NotAnAuthority));
    assert!(matches!(load(&made.certificate_pem(), &leaf.key_pem()), PkiError::Key(_)));
    assert!(matches!(load(&made.certificate_pem(), ""), PkiError::Key(_)));
    assert!(matches!(load("", &made.key_pem()), PkiError::NotAnAuthority));
}

#[test]
fn of_a_request_only_the_key_is_taken() {
    let (_, authority) = Authority::make("ca", period(1461)).unwrap();
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
    let mut asked = rcgen::CertificateParams::new(vec!["bank.test".to_owned()]).unwrap();
    asked.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    asked.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::Any];
    let pair = rcgen::KeyPair::try_from(pkcs8.as_slice()).unwrap();
    let greedy = asked.serialize_request(&pair).unwrap().pem().unwrap();
    for request in [greedy, client_request(&client(), &pkcs8).unwrap()] {
        let issued = authority.issue_client_for(&request, &client(), period(365)).unwrap();
        let key = SoftwareKey::from_pkcs8(&pkcs8).unwrap();
        assert_eq!(&issued.public_key().unwrap(), key.public_key());
        assert!(!issued.is_authority());
        assert_eq!(issued.uris(), [client().to_string()]);
        assert_eq!(issued.purposes(), ["1.3.6.1.5.5.7.3.2"]);
        assert_eq!(issued.not_after().since(issued.not_before()), 365 * DAY);
    }
}

#[test]
fn a_request_that_does_not_prove_its_key_is_refused() {
    let (_, authority) = Authority::make("ca", period(1461)).unwrap();
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
    let request = client_request(&client(), &pkcs8).unwrap();
    let mut der = pem::decode_all("CERTIFICATE REQUEST", request.as_bytes()).unwrap().remove(0);
    let last = der.len() - 1;
    der[last] ^= 1;
    let forged = pem::encode("CERTIFICATE REQUEST", &der);
    let truncated = pem::encode("CERTIFICATE REQUEST", &der[..40]);
    for text in ["", forged.as_str(), truncated.as_str()] {
        let refused = authority.issue_client_for(text, &client(), period(10));
        assert!(matches!(refused, Err(PkiError::Request)), "{text}");
    }
}

#[test]
fn serial_numbers_and_keys_are_never_the_same() {
    let made: Vec<Made> =
        (0..4).map(|_| Made::signing("x", Algorithm::EdDsa, period(1)).unwrap()).collect();
    let mut serials: Vec<Vec<u8>> = Vec::new();
    for one in &made {
        let (_, parsed) = x509_parser::parse_x509_certificate(one.certificate.der()).unwrap();
        assert_eq!(parsed.raw_serial().len(), 16);
        assert!(!serials.contains(&parsed.raw_serial().to_vec()));
        serials.push(parsed.raw_serial().to_vec());
    }
}

#[test]
fn keys_and_chains_come_back_from_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let (key_path, chain_path) = (folder.path().join("a.key"), folder.path().join("a.pem"));
    let (ca, authority) = Authority::make("ca", period(1461)).unwrap();
    let made = authority.issue_signer("licences", period(10)).unwrap();
    let chain = [made.certificate.clone(), ca.certificate];
    for _ in 0..2 {
        files::write_key(&key_path, &made.pkcs8).unwrap();
        files::write_certificates(&chain_path, &chain).unwrap();
    }
    assert_eq!(*files::read_key(&key_path).unwrap(), *made.pkcs8);
    assert_eq!(files::read_certificates(&chain_path).unwrap(), chain);
    let mode = std::fs::metadata(&key_path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_key_that_others_may_read_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tls.key");
    let made = Made::signing("x", Algorithm::EdDsa, period(1)).unwrap();
    files::write_key(&path, &made.pkcs8).unwrap();
    for mode in [0o640, 0o604, 0o644, 0o660, 0o700] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = files::read_key(&path).unwrap_err();
        assert_eq!(refused.code(), Code::KeyPermissions);
        assert!(refused.to_string().contains("tls.key"), "{refused}");
    }
}

#[test]
fn a_file_without_the_expected_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let made = Made::signing("x", Algorithm::EdDsa, period(1)).unwrap();
    let twice = [made.key_pem().as_str(), made.key_pem().as_str()].concat();
    let truncated = &made.key_pem()[..60];
    for text in ["", "no PEM", made.certificate_pem().as_str(), twice.as_str(), truncated] {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(files::read_key(&path), Err(PkiError::Malformed { .. })), "{text}");
    }
    std::fs::write(&path, made.key_pem().as_bytes()).unwrap();
    assert!(matches!(files::read_certificates(&path), Err(PkiError::Malformed { .. })));
    std::fs::write(&path, vec![b'\n'; 1 << 20]).unwrap();
    assert!(matches!(files::read_certificates(&path), Err(PkiError::Malformed { .. })));
    let absent = files::read_key(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(absent, PkiError::File { .. }));
}

//! What the certificate of a key may not say, by the role of the key.

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

use super::*;

#[test]
fn a_leaf_is_no_authority_and_signs_no_certificates() {
    let mut applicant = Applicant::new();
    let findings = applicant.recertify(ServiceKind::Status, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    });
    assert_found(&findings, Code::PathProfile, ":status:1");
    assert_found(&findings, Code::PathKeyUsage, ":status:1");
    let mut applicant = Applicant::new();
    let findings = applicant.recertify(ServiceKind::Status, |params| {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = Vec::new();
    });
    assert_eq!(codes(&findings), [Code::PathKeyUsage]);
}

#[test]
fn an_authority_of_clients_is_one() {
    let mut applicant = Applicant::new();
    let findings = applicant.recertify(ServiceKind::ClientCa, signer);
    assert_found(&findings, Code::PathNotACa, ":client-ca:1");
    assert_found(&findings, Code::PathKeyUsage, ":client-ca:1");
}

#[test]
fn extended_key_usage_is_that_of_the_role() {
    for purposes in [
        Vec::new(),
        vec![ExtendedKeyUsagePurpose::ServerAuth],
        vec![ExtendedKeyUsagePurpose::ClientAuth],
        vec![ExtendedKeyUsagePurpose::Any],
        vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::CodeSigning,
        ],
    ] {
        let findings = Applicant::new().recertify(ServiceKind::GatewayTls, |params| {
            signer(params);
            params.extended_key_usages = purposes;
        });
        assert_found(&findings, Code::PathPurpose, ":gateway-tls:1");
    }
    let findings = Applicant::new().recertify(ServiceKind::Registrar, |params| {
        signer(params);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(codes(&findings), [Code::PathPurpose]);
}

#[test]
fn certificates_are_valid_now_and_do_not_live_too_long() {
    let day = Duration::from_hours(24);
    let changed = |adjust: fn(&mut CertificateParams, Duration)| {
        Applicant::new().recertify(ServiceKind::Registrar, |params| {
            signer(params);
            adjust(params, day);
        })
    };
    let early = changed(|params, day| params.not_before += 60 * day);
    assert_eq!(codes(&early), [Code::PathNotYetValid]);
    let ended = changed(|params, day| params.not_after = params.not_before + 20 * day);
    assert_eq!(codes(&ended), [Code::PathExpired]);
    let long = changed(|params, day| params.not_after = params.not_before + 731 * day);
    assert_eq!(codes(&long), [Code::PathProfile]);
    let authority = |days: u32| {
        Applicant::new().recertify(ServiceKind::ClientCa, |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            params.not_after = params.not_before + days * day;
        })
    };
    assert_eq!(authority(1461), []);
    assert_eq!(codes(&authority(1462)), [Code::PathProfile]);
}

#[test]
fn a_leaf_is_signed_by_itself_and_a_signer_of_licences_by_its_authority() {
    let mut applicant = Applicant::new();
    let authority = Identity::authority("another authority", now());
    let under = authority.issue_signer("not self-signed", now());
    applicant.list_instead(ServiceKind::Registrar, under);
    assert_eq!(codes(&applicant.findings()), [Code::PathNoPath]);
    let mut applicant = Applicant::new();
    let entry = applicant.province_mut().entry_mut(ServiceKind::Issuance);
    entry.certificates.truncate(1);
    assert_found(&applicant.findings(), Code::PathNoPath, ":issuance:1");
    let mut applicant = Applicant::new();
    let entry = applicant.province_mut().entry_mut(ServiceKind::Issuance);
    entry.certificates[1] = authority.certificate.clone();
    assert_found(&applicant.findings(), Code::PathNoPath, ":issuance:1");
}

#[test]
fn keys_are_of_an_admitted_kind_and_certificates_are_der() {
    let applicant = Applicant::new();
    let list = String::from_utf8(applicant.list()).unwrap();
    let replaced = |der: &[u8]| {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::STANDARD;
        let payload = crate::crypto::jws::GeneralJws::parse(list.as_bytes()).unwrap();
        let text = String::from_utf8(payload.payload().to_vec()).unwrap();
        let own = engine.encode(applicant.province().registrar.certificate.der());
        let changed = text.replace(&own, &engine.encode(der));
        assert_ne!(changed, text);
        let list = seal_with(changed.as_bytes(), &[&applicant.province().list], now());
        applicant.saying(|enrolment| enrolment.list = String::from_utf8(list).unwrap())
    };
    let own = applicant.province().registrar.certificate.der();
    let findings = replaced(&own[..own.len() - 1]);
    assert_found(&findings, Code::PathMalformed, ":registrar:1");
    let point = own.windows(3).position(|bytes| bytes == [0x42, 0, 4]).unwrap();
    let mut compressed = own.to_vec();
    compressed[point + 2] = 2;
    assert_found(&replaced(&compressed), Code::PathBadKey, ":registrar:1");
    let curve = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let named = own.windows(8).position(|bytes| bytes == curve).unwrap();
    let mut other_curve = own.to_vec();
    other_curve[named + 7] = 1;
    assert_found(&replaced(&other_curve), Code::PathBadKey, ":registrar:1");
}

#[test]
fn a_log_signs_with_ed25519() {
    let mut applicant = Applicant::new();
    let made = Identity::leaf("log", now());
    let entry = applicant.province().entry(ServiceKind::LogSigning, 1, &made);
    applicant.province_mut().entries.push(entry);
    applicant.province_mut().scope.may_vouch_for.push("log-signing".to_owned());
    applicant.others.push(("log-signing", made.key));
    assert_eq!(codes(&applicant.findings()), [Code::PathBadKey]);
}

#[test]
fn the_list_key_is_judged_like_every_other() {
    let mut applicant = Applicant::new();
    applicant.province_mut().list = Identity::make("list", now(), None, |params| {
        signer(params);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_after = params.not_before + Duration::from_hours(24);
    });
    let findings = applicant.findings();
    assert_found(&findings, Code::PathPurpose, "list-signing");
    assert_found(&findings, Code::PathExpired, "list-signing");
}

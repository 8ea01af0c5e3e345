//! Who is recognised, and who is not, in a federation of three provinces.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};

use super::*;
use crate::base::{Code, Timestamp};
use crate::crypto::x509::Certificate;
use crate::trust::testing::{Federation, Identity, list_id};
use crate::trust::{ServiceKind, ServiceStatus, Snapshot};

const OWN: &str = "120000";
const OTHER: &str = "130000";

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn gateway() -> Place {
    Place::Gateway(OWN.parse::<crate::base::Division>().unwrap().member())
}

fn at_gateway(snapshot: &Snapshot, leaf: &Identity) -> Result<Caller, IdentityRefusal> {
    identify(std::slice::from_ref(&leaf.certificate), snapshot, &gateway(), now())
}

/// A certificate under the enforcement authority of the own province, as `adjust` wants it.
fn client_with(federation: &Federation, adjust: impl FnOnce(&mut CertificateParams)) -> Identity {
    let authority = &federation.province(OWN).client_authorities["enforcement"];
    Identity::make("client", now(), Some(authority.as_issuer()), |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names = vec![uri("urn:elicence:client:120000:enforcement:unit-1")];
        adjust(params);
    })
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

#[test]
fn the_hub_a_member_and_a_client_are_told_apart_by_their_keys() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    assert_eq!(at_gateway(&snapshot, &federation.hub_tls), Ok(Caller::Hub));

    let province = federation.province(OTHER);
    let member = at_gateway(&snapshot, &province.tls).unwrap();
    assert_eq!(member.member(), Some(province.division.member()));
    assert_eq!(member.standing(), Ok(()));

    let police = federation.province(OWN).client("enforcement", "unit-1", now());
    let caller = at_gateway(&snapshot, &police).unwrap();
    let client = caller.client().unwrap();
    assert_eq!((client.role(), client.id().as_str()), (Role::Enforcement, "unit-1"));
    assert_eq!(client.division().as_str(), OWN);
    assert_eq!(client.certificate(), police.certificate.digest());
    assert_eq!(client.key().spki_digest(), police.certificate.spki_digest());
    assert_eq!(caller.standing(), Ok(()));
}

#[test]
fn nothing_and_too_much_are_refused_before_anything_is_looked_up() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let missing = identify(&[], &snapshot, &gateway(), now()).unwrap_err();
    assert_eq!(missing, IdentityRefusal::Missing);
    assert_eq!(missing.code(), Code::ClientCertificateRequired);

    let hub = federation.hub_tls.certificate.clone();
    let long: Vec<Certificate> = vec![hub.clone(); 5];
    assert_eq!(identify(&long, &snapshot, &gateway(), now()), Err(IdentityRefusal::TooLong));
    assert_eq!(read_chain(&[hub.der(); 5]), Err(IdentityRefusal::TooLong));
    assert!(matches!(read_chain(&[b"30"]), Err(IdentityRefusal::Certificate(_))));
    assert_eq!(read_chain(&[hub.der()]).unwrap(), [hub]);
}

#[test]
fn tls_02_strangers_are_unknown() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let province = federation.province(OTHER);
    let twin_authority = Identity::authority("Tianjin enforcement CA", now());
    let strangers = [
        Identity::tls("nobody", now()),
        province.client("enforcement", "unit-1", now()),
        // A listed member's key in a certificate that is not listed.
        province.tls.recertified("Hebei gateway", now()),
        // Listed keys that are for something else.
        Identity::tls("Hebei gateway", now()),
        twin_authority.issue_client("urn:elicence:client:120000:enforcement:unit-1", now()),
    ];
    for stranger in &strangers {
        assert_eq!(at_gateway(&snapshot, stranger), Err(IdentityRefusal::Unknown));
    }
    for other_kind in [&province.gateway, &province.list, &province.registrar, &province.issuer] {
        assert_eq!(at_gateway(&snapshot, other_kind), Err(IdentityRefusal::Unknown));
    }
    assert_eq!(IdentityRefusal::Unknown.code(), Code::ClientCertificateRejected);
}

#[test]
fn tls_03_certificates_count_within_their_validity_only() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let leaves = [
        federation.hub_tls.certificate.clone(),
        federation.province(OTHER).tls.certificate.clone(),
        federation.province(OWN).client("business", "b", now()).certificate,
    ];
    for leaf in leaves {
        let at = |instant| identify(std::slice::from_ref(&leaf), &snapshot, &gateway(), instant);
        let second = std::time::Duration::from_secs(1);
        assert!(at(leaf.not_after()).is_ok());
        let expired = IdentityRefusal::Expired { not_after: leaf.not_after() };
        assert_eq!(at(leaf.not_after() + second), Err(expired));
        assert!(at(leaf.not_before()).is_ok());
        assert_eq!(at(leaf.not_before() - second), Err(IdentityRefusal::NotYetValid));
    }
}

#[test]
fn a_client_does_not_outlive_its_authority() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let client = client_with(&federation, |params| {
        params.not_after += std::time::Duration::from_hours(24 * 400);
    });
    let authority = &federation.province(OWN).client_authorities["enforcement"].certificate;
    let later = authority.not_after() + std::time::Duration::from_hours(1);
    assert_eq!(
        identify(&[client.certificate], &snapshot, &gateway(), later),
        Err(IdentityRefusal::Expired { not_after: authority.not_after() })
    );
}

#[test]
fn tls_14_the_purpose_must_be_client_authentication_and_nothing_else() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let purposes: [Vec<ExtendedKeyUsagePurpose>; 4] = [
        vec![],
        vec![ExtendedKeyUsagePurpose::ServerAuth],
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::Any],
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
    ];
    for purpose in purposes {
        let client = client_with(&federation, |params| params.extended_key_usages = purpose);
        assert_eq!(at_gateway(&snapshot, &client), Err(IdentityRefusal::Purpose));
    }
    let mute = client_with(&federation, |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    });
    assert_eq!(at_gateway(&snapshot, &mute), Err(IdentityRefusal::Purpose));
}

#[test]
fn a_listed_member_needs_the_client_purpose_too() {
    let mut federation = Federation::new(now());
    let server_only = Identity::make("server only", now(), None, |params| {
        params.is_ca = IsCa::ExplicitNoCa;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let province = federation.province_mut(OTHER);
    let entry = province.entry(ServiceKind::GatewayTls, 1, &server_only);
    *province.entry_mut(ServiceKind::GatewayTls) = entry;
    federation.publish(list_id(OTHER));
    let snapshot = federation.snapshot();
    assert_eq!(at_gateway(&snapshot, &server_only), Err(IdentityRefusal::Purpose));
}

#[test]
fn a_client_has_exactly_one_name_of_this_province_in_its_authoritys_role() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let own = "urn:elicence:client:120000:enforcement:unit-1";
    let cases: [(Vec<SanType>, IdentityRefusal); 6] = [
        (vec![], IdentityRefusal::Name),
        (vec![uri(own), uri(own)], IdentityRefusal::Name),
        (vec![uri("urn:elicence:member:120000")], IdentityRefusal::Name),
        (vec![SanType::DnsName(own.replace(':', "-").try_into().unwrap())], IdentityRefusal::Name),
        (
            vec![uri("urn:elicence:client:130000:enforcement:unit-1")],
            IdentityRefusal::OtherProvince,
        ),
        (vec![uri("urn:elicence:client:120000:operator:unit-1")], IdentityRefusal::OtherRole),
    ];
    for (names, refusal) in cases {
        let client = client_with(&federation, |params| params.subject_alt_names = names);
        assert_eq!(at_gateway(&snapshot, &client), Err(refusal));
    }
}

#[test]
fn an_authority_is_nobodys_client() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let authority = client_with(&federation, |params| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    assert_eq!(at_gateway(&snapshot, &authority), Err(IdentityRefusal::NotALeaf));
}

#[test]
fn suspended_and_withdrawn_callers_are_known_and_have_no_standing() {
    for (status, code) in [
        (ServiceStatus::Staged, Code::MemberStaged),
        (ServiceStatus::Suspended, Code::MemberSuspended),
        (ServiceStatus::Withdrawn, Code::MemberWithdrawn),
    ] {
        let mut federation = Federation::new(now());
        federation.province_mut(OTHER).entry_mut(ServiceKind::GatewayTls).status = status;
        federation.province_mut(OWN).entry_mut(ServiceKind::ClientCa).status = status;
        federation.publish(list_id(OTHER));
        federation.publish(list_id(OWN));
        let snapshot = federation.snapshot();
        let member = at_gateway(&snapshot, &federation.province(OTHER).tls).unwrap();
        assert_eq!(member.standing(), Err(code));
        let reads = status == ServiceStatus::Suspended;
        assert_eq!(member.admission(), if reads { Ok(()) } else { Err(code) });
        let business = federation.province(OWN).client("business", "b", now());
        let client = at_gateway(&snapshot, &business).unwrap();
        assert_eq!(client.standing(), Err(Code::ClientSuspended));
        assert_eq!(client.admission(), Err(Code::ClientSuspended));
        assert_eq!(client.client().unwrap().status(), status);
    }
}

#[test]
fn at_the_hub_only_configured_authorities_make_operators() {
    let mut federation = Federation::new(now());
    let snapshot = federation.snapshot();
    let operators = Identity::authority("operators", now());
    let hub = Place::Hub(vec![operators.certificate.clone()]);
    let ask =
        |leaf: &Identity| identify(std::slice::from_ref(&leaf.certificate), &snapshot, &hub, now());

    let operator = operators.issue_client("urn:elicence:client:000000:operator:one", now());
    assert_eq!(ask(&operator).unwrap().client().unwrap().role(), Role::Operator);
    let business = operators.issue_client("urn:elicence:client:000000:business:one", now());
    assert_eq!(ask(&business), Err(IdentityRefusal::OtherRole));
    let provincial = federation.province(OWN).client("enforcement", "unit-1", now());
    assert_eq!(ask(&provincial), Err(IdentityRefusal::Unknown));
    assert!(matches!(ask(&federation.province(OWN).tls), Ok(Caller::Member { .. })));
}

//! What a province may vouch for, and that it cannot harm another by vouching for more.

use super::super::testing::{Identity, Listed, licence_types};
use super::super::{
    EntryRefusal, IssuerRefusal, ServiceKind, ServiceStatus, Snapshot, UpdateRefusal,
};
use super::*;
use crate::base::{Code, ServiceId};

/// The snapshot after every list was published again.
fn republished(federation: &mut Federation) -> Snapshot {
    federation.publish(ListId::Federation);
    for code in [TIANJIN, HEBEI, "440000"] {
        federation.publish(list_id(code));
    }
    federation.snapshot()
}

fn recognise(
    snapshot: &Snapshot,
    federation: &Federation,
    code: &str,
) -> Result<ServiceId, IssuerRefusal> {
    let signer = &federation.province(code).issuer.certificate;
    snapshot.recognise(signer, federation.now).map(|issuer| issuer.id().clone())
}

fn refusals(snapshot: &Snapshot) -> Vec<EntryRefusal> {
    snapshot.refused().iter().map(|(_, _, refusal)| *refusal).collect()
}

#[test]
fn tl_22_fd_02_an_issuer_for_another_division_is_refused_and_harms_no_one() {
    for territory in ["13", "1306", "130682", "1", "11"] {
        let mut federation = federation();
        let entry = federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance);
        entry.scope.as_mut().unwrap().territories.push(territory.to_owned());
        if territory.len() == 1 {
            let state = federation.state();
            let list = federation.seal(federation.draft(tianjin()));
            let outcome = announce_and_offer(&mut federation, &state, tianjin(), &list);
            assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed);
            continue;
        }
        let snapshot = republished(&mut federation);
        assert_eq!(refusals(&snapshot), [EntryRefusal::OutOfScope], "{territory}");
        let refused = recognise(&snapshot, &federation, TIANJIN).unwrap_err();
        assert_eq!(refused.code(), Code::IssuerOutOfScope);
        assert!(recognise(&snapshot, &federation, HEBEI).is_ok());
        let member = federation.province(TIANJIN).division.member();
        assert_eq!(snapshot.keys(member, ServiceKind::GatewaySigning).count(), 1);
    }
}

#[test]
fn fd_02_an_identifier_of_another_division_is_refused() {
    let mut federation = federation();
    let rogue = Identity::leaf("rogue", federation.now);
    let tianjin = federation.province(TIANJIN);
    let hebei_id = ServiceId::new("130000".parse().unwrap(), "status", 9);
    let member = tianjin.division.member();
    let possession = super::super::prove(&rogue.key, member, &hebei_id, ServiceKind::Status);
    let entry = Listed {
        id: hebei_id,
        possession: possession.unwrap(),
        ..tianjin.entry(ServiceKind::Status, 9, &rogue)
    };
    federation.province_mut(TIANJIN).entries.push(entry);
    assert_eq!(refusals(&republished(&mut federation)), [EntryRefusal::OutOfScope]);
}

#[test]
fn fd_02_fd_05_an_issuer_speaks_inside_its_scope_only() {
    let mut federation = federation();
    let snapshot = federation.snapshot();
    let province = federation.province(TIANJIN);
    let issuer = snapshot.recognise(&province.issuer.certificate, federation.now).unwrap();
    let (kind, own) = (&licence_types()[0], &province.authority_code);
    let other = &federation.province(HEBEI).authority_code;
    let check = |kind: &str, division: &str, authority: &str| {
        issuer.check_scope(kind, division.parse().unwrap(), authority)
    };
    assert_eq!(check(kind, "120000", own), Ok(()));
    assert_eq!(check(kind, "120101", own), Ok(()));
    for (kind, division, authority) in [
        (kind.as_str(), "130000", own.as_str()),
        (kind, "130682", own),
        (kind, "020000", own),
        (kind, "120000", other),
        (kind, "120000", ""),
        ("11100000000019713D999", "120000", own),
        ("tp", "120000", own),
        ("", "120000", own),
    ] {
        let refused = check(kind, division, authority).unwrap_err();
        assert_eq!(refused.code(), Code::IssuerOutOfScope, "{kind} {division} {authority}");
    }
}

#[test]
fn fd_02_a_countys_issuer_does_not_speak_for_the_next_county() {
    let mut federation = federation();
    let entry = federation.province_mut(HEBEI).entry_mut(ServiceKind::Issuance);
    entry.scope.as_mut().unwrap().territories = vec!["1306".to_owned()];
    let snapshot = republished(&mut federation);
    let hebei = federation.province(HEBEI);
    let issuer = snapshot.recognise(&hebei.issuer.certificate, federation.now).unwrap();
    let check =
        |division: &str| issuer.check_scope("TP", division.parse().unwrap(), &hebei.authority_code);
    assert_eq!(check("130682"), Ok(()));
    assert_eq!(check("130700"), Err(IssuerRefusal::OutOfScope));
    assert_eq!(check("130000"), Err(IssuerRefusal::OutOfScope));
}

#[test]
fn fd_05_a_licence_type_beyond_the_membership_is_refused() {
    let mut federation = federation();
    federation.province_mut(TIANJIN).scope.licence_types.remove(1);
    let snapshot = republished(&mut federation);
    assert_eq!(refusals(&snapshot), [EntryRefusal::OutOfScope]);
    assert_eq!(recognise(&snapshot, &federation, TIANJIN), Err(IssuerRefusal::OutOfScope));
}

#[test]
fn fd_05_a_kind_of_service_or_a_number_of_entries_beyond_the_membership_is_refused() {
    let mut federation = federation();
    federation.province_mut(TIANJIN).scope.may_vouch_for.retain(|word| word != "issuance");
    federation.province_mut(HEBEI).scope.max_list_entries = 5;
    let snapshot = republished(&mut federation);
    assert_eq!(refusals(&snapshot), [EntryRefusal::OutOfScope; 3]);
    assert_eq!(recognise(&snapshot, &federation, TIANJIN), Err(IssuerRefusal::OutOfScope));
    assert!(recognise(&snapshot, &federation, HEBEI).is_ok());
}

#[test]
fn fd_06_the_worse_of_the_provinces_and_the_services_status_counts() {
    use ServiceStatus::{Granted, Staged, Suspended, Withdrawn};
    for (province, service, expected) in [
        (Withdrawn, Granted, IssuerRefusal::Withdrawn),
        (Granted, Withdrawn, IssuerRefusal::Withdrawn),
        (Suspended, Withdrawn, IssuerRefusal::Withdrawn),
        (Suspended, Granted, IssuerRefusal::Suspended),
        (Granted, Suspended, IssuerRefusal::Suspended),
        (Staged, Granted, IssuerRefusal::NotFederated),
        (Granted, Staged, IssuerRefusal::NotFederated),
    ] {
        let mut federation = federation();
        federation.province_mut(TIANJIN).status = province;
        federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance).status = service;
        let snapshot = republished(&mut federation);
        assert_eq!(recognise(&snapshot, &federation, TIANJIN), Err(expected));
        assert!(recognise(&snapshot, &federation, HEBEI).is_ok());
        let tianjin = federation.province(TIANJIN);
        let keys = snapshot.keys(tianjin.division.member(), ServiceKind::GatewaySigning).count();
        assert_eq!(keys, usize::from(province == Granted));
        let (_, status) = snapshot.member_by_tls(&tianjin.tls.certificate).unwrap();
        assert_eq!(status, province);
    }
}

#[test]
fn fd_01_fd_19_a_copied_key_is_refused_and_its_holder_keeps_it() {
    for (thief, victim) in [(TIANJIN, HEBEI), (HEBEI, TIANJIN)] {
        let mut federation = federation();
        let copies: Vec<Listed> = federation.province(victim).entries.clone();
        let own = federation.province(thief);
        let copies = copies.into_iter().map(|copy| Listed {
            id: ServiceId::new(
                own.division,
                copy.kind.word(),
                7 + u32::from(copy.client_role == Some("business")),
            ),
            ..copy
        });
        let copies: Vec<Listed> = copies.collect();
        federation.province_mut(thief).entries.extend(copies);
        let snapshot = republished(&mut federation);
        assert_eq!(refusals(&snapshot), [EntryRefusal::NoPossessionProof; 7]);
        assert_eq!(snapshot.anchors(), 21, "nobody lost a key");
        let id = recognise(&snapshot, &federation, victim).unwrap();
        assert_eq!(id, federation.province(victim).issuer_id());
        let (member, _) =
            snapshot.member_by_tls(&federation.province(victim).tls.certificate).unwrap();
        assert_eq!(member.id, federation.province(victim).division.member());
    }
}

#[test]
fn fd_19_a_proof_stands_for_one_entry_only() {
    let mut federation = federation();
    let tianjin = federation.province(TIANJIN);
    let foreign = federation.province(HEBEI).entry(ServiceKind::Status, 1, &tianjin.status_signer);
    let proofs = [
        tianjin.entry(ServiceKind::Status, 2, &tianjin.status_signer).possession,
        tianjin.entry(ServiceKind::Registrar, 1, &tianjin.status_signer).possession,
        tianjin.entry(ServiceKind::Status, 1, &tianjin.registrar).possession,
        foreign.possession,
        String::new(),
        "a.b.c".to_owned(),
    ];
    for proof in proofs {
        federation.province_mut(TIANJIN).entry_mut(ServiceKind::Status).possession = proof;
        let snapshot = republished(&mut federation);
        assert_eq!(refusals(&snapshot), [EntryRefusal::NoPossessionProof]);
        let member = federation.province(TIANJIN).division.member();
        assert_eq!(snapshot.keys(member, ServiceKind::Status).count(), 0);
    }
}

#[test]
fn of_two_proven_entries_with_one_key_neither_is_believed() {
    let mut federation = federation();
    let tianjin = federation.province(TIANJIN);
    let again = tianjin.entry(ServiceKind::Registrar, 2, &tianjin.gateway);
    federation.province_mut(TIANJIN).entries.push(again);
    let snapshot = republished(&mut federation);
    assert_eq!(refusals(&snapshot), [EntryRefusal::DuplicateKey; 2]);
    assert_eq!(EntryRefusal::DuplicateKey.code(), Code::DuplicateKey);
    let member = federation.province(TIANJIN).division.member();
    assert_eq!(snapshot.keys(member, ServiceKind::GatewaySigning).count(), 0);
    assert_eq!(snapshot.keys(member, ServiceKind::Registrar).count(), 1, "the other one stays");
}

#[test]
fn an_issuer_needs_a_chain_that_holds() {
    let mut federation = federation();
    let now = federation.now;
    let other = Identity::authority("another CA", now);
    let tianjin = federation.province_mut(TIANJIN);
    let signer = tianjin.issuer.certificate.clone();
    for chain in [
        vec![signer.clone()],
        vec![signer.clone(), other.certificate.clone()],
        vec![signer.clone(), signer.clone()],
    ] {
        federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance).certificates = chain;
        let snapshot = republished(&mut federation);
        assert!(matches!(refusals(&snapshot)[..], [EntryRefusal::Chain(_)]));
        assert_eq!(recognise(&snapshot, &federation, TIANJIN), Err(IssuerRefusal::NotFederated));
    }
}

#[test]
fn a_signer_is_recognised_by_its_listed_certificate_and_kind_only() {
    let mut federation = federation();
    let snapshot = federation.snapshot();
    let now = federation.now;
    let tianjin = federation.province(TIANJIN);
    let again = tianjin.issuer.recertified("same key, other certificate", now);
    let unknown = tianjin.issuing_authority.issue_signer("not listed", now);
    for (certificate, expected) in [
        (&again.certificate, IssuerRefusal::OutOfScope),
        (&tianjin.gateway.certificate, IssuerRefusal::OutOfScope),
        (&tianjin.status_signer.certificate, IssuerRefusal::OutOfScope),
        (&unknown.certificate, IssuerRefusal::NotFederated),
        (&tianjin.issuing_authority.certificate, IssuerRefusal::NotFederated),
        (&tianjin.list.certificate, IssuerRefusal::NotFederated),
        (&federation.operators[0].certificate, IssuerRefusal::NotFederated),
    ] {
        assert_eq!(snapshot.recognise(certificate, now).unwrap_err(), expected);
    }
    let tls_again = tianjin.tls.recertified("same key, other certificate", now);
    assert!(snapshot.member_by_tls(&tls_again.certificate).is_none());
    assert!(snapshot.member_by_tls(&tianjin.gateway.certificate).is_none());
}

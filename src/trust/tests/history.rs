//! Past instants: which interval holds an instant, what a signature of then is worth, and which
//! histories are none.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::lote::{DigitalIdentity, EntityService, Extension, SignedList};
use super::super::{
    FederationList, ProvincialList, Reason, Service, ServiceKind, ServiceStatus, SignatureRefusal,
    StatusReason, signature_standing,
};
use super::*;
use crate::base::Code;
use crate::crypto::{Jwk, Signer as _};

use ServiceStatus::{Granted, Staged, Suspended, Withdrawn};

/// The instant `hours` after the entries of the fixture were first listed.
fn at(hours: u64) -> Timestamp {
    let first: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
    first + Duration::from_hours(hours)
}

fn compromised(date: Option<Timestamp>) -> StatusReason {
    StatusReason { invalidity_date: date, ..StatusReason::new(Reason::KeyCompromise) }
}

/// One change of an entry: its status, the reason, and the hour.
type Change = (ServiceStatus, Option<StatusReason>, u64);

/// Tianjin's issuer after `changes`, as a reader of its list finds it.
fn issuer_after(changes: &[Change]) -> Arc<Service> {
    let federation = federation();
    let mut draft = federation.draft(tianjin());
    let entry = issuer_entry(&mut draft.entities[0].services);
    for (status, reason, hour) in changes {
        entry.change_status(*status, *reason, at(*hour)).unwrap();
    }
    let list = ProvincialList::read(&SignedList::parse(&federation.seal(draft)).unwrap()).unwrap();
    let issuer = |service: &&Arc<Service>| service.kind == ServiceKind::Issuance;
    Arc::clone(list.services().iter().find(issuer).unwrap())
}

fn issuer_entry(services: &mut [EntityService]) -> &mut EntityService {
    let kind = ServiceKind::Issuance.to_string();
    let is_issuer = |entry: &&mut EntityService| entry.information.service_type_identifier == kind;
    services.iter_mut().find(is_issuer).unwrap()
}

#[test]
fn an_instant_has_the_status_of_the_interval_that_holds_it() {
    let issuer = issuer_after(&[(Suspended, None, 10), (Granted, None, 20), (Withdrawn, None, 30)]);
    let second = Duration::from_secs(1);
    for (instant, expected) in [
        (at(0) - second, None),
        (at(0), Some(Granted)),
        (at(10) - second, Some(Granted)),
        (at(10), Some(Suspended)),
        (at(20) - second, Some(Suspended)),
        (at(20), Some(Granted)),
        (at(30), Some(Withdrawn)),
        (at(90_000), Some(Withdrawn)),
    ] {
        assert_eq!(issuer.status_at(instant), expected, "{instant}");
    }
    assert_eq!((issuer.status, issuer.since), (Withdrawn, at(30)));
}

#[test]
fn a_member_has_a_past_as_well_also_under_another_list_key() {
    let mut federation = federation();
    let mut draft = federation.draft(ListId::Federation);
    let entry = &mut draft.entities[0].services[0];
    entry.change_status(Suspended, None, at(5)).unwrap();
    let new = Identity::leaf("the next list key", federation.now);
    entry.information.service_digital_identity =
        DigitalIdentity::of(std::slice::from_ref(&new.certificate));
    let list = federation.seal(draft);
    federation.announce(ListId::Federation, &list);
    let list = FederationList::read(&SignedList::parse(&list).unwrap()).unwrap();
    let member = list.members().next().unwrap();
    assert_eq!(member.status_at(at(0) - Duration::from_secs(1)), None);
    assert_eq!(member.status_at(at(4)), Some(Granted));
    assert_eq!(member.status_at(at(5)), Some(Suspended));
    assert_eq!(member.history.intervals().len(), 2);
}

#[test]
fn what_ended_in_order_leaves_earlier_signatures_as_they_were() {
    for status in [Suspended, Withdrawn] {
        let refusal = if status == Suspended {
            SignatureRefusal::Suspended
        } else {
            SignatureRefusal::Withdrawn
        };
        let reasons = [Reason::Superseded, Reason::Cessation, Reason::Administrative];
        for reason in
            reasons.map(|reason| Some(StatusReason::new(reason))).into_iter().chain([None])
        {
            let issuer = issuer_after(&[(status, reason, 10)]);
            for proven in [None, Some(at(5)), Some(at(15))] {
                let standing = |hour| signature_standing(&issuer, at(hour), proven);
                assert_eq!(standing(5), Ok(()), "{reason:?}");
                assert_eq!(standing(10), Err(refusal), "{reason:?}");
                assert_eq!(standing(15), Err(refusal), "{reason:?}");
                let before = signature_standing(&issuer, at(0) - Duration::from_secs(1), proven);
                assert_eq!(before, Err(SignatureRefusal::NotYetListed));
            }
        }
    }
}

#[test]
fn under_a_compromise_only_a_leaf_from_before_it_saves_a_signature() {
    use SignatureRefusal::{Compromised, Suspended as WasSuspended};
    let second = Duration::from_secs(1);
    let dated = issuer_after(&[(Suspended, Some(compromised(Some(at(5)))), 10)]);
    for (signed, proven, expected) in [
        // What a signature says of its own time is worth nothing: the thief can say it too.
        (at(1), None, Err(Compromised)),
        (at(6), None, Err(Compromised)),
        (at(1), Some(at(5)), Err(Compromised)),
        (at(1), Some(at(7)), Err(Compromised)),
        (at(6), Some(at(5)), Err(Compromised)),
        (at(1), Some(at(5) - second), Ok(())),
        (at(1), Some(at(2)), Ok(())),
        (at(11), Some(at(2)), Err(WasSuspended)),
        (at(0) - second, Some(at(2)), Err(SignatureRefusal::NotYetListed)),
    ] {
        assert_eq!(signature_standing(&dated, signed, proven), expected, "{signed} {proven:?}");
    }
    for undated in [compromised(None), StatusReason::new(Reason::CaCompromise)] {
        let from_ever = issuer_after(&[(Withdrawn, Some(undated), 10)]);
        for proven in [None, Some(at(0)), Some(at(2)), Some(at(20))] {
            for signed in [at(1), at(11)] {
                let standing = signature_standing(&from_ever, signed, proven);
                assert_eq!(standing, Err(Compromised));
            }
        }
    }
}

#[test]
fn a_compromise_is_not_talked_away_but_a_new_grant_takes_it_back() {
    let stated = Some(compromised(Some(at(5))));
    let other = Some(StatusReason::new(Reason::Administrative));
    let renamed = issuer_after(&[(Suspended, stated, 10), (Withdrawn, other, 20)]);
    let standing = |issuer: &Service, hour| signature_standing(issuer, at(hour), None);
    assert_eq!(standing(&renamed, 1), Err(SignatureRefusal::Compromised));
    let later = Some(compromised(Some(at(9))));
    let moved = issuer_after(&[(Suspended, stated, 10), (Withdrawn, later, 20)]);
    let proven = signature_standing(&moved, at(1), Some(at(7)));
    assert_eq!(proven, Err(SignatureRefusal::Compromised), "the earliest date counts");
    let wider = issuer_after(&[(Suspended, stated, 10), (Withdrawn, Some(compromised(None)), 20)]);
    let proven = signature_standing(&wider, at(1), Some(at(2)));
    assert_eq!(proven, Err(SignatureRefusal::Compromised), "no date is the earliest");
    let restored = issuer_after(&[(Suspended, stated, 10), (Granted, None, 20)]);
    assert_eq!(standing(&restored, 1), Ok(()));
    assert_eq!(standing(&restored, 12), Err(SignatureRefusal::Suspended));
    assert_eq!(standing(&restored, 21), Ok(()));
}

#[test]
fn each_refusal_has_its_published_code() {
    for (refusal, code) in [
        (SignatureRefusal::Compromised, Code::IssuerCertRevoked),
        (SignatureRefusal::NotYetListed, Code::IssuerNotFederated),
        (SignatureRefusal::Suspended, Code::IssuerSuspended),
        (SignatureRefusal::Withdrawn, Code::IssuerWithdrawn),
    ] {
        assert_eq!(refusal.code(), code);
    }
}

#[test]
fn a_staged_key_signs_nothing_that_counts() {
    let mut federation = federation();
    federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance).status = Staged;
    let mut draft = federation.draft(tianjin());
    let entry = issuer_entry(&mut draft.entities[0].services);
    entry.change_status(Granted, None, at(10)).unwrap();
    let list = ProvincialList::read(&SignedList::parse(&federation.seal(draft)).unwrap()).unwrap();
    let issuer = list.services().iter().find(|known| known.kind == ServiceKind::Issuance).unwrap();
    let standing = |hour| signature_standing(issuer, at(hour), None);
    assert_eq!(standing(5), Err(SignatureRefusal::NotYetListed));
    assert_eq!(standing(10), Ok(()));
}

#[test]
fn a_status_changes_as_it_may_and_no_other_way() {
    let federation = federation();
    let entry = || {
        let mut draft = federation.draft(tianjin());
        issuer_entry(&mut draft.entities[0].services).clone()
    };
    for (first, second) in
        [(Granted, Staged), (Suspended, Staged), (Withdrawn, Granted), (Withdrawn, Suspended)]
    {
        let mut changed = entry();
        changed.change_status(first, None, at(1)).unwrap();
        let outcome = changed.change_status(second, None, at(2));
        assert_eq!(outcome, Err(UpdateRefusal::Malformed), "{first} then {second}");
    }
    let mut changed = entry();
    let early = changed.change_status(Suspended, None, at(0) - Duration::from_secs(1));
    assert_eq!(early, Err(UpdateRefusal::Malformed));
    let unfit = changed.change_status(Granted, Some(compromised(None)), at(1));
    assert_eq!(unfit, Err(UpdateRefusal::Malformed));
    changed.change_status(Granted, None, at(1)).unwrap();
    assert!(changed.history.is_empty(), "nothing was changed");
    changed.change_status(Suspended, None, at(1)).unwrap();
    changed.change_status(Withdrawn, None, at(1)).unwrap();
    assert_eq!(changed.history.len(), 1, "one instant has one status");
}

/// The verdict on a list of Tianjin whose issuer, suspended for an hour, has this history.
fn verdict_on(change: impl FnOnce(&mut Value)) -> Result<(), UpdateRefusal> {
    let federation = federation();
    let mut draft = federation.draft(tianjin());
    let services = &mut draft.entities[0].services;
    let entry = issuer_entry(services);
    entry.change_status(Suspended, None, at(10)).unwrap();
    entry.change_status(Granted, None, at(11)).unwrap();
    let place = services.iter().position(|entry| !entry.history.is_empty()).unwrap();
    let mut document: Value = serde_json::from_slice(&draft.to_payload().unwrap()).unwrap();
    let place = format!("/LoTE/TrustedEntitiesList/0/TrustedEntityServices/{place}/ServiceHistory");
    change(document.pointer_mut(&place).unwrap());
    let payload = serde_json::to_vec(&document).unwrap();
    let signed = SignedList::parse(&seal_with(
        &payload,
        &list_signers(&federation, tianjin()),
        federation.now,
    ))?;
    ProvincialList::read(&signed).map(|_| ())
}

#[test]
fn a_history_that_is_none_keeps_the_list_out() {
    assert_eq!(verdict_on(|_| ()), Ok(()));
    let other = federation();
    let other = &other.province(HEBEI).issuer.certificate;
    let other = serde_json::to_value(DigitalIdentity::of(std::slice::from_ref(other))).unwrap();
    let extensions = |name: &str, value: Value| json!([{ "Critical": false, "Name": format!("urn:elicence:ext:{name}"), "Value": value }]);
    let changes: [(&str, Value); 17] = [
        ("/0/StatusStartingTime", json!("2026-11-21T19:00:00Z")),
        ("/0/StatusStartingTime", json!("2026-11-21T08:00:00Z")),
        ("/1/StatusStartingTime", json!("2026-11-21T18:00:00Z")),
        ("/1/StatusStartingTime", json!("2026-11-21 08:00:00Z")),
        ("/0/ServiceStatus", json!("urn:elicence:status:withdrawn")),
        ("/0/ServiceStatus", json!("urn:elicence:status:staged")),
        ("/0/ServiceStatus", json!("granted")),
        ("/0/ServiceTypeIdentifier", json!("urn:elicence:service:status")),
        ("/0/ServiceName", json!([])),
        ("/0/ServiceDigitalIdentity", json!({})),
        ("/0/ServiceDigitalIdentity", other),
        ("/0/Surprise", json!(1)),
        ("/0/ServiceInformationExtensions", json!([])),
        ("/0/ServiceInformationExtensions", extensions("PossessionProof", json!("x"))),
        (
            "/0/ServiceInformationExtensions",
            extensions("ServiceId", json!("urn:elicence:svc:120000:issuance:2")),
        ),
        ("/0/ServiceInformationExtensions", extensions("StatusReason", json!("superseded"))),
        ("", json!([])),
    ];
    for (place, value) in changes {
        let told = value.to_string();
        let outcome = verdict_on(|history| {
            if let Some(member) = history.pointer_mut(place) {
                *member = value;
            } else {
                history[0][place.rsplit('/').next().unwrap()] = value;
            }
        });
        assert_eq!(outcome, Err(UpdateRefusal::Malformed), "{place}: {told}");
    }
    let reversed = verdict_on(|history| history.as_array_mut().unwrap().reverse());
    assert_eq!(reversed, Err(UpdateRefusal::Malformed));
}

#[test]
fn a_history_names_its_key_by_certificate_or_bare_and_may_leave_out_the_rest() {
    // The fixture draws its keys anew each time, so this is another key.
    let other = federation();
    let other = Jwk::of(other.province(TIANJIN).issuer.key.public_key());
    let outcome = verdict_on(|history| {
        for instance in history.as_array_mut().unwrap() {
            let members = instance.as_object_mut().unwrap();
            members.remove("ServiceTypeIdentifier");
            members.remove("ServiceInformationExtensions");
        }
    });
    assert_eq!(outcome, Ok(()));
    let stranger = verdict_on(|history| {
        history[0]["ServiceDigitalIdentity"] = json!({ "PublicKeyValues": [other] });
    });
    assert_eq!(stranger, Err(UpdateRefusal::Malformed), "another key is another entry");
    let own = verdict_on(|history| {
        let identity = history[0]["ServiceDigitalIdentity"].clone();
        let identity: DigitalIdentity = serde_json::from_value(identity).unwrap();
        let key = Jwk::of(&identity.key().unwrap());
        history[0]["ServiceDigitalIdentity"] = json!({ "PublicKeyValues": [key] });
    });
    assert_eq!(own, Ok(()));
}

#[test]
fn a_reason_is_one_of_ours_and_fits_the_status() {
    let verdict = |status: &str, reason: Value| {
        let federation = federation();
        let mut draft = federation.draft(tianjin());
        let entry = issuer_entry(&mut draft.entities[0].services);
        entry.information.service_status = format!("urn:elicence:status:{status}");
        let extension = Extension::new("StatusReason", &reason).unwrap();
        entry.information.service_information_extensions.push(extension);
        let signed = SignedList::parse(&federation.seal(draft))?;
        ProvincialList::read(&signed).map(|_| ())
    };
    let date = "2026-11-21T12:00:00Z";
    for (status, reason) in [
        ("withdrawn", json!({ "reason": "superseded" })),
        ("withdrawn", json!({ "reason": "cessation" })),
        ("suspended", json!({ "reason": "administrative" })),
        ("suspended", json!({ "reason": "keyCompromise" })),
        ("withdrawn", json!({ "reason": "keyCompromise", "invalidityDate": date })),
        ("withdrawn", json!({ "reason": "caCompromise", "invalidityDate": date })),
        ("granted", json!({ "reason": "administrative" })),
    ] {
        assert_eq!(verdict(status, reason.clone()), Ok(()), "{status} {reason}");
    }
    for (status, reason) in [
        ("withdrawn", json!({ "reason": "unspecified" })),
        ("withdrawn", json!({ "reason": "KeyCompromise" })),
        ("withdrawn", json!({})),
        ("withdrawn", json!({ "reason": "superseded", "invalidityDate": date })),
        ("withdrawn", json!({ "reason": "keyCompromise", "invalidityDate": null })),
        ("withdrawn", json!({ "reason": "keyCompromise", "invalidityDate": "2026-11-21" })),
        ("withdrawn", json!({ "reason": "keyCompromise", "note": "x" })),
        ("granted", json!({ "reason": "keyCompromise" })),
        ("staged", json!({ "reason": "caCompromise" })),
    ] {
        let outcome = verdict(status, reason.clone());
        assert_eq!(outcome, Err(UpdateRefusal::Malformed), "{status} {reason}");
    }
}

#[test]
fn history_only_grows() {
    let short = issuer_after(&[(Suspended, None, 10)]);
    let long = issuer_after(&[(Suspended, None, 10), (Granted, None, 20)]);
    let other = issuer_after(&[(Suspended, None, 11), (Granted, None, 20)]);
    let fresh = issuer_after(&[]);
    assert!(short.history.continues(&short.history));
    assert!(short.history.continues(&fresh.history));
    assert!(long.history.continues(&short.history));
    assert!(!short.history.continues(&long.history), "what was stated is not taken back");
    assert!(!other.history.continues(&short.history), "nor told otherwise");
    assert!(!fresh.history.continues(&long.history), "nor left out");
}

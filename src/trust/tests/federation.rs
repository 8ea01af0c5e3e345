//! Age, ends and territories: when trust is too old, and who speaks for whom.

use std::time::Duration;

use super::super::{IssuerRefusal, Snapshot, TrustAge};
use super::*;
use crate::base::{Code, Division};

fn recognise(
    snapshot: &Snapshot,
    federation: &Federation,
    now: Timestamp,
) -> Option<IssuerRefusal> {
    snapshot.recognise(&federation.province(TIANJIN).issuer.certificate, now).err()
}

#[test]
fn tl_05_trust_ages_by_the_last_statement() {
    let mut federation = federation();
    let snapshot = federation.snapshot();
    let day = 86_400;
    for (seconds, expected) in [
        (0, TrustAge::Fresh),
        (299, TrustAge::Fresh),
        (300, TrustAge::Fresh),
        (301, TrustAge::Cached),
        (3_600, TrustAge::Cached),
        (3_601, TrustAge::Stale),
        (7 * day, TrustAge::Stale),
        (7 * day + 1, TrustAge::Expired),
    ] {
        let now = federation.now + Duration::from_secs(seconds);
        assert_eq!(snapshot.age(now), expected, "+{seconds} s");
        let usable = expected != TrustAge::Expired;
        assert_eq!(snapshot.is_usable(now), usable, "+{seconds} s");
        let refusal = (!usable).then_some(IssuerRefusal::TrustExpired);
        assert_eq!(recognise(&snapshot, &federation, now), refusal, "+{seconds} s");
    }
    let early = federation.now - Duration::from_hours(1);
    assert_eq!(snapshot.age(early), TrustAge::Fresh, "a clock behind the hub's ages nothing");
}

#[test]
fn tl_05_a_fresh_statement_does_not_prolong_a_list() {
    for (days, federation_list_in_force) in [(14, true), (90, false)] {
        let mut federation = federation();
        let state = federation.state();
        let end = federation.now + Duration::from_hours(24 * days);
        federation.now = end - Duration::from_secs(1);
        let token = federation.freshness();
        let state = take_freshness(&state, &token, federation.now).unwrap();
        let snapshot = Snapshot::build(state, 2, federation.now);
        let before = (days > 14).then_some(IssuerRefusal::TrustExpired);
        assert_eq!(recognise(&snapshot, &federation, federation.now), before);
        assert_eq!(snapshot.age(end), TrustAge::Fresh);
        assert_eq!(snapshot.is_usable(end), federation_list_in_force);
        let refusal = recognise(&snapshot, &federation, end).unwrap();
        assert_eq!(refusal.code(), Code::TrustExpired);
    }
}

#[test]
fn a_certificate_that_ends_later_ends_recognition() {
    let mut federation = federation();
    let snapshot = federation.snapshot();
    let end = federation.province(TIANJIN).issuer.certificate.not_after();
    let state = snapshot.state().clone();
    // Lists and statement are renewed shortly before; the snapshot is not judged again.
    federation.now = end - Duration::from_hours(1);
    federation.publish(ListId::Federation);
    federation.publish(tianjin());
    let state = federation.refresh(&state);
    let snapshot = Snapshot::build(state, 2, federation.now);
    assert_eq!(recognise(&snapshot, &federation, end), None);
    let after = end + Duration::from_secs(1);
    assert_eq!(recognise(&snapshot, &federation, after), Some(IssuerRefusal::CertificateEnded));
}

#[test]
fn nothing_is_trusted_before_the_first_list() {
    let federation = federation();
    let root = super::super::Root::pinned(&federation.signed_root()).unwrap();
    let snapshot = Snapshot::build(TrustState::pinned(root), 1, federation.now);
    assert_eq!(snapshot.anchors(), 0);
    assert_eq!(snapshot.age(federation.now), TrustAge::Expired);
    assert!(!snapshot.is_usable(federation.now));
    let refusal = recognise(&snapshot, &federation, federation.now);
    assert_eq!(refusal, Some(IssuerRefusal::TrustExpired));
}

#[test]
fn two_members_with_one_prefix_own_nothing_of_it() {
    let mut federation = federation();
    federation.province_mut(HEBEI).scope.territories.push("12".to_owned());
    federation.publish(ListId::Federation);
    let snapshot = federation.snapshot();
    let owner = |digits: &str| snapshot.owner_of(digits.parse::<Division>().unwrap());
    assert_eq!(owner("120000"), None);
    assert_eq!(owner("120101"), None);
    assert_eq!(owner("130000"), Some(federation.province(HEBEI).division.member()));
    assert_eq!(owner("990000"), None);
    assert_eq!(recognise(&snapshot, &federation, federation.now), Some(IssuerRefusal::OutOfScope));
}

#[test]
fn the_longest_prefix_owns() {
    let mut federation = federation();
    federation.province_mut(HEBEI).scope.territories.push("1201".to_owned());
    federation.publish(ListId::Federation);
    let snapshot = federation.snapshot();
    let owner = |digits: &str| snapshot.owner_of(digits.parse::<Division>().unwrap());
    assert_eq!(owner("120101"), Some(federation.province(HEBEI).division.member()));
    assert_eq!(owner("120201"), Some(federation.province(TIANJIN).division.member()));
    let tianjin = federation.province(TIANJIN);
    let issuer = snapshot.recognise(&tianjin.issuer.certificate, federation.now).unwrap();
    let check = |division: &str| {
        issuer.check_scope("TP", division.parse().unwrap(), &tianjin.authority_code)
    };
    assert_eq!(check("120201"), Ok(()));
    assert_eq!(check("120101"), Err(IssuerRefusal::OutOfScope));
}

//! What may be changed of a member without a new application.

use super::*;
use crate::exchange::Amendment;

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}

fn hosts(first: &str, second: &str) -> [String; 2] {
    [first.to_owned(), second.to_owned()]
}

#[test]
fn hosts_and_scope_change_alone_and_the_operators_see_it() {
    let mut desk = Desk::new();
    let before = desk.list().member(member("120000")).unwrap().clone();
    let moved = Amendment {
        hosts: Some(hosts("https://new.example:8443", "https://open.example")),
        ..Amendment::default()
    };
    let changes = desk.hold(desk.next().amend(member("120000"), &moved).unwrap());
    let kinds: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert!(kinds.iter().any(|line| line.contains("is reached at https://new.example:8443")));
    assert!(!kinds.iter().any(|line| line.contains("may now")), "{kinds:?}");
    let after = desk.list().member(member("120000")).unwrap().clone();
    assert_eq!(after.federation_origin(), "https://new.example:8443");
    assert_eq!(after.public_origin(), "https://open.example");
    assert_eq!(after.scope, before.scope);
    assert_eq!(after.list_key, before.list_key);

    let one = before.scope.licence_types[0].clone();
    let narrowed = Amendment {
        licence_types: Some(vec![one.clone()]),
        max_list_entries: Some(40),
        ..Amendment::default()
    };
    let changes = desk.hold(desk.next().amend(member("120000"), &narrowed).unwrap());
    assert!(changes.iter().any(|change| change.to_string().contains("may now")), "{changes:?}");
    let narrow = desk.list().member(member("120000")).unwrap().clone();
    assert_eq!(narrow.scope.licence_types, [one]);
    assert_eq!(narrow.scope.max_list_entries, 40);
    assert_eq!(narrow.scope.territories, before.scope.territories);
    assert_eq!(narrow.federation_origin(), "https://new.example:8443", "it is carried over");
}

#[test]
fn what_lies_outside_the_division_or_does_not_exist_is_refused() {
    let mut desk = Desk::new();
    let refused =
        |desk: &Desk, amendment: Amendment| desk.next().amend(member("120000"), &amendment).err();
    let none = Amendment::default;
    for territories in [&["13"][..], &["1"], &["12", "13"], &["12000x"], &[]] {
        let amendment = Amendment { territories: Some(words(territories)), ..none() };
        assert_eq!(refused(&desk, amendment), Some(MembershipError::Scope), "{territories:?}");
    }
    for amendment in [
        Amendment { licence_types: Some(words(&["11100000000019713D999"])), ..none() },
        Amendment { may_vouch_for: Some(words(&["list-signing"])), ..none() },
        Amendment { may_vouch_for: Some(words(&["everything"])), ..none() },
        Amendment { max_list_entries: Some(u32::MAX), ..none() },
    ] {
        assert_eq!(
            refused(&desk, amendment.clone()),
            Some(MembershipError::Scope),
            "{amendment:?}"
        );
    }
    for host in ["http://a.example", "https://A.example", "https://a.example/", "https://", "a"] {
        for pair in [hosts(host, "https://b.example"), hosts("https://b.example", host)] {
            let amendment = Amendment { hosts: Some(pair), ..none() };
            assert_eq!(refused(&desk, amendment), Some(MembershipError::Host), "{host}");
        }
    }
    assert_eq!(refused(&desk, none()), Some(MembershipError::NothingChanges));
    let held = desk.list().member(member("120000")).unwrap().scope.territories.clone();
    let same = Amendment { territories: Some(held), ..none() };
    assert_eq!(refused(&desk, same.clone()), Some(MembershipError::NothingChanges));
    let stranger = desk.next().amend(member("510000"), &same).err();
    assert_eq!(stranger, Some(MembershipError::NoMember));
    desk.hold(desk.next().withdraw(member("120000")).unwrap());
    let few = Amendment { max_list_entries: Some(1), ..none() };
    assert_eq!(refused(&desk, few), Some(MembershipError::Withdrawn));
}

//! Two persons, decided in the transaction; and clients that do not come back by themselves.

use super::*;
use crate::base::Division;

fn proposal(id: &str, proposer: &str, key: &str) -> ProposalRow {
    ProposalRow {
        id: id.to_owned(),
        kind: "list".to_owned(),
        document: "{}".to_owned(),
        state: ProposalState::Proposed,
        proposer: proposer.to_owned(),
        proposer_spki: Digest::of(key),
        approver: None,
        created: at(0),
        ends: at(3600),
    }
}

async fn commit(store: &Store, effect: Effect) -> Result<(), Code> {
    match store.commit(vec![effect], pending()).await {
        Ok(_) => Ok(()),
        Err(CommitError::Refused { code, .. }) => Err(code),
        Err(CommitError::Store(error)) => panic!("{error}"),
    }
}

async fn approve(
    store: &Store,
    (approver, key): (&str, &str),
    persons: Persons,
    second: i64,
) -> Result<(), Code> {
    let approval = Approval {
        proposal: "list:1".to_owned(),
        approver: approver.to_owned(),
        approver_spki: Digest::of(key),
        persons,
    };
    commit(store, Effect::ApproveProposal { approval, now: at(second) }).await
}

#[tokio::test]
async fn one_person_in_two_guises_approves_nothing() {
    let bench = Bench::new();
    let store = bench.open().await;
    assert_eq!(approve(&store, ("two", "key 2"), Persons::Two, 1).await, Err(Code::NotFound));
    let row = proposal("list:1", "one", "key 1");
    assert_eq!(commit(&store, Effect::Propose(row.clone())).await, Ok(()));
    for guise in [("one", "key 1"), ("one", "key 2"), ("two", "key 1")] {
        let alone = approve(&store, guise, Persons::Two, 1).await;
        assert_eq!(alone, Err(Code::RoleNotAllowed), "{guise:?}");
    }
    let late = approve(&store, ("two", "key 2"), Persons::Two, 3600).await;
    assert_eq!(late, Err(Code::StateConflict));
    let again = proposal("list:1", "two", "key 2");
    assert_eq!(commit(&store, Effect::Propose(again)).await, Err(Code::StateConflict));
    assert_eq!(approve(&store, ("two", "key 2"), Persons::Two, 1).await, Ok(()));
    let kept = store.proposal("list:1").await.unwrap().unwrap();
    assert_eq!((kept.state, kept.approver.as_deref()), (ProposalState::Approved, Some("two")));
    let twice = approve(&store, ("three", "key 3"), Persons::Two, 1).await;
    assert_eq!(twice, Err(Code::StateConflict));
}

#[tokio::test]
async fn where_one_is_enough_the_proposer_may_approve_and_what_is_over_may_be_proposed_anew() {
    let bench = Bench::new();
    let store = bench.open().await;
    commit(&store, Effect::Propose(proposal("list:1", "one", "key 1"))).await.unwrap();
    assert_eq!(approve(&store, ("one", "key 1"), Persons::One, 1).await, Ok(()));
    let anew = ProposalRow { created: at(10), ..proposal("list:1", "two", "key 2") };
    assert_eq!(commit(&store, Effect::Propose(anew.clone())).await, Ok(()));
    assert_eq!(store.proposals("list").await.unwrap(), [anew]);
}

#[tokio::test]
async fn a_client_that_was_withdrawn_neither_comes_back_nor_renews() {
    let bench = Bench::new();
    let store = bench.open().await;
    let division: Division = "120000".parse().unwrap();
    let row = |key: &str| ClientRow {
        id: "unit-7".parse().unwrap(),
        role: "enforcement".to_owned(),
        division,
        spki: Digest::of(key),
        name: "示例".to_owned(),
        intended_uses: "[]".to_owned(),
        state: ClientState::Active,
        created: at(0),
    };
    let set = |state| Effect::SetClientState {
        role: "enforcement".to_owned(),
        id: "unit-7".parse().unwrap(),
        spki: None,
        state,
    };
    let renew = |previous: &str, next: &str| {
        Effect::RenewClient(RenewalRow {
            spki: Digest::of(next),
            previous: Digest::of(previous),
            proof: "a.b.c".to_owned(),
            created: at(1),
        })
    };
    assert_eq!(commit(&store, set(ClientState::Suspended)).await, Err(Code::NotFound));
    commit(&store, Effect::PutClient(row("one"))).await.unwrap();
    let stolen = ClientRow { id: "unit-8".parse().unwrap(), ..row("one") };
    assert_eq!(commit(&store, Effect::PutClient(stolen)).await, Err(Code::StateConflict));
    assert_eq!(commit(&store, renew("one", "two")).await, Ok(()));
    assert_eq!(commit(&store, renew("one", "three")).await, Err(Code::StateConflict));
    assert_eq!(commit(&store, renew("nobody", "four")).await, Err(Code::StateConflict));
    assert_eq!(commit(&store, set(ClientState::Suspended)).await, Ok(()));
    assert_eq!(commit(&store, Effect::PutClient(row("one"))).await, Err(Code::StateConflict));
    assert_eq!(commit(&store, renew("one", "five")).await, Err(Code::StateConflict));
    assert_eq!(commit(&store, set(ClientState::Active)).await, Ok(()));
    assert_eq!(commit(&store, set(ClientState::Withdrawn)).await, Ok(()));
    for state in [ClientState::Active, ClientState::Suspended] {
        assert_eq!(commit(&store, set(state)).await, Err(Code::StateConflict));
    }
    assert_eq!(commit(&store, set(ClientState::Withdrawn)).await, Ok(()), "twice is once");
}

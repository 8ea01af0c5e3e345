//! Grants, requests, nonces: what only a transaction decides.

use super::*;
use crate::audit::Outcome;
use crate::crypto::json;

async fn outcomes(store: &Store) -> Vec<Outcome> {
    let rows = store.audit_entries(0, u64::MAX).await.unwrap();
    rows.into_iter()
        .map(|row| {
            let (_, entry) = row.content.unwrap();
            json::from_slice::<Entry>(entry.as_bytes()).unwrap().outcome
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_parallel_uses_of_one_are_one_use_and_99_recorded_refusals() {
    let bench = Bench::new();
    let store = bench.open().await;
    let grant = grant(Some(1));
    insert_grant(&store, &grant).await;

    let attempts = (0..100).map(|_| {
        let (store, effects) = (store.clone(), use_at(&grant, 1));
        tokio::spawn(
            async move { store.commit(effects, pending_at(EntryKind::Disclosure, 1)).await },
        )
    });
    let mut indexes = Vec::new();
    let mut successes = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(receipt) => {
                successes += 1;
                indexes.push(receipt.index());
            }
            Err(CommitError::Refused { code, receipt }) => {
                assert_eq!(code, Code::GrantExhausted);
                indexes.push(receipt.index());
            }
            Err(error) => panic!("{error}"),
        }
    }
    indexes.sort_unstable();
    assert_eq!(successes, 1);
    assert_eq!(indexes, (1..=100).collect::<Vec<_>>());
    let refused = Outcome::Refused(Code::GrantExhausted);
    let outcomes = outcomes(&store).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == refused).count(), 99);
    let stored = store.grant(&grant.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.uses), (GrantState::Exhausted, 1));
    assert_eq!(store.verify_audit().await.unwrap().refusals, 99);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_parallel_uses_are_told_forty_numbers() {
    let bench = Bench::new();
    let store = bench.open().await;
    let grant = grant(Some(40));
    insert_grant(&store, &grant).await;
    let attempts = (0..40).map(|attempt: u8| {
        let nonce = Digest::of([attempt]);
        let mut effects = use_at(&grant, 1);
        // Alone, and with another effect in a savepoint.
        if attempt.is_multiple_of(2) {
            effects.push(Effect::SpendNonce { nonce, expires: at(300) });
        }
        let store = store.clone();
        tokio::spawn(async move { store.commit(effects, pending()).await })
    });
    let mut numbers = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        numbers.extend(attempt.await.unwrap().unwrap().use_number());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    let Err(CommitError::Refused { code, receipt }) =
        store.commit(use_at(&grant, 1), pending()).await
    else {
        panic!("a forty-first use")
    };
    assert_eq!((code, receipt.use_number()), (Code::GrantExhausted, None));
    assert_eq!(store.commit(Vec::new(), pending()).await.unwrap().use_number(), None);
}

#[tokio::test]
async fn co_02_a_used_up_grant_cannot_be_used_again() {
    let bench = Bench::new();
    let store = bench.open().await;
    let grant = grant(Some(2));
    insert_grant(&store, &grant).await;
    for _ in 0..2 {
        store.commit(use_at(&grant, 1), pending()).await.unwrap();
    }
    assert_eq!(refusal(store.commit(use_at(&grant, 1), pending()).await), Code::GrantExhausted);
}

#[tokio::test]
async fn co_04_a_grant_ends_at_its_second() {
    let bench = Bench::new();
    let store = bench.open().await;
    let grant = grant(None);
    insert_grant(&store, &grant).await;
    assert_eq!(refusal(store.commit(use_at(&grant, -1), pending()).await), Code::GrantRequired);
    for second in [0, 3599] {
        store.commit(use_at(&grant, second), pending()).await.unwrap();
    }
    for second in [3600, 3601] {
        let refused = store.commit(use_at(&grant, second), pending()).await;
        assert_eq!(refusal(refused), Code::GrantExpired);
    }
    let stored = store.grant(&grant.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.uses), (GrantState::Active, 2));
    assert_eq!(stored.state_at(at(3599)), GrantState::Active);
    assert_eq!(stored.state_at(at(3600)), GrantState::Expired);
    let revoked = GrantRow { state: GrantState::Revoked, ..stored };
    assert_eq!(revoked.state_at(at(3600)), GrantState::Revoked);
}

#[tokio::test]
async fn a_clock_that_ran_ahead_ends_and_forgets_nothing() {
    let bench = Bench::new();
    let store = bench.open().await;
    let (active, request) = (grant(None), consent_request());
    insert_grant(&store, &active).await;
    let spend = |name: &str| Effect::SpendNonce { nonce: Digest::of(name), expires: at(300) };
    let effects = vec![spend("1"), Effect::InsertConsentRequest(request.clone())];
    store.commit(effects, pending()).await.unwrap();
    let ahead = 8 * 24 * 3600;
    for second in [ahead, ahead + 61] {
        let started = pending_at(EntryKind::Started, second);
        store.commit(vec![spend(&second.to_string())], started).await.unwrap();
    }
    let refused = store.commit(use_at(&active, ahead), pending()).await;
    assert_eq!(refusal(refused), Code::GrantExpired);
    store.close().await;

    let store = bench.open().await;
    assert_eq!(refusal(store.commit(vec![spend("1")], pending()).await), Code::HolderReplay);
    let stored = store.grant(&active.id).await.unwrap();
    assert_eq!(stored, Some(active.clone()));
    store.commit(use_at(&active, 1), pending()).await.unwrap();
    assert_eq!(store.consent_request(&request.id).await.unwrap(), Some(request));
}

#[tokio::test]
async fn a_sweep_forgets_what_ended_by_authenticated_time_and_nothing_else() {
    let bench = Bench::new();
    let store = bench.open().await;
    let (active, request) = (grant(None), consent_request());
    insert_grant(&store, &active).await;
    let spend = |end| {
        let nonce = Digest::of(format!("until {end}"));
        vec![Effect::SpendNonce { nonce, expires: at(end) }]
    };
    for end in [300, 400] {
        store.commit(spend(end), pending()).await.unwrap();
    }
    store.commit(vec![Effect::InsertConsentRequest(request.clone())], pending()).await.unwrap();
    let before = store.verify_audit().await.unwrap().size;

    store.sweep(at(599)).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().size, before);
    assert_eq!(refusal(store.commit(spend(300), pending()).await), Code::HolderReplay);
    store.sweep(at(600)).await.unwrap();
    assert_eq!(refusal(store.commit(spend(400), pending()).await), Code::HolderReplay);
    store.commit(spend(300), pending()).await.unwrap();
    store.sweep(at(9_000)).await.unwrap();
    assert_eq!(store.grant(&active.id).await.unwrap(), Some(active));
    assert_eq!(store.consent_request(&request.id).await.unwrap(), Some(request));

    let reading = Store::open_read_only(bench.path(), store.log_key.clone()).await.unwrap();
    let refused = reading.sweep(at(9_000)).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly));
}

#[tokio::test]
async fn co_05_a_revoked_or_paused_grant_cannot_be_used() {
    let bench = Bench::new();
    let store = bench.open().await;
    let grant = grant(None);
    insert_grant(&store, &grant).await;
    let id = || grant.id.clone();
    store.commit(vec![Effect::PauseGrant { grant: id() }], pending()).await.unwrap();
    assert_eq!(refusal(store.commit(use_at(&grant, 1), pending()).await), Code::GrantPaused);
    store.commit(vec![Effect::ResumeGrant { grant: id() }], pending()).await.unwrap();
    store.commit(use_at(&grant, 1), pending()).await.unwrap();
    for second in [2, 3] {
        let revoke = vec![Effect::RevokeGrant { grant: id(), now: at(second) }];
        store.commit(revoke, pending()).await.unwrap();
    }
    let stored = store.grant(&grant.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.ended), (GrantState::Revoked, Some(at(2))));
    assert_eq!(refusal(store.commit(use_at(&grant, 1), pending()).await), Code::GrantRevoked);
    for effect in [Effect::ResumeGrant { grant: id() }, Effect::PauseGrant { grant: id() }] {
        assert_eq!(refusal(store.commit(vec![effect], pending()).await), Code::StateConflict);
    }
    let unknown = GrantId::generate(at(0), &SystemEntropy);
    let used = vec![Effect::UseGrant { grant: unknown.clone(), now: at(1) }];
    assert_eq!(refusal(store.commit(used, pending()).await), Code::GrantRequired);
    let revoked = vec![Effect::RevokeGrant { grant: unknown, now: at(1) }];
    assert_eq!(refusal(store.commit(revoked, pending()).await), Code::NotFound);
}

#[tokio::test]
async fn co_32_a_transfer_ends_the_grants_of_its_licence_only() {
    let bench = Bench::new();
    let store = bench.open().await;
    let (ours, other) = (grant(None), GrantRow { licence: identifier(2), ..grant(None) });
    insert_grant(&store, &ours).await;
    insert_grant(&store, &other).await;
    let end = vec![Effect::EndGrantsOf { licence: identifier(1), now: at(5) }];
    store.commit(end.clone(), pending()).await.unwrap();
    store.commit(end, pending()).await.unwrap();
    assert_eq!(refusal(store.commit(use_at(&ours, 6), pending()).await), Code::GrantRevoked);
    store.commit(use_at(&other, 6), pending()).await.unwrap();
    assert_eq!(store.grants_of(&identifier(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_is_answered_once_and_in_time() {
    let bench = Bench::new();
    let store = bench.open().await;
    let request = consent_request();
    let answer = |second: i64| {
        let row = GrantRow { created: at(second), ..grant(None) };
        vec![Effect::InsertGrant { row, consent_request: Some(request.id.clone()) }]
    };
    assert_eq!(refusal(store.commit(answer(1), pending()).await), Code::StateConflict);
    let insert = vec![Effect::InsertConsentRequest(request.clone())];
    store.commit(insert.clone(), pending()).await.unwrap();
    assert_eq!(refusal(store.commit(insert, pending()).await), Code::StateConflict);
    assert_eq!(refusal(store.commit(answer(300), pending()).await), Code::StateConflict);
    store.commit(answer(299), pending()).await.unwrap();
    assert_eq!(refusal(store.commit(answer(299), pending()).await), Code::StateConflict);
    let deny = vec![Effect::DenyConsentRequest { request: request.id.clone() }];
    assert_eq!(refusal(store.commit(deny, pending()).await), Code::StateConflict);
    let stored = store.consent_request(&request.id).await.unwrap().unwrap();
    assert_eq!(stored, ConsentRequestRow { state: ConsentRequestState::Approved, ..request });
    assert_eq!(store.grants_of(&identifier(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_nonce_and_a_request_are_spent_once_also_after_a_restart() {
    let bench = Bench::new();
    let store = bench.open().await;
    let nonce = vec![Effect::SpendNonce { nonce: Digest::of("nonce"), expires: at(300) }];
    let request = |jti: &str| {
        let (issuer, jti) = ("urn:elicence:member:130000".to_owned(), jti.to_owned());
        vec![Effect::SpendRequest { issuer, jti, expires: at(60) }]
    };
    store.commit(nonce.clone(), pending()).await.unwrap();
    store.commit(request("1"), pending()).await.unwrap();
    store.commit(request("2"), pending()).await.unwrap();
    let twice = [request("3"), request("3")].concat();
    assert_eq!(refusal(store.commit(twice, pending()).await), Code::RequestReplayed);
    store.commit(request("3"), pending()).await.unwrap();
    assert_eq!(refusal(store.commit(nonce.clone(), pending()).await), Code::HolderReplay);
    store.close().await;

    let store = bench.open().await;
    assert_eq!(refusal(store.commit(nonce, pending()).await), Code::HolderReplay);
    assert_eq!(refusal(store.commit(request("1"), pending()).await), Code::RequestReplayed);
}

#[tokio::test]
async fn a_refused_commit_spends_nothing_and_harms_no_neighbour() {
    let bench = Bench::new();
    let store = bench.open().await;
    let (dead, alive) = (grant(Some(1)), grant(Some(1)));
    insert_grant(&store, &alive).await;
    let nonce = || Effect::SpendNonce { nonce: Digest::of("nonce"), expires: at(300) };
    let doomed = [vec![nonce()], use_at(&alive, 1), use_at(&dead, 1)].concat();
    let (refused, neighbour) = tokio::join!(
        store.commit(doomed, pending()),
        store.commit(
            vec![Effect::InsertConsentRequest(consent_request())],
            pending_at(EntryKind::ConsentRequested, 0)
        ),
    );
    assert_eq!(refusal(refused), Code::GrantRequired);
    assert_eq!(neighbour.unwrap().index(), 2);
    assert_eq!(store.grant(&alive.id).await.unwrap().unwrap().uses, 0);
    store.commit([vec![nonce()], use_at(&alive, 1)].concat(), pending()).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().refusals, 1);
}

#[tokio::test]
async fn a_value_the_schema_refuses_harms_its_own_commit_only() {
    let bench = Bench::new();
    let store = bench.open().await;
    let row = GrantRow { uses: 2, ..grant(Some(1)) };
    let (broken, neighbour) = tokio::join!(
        store.commit(vec![Effect::InsertGrant { row, consent_request: None }], pending()),
        store.commit(Vec::new(), pending()),
    );
    assert_eq!(refusal(broken), Code::Internal);
    assert_eq!(neighbour.unwrap().index(), 1);
}

#[tokio::test]
async fn at_capacity_nonces_are_shed_without_an_entry() {
    let bench = Bench::new();
    let full = Arc::new(ReplayIndex::holding(0, Vec::new()));
    let store = Store { replay: full, ..bench.open().await };
    let nonce = vec![Effect::SpendNonce { nonce: Digest::of("nonce"), expires: at(300) }];
    let shed = store.commit(nonce, pending()).await.unwrap_err();
    assert!(matches!(shed, CommitError::Store(StoreError::Overloaded)));
    assert_eq!(shed.code(), Code::Overloaded);
    assert_eq!(store.commit(Vec::new(), pending()).await.unwrap().index(), 0);
}

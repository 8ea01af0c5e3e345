//! Applications at a hub: of each key the newest, of each division a few, and each with its entry.

use super::*;
use crate::base::MemberId;

fn application(member: &str, key: &str, second: i64) -> ApplicationRow {
    ApplicationRow {
        list_key: Digest::of(key),
        member: format!("urn:elicence:member:{member}").parse::<MemberId>().unwrap(),
        sha256: Digest::of(format!("{key} {second}")),
        document: format!("bundle of {key} at {second}"),
        received: at(second),
    }
}

async fn put(store: &Store, row: &ApplicationRow) {
    let pending = pending_at(EntryKind::MemberApplied, 0);
    store.commit(vec![Effect::PutApplication(row.clone())], pending).await.unwrap();
}

#[tokio::test]
async fn of_each_key_the_newest_application_waits() {
    let bench = Bench::new();
    let store = bench.open().await;
    put(&store, &application("510000", "key", 1)).await;
    let newer = application("510000", "key", 2);
    put(&store, &newer).await;
    assert_eq!(store.applications().await.unwrap(), std::slice::from_ref(&newer));
    assert_eq!(store.application(newer.list_key).await.unwrap(), Some(newer));
    assert_eq!(store.application(Digest::of("another")).await.unwrap(), None);
    store.close().await;
}

#[tokio::test]
async fn a_flood_for_one_division_displaces_itself_and_no_other() {
    let bench = Bench::new();
    let store = bench.open().await;
    put(&store, &application("120000", "tianjin", 0)).await;
    let most = limits::APPLICATIONS_PER_DIVISION;
    for second in 1..=most + 3 {
        put(&store, &application("510000", &format!("key {second}"), second)).await;
    }
    let waiting = store.applications().await.unwrap();
    assert_eq!(waiting.len(), usize::try_from(most + 1).unwrap());
    let oldest = waiting.iter().filter(|row| row.received > at(0)).map(|row| row.received).min();
    assert_eq!(oldest, Some(at(4)));
    assert!(waiting.iter().any(|row| row.list_key == Digest::of("tianjin")));
    store.close().await;
}

#[tokio::test]
async fn an_application_with_a_spent_nonce_is_not_kept() {
    let bench = Bench::new();
    let store = bench.open().await;
    let effects = |second| {
        let spend = Effect::SpendNonce { nonce: Digest::of("nonce"), expires: at(600) };
        vec![spend, Effect::PutApplication(application("510000", "key", second))]
    };
    let pending = || pending_at(EntryKind::MemberApplied, 0);
    store.commit(effects(1), pending()).await.unwrap();
    assert_eq!(refusal(store.commit(effects(2), pending()).await), Code::HolderReplay);
    assert_eq!(store.applications().await.unwrap()[0].received, at(1));
    store.close().await;
}

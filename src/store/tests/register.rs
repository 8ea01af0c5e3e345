//! Licences, clients, inspections, and the documents of the trust framework.

use super::*;
use crate::base::{Division, InspectionRef};
use crate::licence::{Carrier, LicenceStatus, LicenceType, LicenceVersion};

fn licence(number: u32, status_index: u32) -> LicenceRow {
    LicenceRow {
        identifier: identifier(number),
        licence_type: LicenceType::VehicleCertificate,
        issuing_division: "120100".parse().unwrap(),
        number: format!("No. {number}"),
        plate: Some("津A00001".to_owned()),
        plate_colour: Some("2".to_owned()),
        holder_code_digest: Some(Digest::of("holder")),
        status: LicenceStatus::Valid,
        status_list: "1".to_owned(),
        status_index,
        version: LicenceVersion::FIRST,
        carrier: Carrier::Electronic,
        record: "{}".to_owned(),
        credential: None,
        credential_digest: None,
        updated: at(0),
    }
}

async fn put(store: &Store, row: LicenceRow) -> Result<Receipt, CommitError> {
    store.commit(vec![Effect::PutLicence(row)], pending_at(EntryKind::RegisterChanged, 0)).await
}

#[tokio::test]
async fn a_licence_is_found_by_what_names_it_and_by_nothing_like_it() {
    let bench = Bench::new();
    let store = bench.open().await;
    let row = licence(1, 7);
    put(&store, row.clone()).await.unwrap();
    let found = Some(row.clone());
    assert_eq!(store.licence(&row.identifier).await.unwrap(), found);
    assert_eq!(store.licence(&identifier(2)).await.unwrap(), None);
    let only = vec![row];
    assert_eq!(store.licences_by_number("No. 1").await.unwrap(), only);
    assert_eq!(store.licences_by_plate("津A00001", None).await.unwrap(), only);
    assert_eq!(store.licences_by_plate("津A00001", Some("2")).await.unwrap(), only);
    assert_eq!(store.licences_by_holder(Digest::of("holder"), None).await.unwrap(), only);
    for plate in ["津A0000%", "津a00001", "", "津A00001' OR '1'='1"] {
        assert!(store.licences_by_plate(plate, None).await.unwrap().is_empty(), "{plate}");
    }
    assert!(store.licences_by_plate("津A00001", Some("1")).await.unwrap().is_empty());
    let after = store.licences_by_holder(Digest::of("holder"), Some(&identifier(1))).await;
    assert!(after.unwrap().is_empty());
}

#[tokio::test]
async fn an_older_state_or_a_taken_place_is_refused() {
    let bench = Bench::new();
    let store = bench.open().await;
    put(&store, licence(1, 7)).await.unwrap();
    assert_eq!(refusal(put(&store, licence(2, 7)).await), Code::StateConflict);
    assert_eq!(store.licence(&identifier(2)).await.unwrap(), None);
    let second = LicenceVersion::FIRST.next().unwrap();
    let newer = LicenceRow { version: second, updated: at(5), ..licence(1, 7) };
    put(&store, newer.clone()).await.unwrap();
    for older in [licence(1, 7), LicenceRow { updated: at(4), ..newer.clone() }] {
        assert_eq!(refusal(put(&store, older).await), Code::StateConflict);
    }
    assert_eq!(store.licence(&identifier(1)).await.unwrap(), Some(newer));
    let index = store.free_status_index("1", &SystemEntropy).await.unwrap();
    assert!(index < 1 << 17 && index != 7);
}

#[tokio::test]
async fn what_was_taken_away_does_not_come_back_by_being_written_again() {
    let bench = Bench::new();
    let store = bench.open().await;
    let ended = LicenceStatus::ALL.into_iter().filter(|status| *status != LicenceStatus::Valid);
    for (number, status) in (1..).zip(ended) {
        let row = licence(number, number);
        put(&store, row.clone()).await.unwrap();
        let identifier = row.identifier.clone();
        let from = LicenceStatus::Valid;
        let end = Effect::SetLicenceStatus { identifier, from, status, now: at(1) };
        store.commit(vec![end], pending()).await.unwrap();
        let stored = store.licence(&row.identifier).await.unwrap().unwrap();
        let version = LicenceVersion::FIRST.next().unwrap();
        let later = LicenceRow { updated: at(9), ..row };
        for again in [
            LicenceRow { version, ..later.clone() },
            LicenceRow { status_index: number + 100, ..later.clone() },
            LicenceRow { status, ..later.clone() },
            later,
        ] {
            assert_eq!(refusal(put(&store, again).await), Code::StateConflict, "{status:?}");
        }
        assert_eq!(store.licence(&stored.identifier).await.unwrap(), Some(stored));
    }
}

#[tokio::test]
async fn a_licence_keeps_its_place_in_its_status_list() {
    let bench = Bench::new();
    let store = bench.open().await;
    let row = licence(1, 7);
    put(&store, row.clone()).await.unwrap();
    let later = LicenceRow { updated: at(1), ..row.clone() };
    for moved in [
        LicenceRow { status_index: 8, ..later.clone() },
        LicenceRow { status_list: "2".to_owned(), ..later.clone() },
    ] {
        assert_eq!(refusal(put(&store, moved).await), Code::StateConflict);
    }
    assert_eq!(store.licence(&row.identifier).await.unwrap(), Some(row));
    put(&store, later.clone()).await.unwrap();
    let revoked = LicenceRow { status: LicenceStatus::Revoked, ..later.clone() };
    put(&store, revoked.clone()).await.unwrap();
    assert_eq!(refusal(put(&store, later).await), Code::StateConflict);
    assert_eq!(store.licence(&identifier(1)).await.unwrap(), Some(revoked));
}

#[tokio::test]
async fn status_and_credential_belong_to_a_licence_that_is_there() {
    let bench = Bench::new();
    let store = bench.open().await;
    put(&store, licence(1, 9)).await.unwrap();
    put(&store, licence(2, 3)).await.unwrap();
    let status = |number| Effect::SetLicenceStatus {
        identifier: identifier(number),
        from: LicenceStatus::Valid,
        status: LicenceStatus::Revoked,
        now: at(1),
    };
    let credential = |number| Effect::SetCredential {
        identifier: identifier(number),
        token: "token".to_owned(),
        digest: Digest::of("token"),
    };
    store.commit(vec![status(1), credential(1)], pending()).await.unwrap();
    let refused = store.commit(vec![credential(3)], pending()).await;
    assert_eq!(refusal(refused), Code::NotFound);
    // Neither a licence that is not there, nor one whose status has moved on since it was read.
    for stale in [status(3), status(1)] {
        assert_eq!(refusal(store.commit(vec![stale], pending()).await), Code::StateConflict);
    }
    let statuses = store.statuses("1").await.unwrap();
    let places: Vec<_> = statuses.iter().map(|row| (row.status_index, row.status)).collect();
    assert_eq!(places, [(3, LicenceStatus::Valid), (9, LicenceStatus::Revoked)]);
    let stored = store.licence(&identifier(1)).await.unwrap().unwrap();
    assert_eq!(stored.credential.as_deref(), Some("token"));
    assert_eq!(stored.updated, at(1));
}

#[tokio::test]
async fn clients_and_inspections_read_back_as_they_were_written() {
    let bench = Bench::new();
    let store = bench.open().await;
    let division: Division = "120000".parse().unwrap();
    let client = ClientRow {
        id: "91120000TEST".parse().unwrap(),
        role: "business".to_owned(),
        division,
        spki: Digest::of("key"),
        name: "示例".to_owned(),
        intended_uses: "[]".to_owned(),
        state: ClientState::Active,
        created: at(0),
    };
    let suspended = ClientRow { state: ClientState::Suspended, ..client.clone() };
    let inspection = InspectionRow {
        id: InspectionRef::generate(at(0), &SystemEntropy),
        unit: "unit".to_owned(),
        officers: "[\"p1\"]".to_owned(),
        place: "G1 K12".to_owned(),
        law_ref: "law".to_owned(),
        reason_code: "routine".to_owned(),
        client: client.id.clone(),
        opened: at(0),
        expires: at(3600),
    };
    let effects = vec![
        Effect::PutClient(client),
        Effect::PutClient(suspended.clone()),
        Effect::InsertInspection(inspection.clone()),
    ];
    store.commit(effects, pending()).await.unwrap();
    assert_eq!(store.client(Digest::of("key")).await.unwrap(), Some(suspended.clone()));
    assert_eq!(store.clients().await.unwrap(), std::slice::from_ref(&suspended));
    let again = ClientRow { state: ClientState::Active, ..suspended };
    let back = store.commit(vec![Effect::PutClient(again)], pending()).await;
    assert_eq!(refusal(back), Code::StateConflict, "nobody comes back by being written again");
    assert_eq!(store.inspection(&inspection.id).await.unwrap(), Some(inspection.clone()));
    let again = vec![Effect::InsertInspection(inspection.clone())];
    assert_eq!(refusal(store.commit(again, pending()).await), Code::StateConflict);
    let ahead = pending_at(EntryKind::Started, 8 * 24 * 3600);
    store.commit(Vec::new(), ahead).await.unwrap();
    for (authenticated, kept) in [(3899, Some(inspection.clone())), (3900, None)] {
        store.sweep(at(authenticated)).await.unwrap();
        assert_eq!(store.inspection(&inspection.id).await.unwrap(), kept);
    }
}

fn document(sequence: u64, text: &str) -> TrustDocumentRow {
    TrustDocumentRow {
        kind: "list".to_owned(),
        id: "federation".to_owned(),
        sequence,
        sha256: Digest::of(text),
        document: text.to_owned(),
        updated: at(0),
    }
}

#[tokio::test]
async fn the_sequence_of_a_list_never_falls_and_never_forks() {
    let bench = Bench::new();
    let store = bench.open().await;
    let put = |sequence, text| {
        store.commit(vec![Effect::PutTrustDocument(document(sequence, text))], pending())
    };
    put(5, "five").await.unwrap();
    put(5, "five").await.unwrap();
    assert_eq!(refusal(put(5, "other").await), Code::ListEquivocation);
    assert_eq!(refusal(put(4, "four").await), Code::ListRollback);
    put(6, "six").await.unwrap();
    assert_eq!(store.trust_documents().await.unwrap(), [document(6, "six")]);
    let one = store.trust_document("list", "federation").await.unwrap();
    assert_eq!(one, Some(document(6, "six")));
}

#[tokio::test]
async fn every_published_version_stays_as_it_was() {
    let bench = Bench::new();
    let store = bench.open().await;
    let publish = |sequence, text| {
        store.commit(vec![Effect::PublishDocument(document(sequence, text))], pending())
    };
    publish(2, "two").await.unwrap();
    publish(1, "one").await.unwrap();
    publish(1, "one").await.unwrap();
    assert_eq!(refusal(publish(1, "uno").await), Code::StateConflict);
    let one = store.published_document("list", "federation", 1).await.unwrap();
    assert_eq!(one, Some(document(1, "one")));
    let newest = store.newest_published_document("list", "federation").await.unwrap();
    assert_eq!(newest, Some(document(2, "two")));
    assert_eq!(store.published_document("list", "federation", 3).await.unwrap(), None);
}

#[tokio::test]
async fn the_version_of_an_instant_is_the_newest_issued_by_then() {
    let bench = Bench::new();
    let store = bench.open().await;
    for (sequence, issued) in [(1, 10), (2, 20), (3, 20), (4, 30)] {
        let row = TrustDocumentRow { updated: at(issued), ..document(sequence, "text") };
        store.commit(vec![Effect::PublishDocument(row)], pending()).await.unwrap();
    }
    for (instant, expected) in [
        (0, None),
        (9, None),
        (10, Some(1)),
        (19, Some(1)),
        (20, Some(3)),
        (29, Some(3)),
        (99, Some(4)),
    ] {
        let found = store.published_document_at("list", "federation", at(instant)).await.unwrap();
        assert_eq!(found.map(|row| row.sequence), expected, "{instant}");
    }
    let other = store.published_document_at("list", "120000", at(99)).await.unwrap();
    assert_eq!(other, None);
}

#[tokio::test]
async fn the_list_log_grows_by_its_next_line_only() {
    let bench = Bench::new();
    let store = bench.open().await;
    let line = |index| ListLogRow { index, statement: "{}".to_owned() };
    let append = |index| store.commit(vec![Effect::AppendListLog(line(index))], pending());
    assert_eq!(refusal(append(1).await), Code::StateConflict);
    append(0).await.unwrap();
    append(0).await.unwrap();
    let other = ListLogRow { index: 0, statement: "[]".to_owned() };
    let other = store.commit(vec![Effect::AppendListLog(other)], pending()).await;
    assert_eq!(refusal(other), Code::StateConflict);
    append(1).await.unwrap();
    assert_eq!(store.list_log(1, 9).await.unwrap(), [line(1)]);
    assert_eq!(store.list_log_lines().await.unwrap(), ["{}", "{}"]);
}

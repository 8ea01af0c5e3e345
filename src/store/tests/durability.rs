//! What is kept across restarts, and how damage, locks and full disks show.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::audit::LogError;
use crate::crypto::note::Checkpoint;

async fn fill(store: &Store, count: i64) {
    for second in 0..count {
        store.commit(Vec::new(), pending_at(EntryKind::Disclosure, second)).await.unwrap();
    }
}

fn damage(result: Result<Store, StoreError>) -> Damage {
    match result {
        Err(StoreError::Damaged(damage)) => damage,
        Err(other) => panic!("not damage: {other}"),
        Ok(_) => panic!("opened"),
    }
}

#[tokio::test]
async fn a_restart_keeps_everything_and_continues_the_numbering() {
    let bench = Bench::new();
    let store = bench.open().await;
    assert_eq!(store.latest_checkpoint().await.unwrap(), None);
    assert_eq!(store.verify_audit().await.unwrap().size, 0);
    fill(&store, 5).await;
    let before = store.audit_leaves(0, 5).await.unwrap();
    store.close().await;

    let store = bench.open().await;
    let pending = pending_at(EntryKind::Started, 9);
    let (leaf, digest) = (pending.leaf(), pending.digest());
    let receipt = store.commit(Vec::new(), pending).await.unwrap();
    assert_eq!((receipt.index(), receipt.leaf(), receipt.digest()), (5, leaf, digest));
    let leaves = store.audit_leaves(0, u64::MAX).await.unwrap();
    assert_eq!(leaves, [before, vec![leaf]].concat());
    let key = VerifierKey::new(ORIGIN, bench.signer.public_key()).unwrap();
    let note = store.latest_checkpoint().await.unwrap().unwrap();
    assert_eq!(Checkpoint::open(&note, &key).unwrap().size, 6);
    let summary = store.verify_audit().await.unwrap();
    assert_eq!((summary.size, summary.unwitnessed), (6, 0));
    let seen = store.access_log(Digest::of("licence"), Some(5), 2).await.unwrap();
    assert_eq!(seen.iter().map(|row| row.index).collect::<Vec<_>>(), [4, 3]);
    assert!(store.access_log(Digest::of("other"), None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_store_that_is_dropped_without_closing_loses_nothing() {
    let bench = Bench::new();
    let store = bench.open().await;
    fill(&store, 3).await;
    drop(store);
    // The writer task lets go of the directory as soon as it notices.
    let store = loop {
        match bench.try_open().await {
            Err(StoreError::FolderInUse) => tokio::task::yield_now().await,
            opened => break opened.unwrap(),
        }
    };
    assert_eq!(store.verify_audit().await.unwrap().size, 3);
}

#[tokio::test]
async fn du_09_a_second_process_is_refused() {
    let bench = Bench::new();
    let store = bench.open().await;
    let refused = bench.try_open().await.err().unwrap();
    assert!(matches!(refused, StoreError::FolderInUse));
    assert_eq!(refused.code(), Code::FolderInUse);
    fill(&store, 1).await;
    store.close().await;
    assert_eq!(bench.open().await.verify_audit().await.unwrap().size, 1);
}

#[tokio::test]
async fn another_process_may_read_and_only_read() {
    let bench = Bench::new();
    let store = bench.open().await;
    fill(&store, 2).await;
    let key = VerifierKey::new(ORIGIN, bench.signer.public_key()).unwrap();
    let reader = Store::open_read_only(bench.path(), key).await.unwrap();
    assert_eq!(reader.verify_audit().await.unwrap().size, 2);
    let refused = reader.commit(Vec::new(), pending()).await.unwrap_err();
    assert!(matches!(refused, CommitError::Store(StoreError::ReadOnly)));
    assert!(sqlx::query("DELETE FROM audit_entries").execute(&reader.readers).await.is_err());
    assert!(sqlx::query("DELETE FROM audit_entries").execute(&store.readers).await.is_err());
    reader.close().await;
    store.close().await;
    let key = VerifierKey::new(ORIGIN, bench.signer.public_key()).unwrap();
    let reader = Store::open_read_only(bench.path(), key).await.unwrap();
    assert_eq!(reader.verify_audit().await.unwrap().size, 2);
}

#[tokio::test]
async fn every_connection_keeps_its_settings_and_the_file_is_private() {
    let bench = Bench::new();
    let store = bench.open().await;
    let mode = fs::metadata(bench.path().join("hutong.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(store.readers.acquire().await.unwrap());
    }
    for connection in &mut connections {
        sqlite::verify_settings(connection).await.unwrap();
    }
    let mut beside = bench.beside().await;
    sqlx::query("PRAGMA synchronous = OFF").execute(&mut beside).await.unwrap();
    let unsafe_setting = sqlite::verify_settings(&mut beside).await;
    assert!(matches!(unsafe_setting, Err(StoreError::UnsafeSetting("synchronous"))));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_reported_as_damaged() {
    let bench = Bench::new();
    fs::write(bench.path().join("hutong.db"), vec![b'x'; 8192]).unwrap();
    let refused = bench.try_open().await;
    assert_eq!(refused.as_ref().err().unwrap().code(), Code::DatabaseDamaged);
    assert_eq!(damage(refused), Damage::File);
}

#[tokio::test]
async fn du_22_a_lost_database_is_not_begun_anew_in_silence() {
    for loss in [fs::remove_file, |file: std::path::PathBuf| fs::write(file, [])] {
        let bench = Bench::new();
        bench.open().await.close().await;
        loss(bench.path().join("hutong.db")).unwrap();
        let refused = bench.try_open().await;
        assert_eq!(refused.as_ref().err().unwrap().code(), Code::DatabaseDamaged);
        assert_eq!(damage(refused), Damage::Missing);
    }
}

#[tokio::test]
async fn damaged_pages_are_reported_as_damaged() {
    let bench = Bench::new();
    let store = bench.open().await;
    fill(&store, 200).await;
    store.close().await;
    let file = bench.path().join("hutong.db");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    fs::write(&file, bytes).unwrap();
    assert_eq!(damage(bench.try_open().await), Damage::File);
}

#[tokio::test]
async fn au_02_a_log_cut_behind_its_checkpoint_does_not_open() {
    for statement in [
        "DELETE FROM audit_entries WHERE leaf_index = 4",
        "DELETE FROM audit_entries WHERE leaf_index = 1",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_state",
        "UPDATE audit_state SET size = 4",
        "UPDATE audit_state SET peaks = (SELECT leaf || ' ' || leaf FROM audit_entries LIMIT 1)",
        "UPDATE audit_state SET checkpoint = replace(checkpoint, 'audit', 'audits')",
    ] {
        let bench = Bench::new();
        let store = bench.open().await;
        fill(&store, 5).await;
        store.close().await;
        bench.tamper(statement).await;
        let refused = bench.try_open().await.err().unwrap();
        assert!(matches!(refused, StoreError::Damaged(_) | StoreError::OtherLog), "{statement}");
    }
}

#[tokio::test]
async fn au_01_an_edited_entry_is_found_by_verification() {
    let bench = Bench::new();
    let store = bench.open().await;
    fill(&store, 5).await;
    bench
        .tamper(
            "UPDATE audit_entries SET entry = replace(entry, 'done', 'gone') WHERE leaf_index = 3",
        )
        .await;
    let found = store.verify_audit().await.err().unwrap();
    let expected = Damage::Log(LogError::Changed { index: 3 });
    assert!(matches!(found, StoreError::Damaged(damage) if damage == expected), "{found}");
}

#[tokio::test]
async fn another_key_or_origin_and_a_newer_schema_are_told_from_damage() {
    let bench = Bench::new();
    let store = bench.open().await;
    fill(&store, 1).await;
    store.close().await;
    let stranger = Arc::new(SoftwareKey::generate(Algorithm::EdDsa).unwrap());
    let refused = Store::open(bench.path(), ORIGIN, stranger).await.err().unwrap();
    assert!(matches!(refused, StoreError::OtherLog), "{refused}");
    let elsewhere = "elicence/130000/audit";
    let refused = Store::open(bench.path(), elsewhere, bench.signer.clone()).await.err().unwrap();
    assert!(matches!(refused, StoreError::OtherLog), "{refused}");
    bench
        .tamper(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'later', TRUE, x'00', 0)",
        )
        .await;
    let refused = bench.try_open().await.err().unwrap();
    assert!(matches!(refused, StoreError::NewerSchema), "{refused}");
}

#[tokio::test]
async fn du_04_a_full_disk_acknowledges_nothing_and_the_writer_recovers() {
    let bench = Bench::new();
    bench.open().await.close().await;
    // A writer whose first connection may not grow the file; the one after a failure may.
    let location = Location::within(bench.path(), Access::ReadWrite).unwrap();
    let mut connection = location.connect_writer().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut connection).await.unwrap();
    let key = VerifierKey::new(ORIGIN, bench.signer.public_key()).unwrap();
    let (session, frontier) = Session::begin(connection, &location, &key).await.unwrap();
    let readers = location.connect_readers().await.unwrap();
    let replay = Arc::new(ReplayIndex::holding(10, Vec::new()));
    let writer = Writer {
        location,
        log: LogIdentity { key: key.clone(), signer: bench.signer.clone() },
        replay: Arc::clone(&replay),
        session: Some(session),
        frontier,
        lock: DirectoryLock::take(bench.path()).unwrap(),
    };
    let (queue, messages) = mpsc::channel(8);
    tokio::spawn(writer.run(messages));
    let store = Store { readers, log_key: key, replay, queue: Some(queue) };

    let nonce = || Effect::SpendNonce { nonce: Digest::of("nonce"), expires: at(300) };
    let large = ConsentRequestRow { document: "x".repeat(1 << 20), ..consent_request() };
    let effects = vec![nonce(), Effect::InsertConsentRequest(large)];
    let failed = store.commit(effects, pending()).await.unwrap_err();
    assert!(matches!(failed, CommitError::Store(StoreError::DiskFull)), "{failed:?}");
    assert_eq!(failed.code(), Code::DiskFull);
    assert_eq!(store.verify_audit().await.unwrap().size, 0);
    assert_eq!(store.commit(vec![nonce()], pending()).await.unwrap().index(), 0);
    assert_eq!(store.verify_audit().await.unwrap().size, 1);
}

#[tokio::test]
async fn du_22_a_database_replaced_in_use_is_noticed_and_nothing_is_acknowledged() {
    let bench = Bench::new();
    let store = bench.open().await;
    fill(&store, 3).await;
    store.close().await;
    let file = bench.path().join("hutong.db");
    let older = fs::read(&file).unwrap();
    let store = bench.open().await;
    fill(&store, 1).await;

    for name in ["hutong.db", "hutong.db-wal", "hutong.db-shm"] {
        fs::rename(bench.path().join(name), bench.path().join(format!("{name}.away"))).unwrap();
    }
    for _ in 0..2 {
        let refused = store.commit(Vec::new(), pending()).await.unwrap_err();
        assert_eq!(refused.code(), Code::AuditUnavailable, "deleted: {refused}");
    }
    fs::write(&file, older).unwrap();
    for _ in 0..2 {
        let refused = store.commit(Vec::new(), pending()).await.unwrap_err();
        let CommitError::Store(StoreError::Damaged(damage)) = refused else { panic!("{refused}") };
        assert_eq!(damage, Damage::Replaced, "an older copy");
    }
}

#[tokio::test]
async fn a_closed_store_acknowledges_nothing() {
    let bench = Bench::new();
    let store = bench.open().await;
    let other = store.clone();
    store.close().await;
    let refused = other.commit(Vec::new(), pending()).await.unwrap_err();
    assert_eq!(refused.code(), Code::AuditUnavailable);
}

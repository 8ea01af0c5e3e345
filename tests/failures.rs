//! The ten paths of failure, each played with real processes: what is told, the exit code, and
//! that nothing is lost once the cause is gone. And the ways in which a node ends in order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hutong::peer::Reply;
use serde_json::json;
use sqlx::Connection as _;
use tempfile::TempDir;

use common::{
    Federation, Gateway, PATIENCE, Running, answered, hutong, moved, port_base, run, text, told,
    told_as_json, until, wait,
};

#[test]
fn path_01_no_configuration() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("config.toml");
    let people = told(&run(&["serve", "--config", text(&missing)]));
    let programs = told_as_json(&run(&["serve", "--json", "--config", text(&missing)]));
    for told in [people, programs] {
        assert_eq!((told.exit, told.code.as_str()), (78, "config-missing"), "{told:?}");
        assert!(told.why.contains(text(&missing)), "{told:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
    let gateway = Federation::at_rest().copy_of("120000");
    fs::copy(gateway.config(), &missing).unwrap();
    let output = run(&["serve", "--config", text(&missing)]);
    // The configuration alone is no gateway: its data directory is the folder it lies in.
    assert_eq!(told(&output).exit, 78);
    gateway.assert_whole();
}

#[test]
fn path_02_op_07_an_unknown_key_is_named_with_its_line() {
    let gateway = Federation::at_rest().copy_of("120000");
    let sound = fs::read_to_string(gateway.config()).unwrap();
    let line = 1 + sound.lines().position(|line| line == "[trust]").unwrap() + 1;
    gateway.edit_config(|text| text.replace("[trust]\n", "[trust]\nsurprise = 1\n"));
    let people = told(&gateway.serve_in_vain());
    let check = run(&["serve", "--check", "--json", "--config", text(&gateway.config())]);
    for told in [people, told_as_json(&check)] {
        assert_eq!((told.exit, told.code.as_str()), (78, "config-invalid"), "{told:?}");
        assert!(told.why.contains("surprise"), "{told:?}");
        assert!(told.why.contains(&format!("line {line}:")), "line {line}: {told:?}");
        assert!(told.why.contains("config.toml"), "{told:?}");
    }
    for (from, to) in [
        ("role = \"gateway\"", "role = "),
        ("refresh_seconds = 1", "refresh_seconds = 0"),
        ("division = \"120000\"\n", ""),
        ("[hub]", "[hubb]"),
        ("https://", "http://"),
    ] {
        assert!(sound.contains(from), "{from}");
        gateway.edit_config(|_| sound.replacen(from, to, 1));
        let told = told(&gateway.serve_in_vain());
        assert_eq!((told.exit, told.code.as_str()), (78, "config-invalid"), "{to}: {told:?}");
    }
    gateway.edit_config(|_| sound);
    gateway.assert_whole();
}

#[test]
fn path_03_a_port_in_use_is_named() {
    let gateway = Federation::at_rest().copy_of("120000");
    for listener in 0..3 {
        let port = gateway.base + listener;
        let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let told = told(&gateway.serve_in_vain());
        assert_eq!((told.exit, told.code.as_str()), (69, "port-in-use"), "{told:?}");
        assert!(told.why.contains(&format!("127.0.0.1:{port}")), "{told:?}");
        drop(taken);
    }
    gateway.assert_whole();
}

#[test]
fn path_04_a_key_that_others_may_read_is_not_used() {
    let gateway = Federation::at_rest().copy_of("120000");
    for name in ["gateway-tls", "gateway-signing", "log-signing", "issuance", "nonce"] {
        let key = gateway.dir.join(format!("keys/{name}.key.pem"));
        for mode in [0o644, 0o640, 0o604, 0o660] {
            fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
            let told = told(&gateway.serve_in_vain());
            assert_eq!((told.exit, told.code.as_str()), (78, "key-permissions"), "{told:?}");
            assert!(told.why.contains(name) && told.why.contains("0600"), "{told:?}");
            assert!(!told.why.contains("PRIVATE"), "nothing of the key is told");
        }
        fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    }
    gateway.assert_whole();
}

#[test]
fn path_05_the_root_of_another_federation_is_refused() {
    let gateway = Federation::at_rest().copy_of("120000");
    let pinned = gateway.dir.join("trust/root.json");
    let sound = fs::read(&pinned).unwrap();
    let other = fs::read(Federation::impostor().dir.join("trust-anchors/root.json")).unwrap();
    assert_ne!(sound, other);
    let mut bent = sound.clone();
    let middle = bent.len() / 2;
    bent[middle] = if bent[middle] == b'A' { b'B' } else { b'A' };
    for wrong in [&other[..], &bent, &sound[..sound.len() / 2], b"{}", b""] {
        fs::write(&pinned, wrong).unwrap();
        let told = told(&gateway.serve_in_vain());
        assert_eq!((told.exit, told.code.as_str()), (78, "root-mismatch"), "{told:?}");
        let check = run(&["serve", "--check", "--json", "--config", text(&gateway.config())]);
        assert_eq!(told_as_json(&check).code, "root-mismatch");
    }
    fs::remove_file(&pinned).unwrap();
    assert_eq!(told(&gateway.serve_in_vain()).exit, 78);
    fs::write(&pinned, sound).unwrap();
    gateway.assert_whole();
}

#[test]
fn path_06_a_damaged_database_is_left_as_it_is() {
    let gateway = Federation::at_rest().copy_of("120000");
    let database = gateway.dir.join("hutong.db");
    let sound = fs::read(&database).unwrap();
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[..14].copy_from_slice(b"no longer what"),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes[12_288..24_576].fill(0xa5),
        |bytes| *bytes = b"plain text, long enough to be read as a header of a file".repeat(100),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let mut bytes = sound.clone();
        damage(&mut bytes);
        fs::write(&database, &bytes).unwrap();
        let told = told(&gateway.serve_in_vain());
        assert_eq!((told.exit, told.code.as_str()), (65, "database-damaged"), "{number}: {told:?}");
        assert_eq!(fs::read(&database).unwrap(), bytes, "{number}: kept for whoever repairs it");
        let check = run(&["serve", "--check", "--json", "--config", text(&gateway.config())]);
        assert_eq!(told_as_json(&check).exit, 65, "{number}");
        remove_journal(&database);
    }
    fs::write(&database, sound).unwrap();
    gateway.assert_whole();
}

#[test]
fn path_06_au_01_an_edited_line_of_the_log_is_found() {
    let gateway = Federation::at_rest().copy_of("120000");
    let location = format!("sqlite://{}?mode=rw", text(&gateway.dir.join("hutong.db")));
    wait(async {
        sqlx::any::install_default_drivers();
        let mut database = sqlx::AnyConnection::connect(&location).await.unwrap();
        let edit = "UPDATE audit_entries SET entry = replace(entry, '\"at\":', '\"At\":') \
                    WHERE leaf_index = 3";
        assert_eq!(sqlx::query(edit).execute(&mut database).await.unwrap().rows_affected(), 1);
        database.close().await.unwrap();
    });
    let (_running, _) = gateway.serve_ready();
    let reply = answered(gateway.operator().post("/v1/operator/audit-verify", &json!({})));
    assert_eq!((reply.status, reply.code()), (503, "audit-unavailable"), "{reply:?}");
}

#[test]
fn path_07_a_clock_before_2026_is_refused() {
    let gateway = Federation::at_rest().copy_of("120000");
    if Command::new("faketime").arg("--version").output().is_err() {
        skipped("path_07: there is no faketime here (Debian: apt-get install faketime)");
        return;
    }
    for clock in ["2000-01-01 00:00:00", "2025-12-31 12:00:00"] {
        for more in [None, Some("--check")] {
            let mut command = Command::new("faketime");
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("TZ", "UTC");
            command.args([clock, env!("CARGO_BIN_EXE_hutong"), "serve"]).args(more);
            command.args(["--config", text(&gateway.config())]);
            let told = told(&Running::start(&mut command).output());
            assert_eq!((told.exit, told.code.as_str()), (78, "clock-invalid"), "{told:?}");
            assert!(told.why.contains("2026-01-01"), "{told:?}");
        }
    }
    gateway.assert_whole();
}

/// Says past the harness, which keeps what passing tests print, that a path was not tried.
fn skipped(what: &str) {
    std::io::stderr().write_all(format!("SKIPPED {what}\n").as_bytes()).unwrap();
}

/// Serves from a disk of three megabytes, in a mount namespace that ends with the process.
/// `before` is run there first. `None` where this is not allowed.
fn serve_on_small_disk(gateway: &Gateway, disk: &Path, before: &str) -> Option<Running> {
    let mut trial = Command::new("unshare");
    trial.args(["-m", "mount", "-t", "tmpfs", "tmpfs", text(disk)]);
    if !trial.output().is_ok_and(|output| output.status.success()) {
        skipped("path_08: mounting a small disk needs root and unshare (util-linux)");
        return None;
    }
    let script = format!(
        "mount -t tmpfs -o size=3m,mode=700 tmpfs \"$1\" && cp -a \"$2/.\" \"$1\" && {before} \
         exec \"$3\" serve --config \"$1/config.toml\""
    );
    let program = env!("CARGO_BIN_EXE_hutong");
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script, "sh"]);
    command.args([text(disk), text(&gateway.dir), program]);
    Some(Running::start(&mut command))
}

#[test]
fn path_08_no_start_on_a_full_disk() {
    let gateway = Federation::at_rest().copy_of("120000");
    let disk = TempDir::new().unwrap();
    let fill = "{ dd if=/dev/zero of=\"$1/filler\" bs=4k 2>/dev/null || true; } &&";
    let Some(mut running) = serve_on_small_disk(&gateway, disk.path(), fill) else { return };
    let told = told(&running.output());
    assert_eq!((told.exit, told.code.as_str()), (74, "disk-full"), "{told:?}");
    gateway.assert_whole();
}

#[test]
fn path_08_du_04_a_disk_that_fills_up_refuses_and_recovers() {
    let gateway = Federation::at_rest().copy_of("120000");
    let disk = TempDir::new().unwrap();
    let Some(mut running) = serve_on_small_disk(&gateway, disk.path(), "") else { return };
    gateway.wait_ready(&mut running);
    // The disk is only to be seen from inside the namespace.
    let inside = PathBuf::from(format!("/proc/{}/root{}", running.id(), text(disk.path())));
    let officer = gateway.officer();
    let check = json!({ "credential": driver_credential() });
    assert!(answered(officer.post("/v1/verifications", &check)).is_done());
    let entries = gateway.verified_entries();

    let filler = inside.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    let full = until(PATIENCE, || file.write_all(&[0; 4096]).err()).unwrap();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let refused = until(PATIENCE, || {
        let reply = answered(officer.post("/v1/verifications", &check));
        (!reply.is_done()).then_some(reply)
    });
    let reply = refused.expect("what cannot be put on record is not answered");
    assert_eq!((reply.status, reply.code()), (503, "audit-unavailable"), "{reply:?}");
    assert!(answered(gateway.operator().get("/readyz")).is_done(), "what reads goes on");

    drop(file);
    fs::remove_file(&filler).unwrap();
    let recovered = until(PATIENCE, || {
        Some(answered(officer.post("/v1/verifications", &check))).filter(Reply::is_done)
    });
    assert!(recovered.is_some(), "{}", running.stderr());
    assert!(gateway.verified_entries() > entries);
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(0), "{}", running.stderr());
}

#[test]
fn path_09_ctrl_c_during_the_story() {
    for (step, json) in [(1, false), (3, true), (8, false)] {
        let folder = TempDir::new().unwrap();
        let (dir, base) = (folder.path().join("demo"), port_base());
        let mut command = hutong();
        command.args(["demo", "--dir", text(&dir), "--port-base", &base.to_string()]);
        command.args(json.then_some("--json"));
        let mut running = Running::start(&mut command);
        let heading =
            if json { format!("\"step\":{step}") } else { format!("── {step:>2} ──") };
        until(PATIENCE, || running.stdout().contains(&heading).then_some(())).unwrap();
        running.signal("INT");
        let output = running.output();
        let told = if json { told_as_json(&output) } else { told(&output) };
        assert_eq!((told.exit, told.code.as_str()), (130, "interrupted"), "{told:?}");
        assert!(!running.stdout().contains("16 of 16"), "it was interrupted in the story");
        for listener in [0, 10, 11, 12, 20, 30] {
            let address = ("127.0.0.1", base + listener);
            assert!(TcpStream::connect(address).is_err(), "{address:?} is still served");
        }
        assert!(dir.join("hub/config.toml").is_file(), "the folder is kept");
        if step > 1 {
            let left = Gateway::lying_at(dir.join("120000"), base + 10);
            let (mut running, _) = left.serve_ready();
            assert!(left.verified_entries() > 1);
            running.signal("INT");
            assert_eq!(running.wait().code(), Some(0));
        }
    }
}

#[test]
fn path_10_du_09_a_folder_has_one_process() {
    let gateway = Federation::at_rest().copy_of("120000");
    let (mut first, _) = gateway.serve_ready();
    // Ports of its own, so that nothing but the folder is in its way.
    let second = gateway.dir.join("second.toml");
    let other = port_base();
    let config = fs::read_to_string(gateway.config()).unwrap();
    fs::write(&second, moved(config, gateway.base, other)).unwrap();
    let people = told(&run(&["serve", "--config", text(&second)]));
    let programs = told_as_json(&run(&["serve", "--json", "--config", text(&second)]));
    let check = told(&run(&["serve", "--check", "--config", text(&second)]));
    for told in [people, programs, check] {
        assert_eq!((told.exit, told.code.as_str()), (75, "folder-in-use"), "{told:?}");
    }
    gateway.verified_entries();
    first.signal("KILL");
    first.wait();
    // The lock ends with its process, however that ended.
    gateway.assert_whole();
}

#[test]
fn du_13_serve_ends_in_order_on_sigterm_and_ctrl_c() {
    let gateway = Federation::at_rest().copy_of("120000");
    for signal in ["TERM", "INT"] {
        let (mut running, _) = gateway.serve_ready();
        running.signal(signal);
        assert_eq!(running.wait().code(), Some(0), "{signal}: {}", running.stderr());
        assert!(TcpStream::connect(("127.0.0.1", gateway.base)).is_err());
        let database = gateway.dir.join("hutong.db");
        assert!(!journal_of(&database).exists(), "what was written is in the one file");
    }
    // During the start as well, as soon as the program is itself.
    let mut running = gateway.serve();
    let program = format!("/proc/{}/status", running.id());
    until(PATIENCE, || {
        // Bit 14: SIGTERM is caught.
        let status = fs::read_to_string(&program).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap();
        let caught = u64::from_str_radix(caught, 16).unwrap();
        (caught & (1 << 14) != 0).then_some(())
    });
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(0), "{}", running.stderr());
    gateway.assert_whole();
}

#[test]
fn du_01_a_killed_node_loses_nothing_it_acknowledged() {
    let gateway = Federation::at_rest().copy_of("120000");
    let mut before = 0;
    for _ in 0..5 {
        let (mut running, _) = gateway.serve_ready();
        let entries = gateway.verified_entries();
        assert!(entries > before, "{entries} after {before}");
        let officer = gateway.officer();
        let check = json!({ "credential": driver_credential() });
        assert!(answered(officer.post("/v1/verifications", &check)).is_done());
        before = entries + 1;
        running.signal("KILL");
        assert!(!running.wait().success());
    }
    assert!(gateway.assert_whole() > before);
}

#[test]
fn serve_check_says_that_all_is_sound_and_changes_nothing() {
    let gateway = Federation::at_rest().copy_of("120000");
    let database = fs::read(gateway.dir.join("hutong.db")).unwrap();
    let output = run(&["serve", "--check", "--config", text(&gateway.config())]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("are sound"));
    assert_eq!(fs::read(gateway.dir.join("hutong.db")).unwrap(), database);
    let output = run(&["serve", "--check", "--json", "--config", text(&gateway.config())]);
    assert_eq!(output.status.code(), Some(0));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said, json!({ "sound": true }));
    let hub = Federation::at_rest().dir.join("hub/config.toml");
    let output = run(&["serve", "--check", "--config", text(&hub)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    gateway.assert_whole();
}

#[test]
fn du_17_without_the_hub_the_last_good_state_is_served_within_two_seconds() {
    let gateway = Federation::at_rest().copy_in_place("120000");
    // The best of three: other tests keep the machine busy.
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let (mut running, took) = gateway.serve_ready();
        best = best.min(took);
        running.signal("TERM");
        running.wait();
    }
    assert!(best < Duration::from_secs(2), "{best:?}");
    let (mut running, _) = gateway.serve_ready();
    let ready = gateway.wait_ready(&mut running);
    assert_eq!(ready["ready"], json!(true));
    assert!(ready["degraded"].as_array().unwrap().contains(&json!("hub-unreachable")), "{ready}");
    assert!(ready["anchors"].as_u64().unwrap() >= 36, "{ready}");
    let officer = gateway.officer();
    let check = json!({ "credential": driver_credential() });
    let reply = answered(officer.post("/v1/verifications", &check));
    assert_eq!(reply.body["decision"], json!("ACCEPT"), "{reply:?}");
    assert_eq!(reply.body["freshness"]["hub_reachable"], json!(false), "{reply:?}");
}

/// The driver's licence of the story, issued by Tianjin.
fn driver_credential() -> String {
    let wallet = Federation::at_rest().dir.join("wallets/driver/driver-qualification.sdjwt");
    fs::read_to_string(wallet).unwrap()
}

fn journal_of(database: &Path) -> PathBuf {
    database.with_extension("db-wal")
}

fn remove_journal(database: &Path) {
    for extension in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(database.with_extension(extension));
    }
}

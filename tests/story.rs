//! `hutong demo` as programs and people meet it: the whole story, and what stops it at once.

mod common;

use std::collections::BTreeSet;
use std::net::TcpListener;

use serde_json::Value;
use tempfile::TempDir;

use common::{port_base, run, text, told, told_as_json};

#[test]
fn the_story_is_told_to_programs_step_by_step() {
    let folder = TempDir::new().unwrap();
    let (dir, base) = (folder.path().join("demo"), port_base().to_string());
    let output = run(&["demo", "--once", "--json", "--dir", text(&dir), "--port-base", &base]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, steps) = lines.split_last().unwrap();
    assert_eq!(steps.len(), 16);
    for (number, step) in (1_u64..).zip(steps) {
        let members: BTreeSet<&str> =
            step.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(["step", "title", "expected", "got", "ok", "ms"]));
        assert_eq!((step["step"].as_u64(), step["ok"].as_bool()), (Some(number), Some(true)));
        assert!(step["got"].is_object() && step["ms"].is_u64(), "{step}");
        let texts = [&step["title"], &step["expected"]];
        assert!(texts.iter().all(|text| text.as_str().is_some_and(|text| !text.is_empty())));
    }
    assert_eq!((last["steps"].as_u64(), last["ok"].as_u64()), (Some(16), Some(16)));
    assert!(last["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{last}");
    for kept in ["hub", "120000", "130000", "440000", "operators", "clients", "wallets"] {
        assert!(dir.join(kept).is_dir(), "{kept} is kept");
    }
    assert!(dir.join("trust-anchors/root.json").is_file());
}

#[test]
fn the_story_is_told_to_people_in_words() {
    let folder = TempDir::new().unwrap();
    let (dir, base) = (folder.path().join("demo"), port_base().to_string());
    let output = run(&["demo", "--once", "--dir", text(&dir), "--port-base", &base]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("✓ as expected").count(), 16, "{said}");
    assert!(said.contains(text(&dir)), "where everything is kept");
    assert!(said.contains("\n16 of 16 steps as expected, in "), "{said}");
}

#[test]
fn a_port_in_use_is_told_plainly() {
    let folder = TempDir::new().unwrap();
    for (number, listener) in [0, 1, 2, 10, 11, 12, 30].into_iter().enumerate() {
        let base = port_base();
        let port = base + listener;
        let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let dir = folder.path().join(number.to_string());
        let base = base.to_string();
        let output = run(&["demo", "--once", "--dir", text(&dir), "--port-base", &base]);
        let told = told(&output);
        assert_eq!((told.exit, told.code.as_str()), (69, "port-in-use"), "{told:?}");
        assert!(told.why.contains(&port.to_string()), "names the address: {told:?}");
    }
}

#[test]
fn a_folder_that_exists_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("demo");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("mine"), "my own file").unwrap();
    let base = port_base().to_string();
    let output = run(&["demo", "--once", "--json", "--dir", text(&dir), "--port-base", &base]);
    let told = told_as_json(&output);
    assert_eq!((told.exit, told.code.as_str()), (78, "config-invalid"), "{told:?}");
    assert!(told.why.contains(text(&dir)) && told.why.contains("exists"), "{told:?}");
    let left: Vec<_> = std::fs::read_dir(&dir).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing was added");
    assert_eq!(std::fs::read_to_string(dir.join("mine")).unwrap(), "my own file");
}

#[test]
fn ports_beyond_the_last_are_refused_before_anything_is_made() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("demo");
    let output = run(&["demo", "--once", "--dir", text(&dir), "--port-base", "65500"]);
    assert_eq!(told(&output).exit, 65);
    assert!(!dir.exists());
}

#[test]
fn mistakes_in_the_arguments_are_usage() {
    for arguments in [
        &["demo", "--port-base", "port"][..],
        &["demo", "--port-base", "99999"],
        &["demo", "--unknown"],
        &["serve"],
        &["nonsense"],
        &[],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

//! Where published vectors lie, how their cases are read, and the count of verdicts.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The cases of `cases.jsonl` in the folder `suite`, of which there must be `count`.
///
/// `None` where no vectors lie beside the checkout; this is said aloud. A folder that the
/// environment names must be there.
pub(crate) fn cases<C: DeserializeOwned>(suite: &str, count: usize) -> Option<Vec<C>> {
    let (folder, demanded) = folder();
    let file = folder.join(suite).join("cases.jsonl");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if demanded => panic!("{}: {error}", file.display()),
        Err(_) => {
            say(&format!(
                "SKIPPED {suite}: its {count} published cases are not here \
                 (HUTONG_VECTORS may name their folder)"
            ));
            return None;
        }
    };
    let cases: Vec<C> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), count, "{}", file.display());
    Some(cases)
}

/// The count of right and wrong verdicts on a suite.
#[derive(Default)]
pub(crate) struct Tally {
    accepted: usize,
    refused: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// Notes the verdict on the case called `id`.
    pub(crate) fn note(&mut self, id: &str, expected: bool, accepted: bool) {
        match (expected == accepted, accepted) {
            (true, true) => self.accepted += 1,
            (true, false) => self.refused += 1,
            (false, _) => self.wrong.push(format!("{id}: accepted is {accepted}")),
        }
    }

    /// Says the counts aloud, and fails on one wrong verdict or on other counts than published.
    pub(crate) fn close(self, suite: &str, good: usize, bad: usize) {
        let Self { accepted, refused, wrong } = self;
        let right = accepted + refused;
        say(&format!(
            "{suite}: {right} right ({accepted} accepted, {refused} refused), {} wrong",
            wrong.len()
        ));
        assert!(wrong.is_empty(), "{suite}:\n{}", wrong.join("\n"));
        assert_eq!((accepted, refused), (good, bad), "{suite}");
    }
}

/// The folder of all published vectors, and whether the environment names it.
fn folder() -> (PathBuf, bool) {
    match std::env::var_os("HUTONG_VECTORS") {
        Some(named) => (PathBuf::from(named), true),
        None => (Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), false),
    }
}

/// Writes past the harness, which keeps what passing tests print.
fn say(what: &str) {
    std::io::stderr().write_all(format!("{what}\n").as_bytes()).unwrap();
}

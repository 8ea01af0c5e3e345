//! `cargo bench`: what a verification costs beside the signature arithmetic in it, as ratios taken
//! in one run. Prints a table and writes `target/bench/report.json`.
//!
//! The raw limit is `raw(2,1)`: two ES256 verifications and one signature by aws-lc-rs with parsed
//! keys over 32-byte messages, nothing else. It is measured in turns with the program's own path,
//! so that a machine that slows down slows down both. Nothing here is a test: a row below its
//! budget is printed as such and ends with success. Given words, it measures only the groups that
//! they name: `verify`, `start`, `crowd`.

mod crowd;
#[path = "../../tests/common/founded.rs"]
mod founded;
mod trust;
mod world;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    ParsedPublicKey, Signature,
};
use comfy_table::{Cell, Table};
use hutong::base::{Clock as _, SystemClock, SystemEntropy, limits};
use hutong::credential::{Binding, Decision, JudgeTerms, StatusEvidence, examine};
use hutong::exchange::{CheckContext, VerificationReport, judged_findings};
use serde::Serialize;

use founded::Fallible;
use world::{AUDIENCE, NONCE, World};

fn main() -> Fallible<()> {
    let named: Vec<String> = std::env::args().skip(1).filter(|word| !is_flag(word)).collect();
    let wanted = |group: &str| named.is_empty() || named.iter().any(|word| word == group);
    let raw = Raw::new()?;
    let mut rows = Vec::new();
    if wanted("verify") {
        rows.extend(verification(&raw)?);
    }
    if wanted("start") {
        let federation = tempfile::tempdir()?;
        let runtime = tokio::runtime::Runtime::new()?;
        rows.extend(runtime.block_on(trust::starts(federation.path()))?);
    }
    if wanted("crowd") {
        rows.extend(trust::crowd(raw.verification()?)?);
    }
    let report = Report { profile: PROFILE, pairs: PAIRS, repetitions: BATCH, rows };
    print(&report);
    write(&report)
}

/// What `cargo bench` adds to the words of its caller.
fn is_flag(word: &str) -> bool {
    word.starts_with('-')
}

/// One verification in process beside the arithmetic in it.
fn verification(raw: &Raw) -> Fallible<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let world = runtime.block_on(World::found(folder.path(), SystemClock.now()))?;
    if verify(&world)?.decision != Decision::Accept {
        return Err("the honest presentation is not accepted: nothing to measure".into());
    }
    Ok(rows(&measure(|| raw.run(), || verify(&world).map(drop))?))
}

/// What is measured: from the presented text to the signed verdict, in memory.
fn verify(world: &World) -> Fallible<VerificationReport> {
    let now = world.now;
    let authentic = examine(&world.presentation, &world.snapshot, now)?;
    let terms = JudgeTerms {
        max_status_age: limits::STATUS_AGE_ROADSIDE,
        binding: Binding::Demanded { audience: AUDIENCE, nonce: NONCE },
    };
    let evidence = StatusEvidence::List { list: &world.status, ended_as: None };
    let judged = authentic.judge(evidence, &terms, now);
    let context = CheckContext {
        snapshot: &world.snapshot,
        hub_reachable: true,
        max_status_age: limits::STATUS_AGE_ROADSIDE,
        now,
    };
    let report = judged_findings(&judged, &context).into_report("bench", now, &SystemEntropy);
    Ok(report.sign(&world.receipt, world.gateway.as_ref())?)
}

/// The arithmetic alone: `raw(2,1)`.
struct Raw {
    pair: EcdsaKeyPair,
    key: ParsedPublicKey,
    signature: Signature,
    random: SystemRandom,
}

impl Raw {
    fn new() -> Fallible<Self> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())?;
        let signature = pair.sign(&random, MESSAGE)?;
        Ok(Self { pair, key, signature, random })
    }

    /// Time of one verification alone.
    fn verification(&self) -> Fallible<Duration> {
        let began = Instant::now();
        for _ in 0..VERIFICATIONS {
            self.key.verify_sig(black_box(MESSAGE), self.signature.as_ref())?;
        }
        Ok(began.elapsed() / VERIFICATIONS)
    }

    fn run(&self) -> Fallible<()> {
        for _ in 0..2 {
            self.key.verify_sig(black_box(MESSAGE), self.signature.as_ref())?;
        }
        black_box(self.pair.sign(&self.random, black_box(MESSAGE))?);
        Ok(())
    }
}

/// Time of one run of each side, taken right after each other.
struct Pair {
    raw: Duration,
    ours: Duration,
}

/// Runs both sides in turns, each first every other time.
fn measure(raw: impl Fn() -> Fallible<()>, ours: impl Fn() -> Fallible<()>) -> Fallible<Vec<Pair>> {
    let time = |side: &dyn Fn() -> Fallible<()>| -> Fallible<Duration> {
        let began = Instant::now();
        for _ in 0..BATCH {
            side()?;
        }
        Ok(began.elapsed() / BATCH)
    };
    // Once before it counts: caches and branch predictors.
    time(&raw)?;
    time(&ours)?;
    let pair = |number: u32| -> Fallible<Pair> {
        if number.is_multiple_of(2) {
            let raw = time(&raw)?;
            Ok(Pair { raw, ours: time(&ours)? })
        } else {
            let ours = time(&ours)?;
            Ok(Pair { raw: time(&raw)?, ours })
        }
    };
    (0..PAIRS).map(pair).collect()
}

/// One line of the report.
#[derive(Serialize)]
struct Row {
    id: &'static str,
    what: &'static str,
    value: f64,
    unit: &'static str,
    budget: Option<f64>,
    /// Whether the value may not fall below the budget, or not exceed it.
    bound: Option<&'static str>,
    ok: Option<bool>,
}

impl Row {
    fn plain(id: &'static str, what: &'static str, value: f64, unit: &'static str) -> Self {
        Self { id, what, value, unit, budget: None, bound: None, ok: None }
    }

    fn at_least(
        id: &'static str,
        what: &'static str,
        value: f64,
        unit: &'static str,
        budget: f64,
    ) -> Self {
        let (budget, bound, ok) = (Some(budget), Some("at least"), Some(value >= budget));
        Self { budget, bound, ok, ..Self::plain(id, what, value, unit) }
    }

    fn at_most(
        id: &'static str,
        what: &'static str,
        value: f64,
        unit: &'static str,
        budget: f64,
    ) -> Self {
        let (budget, bound, ok) = (Some(budget), Some("at most"), Some(value <= budget));
        Self { budget, bound, ok, ..Self::plain(id, what, value, unit) }
    }
}

#[derive(Serialize)]
struct Report {
    profile: &'static str,
    pairs: u32,
    repetitions: u32,
    rows: Vec<Row>,
}

fn rows(pairs: &[Pair]) -> Vec<Row> {
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let ratio = median(pairs.iter().map(|pair| pair.raw.as_secs_f64() / pair.ours.as_secs_f64()));
    vec![
        Row::at_least(
            "verify.in_process",
            "in process: SD-JWT VC + key binding + status bit + signed verdict",
            ratio,
            "of raw(2,1)",
            BUDGET,
        ),
        Row::plain(
            "verify.in_process.time",
            "the same, one verification",
            median(pairs.iter().map(|pair| micros(pair.ours))),
            "µs",
        ),
        Row::plain(
            "raw.2.1",
            "2 ES256 verifications + 1 signature, aws-lc-rs, parsed keys",
            median(pairs.iter().map(|pair| micros(pair.raw))),
            "µs",
        ),
    ]
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn print(report: &Report) {
    let mut table = Table::new();
    table.set_header(["row", "what", "value", "budget", "ok"]);
    for row in &report.rows {
        let value = format!("{:.3} {}", row.value, row.unit);
        let sign = if row.bound == Some("at most") { "≤" } else { "≥" };
        let budget = row.budget.map_or_else(String::new, |budget| format!("{sign} {budget:.2}"));
        let ok = row.ok.map_or("", |ok| if ok { "yes" } else { "NO" });
        table.add_row([row.id, row.what, &value, &budget, ok].map(Cell::new));
    }
    println!("{table}");
    println!("{SCOPE}");
    println!("median of {} pairs of {} runs each; build: {}", report.pairs, BATCH, report.profile);
}

fn write(report: &Report) -> Fallible<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("report.json");
    std::fs::write(&path, serde_json::to_vec_pretty(report)?)?;
    println!("written: {}", path.display());
    Ok(())
}

const SCOPE: &str = "measured: one thread, no network, nothing written; the trust snapshot and the \
                     status list are in memory, and the audit entry that the report names was \
                     committed before. Reading, issuer look-up, both signatures, disclosures, \
                     key binding, status bit, dates, report and its signature are all inside; a \
                     policy decision is not, since a check of what is presented asks none.";
const MESSAGE: &[u8] = &[7; 32];
/// Enough pairs for a steady median within a few seconds.
const PAIRS: u32 = 101;
const BATCH: u32 = 20;
/// Verifications that are timed as one.
const VERIFICATIONS: u32 = 20_000;
/// The share of the raw limit that is aimed at.
const BUDGET: f64 = 0.90;
const PROFILE: &str = if cfg!(debug_assertions) {
    "debug: these figures say nothing about a release build"
} else {
    "release"
};

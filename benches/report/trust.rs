//! What trust costs: starting with nothing, starting from disk, and a hundred thousand issuers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use hutong::base::{Clock as _, ListId, SystemClock, Timestamp};
use hutong::crypto::Digest;
use hutong::crypto::seal::SoftwareKey;
use hutong::pki::files;
use hutong::trust::{
    FreshnessDraft, LogHead, Named, Root, Snapshot, TrustState, Update, lote::SignedList,
};

use super::Row;
use super::crowd::Crowd;
use super::founded::{Fallible, Founded};

/// A hub and 32 provinces on loopback: the first start of a gateway, and the later ones.
pub(crate) async fn starts(folder: &Path) -> Fallible<Vec<Row>> {
    let base = free_ports(10 * (PROVINCES.len() + 1));
    let founded = Founded::new(folder, base, Arc::new(SystemClock), &PROVINCES, &[])?;
    let hub = founded.start_hub().await?;
    let lists = founded.first_lists()?;
    founded.publish(&lists).await?;
    let mut cold = Vec::new();
    for code in &PROVINCES[..STARTS] {
        let (took, gateway) = start(&founded, code).await?;
        cold.push(took);
        gateway.stop().await;
    }
    hub.stop().await;
    let mut warm = Vec::new();
    for code in &PROVINCES[..STARTS] {
        let (took, gateway) = start(&founded, code).await?;
        warm.push(took);
        gateway.stop().await;
    }
    let bytes = stored_bytes(folder, &lists, founded.now())?;
    Ok(vec![
        Row::at_most(
            "start.cold",
            "first start, root alone: 32 lists over loopback",
            slowest(&cold),
            "s",
            1.0,
        ),
        Row::at_most("start.disk", "start from disk, nobody to ask", slowest(&warm), "s", 2.0),
        Row::at_most("trust.bytes", "the trust state of 32 provinces, as stored", bytes, "MB", 1.2),
    ])
}

async fn start(founded: &Founded, code: &str) -> Fallible<(Duration, hutong::gateway::Running)> {
    let began = Instant::now();
    let gateway = founded.start_gateway(code, Duration::from_secs(30), true).await?;
    let ready = founded.ready(code).await?;
    let took = began.elapsed();
    // Four keys and eight further entries of each province.
    if ready["anchors"].as_u64() < Some(12 * 32) {
        return Err(format!("ready without all lists: {ready}").into());
    }
    Ok((took, gateway))
}

/// Bytes of everything that a node stores of 32 provinces.
fn stored_bytes(folder: &Path, lists: &[(ListId, Vec<u8>)], now: Timestamp) -> Fallible<f64> {
    let root = std::fs::read(folder.join("hub/trust/root.json"))?;
    let key = files::read_key(&folder.join("hub/keys/freshness.key.pem"))?;
    let state = accepted(&root, &SoftwareKey::from_pkcs8(&key)?, lists, now)?;
    let bytes: usize = state.documents().iter().map(|document| document.text.len()).sum();
    Ok(millions(bytes))
}

/// The state of a node that took these lists.
pub(crate) fn accepted(
    root: &[u8],
    freshness: &SoftwareKey,
    lists: &[(ListId, Vec<u8>)],
    now: Timestamp,
) -> Fallible<TrustState> {
    let state = TrustState::pinned(Root::pinned(root)?);
    let named = lists.iter().map(|(id, list)| Ok((*id, named(list)?))).collect::<Fallible<_>>()?;
    let state = refreshed(&state, freshness, named, 1, now)?;
    let (federation, provinces) = lists.split_at(1);
    let state = taken(state, federation, now)?;
    taken(state, provinces, now)
}

/// As a gateway does it: lists are examined on every core, and taken one after the other.
fn taken(state: TrustState, lists: &[(ListId, Vec<u8>)], now: Timestamp) -> Fallible<TrustState> {
    let next = AtomicUsize::new(0);
    let examine = || {
        let turns = std::iter::repeat_with(|| lists.get(next.fetch_add(1, Ordering::Relaxed)));
        let turns = turns.map_while(|list| list);
        turns.map(|(id, bytes)| state.examine_list(*id, bytes, now)).collect::<Vec<_>>()
    };
    let examined: Vec<_> = std::thread::scope(|scope| {
        let examining: Vec<_> = (0..cores()).map(|_| scope.spawn(examine)).collect();
        examining.into_iter().filter_map(|core| core.join().ok()).flatten().collect()
    });
    examined
        .into_iter()
        .try_fold(state, |state, list| Ok(state.accept(Update::Examined(&list?), now)?.state))
}

fn refreshed(
    state: &TrustState,
    freshness: &SoftwareKey,
    lists: Vec<(ListId, Named)>,
    sequence: u64,
    now: Timestamp,
) -> Fallible<TrustState> {
    let root = state.root();
    let draft = FreshnessDraft {
        sequence,
        root: Named {
            sequence: root.document().sequence,
            sha256: root.sha256(),
            bytes: root.bytes().len() as u64,
        },
        lists,
        log: LogHead { size: 0, root: Digest::of("") },
        orders: Vec::new(),
    };
    let token = draft.sign(freshness, now)?;
    Ok(state.accept(Update::Freshness(&token), now)?.state)
}

fn named(list: &[u8]) -> Fallible<Named> {
    let signed = SignedList::parse(list)?;
    let sequence = signed.document().lote.scheme.sequence;
    Ok(Named { sequence, sha256: signed.sha256(), bytes: signed.size() })
}

/// A hundred thousand issuers: the first import, the next, and what stays in memory.
pub(crate) fn crowd(raw_verification: Duration) -> Fallible<Vec<Row>> {
    let now = SystemClock.now();
    let crowd = Crowd::make(CROWD_LISTS, CROWD_ENTRIES, now)?;
    let count = f64::from(CROWD_LISTS * CROWD_ENTRIES);
    let before = resident();
    let began = Instant::now();
    let state = accepted(&crowd.root, &crowd.freshness, &crowd.lists, now)?;
    let read = began.elapsed();
    let began = Instant::now();
    let first = build(state, 1, now);
    let judged = began.elapsed();
    let grown = resident().saturating_sub(before);
    expect_all(&first)?;
    let again = replaced(&crowd, &first, CROWD_LISTS, now)?;
    let one = replaced(&crowd, &first, 1, now)?;
    let swap = swapped(first, again.snapshot);
    let raw = raw_verification.as_secs_f64();
    let budget = 1.2 * 3.0 * raw * count / f64::from(u32::try_from(cores())?);
    let issuer = f64::from(u32::try_from(grown / 1024)?) / count;
    Ok(vec![
        Row::at_most(
            "crowd.first",
            "100,000 issuers in 100 lists, first import",
            (read + judged).as_secs_f64(),
            "s",
            budget,
        ),
        Row::plain(
            "crowd.first.read",
            "of it: signatures of the lists, reading",
            read.as_secs_f64(),
            "s",
        ),
        Row::plain(
            "crowd.first.judge",
            "of it: proofs and chains of the entries",
            judged.as_secs_f64(),
            "s",
        ),
        Row::at_most(
            "crowd.again",
            "all of them replaced by lists whose entries were judged before",
            (again.read + again.judged).as_secs_f64(),
            "s",
            1.2,
        ),
        Row::plain("crowd.again.judge", "of it: the entries", again.judged.as_secs_f64(), "s"),
        Row::at_most(
            "crowd.one",
            "one of them replaced so",
            (one.read + one.judged).as_secs_f64(),
            "s",
            1.2,
        ),
        Row::at_most(
            "crowd.swap",
            "putting the new snapshot in force",
            swap.as_secs_f64() * 1e6,
            "µs",
            50.0,
        ),
        Row::at_most(
            "crowd.memory",
            "resident memory for one issuer, its list's text included",
            issuer,
            "KiB",
            1.2,
        ),
    ])
}

/// As a gateway does it: the share of each core judged on that core, then the census.
fn build(state: TrustState, generation: u64, now: Timestamp) -> Snapshot {
    let parts = cores();
    std::thread::scope(|scope| {
        for part in 0..parts {
            let state = &state;
            scope.spawn(move || Snapshot::prepare(state, [part, parts]));
        }
    });
    Snapshot::build(state, generation, now)
}

/// A snapshot in which some lists were replaced, and the time that this took.
struct Replaced {
    snapshot: Snapshot,
    read: Duration,
    judged: Duration,
}

fn replaced(crowd: &Crowd, held: &Snapshot, count: u32, now: Timestamp) -> Fallible<Replaced> {
    let next = crowd.next_lists(usize::try_from(count)?, now)?;
    let state = held.state();
    let mut all: BTreeMap<_, _> = state.headers().map(|(id, held)| (id, held.named)).collect();
    for (id, list) in &next {
        all.insert(*id, named(list)?);
    }
    let state = refreshed(state, &crowd.freshness, all.into_iter().collect(), 2, now)?;
    let began = Instant::now();
    let state = taken(state, &next, now)?;
    let read = began.elapsed();
    let began = Instant::now();
    let snapshot = build(state, 2, now);
    let judged = began.elapsed();
    expect_all(&snapshot)?;
    Ok(Replaced { snapshot, read, judged })
}

fn expect_all(snapshot: &Snapshot) -> Fallible<()> {
    let wanted = usize::try_from(CROWD_LISTS * CROWD_ENTRIES)?;
    if snapshot.anchors() == wanted {
        return Ok(());
    }
    Err(format!("{} of {wanted} issuers are believed", snapshot.anchors()).into())
}

/// The time in which a request could find neither snapshot; the old one is dropped afterwards.
fn swapped(first: Snapshot, second: Snapshot) -> Duration {
    let place = ArcSwap::from_pointee(first);
    let next = Arc::new(second);
    let began = Instant::now();
    let before = place.swap(next);
    let took = began.elapsed();
    drop(before);
    took
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse::<usize>().ok()).unwrap_or_default() * 1024
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

fn slowest(times: &[Duration]) -> f64 {
    times.iter().max().copied().unwrap_or_default().as_secs_f64()
}

fn millions(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6
}

/// The first of so many ports that are free.
fn free_ports(count: usize) -> u16 {
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    let is_free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    (10_000..28_000).step_by(500).find(|base| (*base..base + count).all(is_free)).unwrap_or(10_000)
}

/// The provinces of the mainland and one more, by their codes.
const PROVINCES: [&str; 32] = [
    "110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000", "310000",
    "320000", "330000", "340000", "350000", "360000", "370000", "410000", "420000", "430000",
    "440000", "450000", "460000", "500000", "510000", "520000", "530000", "540000", "610000",
    "620000", "630000", "640000", "650000", "710000",
];
/// Gateways started each way; the slowest counts.
const STARTS: usize = 5;
/// A list holds about a thousand issuers within the size that any list may have.
const CROWD_LISTS: u32 = 100;
const CROWD_ENTRIES: u32 = 1_000;

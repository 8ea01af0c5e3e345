//! How fast a withdrawal arrives (goal R5): measured from its acknowledgement to the moment at
//! which another province's gateway acts on it. Pushed and polled, from the hub and, while the hub
//! is cut off, from another member.
//!
//! `cargo test --test withdrawals` tries forty of each; `tests/long` runs the ignored test with a
//! thousand of each (`HUTONG_WITHDRAWALS` for another number) and prints a line for each setting.

#[path = "common/founded.rs"]
mod founded;
#[path = "common/gate.rs"]
mod gate;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hutong::base::{ListId, SystemClock};
use hutong::crypto::Digest;
use hutong::peer::Desk;
use hutong::trust::SignedOrder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use founded::{Fallible, Founded, Issuer, done, withdraw};
use gate::Gate;

/// Whose issuers are withdrawn.
const ISSUING: &str = "120000";
/// Whose gateway is watched.
const WATCHED: &str = "130000";
/// Whose gateway hears of everything and passes it on.
const INFORMED: &str = "440000";

/// How news reaches the watched gateway.
#[derive(Clone, Copy, Debug)]
struct Setting {
    name: &'static str,
    /// Whether the hub is cut off for the watched gateway.
    from_peer: bool,
    push: bool,
    /// Time between two refreshes of the watched gateway.
    refresh: Duration,
    goal: Duration,
}

impl Setting {
    /// The four, with `polled` between two refreshes where only polling brings news. Where it is
    /// pushed half a minute passes between two, so that polling alone would miss the goal.
    fn all(polled: Duration) -> [Self; 4] {
        let half_minute = Duration::from_secs(30);
        let (quick, slow) = (Duration::from_secs(5), Duration::from_mins(1));
        [
            ("from the hub, pushed", false, true, half_minute, quick),
            ("from the hub, polled", false, false, polled, slow),
            ("from a peer, pushed", true, true, half_minute, quick),
            ("from a peer, polled", true, false, polled, slow),
        ]
        .map(|(name, from_peer, push, refresh, goal)| Self {
            name,
            from_peer,
            push,
            refresh,
            goal,
        })
    }
}

/// How many and how: half by new versions of the list, half by orders, in batches.
#[derive(Clone, Copy, Debug)]
struct Load {
    count: u32,
    batches: u32,
    /// From one batch to the next; the orders of a batch are spread over it.
    pause: Duration,
    /// Of each kind in each batch, watched by real verifications.
    sampled: usize,
}

/// Times from the acknowledgement until the watched gateway acted.
#[derive(Debug, Default)]
struct Times {
    lists: Vec<Duration>,
    orders: Vec<Duration>,
    verified: Vec<Duration>,
}

impl Times {
    fn line(&self, setting: &Setting) -> String {
        let mut all: Vec<Duration> = self.lists.iter().chain(&self.orders).copied().collect();
        all.sort_unstable();
        let mut verified = self.verified.clone();
        verified.sort_unstable();
        let at = |times: &[Duration], percent: usize| {
            let place = (times.len() * percent).div_ceil(100).max(1) - 1;
            times.get(place).copied().unwrap_or_default().as_secs_f64()
        };
        format!(
            "R5 {}: {} withdrawals, p50 {:.2} s, p99 {:.2} s, max {:.2} s; {} refused in \
             verifications, p99 {:.2} s, max {:.2} s (goal {} s)",
            setting.name,
            all.len(),
            at(&all, 50),
            at(&all, 99),
            at(&all, 100),
            verified.len(),
            at(&verified, 99),
            at(&verified, 100),
            setting.goal.as_secs(),
        )
    }

    fn longest(&self) -> Duration {
        self.lists
            .iter()
            .chain(&self.orders)
            .chain(&self.verified)
            .max()
            .copied()
            .unwrap_or_default()
    }
}

/// A federation with many issuers, and the desks from which it is watched.
struct Scene {
    founded: Founded,
    list: Vec<u8>,
    issuers: Vec<Issuer>,
    police: Arc<Desk>,
    watched: Arc<Desk>,
    /// Where orders are brought.
    taker: Desk,
    sequence: u64,
    held: Vec<hutong::gateway::Running>,
    hub: hutong::hub::Running,
    gate: Gate,
}

impl Scene {
    async fn set(dir: &TempDir, base: u16, setting: Setting, count: u32) -> Fallible<Self> {
        let codes = [ISSUING, WATCHED, INFORMED];
        let founded = Founded::new(dir.path(), base, Arc::new(SystemClock), &codes, &["hub"])?;
        let [front, behind] = founded.front("hub");
        let gate = Gate::open(front, behind).await?;
        let hub = founded.start_hub().await?;
        let lists = founded.first_lists()?;
        founded.publish(&lists).await?;
        let (issuers, entries) = founded.issuers(ISSUING, count)?;
        let first = &lists[1].1;
        let list = founded.next_list(ISSUING, first, |services| {
            services.extend(entries);
            Ok(())
        })?;
        let id = ListId::Province(ISSUING.parse()?);
        founded.publish(&[(id, list.clone())]).await?;
        let second = Duration::from_secs(1);
        let mut held = vec![
            founded.start_gateway(ISSUING, second, setting.push).await?,
            founded.start_gateway(INFORMED, second, setting.push).await?,
        ];
        founded.ready(ISSUING).await?;
        founded.ready(INFORMED).await?;
        let others = gate.accepted();
        held.push(founded.start_gateway(WATCHED, setting.refresh, setting.push).await?);
        founded.ready(WATCHED).await?;
        let police = founded.registered(WATCHED, "enforcement", "unit-1", json!([])).await?;
        let taker = founded.desk(if setting.from_peer { INFORMED } else { "hub" }, 1, None)?;
        let watched = Arc::new(founded.desk(WATCHED, 1, None)?);
        let scene = Self {
            founded,
            list,
            issuers,
            police: Arc::new(police),
            watched,
            taker,
            sequence: 2,
            held,
            hub,
            gate,
        };
        let all = scene.credential(&scene.issuers[0])?;
        decided(&scene.police, &all, "ACCEPT", Duration::from_mins(1)).await?;
        if setting.from_peer {
            // Nothing of the hub comes through from here on, and nothing says so.
            scene.gate.silence_after(others);
        }
        Ok(scene)
    }

    fn credential(&self, issuer: &Issuer) -> Fallible<String> {
        self.founded.credential(ISSUING, issuer)
    }

    async fn publish_withdrawal(&mut self, from: usize, to: usize) -> Fallible<Instant> {
        let now = self.founded.now();
        let ids: Vec<_> = self.issuers[from..to].iter().map(|issuer| &issuer.id).collect();
        let list = self
            .founded
            .next_list(ISSUING, &self.list, |services| withdraw(services, &ids, now))?;
        let id = ListId::Province(ISSUING.parse()?);
        self.founded.publish(&[(id, list.clone())]).await?;
        self.list = list;
        self.sequence += 1;
        Ok(Instant::now())
    }

    async fn bring_order(&self, issuer: &Issuer) -> Fallible<(Digest, Instant)> {
        let order = self.founded.order(ISSUING, issuer.id.as_str(), Some(&issuer.id))?;
        let sha256 = SignedOrder::parse(&order)?.sha256();
        let order: Value = serde_json::from_slice(&order)?;
        done(self.taker.post("/v1/suspensions", &order).await?)?;
        Ok((sha256, Instant::now()))
    }

    async fn stop(self) {
        drop(self.gate);
        for gateway in self.held {
            gateway.stop().await;
        }
        self.hub.stop().await;
    }
}

/// A list's number or an order, with the moment of its acknowledgement and how many it withdraws.
type Awaited<T> = mpsc::UnboundedSender<(T, Instant, usize)>;

/// Waits for one thing after the other, in the order of their acknowledgements.
async fn await_all<T, F: Future<Output = Fallible<bool>>>(
    mut awaited: mpsc::UnboundedReceiver<(T, Instant, usize)>,
    is_held: impl Fn(&T) -> F,
) -> Fallible<Vec<Duration>> {
    let (mut queue, mut times) = (VecDeque::new(), Vec::new());
    loop {
        if queue.is_empty() {
            match awaited.recv().await {
                Some(next) => queue.push_back(next),
                None => return Ok(times),
            }
        }
        while let Ok(next) = awaited.try_recv() {
            queue.push_back(next);
        }
        while let Some((what, since, weight)) = queue.front() {
            if !is_held(what).await? {
                if since.elapsed() > PATIENCE {
                    return Err("a withdrawal did not arrive".into());
                }
                break;
            }
            times.extend(std::iter::repeat_n(since.elapsed(), *weight));
            queue.pop_front();
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn check(police: &Desk, credential: &str) -> Fallible<Value> {
    done(police.post("/v1/verifications", &json!({ "credential": credential })).await?)
}

/// How long it takes until a verification decides so.
async fn decided(
    police: &Desk,
    credential: &str,
    decision: &str,
    most: Duration,
) -> Fallible<Duration> {
    let since = Instant::now();
    loop {
        let report = check(police, credential).await?;
        if report["decision"] == json!(decision) {
            return Ok(since.elapsed());
        }
        if since.elapsed() > most {
            return Err(format!("not {decision}: {report}").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn measure(base: u16, setting: Setting, load: Load) -> Fallible<Times> {
    let dir = TempDir::new()?;
    let mut scene = Scene::set(&dir, base, setting, load.count + 1).await?;
    let (lists, awaited_lists) = mpsc::unbounded_channel();
    let (orders, awaited_orders) = mpsc::unbounded_channel();
    // An issuer that stays tells by its verdict which version of the list is in force.
    let stays = scene.credential(scene.issuers.last().ok_or("issuers")?)?;
    let police = Arc::clone(&scene.police);
    let lists_watched = tokio::spawn(await_all(awaited_lists, move |sequence: &u64| {
        let (police, stays, sequence) = (Arc::clone(&police), stays.clone(), *sequence);
        async move {
            let report = check(&police, &stays).await?;
            let held = report["issuer"]["trust_list"]["sequence"].as_u64();
            Ok(held.is_some_and(|held| held >= sequence))
        }
    }));
    let watched = Arc::clone(&scene.watched);
    let orders_watched = tokio::spawn(await_all(awaited_orders, move |sha256: &Digest| {
        let (watched, path) = (Arc::clone(&watched), format!("/v1/suspensions/{sha256}"));
        async move { Ok(watched.get(&path).await?.is_done()) }
    }));
    let verified = play(&mut scene, load, lists, orders).await?;
    let times = Times { lists: lists_watched.await??, orders: orders_watched.await??, verified };
    scene.stop().await;
    Ok(times)
}

/// Publishes and orders, batch by batch; returns what the sampled verifications took.
async fn play(
    scene: &mut Scene,
    load: Load,
    lists: Awaited<u64>,
    orders: Awaited<Digest>,
) -> Fallible<Vec<Duration>> {
    let half = (load.count / 2 / load.batches) as usize;
    let mut sampled = JoinSet::new();
    let watch = |sampled: &mut JoinSet<_>, scene: &Scene, issuer: &Issuer| -> Fallible<()> {
        let (police, credential) = (Arc::clone(&scene.police), scene.credential(issuer)?);
        sampled.spawn(async move { decided(&police, &credential, "REFUSE", PATIENCE).await });
        Ok(())
    };
    for batch in 0..load.batches as usize {
        let began = Instant::now();
        let (first, middle) = (2 * half * batch, 2 * half * batch + half);
        let acknowledged = scene.publish_withdrawal(first, middle).await?;
        lists.send((scene.sequence, acknowledged, half))?;
        for issuer in scene.issuers[first..middle].iter().take(load.sampled) {
            watch(&mut sampled, scene, issuer)?;
        }
        for (place, issuer) in scene.issuers[middle..middle + half].iter().enumerate() {
            let (sha256, acknowledged) = scene.bring_order(issuer).await?;
            orders.send((sha256, acknowledged, 1))?;
            if place < load.sampled {
                watch(&mut sampled, scene, issuer)?;
            }
            let part = u32::try_from(place + 1)?;
            let due = load.pause * part / u32::try_from(half)?;
            tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
        }
    }
    drop((lists, orders));
    let mut times = Vec::new();
    while let Some(time) = sampled.join_next().await {
        times.push(time??);
    }
    Ok(times)
}

/// Runs the settings one after the other and holds each to its goal.
fn run(settings: impl IntoIterator<Item = Setting>, load: Load) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for setting in settings {
        let base = gate::free_ports();
        let times = runtime.block_on(measure(base, setting, load));
        let times = times.unwrap_or_else(|error| panic!("{}: {error}", setting.name));
        println!("{}", times.line(&setting));
        assert_eq!(times.lists.len() + times.orders.len(), load.count as usize);
        assert!(times.longest() <= setting.goal, "{}", times.line(&setting));
    }
}

const SMALL: Load = Load { count: 40, batches: 2, pause: Duration::from_millis(500), sampled: 3 };

#[test]
fn r5_pushed_from_the_hub_within_five_seconds() {
    run(Setting::all(Duration::from_secs(1)).into_iter().take(1), SMALL);
}

#[test]
fn r5_polled_from_the_hub_within_a_minute() {
    run(Setting::all(Duration::from_secs(1)).into_iter().skip(1).take(1), SMALL);
}

#[test]
fn r5_pushed_from_a_peer_within_five_seconds() {
    run(Setting::all(Duration::from_secs(1)).into_iter().skip(2).take(1), SMALL);
}

#[test]
fn r5_polled_from_a_peer_within_a_minute() {
    run(Setting::all(Duration::from_secs(1)).into_iter().skip(3), SMALL);
}

#[test]
#[ignore = "a thousand of each setting: tests/long runs it"]
fn r5_in_full() {
    #[allow(clippy::disallowed_methods, reason = "a knob of the long run, not a configuration")]
    let count = std::env::var("HUTONG_WITHDRAWALS").ok().and_then(|count| count.parse().ok());
    let count = count.unwrap_or(1_000);
    let batches = 10;
    for setting in Setting::all(Duration::from_secs(30)) {
        // Polled news must not all fall into the same part of a cycle.
        let pause = Duration::from_secs(if setting.push { 6 } else { 17 });
        run([setting], Load { count, batches, pause, sampled: 3 });
    }
}

#[test]
fn r5_a_suspended_member_is_turned_away_on_its_open_connection() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(async {
            let (dir, base) = (TempDir::new()?, gate::free_ports());
            let codes = [ISSUING, WATCHED];
            let founded =
                Founded::new(dir.path(), base, Arc::new(SystemClock), &codes, &[WATCHED])?;
            let hub = founded.start_hub().await?;
            founded.publish(&founded.first_lists()?).await?;
            let [front, behind] = founded.front(WATCHED);
            let gate = Gate::open(front, behind).await?;
            let gateway = founded.start_gateway(WATCHED, Duration::from_secs(30), true).await?;
            founded.ready(WATCHED).await?;
            let member = founded.member_desk(WATCHED, ISSUING)?;
            let page = "/.well-known/elicence-gateway";
            done(member.get(page).await?)?;
            let connections = gate.accepted();
            let order: Value = serde_json::from_slice(&founded.order(ISSUING, "all", None)?)?;
            done(founded.desk("hub", 1, None)?.post("/v1/suspensions", &order).await?)?;
            let since = Instant::now();
            let refused = loop {
                let reply = member.get(page).await?;
                if !reply.is_done() {
                    break reply;
                }
                assert!(since.elapsed() < Duration::from_secs(5), "still served");
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            println!("R5 on an open connection: {:.2} s", since.elapsed().as_secs_f64());
            assert_eq!((refused.status, refused.code()), (403, "member-suspended"), "{refused:?}");
            assert_eq!(gate.accepted(), connections, "it was the same connection");
            gateway.stop().await;
            hub.stop().await;
            Fallible::Ok(())
        })
        .expect("a whole scene");
}

/// Longer than any goal: what takes longer never came.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at the watched gateway; it is part of what is measured.
const LOOK: Duration = Duration::from_millis(30);

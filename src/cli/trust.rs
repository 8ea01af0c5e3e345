//! `hutong trust`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::fail::Failure;
use super::own_list::OwnList;
use super::rotate::Rotate;
use super::screen::Screen;
use super::signing::{Sign, describe_order};
use super::{follow, lists, root, state};
use crate::base::{Clock as _, SystemClock, Timestamp};
use crate::trust::{Root, Snapshot, Standing, TrustAge};

/// What the federation's trust rests on.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Tells in words what one list says that the list before it did not.
    ///
    /// Example:
    ///   hutong trust diff federation-1.json federation-2.json
    #[command(verbatim_doc_comment)]
    Diff(lists::Diff),
    /// Shows the list log, line by line, after its tree and its signed head were verified.
    ///
    /// Example:
    ///   hutong trust log --root root.json --hub https://hub.example:8444 --member 120000
    #[command(verbatim_doc_comment)]
    Log(follow::Log),
    /// Fetches all that is in force from a hub, with nothing but the pinned root.
    ///
    /// Example:
    ///   hutong trust pull --root root.json --hub https://hub.example:8444 --out ./in-force
    #[command(verbatim_doc_comment)]
    Pull(follow::Pull),
    /// Publishes signed roots, lists and suspension orders at the hub, as its operator; orders at
    /// any gateway as well.
    ///
    /// Lists that are given together come into force together: a federation list that changes a
    /// list key belongs with the first list under the new key.
    ///
    /// Example:
    ///   hutong trust publish --hub https://127.0.0.1:8445 --server-cert hub-tls.cert.pem \
    ///     --cert desk.cert.pem --key desk.key.pem federation-2.json
    #[command(verbatim_doc_comment)]
    Publish(lists::Publish),
    /// The root: the one document that is pinned.
    #[command(subcommand)]
    Root(root::Command),
    /// Shows a root, and with --state the lists that a node holds under it.
    ///
    /// Read the sha256 to somebody who has the root from elsewhere, over a second channel, before
    /// you pin it.
    ///
    /// Example:
    ///   hutong trust show --root root.json --state /var/lib/hutong
    #[command(verbatim_doc_comment)]
    Show(Show),
    /// Adds one signature to a root, to a federation list or to a suspension order.
    ///
    /// Each operator does this at an own desk and passes the file on. What is signed is shown
    /// first: compare it.
    ///
    /// Example:
    ///   hutong trust sign --key operator.key.pem --cert operator.cert.pem root.json
    #[command(verbatim_doc_comment)]
    Sign(Sign),
    #[command(flatten)]
    OwnList(OwnList),
    /// Exchanges a key of a gateway, but for its list key; works on the gateway's files.
    ///
    /// The first run makes a new key beside the old one, and a list with both. Publish it and
    /// restart the gateway: it goes over to the new key. A week later --finish makes the list that
    /// withdraws the old one; it is refused before the week is over, and as long as the gateway's
    /// log does not show a start with the new key. Where a list was lost before it was in force, the
    /// same command makes it again with the same keys.
    ///
    /// Example:
    ///   hutong trust rotate --data-dir /var/lib/hutong --service status --out next-list.json
    #[command(verbatim_doc_comment)]
    Rotate(Rotate),
    /// Follows the list log, and alarms on what nobody signed whom it names, and on a log that
    /// tells two stories.
    ///
    /// Example:
    ///   hutong trust watch --root root.json --hub https://hub.example:8444 --member 120000
    #[command(verbatim_doc_comment)]
    Watch(follow::Watch),
    /// Tells who signed a list, whether that is enough, and whether it keeps to the profile.
    ///
    /// Ends 0 when it is sound, 1 when it is not.
    ///
    /// Example:
    ///   hutong trust verify --root root.json federation-2.json
    #[command(verbatim_doc_comment)]
    Verify(lists::Verify),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The root.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// The data directory of a node, opened for reading only.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Diff(order) => order.run(screen),
            Self::Log(order) => order.run(screen).await,
            Self::Pull(order) => order.run(screen).await,
            Self::Publish(order) => order.run(screen).await,
            Self::Watch(order) => order.run(screen).await,
            Self::Root(command) => command.run(screen),
            Self::Show(order) => show(&order, screen).await,
            Self::Sign(order) => order.run(screen),
            Self::OwnList(order) => order.run(screen).await,
            Self::Rotate(order) => super::rotate::run(order, screen).await,
            Self::Verify(order) => order.run(screen),
        }
    }
}

async fn show(order: &Show, screen: Screen) -> Result<ExitCode, Failure> {
    let now = SystemClock.now();
    let root = state::pinned_root(&order.root)?;
    let mut document = root_json(&root, now);
    let mut lines = root_lines(&root, now);
    if let Some(directory) = &order.state {
        let snapshot = state::snapshot(directory, root, now).await?;
        document["state"] = state_json(&snapshot, now);
        lines.push(String::new());
        lines.extend(state_lines(&snapshot, now, screen));
    }
    screen.result(&document, &lines);
    Ok(ExitCode::SUCCESS)
}

fn root_json(root: &Root, now: Timestamp) -> Value {
    let document = root.document();
    let operators: Vec<String> =
        document.operators.keys.iter().map(|key| key.certificate_sha256.to_hex()).collect();
    json!({
        "sequence": document.sequence, "sha256": root.sha256().to_hex(),
        "expires": document.expires, "expired": root.is_expired(now),
        "hub": document.hub.url, "threshold": document.operators.threshold,
        "emergency": document.emergency.threshold, "operators": operators,
        "witnesses": document.witnesses.vkeys,
    })
}

fn root_lines(root: &Root, now: Timestamp) -> Vec<String> {
    let document = root.document();
    let end = if root.is_expired(now) { " EXPIRED" } else { "" };
    let mut lines = vec![
        format!("root       {}", document.sequence),
        format!("sha256     {}", root.sha256().to_hex()),
        format!("expires    {}{end}", document.expires),
        format!("hub        {}", document.hub.url),
        format!(
            "operators  {} of {} sign, {} suspend; sha256 of their certificates:",
            document.operators.threshold,
            document.operators.keys.len(),
            document.emergency.threshold,
        ),
    ];
    let keys = document.operators.keys.iter();
    lines.extend(keys.map(|key| format!("           {}", key.certificate_sha256.to_hex())));
    lines
}

fn state_json(snapshot: &Snapshot, now: Timestamp) -> Value {
    let lists: Vec<Value> = snapshot
        .state()
        .headers()
        .map(|(id, list)| {
            json!({
                "id": id, "sequence": list.named.sequence, "sha256": list.named.sha256.to_hex(),
                "issued": list.issued, "ends": list.next_update,
                "expired": list.next_update <= now,
            })
        })
        .collect();
    let refused: Vec<Value> = snapshot
        .refused()
        .iter()
        .map(|(_, service, refusal)| {
            json!({ "service": service, "code": refusal.code(), "why": refusal.to_string() })
        })
        .collect();
    json!({
        "age": age_word(snapshot.age(now)), "as_of": snapshot.as_of(),
        "anchors": snapshot.anchors(), "witnessed": snapshot.is_witnessed(),
        "lists": lists, "refused": refused,
        "waiting": waiting(snapshot), "orders": orders(snapshot),
        "log": { "size": snapshot.state().log().size(),
                 "witnessed": snapshot.state().log().witnessed_size() },
    })
}

fn state_lines(snapshot: &Snapshot, now: Timestamp, screen: Screen) -> Vec<String> {
    let as_of = snapshot.as_of().map_or_else(|| "never".to_owned(), |at| at.to_string());
    let mut lines = vec![
        format!("trust      {} (as of {as_of})", age_word(snapshot.age(now))),
        format!("anchors    {}", snapshot.anchors()),
    ];
    let rows: Vec<Vec<String>> = snapshot
        .state()
        .headers()
        .map(|(id, list)| {
            let age = now.since(list.issued).as_secs() / 3_600;
            let sha256: String = list.named.sha256.to_hex().chars().take(16).collect();
            let (number, end) = (list.named.sequence.to_string(), list.next_update.to_string());
            vec![id.short(), number, format!("{age} h"), end, sha256]
        })
        .collect();
    lines.extend(screen.rows(&["list", "number", "age", "ends", "sha256"], &rows));
    for (list, number) in waiting(snapshot) {
        lines.push(format!("waiting    {list} {number}: the witnesses have not cosigned it yet"));
    }
    for (sha256, text, standing) in orders(snapshot) {
        lines.push(format!("order      {sha256}: {text} ({standing})"));
    }
    for (_, service, refusal) in snapshot.refused() {
        lines.push(format!("refused    {service}: {refusal} ({})", refusal.code()));
    }
    lines
}

/// Lists that are newer than those in force and wait for the log's witnesses.
fn waiting(snapshot: &Snapshot) -> Vec<(String, u64)> {
    let lists = snapshot.state().waiting();
    lists.map(|(id, header)| (id.short(), header.named.sequence)).collect()
}

/// The suspension orders, with what they say and count for.
fn orders(snapshot: &Snapshot) -> Vec<(String, String, &'static str)> {
    let held = snapshot.state().orders().iter();
    held.map(|held| {
        let standing = match held.standing() {
            Standing::Waiting => "waits for a third operator",
            Standing::Emergency => "in force by the emergency rule",
            Standing::Full => "in force",
        };
        (held.sha256().to_hex(), describe_order(held.order().claims()), standing)
    })
    .collect()
}

const fn age_word(age: TrustAge) -> &'static str {
    match age {
        TrustAge::Fresh => "fresh",
        TrustAge::Cached => "cached",
        TrustAge::Stale => "stale",
        TrustAge::Expired => "expired",
    }
}

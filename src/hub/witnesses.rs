//! Gathering cosignatures: after each change of the log the members' gateways are asked to witness
//! its new head. A witness that is away is asked again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::serving::Node;
use crate::base::{MemberId, limits};
use crate::crypto::note::AddCheckpoint;
use crate::peer::PeerRequest;
use crate::store::TrustCommit;
use crate::trust::Snapshot;

/// Asks for as long as the hub is up: at once after each change, and again while too few answered.
pub(super) async fn gather(node: Arc<Node>) {
    let sizes = Arc::new(Mutex::new(HashMap::new()));
    loop {
        let complete = round(&node, &sizes).await;
        let pause = if complete { limits::FRESHNESS_INTERVAL } else { RETRY };
        tokio::select! {
            () = node.news.next() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The size of the log that each witness cosigned last, as far as this hub knows.
type Sizes = Arc<Mutex<HashMap<MemberId, u64>>>;

/// Asks every witness that has not cosigned the newest head. Whether nobody is left to ask.
async fn round(node: &Arc<Node>, sizes: &Sizes) -> bool {
    let snapshot = node.snapshot.load_full();
    let log = snapshot.state().log();
    let (size, Some(note)) = (log.size(), log.checkpoint().map(str::to_owned)) else { return true };
    let witnesses = witnesses_of(&snapshot);
    let mut asking = JoinSet::new();
    for member in witnesses {
        if sizes.lock().await.get(&member) == Some(&size) {
            continue;
        }
        let (node, sizes, note) = (Arc::clone(node), Arc::clone(sizes), note.clone());
        asking.spawn(async move { ask(&node, &sizes, member, size, note).await });
    }
    let mut complete = true;
    while let Some(answer) = asking.join_next().await {
        match answer {
            Ok(Some(lines)) => take(node, &lines).await,
            _ => complete = false,
        }
    }
    complete
}

/// The members whose keys the root names as witnesses, whatever their status: a suspension takes
/// nobody out of the quorum.
fn witnesses_of(snapshot: &Snapshot) -> Vec<MemberId> {
    let named = &snapshot.state().root().document().witnesses.vkeys;
    let is_named = |vkey: &String| named.contains(vkey);
    let members = snapshot.members().filter(|member| is_named(&member.witness_vkey));
    members.map(|member| member.id).collect()
}

/// Asks one witness; once more when it holds another size than we thought. Its answer are lines to
/// be added to the checkpoint.
async fn ask(
    node: &Node,
    sizes: &Sizes,
    member: MemberId,
    size: u64,
    note: String,
) -> Option<String> {
    for _ in 0..2 {
        let old = sizes.lock().await.get(&member).copied().unwrap_or_default();
        let snapshot = node.snapshot.load_full();
        let tree = snapshot.state().log().tree();
        let proof = if old == 0 { Vec::new() } else { tree.consistency_proof(old, size)? };
        let body = AddCheckpoint { old, proof, note: note.clone() }.to_string();
        let client = node.peers.member_whatever_its_status(&snapshot, member).ok()?;
        let mut request = PeerRequest::post("/v1/log/add-checkpoint", body.into_bytes(), ANSWER);
        request
            .headers
            .insert("content-type", reqwest::header::HeaderValue::from_static("text/plain"));
        request.deadline = Some(DEADLINE);
        let answer = client.send(request).await.ok()?;
        let text = String::from_utf8(answer.bytes).ok()?;
        match answer.status.as_u16() {
            200 => {
                sizes.lock().await.insert(member, size);
                return Some(text);
            }
            // It tells what it holds.
            409 => {
                let held = text.trim_end().parse().ok()?;
                sizes.lock().await.insert(member, held);
            }
            status => {
                tracing::warn!(%member, status, "a witness did not cosign the list log");
                return None;
            }
        }
    }
    None
}

/// Adds cosignatures to the checkpoint and shows what they put in force.
async fn take(node: &Node, lines: &str) {
    let now = node.clock.now();
    let mut board = node.board.lock().await;
    match board.cosigned(lines, now) {
        Ok(next) => {
            let change = TrustCommit::between(board.state(), next.state(), &[], now);
            if let Err(error) = node.keep_change(change, now).await {
                tracing::error!(code = %error.code(), "cosignatures were not kept");
                return;
            }
            node.put_up(&mut board, next, now);
        }
        Err(error) => tracing::warn!(%error, "a cosignature is not taken"),
    }
}

/// Wait before witnesses that did not answer are asked again.
const RETRY: Duration = Duration::from_secs(5);
/// Time for one witness: the federation list waits for them.
const DEADLINE: Duration = Duration::from_secs(3);
/// Bytes of an answer: a few signature lines.
const ANSWER: usize = 16 * 1024;

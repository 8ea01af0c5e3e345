//! `hutong trust pull|log|watch`: following a federation from outside, with nothing but its pinned
//! root. Whatever the hub serves is taken by the rules of every node.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::fail::{Failure, REFUSE};
use super::screen::Screen;
use super::{papers, state};
use crate::base::{
    Clock as _, Code, Division, ListId, MemberId, SystemClock, Timestamp, counted, limits,
};
use crate::crypto::Digest;
use crate::peer::{
    FetchError, Fetched, Gathered, Origin, OriginPolicy, PeerClient, PeerError, PeerRequest,
    PeerSettings, TrustReader, gather_trust,
};
use crate::tls::ServerPin;
use crate::trust::lote::SignedList;
use crate::trust::{LogLeaf, Member, TrustState, UpdateRefusal};

/// Whom to follow.
#[derive(Debug, Args)]
pub(super) struct Followed {
    /// The pinned root; it names the hub's key.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// Origin of the hub's public listener.
    #[arg(long, value_name = "ORIGIN")]
    hub: String,
}

#[derive(Debug, Args)]
pub(super) struct Pull {
    #[command(flatten)]
    followed: Followed,
    /// A new folder for what is in force.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Log {
    #[command(flatten)]
    followed: Followed,
    /// Only lines that name this member, six digits.
    #[arg(long, value_name = "DIVISION")]
    member: Option<Division>,
}

#[derive(Debug, Args)]
pub(super) struct Watch {
    #[command(flatten)]
    followed: Followed,
    /// Only lines that name this member, six digits [default: all members].
    #[arg(long, value_name = "DIVISION")]
    member: Option<Division>,
    /// Look once, and end 1 when there is an alarm.
    #[arg(long)]
    once: bool,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
}

/// The hub as it is read from outside, and what was wrong with it.
struct Hub {
    client: PeerClient,
    complaints: Mutex<Vec<(Code, String)>>,
}

impl Followed {
    fn open(&self) -> Result<(TrustState, Hub), Failure> {
        let root = state::pinned_root(&self.root)?;
        let failure = |error: &PeerError| {
            Failure::input("the hub cannot be called", error, "give --hub as https://host:port")
        };
        let origin = Origin::parse(&self.hub, OriginPolicy::AllowPrivate)
            .map_err(|error| failure(&error.into()))?;
        let pin = ServerPin::Key(root.document().hub.tls_spki_sha256);
        let settings = PeerSettings::new(OriginPolicy::AllowPrivate, Arc::new(SystemClock));
        let client = PeerClient::new(origin, pin, None, &settings);
        let client = client.map_err(|error| failure(&error))?;
        Ok((TrustState::pinned(root), Hub { client, complaints: Mutex::default() }))
    }
}

impl Hub {
    async fn gather(&self, state: TrustState, screen: Screen) -> Result<Gathered, Failure> {
        let gathered = screen.waiting("reading the hub", gather_trust(state, self)).await;
        match &gathered.outcome {
            Err(error) if gathered.taken.is_empty() => {
                Err(Failure::of(error.code(), "nothing could be read from the hub", error)
                    .advising("check the address, and that --root names this hub")
                    .exiting(super::fail::UNREACHABLE))
            }
            _ => Ok(gathered),
        }
    }

    fn complain(&self, code: Code, what: String) {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).push((code, what));
    }

    fn complaints(&self) -> Vec<(Code, String)> {
        std::mem::take(&mut *self.complaints.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TrustReader for Hub {
    async fn fetch(&self, path: &str, most_bytes: usize) -> Result<Vec<u8>, FetchError> {
        self.client.fetch(PeerRequest::get(path, most_bytes)).await
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn is_hub(&self) -> bool {
        true
    }

    fn refused(&self, list: Option<ListId>, refusal: UpdateRefusal) {
        let what = list.map_or_else(|| "a document".to_owned(), |id| id.short());
        self.complain(refusal.code(), format!("{what}: {refusal}"));
    }

    fn not_fetched(&self, list: Option<ListId>, error: &FetchError) {
        let what = list.map_or_else(|| "a document".to_owned(), |id| id.short());
        self.complain(error.code(), format!("{what}: {error}"));
    }

    fn odd(&self, code: Code, what: &str) {
        self.complain(code, what.to_owned());
    }

    fn doubt_time(&self, issued: Timestamp) {
        self.complain(Code::ClockInvalid, format!("this machine's clock, or the hub's: {issued}"));
    }
}

impl Pull {
    pub(super) async fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let (pinned, hub) = self.followed.open()?;
        let state = hub.gather(pinned, screen).await?.state;
        papers::make_folder(&self.out)?;
        let mut files = Vec::new();
        let mut keep = |name: &str, bytes: &[u8]| -> Result<(), Failure> {
            papers::write_new(&self.out.join(name), bytes)?;
            files.push(name.to_owned());
            Ok(())
        };
        keep("root.json", state.root().bytes())?;
        for id in state.known_lists() {
            if let Some((text, _)) = state.list_bytes(id) {
                keep(&format!("{}.json", id.short()), text.as_bytes())?;
            }
        }
        for held in state.orders().iter() {
            let bytes = held.order().to_bytes().unwrap_or_default();
            keep(&format!("order-{}.json", held.sha256().to_hex()), &bytes)?;
        }
        if let Some(statement) = state.freshness() {
            keep("freshness.jwt", statement.token().as_bytes())?;
        }
        if let Some(note) = state.log().checkpoint() {
            keep("checkpoint.txt", note.as_bytes())?;
        }
        let complaints = hub.complaints();
        let mut lines: Vec<String> =
            files.iter().map(|file| format!("{}", self.out.join(file).display())).collect();
        lines.extend(complaints.iter().map(|(code, what)| format!("refused  {what} ({code})")));
        screen.result(&json!({ "files": files, "refused": told(&complaints) }), &lines);
        Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(REFUSE) })
    }
}

impl Log {
    pub(super) async fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let (pinned, hub) = self.followed.open()?;
        let gathered = hub.gather(pinned, screen).await?;
        let log = gathered.state.log();
        let shown: Vec<(usize, LogLeaf)> = lines_of(&gathered)
            .iter()
            .enumerate()
            .filter_map(|(index, line)| Some((index, LogLeaf::parse(line).ok()?)))
            .filter(|(_, leaf)| self.member.is_none_or(|own| leaf.member() == Some(own.member())))
            .collect();
        let rows: Vec<Vec<String>> = shown
            .iter()
            .map(|(index, leaf)| {
                vec![index.to_string(), leaf.at().instant().to_string(), words(leaf)]
            })
            .collect();
        let mut text = screen.rows(&["line", "at", "what"], &rows);
        text.push(format!(
            "{} under one signed tree, {} of them cosigned by the quorum of witnesses",
            counted(log.size(), "line", "lines"),
            log.witnessed_size()
        ));
        let entries: Vec<Value> =
            shown.iter().map(|(index, leaf)| json!({ "line": index, "leaf": leaf })).collect();
        let document = json!({
            "size": log.size(), "root": log.root(), "witnessed": log.witnessed_size(),
            "lines": entries, "checkpoint": log.checkpoint(),
        });
        screen.result(&document, &text);
        Ok(ExitCode::SUCCESS)
    }
}

impl Watch {
    pub(super) async fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let (mut state, hub) = self.followed.open()?;
        let mut seen = Seen::default();
        loop {
            let gathered = match hub.gather(state.clone(), screen).await {
                Ok(gathered) => gathered,
                Err(failure) if self.once => return Err(failure),
                Err(failure) => {
                    screen.note(&failure.to_string());
                    tokio::time::sleep(Duration::from_secs(self.every)).await;
                    continue;
                }
            };
            let mut alarms: Vec<String> =
                hub.complaints().iter().map(|(code, what)| format!("{what} ({code})")).collect();
            for line in lines_of(&gathered) {
                alarms.extend(self.judge(&hub, &gathered.state, &line, &mut seen).await);
            }
            let size = gathered.state.log().size();
            let read = size - state.log().size();
            state = gathered.state;
            let lines: Vec<String> = alarms.iter().map(|what| format!("ALARM  {what}")).collect();
            screen.result(&json!({ "read": read, "size": size, "alarms": alarms }), &lines);
            if self.once {
                let (read, alarms_told) =
                    (counted(read, "line", "lines"), counted(alarms.len(), "alarm", "alarms"));
                screen.note(&format!("{read} read, {alarms_told}"));
                return Ok(ExitCode::from(u8::from(!alarms.is_empty())));
            }
            tokio::time::sleep(Duration::from_secs(self.every)).await;
        }
    }

    /// What is wrong with one line of the log; nothing, when it is what it says.
    async fn judge(
        &self,
        hub: &Hub,
        state: &TrustState,
        line: &str,
        seen: &mut Seen,
    ) -> Option<String> {
        let Ok(leaf) = LogLeaf::parse(line) else {
            return Some(format!("a line of an unknown kind: {line}"));
        };
        if let Some(wrong) = seen.note(&leaf) {
            return Some(wrong);
        }
        let named = leaf.member()?;
        if self.member.is_some_and(|own| own.member() != named) {
            return None;
        }
        let member = state.federation().and_then(|list| list.member(named));
        match &leaf {
            LogLeaf::List { id, sequence, sha256, .. } => {
                self.judge_list(hub, member, *id, *sequence, *sha256).await
            }
            LogLeaf::Suspension { sha256, .. } => {
                let held = state.orders().get(*sha256).is_some();
                let lifted = state.federation().is_some_and(|list| list.lifts(*sha256));
                (!held && !lifted).then(|| format!("{}: nobody has this order", words(&leaf)))
            }
            LogLeaf::KeyChange { spki, .. } => {
                let known = member.is_some_and(|member| is_key_of(member, *spki));
                (!known).then(|| format!("{}: no list in force says so", words(&leaf)))
            }
            // Anybody may apply; whether it is let in stands in the federation list.
            LogLeaf::Enrolment { .. } | LogLeaf::Root { .. } => None,
        }
    }

    /// A list that the log names must be there, and signed by a list key of the member.
    async fn judge_list(
        &self,
        hub: &Hub,
        member: Option<&Member>,
        id: ListId,
        sequence: u64,
        sha256: Digest,
    ) -> Option<String> {
        let name = format!("list {} {sequence}", id.short());
        let path = format!("/v1/lists/{}/{sequence}", id.short());
        let bytes = match hub.fetch(&path, limits::TRUST_LIST_BYTES).await {
            Ok(bytes) => bytes,
            Err(error) => return Some(format!("{name} is in the log and not to be had: {error}")),
        };
        let list = match SignedList::parse(&bytes) {
            Ok(list) if list.id() == id && list.sha256() == sha256 => list,
            Ok(_) => return Some(format!("{name} is served with another content than logged")),
            Err(refusal) => return Some(format!("{name} cannot be read: {refusal}")),
        };
        let Some(member) = member else {
            return Some(format!("{name} is of nobody whom the federation list names"));
        };
        let mut keys = vec![&member.list_key];
        keys.extend(&member.earlier_keys);
        let signers = list.signatures().signers(&keys, crate::crypto::jws::Typ::List);
        let is_signed = signers.is_ok_and(|signers| !signers.is_empty());
        (!is_signed).then(|| format!("{name} is not signed by its member"))
    }
}

/// What the log said so far.
#[derive(Default)]
struct Seen {
    lists: BTreeMap<(ListId, u64), Digest>,
    at: Option<Timestamp>,
}

impl Seen {
    /// Whether a line contradicts an earlier one: two lists of one number, or time that runs back.
    fn note(&mut self, leaf: &LogLeaf) -> Option<String> {
        let at = leaf.at().instant();
        let backwards = self.at.is_some_and(|before| at < before);
        self.at = self.at.max(Some(at));
        if backwards {
            return Some(format!("{}: its time lies before the line above", words(leaf)));
        }
        if let LogLeaf::List { id, sequence, sha256, .. } = leaf {
            let first = *self.lists.entry((*id, *sequence)).or_insert(*sha256);
            if first != *sha256 {
                return Some(format!("{}: the log holds another of this number", words(leaf)));
            }
        }
        None
    }
}

fn is_key_of(member: &Member, spki: Digest) -> bool {
    let mut keys = std::iter::once(&member.list_key).chain(&member.earlier_keys);
    keys.any(|key| key.spki_digest() == spki)
}

/// The lines that were read this time.
fn lines_of(gathered: &Gathered) -> Vec<String> {
    let logs = gathered.taken.iter().filter_map(|fetched| match fetched {
        Fetched::Log(_, lines) => Some(lines),
        _ => None,
    });
    logs.flatten().cloned().collect()
}

fn words(leaf: &LogLeaf) -> String {
    let of = |member: &MemberId| member.division().to_string();
    match leaf {
        LogLeaf::Enrolment { member, spki, .. } => {
            format!("{} applied with list key {}", of(member), spki.to_hex())
        }
        LogLeaf::KeyChange { member, spki, .. } => {
            format!("{} changed its list key to {}", of(member), spki.to_hex())
        }
        LogLeaf::List { id, sequence, sha256, .. } => {
            format!("list {} {sequence}, sha256 {}", id.short(), sha256.to_hex())
        }
        LogLeaf::Root { sequence, sha256, .. } => {
            format!("root {sequence}, sha256 {}", sha256.to_hex())
        }
        LogLeaf::Suspension { member, sha256, .. } => {
            format!("an order that stops {}, sha256 {}", of(member), sha256.to_hex())
        }
    }
}

fn told(complaints: &[(Code, String)]) -> Vec<Value> {
    complaints.iter().map(|(code, what)| json!({ "code": code, "what": what })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(sequence: u64, content: &str, at: i64) -> LogLeaf {
        LogLeaf::List {
            at: Timestamp::from_unix_seconds(at).into(),
            id: ListId::Federation,
            sequence,
            sha256: Digest::of(content),
        }
    }

    #[test]
    fn a_log_that_contradicts_itself_is_told() {
        let mut seen = Seen::default();
        assert_eq!(seen.note(&list(1, "one", 10)), None);
        assert_eq!(seen.note(&list(1, "one", 10)), None, "said twice is no contradiction");
        assert_eq!(seen.note(&list(2, "two", 11)), None);
        assert!(seen.note(&list(2, "zwei", 12)).unwrap().contains("another of this number"));
        assert!(seen.note(&list(3, "three", 9)).unwrap().contains("before the line above"));
    }
}

//! `hutong member apply|applications|approve|restore|rotate|update|withdraw`: what a province sends, and
//! the next federation list as an operator's desk makes it, on files and unsigned.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::desk::{self, Caller};
use super::fail::Failure;
use super::screen::Screen;
use super::{init, lists, member, papers, state};
use crate::base::{Clock as _, Code, Division, ListId, SystemClock};
use crate::crypto::Digest;
use crate::crypto::jws::GeneralJws;
use crate::exchange::{
    Addressee, Amendment, EnrolmentContext, Examination, KeyChangeRequest, KnownKeys,
    MembershipError, NextList, OpenedBundle, difference, next_key_turn,
};
use crate::gateway;
use crate::tls::ServerPin;
use crate::trust::lote::{Document, SignedList};
use crate::trust::{DocumentKind, ServiceStatus, Snapshot, StatutoryUse};

#[derive(Debug, Args)]
pub(super) struct Apply {
    /// The gateway's folder, with keys/, trust/root.json and outbox/enrolment.jwt.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Origin of the hub's public listener.
    #[arg(long, value_name = "ORIGIN")]
    hub: String,
    /// Where to keep the application as it was handed in.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Applications {
    #[command(flatten)]
    operator: Caller,
    /// SHA-256 of the list key of one application.
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    fingerprint: Option<Digest>,
    /// Where to save that application.
    #[arg(long, value_name = "FILE", requires = "fingerprint")]
    out: Option<PathBuf>,
}

/// The federation list in force, from a node or from a file.
#[derive(Debug, Args)]
pub(super) struct Held {
    /// The data directory of a node that holds it, opened for reading only.
    #[arg(long, value_name = "DIR", conflicts_with = "list")]
    state: Option<PathBuf>,
    /// The pinned root [default: trust/root.json of the data directory].
    #[arg(long, value_name = "FILE", requires = "state")]
    root: Option<PathBuf>,
    /// The signed list as a file.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
}

/// The status of an applicant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Status {
    /// May connect and must prove itself.
    Staged,
    /// Takes part.
    Granted,
}

#[derive(Debug, Args)]
pub(super) struct Approve {
    #[command(flatten)]
    held: Held,
    /// Begin the first federation list, with this catalogue of statutory uses (JSON array).
    #[arg(long, value_name = "USES.json", conflicts_with_all = ["state", "list"])]
    first: Option<PathBuf>,
    /// The application, as the hub took it in.
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// What the applicant becomes.
    #[arg(long, value_enum, required_unless_present = "reenrolled")]
    status: Option<Status>,
    /// SHA-256 of the list key as the province read it out over a second channel.
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    fingerprint: Digest,
    /// The member lost its list key and applies anew: takes effect after a suspension and a wait.
    #[arg(long, conflicts_with = "status")]
    reenrolled: bool,
    /// Where to write the unsigned list.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The member's division, six digits.
    division: Division,
    #[command(flatten)]
    held: Held,
    /// SHA-256 of a suspension order to lift; once for each.
    #[arg(long = "order", value_name = "HEX", value_parser = hexadecimal)]
    orders: Vec<Digest>,
    /// Where to write the unsigned list.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The member's division, six digits.
    division: Division,
    #[command(flatten)]
    held: Held,
    /// Origins from now on: first the federation listener's, then the public one's.
    #[arg(long = "host", value_name = "ORIGIN", value_parser = init::origin, num_args = 2)]
    hosts: Vec<String>,
    /// Prefixes of all divisions it vouches for from now on, of 2, 4 or 6 digits [default: as before].
    #[arg(long = "territory", value_name = "PREFIX", num_args = 1..)]
    territories: Vec<String>,
    /// Codes of all licence types it may issue from now on [default: as before].
    #[arg(long = "licence-type", value_name = "CODE", num_args = 1..)]
    licence_types: Vec<String>,
    /// All kinds of service it may list from now on, such as issuance [default: as before].
    #[arg(long = "may-vouch-for", value_name = "KIND", num_args = 1..)]
    may_vouch_for: Vec<String>,
    /// Most entries of its list from now on [default: as before].
    #[arg(long, value_name = "N")]
    max_list_entries: Option<u32>,
    /// Where to write the unsigned list.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Withdraw {
    /// The member's division, six digits.
    division: Division,
    #[command(flatten)]
    held: Held,
    /// Where to write the unsigned list.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The gateway's folder: makes the request, or with --take-over puts the new key in force.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["request", "list", "state"])]
    data_dir: Option<PathBuf>,
    /// The next federation list is signed: sign the province's next list with the new key.
    #[arg(long, requires = "data_dir")]
    take_over: bool,
    /// The member's request: makes the next federation list.
    #[arg(long, value_name = "FILE", required_unless_present = "data_dir")]
    request: Option<PathBuf>,
    #[command(flatten)]
    held: Held,
    /// Where to write the request, or the list.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Apply {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let root = state::pinned_root(&self.data_dir.join("trust/root.json"))?;
        let hub = &root.document().hub;
        let pin = || ServerPin::Key(hub.tls_spki_sha256);
        let path = "/v1/members:nonce";
        let call = desk::post_pinned(screen, &self.hub, pin(), path, &json!({})).await?;
        let nonce = call["nonce"].as_str().unwrap_or_default().to_owned();
        let addressee = Addressee { hub: hub.url.clone(), nonce };
        let bundle = gateway::apply(&self.data_dir, addressee)
            .map_err(|error| init::gateway_failure("the application cannot be made", &error))?;
        let order = json!({ "bundle": bundle });
        let path = "/v1/members:apply";
        let answer = desk::post_pinned(screen, &self.hub, pin(), path, &order).await?;
        if let Some(out) = &self.out {
            papers::write_new(out, bundle.as_bytes())?;
        }
        let fingerprint = answer["list_key_sha256"].as_str().unwrap_or_default();
        screen.result(
            &answer,
            &[
                format!("{} applied", answer["member"].as_str().unwrap_or_default()),
                format!("fingerprint  {fingerprint}"),
            ],
        );
        screen.note("next: read the fingerprint to the federation's operators, by telephone or in");
        screen.note("person; they take no application in without it");
        Ok(ExitCode::SUCCESS)
    }
}

impl Applications {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let Some(fingerprint) = self.fingerprint else {
            let path = "/v1/operator/member-applications";
            let answer = self.operator.post(screen, path, &json!({})).await?;
            let rows: Vec<Vec<String>> = answer["applications"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|row| {
                    ["member", "received", "list_key_sha256"]
                        .map(|name| row[name].as_str().unwrap_or_default().to_owned())
                        .to_vec()
                })
                .collect();
            let lines = screen.rows(&["member", "received", "list key sha256"], &rows);
            screen.result(&answer, &lines);
            return Ok(ExitCode::SUCCESS);
        };
        let order = json!({ "list_key_sha256": fingerprint.to_hex() });
        let answer = self.operator.post(screen, "/v1/operator/member-show", &order).await?;
        let bundle = answer["bundle"].as_str().unwrap_or_default();
        if let Some(out) = &self.out {
            papers::write_new(out, bundle.as_bytes())?;
        }
        let context = EnrolmentContext { now: SystemClock.now(), known: None, hub: None };
        let (_, lines) = member::told(&Examination::of(bundle, context));
        screen.result(&answer, &lines);
        Ok(ExitCode::SUCCESS)
    }
}

impl Approve {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let now = SystemClock.now();
        let held = if self.first.is_some() { None } else { Some(self.held.load().await?) };
        let application = self.application(held.as_ref(), screen)?;
        let next = match (&self.first, &held) {
            (Some(uses), _) => NextList::first(&papers::read_json::<Vec<StatutoryUse>>(uses)?, now),
            (None, Some((list, _))) => NextList::after(list, now),
            (None, None) => Err(MembershipError::OtherList),
        };
        let next = next.and_then(|next| match self.status {
            None => next.reenrol(&application, self.fingerprint),
            Some(status) => next.approve(&application, status.into(), self.fingerprint),
        });
        let held = held.as_ref().map(|(list, _)| list.document());
        write(next, held, &self.out, screen)
    }

    /// The application, which must have nothing against it.
    fn application(
        &self,
        held: Option<&(SignedList, KnownKeys)>,
        screen: Screen,
    ) -> Result<OpenedBundle, Failure> {
        let token = papers::read_text(&self.bundle)?;
        // Whoever enrols anew is a member with another key, which is what is being changed.
        let known = held.map(|(_, known)| known).filter(|_| !self.reenrolled);
        let context = EnrolmentContext { now: SystemClock.now(), known, hub: None };
        let examination = Examination::of(&token, context);
        let (_, lines) = member::told(&examination);
        for line in &lines {
            screen.note(line);
        }
        examination.sound().cloned().ok_or_else(|| {
            let why = examination
                .findings
                .first()
                .map_or_else(String::new, |finding| finding.text.clone());
            Failure::input(
                "the application is not sound",
                &why,
                "send it back; `hutong member check` tells every finding",
            )
        })
    }
}

impl Restore {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let (held, _) = self.held.load().await?;
        let next = NextList::after(&held, SystemClock.now())
            .and_then(|next| next.restore(self.division.member(), &self.orders));
        write(next, Some(held.document()), &self.out, screen)
    }
}

impl Update {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let (held, _) = self.held.load().await?;
        let named = |words: Vec<String>| (!words.is_empty()).then_some(words);
        let amendment = Amendment {
            hosts: self.hosts.try_into().ok(),
            territories: named(self.territories),
            licence_types: named(self.licence_types),
            may_vouch_for: named(self.may_vouch_for),
            max_list_entries: self.max_list_entries,
        };
        let next = NextList::after(&held, SystemClock.now())
            .and_then(|next| next.amend(self.division.member(), &amendment));
        write(next, Some(held.document()), &self.out, screen)
    }
}

impl Withdraw {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let (held, _) = self.held.load().await?;
        let next = NextList::after(&held, SystemClock.now())
            .and_then(|next| next.withdraw(self.division.member()));
        write(next, Some(held.document()), &self.out, screen)
    }
}

impl Rotate {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match (&self.data_dir, &self.request) {
            (Some(folder), _) if self.take_over => self.take_over(folder, screen).await,
            (Some(folder), _) => self.ask(folder, screen).await,
            (None, Some(request)) => {
                let request: KeyChangeRequest = papers::read_json(request)?;
                let (held, _) = self.held.load().await?;
                let next = NextList::after(&held, SystemClock.now())
                    .and_then(|next| next.change_key(&request));
                write(next, Some(held.document()), &self.out, screen)
            }
            (None, None) => Err(nothing_held()),
        }
    }

    /// At the gateway: the new key, and the old one's word for it.
    async fn ask(&self, folder: &Path, screen: Screen) -> Result<ExitCode, Failure> {
        let member = division_of(folder)?.member();
        let held = Held { state: Some(folder.to_owned()), root: None, list: None };
        let turn = next_key_turn(&held.load().await?.0, member).map_err(refusal)?;
        let request = gateway::request_key_change(folder, member, turn, SystemClock.now())
            .map_err(|error| init::gateway_failure("no new list key is asked for", &error))?;
        let document = serde_json::to_vec(&request).unwrap_or_default();
        papers::write_new(&self.out, &document)?;
        let fingerprint = request.key_change.new_spki.to_hex();
        screen.result(
            &json!({ "request": self.out, "list_key_sha256": fingerprint, "turn": turn }),
            &[
                format!("request      {}", self.out.display()),
                format!("new list key sha256 {fingerprint}"),
            ],
        );
        screen.note("next: take the request to the federation's operators");
        Ok(ExitCode::SUCCESS)
    }

    /// At the gateway: the new key signs the list that follows the one in force.
    async fn take_over(&self, folder: &Path, screen: Screen) -> Result<ExitCode, Failure> {
        let id = ListId::Province(division_of(folder)?);
        let root = state::pinned_root(&folder.join("trust/root.json"))?;
        let snapshot = state::snapshot(folder, root, SystemClock.now()).await?;
        let held = document_of(&snapshot, id).ok_or_else(|| {
            Failure::input(
                "the new key does not take over",
                &"this gateway holds no list of its own in force",
                "run the gateway until it holds its list, then do this again",
            )
        })?;
        papers::demand_absent(&self.out)?;
        let list = gateway::take_new_list_key(folder, held.as_bytes(), SystemClock.now())
            .map_err(|error| init::gateway_failure("the new key does not take over", &error))?;
        papers::write_new(&self.out, &list)?;
        screen.result(&json!({ "list": self.out }), &[format!("list  {}", self.out.display())]);
        screen.note("next: hutong trust publish, the federation list and this one together");
        Ok(ExitCode::SUCCESS)
    }
}

impl Held {
    /// The list, with every key that whoever holds it knows.
    async fn load(&self) -> Result<(SignedList, KnownKeys), Failure> {
        if let Some(path) = &self.list {
            let list = lists::read_signed(path)?;
            let known = KnownKeys::of_list(&list);
            return Ok((list, known));
        }
        let directory = self.state.as_ref().ok_or_else(nothing_held)?;
        let root = self.root.clone().unwrap_or_else(|| directory.join("trust/root.json"));
        let root = state::pinned_root(&root)?;
        let snapshot = state::snapshot(directory, root, SystemClock.now()).await?;
        let found = document_of(&snapshot, ListId::Federation);
        let list = found.and_then(|text| SignedList::parse(text.as_bytes()).ok());
        let list = list.ok_or_else(nothing_held)?;
        Ok((list, KnownKeys::of(snapshot.state())))
    }
}

impl From<Status> for ServiceStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Staged => Self::Staged,
            Status::Granted => Self::Granted,
        }
    }
}

/// Shows what the next list changes, and writes it for the operators to sign.
fn write(
    next: Result<NextList, MembershipError>,
    held: Option<&Document>,
    out: &Path,
    screen: Screen,
) -> Result<ExitCode, Failure> {
    let payload = next.and_then(NextList::to_payload).map_err(refusal)?;
    let document: Document = crate::crypto::json::from_list(&payload)
        .map_err(|error| Failure::of(Code::Internal, "the list cannot be made", &error))?;
    let changes = difference(held, &document);
    let digest = Digest::of(&payload).to_hex();
    let unsigned = GeneralJws::unsigned(payload)
        .to_bytes()
        .map_err(|error| Failure::of(Code::Internal, "the list cannot be made", &error))?;
    papers::write_new(out, &unsigned)?;
    let mut lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    lines.push(format!("list    {} (unsigned)", out.display()));
    lines.push(format!("sha256  {digest}"));
    let sequence = document.lote.scheme.sequence;
    screen.result(
        &json!({ "list": out, "sha256": digest, "sequence": sequence, "changes": changes }),
        &lines,
    );
    screen.note("next: the operators run hutong trust sign --previous on it, then trust publish");
    Ok(ExitCode::SUCCESS)
}

/// The list that a node holds, as it was signed.
fn document_of(snapshot: &Snapshot, id: ListId) -> Option<String> {
    let (id, documents) = (id.short(), snapshot.state().documents());
    let mut lists = documents.into_iter().filter(|document| document.kind == DocumentKind::List);
    lists.find(|document| document.id == id).map(|document| document.text)
}

fn division_of(folder: &Path) -> Result<Division, Failure> {
    init::config_of(folder)?.division.ok_or_else(|| {
        Failure::input(
            "the folder is no gateway's",
            &"its configuration names no division",
            "name the data directory of a gateway",
        )
    })
}

fn refusal(error: MembershipError) -> Failure {
    Failure::of(error.code(), "the next federation list is not made", &error)
        .exiting(super::fail::DATA)
}

fn nothing_held() -> Failure {
    Failure::input(
        "there is no federation list to follow",
        &"none is named, or none is held",
        "give --list FILE or --state DIR",
    )
    .exiting(super::fail::USAGE)
}

/// A digest as people read it to each other.
fn hexadecimal(text: &str) -> Result<Digest, String> {
    Digest::from_hex(text).map_err(|_| "a SHA-256 is written as 64 hexadecimal digits".to_owned())
}

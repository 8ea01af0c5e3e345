//! `hutong member`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::fail::{Failure, REFUSE};
use super::screen::Screen;
use super::suspend::Suspend;
use super::{membership, papers, state};
use crate::base::{Clock as _, Code, Division, SystemClock};
use crate::exchange::{EnrolmentContext, Examination};
use crate::trust::{Member, ProvincialList, Snapshot};

/// The members of the federation.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Checks a province's application as the hub will; needs no network.
    ///
    /// Ends 0 when it is sound, 1 when it must be sent back. Read the digest of the list key to the
    /// province over a second channel.
    ///
    /// Example:
    ///   hutong member check outbox/enrolment.jwt
    #[command(verbatim_doc_comment)]
    Check {
        /// The application (outbox/enrolment.jwt of a gateway).
        bundle: PathBuf,
    },
    /// Applies to the federation: every key of the gateway proves itself for the hub's nonce.
    ///
    /// The hub is believed by the key that the pinned root names. Afterwards read the fingerprint
    /// to the federation's operators over a second channel.
    ///
    /// Example:
    ///   hutong member apply --data-dir /var/lib/hutong --hub https://hub.example:443
    #[command(verbatim_doc_comment)]
    Apply(membership::Apply),
    /// Shows the applications that wait at the hub, or saves one of them.
    ///
    /// Example:
    ///   hutong member applications --hub https://127.0.0.1:8445 --server-cert hub-tls.cert.pem \
    ///     --cert desk.cert.pem --key desk.key.pem --fingerprint HEX --out 510000.jwt
    #[command(verbatim_doc_comment)]
    Applications(membership::Applications),
    /// Takes an applicant in: makes the next federation list, unsigned, for the operators to sign.
    ///
    /// The fingerprint is the one that the province read out over a second channel. Staged first:
    /// the province connects and proves itself; then the same again with --status granted.
    ///
    /// Example:
    ///   hutong member approve --state /var/lib/hutong --bundle 510000.jwt --status staged \
    ///     --fingerprint HEX --out federation-2.json
    #[command(verbatim_doc_comment)]
    Approve(Box<membership::Approve>),
    /// Lifts suspension orders: makes the next federation list, unsigned.
    ///
    /// Example:
    ///   hutong member restore 440000 --state /var/lib/hutong --order HEX --out federation-3.json
    #[command(verbatim_doc_comment)]
    Restore(membership::Restore),
    /// Changes a list key: a gateway's new key and its old key's word for it, then the next list.
    ///
    /// At the gateway with --data-dir: makes the new key and the request for the operators. At an
    /// operator's desk with --request: makes the next federation list, unsigned. Once the operators
    /// have signed it, at the gateway again with --take-over, which signs with the new key. Both
    /// lists are then published together: alone, the federation list shuts the member out.
    ///
    /// Example:
    ///   hutong member rotate --data-dir /var/lib/hutong --out rotation.json
    ///   hutong member rotate --list federation-2.json --request rotation.json --out federation-3.json
    ///   hutong member rotate --data-dir /var/lib/hutong --take-over --out list.json
    ///   hutong trust publish federation-3.json list.json --hub https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Rotate(membership::Rotate),
    /// Shows one member as a node knows it, with its keys.
    ///
    /// Example:
    ///   hutong member show 440000 --state /var/lib/hutong
    #[command(verbatim_doc_comment)]
    Show {
        /// The member's division, six digits.
        division: Division,
        /// The data directory of a node, opened for reading only.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The pinned root [default: trust/root.json of the data directory].
        #[arg(long, value_name = "FILE")]
        root: Option<PathBuf>,
    },
    /// Makes the order that stops a member, or one of its services or keys, now.
    ///
    /// With the member's own list key it is in force as soon as anybody brings it; it may be made
    /// beforehand and kept. Without, two operators sign it, or three.
    ///
    /// Example:
    ///   hutong member suspend 120000 --reason "list key stolen" --out stop.json \
    ///     --key keys/list-signing.key.pem --cert keys/list-signing.cert.pem
    #[command(verbatim_doc_comment)]
    Suspend(Suspend),
    /// Changes where a member is reached or what it may do: makes the next federation list, unsigned.
    ///
    /// What is not named stays as it is. A scope that grows narrower is applied by every node at
    /// once, whatever the witnesses of the list log say.
    ///
    /// Example:
    ///   hutong member update 440000 --state /var/lib/hutong --out federation-3.json \
    ///     --host https://gateway2.example:8443 https://licence2.example:8444
    #[command(verbatim_doc_comment)]
    Update(Box<membership::Update>),
    /// Ends a membership for good: makes the next federation list, unsigned.
    ///
    /// Example:
    ///   hutong member withdraw 440000 --state /var/lib/hutong --out federation-3.json
    #[command(verbatim_doc_comment)]
    Withdraw(membership::Withdraw),
    /// Lists the members that a node knows, with what it refused of their lists.
    ///
    /// Example:
    ///   hutong member list --state /var/lib/hutong --output table
    #[command(verbatim_doc_comment)]
    List {
        /// The data directory of a node, opened for reading only.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The pinned root [default: trust/root.json of the data directory].
        #[arg(long, value_name = "FILE")]
        root: Option<PathBuf>,
    },
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Check { bundle } => Ok(check(&papers::read_text(&bundle)?, screen)),
            Self::Apply(order) => order.run(screen).await,
            Self::Applications(order) => order.run(screen).await,
            Self::Approve(order) => order.run(screen).await,
            Self::List { state: directory, root } => {
                list(&known(&directory, root).await?, screen);
                Ok(ExitCode::SUCCESS)
            }
            Self::Restore(order) => order.run(screen).await,
            Self::Rotate(order) => order.run(screen).await,
            Self::Show { division, state: directory, root } => {
                show(&known(&directory, root).await?, division, screen)
            }
            Self::Suspend(order) => order.run(screen),
            Self::Update(order) => order.run(screen).await,
            Self::Withdraw(order) => order.run(screen).await,
        }
    }
}

/// What the node in a data directory holds.
async fn known(directory: &Path, root: Option<PathBuf>) -> Result<Snapshot, Failure> {
    let root = root.unwrap_or_else(|| directory.join("trust/root.json"));
    state::snapshot(directory, state::pinned_root(&root)?, SystemClock.now()).await
}

fn show(snapshot: &Snapshot, division: Division, screen: Screen) -> Result<ExitCode, Failure> {
    let member = snapshot.members().find(|member| member.id == division.member());
    let Some(member) = member else {
        return Err(Failure::of(
            Code::NotFound,
            format!("{division} is no member"),
            &"the federation list that is held does not name it",
        ));
    };
    let mut document = entry(member, snapshot);
    let key = member.list_key.spki_digest().to_hex();
    document["hosts"] = json!(member.hosts);
    document["scope"] = json!(member.scope);
    document["list_key_sha256"] = json!(key);
    document["witness_vkey"] = json!(member.witness_vkey);
    document["list_key_ends"] = json!(member.list_certificate.not_after());
    let services = snapshot.state().province(division).map(ProvincialList::services);
    let services: Vec<Value> = services
        .unwrap_or_default()
        .iter()
        .map(|service| {
            json!({
                "id": service.id, "status": service.status.to_string().rsplit(':').next(),
                "since": service.since, "key_sha256": service.key.spki_digest().to_hex(),
                "ends": service.certificate().not_after(),
            })
        })
        .collect();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows: Vec<Vec<String>> = services
        .iter()
        .map(|service| ["id", "status", "since", "ends"].map(|name| text(&service[name])).to_vec())
        .collect();
    let mut lines = vec![
        format!("{} ({})", member.id, text(&document["name"])),
        format!("  status       {} since {}", text(&document["status"]), member.since),
        format!("  hosts        {}", member.hosts.join("  ")),
        format!("  territories  {}", member.scope.territories.join(", ")),
        format!("  list key     sha256 {key}"),
        format!("  witness      {}", member.witness_vkey),
    ];
    lines.extend(screen.rows(&["key", "status", "since", "ends"], &rows));
    document["services"] = json!(services);
    screen.result(&document, &lines);
    Ok(ExitCode::SUCCESS)
}

fn check(bundle: &str, screen: Screen) -> ExitCode {
    let context = EnrolmentContext { now: SystemClock.now(), known: None, hub: None };
    let examination = Examination::of(bundle, context);
    let (document, lines) = told(&examination);
    screen.result(&document, &lines);
    if examination.sound().is_some() { ExitCode::SUCCESS } else { ExitCode::from(REFUSE) }
}

/// An examination for programs and for people.
pub(super) fn told(examination: &Examination) -> (Value, Vec<String>) {
    let sound = examination.sound().is_some();
    let mut document = json!({
        "sound": sound, "findings": examination.findings, "unchecked": examination.unchecked,
    });
    let mut lines = Vec::new();
    let count = examination.findings.len();
    match &examination.opened {
        None => lines.push("not sound: it cannot be read".to_owned()),
        Some(opened) => {
            let enrolment = &opened.bundle.enrolment;
            let (key, ends) = (opened.fingerprint().to_hex(), opened.certificate.not_after());
            for (name, value) in [
                ("member", json!(enrolment.member)),
                ("names", json!(enrolment.names)),
                ("hosts", json!(enrolment.hosts)),
                ("contacts", json!(enrolment.contacts)),
                ("list_key_sha256", json!(key)),
                ("list_key_ends", json!(ends)),
                ("scope", json!(enrolment.scope)),
                ("hub", json!(opened.bundle.addressee.hub)),
                ("draft", json!(opened.is_draft())),
            ] {
                document[name] = value;
            }
            let verdict =
                if sound { "sound".to_owned() } else { format!("not sound ({count} findings)") };
            lines.push(format!("{verdict}: {} ({})", enrolment.member, enrolment.names.join(", ")));
            lines.push(format!("  hosts        {}", enrolment.hosts.join("  ")));
            lines.push(format!("  contacts     {}", enrolment.contacts.join("  ")));
            lines.push(format!("  territories  {}", enrolment.scope.territories.join(", ")));
            lines.push(format!("  list key     sha256 {key}"));
            lines.push(format!("  key ends     {ends}"));
            let draft = if opened.is_draft() { " (a draft: it names no nonce)" } else { "" };
            lines.push(format!("  made for     {}{draft}", opened.bundle.addressee.hub));
        }
    }
    for finding in &examination.findings {
        lines.push(format!("  {}: {} ({})", finding.subject, finding.text, finding.code));
    }
    for part in &examination.unchecked {
        lines.push(format!("  not checked: {part}"));
    }
    (document, lines)
}

fn list(snapshot: &Snapshot, screen: Screen) {
    let members: Vec<Value> = snapshot.members().map(|member| entry(member, snapshot)).collect();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows: Vec<Vec<String>> = members
        .iter()
        .map(|member| {
            ["division", "name", "status", "list", "keys", "refused", "host"]
                .map(|column| text(&member[column]))
                .to_vec()
        })
        .collect();
    let headings = ["division", "name", "status", "list", "keys", "refused", "host"];
    screen.result(&json!({ "members": members }), &screen.rows(&headings, &rows));
}

fn entry(member: &Member, snapshot: &Snapshot) -> Value {
    let division = member.id.division();
    let held = snapshot.state().province(division);
    let refused = snapshot.refused().iter().filter(|(of, ..)| *of == division).count();
    // An order counts as well as the list does.
    let status = snapshot.status_of(member.id).to_string();
    json!({
        "member": member.id, "division": division,
        "name": member.names.first().map(|name| name.value.as_str()),
        "status": status.rsplit(':').next(), "since": member.since,
        "list": held.map(|list| list.header().named.sequence),
        "list_ends": held.map(|list| list.header().next_update),
        "keys": held.map_or(0, |list| list.services().len()),
        "refused": refused, "host": member.federation_origin(),
    })
}

//! `hutong member`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::fail::{Failure, REFUSE};
use super::screen::Screen;
use super::{papers, state};
use crate::base::{Clock as _, SystemClock};
use crate::exchange::{EnrolmentContext, Examination};
use crate::trust::{Member, Snapshot};

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
            Self::List { state: directory, root } => {
                let root = root.unwrap_or_else(|| directory.join("trust/root.json"));
                let root = state::pinned_root(&root)?;
                let snapshot = state::snapshot(&directory, root, SystemClock.now()).await?;
                list(&snapshot, screen);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn check(bundle: &str, screen: Screen) -> ExitCode {
    let context = EnrolmentContext { now: SystemClock.now(), known: None, hub: None };
    let examination = Examination::of(bundle, context);
    let (document, lines) = told(&examination);
    screen.result(&document, &lines);
    if examination.sound().is_some() { ExitCode::SUCCESS } else { ExitCode::from(REFUSE) }
}

/// An examination for programs and for people.
fn told(examination: &Examination) -> (Value, Vec<String>) {
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
    let status = member.status.to_string();
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

//! `hutong audit`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};

use super::desk::{Caller, OptionalCaller};
use super::fail::{Failure, REFUSE};
use super::screen::Screen;
use super::{papers, plain, state};
use crate::base::{Code, counted};
use crate::crypto::note::{Checkpoint, VerifierKey};
use crate::store::StoreError;

/// The audit log, in which every use is written before it is answered.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prints the newest signed checkpoint, for others to keep and compare.
    ///
    /// Example:
    ///   hutong audit checkpoint --state /var/lib/hutong > checkpoint.txt
    #[command(verbatim_doc_comment)]
    Checkpoint(Source),
    /// Recomputes the log from its first line and holds it against its signed checkpoint.
    ///
    /// With --state this program reads the database itself, beside the running node; without, the
    /// node is asked to. --against holds the log against a checkpoint somebody kept: a log that was
    /// cut or rewritten since then does not agree. Ends 0 when it agrees, 1 when it does not.
    ///
    /// Example:
    ///   hutong audit verify --state /var/lib/hutong --vkey "$(cat gateway.vkey)"
    #[command(verbatim_doc_comment)]
    Verify {
        #[command(flatten)]
        source: Source,
        /// A checkpoint that was kept, to hold the log against.
        #[arg(long, value_name = "FILE", requires = "state")]
        against: Option<PathBuf>,
    },
}

/// Where the log is read.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["state", "gateway"])))]
pub(super) struct Source {
    /// The data directory of a node, opened for reading only.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The log's verifier key from elsewhere [default: the certificate in the data directory].
    #[arg(long, value_name = "VKEY", requires = "state")]
    vkey: Option<VerifierKey>,
    #[command(flatten)]
    operator: OptionalCaller,
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Checkpoint(source) => checkpoint(source, screen).await,
            Self::Verify { source, against } => {
                let kept = against.map(|path| papers::read(&path)).transpose()?;
                let kept = kept.map(|note| String::from_utf8_lossy(&note).into_owned());
                verify(source, kept.as_deref(), screen).await
            }
        }
    }
}

async fn checkpoint(source: Source, screen: Screen) -> Result<ExitCode, Failure> {
    let note = if let Some(directory) = source.state {
        let (store, key) = state::log(&directory, source.vkey).await?;
        let note = store.latest_checkpoint().await;
        let note = note.map_err(|error| state::unusable(&directory, &error))?;
        store.close().await;
        note.map(|note| opened(&note, &key).map(|_| note)).transpose()?
    } else {
        asked(source.operator.named(), screen).await?["checkpoint"].as_str().map(str::to_owned)
    };
    let note = note.ok_or_else(|| {
        let why = "nothing was ever written to this log";
        Failure::input("there is no checkpoint", &why, "start the node once")
    })?;
    screen.result(&json!({ "checkpoint": note }), &[note.trim_end()]);
    Ok(ExitCode::SUCCESS)
}

fn agreement(entries: impl std::fmt::Display) -> String {
    format!("the log agrees with its checkpoint: {}", counted(entries, "entry", "entries"))
}

async fn verify(source: Source, kept: Option<&str>, screen: Screen) -> Result<ExitCode, Failure> {
    let Some(directory) = source.state else {
        let answer = asked(source.operator.named(), screen).await?;
        let lines =
            [agreement(&answer["entries"]), format!("root {}", plain::value(&answer["root"]))];
        screen.result(&answer, &lines);
        return Ok(ExitCode::SUCCESS);
    };
    let (store, key) = state::log(&directory, source.vkey).await?;
    let kept = kept.map(|note| opened(note, &key)).transpose()?;
    let verified = screen.waiting("recomputing the log", store.verify_audit()).await;
    let summary = match verified {
        Ok(summary) => summary,
        Err(error @ (StoreError::Damaged(_) | StoreError::OtherLog)) => {
            return Ok(disagrees(&error.to_string(), screen));
        }
        Err(error) => return Err(state::unusable(&directory, &error)),
    };
    if let Some(kept) = kept {
        let leaves = store.audit_leaves(0, kept.size).await;
        let leaves = leaves.map_err(|error| state::unusable(&directory, &error))?;
        let root = crate::crypto::merkle::root(&leaves);
        if leaves.len() as u64 != kept.size || root != kept.root {
            return Ok(disagrees("the log does not continue the checkpoint that was kept", screen));
        }
    }
    store.close().await;
    screen.result(
        &json!({
            "sound": true, "entries": summary.size, "root": summary.root.to_string(),
            "refusals": summary.refusals, "erased": summary.erased,
            "after_checkpoint": summary.unwitnessed, "vkey": key.to_string(),
        }),
        &[
            agreement(summary.size),
            format!("  refusals {}, erased {}", summary.refusals, summary.erased),
            format!("  root {}", summary.root),
            format!("  judged by {key}"),
        ],
    );
    Ok(ExitCode::SUCCESS)
}

fn disagrees(why: &str, screen: Screen) -> ExitCode {
    screen.result(
        &json!({ "sound": false, "why": why }),
        &[format!("NOT SOUND: {why}"), "keep the folder as it is, and report it".to_owned()],
    );
    ExitCode::from(REFUSE)
}

fn opened(note: &str, key: &VerifierKey) -> Result<Checkpoint, Failure> {
    Checkpoint::open(note, key).map_err(|error| {
        Failure::input("the checkpoint is not this log's", &error, "check the file and the key")
    })
}

async fn asked(operator: Option<Caller>, screen: Screen) -> Result<Value, Failure> {
    // The argument group lets nothing else through.
    let operator = operator.ok_or_else(|| {
        Failure::of(Code::Internal, "where is the log?", &"neither --state nor --gateway is there")
    })?;
    operator.post(screen, "/v1/operator/audit-verify", &json!({})).await
}

//! `hutong trust propose|approve|proposals|publish`: a province's own next list, on its way through
//! two operators.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::desk::Caller;
use super::fail::Failure;
use super::papers;
use super::screen::Screen;
use crate::base::counted;
use crate::crypto::Digest;

/// What operators do with their province's list.
#[derive(Debug, Subcommand)]
pub(super) enum OwnList {
    /// Proposes the province's next list; shows what it changes. Another operator approves it.
    ///
    /// Example:
    ///   hutong trust propose list.json --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Propose(Signed),
    /// Approves a list that another operator proposed, and publishes it.
    ///
    /// Example:
    ///   hutong trust approve 47DEQ… --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Approve {
        #[command(flatten)]
        operator: Caller,
        /// SHA-256 of the list, as the proposer was told.
        sha256: Digest,
    },
    /// Shows the lists that were proposed.
    ///
    /// Example:
    ///   hutong trust proposals --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Proposals {
        #[command(flatten)]
        operator: Caller,
    },
    /// Publishes a list that says nothing new, or again one that was approved.
    ///
    /// Example:
    ///   hutong trust republish list.json --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Republish(Signed),
}

#[derive(Debug, Args)]
pub(super) struct Signed {
    #[command(flatten)]
    operator: Caller,
    /// The list, signed with the province's list key.
    list: PathBuf,
}

impl OwnList {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Propose(order) => {
                let answer = order.post(screen, "list-propose").await?;
                let mut lines = words(&answer);
                let sha256 = answer["sha256"].as_str().unwrap_or_default();
                lines.push(format!("another operator: hutong trust approve {sha256}"));
                screen.result(&answer, &lines);
            }
            Self::Approve { operator, sha256 } => {
                let body = json!({ "sha256": sha256 });
                let answer = operator.post(screen, &command("list-approve"), &body).await?;
                screen.result(&answer, &[published(&answer)]);
            }
            Self::Proposals { operator } => {
                let path = command("list-proposals");
                let answer = operator.post(screen, &path, &json!({})).await?;
                let mut lines = Vec::new();
                for proposal in answer["proposals"].as_array().into_iter().flatten() {
                    let part = |name: &str| proposal[name].as_str().unwrap_or("-").to_owned();
                    lines.push(format!(
                        "{}  {} by {}, until {}",
                        part("sha256"),
                        part("state"),
                        part("proposer"),
                        part("ends"),
                    ));
                    lines.extend(words(proposal));
                }
                screen.result(&answer, &lines);
            }
            Self::Republish(order) => {
                let answer = order.post(screen, "list-publish").await?;
                screen.result(&answer, &[published(&answer)]);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Signed {
    async fn post(&self, screen: Screen, name: &str) -> Result<Value, Failure> {
        let list = papers::read_text(&self.list)?;
        self.operator.post(screen, &command(name), &json!({ "list": list })).await
    }
}

fn words(answer: &Value) -> Vec<String> {
    let words = answer["words"].as_array().into_iter().flatten();
    words.map(|word| format!("  {}", word.as_str().unwrap_or_default())).collect()
}

fn published(answer: &Value) -> String {
    let refused = answer["refused"].as_array().map_or(0, Vec::len);
    let number = &answer["published"][0]["sequence"];
    format!("published number {number}; {} refused", counted(refused, "entry", "entries"))
}

fn command(name: &str) -> String {
    format!("/v1/operator/{name}")
}

//! `hutong record`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::desk::Caller;
use super::disclosure::Ask;
use super::fail::{CHECK, DATA, Failure, REFUSE};
use super::screen::Screen;
use super::wallet::Contents;
use super::{papers, plain, state};
use crate::base::{Clock as _, Code, Language, SystemClock, Timestamp};
use crate::credential::Decision;
use crate::record::{Record, Verification, VerifyTerms, open, verify};

/// What can be done with e-records.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Obtains claims under a grant and files them as an e-record; one use of the grant.
    ///
    /// Example:
    ///   hutong record make --issuer 120000 --grant ID --claim name --out record.json --gateway …
    #[command(verbatim_doc_comment)]
    Make {
        #[command(flatten)]
        client: Caller,
        #[command(flatten)]
        ask: Ask,
        /// Where to write the record; nothing is overwritten.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Shows what a record says, WITHOUT judging it.
    ///
    /// Example:
    ///   hutong record show record.json
    #[command(verbatim_doc_comment)]
    Show {
        /// The record, or - for standard input.
        file: PathBuf,
    },
    /// Verifies a record with nothing but the pinned root; needs no network.
    ///
    /// Ends 0 accept, 1 refuse, 2 check.
    ///
    /// Example:
    ///   hutong record verify record.json --root root.json --audience urn:cn:uscc:91440101MA5000000L
    #[command(verbatim_doc_comment)]
    Verify {
        /// The record, or - for standard input.
        file: PathBuf,
        /// The pinned root (trust-anchors/root.json).
        #[arg(long, value_name = "FILE")]
        root: PathBuf,
        /// Ask about a past instant, YYYY-MM-DDThh:mm:ssZ.
        #[arg(long, value_name = "INSTANT")]
        at: Option<Timestamp>,
        /// Who opens it, `urn:cn:uscc:…`: says so when it was made for another.
        #[arg(long, value_name = "URN")]
        audience: Option<String>,
    },
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Make { client, ask, out } => make(&client, ask, &out, screen).await,
            Self::Show { file } => show(&papers::read(&file)?, screen),
            Self::Verify { file, root, at, audience } => {
                let bytes = papers::read(&file)?;
                let root = state::pinned_root(&root)?;
                let now = SystemClock.now();
                let terms = VerifyTerms { at, audience: audience.as_deref(), now };
                let verification = match open(&bytes) {
                    Ok(record) => verify(&record, root, &terms),
                    Err(refusal) => Verification::unreadable(&refusal, &terms),
                };
                screen.result(&verification, &lines(&verification));
                Ok(ExitCode::from(exit_of(&verification)))
            }
        }
    }
}

async fn make(
    client: &Caller,
    ask: Ask,
    out: &std::path::Path,
    screen: Screen,
) -> Result<ExitCode, Failure> {
    // Before the grant is used: a record that cannot be kept would be a use for nothing.
    papers::demand_absent(out)?;
    let answer = ask.send(client, "/v1/records", screen).await?;
    let text = answer.to_string();
    papers::write_new(out, text.as_bytes())?;
    let id = plain::value(&answer["record_id"]);
    screen.result(
        &json!({ "record_id": id, "file": out, "bytes": text.len() }),
        &[format!("record {id}, {} bytes, in {}", text.len(), out.display())],
    );
    Ok(ExitCode::SUCCESS)
}

fn show(bytes: &[u8], screen: Screen) -> Result<ExitCode, Failure> {
    let record: Record = open(bytes).map_err(|refusal| {
        Failure::of(Code::ValidationFailed, "this is no e-record", &refusal)
            .exiting(DATA)
            .advising("give the file as `record make` wrote it")
    })?;
    let annotation = &record.annotation;
    let token = format!("{}~{}", record.credential, joined(&record.disclosures));
    let contents = Contents::read(&token)?;
    screen.note("NOT VERIFIED: anybody could have written this. To judge it: hutong record verify");
    let mut lines = vec![
        format!("record   {} ({:?}), made {}", record.record_id, record.level, record.created),
        format!("by       {}", annotation.copy_creator),
        format!("for      {} ({})", plain::clean(&annotation.audience), annotation.purpose),
        format!("to keep  until {}", annotation.copy_expires),
        format!("licence  {}", plain::clean(contents.identifier().unwrap_or("?"))),
        format!("status   {}", plain::clean(&record.revocation.status_uri)),
    ];
    let shown = contents.disclosed.iter();
    lines.extend(shown.map(|(name, value)| format!("  {name}: {}", plain::value(value))));
    screen.result(
        &json!({
            "verified": false, "record_id": record.record_id, "created": record.created,
            "level": record.level, "licence": contents.identifier(),
            "disclosed": contents.disclosed, "annotation": record.annotation,
            "audit": record.audit,
        }),
        &lines,
    );
    Ok(ExitCode::SUCCESS)
}

fn joined(disclosures: &[String]) -> String {
    disclosures.iter().flat_map(|disclosure| [disclosure.as_str(), "~"]).collect()
}

fn lines(verification: &Verification) -> Vec<String> {
    let mut lines = vec![verification.decision.word().to_owned()];
    for code in verification.codes.iter().chain(&verification.notes) {
        lines.push(format!("  {code}: {}", code.reason(Language::En)));
        lines.push(format!("    {}", code.next_step(Language::En)));
    }
    lines.push(format!("  disclosed: {}", plain::clean(&verification.disclosed.join(", "))));
    lines.push(format!("  judged at {}", verification.judged_at));
    lines
}

const fn exit_of(verification: &Verification) -> u8 {
    match verification.decision {
        Decision::Accept if verification.notes.is_empty() => 0,
        Decision::Refuse => REFUSE,
        Decision::Accept | Decision::Check => CHECK,
    }
}

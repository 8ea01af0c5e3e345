//! `hutong record`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::fail::{CHECK, Failure, REFUSE};
use crate::base::{Clock as _, Code, Language, SystemClock, Timestamp};
use crate::credential::Decision;
use crate::record::{Verification, VerifyTerms, open, verify};
use crate::trust::Root;

/// What can be done with e-records.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Verify a record with nothing but the pinned root; needs no network.
    Verify {
        /// The record.
        file: PathBuf,
        /// The pinned root (trust-anchors/root.json).
        #[arg(long)]
        root: PathBuf,
        /// Ask about a past instant, YYYY-MM-DDThh:mm:ssZ.
        #[arg(long)]
        at: Option<Timestamp>,
        /// Who opens it, `urn:cn:uscc:…`: says so when it was made for another.
        #[arg(long)]
        audience: Option<String>,
    },
}

impl Command {
    pub(super) async fn run(self, json: bool) -> Result<ExitCode, Failure> {
        match self {
            Self::Verify { file, root, at, audience } => {
                let bytes = read(&file)?;
                let root = Root::pinned(&read(&root)?).map_err(|refusal| {
                    Failure::of(Code::RootMismatch, "the root does not verify", &refusal)
                })?;
                let now = SystemClock.now();
                let terms = VerifyTerms { at, audience: audience.as_deref(), now };
                let verification = match open(&bytes) {
                    Ok(record) => verify(&record, root, &terms),
                    Err(refusal) => Verification::unreadable(&refusal, &terms),
                };
                tell(&verification, json);
                Ok(ExitCode::from(exit_of(&verification)))
            }
        }
    }
}

fn tell(verification: &Verification, json: bool) {
    if json {
        println!("{}", serde_json::to_string(verification).unwrap_or_default());
        return;
    }
    println!("{:?}", verification.decision);
    for code in verification.codes.iter().chain(&verification.notes) {
        println!("  {code}: {}", code.reason(Language::En));
        println!("    {}", code.next_step(Language::En));
    }
    println!("  disclosed: {}", verification.disclosed.join(", "));
    println!("  judged at {}", verification.judged_at);
}

const fn exit_of(verification: &Verification) -> u8 {
    match verification.decision {
        Decision::Accept if verification.notes.is_empty() => 0,
        Decision::Refuse => REFUSE,
        Decision::Accept | Decision::Check => CHECK,
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::input(
            format!("{} cannot be read", path.display()),
            &error,
            "check the path and its permissions",
        )
    })
}

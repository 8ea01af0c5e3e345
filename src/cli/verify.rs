//! `hutong verify`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use serde_json::json;

use super::desk::{Caller, OptionalCaller};
use super::fail::{CHECK, Failure, REFUSE};
use super::screen::Screen;
use super::{papers, plain, state};
use crate::base::{Clock as _, Code, Language, SystemClock, SystemEntropy, Timestamp, limits};
use crate::credential::{Binding, Decision, JudgeTerms, StatusEvidence, examine};
use crate::exchange::{
    CheckContext, VerificationBody, VerificationReport, failed_findings, judged_findings,
};
use crate::trust::Snapshot;

/// Judges a credential: 0 accept, 1 refuse, 2 check.
///
/// Through a gateway (as its client), with status and a signed report; or offline under a pinned
/// root with the lists of a node, where the status cannot be known and the answer is at best CHECK.
///
/// Examples:
///   hutong verify shown.sdjwt --gateway https://gateway.example:8443 \
///     --server-cert gateway-tls.cert.pem --cert client.cert.pem --key client.key.pem
///   hutong verify shown.sdjwt --root root.json --state /var/lib/hutong --at 2026-12-01T08:00:00Z
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, group(ArgGroup::new("how").required(true).args(["gateway", "root"])))]
pub(super) struct Verify {
    /// The credential as presented, or - for standard input.
    file: PathBuf,
    #[command(flatten)]
    client: OptionalCaller,
    /// Offline: the pinned root.
    #[arg(long, value_name = "FILE", requires = "state", help_heading = "Offline")]
    root: Option<PathBuf>,
    /// Offline: the data directory of a node, opened for reading only.
    #[arg(long, value_name = "DIR", requires = "root", help_heading = "Offline")]
    state: Option<PathBuf>,
    /// Offline: judge as of this instant, YYYY-MM-DDThh:mm:ssZ.
    #[arg(long, value_name = "INSTANT", requires = "root", help_heading = "Offline")]
    at: Option<Timestamp>,
}

impl Verify {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let token = papers::read_text(&self.file)?;
        let report = match (self.client.named(), &self.root, &self.state) {
            (None, Some(root), Some(directory)) => {
                let now = self.at.unwrap_or_else(|| SystemClock.now());
                offline(&token, root, directory, now).await?
            }
            (Some(client), ..) => online(&token, &client, screen).await?,
            // The argument group lets nothing else through.
            _ => {
                return Err(Failure::input(
                    "how is it to be judged?",
                    &"neither a gateway nor a root is named",
                    "give --gateway with its flags, or --root and --state",
                ));
            }
        };
        screen.result(&report, &lines(&report));
        Ok(ExitCode::from(match report.decision {
            Decision::Accept => 0,
            Decision::Refuse => REFUSE,
            Decision::Check => CHECK,
        }))
    }
}

async fn online(
    token: &str,
    client: &Caller,
    screen: Screen,
) -> Result<VerificationReport, Failure> {
    let body = VerificationBody::of(token);
    let answer = client.post(screen, "/v1/verifications", &json!(body)).await?;
    serde_json::from_value(answer).map_err(|error| {
        Failure::of(Code::AnswerMismatch, "the answer is no verification report", &error)
    })
}

async fn offline(
    token: &str,
    root: &Path,
    directory: &Path,
    now: Timestamp,
) -> Result<VerificationReport, Failure> {
    let root = state::pinned_root(root)?;
    let snapshot = state::snapshot(directory, root, now).await?;
    Ok(judge(token, &snapshot, now))
}

/// What can be said without asking anybody for the status.
fn judge(token: &str, snapshot: &Snapshot, now: Timestamp) -> VerificationReport {
    let context = CheckContext {
        snapshot,
        hub_reachable: false,
        max_status_age: limits::STATUS_AGE_ROADSIDE,
        now,
    };
    let findings = match examine(token, snapshot, now) {
        Err(failure) => failed_findings(&failure, &context),
        Ok(authentic) => {
            let terms = JudgeTerms {
                max_status_age: limits::STATUS_AGE_ROADSIDE,
                binding: Binding::NotDemanded,
            };
            judged_findings(&authentic.judge(StatusEvidence::Unavailable, &terms, now), &context)
        }
    };
    // Nobody asked for this check over a network: it has no trace.
    findings.into_report("", now, &SystemEntropy)
}

fn lines(report: &VerificationReport) -> Vec<String> {
    let mut lines = vec![report.decision.word().to_owned()];
    for reason in &report.reasons {
        lines.push(format!("  {}: {}", reason.code, reason.code.reason(Language::En)));
        lines.push(format!("    {}", reason.code.next_step(Language::En)));
    }
    if let Some(issuer) = &report.issuer {
        lines.push(format!("  issued in {}, vouched for by {}", issuer.division, issuer.member));
    }
    if let Some(licence) = &report.licence {
        lines.push(format!("  licence {} ({})", licence.identifier, licence.status));
        lines.push(format!("  valid {} to {}", licence.valid_from, licence.valid_until));
    }
    for (name, value) in &report.disclosed {
        lines.push(format!("  {name}: {}", plain::value(value)));
    }
    lines.push(format!("check number {}", report.check_number));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::testing::Federation;

    #[test]
    fn what_is_no_credential_is_never_accepted_offline() {
        let now = "2026-11-22T08:00:00Z".parse().unwrap();
        let snapshot = Federation::new(now).snapshot();
        for token in ["", "~", "a.b.c~", "e30.e30.e30~", "hello"] {
            let report = judge(token, &snapshot, now);
            assert_ne!(report.decision, Decision::Accept, "{token}");
            assert!(report.disclosed.is_empty() && report.licence.is_none(), "{token}");
        }
    }
}

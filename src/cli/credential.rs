//! `hutong credential`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::desk::Caller;
use super::fail::{Failure, USAGE};
use super::screen::Screen;
use super::wallet::{self, Contents};
use super::{papers, plain};
use crate::base::{Clock as _, Code, SystemClock};
use crate::credential::{BindTerms, PresentError, bind, present};
use crate::gateway::{IssueOrder, StatusOrder};
use crate::licence::{Identifier, LicenceStatus};

/// Licences as credentials.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Shows what a credential says, WITHOUT judging it: for its holder.
    ///
    /// Example:
    ///   hutong credential inspect wallet/driver-qualification.sdjwt
    #[command(verbatim_doc_comment)]
    Inspect {
        /// The credential, or - for standard input.
        file: PathBuf,
    },
    /// Puts a licence into the register and issues its credential, as an operator.
    ///
    /// The credential holds every claim: it is written to --out for the holder alone.
    ///
    /// Example order:
    ///   {"type":"…","carrier":"electronic","claims":{"certificateIdentifier":"…"},
    ///    "holder_key":{"kty":"EC","crv":"P-256","x":"…","y":"…"}}
    #[command(verbatim_doc_comment)]
    Issue {
        #[command(flatten)]
        operator: Caller,
        /// Where to write the credential; a paper licence has none.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The order, JSON.
        order: PathBuf,
    },
    /// Shows some claims of a credential and no others: the holder's tool.
    ///
    /// With --aud and --nonce, as the verifier told them, it is bound to that verifier by the
    /// holder's key. The presentation is written to standard output.
    ///
    /// Example:
    ///   hutong credential present --wallet ./wallet --claim name --claim driverLicenceClass
    #[command(verbatim_doc_comment)]
    Present(Present),
    /// Changes the status of a licence, as an operator; what has ended does not come back.
    ///
    /// Example:
    ///   hutong credential revoke --licence ID --status revoked --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Revoke {
        #[command(flatten)]
        operator: Caller,
        /// The licence.
        #[arg(long, value_name = "ID")]
        licence: Identifier,
        /// revoked, withdrawn, cancelled, suspended, valid (after a suspension), …
        #[arg(long, value_parser = status)]
        status: LicenceStatus,
    },
}

#[derive(Debug, Args)]
pub(super) struct Present {
    /// The wallet: a folder with *.sdjwt and holder.key.pem.
    #[arg(long, value_name = "DIR")]
    wallet: PathBuf,
    /// Which licence, when the wallet holds several.
    #[arg(long, value_name = "ID")]
    licence: Option<String>,
    /// A claim to show; may be given several times.
    #[arg(long = "claim", value_name = "NAME")]
    claims: Vec<String>,
    /// The verifier's origin.
    #[arg(long, value_name = "ORIGIN", requires = "nonce")]
    aud: Option<String>,
    /// The verifier's challenge.
    #[arg(long, requires = "aud")]
    nonce: Option<String>,
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Inspect { file } => inspect(&papers::read_text(&file)?, screen)?,
            Self::Issue { operator, out, order } => issue(&operator, out, &order, screen).await?,
            Self::Present(order) => {
                let token = show(&order)?;
                screen.result(&json!({ "presentation": token }), &[token.as_str()]);
            }
            Self::Revoke { operator, licence, status } => {
                let body = json!(StatusOrder { identifier: licence, status });
                let answer = operator.post(screen, "/v1/operator/licence-status", &body).await?;
                let line = format!("{}; audit entry {}", status.token(), answer["audit_index"]);
                screen.result(&answer, &[line]);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn inspect(token: &str, screen: Screen) -> Result<(), Failure> {
    let contents = Contents::read(token)?;
    screen.note("NOT VERIFIED: anybody could have written this. To judge it: hutong verify");
    let mut lines = vec!["visible to everybody (unverified)".to_owned()];
    lines.extend(contents.visible.iter().map(|(name, value)| line(name, value)));
    lines.push("in disclosures of this file (unverified)".to_owned());
    lines.extend(contents.disclosed.iter().map(|(name, value)| line(name, value)));
    lines.push(format!("key binding: {}", if contents.is_bound { "yes" } else { "no" }));
    screen.result(
        &json!({
            "verified": false, "visible": contents.visible, "disclosed": contents.disclosed,
            "key_binding": contents.is_bound,
        }),
        &lines,
    );
    Ok(())
}

fn line(name: &str, value: &Value) -> String {
    format!("  {name}: {}", plain::value(value))
}

async fn issue(
    operator: &Caller,
    out: Option<PathBuf>,
    order: &std::path::Path,
    screen: Screen,
) -> Result<(), Failure> {
    let order: IssueOrder = papers::read_json(order)?;
    // Before anything is issued: a credential that cannot be kept would be lost to its holder.
    if let Some(path) = &out {
        papers::demand_absent(path)?;
    }
    let answer = operator.post(screen, "/v1/operator/licence-issue", &json!(order)).await?;
    let mut lines = vec![
        format!("licence      {}", plain::value(&answer["identifier"])),
        format!("audit entry  {}", answer["audit_index"]),
    ];
    match (answer["credential"].as_str(), &out) {
        (Some(token), Some(path)) => {
            papers::write_new(path, token.as_bytes())?;
            lines.push(format!("credential   {}", path.display()));
            let (identifier, index) = (&answer["identifier"], &answer["audit_index"]);
            let told = json!({
                "identifier": identifier, "audit_index": index, "credential_file": path,
            });
            screen.result(&told, &lines);
        }
        (Some(token), None) => {
            lines.push(token.to_owned());
            screen.result(&answer, &lines);
        }
        (None, _) => screen.result(&answer, &lines),
    }
    Ok(())
}

fn show(order: &Present) -> Result<String, Failure> {
    let token = wallet::find(&order.wallet, order.licence.as_deref())?;
    let claims: Vec<&str> = order.claims.iter().map(String::as_str).collect();
    let presentation = present(&token, &claims).map_err(|error| presenting(&error))?;
    let (Some(audience), Some(nonce)) = (&order.aud, &order.nonce) else {
        return Ok(presentation);
    };
    let key = wallet::holder_key(&order.wallet)?;
    let terms = BindTerms { audience, nonce, transaction: None };
    bind(&presentation, terms, &key, SystemClock.now()).map_err(|error| presenting(&error))
}

/// The failure of a presentation.
pub(super) fn presenting(error: &PresentError) -> Failure {
    let failure = Failure::of(error.code(), "the credential cannot be presented", error);
    match error {
        PresentError::NoSuchClaim { .. } => failure
            .exiting(USAGE)
            .advising("hutong credential inspect shows the names of its claims"),
        _ if error.code() == Code::Internal => failure,
        _ => failure.exiting(super::fail::DATA),
    }
}

fn status(word: &str) -> Result<LicenceStatus, String> {
    LicenceStatus::from_token(word).ok_or_else(|| {
        format!("one of {}", LicenceStatus::ALL.map(LicenceStatus::token).join(", "))
    })
}

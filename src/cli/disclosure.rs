//! `hutong disclosure`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::desk::Caller;
use super::fail::Failure;
use super::plain;
use super::screen::Screen;
use crate::base::{Division, GrantId};
use crate::exchange::DisclosureBody;

/// Using a grant.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Obtains claims under a holder's grant, as a business; each request is one use.
    ///
    /// Example:
    ///   hutong disclosure request --issuer 120000 --grant ID --claim name --gateway …
    #[command(verbatim_doc_comment)]
    Request {
        #[command(flatten)]
        client: Caller,
        #[command(flatten)]
        ask: Ask,
    },
}

/// Which claims under which grant.
#[derive(Debug, Args)]
pub(super) struct Ask {
    /// The division whose province issued the licence.
    #[arg(long, value_name = "DIVISION")]
    issuer: Division,
    /// The grant.
    #[arg(long, value_name = "ID")]
    grant: GrantId,
    /// A claim; may be given several times.
    #[arg(long = "claim", value_name = "NAME", required = true)]
    claims: Vec<String>,
}

impl Ask {
    /// Asks for it at `path`, signed by the client.
    pub(super) async fn send(
        self,
        client: &Caller,
        path: &str,
        screen: Screen,
    ) -> Result<Value, Failure> {
        let grant = Some(self.grant.to_string());
        let body = DisclosureBody { grant, claims: self.claims, purpose: None };
        client.post_signed(screen, path, self.issuer.member(), &json!(body)).await
    }
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let Self::Request { client, ask } = self;
        let answer = ask.send(&client, "/v1/disclosures", screen).await?;
        let claims = answer["claims"].as_object();
        let mut lines: Vec<String> = claims
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}: {}", plain::value(value)))
            .collect();
        lines.push(format!("uses: {}", plain::value(&answer["uses"]["count"])));
        screen.result(&answer, &lines);
        Ok(ExitCode::SUCCESS)
    }
}

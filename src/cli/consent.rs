//! `hutong consent`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::credential::presenting;
use super::desk::{Caller, post_public};
use super::fail::{Failure, REFUSE};
use super::screen::{Screen, agree, print_document};
use super::{papers, plain, wallet};
use crate::base::{Clock as _, Code, Division, GrantId, NumericDate, SystemClock};
use crate::consent::{
    ClaimPath, ConsentAsk, ConsentMode, DataLife, DataLifeUnit, FetchType, GrantTerms, PurposeCode,
    RevocationDraft,
};
use crate::credential::{BindTerms, bind, present};
use crate::crypto::{Digest, base64url, json};
use crate::exchange::{ApprovalBody, ConsentOffer, RevocationBody};
use crate::licence::Identifier;

/// Asking a holder, and the holder's answer (Article 12).
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Agrees to a request with the holder's key, after showing in plain words who asks what.
    ///
    /// Without a terminal it needs --yes. Prints the grant's id: the business uses it, the holder
    /// revokes it.
    ///
    /// Example:
    ///   hutong consent approve --wallet ./wallet --server-cert gateway-tls.cert.pem request.json
    #[command(verbatim_doc_comment)]
    Approve(Approve),
    /// Declines a request.
    ///
    /// Example:
    ///   hutong consent deny --server-cert gateway-tls.cert.pem request.json
    #[command(verbatim_doc_comment)]
    Deny {
        /// Certificate of the issuing gateway.
        #[arg(long, value_name = "FILE")]
        server_cert: PathBuf,
        /// The request.
        request: PathBuf,
    },
    /// Asks a holder for some claims of a licence, as a business, through its own gateway.
    ///
    /// Prints the request to be handed to the holder; it waits five minutes for an answer.
    ///
    /// Example:
    ///   hutong consent request --issuer 120000 --licence ID --use iu_drivers \
    ///     --purpose employment-check --claim name --gateway … > request.json
    #[command(verbatim_doc_comment)]
    Request(Request),
    /// Takes a grant back with the holder's key; nothing is given under it any more.
    ///
    /// Example:
    ///   hutong consent revoke --wallet ./wallet --server-cert gateway-tls.cert.pem \
    ///     --grant ID --aud https://gateway.example:8444
    #[command(verbatim_doc_comment)]
    Revoke(Revoke),
    /// Shows in plain words who asks what; needs no network and agrees to nothing.
    ///
    /// Example:
    ///   hutong consent show request.json
    #[command(verbatim_doc_comment)]
    Show {
        /// The request.
        request: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct Request {
    #[command(flatten)]
    client: Caller,
    /// The division whose province issued the licence.
    #[arg(long, value_name = "DIVISION")]
    issuer: Division,
    /// The licence.
    #[arg(long, value_name = "ID")]
    licence: Identifier,
    /// The registered use.
    #[arg(long = "use", value_name = "ID")]
    use_id: String,
    /// The purpose of that use.
    #[arg(long)]
    purpose: PurposeCode,
    /// A claim; may be given several times.
    #[arg(long = "claim", value_name = "NAME", required = true)]
    claims: Vec<String>,
    /// How often it may be used.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    uses: u32,
    /// For how many days the grant is to last.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: u32,
    /// For how many days what is given may be kept [default: it is looked at and not kept].
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    keep_days: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct Approve {
    /// The wallet: a folder with *.sdjwt and holder.key.pem.
    #[arg(long, value_name = "DIR")]
    wallet: PathBuf,
    /// Certificate of the issuing gateway; no other is believed.
    #[arg(long, value_name = "FILE")]
    server_cert: PathBuf,
    /// Agree without being asked.
    #[arg(long)]
    yes: bool,
    /// The request, as `consent request` printed it.
    request: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The wallet: a folder with *.sdjwt and holder.key.pem.
    #[arg(long, value_name = "DIR")]
    wallet: PathBuf,
    /// Certificate of the issuing gateway; no other is believed.
    #[arg(long, value_name = "FILE")]
    server_cert: PathBuf,
    /// The grant.
    #[arg(long, value_name = "ID")]
    grant: GrantId,
    /// The issuing gateway's public origin.
    #[arg(long, value_name = "ORIGIN")]
    aud: String,
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Approve(order) => approve(&order, screen).await,
            Self::Deny { server_cert, request } => deny(&server_cert, &request, screen).await,
            Self::Request(order) => request(order, screen).await,
            Self::Revoke(order) => revoke(&order, screen).await,
            Self::Show { request } => {
                let (_, terms) = read_offer(&request)?;
                screen.result(&json!(terms), &plain::terms(&terms));
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

async fn request(order: Request, screen: Screen) -> Result<ExitCode, Failure> {
    let life = Duration::from_hours(24) * order.days;
    let ask = ConsentAsk {
        identifier: order.licence,
        claims: order.claims.into_iter().map(ClaimPath::new).collect(),
        purpose: order.purpose,
        intended_use_id: order.use_id,
        consent_mode: order.keep_days.map_or(ConsentMode::View, |_| ConsentMode::Store),
        fetch_type: if order.uses == 1 { FetchType::Onetime } else { FetchType::Periodic },
        max_uses: Some(order.uses),
        data_life: DataLife { unit: DataLifeUnit::Day, value: order.keep_days.unwrap_or(1) },
        exp: NumericDate::from(SystemClock.now() + life),
        service_item: None,
        replaces: None,
    };
    let issuer = order.issuer.member();
    let path = "/v1/consent-requests";
    let answer = order.client.post_signed(screen, path, issuer, &json!(ask)).await?;
    // Read back, so that what the holder is handed is a request and nothing else.
    let offer: ConsentOffer = serde_json::from_value(answer).map_err(|error| {
        Failure::of(Code::AnswerMismatch, "the answer is no consent request", &error)
    })?;
    print_document(&offer);
    screen.note(&format!("hand this to the holder, who answers before {}", offer.expires_at));
    Ok(ExitCode::SUCCESS)
}

async fn approve(order: &Approve, screen: Screen) -> Result<ExitCode, Failure> {
    let (offer, terms) = read_offer(&order.request)?;
    let licence = terms.detail().identifier.as_str();
    let token = wallet::find(&order.wallet, Some(licence))?;
    for line in plain::terms(&terms) {
        screen.note(&line);
    }
    if !agree("Do you agree?", order.yes)? {
        screen.result(&json!({ "agreed": false }), &["not agreed; nothing was sent"]);
        return Ok(ExitCode::from(REFUSE));
    }
    let key = wallet::holder_key(&order.wallet)?;
    let bare = present(&token, &[]).map_err(|error| presenting(&error))?;
    let binding = BindTerms {
        audience: &offer.aud,
        nonce: &offer.nonce,
        transaction: Some(Digest::of(&offer.transaction_data)),
    };
    let approval =
        bind(&bare, binding, &key, SystemClock.now()).map_err(|error| presenting(&error))?;
    let path = format!("/v1/consent-requests/{}/approve", offer.id);
    let body = json!(ApprovalBody { approval, exp: None });
    let answer = post_public(screen, &offer.aud, &order.server_cert, &path, &body).await?;
    screen.note(&format!("agreed; audit entry {}; the grant:", answer["audit_index"]));
    screen.result(&answer, &[plain::value(&answer["id"])]);
    Ok(ExitCode::SUCCESS)
}

async fn deny(server_cert: &Path, request: &Path, screen: Screen) -> Result<ExitCode, Failure> {
    let (offer, _) = read_offer(request)?;
    let path = format!("/v1/consent-requests/{}/deny", offer.id);
    let answer = post_public(screen, &offer.aud, server_cert, &path, &json!({})).await?;
    screen.result(&answer, &["declined; nothing is given"]);
    Ok(ExitCode::SUCCESS)
}

async fn revoke(order: &Revoke, screen: Screen) -> Result<ExitCode, Failure> {
    let key = wallet::holder_key(&order.wallet)?;
    let draft = RevocationDraft { audience: &order.aud, grant: &order.grant };
    let revocation = draft
        .sign(&key, SystemClock.now())
        .map_err(|error| Failure::of(Code::Internal, "the revocation cannot be signed", &error))?;
    let path = format!("/v1/grants/{}/revoke", order.grant);
    let body = json!(RevocationBody { revocation });
    let answer = post_public(screen, &order.aud, &order.server_cert, &path, &body).await?;
    let line = format!("revoked; audit entry {}", answer["audit_index"]);
    screen.result(&answer, &[line]);
    Ok(ExitCode::SUCCESS)
}

/// The bytes that are signed, read: the terms in them are what the holder is shown.
#[derive(Deserialize)]
struct Agreed {
    #[serde(rename = "type")]
    kind: String,
    grant: GrantTerms,
}

/// A request with the terms inside the very bytes that the holder's key will sign.
fn read_offer(path: &Path) -> Result<(ConsentOffer, GrantTerms), Failure> {
    let offer: ConsentOffer = papers::read_json(path)?;
    let terms = terms_of(&offer).map_err(|why| {
        let advice = "do not sign it; ask the business for a new request";
        Failure::input(format!("{} is no consent request", path.display()), &why, advice)
    })?;
    Ok((offer, terms))
}

fn terms_of(offer: &ConsentOffer) -> Result<GrantTerms, String> {
    let bytes = base64url::decode(&offer.transaction_data).map_err(|error| error.to_string())?;
    let agreed: Agreed = json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if agreed.kind != TRANSACTION {
        return Err(format!("it asks to sign {:?}", plain::clean(&agreed.kind)));
    }
    // What is signed is shown whole: bytes that this form does not show must not be there.
    let shown: Value = serde_json::to_value(&agreed.grant).map_err(|error| error.to_string())?;
    let signed: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if signed["grant"] != shown {
        return Err("it holds more than can be shown".to_owned());
    }
    Ok(agreed.grant)
}

/// The type of transaction that consents to a disclosure.
const TRANSACTION: &str = "urn:elicence:consent:1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ConsentRequestId, SystemEntropy};

    fn offer(transaction: &str) -> ConsentOffer {
        let now = SystemClock.now();
        ConsentOffer {
            id: ConsentRequestId::generate(now, &SystemEntropy),
            transaction_data: base64url::encode(transaction),
            nonce: "nonce".to_owned(),
            aud: "https://127.0.0.1:1".to_owned(),
            expires_at: now,
            holder_url: "https://127.0.0.1:1/".to_owned(),
        }
    }

    #[test]
    fn a_holder_is_never_led_to_sign_what_cannot_be_shown() {
        for transaction in [
            "",
            "{}",
            r#"{"type":"urn:elicence:consent:1"}"#,
            r#"{"type":"urn:elicence:consent:1","grant":{}}"#,
            r#"{"type":"urn:bank:payment","grant":{}}"#,
            r#"{"type":"urn:elicence:consent:1","type":"urn:bank:payment"}"#,
        ] {
            assert!(terms_of(&offer(transaction)).is_err(), "{transaction}");
        }
        let mut other = offer("{}");
        other.transaction_data = "not base64url!".to_owned();
        assert!(terms_of(&other).is_err());
    }
}

//! `hutong client` at a running gateway: invite, file, admit, list, suspend, resume, revoke; and a
//! client's own renewal.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{made, places};
use super::desk::Caller;
use super::fail::Failure;
use super::papers;
use super::screen::Screen;
use crate::base::{ClientId, Clock as _, SystemClock};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Digest, Signer as _};
use crate::exchange::Renewal;
use crate::gateway::{ApplicationOrder, RenewalOrder};
use crate::identity::{ClientName, Role};
use crate::pki::{PkiError, client_request, files};

/// What operators do with clients, and what a client does for itself.
#[derive(Debug, Subcommand)]
pub(super) enum Life {
    /// Makes the one-time code with which somebody may apply to become a client, as an operator.
    ///
    /// Hand the code over outside the network; it serves once, for this client, within a week.
    ///
    /// Example:
    ///   hutong client invite --role business --id 91440101MA5000000L --gateway … --out code.txt
    #[command(verbatim_doc_comment)]
    Invite(Invite),
    /// Files a client's application, as an operator; another operator then admits it.
    ///
    /// Example:
    ///   hutong client file application.json --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment, after_help = EXAMPLE_APPLICATION)]
    File {
        #[command(flatten)]
        operator: Caller,
        /// The application, JSON.
        application: PathBuf,
    },
    /// Admits a client whose application is filed, and writes its certificate.
    ///
    /// Let the applicant read the sha256 of its key over a second channel, and give that. All but
    /// businesses take another operator than the one who filed it.
    ///
    /// Example:
    ///   hutong client admit mMdbL… --out unit-7.cert.pem --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Admit(Admit),
    /// Lists clients with their keys, and the applications that wait.
    ///
    /// Example:
    ///   hutong client list --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        operator: Caller,
    },
    /// Renews the client's own key, by its old key; every grant goes on.
    ///
    /// Example:
    ///   hutong client renew --out ./unit-7-next --gateway https://127.0.0.1:8443 …
    #[command(verbatim_doc_comment)]
    Renew(Renew),
    /// Suspends a client at once, also on its open connections.
    ///
    /// Example:
    ///   hutong client suspend --role enforcement --id unit-7 --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Suspend(Named),
    /// Lets a suspended client act again; all but businesses take two operators.
    ///
    /// Example:
    ///   hutong client resume --role enforcement --id unit-7 --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Resume(Named),
    /// Revokes a client, or one of its keys, for good.
    ///
    /// Example:
    ///   hutong client revoke --role enforcement --id unit-7 --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment)]
    Revoke(Named),
}

#[derive(Debug, Args)]
pub(super) struct Invite {
    #[command(flatten)]
    named: Named,
    /// Where to write the code.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Admit {
    #[command(flatten)]
    operator: Caller,
    /// SHA-256 of the client's key, as the client read it.
    spki_sha256: Digest,
    /// Days until the certificate ends [default: a year].
    #[arg(long, value_name = "DAYS")]
    life_days: Option<u32>,
    /// Where to write the certificate.
    #[arg(long, value_name = "CERT.pem")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    #[command(flatten)]
    operator: Caller,
    /// The client's role.
    #[arg(long)]
    role: Role,
    /// The client's identifier; for a business its social credit code.
    #[arg(long)]
    id: ClientId,
    /// One of its keys alone (revoke, suspend).
    #[arg(long, value_name = "SHA256")]
    spki_sha256: Option<Digest>,
}

#[derive(Debug, Args)]
pub(super) struct Renew {
    #[command(flatten)]
    client: Caller,
    /// The folder for the new key and certificate.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Life {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Invite(order) => invite(order, screen).await?,
            Self::File { operator, application } => {
                let application: ApplicationOrder = papers::read_json(&application)?;
                let path = command("client-request");
                let answer = operator.post(screen, &path, &json!(application)).await?;
                let line = format!(
                    "filed {}; its key is {}: {} person(s) must admit it",
                    text(&answer["client"]),
                    text(&answer["spki_sha256"]),
                    answer["persons"],
                );
                screen.result(&answer, &[line]);
            }
            Self::Admit(order) => admit(order, screen).await?,
            Self::List { operator } => list(&operator, screen).await?,
            Self::Renew(order) => renew(&order, screen).await?,
            Self::Suspend(named) => named.tell(screen, "client-suspend").await?,
            Self::Resume(named) => named.tell(screen, "client-resume").await?,
            Self::Revoke(named) => named.tell(screen, "client-revoke").await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Named {
    async fn send(&self, screen: Screen, what: &str) -> Result<Value, Failure> {
        let mut body = json!({ "role": self.role, "id": self.id });
        if let Some(spki) = self.spki_sha256 {
            body["spki_sha256"] = json!(spki);
        }
        self.operator.post(screen, &command(what), &body).await
    }

    async fn tell(self, screen: Screen, what: &str) -> Result<(), Failure> {
        let answer = self.send(screen, what).await?;
        let state = text(&answer["state"]).to_lowercase();
        screen.result(&answer, &[format!("{} is {state}", text(&answer["client"]))]);
        Ok(())
    }
}

async fn invite(order: Invite, screen: Screen) -> Result<(), Failure> {
    papers::demand_absent(&order.out)?;
    let mut answer = order.named.send(screen, "client-invite").await?;
    // The code is a secret: into the file, and not onto the screen.
    let code = answer["code"].take();
    papers::write_new(&order.out, text(&code).as_bytes())?;
    answer["code"] = json!(order.out);
    let lines = [
        format!("client  {}", text(&answer["client"])),
        format!("code    {} (hand it over outside the network)", order.out.display()),
    ];
    screen.result(&answer, &lines);
    Ok(())
}

async fn admit(order: Admit, screen: Screen) -> Result<(), Failure> {
    papers::demand_absent(&order.out)?;
    let mut body = json!({ "spki_sha256": order.spki_sha256 });
    if let Some(days) = order.life_days {
        body["life_days"] = json!(days);
    }
    let answer = order.operator.post(screen, &command("client-approve"), &body).await?;
    papers::write_new(&order.out, text(&answer["certificate"]).as_bytes())?;
    let lines = [
        format!("admitted     {}", text(&answer["client"])),
        format!("certificate  {} until {}", order.out.display(), text(&answer["ends"])),
    ];
    screen.result(&answer, &lines);
    Ok(())
}

async fn list(operator: &Caller, screen: Screen) -> Result<(), Failure> {
    let answer = operator.post(screen, &command("client-list"), &json!({})).await?;
    let mut rows = Vec::new();
    let empty = Vec::new();
    for client in answer["clients"].as_array().unwrap_or(&empty) {
        rows.push(
            ["role", "id", "name", "state", "spki_sha256"].map(|of| text(&client[of])).to_vec(),
        );
    }
    for waiting in answer["applications"].as_array().unwrap_or(&empty) {
        let name = text(&waiting["client"]);
        let mut parts = name.rsplitn(3, ':').map(str::to_owned);
        let (id, role) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let key = text(&waiting["spki_sha256"]);
        rows.push(vec![role, id, text(&waiting["name"]), text(&waiting["state"]), key]);
    }
    screen.result(&answer, &screen.rows(&["role", "id", "name", "state", "key"], &rows));
    Ok(())
}

async fn renew(order: &Renew, screen: Screen) -> Result<(), Failure> {
    let unreadable = |error: PkiError| made(&error);
    let (certificate, old) = order.client.own()?;
    let [uri] = certificate.uris() else {
        return Err(nameless());
    };
    let name: ClientName = uri.parse().map_err(|_| nameless())?;
    papers::make_folder(&order.out)?;
    let (certificate_path, key_path) = places(&order.out);
    papers::demand_absent(&certificate_path)?;
    papers::demand_absent(&key_path)?;
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256)
        .map_err(|error| unreadable(PkiError::from(error)))?;
    let next = SoftwareKey::from_pkcs8(&pkcs8).map_err(|error| unreadable(error.into()))?;
    let old = SoftwareKey::from_pkcs8(&old).map_err(|error| unreadable(error.into()))?;
    let spki = next.public_key().spki_digest();
    let proof = Renewal::sign(&old, &name, spki, SystemClock.now())
        .map_err(|error| unreadable(error.into()))?;
    let request = client_request(&name, &pkcs8).map_err(unreadable)?;
    // Kept before it is sent: a certificate whose key is lost is of no use to anybody.
    files::write_key(&key_path, &pkcs8).map_err(unreadable)?;
    let path = format!("/v1/clients/{}/renew", name.id);
    let body = json!(RenewalOrder { request, proof });
    let answer = order.client.post(screen, &path, &body).await?;
    papers::write_new(&certificate_path, text(&answer["certificate"]).as_bytes())?;
    let lines = [
        format!("renewed      {name}"),
        format!("certificate  {} until {}", certificate_path.display(), text(&answer["ends"])),
        "grants       go on with the new key".to_owned(),
    ];
    screen.result(&answer, &lines);
    Ok(())
}

fn nameless() -> Failure {
    Failure::input(
        "the certificate names no client",
        &"it carries no urn:elicence:client name",
        "give the client's own certificate with --cert",
    )
}

fn command(name: &str) -> String {
    format!("/v1/operator/{name}")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const EXAMPLE_APPLICATION: &str = r#"Example application:
  {"code":"…","request":"-----BEGIN CERTIFICATE REQUEST-----\n…","name":"…","contact":"…",
   "uses":[{"id":"iu_drivers","purpose":"employment-check","claims":["name"]}]}"#;

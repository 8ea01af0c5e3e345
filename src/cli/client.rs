//! `hutong client`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::client_life::Life;
use super::desk::Caller;
use super::fail::Failure;
use super::screen::Screen;
use super::{init, papers};
use crate::base::{ClientId, Clock as _, Code, Division, SystemClock};
use crate::config::NodeRole;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, Signer};
use crate::gateway::{ApplicationOrder, ClientOrder};
use crate::identity::{ClientName, Role};
use crate::pki::{Authority, CLIENT_LIFE, Period, PkiError, client_request, files};

/// The clients of a node: police, businesses, operators.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Issues a client's certificate from the node's own authority for the role; works on files.
    ///
    /// With --request the client keeps its key; without, a key is made here and must be handed over
    /// with care. Operators need no more; other clients are then registered with their uses.
    ///
    /// Example:
    ///   hutong client approve --data-dir /var/lib/hutong --role enforcement --id unit-7 \
    ///     --request unit-7.csr.pem --out ./unit-7
    #[command(verbatim_doc_comment)]
    Approve(Approve),
    /// Registers a client that was certified on files, with its uses, at a running gateway.
    ///
    /// All but businesses take two operators: another one sends the same order.
    ///
    /// Example:
    ///   hutong client register order.json --gateway https://127.0.0.1:8445 …
    #[command(verbatim_doc_comment, after_help = EXAMPLE_ORDER)]
    Register {
        #[command(flatten)]
        operator: Caller,
        /// The order, JSON; spki_sha256 is what `client approve` prints.
        order: PathBuf,
    },
    /// Makes a client's key and a request for its certificate, on the client's own machine.
    ///
    /// Example:
    ///   hutong client request --division 130000 --role enforcement --id unit-7 --out ./unit-7
    #[command(verbatim_doc_comment)]
    Request(Request),
    #[command(flatten)]
    Life(Life),
}

#[derive(Debug, Args)]
pub(super) struct Approve {
    /// The node's folder, with config.toml and keys/.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// enforcement, business, transport-authority, register, auditor or operator.
    #[arg(long)]
    role: Role,
    /// The client's identifier; for a business its social credit code.
    #[arg(long)]
    id: ClientId,
    /// Division in the client's name [default: the gateway's own; a hub has none].
    #[arg(long)]
    division: Option<Division>,
    /// The client's own request (PKCS #10, PEM); then no key is made here.
    #[arg(long, value_name = "CSR.pem")]
    request: Option<PathBuf>,
    /// The folder for the certificate, and for the key where one is made.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Request {
    /// The division of the gateway it will be a client of.
    #[arg(long)]
    division: Division,
    /// The role it asks for.
    #[arg(long)]
    role: Role,
    /// Its identifier; for a business its social credit code.
    #[arg(long)]
    id: ClientId,
    /// The folder for key and request.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The file with the one-time code; then an application is written as well, for an operator
    /// to file.
    #[arg(long, value_name = "FILE", requires_all = ["name", "contact"])]
    code: Option<PathBuf>,
    /// The client's name, as holders will read it.
    #[arg(long, requires = "code")]
    name: Option<String>,
    /// How a holder reaches the client.
    #[arg(long, requires = "code")]
    contact: Option<String>,
    /// The uses it asks for, a JSON array [default: none].
    #[arg(long, value_name = "FILE", requires = "code")]
    uses: Option<PathBuf>,
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Approve(order) => approve(&order, screen),
            Self::Request(order) => request(&order, screen),
            Self::Life(life) => life.run(screen).await,
            Self::Register { operator, order } => {
                let order: ClientOrder = papers::read_json(&order)?;
                let id = order.id.clone();
                let body = json!(order);
                let path = "/v1/operator/client-register";
                let answer = operator.post(screen, path, &body).await?;
                let line = if answer["state"] == "proposed" {
                    format!("proposed {id}: another operator must send the same order")
                } else {
                    format!("registered {id}; audit entry {}", answer["audit_index"])
                };
                screen.result(&answer, &[line]);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn approve(order: &Approve, screen: Screen) -> Result<ExitCode, Failure> {
    let config = init::config_of(&order.data_dir)?;
    let own = config.division.filter(|_| config.role == NodeRole::Gateway);
    let Some(division) = order.division.or(own) else {
        return Err(Failure::input(
            "the client's division is not known",
            &"the node is a hub, which has none of its own",
            "name the division of its operators with --division",
        ));
    };
    let name = ClientName { division, role: order.role, id: order.id.clone() };
    let authority = authority(&config.data_dir, order.role)?;
    papers::make_folder(&order.out)?;
    let (certificate_path, key_path) = places(&order.out);
    papers::demand_absent(&certificate_path)?;
    let period = Period::from_now(SystemClock.now(), CLIENT_LIFE);
    let certificate = if let Some(request) = &order.request {
        let request = papers::read_text(request)?;
        authority.issue_client_for(&request, &name, period).map_err(|error| made(&error))?
    } else {
        papers::demand_absent(&key_path)?;
        let client = authority.issue_client(&name, period).map_err(|error| made(&error))?;
        files::write_key(&key_path, &client.pkcs8).map_err(|error| made(&error))?;
        client.certificate
    };
    let chain = std::slice::from_ref(&certificate);
    files::write_certificates(&certificate_path, chain).map_err(|error| made(&error))?;
    tell(&name, &certificate, &certificate_path, screen);
    Ok(ExitCode::SUCCESS)
}

fn tell(name: &ClientName, certificate: &Certificate, path: &Path, screen: Screen) {
    let spki = certificate.spki_digest();
    screen.result(
        &json!({
            "client": name.to_string(), "certificate": path, "spki_sha256": spki,
            "ends": certificate.not_after(),
        }),
        &[
            format!("client       {name}"),
            format!("certificate  {}", path.display()),
            format!("ends         {}", certificate.not_after()),
            format!("spki_sha256  {spki}"),
        ],
    );
}

fn request(order: &Request, screen: Screen) -> Result<ExitCode, Failure> {
    let name = ClientName { division: order.division, role: order.role, id: order.id.clone() };
    papers::make_folder(&order.out)?;
    let (_, key_path) = places(&order.out);
    let request_path = order.out.join("client.csr.pem");
    let application_path = order.out.join("application.json");
    for path in [&key_path, &request_path, &application_path] {
        papers::demand_absent(path)?;
    }
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256)
        .map_err(|error| made(&PkiError::from(error)))?;
    let request = client_request(&name, &pkcs8).map_err(|error| made(&error))?;
    files::write_key(&key_path, &pkcs8).map_err(|error| made(&error))?;
    papers::write_new(&request_path, request.as_bytes())?;
    let spki = Signer::public_key(
        &SoftwareKey::from_pkcs8(&pkcs8).map_err(|error| made(&PkiError::from(error)))?,
    )
    .spki_digest();
    let mut told = json!({
        "client": name.to_string(), "key": key_path, "request": request_path,
        "spki_sha256": spki,
    });
    let mut lines = vec![
        format!("client       {name}"),
        format!("key          {} (stays here)", key_path.display()),
        format!("spki_sha256  {spki} (read it to the operators over a second channel)"),
        format!("request      {} (goes to the gateway's operators)", request_path.display()),
    ];
    if let Some(application) = application(order, request)? {
        let text = serde_json::to_vec_pretty(&application).unwrap_or_default();
        papers::write_new(&application_path, &text)?;
        told["application"] = json!(application_path);
        lines.push(format!("application  {} (with the request in it)", application_path.display()));
    }
    screen.result(&told, &lines);
    Ok(ExitCode::SUCCESS)
}

/// The whole application, where a code was given.
fn application(order: &Request, request: String) -> Result<Option<ApplicationOrder>, Failure> {
    let Some(code) = &order.code else { return Ok(None) };
    let uses = order.uses.as_deref().map(papers::read_json).transpose()?.unwrap_or_default();
    Ok(Some(ApplicationOrder {
        code: papers::read_text(code)?.trim().to_owned(),
        request,
        name: order.name.clone().unwrap_or_default(),
        contact: order.contact.clone().unwrap_or_default(),
        uses,
    }))
}

fn authority(data_dir: &Path, role: Role) -> Result<Authority, Failure> {
    let keys = data_dir.join("keys");
    let certificate = keys.join(format!("client-ca-{role}.cert.pem"));
    if !certificate.exists() {
        return Err(Failure::input(
            format!("this node makes no {role} clients"),
            &format!("there is no {}", certificate.display()),
            "choose a role that this node has an authority for",
        ));
    }
    let key = papers::read_secret(&keys.join(format!("client-ca-{role}.key.pem")))?;
    Authority::from_pem(&papers::read_text(&certificate)?, &key).map_err(|error| {
        Failure::of(error.code(), format!("the authority for {role} clients is unusable"), &error)
    })
}

pub(super) fn places(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("client.cert.pem"), folder.join("client.key.pem"))
}

pub(super) fn made(error: &PkiError) -> Failure {
    let what = "the client's key or certificate cannot be made";
    match error.code() {
        Code::ValidationFailed => Failure::input(what, error, "ask the client for a new request"),
        code => Failure::of(code, what, error),
    }
}

const EXAMPLE_ORDER: &str = r#"Example order:
  {"id":"unit-7","role":"enforcement","spki_sha256":"…","name":"…","contact":"…",
   "uses":[{"id":"su_roadside_1","purpose":"roadside-check","claims":["plateNumber"],
            "queries":["credential","plate"]}]}"#;

#[cfg(test)]
mod tests {
    use super::super::screen::Form;
    use super::*;

    #[test]
    fn a_request_is_made_once_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let order = || Request {
            division: "130000".parse().unwrap(),
            role: Role::Enforcement,
            id: "unit-7".parse().unwrap(),
            out: folder.path().join("unit-7"),
            code: None,
            name: None,
            contact: None,
            uses: None,
        };
        let screen = Screen::new(Form::Json, true);
        assert!(request(&order(), screen).is_ok());
        let key = papers::read_secret(&folder.path().join("unit-7/client.key.pem")).unwrap();
        assert!(request(&order(), screen).is_err());
        let after = papers::read_secret(&folder.path().join("unit-7/client.key.pem")).unwrap();
        assert_eq!(key, after);
    }

    #[test]
    fn a_role_without_an_authority_and_a_folder_without_a_node_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(authority(folder.path(), Role::Channel).is_err());
        let order = Approve {
            data_dir: folder.path().to_owned(),
            role: Role::Business,
            id: "x".parse().unwrap(),
            division: None,
            request: None,
            out: folder.path().join("out"),
        };
        assert!(approve(&order, Screen::new(Form::Json, true)).is_err());
        assert!(!folder.path().join("out").exists());
    }
}

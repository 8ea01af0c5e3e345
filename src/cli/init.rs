//! `hutong init`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::fail::Failure;
use super::screen::Screen;
use super::{papers, state};
use crate::base::{Clock as _, Code, Division, SystemClock};
use crate::crypto::Algorithm;
use crate::gateway::{self, Charter, FoundingError};
use crate::hub::{self, HubCharter, HubFoundingError};
use crate::licence::{CheckDigit, SocialCreditCode};
use crate::peer::{Origin, OriginPolicy};
use crate::pki::{LEAF_LIFE, Made, Period, files};

/// What can be founded.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Founds a province's gateway: keys, first list, application, configuration.
    ///
    /// Refuses a folder that was founded before. Compare the root's digest with `hutong trust show`
    /// over a second channel first: everything rests on it.
    ///
    /// Example:
    ///   hutong init gateway /var/lib/hutong --division 120000 \
    ///     --authority-code 111200000001234561 --root root.json \
    ///     --federation-origin https://gateway.example:8443 \
    ///     --public-origin https://gateway.example:443 --hub-origin https://hub.example:8443
    #[command(verbatim_doc_comment)]
    Gateway(Box<InitGateway>),
    /// Founds the hub: keys and configuration. The root comes from `hutong trust root new`.
    ///
    /// Example:
    ///   hutong init hub /var/lib/hutong --federation-origin https://hub.example:8443 \
    ///     --public-origin https://hub.example:443
    #[command(verbatim_doc_comment)]
    Hub(InitHub),
    /// Makes the key pair by which an operator of the federation signs roots and lists.
    ///
    /// Do this on a machine of the operator's own; only operator.cert.pem ever leaves it.
    ///
    /// Example:
    ///   hutong init operator ./operator-1 --name "federation operator 1"
    #[command(verbatim_doc_comment)]
    Operator(InitOperator),
}

/// Where a node listens and how others reach it.
#[derive(Debug, Args)]
struct Place {
    /// Origin under which members and clients reach the federation listener.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    federation_origin: String,
    /// Origin under which holders reach the public listener.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    public_origin: String,
    /// Address of the federation listener (mutual TLS).
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    listen_federation: SocketAddr,
    /// Address of the public listener.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8444")]
    listen_public: SocketAddr,
    /// Address of the operator listener; loopback unless there is a reason.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8445")]
    listen_operator: SocketAddr,
    /// Let members have loopback and private addresses: for tests and closed networks.
    #[arg(long)]
    allow_private_addresses: bool,
}

impl Place {
    const fn listen(&self) -> [SocketAddr; 3] {
        [self.listen_federation, self.listen_public, self.listen_operator]
    }
}

#[derive(Debug, Args)]
pub(super) struct InitGateway {
    /// The folder to found it in.
    dir: PathBuf,
    /// The division it speaks for, six digits.
    #[arg(long)]
    division: Division,
    /// Social credit code of the authority whose licences it signs.
    #[arg(long, value_name = "CODE")]
    authority_code: SocialCreditCode,
    /// The hub's federation origin, as the root names it.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    hub_origin: String,
    /// The root to pin.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Where its people are reached, for the application: a mailto: or tel: address, once for each.
    #[arg(long = "contact", value_name = "URI")]
    contacts: Vec<String>,
    /// Seconds between two refreshes of trust.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=300))]
    refresh_seconds: u64,
}

#[derive(Debug, Args)]
pub(super) struct InitHub {
    /// The folder to found it in.
    dir: PathBuf,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct InitOperator {
    /// The folder for operator.key.pem and operator.cert.pem.
    dir: PathBuf,
    /// The name in the certificate.
    #[arg(long, default_value = "federation operator")]
    name: String,
}

impl Command {
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Gateway(order) => found_gateway(*order, screen),
            Self::Hub(order) => found_hub(order, screen),
            Self::Operator(order) => make_operator(&order, screen),
        }
    }
}

fn found_gateway(order: InitGateway, screen: Screen) -> Result<ExitCode, Failure> {
    let pinned = state::pinned_root(&order.root)?;
    let stated = &pinned.document().hub.url;
    if *stated != order.hub_origin {
        return Err(Failure::of(
            Code::RootMismatch,
            "the root names another hub",
            &format!("it names {stated}, not {}", order.hub_origin),
        ));
    }
    let doubt = doubt_of(&order.authority_code);
    let charter = Charter {
        division: order.division,
        authority_code: order.authority_code.to_string(),
        listen: order.place.listen(),
        federation_origin: order.place.federation_origin,
        public_origin: order.place.public_origin,
        hub_origin: order.hub_origin,
        refresh_seconds: order.refresh_seconds,
        contacts: order.contacts,
        allow_private_addresses: order.place.allow_private_addresses,
    };
    let founded = gateway::found(&order.dir, &charter, pinned.bytes(), SystemClock.now())
        .map_err(|error| gateway_failure("the gateway cannot be founded", &error))?;
    let digest = pinned.sha256();
    screen.result(
        &json!({
            "config": founded.config, "bundle": founded.bundle, "root_sha256": digest.to_hex(),
            "authority_code_in_doubt": doubt.is_some(),
        }),
        &[
            format!("configuration  {}", founded.config.display()),
            format!("pinned root    sha256 {}", digest.to_hex()),
            format!("application    {}", founded.bundle.display()),
        ],
    );
    if let Some(doubt) = doubt {
        screen.note(&doubt);
    }
    let folder = order.dir.display();
    screen
        .note(&format!("next: hutong member apply --data-dir {folder} --hub ORIGIN hands it in,"));
    screen.note(&format!("then: hutong serve --config {}", founded.config.display()));
    Ok(ExitCode::SUCCESS)
}

/// What is said of a code whose check character is another: it is taken all the same, because such
/// codes are in lawful use, but every licence will carry it.
fn doubt_of(code: &SocialCreditCode) -> Option<String> {
    (code.check() == CheckDigit::Differs).then(|| {
        format!(
            "warning: the last character of {code} is not the one that GB 32100 computes: compare \
             it with the authority's certificate of registration, since every licence carries it"
        )
    })
}

fn found_hub(order: InitHub, screen: Screen) -> Result<ExitCode, Failure> {
    let charter = HubCharter {
        allow_private_addresses: order.place.allow_private_addresses,
        listen: order.place.listen(),
        federation_origin: order.place.federation_origin,
        public_origin: order.place.public_origin,
    };
    let config =
        hub::found(&order.dir, &charter, SystemClock.now()).map_err(|error| hub_failure(&error))?;
    screen.result(&json!({ "config": config }), &[format!("configuration  {}", config.display())]);
    screen.note(&format!(
        "next: hutong trust root new --hub {} --operator CERT… --out root.json",
        order.dir.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn make_operator(order: &InitOperator, screen: Screen) -> Result<ExitCode, Failure> {
    papers::make_folder(&order.dir)?;
    let key = order.dir.join("operator.key.pem");
    let certificate = order.dir.join("operator.cert.pem");
    papers::demand_absent(&key)?;
    papers::demand_absent(&certificate)?;
    let failure = |error: crate::pki::PkiError| {
        Failure::of(error.code(), "the operator's key cannot be made", &error)
    };
    let period = Period::from_now(SystemClock.now(), LEAF_LIFE);
    let made = Made::signing(&order.name, Algorithm::Es256, period).map_err(failure)?;
    files::write_key(&key, &made.pkcs8).map_err(failure)?;
    let chain = std::slice::from_ref(&made.certificate);
    files::write_certificates(&certificate, chain).map_err(failure)?;
    let digest = made.certificate.digest().to_hex();
    screen.result(
        &json!({ "key": key, "certificate": certificate, "certificate_sha256": digest }),
        &[
            format!("key          {} (stays here)", key.display()),
            format!("certificate  {}", certificate.display()),
            format!("sha256       {digest}"),
        ],
    );
    Ok(ExitCode::SUCCESS)
}

/// The failure of a hub's founding.
pub(super) fn hub_failure(error: &HubFoundingError) -> Failure {
    let what = "the hub cannot be founded";
    match error {
        HubFoundingError::Exists { .. } => occupied(what, error),
        HubFoundingError::File { error: cause, .. } => not_written(what, error, cause),
        HubFoundingError::Pki(cause) => Failure::of(cause.code(), what, error),
        HubFoundingError::Seal(_) => Failure::of(Code::ConfigInvalid, what, error),
    }
}

pub(super) fn gateway_failure(what: &str, error: &FoundingError) -> Failure {
    match error {
        FoundingError::Exists { .. } => occupied(what, error),
        FoundingError::File { error: cause, .. } => not_written(what, error, cause),
        FoundingError::Pki(cause) => Failure::of(cause.code(), what, error),
        FoundingError::Application(_)
        | FoundingError::HeldList(_)
        | FoundingError::KeyAbsent { .. }
        | FoundingError::Seal(_)
        | FoundingError::StatusChange => Failure::of(Code::ConfigInvalid, what, error),
    }
}

fn occupied(what: &str, error: &impl std::fmt::Display) -> Failure {
    Failure::of(Code::ConfigInvalid, what, error)
        .advising("choose an empty folder; nothing that was founded is ever overwritten")
}

fn not_written(what: &str, error: &impl std::fmt::Display, cause: &std::io::Error) -> Failure {
    if cause.kind() == std::io::ErrorKind::StorageFull {
        Failure::of(Code::DiskFull, what, error)
    } else {
        Failure::input(what, error, "check the path and its permissions")
    }
}

/// An origin as others will compare it, read before anything is made.
pub(super) fn origin(text: &str) -> Result<String, crate::peer::OriginError> {
    Origin::parse(text, OriginPolicy::AllowPrivate).map(|origin| origin.as_str().to_owned())
}

/// The configuration of the node founded in `folder`.
pub(super) fn config_of(folder: &Path) -> Result<crate::config::Config, Failure> {
    crate::config::Config::load(&folder.join("config.toml"))
        .map_err(|error| Failure::of(error.code(), "the configuration is not usable", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_check_character_of_the_authority_is_told_and_not_refused() {
        let said = |code: &str| doubt_of(&code.parse().unwrap());
        for sound in ["11510000123456789U", "11100000000019713D", "111200000001234561"] {
            assert_eq!(said(sound), None, "{sound}");
        }
        for other in ["11510000123456789W", "11510000123456798U", "91350211M0000XUF46"] {
            let told = said(other).unwrap_or_default();
            assert!(told.starts_with("warning") && told.contains(other), "{other}: {told}");
        }
    }
}

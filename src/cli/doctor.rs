//! `hutong doctor`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::fail::Failure;
use super::fail::{CHECK, REFUSE};
use super::screen::Screen;
use super::{config, state};
use crate::base::{Clock as _, SystemClock, Timestamp, limits};
use crate::config::{Config, NodeRole};
use crate::peer::{Desk, DeskIdentity};
use crate::pki::files;
use crate::tls::ServerPin;
use crate::trust::{Root, Snapshot, TrustAge};

/// Looks for what would stop a node or will soon, and says how to cure it.
///
/// Changes nothing, and may run beside the node. Ends 0 when all is well, 2 when something needs
/// care, 1 when something is broken.
///
/// Example:
///   hutong doctor --config /etc/hutong/config.toml
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Doctor {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Well,
    Care,
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    health: Health,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

impl Finding {
    fn well(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, health: Health::Well, found: found.into(), cure: None }
    }

    fn care(check: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, health: Health::Care, found: found.into(), cure: Some(cure.into()) }
    }

    fn broken(check: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, health: Health::Broken, found: found.into(), cure: Some(cure.into()) }
    }
}

impl Doctor {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let config = config::load(&self.config)?;
        let findings = screen.waiting("looking", examine(&config, SystemClock.now())).await;
        let mut lines = Vec::new();
        for finding in &findings {
            let mark = match finding.health {
                Health::Well => "✓",
                Health::Care => "!",
                Health::Broken => "✗",
            };
            lines.push(format!("{mark} {:<13}{}", finding.check, finding.found));
            lines.extend(finding.cure.iter().map(|cure| format!("    cure: {cure}")));
        }
        screen.result(&json!({ "findings": findings }), &lines);
        let worst = findings.iter().map(|finding| finding.health).max();
        Ok(match worst.unwrap_or(Health::Well) {
            Health::Well => ExitCode::SUCCESS,
            Health::Care => ExitCode::from(CHECK),
            Health::Broken => ExitCode::from(REFUSE),
        })
    }
}

async fn examine(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![clock(now)];
    findings.extend(keys(&config.data_dir));
    findings.extend(certificates(&config.data_dir, now));
    let root = match state::pinned_root(&config.data_dir.join("trust/root.json")) {
        Ok(root) => root,
        Err(failure) => {
            let cure = "put the federation's root at trust/root.json in the data directory";
            findings.push(Finding::broken("root", failure.to_string(), cure));
            return findings;
        }
    };
    findings.push(root_health(&root, config, now));
    if config.role == NodeRole::Gateway {
        findings.push(hub(config, &root).await);
    }
    match state::snapshot(&config.data_dir, root, now).await {
        Ok(snapshot) => {
            findings.push(Finding::well("database", "opens, and what is in it verifies"));
            findings.extend(trust(&snapshot, now));
        }
        Err(failure) => findings.push(database(&config.data_dir, &failure)),
    }
    findings
}

fn clock(now: Timestamp) -> Finding {
    if now < limits::EARLIEST_CLOCK {
        let cure = "set the clock; nothing starts before 2026-01-01";
        return Finding::broken("clock", format!("it is {now}"), cure);
    }
    Finding::well("clock", now.whole_seconds().to_string())
}

fn keys(data_dir: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut sound = 0_u32;
    for path in files_in(data_dir, ".key.pem") {
        match std::fs::metadata(&path).map(|metadata| metadata.permissions().mode() & 0o7777) {
            Ok(0o600) => sound += 1,
            Ok(mode) => findings.push(Finding::broken(
                "keys",
                format!("{} has mode {mode:04o}", path.display()),
                format!("chmod 600 {}", path.display()),
            )),
            Err(error) => findings.push(Finding::broken(
                "keys",
                format!("{}: {error}", path.display()),
                "let the user that runs the node read its own keys",
            )),
        }
    }
    if sound > 0 {
        findings.push(Finding::well("keys", format!("{sound} for their owner alone")));
    } else if findings.is_empty() {
        let found = format!("none in {}", data_dir.join("keys").display());
        findings.push(Finding::broken("keys", found, "check data_dir, or found it: hutong init"));
    }
    findings
}

fn certificates(data_dir: &Path, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first_end: Option<Timestamp> = None;
    for path in files_in(data_dir, ".cert.pem") {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(chain) = files::read_certificates(&path) else {
            let cure = "put the certificate back from the backup";
            findings.push(Finding::broken("certificates", format!("{name} is damaged"), cure));
            continue;
        };
        for certificate in &chain {
            let end = certificate.not_after();
            first_end = Some(first_end.map_or(end, |first| first.min(end)));
            if end <= now {
                let cure = "make a new key and publish it in the list";
                let found = format!("{name} ended {end}");
                findings.push(Finding::broken("certificates", found, cure));
            } else if end <= now + NOTICE {
                let cure = "make its successor now, and publish both until it ends";
                let found = format!("{name} ends {end}");
                findings.push(Finding::care("certificates", found, cure));
            }
        }
    }
    match first_end {
        Some(end) if findings.is_empty() => {
            findings.push(Finding::well("certificates", format!("the first ends {end}")));
        }
        _ => {}
    }
    findings
}

fn root_health(root: &Root, config: &Config, now: Timestamp) -> Finding {
    let document = root.document();
    let stated = config.hub.as_ref().map_or(&config.addresses.federation, |hub| &hub.url);
    if *stated != document.hub.url {
        let found = format!("it names the hub {}, not {stated}", document.hub.url);
        return Finding::broken("root", found, "correct hub.url, or pin the right root");
    }
    let found = format!("{} until {}", document.sequence, document.expires);
    if root.is_expired(now) {
        Finding::broken("root", found, "the operators must sign the next root")
    } else if document.expires <= now + NOTICE {
        Finding::care("root", found, "the operators should sign the next root now")
    } else {
        Finding::well("root", found)
    }
}

async fn hub(config: &Config, root: &Root) -> Finding {
    let url = &root.document().hub.url;
    match ask_hub(config, root).await {
        Ok(200) => Finding::well("hub", format!("{url} answers")),
        Ok(status) => Finding::care(
            "hub",
            format!("{url} answers with status {status}"),
            "ask the hub's operators: it may have published nothing yet",
        ),
        Err(why) => Finding::care(
            "hub",
            format!("{url}: {why}"),
            "check the network; licences are still verified, for seven days at most",
        ),
    }
}

async fn ask_hub(config: &Config, root: &Root) -> Result<u16, String> {
    let keys = config.data_dir.join("keys");
    let chain = files::read_certificates(&keys.join("gateway-tls.cert.pem"))
        .map_err(|error| error.to_string())?;
    let pkcs8 =
        files::read_key(&keys.join("gateway-tls.key.pem")).map_err(|error| error.to_string())?;
    let identity = chain.first().map(|certificate| DeskIdentity { certificate, pkcs8: &pkcs8 });
    let hub = &root.document().hub;
    let pin = ServerPin::Key(hub.tls_spki_sha256);
    let desk = Desk::open(&hub.url, pin, identity, Arc::new(SystemClock))
        .map_err(|error| error.to_string())?;
    let reply = desk.get("/v1/freshness").await.map_err(|error| error.to_string())?;
    Ok(reply.status)
}

fn database(data_dir: &Path, failure: &Failure) -> Finding {
    let folder = data_dir.display();
    if std::fs::read_dir(data_dir).is_ok_and(|entries| {
        !entries.flatten().any(|entry| entry.path().extension().is_some_and(|it| it == "db"))
    }) {
        let cure = "start it once: hutong serve";
        return Finding::care("database", format!("none in {folder}: the node never ran"), cure);
    }
    let cure = "stop the node, keep the folder as it is, and restore the last backup";
    Finding::broken("database", failure.to_string(), cure)
}

fn trust(snapshot: &Snapshot, now: Timestamp) -> Vec<Finding> {
    let as_of = snapshot.as_of().map_or_else(|| "never".to_owned(), |at| at.to_string());
    let mut findings = vec![match snapshot.age(now) {
        TrustAge::Fresh => Finding::well("trust", format!("as of {as_of}")),
        TrustAge::Cached => Finding::care("trust", format!("as of {as_of}"), "is the node up?"),
        TrustAge::Stale => Finding::care(
            "trust",
            format!("as of {as_of}: disclosure to businesses has stopped"),
            "start the node, and see that it reaches the hub",
        ),
        TrustAge::Expired => Finding::broken(
            "trust",
            format!("as of {as_of}: nothing is verified any more"),
            "start the node, and see that it reaches the hub",
        ),
    }];
    for (id, end) in snapshot.ends() {
        if end <= now {
            let cure = "its province must publish the next one";
            findings.push(Finding::care("trust", format!("list {} ended {end}", id.short()), cure));
        }
    }
    for (_, service, refusal) in snapshot.refused() {
        let cure = "the province must correct its list";
        findings.push(Finding::care("trust", format!("{service} is refused: {refusal}"), cure));
    }
    findings
}

fn files_in(data_dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data_dir.join("keys"));
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}

/// So long before an end it is told.
const NOTICE: Duration = Duration::from_hours(30 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_1970_is_broken() {
        let epoch = clock(Timestamp::from_unix_seconds(0));
        assert_eq!(epoch.health, Health::Broken);
        assert_eq!(clock(limits::EARLIEST_CLOCK).health, Health::Well);
    }

    #[test]
    fn a_folder_without_keys_or_with_an_open_one_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(keys(folder.path())[0].health, Health::Broken);
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        let path = folder.path().join("keys/a.key.pem");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let open = &keys(folder.path())[0];
        assert_eq!(open.health, Health::Broken);
        assert!(open.cure.as_ref().unwrap().starts_with("chmod 600"));
        std::fs::write(folder.path().join("keys/a.cert.pem"), "none").unwrap();
        assert_eq!(certificates(folder.path(), limits::EARLIEST_CLOCK)[0].health, Health::Broken);
    }
}

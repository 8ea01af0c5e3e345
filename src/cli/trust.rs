//! `hutong trust`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fail::Failure;
use super::own_list::OwnList;
use super::rotate::Rotate;
use super::screen::Screen;
use super::{init, lists, papers, state};
use crate::base::{Clock as _, Code, SystemClock, Timestamp};
use crate::crypto::jws::{GeneralJws, Vote};
use crate::crypto::seal::OfflineKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, SealError, Signer, base64url, json};
use crate::exchange::difference;
use crate::hub::{self, HubCharter, RootTerms};
use crate::pki::files;
use crate::trust::{self, ROOT_TYPE, Root, Snapshot, TrustAge, lote};

/// What the federation's trust rests on.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Tells in words what one list says that the list before it did not.
    ///
    /// Example:
    ///   hutong trust diff federation-1.json federation-2.json
    #[command(verbatim_doc_comment)]
    Diff(lists::Diff),
    /// Publishes signed lists at the hub, as its operator.
    ///
    /// Example:
    ///   hutong trust publish --hub https://127.0.0.1:8445 --server-cert hub-tls.cert.pem \
    ///     --cert desk.cert.pem --key desk.key.pem federation-2.json
    #[command(verbatim_doc_comment)]
    Publish(lists::Publish),
    /// The root: the one document that is pinned.
    #[command(subcommand)]
    Root(RootCommand),
    /// Shows a root, and with --state the lists that a node holds under it.
    ///
    /// Read the sha256 to somebody who has the root from elsewhere, over a second channel, before
    /// you pin it.
    ///
    /// Example:
    ///   hutong trust show --root root.json --state /var/lib/hutong
    #[command(verbatim_doc_comment)]
    Show(Show),
    /// Adds one operator's signature to a root or to a federation list.
    ///
    /// Each operator does this at an own desk and passes the file on. What is signed is shown
    /// first: compare it.
    ///
    /// Example:
    ///   hutong trust sign --key operator.key.pem --cert operator.cert.pem root.json
    #[command(verbatim_doc_comment)]
    Sign(Sign),
    #[command(flatten)]
    OwnList(OwnList),
    /// Exchanges a key of a gateway, but for its list key; works on the gateway's files.
    ///
    /// The first run makes a new key beside the old one, and a list with both. Publish it and
    /// restart the gateway: it goes over to the new key. A week later --finish makes the list that
    /// withdraws the old one; it is refused before the week is over, and as long as the gateway's
    /// log does not show a start with the new key.
    ///
    /// Example:
    ///   hutong trust rotate --data-dir /var/lib/hutong --service status --out next-list.json
    #[command(verbatim_doc_comment)]
    Rotate(Rotate),
    /// Tells who signed a list, whether that is enough, and whether it keeps to the profile.
    ///
    /// Ends 0 when it is sound, 1 when it is not.
    ///
    /// Example:
    ///   hutong trust verify --root root.json federation-2.json
    #[command(verbatim_doc_comment)]
    Verify(lists::Verify),
}

/// What can be done with roots.
#[derive(Debug, Subcommand)]
pub(super) enum RootCommand {
    /// Makes the first root of a federation, for its operators to sign.
    ///
    /// Example:
    ///   hutong trust root new --hub /var/lib/hutong --out root.json \
    ///     --operator 1.cert.pem --operator 2.cert.pem --operator 3.cert.pem \
    ///     --operator 4.cert.pem --operator 5.cert.pem --threshold 3 --emergency 2
    #[command(verbatim_doc_comment)]
    New(RootNew),
}

#[derive(Debug, Args)]
pub(super) struct RootNew {
    /// The folder in which the hub was founded.
    #[arg(long, value_name = "DIR")]
    hub: PathBuf,
    /// Certificate of an operator; once for each.
    #[arg(long = "operator", value_name = "CERT", required = true, num_args = 1..)]
    operators: Vec<PathBuf>,
    /// How many operators must sign a root or a federation list.
    #[arg(long, default_value_t = 3, value_name = "N")]
    threshold: u32,
    /// How many may suspend in an emergency.
    #[arg(long, default_value_t = 2, value_name = "N")]
    emergency: u32,
    /// Where to write the unsigned root.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The root.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// The data directory of a node, opened for reading only.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The operator's private key, P-256, mode 0600.
    #[arg(long, value_name = "KEY.pem")]
    key: PathBuf,
    /// The operator's certificate.
    #[arg(long, value_name = "CERT.pem")]
    cert: PathBuf,
    /// The list in force, to show what the new one changes.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// The document; the signature is added to it.
    file: PathBuf,
}

impl Command {
    pub(super) async fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Diff(order) => order.run(screen),
            Self::Publish(order) => order.run(screen).await,
            Self::Root(RootCommand::New(order)) => make_root(&order, screen),
            Self::Show(order) => show(&order, screen).await,
            Self::Sign(order) => sign(&order, screen),
            Self::OwnList(order) => order.run(screen).await,
            Self::Rotate(order) => super::rotate::run(order, screen).await,
            Self::Verify(order) => order.run(screen),
        }
    }
}

fn make_root(order: &RootNew, screen: Screen) -> Result<ExitCode, Failure> {
    let config = init::config_of(&order.hub)?;
    let listen = config.listen;
    let charter = HubCharter {
        allow_private_addresses: config.outbound.allow_private_addresses,
        listen: [listen.federation, listen.public, listen.operator],
        federation_origin: config.addresses.federation,
        public_origin: config.addresses.public,
    };
    let operators = order
        .operators
        .iter()
        .map(|path| certificate(path))
        .collect::<Result<Vec<Certificate>, _>>()?;
    check_thresholds(order, operators.len())?;
    let terms =
        RootTerms { operators: &operators, threshold: order.threshold, emergency: order.emergency };
    let payload = hub::root_payload(&config.data_dir, &charter, terms, SystemClock.now())
        .map_err(|error| init::hub_failure(&error))?;
    let digest = Digest::of(&payload).to_hex();
    let document = GeneralJws::unsigned(payload).to_bytes().map_err(sealing)?;
    papers::write_new(&order.out, &document)?;
    screen.result(
        &json!({ "root": order.out, "sha256": digest, "signatures": 0 }),
        &[format!("root    {}", order.out.display()), format!("sha256  {digest}")],
    );
    screen.note(&format!("next: {} operators run hutong trust sign on it", order.threshold));
    Ok(ExitCode::SUCCESS)
}

fn check_thresholds(order: &RootNew, operators: usize) -> Result<(), Failure> {
    let most = u32::try_from(operators).unwrap_or(u32::MAX);
    if (1..=most).contains(&order.threshold) && (1..=most).contains(&order.emergency) {
        return Ok(());
    }
    Err(Failure::input(
        "the thresholds do not fit the operators",
        &format!(
            "{} of {operators} sign, {} of {operators} suspend",
            order.threshold, order.emergency
        ),
        "both must lie between 1 and the number of operators",
    ))
}

/// The general JSON form, also before the first signature.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsigned {
    payload: String,
    signatures: Vec<Value>,
}

/// What is being signed, as its payload says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    List,
    Root,
}

fn sign(order: &Sign, screen: Screen) -> Result<ExitCode, Failure> {
    let pem = papers::read_secret(&order.key)?;
    let key = OfflineKey::from_pem(&pem).map_err(|error| {
        Failure::of(Code::ConfigInvalid, "the operator's key cannot be used", &error)
            .advising("it must be a P-256 key in PKCS#8 PEM")
    })?;
    let certificate = certificate(&order.cert)?;
    if key.public_key().spki_digest() != certificate.spki_digest() {
        return Err(Failure::input(
            "key and certificate are not a pair",
            &"the certificate names another key",
            "give the certificate that was made with this key",
        ));
    }
    let (mut document, before) = read_document(&order.file)?;
    let payload = document.payload().to_vec();
    let (kind, description) = describe(&payload)?;
    let digest = Digest::of(&payload).to_hex();
    screen.note(&format!("signing {description}"));
    screen.note(&format!("  sha256 {digest}"));
    if kind == Kind::List {
        show_difference(order, &payload, screen)?;
    }
    let vote = cast(kind, &key, &certificate, &payload).map_err(sealing)?;
    document.add(vote);
    papers::replace(&order.file, &document.to_bytes().map_err(sealing)?)?;
    screen.result(
        &json!({ "document": order.file, "sha256": digest, "signatures": before + 1 }),
        &[format!("{} has {} signatures", order.file.display(), before + 1)],
    );
    Ok(ExitCode::SUCCESS)
}

/// What the list changes, before it is signed; without the list before it, at least a warning.
fn show_difference(order: &Sign, payload: &[u8], screen: Screen) -> Result<(), Failure> {
    let Some(previous) = &order.previous else {
        screen.note("  warning: without --previous nobody sees here what this list changes");
        return Ok(());
    };
    let document: lote::Document = json::from_list(payload).map_err(|error| {
        Failure::input("the list cannot be read", &error, "do not sign it; make it anew")
    })?;
    for change in difference(Some(&lists::read_any(previous)?), &document) {
        screen.note(&format!("  {change}"));
    }
    Ok(())
}

fn cast(
    kind: Kind,
    key: &OfflineKey,
    certificate: &Certificate,
    payload: &[u8],
) -> Result<Vote, SealError> {
    let now = SystemClock.now();
    match kind {
        Kind::List => lote::vote(key, certificate, payload, now),
        Kind::Root => trust::root_vote(key, certificate, payload, now),
    }
}

/// The document with the number of its signatures.
fn read_document(path: &Path) -> Result<(GeneralJws, usize), Failure> {
    let what = || format!("{} is no document to be signed", path.display());
    let advice = "give a root or a federation list in general JSON form";
    let bytes = papers::read(path)?;
    let wire: Unsigned =
        json::from_slice(&bytes).map_err(|error| Failure::input(what(), &error, advice))?;
    let document = if wire.signatures.is_empty() {
        let payload = base64url::decode(&wire.payload)
            .map_err(|error| Failure::input(what(), &error, advice))?;
        GeneralJws::unsigned(payload)
    } else {
        GeneralJws::parse(&bytes).map_err(|error| Failure::input(what(), &error, advice))?
    };
    Ok((document, wire.signatures.len()))
}

/// What a payload is, in a line that an operator can compare; other kinds are not signed.
fn describe(payload: &[u8]) -> Result<(Kind, String), Failure> {
    let foreign = || {
        Failure::input(
            "this is not signed by operators",
            &"it is neither a root nor the federation list",
            "a province signs its own list with its own list key",
        )
    };
    let document: Value = json::from_list(payload).map_err(|_| foreign())?;
    if document["type"] == ROOT_TYPE {
        let text = format!(
            "root {} until {}, hub {}",
            document["sequence"],
            document["expires"].as_str().unwrap_or_default(),
            document["hub"]["url"].as_str().unwrap_or_default(),
        );
        return Ok((Kind::Root, text));
    }
    let scheme = &document["LoTE"]["ListAndSchemeInformation"];
    if scheme["LoTEType"] == lote::FEDERATION_TYPE {
        let members = document["LoTE"]["TrustedEntitiesList"].as_array().map_or(0, Vec::len);
        let text = format!(
            "federation list {} with {members} members, until {}",
            scheme["LoTESequenceNumber"],
            scheme["NextUpdate"].as_str().unwrap_or_default(),
        );
        return Ok((Kind::List, text));
    }
    Err(foreign())
}

async fn show(order: &Show, screen: Screen) -> Result<ExitCode, Failure> {
    let now = SystemClock.now();
    let root = state::pinned_root(&order.root)?;
    let mut document = root_json(&root, now);
    let mut lines = root_lines(&root, now);
    if let Some(directory) = &order.state {
        let snapshot = state::snapshot(directory, root, now).await?;
        document["state"] = state_json(&snapshot, now);
        lines.push(String::new());
        lines.extend(state_lines(&snapshot, now, screen));
    }
    screen.result(&document, &lines);
    Ok(ExitCode::SUCCESS)
}

fn root_json(root: &Root, now: Timestamp) -> Value {
    let document = root.document();
    let operators: Vec<String> =
        document.operators.keys.iter().map(|key| key.certificate_sha256.to_hex()).collect();
    json!({
        "sequence": document.sequence, "sha256": root.sha256().to_hex(),
        "expires": document.expires, "expired": root.is_expired(now),
        "hub": document.hub.url, "threshold": document.operators.threshold,
        "emergency": document.emergency.threshold, "operators": operators,
        "witnesses": document.witnesses.vkeys,
    })
}

fn root_lines(root: &Root, now: Timestamp) -> Vec<String> {
    let document = root.document();
    let end = if root.is_expired(now) { " EXPIRED" } else { "" };
    let mut lines = vec![
        format!("root       {}", document.sequence),
        format!("sha256     {}", root.sha256().to_hex()),
        format!("expires    {}{end}", document.expires),
        format!("hub        {}", document.hub.url),
        format!(
            "operators  {} of {} sign, {} suspend; sha256 of their certificates:",
            document.operators.threshold,
            document.operators.keys.len(),
            document.emergency.threshold,
        ),
    ];
    let keys = document.operators.keys.iter();
    lines.extend(keys.map(|key| format!("           {}", key.certificate_sha256.to_hex())));
    lines
}

fn state_json(snapshot: &Snapshot, now: Timestamp) -> Value {
    let lists: Vec<Value> = snapshot
        .state()
        .headers()
        .map(|(id, list)| {
            json!({
                "id": id, "sequence": list.named.sequence, "sha256": list.named.sha256.to_hex(),
                "issued": list.issued, "ends": list.next_update,
                "expired": list.next_update <= now,
            })
        })
        .collect();
    let refused: Vec<Value> = snapshot
        .refused()
        .iter()
        .map(|(_, service, refusal)| {
            json!({ "service": service, "code": refusal.code(), "why": refusal.to_string() })
        })
        .collect();
    json!({
        "age": age_word(snapshot.age(now)), "as_of": snapshot.as_of(),
        "anchors": snapshot.anchors(), "witnessed": snapshot.is_witnessed(),
        "lists": lists, "refused": refused,
    })
}

fn state_lines(snapshot: &Snapshot, now: Timestamp, screen: Screen) -> Vec<String> {
    let as_of = snapshot.as_of().map_or_else(|| "never".to_owned(), |at| at.to_string());
    let mut lines = vec![
        format!("trust      {} (as of {as_of})", age_word(snapshot.age(now))),
        format!("anchors    {}", snapshot.anchors()),
    ];
    let rows: Vec<Vec<String>> = snapshot
        .state()
        .headers()
        .map(|(id, list)| {
            let age = now.since(list.issued).as_secs() / 3_600;
            let sha256: String = list.named.sha256.to_hex().chars().take(16).collect();
            let (number, end) = (list.named.sequence.to_string(), list.next_update.to_string());
            vec![id.short(), number, format!("{age} h"), end, sha256]
        })
        .collect();
    lines.extend(screen.rows(&["list", "number", "age", "ends", "sha256"], &rows));
    for (_, service, refusal) in snapshot.refused() {
        lines.push(format!("refused    {service}: {refusal} ({})", refusal.code()));
    }
    lines
}

const fn age_word(age: TrustAge) -> &'static str {
    match age {
        TrustAge::Fresh => "fresh",
        TrustAge::Cached => "cached",
        TrustAge::Stale => "stale",
        TrustAge::Expired => "expired",
    }
}

/// The one certificate of an operator.
fn certificate(path: &Path) -> Result<Certificate, Failure> {
    let what = format!("{} holds no certificate of an operator", path.display());
    let read = files::read_certificates(path)
        .map_err(|error| Failure::of(error.code(), what.clone(), &error))?;
    let [certificate] = <[Certificate; 1]>::try_from(read).map_err(|chain| {
        let why = format!("there are {} in it", chain.len());
        Failure::input(what, &why, "give exactly one certificate in each file")
    })?;
    Ok(certificate)
}

fn sealing(error: SealError) -> Failure {
    Failure::of(Code::Internal, "the document cannot be made", &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_sign_roots_and_the_federation_list_and_nothing_else() {
        let root = json!({ "type": ROOT_TYPE, "sequence": 1, "expires": "2028-01-01T00:00:00Z" });
        let (kind, text) = describe(root.to_string().as_bytes()).unwrap();
        assert_eq!(kind, Kind::Root);
        assert!(text.contains("root 1"), "{text}");
        for other in [
            json!({}),
            json!([]),
            json!({ "type": "urn:elicence:root:2" }),
            json!({ "LoTE": { "ListAndSchemeInformation": { "LoTEType": lote::PROVINCE_TYPE } } }),
        ] {
            assert!(describe(other.to_string().as_bytes()).is_err(), "{other}");
        }
        assert!(describe(b"\xff").is_err());
    }

    #[test]
    fn a_document_without_signatures_or_with_strange_members_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.json");
        papers::write_new(&path, br#"{"payload":"e30","signatures":[]}"#).unwrap();
        let (document, signatures) = read_document(&path).unwrap();
        assert_eq!((document.payload(), signatures), (&b"{}"[..], 0));
        for text in [
            r#"{"payload":"e30"}"#,
            r#"{"payload":"!","signatures":[]}"#,
            r#"{"payload":"e30","signatures":[{}]}"#,
            r#"{"payload":"e30","signatures":[],"more":1}"#,
        ] {
            papers::replace(&path, text.as_bytes()).unwrap();
            assert!(read_document(&path).is_err(), "{text}");
        }
    }
}

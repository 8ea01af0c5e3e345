//! `hutong trust sign`: one person's signature on a root, a federation list or a suspension order,
//! at an own desk, after reading what it says.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fail::Failure;
use super::screen::Screen;
use super::{lists, papers};
use crate::base::{Clock as _, Code, SystemClock, counted};
use crate::crypto::jws::{GeneralJws, Typ, Vote};
use crate::crypto::seal::OfflineKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, PublicKey, SealError, Signer, base64url, json};
use crate::exchange::difference;
use crate::pki::files;
use crate::trust::{self, ROOT_TYPE, SuspensionClaims, SuspensionTarget, lote};

#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The private key, P-256, mode 0600: an operator's, or for an order the member's list key.
    #[arg(long, value_name = "KEY.pem")]
    key: PathBuf,
    /// Its certificate.
    #[arg(long, value_name = "CERT.pem")]
    cert: PathBuf,
    /// The federation list before this one, to be shown what this one changes.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// The document; the signature is added to it.
    file: PathBuf,
}

/// What is being signed, as its payload says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Order,
    Root,
}

/// The general JSON form, also before the first signature.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsigned {
    payload: String,
    signatures: Vec<Value>,
}

impl Sign {
    pub(super) fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let (key, certificate) = key_pair(&self.key, &self.cert)?;
        let (mut document, before) = read_document(&self.file)?;
        let payload = document.payload().to_vec();
        let (kind, description) = describe(&payload)?;
        let digest = Digest::of(&payload).to_hex();
        screen.note(&format!("signing {description}"));
        screen.note(&format!("  sha256 {digest}"));
        if kind == Kind::List {
            self.show_difference(&payload, screen)?;
        }
        if has_signed(&document, key.public_key(), kind) {
            return Err(Failure::input(
                format!("{} is not signed again", self.file.display()),
                &"this key has signed it before, and counts once",
                "pass the file on to another operator",
            ));
        }
        document.add(cast(kind, &key, &certificate, &payload).map_err(sealing)?);
        papers::replace(&self.file, &document.to_bytes().map_err(sealing)?)?;
        screen.result(
            &json!({ "document": self.file, "sha256": digest, "signatures": before + 1 }),
            &[format!(
                "{} has {}",
                self.file.display(),
                counted(before + 1, "signature", "signatures")
            )],
        );
        Ok(ExitCode::SUCCESS)
    }

    /// What the list changes, before it is signed; without the list before it, at least a warning.
    fn show_difference(&self, payload: &[u8], screen: Screen) -> Result<(), Failure> {
        let Some(previous) = &self.previous else {
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
}

/// A key and its certificate, which must be a pair.
pub(super) fn key_pair(key: &Path, cert: &Path) -> Result<(OfflineKey, Certificate), Failure> {
    let pem = papers::read_secret(key)?;
    let key = OfflineKey::from_pem(&pem).map_err(|error| {
        Failure::of(Code::ConfigInvalid, "the key cannot be used", &error)
            .advising("it must be a P-256 key in PKCS#8 PEM")
    })?;
    let certificate = certificate(cert)?;
    if key.public_key().spki_digest() == certificate.spki_digest() {
        return Ok((key, certificate));
    }
    Err(Failure::input(
        "key and certificate are not a pair",
        &"the certificate names another key",
        "give the certificate that was made with this key",
    ))
}

/// Whether `key` signed the document before: a second signature would only be counted by people.
fn has_signed(document: &GeneralJws, key: &PublicKey, kind: Kind) -> bool {
    let typ = match kind {
        Kind::List => Typ::List,
        Kind::Order => Typ::Suspension,
        Kind::Root => Typ::Root,
    };
    document.signers(&[key], typ).is_ok_and(|signers| !signers.is_empty())
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
        Kind::Order => trust::order_vote(key, certificate, payload, now),
        Kind::Root => trust::root_vote(key, certificate, payload, now),
    }
}

/// The document with the number of its signatures.
pub(super) fn read_document(path: &Path) -> Result<(GeneralJws, usize), Failure> {
    let what = || format!("{} is no document to be signed", path.display());
    let advice = "give a root, a federation list or an order in general JSON form";
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

/// What a payload is, in a line that people can compare; other kinds are not signed.
pub(super) fn describe(payload: &[u8]) -> Result<(Kind, String), Failure> {
    if let Ok(order) = json::from_slice::<SuspensionClaims>(payload) {
        return Ok((Kind::Order, describe_order(&order)));
    }
    let foreign = || {
        Failure::input(
            "this is not signed by operators",
            &"it is neither a root, the federation list nor a suspension order",
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
            "federation list {} with {}, until {}",
            scheme["LoTESequenceNumber"],
            counted(members, "member", "members"),
            scheme["NextUpdate"].as_str().unwrap_or_default(),
        );
        return Ok((Kind::List, text));
    }
    Err(foreign())
}

/// Whom an order stops, in a line.
pub(super) fn describe_order(order: &SuspensionClaims) -> String {
    let part = match &order.target {
        None => "as a whole".to_owned(),
        Some(SuspensionTarget::Key(key)) => format!("in its key {}", key.to_hex()),
        Some(SuspensionTarget::Service(service)) => format!("in its service {service}"),
    };
    let reason = if order.reason.is_empty() { "no reason given" } else { order.reason.as_str() };
    format!("an order that stops {} {part}: {reason}", order.member)
}

/// The one certificate in a file.
pub(super) fn certificate(path: &Path) -> Result<Certificate, Failure> {
    let what = format!("{} holds no single certificate", path.display());
    let read = files::read_certificates(path)
        .map_err(|error| Failure::of(error.code(), what.clone(), &error))?;
    let [certificate] = <[Certificate; 1]>::try_from(read).map_err(|chain| {
        let why = format!("there are {} in it", chain.len());
        Failure::input(what, &why, "give exactly one certificate in each file")
    })?;
    Ok(certificate)
}

pub(super) fn sealing(error: SealError) -> Failure {
    Failure::of(Code::Internal, "the document cannot be made", &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_sign_roots_the_federation_list_and_orders_and_nothing_else() {
        let root = json!({ "type": ROOT_TYPE, "sequence": 1, "expires": "2028-01-01T00:00:00Z" });
        let (kind, text) = describe(root.to_string().as_bytes()).unwrap();
        assert_eq!(kind, Kind::Root);
        assert!(text.contains("root 1"), "{text}");
        let order = json!({
            "iat": 1_800_000_000, "jti": "1", "member": "urn:elicence:member:120000",
            "target": { "service": "urn:elicence:svc:120000:issuance:1" }, "reason": "stolen",
        });
        let (kind, text) = describe(order.to_string().as_bytes()).unwrap();
        assert_eq!(kind, Kind::Order);
        assert!(text.contains("issuance:1") && text.contains("stolen"), "{text}");
        for (members, expected) in [(1, "with 1 member,"), (2, "with 2 members,")] {
            let list = json!({ "LoTE": {
                "ListAndSchemeInformation": { "LoTEType": lote::FEDERATION_TYPE },
                "TrustedEntitiesList": vec![json!({}); members],
            } });
            let (kind, text) = describe(list.to_string().as_bytes()).unwrap();
            assert_eq!(kind, Kind::List);
            assert!(text.contains(expected), "{text}");
        }
        for other in [
            json!({}),
            json!([]),
            json!({ "type": "urn:elicence:root:2" }),
            json!({ "LoTE": { "ListAndSchemeInformation": { "LoTEType": lote::PROVINCE_TYPE } } }),
            json!({ "iat": 1_800_000_000, "jti": "1", "member": "120000" }),
        ] {
            assert!(describe(other.to_string().as_bytes()).is_err(), "{other}");
        }
    }
}

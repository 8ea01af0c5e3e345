//! `hutong trust root`: the first root of a federation, and each one after it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::fail::Failure;
use super::screen::Screen;
use super::signing::{Sign, certificate, sealing};
use super::{init, papers, state};
use crate::base::{Clock as _, SystemClock, counted, limits};
use crate::crypto::Digest;
use crate::crypto::jws::GeneralJws;
use crate::crypto::note::{VerifierKey, WitnessKey};
use crate::crypto::x509::Certificate;
use crate::hub::{self, HubCharter, RootTerms};
use crate::trust::{PinnedKey, Root, RootDocument, Threshold, Witnesses};

/// What can be done with roots.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes the first root of a federation, for its operators to sign.
    ///
    /// Example:
    ///   hutong trust root new --hub /var/lib/hutong --out root.json \
    ///     --operator 1.cert.pem --operator 2.cert.pem --operator 3.cert.pem \
    ///     --operator 4.cert.pem --operator 5.cert.pem --threshold 3 --emergency 2
    #[command(verbatim_doc_comment)]
    New(New),
    /// Makes the root that follows one, for the operators of both to sign.
    ///
    /// What is not named stays as it is. It needs the signatures of the old threshold and of the
    /// new one, and is then published with hutong trust publish.
    ///
    /// Example: two of three provinces must cosign the list log from now on
    ///   hutong trust root next --from root.json --out root-2.json --quorum 2 \
    ///     --witness "$(cat tianjin.vkey)" --witness "$(cat hebei.vkey)" \
    ///     --witness "$(cat guangdong.vkey)"
    #[command(verbatim_doc_comment)]
    Next(Next),
    /// Adds one operator's signature: the same as hutong trust sign.
    Sign(Sign),
}

#[derive(Debug, Args)]
pub(super) struct New {
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
pub(super) struct Next {
    /// The root in force.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Where to write the unsigned root.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Certificates of all operators from now on, once for each [default: as before].
    #[arg(long = "operator", value_name = "CERT", num_args = 1..)]
    operators: Vec<PathBuf>,
    /// How many operators must sign [default: as before].
    #[arg(long, value_name = "N")]
    threshold: Option<u32>,
    /// How many may suspend in an emergency [default: as before].
    #[arg(long, value_name = "N")]
    emergency: Option<u32>,
    /// Certificate of the new freshness key, after the old one was stolen or lost.
    #[arg(long, value_name = "CERT")]
    freshness: Option<PathBuf>,
    /// Certificate of the new key of the list log.
    #[arg(long, value_name = "CERT")]
    log: Option<PathBuf>,
    /// Origin of the hub's federation listener from now on, when the hub moves.
    #[arg(long, value_name = "ORIGIN", value_parser = init::origin)]
    hub_url: Option<String>,
    /// Certificate of the hub's new TLS key.
    #[arg(long, value_name = "CERT")]
    hub_tls: Option<PathBuf>,
    /// Keys of all witnesses from now on, once for each [default: as before].
    #[arg(long = "witness", value_name = "VKEY", num_args = 1..)]
    witnesses: Vec<String>,
    /// How many witnesses must cosign the list log [default: as before].
    #[arg(long, value_name = "N")]
    quorum: Option<u32>,
}

impl Command {
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::New(order) => order.run(screen),
            Self::Next(order) => order.run(screen),
            Self::Sign(order) => order.run(screen),
        }
    }
}

impl New {
    fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let config = init::config_of(&self.hub)?;
        let listen = config.listen;
        let charter = HubCharter {
            listen: [listen.federation, listen.public, listen.operator],
            federation_origin: config.addresses.federation,
            public_origin: config.addresses.public,
            allow_private_addresses: config.outbound.allow_private_addresses,
        };
        let operators = certificates(&self.operators)?;
        check_thresholds(self.threshold, self.emergency, operators.len())?;
        let terms = RootTerms {
            operators: &operators,
            threshold: self.threshold,
            emergency: self.emergency,
        };
        let payload = hub::root_payload(&config.data_dir, &charter, terms, SystemClock.now())
            .map_err(|error| init::hub_failure(&error))?;
        write(&self.out, payload, screen)?;
        let signers = number_of_operators(self.threshold);
        screen.note(&format!("next: {signers} to run hutong trust sign on it"));
        Ok(ExitCode::SUCCESS)
    }
}

fn number_of_operators(number: u32) -> String {
    counted(number, "operator", "operators")
}

impl Next {
    fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let held = state::pinned_root(&self.from)?;
        let mut document = held.document().clone();
        document.sequence += 1;
        document.expires = (SystemClock.now() + limits::ROOT_LIFE).whole_seconds();
        self.change_operators(&mut document)?;
        self.change_keys(&mut document)?;
        self.change_witnesses(&mut document)?;
        let count = document.operators.keys.len();
        check_thresholds(document.operators.threshold, document.emergency.threshold, count)?;
        let payload = document.to_payload().map_err(sealing)?;
        for line in changes(&held, &document) {
            screen.note(&format!("  {line}"));
        }
        write(&self.out, payload, screen)?;
        screen.note(&format!(
            "next: {} of root {} and {} of this one to run hutong trust sign on it",
            number_of_operators(held.document().operators.threshold),
            held.document().sequence,
            document.operators.threshold,
        ));
        Ok(ExitCode::SUCCESS)
    }

    fn change_operators(&self, document: &mut RootDocument) -> Result<(), Failure> {
        if !self.operators.is_empty() {
            let keys = certificates(&self.operators)?.iter().map(PinnedKey::of).collect();
            document.operators = Threshold { keys, ..document.operators.clone() };
        }
        document.operators.threshold = self.threshold.unwrap_or(document.operators.threshold);
        document.emergency.threshold = self.emergency.unwrap_or(document.emergency.threshold);
        Ok(())
    }

    fn change_keys(&self, document: &mut RootDocument) -> Result<(), Failure> {
        if let Some(path) = &self.freshness {
            document.freshness = PinnedKey::of(&certificate(path)?);
        }
        if let Some(url) = &self.hub_url {
            document.hub.url.clone_from(url);
        }
        if let Some(path) = &self.hub_tls {
            document.hub.tls_spki_sha256 = certificate(path)?.spki_digest();
        }
        if let Some(path) = &self.log {
            let key = certificate(path)?.public_key().map_err(|error| {
                Failure::input("this is no key of a log", &error, "give an Ed25519 certificate")
            })?;
            let vkey = VerifierKey::new(&document.log.origin, &key).map_err(|error| {
                Failure::input("this is no key of a log", &error, "give an Ed25519 certificate")
            })?;
            document.log.vkey = vkey.to_string();
        }
        Ok(())
    }

    fn change_witnesses(&self, document: &mut RootDocument) -> Result<(), Failure> {
        let named = &self.witnesses;
        if let Some(bad) = named.iter().find(|text| text.parse::<WitnessKey>().is_err()) {
            return Err(Failure::input(
                "a witness's key cannot be read",
                bad,
                "give name+hash+base64 as hutong member show prints it",
            ));
        }
        let vkeys = if named.is_empty() { document.witnesses.vkeys.clone() } else { named.clone() };
        let quorum = self.quorum.unwrap_or(document.witnesses.quorum);
        if quorum as usize > vkeys.len() {
            return Err(Failure::input(
                "the quorum does not fit the witnesses",
                &format!("{quorum} of {}", vkeys.len()),
                "name more witnesses, or ask for fewer",
            ));
        }
        document.witnesses = Witnesses { quorum, vkeys };
        Ok(())
    }
}

/// What the next root changes, in words.
fn changes(held: &Root, next: &RootDocument) -> Vec<String> {
    let before = held.document();
    let named =
        |keys: &[PinnedKey]| -> Vec<Digest> { keys.iter().map(|key| key.spki_sha256).collect() };
    let (old, new) = (named(&before.operators.keys), named(&next.operators.keys));
    let mut lines = Vec::new();
    let mut say = |differs: bool, line: String| {
        if differs {
            lines.push(line);
        }
    };
    for gone in old.iter().filter(|key| !new.contains(key)) {
        say(true, format!("operator out  {}", gone.to_hex()));
    }
    for come in new.iter().filter(|key| !old.contains(key)) {
        say(true, format!("operator in   {}", come.to_hex()));
    }
    let rule =
        |document: &RootDocument| (document.operators.threshold, document.emergency.threshold);
    let ((sign, stop), (were, did)) = (rule(next), rule(before));
    say(
        rule(next) != rule(before),
        format!("{sign} sign and {stop} suspend, not {were} and {did}"),
    );
    let freshness = next.freshness.spki_sha256;
    say(freshness != before.freshness.spki_sha256, format!("freshness key {}", freshness.to_hex()));
    say(next.log.vkey != before.log.vkey, format!("list log key  {}", next.log.vkey));
    let url = &next.hub.url;
    say(*url != before.hub.url, format!("hub address   {url}, not {}", before.hub.url));
    let tls = next.hub.tls_spki_sha256;
    say(tls != before.hub.tls_spki_sha256, format!("hub TLS key   {}", tls.to_hex()));
    let (quorum, count) = (next.witnesses.quorum, next.witnesses.vkeys.len());
    let witnesses = next.witnesses.vkeys != before.witnesses.vkeys;
    let differs = witnesses || quorum != before.witnesses.quorum;
    say(differs, format!("witnesses     {quorum} of {count} must cosign the list log"));
    lines
}

fn certificates(paths: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
    paths.iter().map(|path| certificate(path)).collect()
}

fn write(out: &std::path::Path, payload: Vec<u8>, screen: Screen) -> Result<(), Failure> {
    let digest = Digest::of(&payload).to_hex();
    let document = GeneralJws::unsigned(payload).to_bytes().map_err(sealing)?;
    papers::write_new(out, &document)?;
    screen.result(
        &json!({ "root": out, "sha256": digest, "signatures": 0 }),
        &[format!("root    {}", out.display()), format!("sha256  {digest}")],
    );
    Ok(())
}

fn check_thresholds(threshold: u32, emergency: u32, operators: usize) -> Result<(), Failure> {
    let most = u32::try_from(operators).unwrap_or(u32::MAX);
    if (1..=most).contains(&threshold) && (1..=threshold).contains(&emergency) {
        return Ok(());
    }
    Err(Failure::input(
        "the thresholds do not fit the operators",
        &format!("{threshold} of {operators} sign, {emergency} of {operators} suspend"),
        "the first lies between 1 and the number of operators, the second is not above the first",
    ))
}

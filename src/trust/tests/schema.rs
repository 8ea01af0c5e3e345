//! Our lists held against the official JSON schema of ETSI TS 119 602, and the lists of other
//! schemes held against our reader. Both are published data that is not in this repository.

use std::path::PathBuf;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::super::lote::SignedList;
use super::super::{Reason, ServiceStatus, StatusReason, lote};
use super::*;
use crate::crypto::{Algorithm, Jwk, Signer as _, seal::SoftwareKey};

/// A file of the published folder, or `None`, said aloud, where the folder is not there: in
/// `HUTONG_VECTORS`, else beside the checkout.
#[allow(clippy::disallowed_methods, reason = "where published data lies is no configuration")]
fn published(test: &str, cases: usize, name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    let folder = std::env::var_os("HUTONG_VECTORS").map_or_else(beside, PathBuf::from);
    let read = std::fs::read(folder.join("etsi-lote-json").join(name));
    if read.is_err() {
        eprintln!("SKIPPED {test}: {cases} cases, etsi-lote-json/{name} is not here");
    }
    read.ok()
}

/// The official schema; the one other file that it refers to is handed to it, nothing is fetched.
fn schema(test: &str, cases: usize) -> Option<Validator> {
    let read = |name: &str| {
        let bytes = published(test, cases, &format!("schema/schema/{name}"))?;
        Some(serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let main = read("1960201_json_schema.json")?;
    let keys = read("rfcs/rfc7517.json")?;
    let registry = Registry::new()
        .add("https://schema.test/rfcs/rfc7517.json", keys)
        .unwrap()
        .prepare()
        .unwrap();
    let options = jsonschema::draft7::options();
    let options = options.with_registry(&registry).with_base_uri("https://schema.test/lote.json");
    Some(options.should_validate_formats(true).build(&main).unwrap())
}

fn errors(schema: &Validator, payload: &[u8]) -> Vec<String> {
    let document: Value = serde_json::from_slice(payload).unwrap();
    let told = schema.iter_errors(&document);
    told.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The next version of list `id` with every extension, a history and reasons in it.
fn richest(federation: &Federation, id: ListId) -> Vec<u8> {
    let mut draft = federation.draft(id);
    draft.issued = federation.now + std::time::Duration::from_hours(1);
    let extension = |name: &str, value: Value| lote::Extension::new(name, &value).unwrap();
    if id == ListId::Federation {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let jwk = serde_json::to_value(Jwk::of(key.public_key())).unwrap();
        draft.extensions.push(extension("Collector", jwk));
        draft.extensions.push(extension("LiftedOrders", json!([Digest::of("order")])));
        let change = extension("KeyChange", json!({ "reenrolled": true }));
        draft.entities[0].information.extensions.push(change);
    }
    let second = |seconds| federation.now + std::time::Duration::from_secs(seconds);
    let date = Some(federation.now.whole_seconds());
    let compromise = StatusReason { reason: Reason::KeyCompromise, invalidity_date: date };
    for service in &mut draft.entities[0].services {
        let extensions = &mut service.information.service_information_extensions;
        extensions.push(extension("KeyAlgorithm", json!("ES256")));
        let reason = Some(StatusReason::new(Reason::Administrative));
        service.change_status(ServiceStatus::Suspended, reason, second(1)).unwrap();
        service.change_status(ServiceStatus::Granted, None, second(2)).unwrap();
        let withdrawn = ServiceStatus::Withdrawn;
        service.change_status(withdrawn, Some(compromise), second(3)).unwrap();
    }
    draft.to_payload().unwrap()
}

#[test]
fn our_lists_are_valid_under_the_official_schema() {
    let test = "our_lists_are_valid_under_the_official_schema";
    let Some(schema) = schema(test, 6) else { return };
    let federation = federation();
    for id in [ListId::Federation, tianjin()] {
        let plain = payload_of(federation.served(id));
        let rich = richest(&federation, id);
        let mut bare = federation.draft(id);
        bare.entities.clear();
        for payload in [plain, rich, bare.to_payload().unwrap()] {
            assert_eq!(errors(&schema, &payload), Vec::<String>::new(), "{id}");
            let signers = list_signers(&federation, id);
            let signed = SignedList::parse(&seal_with(&payload, &signers, federation.now));
            assert_eq!(signed.unwrap().id(), id, "what is valid is also ours to read");
        }
    }
}

#[test]
fn the_official_schema_sees_what_we_refuse() {
    let test = "the_official_schema_sees_what_we_refuse";
    let Some(schema) = schema(test, 5) else { return };
    let federation = federation();
    let payload = String::from_utf8(richest(&federation, ListId::Federation)).unwrap();
    for (from, to) in [
        ("\"SchemeTerritory\":\"CN\"", "\"SchemeTerritory\":\"CHN\""),
        ("\"ServiceHistory\":[", "\"ServiceHistories\":["),
        ("\"LoTEQualifiers\":[{", "\"LoTEQualifiers\":[],\"x\":[{"),
        ("\"NextUpdate\":\"", "\"NextUpdate\":null,\"x\":\""),
        ("\"LoTELocation\":", "\"LoTELocationn\":"),
    ] {
        assert!(payload.contains(from), "{from}");
        let changed = payload.replacen(from, to, 1);
        assert!(!errors(&schema, changed.as_bytes()).is_empty(), "{to}");
        let signers = list_signers(&federation, ListId::Federation);
        let signed = seal_with(changed.as_bytes(), &signers, federation.now);
        assert_eq!(SignedList::parse(&signed).unwrap_err(), UpdateRefusal::Malformed, "{to}");
    }
}

#[test]
fn lists_of_other_schemes_are_refused_and_never_break_the_reader() {
    const SAMPLES: [&str; 8] = [
        "Mock_PID_Provider_List_v0.0.1-fixed.json",
        "Mock_PID_Provider_List_v0.0.1.json",
        "Mock_PID_Provider_List_v0.0.2.json",
        "empty-only-schema-extensions.json",
        "invalid.json",
        "valid-emptyTE.json",
        "valid-full.json",
        "valid.json",
    ];
    let test = "lists_of_other_schemes_are_refused_and_never_break_the_reader";
    let federation = federation();
    for name in SAMPLES {
        let Some(sample) = published(test, 1, name) else { continue };
        assert!(SignedList::parse(&sample).is_err(), "{name} is not even signed");
        for id in [ListId::Federation, tianjin()] {
            let signers = list_signers(&federation, id);
            let signed = seal_with(&sample, &signers, federation.now);
            let refused = SignedList::parse(&signed).unwrap_err();
            assert_eq!(refused, UpdateRefusal::Malformed, "{name} under keys of ours");
        }
    }
}

//! Our lists are good ETSI TS 119 602 documents, and what is not our profile is refused.

use serde_json::Value;

use super::super::UpdateRefusal;
use super::*;

/// The rules of the official schema that lists are easily caught by.
fn check(value: &Value) {
    match value {
        Value::Array(items) => {
            assert!(!items.is_empty(), "no array is empty");
            items.iter().for_each(check);
        }
        Value::Object(members) => {
            if let Some(critical) = members.get("Critical") {
                assert_eq!(critical, false, "another reader would refuse the list");
            }
            members.values().for_each(check);
        }
        Value::Null => panic!("nothing is null"),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn our_lists_keep_the_rules_of_the_official_schema() {
    let federation = federation();
    for id in [ListId::Federation, tianjin()] {
        let document: Value = serde_json::from_slice(&payload_of(federation.served(id))).unwrap();
        check(&document);
        let scheme = &document["LoTE"]["ListAndSchemeInformation"];
        assert_eq!(scheme["SchemeTerritory"], "CN");
        assert_eq!(scheme["LoTEVersionIdentifier"], 1);
        assert_eq!(scheme["HistoricalInformationPeriod"], 65_535);
        for instant in ["ListIssueDateTime", "NextUpdate"] {
            let text = scheme[instant].as_str().unwrap();
            assert!(text.len() == 20 && text.ends_with('Z'), "{text}");
        }
    }
    let mut draft = federation.draft(tianjin());
    draft.entities.clear();
    let empty: Value = serde_json::from_slice(&draft.to_payload().unwrap()).unwrap();
    check(&empty);
    assert!(empty["LoTE"].get("TrustedEntitiesList").is_none());
}

#[test]
fn a_list_outside_our_profile_is_malformed() {
    let mut federation = federation();
    let state = federation.state();
    let original = federation.served(tianjin()).to_vec();
    for (from, to) in [
        ("urn:elicence:ext:PreviousList", "urn:elicence:ext:PreviousListe"),
        ("urn:elicence:ext:ServiceId", "urn:elicence:ext:Serviceid"),
        ("urn:elicence:ext:ServiceScope", "urn:elicence:ext:Scope"),
        ("urn:elicence:ext:ClientRole", "urn:elicence:ext:Role"),
        ("urn:elicence:ext:PossessionProof", "urn:elicence:ext:ServiceId"),
        ("\"Critical\":false", "\"Critical\":true"),
        ("\"NextUpdate\":\"2026", "\"NextUpdate\":\"2026-"),
        ("\"LoTEVersionIdentifier\":1", "\"LoTEVersionIdentifier\":2"),
        ("\"SchemeTerritory\":\"CN\"", "\"SchemeTerritory\":\"CN\",\"Surprise\":1"),
        ("\"X509Certificates\":", "\"X509SKIs\":[],\"X509Certificates\":"),
        ("\"licenceTypes\":", "\"everything\":true,\"licenceTypes\":"),
        ("urn:elicence:status:granted", "urn:elicence:status:recognised"),
        ("urn:elicence:service:status", "urn:elicence:service:stat"),
    ] {
        let list = resealed(&federation, tianjin(), from, to);
        let outcome = announce_and_offer(&mut federation, &state, tianjin(), &list);
        assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed, "{to}");
        federation.announce(tianjin(), &original);
    }
}

#[test]
fn a_member_outside_our_profile_keeps_the_federation_list_out() {
    let mut federation = federation();
    let state = federation.state();
    let original = federation.served(ListId::Federation).to_vec();
    for (from, to, expected) in [
        ("urn:elicence:ext:Member\"", "urn:elicence:ext:Mitglied\"", UpdateRefusal::Malformed),
        ("ext:MembershipScope", "ext:Scope", UpdateRefusal::Malformed),
        ("\"hosts\":[\"https://", "\"hosts\":[\"http://", UpdateRefusal::Malformed),
        ("\"hosts\":[\"https://", "\"hosts\":[\"https://user@", UpdateRefusal::Malformed),
        ("member:130000", "member:120000", UpdateRefusal::Conflict),
        ("member:130000", "member:13000", UpdateRefusal::Malformed),
        ("service:list-signing", "service:gateway-tls", UpdateRefusal::WrongKeyUsage),
        ("\"territories\":[\"12\"]", "\"territories\":[\"\"]", UpdateRefusal::Malformed),
        ("\"territories\":[\"12\"]", "\"territories\":[]", UpdateRefusal::Malformed),
    ] {
        let list = resealed(&federation, ListId::Federation, from, to);
        let outcome = announce_and_offer(&mut federation, &state, ListId::Federation, &list);
        assert_eq!(outcome.unwrap_err(), expected, "{to}");
        federation.announce(ListId::Federation, &original);
    }
}

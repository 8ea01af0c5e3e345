//! The form of a list, held against our profile: whatever the schema or the profile refuses keeps
//! the list out, and what other schemes put beside ours does not.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::lote::SignedList;
use super::super::{FederationList, ProvincialList, UpdateRefusal};
use super::*;
use crate::crypto::{Algorithm, Jwk, Signer, seal::SoftwareKey};

/// The list `id` of the fixture with its payload changed, read as far as its own form goes.
fn read_changed(id: ListId, change: impl FnOnce(&mut Value)) -> Result<SignedList, UpdateRefusal> {
    let federation = federation();
    let mut document: Value = serde_json::from_slice(&payload_of(federation.served(id))).unwrap();
    change(&mut document["LoTE"]);
    let payload = serde_json::to_vec(&document).unwrap();
    let signed =
        SignedList::parse(&seal_with(&payload, &list_signers(&federation, id), federation.now))?;
    match id {
        ListId::Federation => FederationList::read(&signed).map(|_| ())?,
        ListId::Province(_) => ProvincialList::read(&signed).map(|_| ())?,
    }
    Ok(signed)
}

fn read_federation(change: impl FnOnce(&mut Value)) -> Result<FederationList, UpdateRefusal> {
    FederationList::read(&read_changed(ListId::Federation, change)?)
}

fn extension(name: &str, value: impl serde::Serialize) -> Value {
    json!({ "Critical": false, "Name": format!("urn:elicence:ext:{name}"), "Value": value })
}

/// Adds `item` to the extensions that `place` points at.
fn with(place: &'static str, item: Value) -> impl FnOnce(&mut Value) {
    move |lote| {
        if let Some(items) = lote.pointer_mut(place) {
            items.as_array_mut().unwrap().push(item);
            return;
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        lote.pointer_mut(parent).unwrap()[name] = json!([item]);
    }
}

const SCHEME: &str = "/ListAndSchemeInformation/SchemeExtensions";
const ENTITY: &str = "/TrustedEntitiesList/0/TrustedEntityInformation/TEInformationExtensions";
const SERVICE: &str = "/TrustedEntitiesList/0/TrustedEntityServices/0/ServiceInformation/ServiceInformationExtensions";

#[test]
fn an_unchanged_list_is_read() {
    for id in [ListId::Federation, tianjin()] {
        assert_eq!(read_changed(id, |_| ()).unwrap().id(), id);
    }
}

#[test]
fn no_array_of_a_list_may_be_empty_and_no_member_null() {
    for id in [ListId::Federation, tianjin()] {
        let payload = payload_of(federation().served(id));
        let document: Value = serde_json::from_slice(&payload).unwrap();
        let mut places = Vec::new();
        gather(&document["LoTE"], "", &mut places);
        assert!(places.len() > 40, "{}", places.len());
        for (place, is_array) in places {
            if is_array {
                let emptied =
                    read_changed(id, |lote| *lote.pointer_mut(&place).unwrap() = json!([]));
                assert_eq!(emptied.unwrap_err(), UpdateRefusal::Malformed, "{place} empty");
            }
            let nulled = read_changed(id, |lote| *lote.pointer_mut(&place).unwrap() = Value::Null);
            assert_eq!(nulled.unwrap_err(), UpdateRefusal::Malformed, "{place} null");
        }
    }
}

/// Pointers to every member of the format; not into the values of extensions, nor into the second
/// and further items of an array.
fn gather(value: &Value, place: &str, found: &mut Vec<(String, bool)>) {
    match value {
        Value::Array(items) => {
            if let Some(first) = items.first() {
                gather(first, &format!("{place}/0"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != "Value") {
                let inside = format!("{place}/{name}");
                gather(member, &inside, found);
                found.push((inside, member.is_array()));
            }
        }
        _ => {}
    }
}

#[test]
fn a_scheme_outside_our_profile_is_malformed() {
    for (member, value) in [
        ("SchemeTerritory", json!("C")),
        ("SchemeTerritory", json!("CHN")),
        ("SchemeTerritory", json!("cn")),
        ("SchemeTerritory", json!("中")),
        ("HistoricalInformationPeriod", json!(24)),
        ("HistoricalInformationPeriod", json!(65_536)),
        ("LoTEVersionIdentifier", json!(0)),
        ("ListIssueDateTime", json!("2026-11-22T08:00:00.000Z")),
        ("ListIssueDateTime", json!("2026-11-22T16:00:00+08:00")),
        ("NextUpdate", json!("2026-12-01T08:00:60Z")),
        ("NextUpdate", json!(1_796_112_000)),
        ("DistributionPoints", json!(["http://127.0.0.1/v1/lists/120000"])),
        ("DistributionPoints", json!(["https://127.0.0.1/v1/lists/12 0000"])),
        ("DistributionPoints", json!("https://127.0.0.1/v1/lists/120000")),
        ("SchemeTypeCommunityRules", json!([{ "lang": "en", "uri": "urn:x:y" }])),
        ("PolicyOrLegalNotice", json!([{ "LoTELegalNotice": "a", "LoTEPolicy": "b" }])),
        (
            "PolicyOrLegalNotice",
            json!([
                { "LoTELegalNotice": "a" },
                { "LoTEPolicy": { "lang": "en", "uriValue": "urn:x:y" } },
            ]),
        ),
        ("Surprise", json!(1)),
    ] {
        let told = value.to_string();
        let outcome =
            read_changed(tianjin(), |lote| lote["ListAndSchemeInformation"][member] = value);
        assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed, "{member}: {told}");
    }
    let policy = json!([{ "LoTEPolicy": { "lang": "en", "uriValue": "https://rules.test/" } }]);
    let change =
        |lote: &mut Value| lote["ListAndSchemeInformation"]["PolicyOrLegalNotice"] = policy;
    assert!(read_changed(tianjin(), change).is_ok());
}

#[test]
fn pointers_lead_over_tls_to_lists_under_keys_that_are_keys() {
    const POINTER: &str = "/ListAndSchemeInformation/PointersToOtherLoTE/0";
    let list = read_changed(ListId::Federation, |_| ()).unwrap();
    let scheme = &list.document().lote.scheme;
    assert_eq!(scheme.pointers[0].location, "https://127.0.0.1:7451/v1/lists/120000");
    assert_eq!(scheme.pointers.len(), 3);
    assert!(scheme.distribution_points[2].ends_with(":7471/v1/lists/federation"));
    for (place, value) in [
        ("/LoTELocation", json!("ftp://127.0.0.1/list")),
        ("/LoTELocation", json!("https://")),
        ("/ServiceDigitalIdentities", json!([{}])),
        ("/ServiceDigitalIdentities", json!([{ "X509SKIs": ["AA=="] }])),
        ("/ServiceDigitalIdentities/0/X509Certificates/0/val", json!("AAAA")),
        ("/ServiceDigitalIdentities/0/X509Certificates/0", json!({ "val": "AAAA", "more": 1 })),
        ("/LoTEQualifiers/0/SchemeTerritory", json!("EUR")),
        ("/LoTEQualifiers/0/MimeType", json!(["application/jose"])),
    ] {
        let outcome = read_changed(ListId::Federation, |lote| {
            *lote.pointer_mut(&format!("{POINTER}{place}")).unwrap() = value;
        });
        assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed, "{place}");
    }
}

#[test]
fn extensions_of_ours_stand_where_they_belong_and_nowhere_else() {
    let digest = Digest::of("order").to_string();
    for (id, place, item) in [
        (tianjin(), SCHEME, extension("LiftedOrders", json!([digest]))),
        (tianjin(), SCHEME, extension("StatutoryUses", json!([]))),
        (tianjin(), SCHEME, extension("Surprise", json!(1))),
        (tianjin(), SCHEME, extension("previousList", json!(1))),
        (tianjin(), ENTITY, extension("Member", json!({}))),
        (tianjin(), ENTITY, extension("KeyChange", json!({}))),
        (tianjin(), SERVICE, extension("MembershipScope", json!({}))),
        (tianjin(), SERVICE, extension("ServiceId", json!("urn:elicence:svc:120000:feed:1"))),
        (ListId::Federation, SCHEME, extension("ServiceId", json!("x"))),
        (ListId::Federation, ENTITY, extension("ServiceScope", json!({}))),
        (ListId::Federation, SERVICE, extension("PossessionProof", json!("x"))),
        (ListId::Federation, SERVICE, extension("ClientRole", json!("business"))),
        (tianjin(), SCHEME, json!({ "Critical": false, "Name": "urn:elicence:new", "Value": 1 })),
        (
            tianjin(),
            SCHEME,
            json!({ "Critical": false, "Name": "URN:Elicence:ext:LiftedOrders", "Value": [] }),
        ),
    ] {
        let told = item.to_string();
        let outcome = read_changed(id, with(place, item));
        assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed, "{place}: {told}");
    }
    let change = extension("KeyChange", json!({ "sequence": 2 }));
    assert!(read_changed(ListId::Federation, with(ENTITY, change)).is_ok());
}

#[test]
fn extensions_of_others_are_passed_over_unless_they_are_critical() {
    for place in [SCHEME, ENTITY, SERVICE] {
        let item = |critical: Value| json!({ "Critical": critical, "Name": "urn:example:ext:Note", "Value": { "a": [] } });
        assert!(read_changed(tianjin(), with(place, item(json!(false)))).is_ok(), "{place}");
        for refused in [
            item(json!(true)),
            item(json!("false")),
            item(Value::Null),
            json!({ "Name": "urn:example:ext:Note", "Value": 1 }),
            json!({ "key": "remark", "value": "theirs" }),
            json!("remark"),
        ] {
            let told = refused.to_string();
            let outcome = read_changed(tianjin(), with(place, refused));
            assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed, "{place}: {told}");
        }
    }
}

#[test]
fn every_extension_that_the_profile_requires_is_required() {
    let scheme = ("/ListAndSchemeInformation/SchemeExtensions", ["PreviousList"].as_slice());
    let entity = (ENTITY, ["Member", "MembershipScope"].as_slice());
    let service = (SERVICE, ["ServiceId"].as_slice());
    for (id, places) in
        [(ListId::Federation, vec![scheme, entity, service]), (tianjin(), vec![scheme, service])]
    {
        for (place, names) in places {
            for name in names {
                let outcome = read_changed(id, |lote| {
                    let items = lote.pointer_mut(place).unwrap().as_array_mut().unwrap();
                    let before = items.len();
                    let full = format!("urn:elicence:ext:{name}");
                    items.retain(|item| item["Name"] != json!(full));
                    assert_eq!(items.len(), before - 1, "{name}");
                    // Not refused for being empty: another's stands there.
                    items.push(json!({ "Critical": false, "Name": "urn:example:a", "Value": 1 }));
                });
                assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed, "{id}: {name}");
            }
        }
    }
}

#[test]
fn values_of_extensions_are_read_strictly() {
    let use_with = |more: Value| {
        let mut one = json!({
            "use_id": "x", "law_ref": "y", "purpose": "z", "claims": ["a"], "queries": ["plate"],
        });
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([one])
    };
    let digest = Digest::of("order").to_string();
    let point = Jwk::of(SoftwareKey::generate(Algorithm::Es256).unwrap().public_key());
    let edwards = Jwk::of(SoftwareKey::generate(Algorithm::EdDsa).unwrap().public_key());
    let mut private = serde_json::to_value(&point).unwrap();
    private["d"] = json!("AAAA");
    let refused = [
        ("StatutoryUses", use_with(json!({ "case_pattern": "" })), UpdateRefusal::Malformed),
        ("StatutoryUses", use_with(json!({ "case_pattern": null })), UpdateRefusal::Malformed),
        (
            "StatutoryUses",
            use_with(json!({ "case_pattern": "9".repeat(129) })),
            UpdateRefusal::Malformed,
        ),
        ("StatutoryUses", use_with(json!({ "surprise": 1 })), UpdateRefusal::Malformed),
        ("LiftedOrders", json!([]), UpdateRefusal::Malformed),
        ("LiftedOrders", json!(["AAAA"]), UpdateRefusal::Malformed),
        ("LiftedOrders", json!([digest, digest]), UpdateRefusal::Conflict),
        ("Collector", private, UpdateRefusal::Malformed),
        ("Collector", json!({ "kty": "EC", "crv": "P-256", "x": "AA" }), UpdateRefusal::Malformed),
        ("Collector", serde_json::to_value(edwards).unwrap(), UpdateRefusal::AlgorithmNotAllowed),
        ("PreviousList", json!({ "sequence": 0 }), UpdateRefusal::Malformed),
    ];
    for (name, value, expected) in refused {
        let told = value.to_string();
        assert_eq!(read_federation(replacing(name, value)).unwrap_err(), expected, "{told}");
    }
    let list = read_federation(|lote| {
        replacing("StatutoryUses", use_with(json!({ "case_pattern": "A\\d{8}" })))(lote);
        replacing("LiftedOrders", json!([digest]))(lote);
        replacing("Collector", serde_json::to_value(&point).unwrap())(lote);
    })
    .unwrap();
    assert_eq!(list.lifted_orders(), [Digest::of("order")]);
    assert_eq!(list.collector(), Some(&point));
    assert_eq!(list.statutory_use("x").unwrap().case_pattern.as_deref(), Some("A\\d{8}"));
}

/// Sets the scheme's extension `name` to `value`.
fn replacing(name: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |lote| {
        let items = lote.pointer_mut(SCHEME).unwrap().as_array_mut().unwrap();
        items.retain(|item| item["Name"] != json!(format!("urn:elicence:ext:{name}")));
        items.push(extension(name, value));
    }
}

#[test]
fn the_algorithm_that_is_stated_is_that_of_the_key() {
    for id in [ListId::Federation, tianjin()] {
        let stated = |name: Value| read_changed(id, with(SERVICE, extension("KeyAlgorithm", name)));
        assert!(stated(json!("ES256")).is_ok());
        assert_eq!(stated(json!("ES384")).unwrap_err(), UpdateRefusal::Malformed);
        assert_eq!(stated(json!(256)).unwrap_err(), UpdateRefusal::Malformed);
        for unknown in ["RS256", "none", "es256"] {
            let refused = stated(json!(unknown)).unwrap_err();
            assert_eq!(refused, UpdateRefusal::AlgorithmNotAllowed);
        }
    }
}

#[test]
fn tl_19_a_member_twice_anywhere_in_a_list_is_refused() {
    let federation = federation();
    for (from, to) in [
        ("\"lang\":\"en\"", "\"lang\":\"en\",\"lang\":\"en\""),
        ("\"Critical\":false", "\"Critical\":true,\"Critical\":false"),
        ("\"sequence\":1", "\"sequence\":1,\"sequenc\\u0065\":1"),
        ("\"ServiceStatus\":", "\"ServiceStatus\":\"x\",\"ServiceStatus\":"),
    ] {
        let list = resealed(&federation, tianjin(), from, to);
        assert_eq!(SignedList::parse(&list).unwrap_err(), UpdateRefusal::DuplicateMember, "{to}");
    }
}

#[test]
fn tl_28_a_list_that_says_another_number_than_it_is_fetched_by_is_kept_out() {
    let mut federation = federation();
    let state = federation.state();
    let list = federation.publish(tianjin());
    let mut draft = federation.freshness_draft();
    for (id, named) in &mut draft.lists {
        if *id == tianjin() {
            assert_eq!(named.sequence, 2);
            named.sequence = 3;
        }
    }
    let token = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    assert_eq!(
        offer(&state, tianjin(), &list, federation.now).unwrap_err(),
        UpdateRefusal::SnapshotMismatch
    );
    assert_eq!(state.held(tianjin()).unwrap().sequence, 1);
}

#[test]
fn tl_29_a_federation_list_is_no_provincial_list_whatever_it_calls_itself() {
    let renamed = |id: ListId, uri: &str, list_type: &str| {
        read_changed(id, |lote| {
            let scheme = &mut lote["ListAndSchemeInformation"];
            scheme["SchemeInformationURI"][0]["uriValue"] = json!(uri);
            scheme["LoTEType"] = json!(list_type);
        })
        .map(|_| ())
    };
    let (federal, province) = ("urn:elicence:list:federation", "urn:elicence:list:120000");
    let (federal_type, province_type) =
        ("urn:elicence:list-type:federation", "urn:elicence:list-type:province");
    for (id, uri, list_type, expected) in [
        (tianjin(), province, federal_type, UpdateRefusal::WrongTyp),
        (tianjin(), province, "urn:elicence:list-type:status", UpdateRefusal::WrongTyp),
        (tianjin(), federal, province_type, UpdateRefusal::WrongTyp),
        (tianjin(), federal, federal_type, UpdateRefusal::Malformed),
        (ListId::Federation, province, province_type, UpdateRefusal::Malformed),
        (
            ListId::Federation,
            "urn:elicence:list:1/../2",
            federal_type,
            UpdateRefusal::IdNotCanonical,
        ),
        (ListId::Federation, "urn:elicence:list:%31", federal_type, UpdateRefusal::IdNotCanonical),
    ] {
        assert_eq!(renamed(id, uri, list_type).unwrap_err(), expected, "{uri} {list_type}");
    }
}

#[test]
fn a_key_in_use_is_named_by_its_certificate() {
    let service = "/TrustedEntitiesList/0/TrustedEntityServices/0/ServiceInformation";
    let identity = format!("{service}/ServiceDigitalIdentity");
    let bare = federation();
    let bare = Jwk::of(bare.province(TIANJIN).tls.key.public_key());
    let keys = json!([bare]);
    for change in [
        json!({ "PublicKeyValues": keys }),
        json!({}),
        json!({ "X509Certificates": [{ "val": "" }] }),
    ] {
        let outcome =
            read_changed(tianjin(), |lote| *lote.pointer_mut(&identity).unwrap() = change);
        assert_eq!(outcome.unwrap_err(), UpdateRefusal::Malformed);
    }
    let both = read_changed(tianjin(), |lote| {
        lote.pointer_mut(&identity).unwrap()["PublicKeyValues"] = keys.clone();
    });
    assert_eq!(both.unwrap_err(), UpdateRefusal::Malformed);
}

#[test]
fn a_member_that_left_is_pointed_to_no_more() {
    let mut federation = federation();
    federation.province_mut(HEBEI).status = crate::trust::ServiceStatus::Withdrawn;
    federation.now = federation.now + Duration::from_hours(1);
    let list = SignedList::parse(&federation.publish(ListId::Federation)).unwrap();
    let pointers = &list.document().lote.scheme.pointers;
    assert_eq!(pointers.len(), 2);
    assert!(pointers.iter().all(|pointer| !pointer.location.contains("/130000")));
}

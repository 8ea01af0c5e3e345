mod contradictions;

use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::seal::sign;
use super::testing::{
    Asking, Case, Consent, GRANTEE, NUMBER, WORLD, World, issue_licence, status_token, status_uri,
};
use super::*;
use crate::base::{Code, SystemEntropy, Timestamp};
use crate::consent::{ApprovalMethod, ConsentMode};
use crate::credential::{CheckResult, Decision, StatusValue, present};
use crate::crypto::jws::Typ;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Digest};
use crate::trust::Root;
use crate::trust::testing::{Federation, list_id};

/// The deciding code.
fn code(record: &Record) -> Code {
    WORLD.verify(record).codes[0]
}

/// `change` made to an honest record and signed again by its maker.
fn resigned(change: impl FnOnce(&mut Record)) -> Record {
    let mut record = Case::honest().seal();
    change(&mut record);
    sign(&mut record, &WORLD.making().gateway.key).unwrap();
    record
}

/// The record of a disclosure that `change` has spoilt before the issuing gateway answered.
fn spoilt(change: impl FnOnce(&mut Case)) -> Record {
    let mut case = Case::honest();
    change(&mut case);
    case.seal()
}

fn terms(at: Option<Timestamp>, now: Timestamp) -> VerifyTerms<'static> {
    VerifyTerms { at, audience: None, now }
}

#[test]
fn an_honest_record_is_accepted_from_its_bytes_and_the_root_alone() {
    let bytes = serde_json::to_vec(&Case::honest().seal()).unwrap();
    let verification = WORLD.verify(&open(&bytes).unwrap());
    assert_eq!(verification.codes, [Code::Ok]);
    assert_eq!(verification.decision, Decision::Accept);
    assert_eq!(verification.valid_at, Some(verification.judged_at));
    assert_eq!((verification.proof, verification.today), (Proof::None, Today::Known));
    assert_eq!(verification.disclosed, ["plateNumber"]);
    assert_eq!((&verification.notes[..], verification.redacted), (&[][..], 0));
    let layers = serde_json::to_value(verification.layers).unwrap();
    let passed = layers.as_object().unwrap().values().filter(|layer| *layer == "PASSED");
    assert_eq!((passed.count(), &layers["authorization"]), (7, &json!("attested")));
}

#[test]
fn neither_report_nor_verdict_holds_a_value_of_a_claim() {
    let record = Case::honest().seal();
    for text in [
        record.verification_report.to_string(),
        serde_json::to_string(&WORLD.verify(&record)).unwrap(),
    ] {
        assert!(text.contains("plateNumber") && !text.contains("津A12345"), "{text}");
    }
    assert!(record.verification_report.get("jws").is_none());
}

#[test]
fn every_changed_text_of_every_part_is_found() {
    let honest = serde_json::to_value(Case::honest().seal()).unwrap();
    let mut pointers = Vec::new();
    texts(&honest, String::new(), &mut pointers);
    assert!(pointers.len() > 60, "{}", pointers.len());
    for pointer in pointers {
        let mut changed = honest.clone();
        let leaf = changed.pointer_mut(&pointer).unwrap();
        *leaf = Value::String(with_other_last_letter(leaf.as_str().unwrap()));
        let verification = WORLD.verify_json(&changed);
        let expected = match pointer.as_str() {
            "/gateway_signature" => Code::RecordSignature,
            "/media_type" | "/level" => Code::FormatUnsupported,
            _ => Code::RecordManifest,
        };
        // What is no longer an identifier or an instant is not even read.
        let found = verification.codes[0];
        assert!(found == expected || found == Code::FormatDamaged, "{pointer}: {found}");
        assert_ne!(verification.decision, Decision::Accept, "{pointer}");
    }
}

#[test]
fn a_manifest_made_again_needs_the_makers_key() {
    let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
    let others = &WORLD.federation.province("130000").gateway.key;
    let issuing = &WORLD.issuing().gateway.key;
    let not_for_this = &WORLD.making().registrar.key;
    for key in [&stranger, others, issuing, not_for_this] {
        let mut record = Case::honest().seal();
        record.annotation.copy_cause.push('x');
        sign(&mut record, key).unwrap();
        let verification = WORLD.verify(&record);
        assert_eq!(verification.codes, [Code::RecordSignature]);
        assert_eq!(verification.layers.credential, CheckResult::NotChecked);
        assert_eq!(verification.layers.authorization, Attestation::NotChecked);
        assert_eq!(verification.disclosed, [""; 0]);
    }
}

#[test]
fn a_part_is_neither_added_nor_left_out_of_the_manifest() {
    let record = Case::honest().seal();
    for change in [
        |parts: &mut Vec<Part>| drop(parts.remove(0)),
        |parts: &mut Vec<Part>| parts.push(parts[0].clone()),
        |parts: &mut Vec<Part>| parts[0].redactable = true,
        |parts: &mut Vec<Part>| parts.clear(),
    ] {
        let mut changed = record.clone();
        change(&mut changed.manifest.parts);
        assert_eq!(code(&changed), Code::RecordManifest);
    }
}

#[test]
fn a_disclosure_is_taken_out_and_nothing_else_is_put_in() {
    let mut record = Case::honest().seal();
    record.disclosures.clear();
    let verification = WORLD.verify(&record);
    assert_eq!((verification.codes[0], verification.redacted), (Code::Ok, 1));
    assert_eq!(verification.disclosed, [""; 0]);
    record.disclosures.push("AAAA".to_owned());
    assert_eq!(code(&record), Code::RecordManifest);
}

#[test]
fn a_missing_part_and_an_unknown_version_are_named() {
    let honest = serde_json::to_value(Case::honest().seal()).unwrap();
    for name in honest.as_object().unwrap().keys() {
        let mut changed = honest.clone();
        changed.as_object_mut().unwrap().remove(name);
        let expected = match name.as_str() {
            "media_type" | "level" => Code::FormatUnsupported,
            "version" => Code::RecordVersion,
            _ => Code::RecordPartMissing,
        };
        assert_eq!(WORLD.verify_json(&changed).codes, [expected], "{name}");
    }
    for (member, value, expected) in [
        ("version", "2.0", Code::RecordVersion),
        ("version", "1", Code::RecordVersion),
        ("version", "10.0", Code::RecordVersion),
        ("level", "LTA", Code::FormatUnsupported),
        ("media_type", "application/json", Code::FormatUnsupported),
    ] {
        let mut changed = honest.clone();
        changed[member] = json!(value);
        assert_eq!(WORLD.verify_json(&changed).codes, [expected], "{member} {value}");
    }
    let mut changed = honest;
    changed["timestamps"] = json!([]);
    assert_eq!(WORLD.verify_json(&changed).codes, [Code::FormatDamaged]);
}

#[test]
fn sizes_and_shapes_are_bounded() {
    let huge = vec![b' '; document::RECORD_BYTES + 1];
    assert_eq!(open(&huge), Err(RecordRefusal::TooLarge));
    for bytes in [&b""[..], b"[]", b"null", b"{\"a\":1,\"a\":1}", b"\xff"] {
        assert!(open(bytes).is_err());
    }
    let many = resigned(|record| record.trust.roots = vec![record.trust.roots[0].clone(); 33]);
    assert_eq!(code(&many), Code::FormatTooLarge);
}

#[test]
fn trust_of_other_operators_is_worth_nothing() {
    let mut others = Federation::new(WORLD.now);
    let pinned = Root::pinned(&others.signed_root()).unwrap();
    let record = Case::honest().seal();
    let verification = verify(&record, pinned, &terms(None, WORLD.now + Duration::from_mins(5)));
    assert_eq!(verification.codes, [Code::RecordProofInvalid]);
    assert_eq!(verification.layers.gateway_signature, CheckResult::NotChecked);
    let members = (WORLD.issuing().division.member(), WORLD.making().division.member());
    let foreign = TrustEvidence::of(&others.state(), members.0, members.1).unwrap();
    assert_eq!(code(&resigned(|record| record.trust = foreign)), Code::RecordProofInvalid);
}

#[test]
fn embedded_trust_is_whole_and_of_its_time() {
    let cases: [fn(&mut Record); 5] = [
        |record| record.trust.roots = vec!["{}".to_owned()],
        |record| record.trust.federation = record.trust.provinces[0].list.clone(),
        |record| record.trust.freshness.push('x'),
        |record| record.audit.maker_checkpoint = Some("no checkpoint".to_owned()),
        // The statement was signed after this.
        |record| {
            record.created = record.created - Duration::from_hours(1);
            record.annotation.copy_creation_time = record.created;
        },
    ];
    for change in cases {
        assert_eq!(code(&resigned(change)), Code::RecordProofInvalid);
    }
    let without = resigned(|record| {
        record.trust.provinces.truncate(1);
        record.audit.maker_checkpoint = None;
    });
    assert_eq!(code(&without), Code::RecordSignature, "the maker's own list is absent");
    let shortened = resigned(|record| record.issuer_chain.truncate(1));
    assert_eq!(code(&shortened), Code::RecordProofInvalid);
    let redated = resigned(|record| record.annotation.copy_creation_time = WORLD.now);
    assert_eq!(code(&redated), Code::RecordSignature);
}

#[test]
fn an_older_list_does_not_come_back_under_a_newer_statement() {
    let mut federation = Federation::new(WORLD.now);
    let root = Root::pinned(&federation.signed_root()).unwrap();
    let (issuing, making) = (WORLD.issuing().division.member(), WORLD.making().division.member());
    let older = federation.state();
    federation.publish(list_id("120000"));
    let newer = federation.refresh(&older);
    let mut evidence = TrustEvidence::of(&newer, issuing, making).unwrap();
    assert!(evidence.restore(root.clone()).is_ok());
    evidence.provinces = TrustEvidence::of(&older, issuing, making).unwrap().provinces;
    assert_eq!(evidence.restore(root).unwrap_err(), RecordRefusal::TrustIncomplete);
}

#[test]
fn the_grant_is_the_one_that_was_used() {
    let other = Consent::honest();
    let swapped = resigned(|record| record.basis.grant = other.token());
    assert_eq!(code(&swapped), Code::RecordGrant, "the answer holds another one");
    // The issuing gateway itself mixes two grants up.
    let mixed = spoilt(|case| case.answer["result"]["grant"] = json!(other.token()));
    assert_eq!(code(&mixed), Code::RecordTransaction);
    let forged = other.grant.sign(&WORLD.making().gateway.key).unwrap();
    let forged = spoilt(|case| case.answer["result"]["grant"] = json!(forged));
    assert_eq!(code(&forged), Code::RecordGrant, "signed by the asking province");
}

#[test]
fn nothing_is_disclosed_beyond_the_grant() {
    let wide = present(&WORLD.credential, &["plateNumber", "ownerName"]).unwrap();
    let record = Case::under(&Consent::honest(), &wide).seal();
    let verification = WORLD.verify(&record);
    assert_eq!(verification.codes, [Code::RecordGrant]);
    assert_eq!(verification.layers.credential, CheckResult::Passed);
    let owner = record.disclosures.iter().find(|given| !honest_disclosures().contains(given));
    let added = resigned(|record| record.disclosures.push(owner.unwrap().clone()));
    assert_eq!(code(&added), Code::RecordGrant, "never given to the maker");
    let smuggled = resigned(|record| {
        record.credential = format!("{}~{}", record.credential, record.disclosures[0]);
        record.disclosures.clear();
    });
    assert_eq!(code(&smuggled), Code::FormatDamaged);
}

#[test]
fn only_the_holders_key_approves() {
    let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
    let consent = Consent::of(&Asking { holder: &stranger, ..Asking::honest() });
    let presentation = present(&WORLD.credential, &["plateNumber"]).unwrap();
    assert_eq!(code(&Case::under(&consent, &presentation).seal()), Code::RecordGrant);
    let other = Consent::honest().approval;
    let swapped = spoilt(|case| case.answer["result"]["approval"] = json!(other));
    assert_eq!(code(&swapped), Code::RecordTransaction, "an approval of another transaction");
    let given_twice = resigned(|record| record.basis.approval = Some(other));
    assert_eq!(code(&given_twice), Code::RecordGrant, "not the one in the answer");
}

#[test]
fn an_approval_is_for_this_gateway_this_instant_and_this_holder() {
    let presentation = present(&WORLD.credential, &["plateNumber"]).unwrap();
    let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
    let to_a_stranger = issue_licence(WORLD.issuing(), NUMBER, &stranger, WORLD.now);
    let another_licence = issue_licence(WORLD.issuing(), "000000000002", &WORLD.holder, WORLD.now);
    let honest = Asking::honest;
    for asking in [
        Asking { audience: &WORLD.making().hosts[1], ..honest() },
        Asking { audience: &WORLD.issuing().hosts[0], ..honest() },
        Asking { signed: WORLD.now, ..honest() },
        Asking { holder: &stranger, credential: &to_a_stranger, ..honest() },
        Asking { credential: &another_licence, ..honest() },
    ] {
        let record = Case::under(&Consent::of(&asking), &presentation).seal();
        assert_eq!(code(&record), Code::RecordGrant);
    }
    let key_name = format!("x509_hash:{}", WORLD.issuing().gateway.certificate.digest());
    let by_wallet = Consent::of(&Asking { audience: &key_name, ..honest() });
    assert_eq!(code(&Case::under(&by_wallet, &presentation).seal()), Code::Ok);
}

#[test]
fn the_credential_is_the_one_that_was_granted_and_given() {
    let issue = |number| issue_licence(WORLD.issuing(), number, &WORLD.holder, WORLD.now);
    let page = Consent::of(&Asking { method: ApprovalMethod::Page, ..Asking::honest() });
    let other = present(&issue("000000000002"), &["plateNumber"]).unwrap();
    let mut case = Case::under(&page, &other);
    case.answer["result"]["approval"] = json!("");
    assert_eq!(code(&case.seal()), Code::RecordGrant, "another licence");
    let again = issue(NUMBER);
    let exchanged = resigned(|record| {
        record.credential = again.split('~').next().unwrap().to_owned();
        record.disclosures.clear();
    });
    assert_eq!(code(&exchanged), Code::RecordGrant, "the same licence, issued again");
}

#[test]
fn what_the_way_of_approval_demands_is_there_and_nothing_else() {
    let presentation = present(&WORLD.credential, &["plateNumber"]).unwrap();
    let page = || Consent::of(&Asking { method: ApprovalMethod::Page, ..Asking::honest() });
    let mut without = Case::under(&page(), &presentation);
    without.answer["result"]["approval"] = json!("");
    assert_eq!(code(&without.seal()), Code::Ok);
    assert_eq!(code(&Case::under(&page(), &presentation).seal()), Code::RecordGrant);
    let dropped = resigned(|record| record.basis.approval = None);
    assert_eq!(code(&dropped), Code::RecordGrant, "the answer has one");
    let absent = spoilt(|case| case.answer["result"]["approval"] = json!(null));
    assert_eq!(code(&absent), Code::RecordPartMissing, "a key approved, and its signature is gone");
    let absent = spoilt(|case| case.answer["result"]["transaction_data"] = json!(null));
    assert_eq!(code(&absent), Code::RecordPartMissing);
    let denied = resigned(|record| record.basis.not_applicable = vec![BasisPart::Approval]);
    assert_eq!(code(&denied), Code::RecordGrant);
}

#[test]
fn the_use_lies_within_the_grant() {
    let day = Duration::from_hours(24);
    for (member, value) in [
        ("/result/uses/count", json!(2)),
        ("/result/uses/count", json!(0)),
        ("/result/uses/max", json!(9)),
        ("/iss", json!(WORLD.making().division.member())),
        ("/aud", json!("urn:elicence:member:130000")),
        ("/iat", json!(WORLD.now.unix_seconds())),
        ("/iat", json!((WORLD.now + 2 * day).unix_seconds())),
    ] {
        let record = spoilt(|case| *case.answer.pointer_mut(member).unwrap() = value.clone());
        assert_eq!(code(&record), Code::RecordGrant, "{member} {value}");
    }
    for (after, expected) in [(23, Code::Ok), (24, Code::RecordGrant), (25, Code::RecordGrant)] {
        let used = WORLD.now + Duration::from_hours(after);
        let record = spoilt(|case| {
            case.answer["iat"] = json!(used.unix_seconds());
            case.created = used;
            case.status_token = WORLD.status_token(StatusValue::Valid, used);
        });
        let verification = verify(&record, WORLD.root.clone(), &terms(None, used));
        assert_eq!(verification.codes, [expected], "{after} h");
    }
    let another_answers = spoilt(|case| {
        case.answer["iss"] = json!(WORLD.making().division.member());
        case.answerer = "440000";
    });
    assert_eq!(code(&another_answers), Code::RecordGrant);
    let other_kind = spoilt(|case| case.answer_typ = Typ::Request);
    assert_eq!(code(&other_kind), Code::RecordGrant);
    let elsewhere = resigned(|record| record.audit.issuer.index += 1);
    assert_eq!(code(&elsewhere), Code::RecordGrant);
}

#[test]
fn the_record_is_for_the_grantee_and_its_purpose() {
    let audience = spoilt(|case| case.annotation.audience.push('X'));
    assert_eq!(code(&audience), Code::RecordGrant);
    let purpose = spoilt(|case| case.annotation.purpose = "insurance".parse().unwrap());
    assert_eq!(code(&purpose), Code::RecordGrant);
    let cause = resigned(|record| record.annotation.copy_cause.push('x'));
    assert_eq!(code(&cause), Code::RecordGrant);
    let presentation = present(&WORLD.credential, &["plateNumber"]).unwrap();
    let view = Consent::of(&Asking { mode: ConsentMode::View, ..Asking::honest() });
    assert_eq!(code(&Case::under(&view, &presentation).seal()), Code::RecordGrant);
    let issuing = WORLD.issuing();
    let mut case = Case::honest();
    case.annotation.copy_creator = issuing.division.member();
    case.maker_checkpoint = None;
    let created = case.created;
    let own = seal(case.parts(), &issuing.gateway.key, created, &SystemEntropy).unwrap();
    assert_eq!(code(&own), Code::RecordGrant, "made by a gateway that did not ask");
    let mut case = Case::honest();
    case.annotation.copy_creator = issuing.division.member();
    case.maker_checkpoint = None;
    case.answer["aud"] = json!(issuing.division.member());
    let own = seal(case.parts(), &issuing.gateway.key, created, &SystemEntropy).unwrap();
    assert_eq!(code(&own), Code::RecordGrant, "made by another gateway than the grantee's");
}

#[test]
fn the_status_is_of_this_list_and_of_this_use() {
    let world: &World = &WORLD;
    let issuing = world.issuing();
    let own_uri = status_uri(issuing);
    let elsewhere = format!("{own_uri}0");
    let stranger = &world.making().status_signer.key;
    let two_hours = Duration::from_hours(2);
    let valid = StatusValue::Valid;
    let cases = [
        (status_token(&elsewhere, valid, &issuing.status_signer.key, world.now), own_uri.clone()),
        (status_token(&elsewhere, valid, &issuing.status_signer.key, world.now), elsewhere),
        (status_token(&own_uri, valid, stranger, world.now), own_uri.clone()),
        (world.status_token(valid, world.now), format!("{own_uri}1")),
        (world.status_token(valid, world.now - two_hours), own_uri.clone()),
        (world.status_token(valid, world.now + two_hours), own_uri.clone()),
        ("no token".to_owned(), own_uri),
    ];
    for (token, uri) in cases {
        let record = spoilt(|case| {
            case.status_token = token;
            case.status_uri = uri;
        });
        let verification = world.verify(&record);
        assert_eq!(verification.codes, [Code::RecordStatus]);
        assert_eq!((verification.decision, verification.valid_at), (Decision::Check, None));
        assert_eq!(verification.layers.report, CheckResult::Passed);
    }
    for hours in [-1_i64, 1] {
        let shift = Duration::from_hours(hours.unsigned_abs());
        let record = resigned(|record| {
            let at = record.created;
            record.revocation.fetched_at = if hours < 0 { at - shift } else { at + shift };
        });
        assert_eq!(code(&record), Code::RecordStatus, "fetched before it was, or after the making");
    }
}

#[test]
fn a_licence_that_was_revoked_at_the_use_is_refused_whatever_the_report_says() {
    let revoked = WORLD.status_token(StatusValue::Ended, WORLD.now);
    let verification = WORLD.verify(&spoilt(|case| case.status_token = revoked));
    assert_eq!(verification.decision, Decision::Refuse);
    assert!(verification.codes.contains(&Code::LicenceInvalid));
    assert!(verification.codes.contains(&Code::RecordVerdictMismatch));
}

#[test]
fn without_a_proof_of_existence_nothing_is_said_of_the_past() {
    let record = Case::honest().seal();
    let now = WORLD.now + Duration::from_hours(24);
    for at in [WORLD.created(), WORLD.now + Duration::from_hours(48)] {
        let verification = verify(&record, WORLD.root.clone(), &terms(Some(at), now));
        assert_eq!(verification.codes, [Code::RecordNoPoe]);
        assert_eq!((verification.valid_at, verification.today), (None, Today::Unknown));
        assert_eq!(verification.judged_at, at);
    }
    let present = verify(&record, WORLD.root.clone(), &terms(Some(now), now));
    assert_eq!((present.codes[0], present.valid_at), (Code::Ok, Some(now)));
    let early = WORLD.now - Duration::from_hours(1);
    let early = verify(&record, WORLD.root.clone(), &terms(None, early));
    assert_eq!(early.codes, [Code::RecordNoPoe], "made in the future");
}

#[test]
fn a_record_outlives_its_lists_but_not_the_keys_behind_it() {
    let record = Case::honest().seal();
    let after = |days: u64| {
        let now = WORLD.now + Duration::from_hours(24 * days);
        verify(&record, WORLD.root.clone(), &terms(None, now))
    };
    let old = after(100);
    assert_eq!((old.codes[0], old.today), (Code::Ok, Today::Unknown));
    let ended = after(800);
    assert_eq!(ended.codes, [Code::RecordNoPoe, Code::IssuerCertExpiredUnproven]);
    assert_eq!(ended.decision, Decision::Check);
    let expired = after(1300);
    assert_eq!(expired.codes[0], Code::LicenceExpired);
}

#[test]
fn expiry_and_another_audience_are_noted_and_decide_nothing() {
    let record = Case::honest().seal();
    let late = WORLD.now + Duration::from_hours(24 * 181);
    for (audience, now, notes) in [
        (Some(GRANTEE), late, vec![Code::RecordExpired]),
        (Some("urn:cn:uscc:other"), late, vec![Code::RecordExpired, Code::RecordAudience]),
        (Some("urn:cn:uscc:other"), WORLD.created(), vec![Code::RecordAudience]),
        (Some(GRANTEE), WORLD.created(), vec![]),
    ] {
        let terms = VerifyTerms { at: None, audience, now };
        let verification = verify(&record, WORLD.root.clone(), &terms);
        assert_eq!((verification.decision, verification.notes), (Decision::Accept, notes));
    }
}

#[test]
fn no_record_is_made_of_an_answer_without_a_disclosure() {
    for member in ["presentation", "grant"] {
        let mut case = Case::honest();
        case.answer["result"].as_object_mut().unwrap().remove(member);
        let (created, key) = (case.created, &WORLD.making().gateway.key);
        let refusal = seal(case.parts(), key, created, &SystemEntropy).unwrap_err();
        assert_eq!(refusal, RecordRefusal::Answer, "{member}");
    }
}

#[test]
fn each_copy_has_a_marker_of_its_own() {
    let markers = [Case::honest().seal(), Case::honest().seal()]
        .map(|record| (record.annotation.recipient_marker, record.record_id));
    assert_ne!(markers[0].0, markers[1].0);
    assert_ne!(markers[0].1, markers[1].1);
    assert!(markers[0].0.parse::<Digest>().is_err() && markers[0].0.len() == 22);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_other_byte_at_any_place_is_accepted(place in any::<prop::sample::Index>(), byte: u8) {
        static HONEST: LazyLock<Vec<u8>> =
            LazyLock::new(|| serde_json::to_vec(&Case::honest().seal()).unwrap());
        let mut bytes = HONEST.clone();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        if let Ok(record) = open(&bytes) {
            prop_assert_ne!(WORLD.verify(&record).decision, Decision::Accept);
        }
    }

    #[test]
    fn no_bytes_stop_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(open(&bytes).is_err());
    }
}

fn honest_disclosures() -> Vec<String> {
    Case::honest().seal().disclosures
}

/// The pointers of every text in `value`.
fn texts(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(at),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                texts(member, format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// One letter changed, in a way that most texts stay what they are.
fn with_other_last_letter(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if let Some(last) = letters.last_mut() {
        *last = if *last == 'A' { 'E' } else { 'A' };
    }
    letters.into_iter().collect()
}

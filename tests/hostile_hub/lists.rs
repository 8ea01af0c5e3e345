//! Lists that no gateway may take: older, other, stolen, too fast, too late, by the wrong hand.

use hutong::base::ListId;
use hutong::crypto::jws::{Header, Typ, Vote};
use hutong::pki::Made;
use hutong::trust::Named;
use serde_json::{Value, json};

use super::hub::name_of;
use super::stage::{HEBEI, Stage, TIANJIN, bytes, list_id, push, seal_by, sealed};

#[test]
fn tl_01_an_older_list_or_statement_is_a_rollback() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let (first, oldest) = stage.hub.newest(hebei);
    let older_statement = stage.hub.said();
    stage.goes_on("the start");
    stage.refuses("a statement that names an older list", TIANJIN, "list-rollback", |stage| {
        stage.hub.name(hebei, first);
    });
    stage.refuses("an older statement", TIANJIN, "list-rollback", |stage| {
        stage.hub.say(older_statement.clone());
    });
    stage.refuses("an older list under the new name", HEBEI, "list-rollback", |stage| {
        let next = name_of(&stage.resealed(hebei, |_| {}));
        stage.hub.serve(hebei, next.sequence, &oldest);
        stage.hub.name(hebei, next);
    });
}

#[test]
fn tl_02_other_bytes_under_a_number_are_an_equivocation() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let twin = stage.resealed(hebei, |list| operator_name(list, "其他"));
    stage.goes_on("the start");
    stage.refuses("a statement that names a twin", TIANJIN, "list-equivocation", |stage| {
        push(stage, hebei, &twin);
    });
    let twin = stage.resealed(hebei, |list| operator_name(list, "其他"));
    stage.goes_on("a twin");
    stage.refuses("a twin under the next name", HEBEI, "list-equivocation", |stage| {
        let next = name_of(&stage.resealed(hebei, |_| {}));
        stage.hub.serve(hebei, next.sequence, &twin);
        stage.hub.name(hebei, next);
    });
    stage.refuses("another statement of one number", TIANJIN, "list-equivocation", |stage| {
        let statement = stage.hub.statement(|draft| draft.orders.clear());
        let twin = stage.hub.statement(|draft| {
            draft.sequence -= 1;
            draft.lists.pop();
        });
        stage.hub.say(statement.clone());
        let hits = stage.hub.hits("/v1/freshness");
        super::stage::eventually("the statement is taken", || {
            stage.hub.hits("/v1/freshness") > hits + 2
        });
        stage.hub.say(twin);
    });
}

#[test]
fn tl_04_a_list_other_than_the_one_named_is_a_mismatch() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    stage.refuses("the list before the one named", HEBEI, "snapshot-mismatch", |stage| {
        let next = stage.resealed(hebei, |_| {});
        let last = name_of(&next);
        let after = Named { sequence: last.sequence + 1, ..last };
        stage.hub.serve(hebei, after.sequence, &next);
        stage.hub.name(hebei, after);
    });
    stage.refuses("a sound list of the number named", HEBEI, "snapshot-mismatch", |stage| {
        let next = stage.resealed(hebei, |_| {});
        let other = stage.resealed(hebei, |list| operator_name(list, "其他"));
        stage.hub.serve(hebei, name_of(&next).sequence, &other);
        stage.hub.name(hebei, name_of(&next));
    });
}

#[test]
fn tl_07_a_number_may_not_run_ahead() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    for (number, code) in [
        (9_007_199_254_740_991_u64, "seq-jump"),
        (0, "seq-jump"),
        (9_223_372_036_854_775_807, "malformed"),
    ] {
        // One more than a day allows.
        let number = if number == 0 { stage.hub.newest(hebei).0.sequence + 1_001 } else { number };
        stage.refuses("a number far ahead", HEBEI, code, |stage| {
            let far = stage.resealed(hebei, |list| {
                scheme(list)["LoTESequenceNumber"] = json!(number);
            });
            stage.hub.serve(hebei, number, &far);
            stage.hub.name(hebei, Named { sequence: number, ..name_of(&far) });
        });
    }
}

#[test]
fn tl_09_two_operators_are_not_three() {
    let stage = Stage::alone();
    let payload = bytes(&stage.next(ListId::Federation));
    let [first, second, ..] = &stage.operators[..] else { panic!("five operators") };
    let stranger = super::stage::signing("a stranger");
    for signers in [vec![first, second], vec![first], vec![first, second, &stranger]] {
        stage.refuses("too few operators", TIANJIN, "threshold-not-met", |stage| {
            push(stage, ListId::Federation, &seal_by(&payload, &signers));
        });
    }
}

#[test]
fn tl_13_a_list_that_has_ended_is_not_taken_even_at_the_start() {
    let mut stage = Stage::founded(&[TIANJIN, HEBEI]);
    let hebei = list_id(HEBEI);
    let (_, honest) = stage.hub.newest(hebei);
    let ended = |list: &mut Value| {
        let scheme = scheme(list);
        scheme["ListIssueDateTime"] = json!("2026-01-01T00:00:00Z");
        scheme["NextUpdate"] = json!("2026-01-14T00:00:00Z");
    };
    let old = stage.resealed(hebei, |list| {
        ended(list);
        scheme(list)["LoTESequenceNumber"] = json!(1);
    });
    push(&stage, hebei, &old);
    stage.start(TIANJIN);
    super::stage::eventually("the other lists are held", || {
        stage.holds_newest(TIANJIN, list_id(TIANJIN))
    });
    super::stage::eventually("the ended list is refused", || {
        stage.count(TIANJIN, HEBEI, "list-expired") > 0
    });
    assert_eq!(stage.held(TIANJIN, hebei), Value::Null, "nothing is better than an ended list");
    assert!(stage.holds_newest(TIANJIN, list_id(TIANJIN)), "the others go on");
    push(&stage, hebei, &honest);
    stage.settle();
    stage.refuses("an ended list after a good one", HEBEI, "list-expired", |stage| {
        push(stage, hebei, &stage.resealed(hebei, ended));
    });
}

#[test]
fn tl_19_what_is_cut_off_or_goes_on_is_malformed() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    for (end, more) in [(1, &b""[..]), (0, b"{}"), (0, b"\0"), (usize::MAX, b"")] {
        stage.refuses("bent bytes", HEBEI, "malformed", |stage| {
            let next = stage.resealed(hebei, |_| {});
            let bent = [&next[..next.len().saturating_sub(end)], more].concat();
            stage.hub.serve(hebei, name_of(&next).sequence, &bent);
            stage.hub.name(hebei, name_of(&next));
        });
    }
    stage.refuses("a statement cut off", TIANJIN, "malformed", |stage| {
        let said = stage.hub.statement(|_| {});
        stage.hub.say(said.rsplit_once('.').unwrap().0.to_owned());
    });
}

#[test]
fn tl_20_a_list_signed_by_another_province_has_the_wrong_signer() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let payload = bytes(&stage.next(hebei));
    let strangers = [
        stage.key(TIANJIN, "list-signing"),
        super::stage::signing("a stranger"),
        read_again(&stage.operators[0]),
    ];
    for stranger in &strangers {
        stage.refuses("another hand", HEBEI, "wrong-signer", |stage| {
            let payload = bytes(&stage.next(hebei));
            push(stage, hebei, &seal_by(&payload, &[stranger]));
        });
    }
    stage.refuses("a changed payload", HEBEI, "wrong-signer", |stage| {
        let mut signed: Value = serde_json::from_slice(&stage.seal(hebei, &payload)).expect("JSON");
        let other = bytes(&stage.next(hebei));
        signed["payload"] = json!(hutong::crypto::base64url::encode(other));
        push(stage, hebei, &bytes(&signed));
    });
}

#[test]
fn tl_23_another_key_of_the_member_signs_no_list() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    for name in ["gateway-tls", "gateway-signing", "status", "registrar"] {
        let key = stage.key(HEBEI, name);
        stage.refuses(name, HEBEI, "wrong-key-usage", |stage| {
            push(stage, hebei, &seal_by(&bytes(&stage.next(hebei)), &[&key]));
        });
    }
}

#[test]
fn tl_28_a_list_says_the_number_by_which_it_is_fetched() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    stage.refuses("a file that says another number", HEBEI, "snapshot-mismatch", |stage| {
        let two_on = stage.resealed(hebei, |list| {
            let number = scheme(list)["LoTESequenceNumber"].as_u64().unwrap();
            scheme(list)["LoTESequenceNumber"] = json!(number + 1);
        });
        let said = name_of(&two_on);
        let path = said.sequence - 1;
        stage.hub.serve(hebei, path, &two_on);
        stage.hub.name(hebei, Named { sequence: path, ..said });
    });
    stage.refuses("another province's list", HEBEI, "id-not-canonical", |stage| {
        let (named, other) = stage.hub.newest(list_id(TIANJIN));
        let next = stage.next(hebei);
        let sequence = scheme(&mut next.clone())["LoTESequenceNumber"].as_u64().unwrap();
        stage.hub.serve(hebei, sequence, &other);
        stage.hub.name(hebei, Named { sequence, ..named });
    });
}

#[test]
fn tl_29_another_kind_of_document_under_the_right_key_is_no_list() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let key = stage.key(HEBEI, "list-signing");
    for typ in [Typ::StatusList, Typ::Root, Typ::Suspension] {
        stage.refuses(typ.as_str(), HEBEI, "wrong-typ", |stage| {
            let payload = bytes(&stage.next(hebei));
            let list = sealed(&payload, &[&key], |made| {
                Vote::cast(&made.signer().unwrap(), Header::new(typ), &payload).unwrap()
            });
            push(stage, hebei, &list);
        });
    }
    stage.refuses("a status list", HEBEI, "malformed", |stage| {
        let payload = bytes(&json!({
            "sub": "https://127.0.0.1/v1/status-lists/licence/1", "iat": 1, "exp": 2,
            "status_list": { "bits": 1, "lst": "eNrbuRgAAhcBXQ" },
        }));
        let list = sealed(&payload, &[&key], |made| {
            Vote::cast(&made.signer().unwrap(), Header::new(Typ::StatusList), &payload).unwrap()
        });
        let sequence = stage.hub.newest(hebei).0.sequence + 1;
        stage.hub.serve(hebei, sequence, &list);
        stage.hub.name(hebei, Named { sequence, ..name_of(&list) });
    });
    stage.refuses("a provincial list called federation's", HEBEI, "wrong-typ", |stage| {
        let list = stage.resealed(hebei, |list| {
            scheme(list)["LoTEType"] = json!("urn:elicence:list-type:federation");
        });
        push(stage, hebei, &list);
    });
}

/// The same key again.
fn read_again(made: &Made) -> Made {
    Made { certificate: made.certificate.clone(), pkcs8: made.pkcs8.clone() }
}

pub(crate) fn scheme(list: &mut Value) -> &mut Value {
    &mut list["LoTE"]["ListAndSchemeInformation"]
}

/// Makes a list another one in a word that nobody judges.
pub(crate) fn operator_name(list: &mut Value, name: &str) {
    scheme(list)["SchemeOperatorName"][0]["value"] = json!(name);
}

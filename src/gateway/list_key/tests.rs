//! A gateway's files from founding to a new list key.

use super::*;
use crate::base::{Clock as _, Division, SystemClock};
use crate::crypto::jws::Typ;
use crate::exchange::{Addressee, EnrolmentContext, Examination};
use crate::gateway::{Charter, apply, found};

fn charter() -> Charter {
    Charter {
        division: "510000".parse().unwrap(),
        authority_code: "115100000000000000".to_owned(),
        listen: ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"].map(|each| each.parse().unwrap()),
        federation_origin: "https://127.0.0.1:1".to_owned(),
        public_origin: "https://127.0.0.1:2".to_owned(),
        hub_origin: HUB.to_owned(),
        refresh_seconds: 1,
        contacts: vec!["tel:+86-28-0000".to_owned()],
        allow_private_addresses: true,
    }
}

fn founded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    found(folder.path(), &charter(), b"{}", SystemClock.now()).unwrap();
    folder
}

#[test]
fn what_is_founded_applies_soundly() {
    let folder = founded();
    let context = EnrolmentContext { now: SystemClock.now(), known: None, hub: Some(HUB) };
    let draft = std::fs::read_to_string(folder.path().join("outbox/enrolment.jwt")).unwrap();
    let draft = Examination::of(&draft, context);
    assert_eq!(draft.findings, []);
    assert!(draft.sound().unwrap().is_draft());
    let addressee = Addressee { hub: HUB.to_owned(), nonce: "bm9uY2U".to_owned() };
    let applied = Examination::of(&apply(folder.path(), addressee).unwrap(), context);
    assert!(!applied.sound().unwrap().is_draft());
}

#[test]
fn an_application_needs_every_key_of_its_list() {
    let folder = founded();
    std::fs::remove_file(folder.path().join("keys/registrar.key.pem")).unwrap();
    let addressee = Addressee { hub: HUB.to_owned(), nonce: "bm9uY2U".to_owned() };
    let error = apply(folder.path(), addressee).unwrap_err();
    assert!(matches!(&error, FoundingError::KeyAbsent { service } if service == "registrar"));
}

#[test]
fn the_old_key_names_the_new_one_and_signs_until_it_takes_over() {
    let folder = founded();
    let (path, now) = (folder.path(), SystemClock.now());
    let division: Division = "510000".parse().unwrap();
    let member = division.member();
    let keys = KeyFolder::of(path);
    let old = keys.signer(LIST_KEY).unwrap().public_key().clone();
    let held = std::fs::read(path.join("outbox/list.json")).unwrap();
    assert!(take_new_list_key(path, &held, now).is_err(), "there is none yet");
    let request = request_key_change(path, member, 1, now).unwrap();
    let again = request_key_change(path, member, 1, now).unwrap();
    assert_eq!(again.certificate, request.certificate, "the same new key");
    request.key_change.verify(member, &old).unwrap();
    assert_eq!(keys.signer(LIST_KEY).unwrap().public_key(), &old);
    let list = take_new_list_key(path, &held, now).unwrap();
    let new = keys.signer(LIST_KEY).unwrap().public_key().clone();
    assert_eq!(new.spki_digest(), request.key_change.new_spki);
    let (held, list) = (SignedList::parse(&held).unwrap(), SignedList::parse(&list).unwrap());
    assert!(list.signatures().signers(&[&old], Typ::List).unwrap().is_empty());
    assert_eq!(list.signatures().signers(&[&new], Typ::List).unwrap().len(), 1);
    assert_eq!(list.document().lote.scheme.sequence, held.document().lote.scheme.sequence + 1);
    assert_eq!(keys.signer(PREVIOUS_KEY).unwrap().public_key(), &old, "kept");
    let next = request_key_change(path, member, 2, now).unwrap();
    next.key_change.verify(member, &new).unwrap();
}

#[test]
fn a_list_of_the_new_key_that_was_lost_is_signed_again() {
    let folder = founded();
    let (path, now) = (folder.path(), SystemClock.now());
    let member = "510000".parse::<Division>().unwrap().member();
    let keys = KeyFolder::of(path);
    let held = std::fs::read(path.join("outbox/list.json")).unwrap();
    request_key_change(path, member, 1, now).unwrap();
    let lost = take_new_list_key(path, &held, now).unwrap();
    let new = keys.signer(LIST_KEY).unwrap().public_key().clone();
    let again = take_new_list_key(path, &held, now).unwrap();
    let list = SignedList::parse(&again).unwrap();
    assert_eq!(list.signatures().signers(&[&new], Typ::List).unwrap().len(), 1);
    assert_eq!(keys.signer(LIST_KEY).unwrap().public_key(), &new, "no key was moved again");
    // Once a list of the new key is in force, there is nothing left to take over.
    assert!(take_new_list_key(path, &lost, now).is_err());
}

const HUB: &str = "https://hub.example:8443";

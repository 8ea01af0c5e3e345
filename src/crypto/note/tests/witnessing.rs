//! What a witness takes, and what it refuses.

use super::super::{AddCheckpoint, Held, WitnessRefusal, witness};
use super::{Checkpoint, checkpoint, leaves, log_key, signer};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Digest, merkle};

/// An honest log's request to go from `old` to `new` leaves.
fn request(log: &SoftwareKey, old: usize, new: usize) -> AddCheckpoint {
    AddCheckpoint {
        old: old as u64,
        proof: merkle::consistency_proof(&leaves(new), old),
        note: checkpoint(new).sign(log).unwrap(),
    }
}

fn held(size: usize) -> Option<Held> {
    (size > 0).then(|| Held::from(&checkpoint(size)))
}

#[test]
fn an_honest_log_is_cosigned_at_every_step() {
    let log = signer();
    let key = log_key(&log);
    for new in 0..40 {
        for old in 0..=new {
            let request = request(&log, old, new);
            let read = AddCheckpoint::read(request.to_string().as_bytes()).unwrap();
            assert_eq!((&read, read.origin()), (&request, key.name()));
            let next = witness(held(old), &read, &key).unwrap();
            assert_eq!(next.checkpoint(key.name()), checkpoint(new), "{old} {new}");
        }
    }
}

#[test]
fn another_size_than_is_held_is_a_conflict_that_tells_it() {
    let log = signer();
    let key = log_key(&log);
    for (kept, old) in [(0, 3), (3, 0), (3, 2), (3, 4), (9, 3)] {
        let refusal = witness(held(kept), &request(&log, old, 8), &key).unwrap_err();
        assert_eq!(refusal, WitnessRefusal::Conflict { held: kept as u64 }, "{kept} {old}");
    }
}

#[test]
fn a_witness_never_goes_back() {
    let log = signer();
    let key = log_key(&log);
    let mut back = request(&log, 5, 5);
    back.note = checkpoint(4).sign(&log).unwrap();
    assert_eq!(witness(held(5), &back, &key), Err(WitnessRefusal::Backwards));
    back.old = 4;
    assert_eq!(witness(held(5), &back, &key), Err(WitnessRefusal::Conflict { held: 5 }));
    back.old = 0;
    assert_eq!(witness(held(5), &back, &key), Err(WitnessRefusal::Conflict { held: 5 }));
}

#[test]
fn two_histories_are_never_cosigned() {
    let log = signer();
    let key = log_key(&log);
    let other = Checkpoint { root: Digest::of("other"), ..checkpoint(5) };
    let mut fork = request(&log, 5, 5);
    fork.note = other.sign(&log).unwrap();
    assert_eq!(witness(held(5), &fork, &key), Err(WitnessRefusal::Fork { held: 5 }));
    let honest = request(&log, 5, 8);
    let kept = Some(Held::from(&other));
    assert_eq!(witness(kept, &honest, &key), Err(WitnessRefusal::Inconsistent));
    let empty = Checkpoint { size: 0, ..other };
    fork = AddCheckpoint { old: 0, proof: vec![], note: empty.sign(&log).unwrap() };
    assert_eq!(witness(None, &fork, &key), Err(WitnessRefusal::Fork { held: 0 }));
}

#[test]
fn a_wrong_proof_is_refused() {
    let log = signer();
    let key = log_key(&log);
    let sound = request(&log, 5, 8);
    for change in [
        |proof: &mut Vec<Digest>| proof.clear(),
        |proof: &mut Vec<Digest>| proof.truncate(proof.len() - 1),
        |proof: &mut Vec<Digest>| proof.rotate_left(1),
        |proof: &mut Vec<Digest>| proof.swap(0, 1),
        |proof: &mut Vec<Digest>| proof.push(Digest::of("more")),
        |proof: &mut Vec<Digest>| proof[0] = Digest::of("other"),
    ] {
        let mut bad = sound.clone();
        change(&mut bad.proof);
        assert_eq!(witness(held(5), &bad, &key), Err(WitnessRefusal::Inconsistent), "{bad:?}");
    }
    for (old, new) in [(0, 8), (8, 8)] {
        let mut bad = request(&log, old, new);
        bad.proof.push(Digest::of("more"));
        assert_eq!(witness(held(old), &bad, &key), Err(WitnessRefusal::Inconsistent));
    }
}

#[test]
fn only_the_log_itself_is_cosigned() {
    let (log, other) = (signer(), signer());
    let key = log_key(&log);
    let forged = request(&other, 0, 5);
    assert_eq!(witness(None, &forged, &key), Err(WitnessRefusal::Unsigned));
    let mut bent = request(&log, 0, 5);
    bent.note = bent.note.replacen("\n5\n", "\n6\n", 1);
    assert_eq!(witness(None, &bent, &key), Err(WitnessRefusal::Unsigned));
    let elsewhere = Checkpoint { origin: "elsewhere".to_owned(), ..checkpoint(5) };
    let foreign = AddCheckpoint { note: elsewhere.sign(&log).unwrap(), ..request(&log, 0, 5) };
    assert_eq!(witness(None, &foreign, &key), Err(WitnessRefusal::UnknownLog));
    let broken = AddCheckpoint { note: "no note".to_owned(), ..request(&log, 0, 5) };
    assert_eq!(witness(None, &broken, &key), Err(WitnessRefusal::Malformed));
}

#[test]
fn a_request_has_one_form() {
    let sound = request(&signer(), 5, 8).to_string();
    let line = sound.lines().nth(1).unwrap().to_owned() + "\n";
    for bad in [
        sound.replacen("old 5", "old 05", 1),
        sound.replacen("old 5", "old +5", 1),
        sound.replacen("old 5", "old -5", 1),
        sound.replacen("old 5", "old  5", 1),
        sound.replacen("old 5", "Old 5", 1),
        sound.replacen("old 5", "5", 1),
        sound.replacen("old 5", "old 18446744073709551616", 1),
        sound.replacen("old 5\n", "", 1),
        sound.replacen("old 5\n", "old 5\r\n", 1),
        sound.replacen("old 5\n", "old 5\n\n", 1),
        sound.replacen("\n\n", "\n", 1),
        sound.replacen("\n\n", "\n\n\n", 1),
        sound.replacen("=\n", "\n", 1),
        sound.replacen("=\n", "= \n", 1),
        sound.replacen(&line, "AAAA\n", 1),
        format!("{sound}\n"),
        format!("\n{sound}"),
        sound.trim_end().to_owned(),
        format!("{sound}{}", "x".repeat(40_000)),
        "old 0\n\n".to_owned(),
        String::new(),
    ] {
        let refusal = AddCheckpoint::read(bad.as_bytes());
        assert_eq!(refusal, Err(WitnessRefusal::Malformed), "{bad:?}");
    }
    assert!(AddCheckpoint::read(&[sound.as_bytes(), b"\xff\n"].concat()).is_err());
    let others = sound.split_once("\n\n").unwrap().0.lines().count() - 2;
    let of_length = |hashes: usize| {
        let body = sound.replacen(&line, &line.repeat(hashes - others), 1);
        AddCheckpoint::read(body.as_bytes())
    };
    assert_eq!(of_length(63).unwrap().proof.len(), 63);
    assert_eq!(of_length(64), Err(WitnessRefusal::Malformed));
}

#[test]
fn the_published_example_is_read() {
    let body = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
        \n\
        example.com/behind-the-sofa\n\
        20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
        \n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5\
        /Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    let request = AddCheckpoint::read(body.as_bytes()).unwrap();
    assert_eq!((request.old, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.origin(), "example.com/behind-the-sofa");
}

//! Cosignatures as they are made, read and added.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{
    Checkpoint, Cosignature, CosignatureError, WitnessKey, add_cosignatures, cosign, cosignatures,
};
use super::{at, checkpoint, log_key, signer, witness_key};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Signer as _};

/// A note signed by its log, and two witnesses of it.
fn scene() -> (String, [SoftwareKey; 2], [WitnessKey; 2]) {
    let note = checkpoint(7).sign(&signer()).unwrap();
    let signers = [signer(), signer()];
    let keys = [witness_key("w/one", &signers[0]), witness_key("w/two", &signers[1])];
    (note, signers, keys)
}

/// The line with its signature blob changed.
fn bent(line: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let (head, blob) = line.trim_end().rsplit_once(' ').unwrap();
    let mut blob = STANDARD.decode(blob).unwrap();
    change(&mut blob);
    format!("{head} {}\n", STANDARD.encode(blob))
}

/// Key and first line were computed apart from this program, with the first key of RFC 8032 §7.1.
#[test]
fn a_cosignature_is_the_one_that_others_compute() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let prefix = "302e020100300506032b657004220420";
    let der: Vec<u8> = format!("{prefix}{seed}")
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let signer = SoftwareKey::from_pkcs8(&der).unwrap();
    let vkey = "witness.example/w1+eb762cc2+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
    let key: WitnessKey = vkey.parse().unwrap();
    assert_eq!(key, witness_key("witness.example/w1", &signer));
    let text = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint: Checkpoint = text.parse().unwrap();
    let line = cosign(&checkpoint, &signer, "witness.example/w1", at(1_679_315_147)).unwrap();
    let expected = "\u{2014} witness.example/w1 63YswgAAAABkGFDL+TPmh4BYuAjsYRoqMJCWb/gWJaeRF/kmm5\
        tlCr9sJ57DLErur7K0yDXc2ArN+TIuotuB/HbuL3AJsp3bv/aNCQ==\n";
    assert_eq!(line, expected);
    let note = format!("{text}\n{expected}");
    let key = [key];
    let found = cosignatures(&note, &key).unwrap();
    assert_eq!(found, [Cosignature { key: &key[0], time: at(1_679_315_147) }]);
}

#[test]
fn each_listed_witness_is_found_and_the_log_still_opens() {
    let (log, witness) = (signer(), signer());
    let note = checkpoint(7).sign(&log).unwrap();
    let keys = [witness_key("w", &witness)];
    assert_eq!(cosignatures(&note, &keys).unwrap(), []);
    let line = cosign(&checkpoint(7), &witness, "w", at(9)).unwrap();
    let note = add_cosignatures(&note, &line, &keys).unwrap();
    assert_eq!(cosignatures(&note, &keys).unwrap(), [Cosignature { key: &keys[0], time: at(9) }]);
    assert_eq!(cosignatures(&note, &[]).unwrap(), []);
    assert_eq!(Checkpoint::open(&note, &log_key(&log)).unwrap(), checkpoint(7));
}

#[test]
fn one_key_counts_once_however_often_and_under_whatever_names_it_signs() {
    let (note, [one, _], _) = scene();
    let keys = [witness_key("w/one", &one), witness_key("w/alias", &one)];
    let lines: String = [("w/one", 10), ("w/alias", 30), ("w/one", 20)]
        .map(|(name, time)| cosign(&checkpoint(7), &one, name, at(time)).unwrap())
        .concat();
    let newest = [Cosignature { key: &keys[1], time: at(30) }];
    assert_eq!(cosignatures(&format!("{note}{lines}"), &keys).unwrap(), newest);
    let added = add_cosignatures(&note, &lines, &keys).unwrap();
    assert_eq!(added.lines().count(), note.lines().count() + 1);
    assert_eq!(cosignatures(&added, &keys).unwrap(), newest);
}

#[test]
fn a_later_cosignature_takes_the_place_of_an_earlier_one_only() {
    let (note, [one, two], keys) = scene();
    let line = |signer: &SoftwareKey, name: &str, time| {
        cosign(&checkpoint(7), signer, name, at(time)).unwrap()
    };
    let both = line(&one, "w/one", 10) + &line(&two, "w/two", 11);
    let first = add_cosignatures(&note, &both, &keys).unwrap();
    assert_eq!(add_cosignatures(&first, &both, &keys).unwrap(), first, "nothing is doubled");
    assert_eq!(add_cosignatures(&first, &line(&one, "w/one", 9), &keys).unwrap(), first);
    let second = add_cosignatures(&first, &line(&one, "w/one", 12), &keys).unwrap();
    assert_eq!(second.len(), first.len());
    let times: Vec<_> =
        cosignatures(&second, &keys).unwrap().into_iter().map(|each| each.time).collect();
    assert_eq!(times, [at(12), at(11)]);
}

#[test]
fn lines_of_others_stay_in_a_note_but_are_not_added() {
    let (note, [one, two], keys) = scene();
    let stranger = cosign(&checkpoint(7), &two, "w/two", at(5)).unwrap();
    let ours = cosign(&checkpoint(7), &one, "w/one", at(5)).unwrap();
    let listed = &keys[..1];
    let added = add_cosignatures(&note, &format!("{stranger}{ours}"), listed).unwrap();
    assert_eq!(added, format!("{note}{ours}"));
    let kept = add_cosignatures(&format!("{note}{stranger}"), &ours, listed).unwrap();
    assert_eq!(kept, format!("{note}{stranger}{ours}"));
    // The name alone, or the id alone, is another's line.
    for other in [
        bent(&ours, |blob| blob[0] ^= 1),
        ours.replacen("w/one", "w/two", 1),
        ours.replacen("w/one", "w/One", 1),
    ] {
        assert_eq!(cosignatures(&format!("{note}{other}"), &keys).unwrap(), []);
    }
}

#[test]
fn a_line_in_a_witnesss_name_that_does_not_verify_spoils_the_note() {
    let (note, [one, two], keys) = scene();
    let sound = cosign(&checkpoint(7), &one, "w/one", at(5)).unwrap();
    let other_text = cosign(&checkpoint(8), &one, "w/one", at(5)).unwrap();
    let other_key = bent(&cosign(&checkpoint(7), &two, "w/two", at(5)).unwrap(), |blob| {
        blob[..4].copy_from_slice(
            &STANDARD.decode(sound.rsplit_once(' ').unwrap().1.trim_end()).unwrap()[..4],
        );
    });
    let other_key = other_key.replacen("w/two", "w/one", 1);
    // A plain signature over the text, as a log makes it, is no cosignature.
    let plain = bent(&sound, |blob| {
        blob.truncate(4);
        blob.extend(one.sign(checkpoint(7).text().as_bytes()).unwrap());
    });
    let timed = bent(&sound, |blob| {
        blob.truncate(12);
        blob.extend(one.sign(checkpoint(7).text().as_bytes()).unwrap());
    });
    for bad in [
        bent(&sound, |blob| blob[11] ^= 1),
        bent(&sound, |blob| blob[12] ^= 1),
        bent(&sound, |blob| blob[75] ^= 1),
        bent(&sound, |blob| blob.truncate(75)),
        bent(&sound, |blob| blob.push(0)),
        bent(&sound, |blob| blob.truncate(7)),
        other_text,
        other_key,
        plain,
        timed,
    ] {
        for whole in [format!("{note}{bad}"), format!("{note}{sound}{bad}")] {
            let refusal = cosignatures(&whole, &keys);
            assert_eq!(refusal, Err(CosignatureError::Signature), "{bad}");
            let refusal = add_cosignatures(&whole, &sound, &keys);
            assert_eq!(refusal, Err(CosignatureError::Signature), "{bad}");
        }
        let refusal = add_cosignatures(&note, &bad, &keys);
        assert_eq!(refusal, Err(CosignatureError::Signature), "{bad}");
    }
}

/// A cosignature line with whatever time, rightly signed.
fn line_at(signer: &SoftwareKey, key: &WitnessKey, seconds: u64) -> String {
    let message = format!("cosignature/v1\ntime {seconds}\n{}", checkpoint(7).text());
    let signature = signer.sign(message.as_bytes()).unwrap();
    let blob = [&key.id()[..], &seconds.to_be_bytes(), &signature].concat();
    format!("\u{2014} {} {}\n", key.name(), STANDARD.encode(blob))
}

#[test]
fn times_are_real_instants() {
    let (note, [one, _], keys) = scene();
    for seconds in [1, 1_800_000_000, 1 << 53] {
        let whole = format!("{note}{}", line_at(&one, &keys[0], seconds));
        assert_eq!(cosignatures(&whole, &keys).unwrap().len(), 1, "{seconds}");
    }
    for seconds in [0, (1 << 53) + 1, 1 << 63, u64::MAX] {
        let whole = format!("{note}{}", line_at(&one, &keys[0], seconds));
        assert_eq!(cosignatures(&whole, &keys), Err(CosignatureError::Signature), "{seconds}");
    }
    for seconds in [0, -1, i64::MIN] {
        let refusal = cosign(&checkpoint(7), &one, "w/one", at(seconds));
        assert_eq!(refusal, Err(CosignatureError::Time), "{seconds}");
    }
}

#[test]
fn only_a_witness_cosigns() {
    let wrong_kind = SoftwareKey::generate(Algorithm::Es256).unwrap();
    let refusal = cosign(&checkpoint(7), &wrong_kind, "w", at(5));
    assert_eq!(refusal, Err(CosignatureError::BadKey));
    assert_eq!(cosign(&checkpoint(7), &signer(), "a b", at(5)), Err(CosignatureError::BadKey));
}

#[test]
fn what_is_no_note_or_no_line_is_refused() {
    let (note, [one, _], keys) = scene();
    let line = cosign(&checkpoint(7), &one, "w/one", at(5)).unwrap();
    let prose = note.replacen("\n7\n", "\nseven\n", 1);
    for bad in [&prose, &note.replacen("\n\n", "\n", 1), &note.replacen('\n', "\r\n", 1), ""] {
        assert_eq!(cosignatures(bad, &keys), Err(CosignatureError::Malformed), "{bad:?}");
        assert_eq!(add_cosignatures(bad, &line, &keys), Err(CosignatureError::Malformed));
    }
    for bad in [
        line.trim_end(),
        &format!("{line}\n"),
        &format!("\n{line}"),
        &line.replacen("\u{2014}", "-", 1),
        &line.replacen('\n', "\r\n", 1),
        &format!("{line}<html>\n"),
        "\n",
        "",
    ] {
        let refusal = add_cosignatures(&note, bad, &keys);
        assert_eq!(refusal, Err(CosignatureError::Malformed), "{bad:?}");
    }
}

#[test]
fn a_note_does_not_grow_beyond_what_readers_take() {
    let (mut note, [one, _], keys) = scene();
    let others = format!("\u{2014} other {}\n", STANDARD.encode([7; 76])).repeat(270);
    note.push_str(&others);
    let line = cosign(&checkpoint(7), &one, "w/one", at(5)).unwrap();
    assert!(add_cosignatures(&note, &line, &keys).is_ok());
    let answer = format!("{line}{others}{others}");
    assert_eq!(add_cosignatures(&note, &answer, &keys), Err(CosignatureError::TooLarge));
    let name = "w".repeat(20_000);
    let huge = [witness_key(&name, &one)];
    let line = cosign(&checkpoint(7), &one, &name, at(5)).unwrap();
    assert_eq!(add_cosignatures(&note, &line, &huge), Err(CosignatureError::TooLarge));
    note.push_str(&others);
    assert_eq!(cosignatures(&note, &keys), Err(CosignatureError::Malformed));
}

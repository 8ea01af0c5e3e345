//! Cosignatures: what witnesses add to the checkpoint of a log they saw grow (C2SP
//! tlog-cosignature, v1 with Ed25519).

use super::key::WitnessKey;
use super::signed::{NOTE_BYTES, SignatureLine, SignedNote, signature_lines, write_line};
use super::{Checkpoint, CheckpointError};
use crate::base::Timestamp;
use crate::crypto::Signer;

/// A cosignature that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosignature<'k> {
    /// The witness's key, as it was listed.
    pub key: &'k WitnessKey,
    /// When the witness signed, by its own clock.
    pub time: Timestamp,
}

/// Signs `checkpoint` as the witness called `name`; the result is one signature line with its
/// line break.
///
/// The caller has judged the checkpoint ([`super::witness()`]) and has stored it before this.
pub fn cosign(
    checkpoint: &Checkpoint,
    signer: &dyn Signer,
    name: &str,
    time: Timestamp,
) -> Result<String, CosignatureError> {
    let key = WitnessKey::new(name, signer.public_key()).map_err(|_| CosignatureError::BadKey)?;
    let seconds = u64::try_from(time.unix_seconds()).map_err(|_| CosignatureError::Time)?;
    read_time(seconds).ok_or(CosignatureError::Time)?;
    let message = signed_message(seconds, &checkpoint.text());
    let signature = signer.sign(message.as_bytes()).map_err(|_| CosignatureError::Signing)?;
    Ok(write_line(&key, &[&seconds.to_be_bytes()[..], &signature].concat()))
}

/// The cosignatures of `note` by the listed `witnesses`, each key once with its newest time.
///
/// A line that claims to be by a listed witness and does not verify makes the note invalid; lines
/// by others are passed over. Whether the log signed is told by [`Checkpoint::open`].
pub fn cosignatures<'k>(
    note: &str,
    witnesses: &'k [WitnessKey],
) -> Result<Vec<Cosignature<'k>>, CosignatureError> {
    let note = read(note)?;
    let mut kept = Vec::new();
    for line in &note.signatures {
        if let Some(cosignature) = judge(line, note.text, witnesses)? {
            keep_newest(&mut kept, line.line, cosignature);
        }
    }
    Ok(kept.into_iter().filter_map(|(_, cosignature)| cosignature).collect())
}

/// Adds to `note` what witnesses answered: those of `lines` that are valid cosignatures by listed
/// `witnesses`. The result is the whole note.
///
/// Lines by others are left out. One key keeps one line, that of its newest time. Refused whole
/// when any line has not the form of a signature, or does not verify though it names a listed
/// witness, or when the note would grow too large to be read.
pub fn add_cosignatures(
    note: &str,
    lines: &str,
    witnesses: &[WitnessKey],
) -> Result<String, CosignatureError> {
    let note = read(note)?;
    if lines.len() > NOTE_BYTES {
        return Err(CosignatureError::TooLarge);
    }
    let added = signature_lines(lines).ok_or(CosignatureError::Malformed)?;
    let mut kept = Vec::new();
    for line in &note.signatures {
        match judge(line, note.text, witnesses)? {
            Some(cosignature) => keep_newest(&mut kept, line.line, cosignature),
            None => kept.push((line.line, None)),
        }
    }
    for line in &added {
        if let Some(cosignature) = judge(line, note.text, witnesses)? {
            keep_newest(&mut kept, line.line, cosignature);
        }
    }
    let signatures: String = kept.iter().flat_map(|(line, _)| [*line, "\n"]).collect();
    let whole = format!("{}\n{signatures}", note.text);
    if whole.len() > NOTE_BYTES { Err(CosignatureError::TooLarge) } else { Ok(whole) }
}

/// Why a cosignature could not be made, read or added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The witness's key is not Ed25519, or its name is no name of a key.
    #[error("not the key of a witness")]
    BadKey,
    /// Not a signed checkpoint, or not lines of signatures, in their one form.
    #[error("not a checkpoint with lines of signatures")]
    Malformed,
    /// A cosignature in the name of a listed witness does not verify.
    #[error("the cosignature of a listed witness does not verify")]
    Signature,
    /// The key's holder refused or failed to sign.
    #[error("the checkpoint could not be cosigned")]
    Signing,
    /// The time lies at or before the epoch, or too far ahead to be one.
    #[error("a cosignature needs a time after 1970")]
    Time,
    /// With these lines the note would be larger than any reader takes.
    #[error("the note would grow too large")]
    TooLarge,
}

/// A line of a note, and the cosignature it is where it names a listed witness.
type Kept<'n, 'k> = (&'n str, Option<Cosignature<'k>>);

fn keep_newest<'n, 'k>(kept: &mut Vec<Kept<'n, 'k>>, line: &'n str, new: Cosignature<'k>) {
    let by_same_key = |each: &Cosignature<'_>| each.key.spki_digest() == new.key.spki_digest();
    match kept.iter_mut().find(|(_, held)| held.as_ref().is_some_and(by_same_key)) {
        Some((held_line, Some(held))) => {
            if held.time < new.time {
                (*held_line, *held) = (line, new);
            }
        }
        _ => kept.push((line, Some(new))),
    }
}

/// Reads a note over a checkpoint.
fn read(note: &str) -> Result<SignedNote<'_>, CosignatureError> {
    let note = SignedNote::read(note).ok_or(CosignatureError::Malformed)?;
    let checkpoint: Result<Checkpoint, CheckpointError> = note.text.parse();
    checkpoint.map_err(|_| CosignatureError::Malformed)?;
    Ok(note)
}

/// The cosignature that `line` is over `text`; `None` where it names no listed witness.
fn judge<'k>(
    line: &SignatureLine<'_>,
    text: &str,
    witnesses: &'k [WitnessKey],
) -> Result<Option<Cosignature<'k>>, CosignatureError> {
    let Some(key) = witnesses.iter().find(|key| line.names(key)) else { return Ok(None) };
    let (seconds, signature) =
        line.signature.split_first_chunk().ok_or(CosignatureError::Signature)?;
    let seconds = u64::from_be_bytes(*seconds);
    let time = read_time(seconds).ok_or(CosignatureError::Signature)?;
    let verdict = key.public_key().verify(signed_message(seconds, text).as_bytes(), signature);
    verdict.map_err(|_| CosignatureError::Signature)?;
    Ok(Some(Cosignature { key, time }))
}

/// What a witness signs: the whole text of the note behind two lines of its own.
fn signed_message(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// Seconds since the epoch as an instant, unless there was none or it is beyond all clocks. What
/// lies beyond the last instant of a [`Timestamp`] becomes that one.
fn read_time(seconds: u64) -> Option<Timestamp> {
    let known = (1..=MOST_SECONDS).contains(&seconds);
    let seconds = i64::try_from(seconds).ok()?;
    known.then(|| Timestamp::from_unix_seconds(seconds))
}

/// The largest integer that every reader of JSON keeps whole.
const MOST_SECONDS: u64 = 1 << 53;

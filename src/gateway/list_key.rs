//! Changing a province's list key, on its files: the new key and the old one's statement first;
//! the old key goes on signing until the federation list names the new one.

use std::path::Path;

use super::applying::LIST_KEY;
use super::founding::{FoundingError, list_payload_signed};
use super::keys::KeyFolder;
use crate::base::{MemberId, Timestamp, limits};
use crate::crypto::jws::Typ;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, SealError, json};
use crate::exchange::KeyChangeRequest;
use crate::pki::{LEAF_LIFE, Made, Period, files};
use crate::trust::lote::{Extension, SignedList};
use crate::trust::{KeyChange, PreviousList};

/// Makes the new list key of the gateway in `folder`, once, and has the key in force state that it
/// is the `turn`-th to take its place. Asked again, it states the same of the same new key.
pub fn request_key_change(
    folder: &Path,
    member: MemberId,
    turn: u64,
    now: Timestamp,
) -> Result<KeyChangeRequest, FoundingError> {
    let keys = KeyFolder::of(folder);
    if !keys.key(NEXT_KEY).exists() {
        let name = format!("{} list", member.division());
        let made = Made::signing(&name, Algorithm::Es256, Period::from_now(now, LEAF_LIFE))?;
        let chain = std::slice::from_ref(&made.certificate);
        files::write_certificates(&keys.certificate(NEXT_KEY), chain)?;
        files::write_key(&keys.key(NEXT_KEY), &made.pkcs8)?;
    }
    let certificate = only(&keys, NEXT_KEY)?;
    let held = keys.signer(LIST_KEY)?;
    let change = KeyChange::sign(held.as_ref(), member, certificate.spki_digest(), turn)?;
    Ok(KeyChangeRequest::new(member, &certificate, change))
}

/// Puts the new list key in the place of the old one, which is kept beside it, and signs the list
/// that follows `held` with it: to be called when the federation list names the new key. Called
/// again while the list in force is still the old key's, it signs again: the list that a run made
/// which was cut off may be lost.
pub fn take_new_list_key(
    folder: &Path,
    held: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, FoundingError> {
    let keys = KeyFolder::of(folder);
    let signed = SignedList::parse(held).map_err(FoundingError::HeldList)?;
    if keys.certificate(NEXT_KEY).exists() || !has_taken_over(&keys, &signed)? {
        move_files(&keys)?;
    }
    list_payload_signed(&renewed(&signed, now)?, &keys, now)
}

/// Whether the key in place followed the one that signed the list in force.
fn has_taken_over(keys: &KeyFolder, held: &SignedList) -> Result<bool, FoundingError> {
    if !keys.key(PREVIOUS_KEY).exists() {
        return Ok(false);
    }
    let previous = keys.signer(PREVIOUS_KEY)?;
    let signers = held.signatures().signers(&[previous.public_key()], Typ::List);
    Ok(signers.is_ok_and(|signers| !signers.is_empty()))
}

fn move_files(keys: &KeyFolder) -> Result<(), FoundingError> {
    let certificate = only(keys, NEXT_KEY)?;
    // A run that was cut off after the key was moved only has the certificate left to move.
    if keys.key(NEXT_KEY).exists() {
        let old = (files::read_key(&keys.key(LIST_KEY))?, only(keys, LIST_KEY)?);
        files::write_key(&keys.key(PREVIOUS_KEY), &old.0)?;
        files::write_certificates(&keys.certificate(PREVIOUS_KEY), &[old.1])?;
        rename(&keys.key(NEXT_KEY), &keys.key(LIST_KEY))?;
    }
    if keys.signer(LIST_KEY)?.public_key().spki_digest() != certificate.spki_digest() {
        return Err(SealError::BadKey.into());
    }
    rename(&keys.certificate(NEXT_KEY), &keys.certificate(LIST_KEY))
}

/// The same list with the next number and new dates.
fn renewed(held: &SignedList, now: Timestamp) -> Result<Vec<u8>, FoundingError> {
    let mut document = held.document().clone();
    let scheme = &mut document.lote.scheme;
    let previous = PreviousList { sequence: scheme.sequence, sha256: held.sha256() };
    scheme.sequence += 1;
    scheme.list_issue_date_time = now.whole_seconds();
    scheme.next_update = (now + limits::PROVINCIAL_LIST_LIFE).whole_seconds();
    scheme.scheme_extensions.retain(|extension| !extension.is_named("PreviousList"));
    let previous = Extension::new("PreviousList", &previous).ok_or(SealError::Document)?;
    scheme.scheme_extensions.push(previous);
    Ok(json::canonical(&document).map_err(|_| SealError::Document)?)
}

fn only(keys: &KeyFolder, name: &str) -> Result<Certificate, FoundingError> {
    let read = files::read_certificates(&keys.certificate(name))?;
    Ok(read.into_iter().next().ok_or(SealError::BadKey)?)
}

fn rename(from: &Path, to: &Path) -> Result<(), FoundingError> {
    std::fs::rename(from, to).map_err(|error| FoundingError::File { path: from.to_owned(), error })
}

const NEXT_KEY: &str = "list-signing.next";
const PREVIOUS_KEY: &str = "list-signing.previous";

#[cfg(test)]
mod tests;

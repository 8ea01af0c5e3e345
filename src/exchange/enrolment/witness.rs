//! The key of a witness as text (C2SP signed-note, signature type 0x04 of tlog-cosignature).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::{Algorithm, Digest, PublicKey};

/// The verifier key of the witness called `name`.
#[must_use]
pub fn witness_vkey(name: &str, key: &PublicKey) -> String {
    let digest = Digest::of_parts(&[name.as_bytes(), b"\n", &[COSIGNATURE], key.raw()]);
    let id: String = digest.to_hex().chars().take(8).collect();
    format!("{name}+{id}+{}", STANDARD.encode([&[COSIGNATURE], key.raw()].concat()))
}

/// Name and key of a witness, when `vkey` is the one text of both.
pub(super) fn witness_key(vkey: &str) -> Option<(String, PublicKey)> {
    let mut parts = vkey.splitn(3, '+');
    let (name, _, key) = (parts.next()?, parts.next()?, parts.next()?);
    let key = STANDARD.decode(key).ok()?;
    let (&COSIGNATURE, raw) = key.split_first()? else { return None };
    let key = PublicKey::from_raw(Algorithm::EdDsa, raw).ok()?;
    let is_named = !name.is_empty() && !name.contains(char::is_whitespace);
    (is_named && witness_vkey(name, &key) == vkey).then(|| (name.to_owned(), key))
}

const COSIGNATURE: u8 = 4;

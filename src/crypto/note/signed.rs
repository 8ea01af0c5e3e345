//! The form of a signed note: a text, a blank line, lines of signatures (C2SP signed-note).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{NoteKey, is_key_name};

/// A note as it was read; nothing about it is verified.
pub(super) struct SignedNote<'n> {
    /// What is signed, with its last line break and without the blank line.
    pub(super) text: &'n str,
    /// The signatures, in their order.
    pub(super) signatures: Vec<SignatureLine<'n>>,
}

/// One signature line.
pub(super) struct SignatureLine<'n> {
    /// The line as it stands, without its line break.
    pub(super) line: &'n str,
    name: &'n str,
    id: [u8; 4],
    /// What follows the key's id: at least one byte.
    pub(super) signature: Vec<u8>,
}

impl<'n> SignedNote<'n> {
    /// Reads a note whose text holds no blank line; `None` when it is none, or too large.
    pub(super) fn read(note: &'n str) -> Option<Self> {
        if note.len() > NOTE_BYTES {
            return None;
        }
        let (text, signatures) = note.split_once("\n\n")?;
        // The blank line ends the text; the text's own last line break is part of what is signed.
        let text = &note[..=text.len()];
        Some(Self { text, signatures: signature_lines(signatures)? })
    }
}

impl SignatureLine<'_> {
    /// Whether the line claims to be by `key`.
    pub(super) fn names<const TYPE: u8>(&self, key: &NoteKey<TYPE>) -> bool {
        self.name == key.name() && self.id == key.id()
    }
}

/// Reads one or more signature lines, each of which must end in a line break.
pub(super) fn signature_lines(text: &str) -> Option<Vec<SignatureLine<'_>>> {
    lines(text)?.into_iter().map(signature_line).collect()
}

/// The signature line of `key`, with its line break.
pub(super) fn write_line<const TYPE: u8>(key: &NoteKey<TYPE>, signature: &[u8]) -> String {
    let blob = [&key.id()[..], signature].concat();
    format!("\u{2014} {} {}\n", key.name(), STANDARD.encode(blob))
}

/// The lines of `text`, each of which must end in a line break and be free of control characters.
pub(super) fn lines(text: &str) -> Option<Vec<&str>> {
    let body = text.strip_suffix('\n')?;
    let controlled = body.bytes().any(|byte| byte < 0x20 && byte != b'\n');
    (!controlled).then(|| body.split('\n').collect())
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let blob = STANDARD.decode(blob).ok()?;
    let (id, signature) = blob.split_first_chunk()?;
    if !is_key_name(name) || signature.is_empty() {
        return None;
    }
    Some(SignatureLine { line, name, id: *id, signature: signature.to_vec() })
}

/// A checkpoint with a hundred cosignatures stays below this.
pub(super) const NOTE_BYTES: usize = 32 * 1024;

//! PEM (RFC 7468): base64 between two lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::crypto::x509::Certificate;

/// A certificate in PEM form.
#[must_use]
pub fn certificate_pem(certificate: &Certificate) -> String {
    encode(CERTIFICATE, certificate.der())
}

pub(super) fn private_key_pem(pkcs8: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(encode(PRIVATE_KEY, pkcs8))
}

/// The contents of every block with this label; `None` when the text is not PEM to its end.
pub(super) fn decode_all(label: &str, text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut blocks = Vec::new();
    for block in x509_parser::pem::Pem::iter_from_buffer(text) {
        let block = block.ok()?;
        if block.label == label {
            blocks.push(block.contents);
        }
    }
    Some(blocks)
}

pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let body = Zeroizing::new(STANDARD.encode(der));
    // The size is known, so that no half-written copy of a key is left behind by growth.
    let mut text = String::with_capacity(body.len() + body.len() / LINE + 2 * label.len() + 40);
    text.extend(["-----BEGIN ", label, "-----\n"]);
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

pub(super) const CERTIFICATE: &str = "CERTIFICATE";
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY";
/// Characters of one line (RFC 7468 §2).
const LINE: usize = 64;

//! Issuing a licence as an SD-JWT VC: which claims stay clear, which the holder may hide, and in
//! what envelope. Which licence is issued, and when, is for the register.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::disclosure::{SHA_256, disclose};
use super::envelope::{Confirmation, StatusClaim, StatusReference};
use crate::base::{Code, Entropy, NumericDate, ServiceId, Timestamp, limits};
use crate::crypto::jws::{Header, Typ, sign_compact};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, Jwk, SealError, Signer};
use crate::licence::{DisclosureClass, LicenceDocument};

/// What a credential says beside the licence.
#[derive(Clone, Debug)]
pub struct IssueTerms<'t> {
    /// The entry of the issuer in its province's list, which becomes `iss`.
    pub issuer: &'t ServiceId,
    /// The signer's certificate first, then its chain.
    pub chain: &'t [Certificate],
    /// Where the status will stand.
    pub status: StatusReference,
    /// The holder's key, where there is one.
    pub holder: Option<&'t Jwk>,
    /// The instant of signing.
    pub now: Timestamp,
}

/// A credential with every disclosure, for its holder.
#[derive(Clone)]
pub struct Issued {
    /// `<issuer-jwt>~<disclosure>~…~`.
    pub token: String,
    /// SHA-256 of the issuer's JWT. The salts inside make it say nothing of the licence.
    pub digest: Digest,
}

/// Shows the digest; the token is the licence itself.
impl std::fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Issued({})", self.digest)
    }
}

/// Issues `document`.
///
/// Claims of class public stay clear, the envelope among them; all others become disclosures with
/// salts of 128 bits. Their digests are sorted and filled up with decoys, so that neither order
/// nor number tells what a licence has.
pub fn issue(
    document: &LicenceDocument,
    terms: &IssueTerms<'_>,
    signer: &dyn Signer,
    entropy: &dyn Entropy,
) -> Result<Issued, IssueError> {
    let certificate = terms.chain.first().ok_or(IssueError::OtherKey)?;
    if certificate.spki_digest() != signer.public_key().spki_digest() {
        return Err(IssueError::OtherKey);
    }
    let (clear, disclosures) = divide(document, entropy)?;
    let payload = Payload {
        iss: terms.issuer,
        vct: document.licence_type().vct(),
        iat: terms.now.into(),
        nbf: document.valid_from().start().into(),
        exp: document.valid_to().end().into(),
        status: StatusClaim { status_list: Some(terms.status.clone()) },
        cnf: terms.holder.map(|jwk| Confirmation { jwk: jwk.clone() }),
        clear,
        digests: digests(&disclosures, entropy),
        digest_algorithm: SHA_256,
    };
    let chain: Vec<&[u8]> = terms.chain.iter().map(Certificate::der).collect();
    let header = Header::new(Typ::Licence).with_chain(&chain);
    let jwt = sign_compact(signer, header, &payload).map_err(IssueError::Seal)?;
    let mut token = jwt.clone() + "~";
    token.extend(disclosures.iter().flat_map(|disclosure| [disclosure.as_str(), "~"]));
    if token.len() > limits::TOKEN_BYTES {
        return Err(IssueError::TooLarge);
    }
    Ok(Issued { token, digest: Digest::of(&jwt) })
}

/// Why a credential cannot be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The chain does not begin with the certificate of the signing key.
    #[error("the chain does not begin with the certificate of the signing key")]
    OtherKey,
    /// It could not be signed.
    #[error(transparent)]
    Seal(SealError),
    /// The token, or one claim of it, would be larger than any verifier takes.
    #[error("larger than a verifier takes")]
    TooLarge,
}

impl IssueError {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::OtherKey | Self::Seal(_) => Code::Internal,
            Self::TooLarge => Code::ValidationFailed,
        }
    }
}

#[derive(Serialize)]
struct Payload<'t> {
    iss: &'t ServiceId,
    vct: String,
    iat: NumericDate,
    nbf: NumericDate,
    exp: NumericDate,
    status: StatusClaim,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(flatten)]
    clear: BTreeMap<&'static str, &'t Value>,
    #[serde(rename = "_sd")]
    digests: Vec<Digest>,
    #[serde(rename = "_sd_alg")]
    digest_algorithm: &'static str,
}

type Divided<'t> = (BTreeMap<&'static str, &'t Value>, Vec<String>);

/// The claims that stay clear, and the disclosures of the others.
fn divide<'t>(
    document: &'t LicenceDocument,
    entropy: &dyn Entropy,
) -> Result<Divided<'t>, IssueError> {
    let holder = document.holder_kind();
    let mut clear = BTreeMap::new();
    let mut disclosures = Vec::new();
    for (field, value) in document.claims() {
        let is_public = field.disclosure_class(holder) == DisclosureClass::Public;
        if is_public || field.is_envelope() {
            clear.insert(field.json_name(), value);
            continue;
        }
        let disclosure = disclose(field.json_name(), value, entropy);
        if disclosure.len() > limits::DISCLOSURE_BYTES {
            return Err(IssueError::TooLarge);
        }
        disclosures.push(disclosure);
    }
    Ok((clear, disclosures))
}

/// The digests of `disclosures` among decoys (RFC 9901 §4.2.5), sorted.
fn digests(disclosures: &[String], entropy: &dyn Entropy) -> Vec<Digest> {
    let padded = (disclosures.len() / DIGEST_STEP + 1) * DIGEST_STEP;
    let mut digests: Vec<Digest> = disclosures.iter().map(Digest::of).collect();
    digests.resize_with(padded, || Digest::of_parts(&[&entropy.salt(), &entropy.salt()]));
    digests.sort_unstable();
    digests
}

/// The number of digests is a multiple of this, with one decoy at least.
const DIGEST_STEP: usize = 8;

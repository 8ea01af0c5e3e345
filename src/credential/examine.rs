//! The first half of a verification: is this a credential, do we recognise who issued it, and is
//! it whole? A credential that fails here shows nothing of what it says.

use serde_json::{Map, Value};

use super::disclosure::Disclosure;
use super::envelope::{Envelope, StatusReference, is_always_clear, is_below, is_technical};
use super::key_binding::{self, Presented};
use super::report::{Check, CheckName, CheckResult, Decision, SignatureReport};
use super::sd_jwt::{SdJwt, SdJwtError, jws_code};
use super::unfold::unfold;
use crate::base::{Code, Division, Timestamp};
use crate::crypto::json::{self, JsonError};
use crate::crypto::jws::{Compact, JwsError, Typ};
use crate::crypto::x509::{Certificate, CertificateError};
use crate::crypto::{Digest, PublicKey};
use crate::licence::{Identifier, LicenceType};
use crate::trust::{IssuerRefusal, Snapshot, TrustedIssuer};

/// Judges everything about `token` that does not change with its status: format, issuer, scope,
/// signature, disclosures (RFC 9901 §7.1).
pub fn examine(
    token: &str,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Result<Authentic, Box<Failure>> {
    let mut checks = Checks::default();
    let parsed = checks.note(CheckName::Format, Parsed::read(token))?;
    let issuer = checks.note(CheckName::Issuer, parsed.recognise(snapshot, now))?;
    // The signature before anything that is said under it: a changed claim is tampering, whichever
    // rule the changed value would break besides.
    let verified = parsed.jws.verify(issuer.key(), Typ::Licence).map(|_| ());
    checks.note(CheckName::Signature, verified.map_err(ExamineError::Jws))?;
    let envelope = checks.note(CheckName::Format, Envelope::read(&parsed.payload))?;
    let holder_key = checks.note(CheckName::Format, envelope.holder_key())?;
    let licence_type = checks.note(CheckName::Scope, envelope.licence_type(&issuer))?;
    let digest = parsed.jws.digest();
    let key_binding = parsed.key_binding();
    let claims = checks
        .note(CheckName::Disclosures, disclosed_claims(parsed.payload, parsed.disclosures))?;
    let checks = checks.0;
    Ok(Authentic {
        issuer,
        envelope,
        licence_type,
        holder_key,
        claims,
        digest,
        key_binding,
        checks,
    })
}

/// The key that a credential of our own register is bound to, read without judging it: taking a
/// grant back must not depend on the state of anybody's trust.
#[must_use]
pub fn bound_key(own_credential: &str) -> Option<PublicKey> {
    let (jwt, _) = own_credential.split_once('~')?;
    let compact = Compact::parse(jwt).ok()?;
    let payload: Map<String, Value> = json::from_slice(compact.unverified_payload()).ok()?;
    Envelope::read(&payload).ok()?.holder_key().ok()?
}

/// A credential that its recognised issuer did sign. Whether it is in force is not known yet.
///
/// Only [`examine`] makes one, and it is used up by [`Authentic::judge`].
#[derive(Debug)]
pub struct Authentic {
    pub(super) issuer: TrustedIssuer,
    pub(super) envelope: Envelope,
    pub(super) licence_type: LicenceType,
    pub(super) holder_key: Option<PublicKey>,
    pub(super) claims: Map<String, Value>,
    pub(super) digest: Digest,
    pub(super) key_binding: Option<Presented>,
    pub(super) checks: Vec<Check>,
}

impl Authentic {
    /// Who issued it.
    #[must_use]
    pub const fn issuer(&self) -> &TrustedIssuer {
        &self.issuer
    }

    /// The identifier of the licence.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        self.envelope.identifier()
    }

    /// The kind of licence.
    #[must_use]
    pub const fn licence_type(&self) -> LicenceType {
        self.licence_type
    }

    /// The division whose authority issued it.
    #[must_use]
    pub const fn division(&self) -> Division {
        self.envelope.division()
    }

    /// The digest of the issuer's JWT, the same whatever is disclosed: the credential's name in
    /// the audit log.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The status list to fetch, unless there is none or its address lies outside the province's
    /// public origin; such an address is never asked.
    #[must_use]
    pub fn status_reference(&self) -> Option<&StatusReference> {
        let origin = self.issuer.public_origin();
        self.envelope.status_reference().filter(|reference| is_below(&reference.uri, origin))
    }

    /// What it discloses, signed by its issuer. Which of it a caller may see is for the policy.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The key it is bound to, where it is bound to one.
    #[must_use]
    pub const fn holder_key(&self) -> Option<&PublicKey> {
        self.holder_key.as_ref()
    }

    /// The nonce of the key binding, unverified: by it the caller finds the challenge it sent.
    #[must_use]
    pub fn presented_nonce(&self) -> Option<String> {
        self.key_binding.as_ref().and_then(key_binding::unverified_nonce)
    }
}

/// A token that is no authentic credential: the code, and the checks made so far.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    #[source]
    error: ExamineError,
    checks: Vec<Check>,
}

impl Failure {
    /// What is wrong.
    #[must_use]
    pub const fn error(&self) -> &ExamineError {
        &self.error
    }

    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.error.code()
    }

    /// Refuse or check, never accept.
    #[must_use]
    pub fn decision(&self) -> Decision {
        Decision::of(self.code())
            .filter(|decision| *decision != Decision::Accept)
            .unwrap_or(Decision::Refuse)
    }

    /// The report on the signature, with nothing of the content.
    #[must_use]
    pub fn signature(&self) -> SignatureReport {
        SignatureReport::refused(self.code(), self.checks.clone())
    }
}

/// Why a token is no authentic credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExamineError {
    /// The signer's certificate cannot be read.
    #[error("the signer's certificate: {0}")]
    Certificate(CertificateError),
    /// A required claim is absent, hidden, or of another type.
    #[error("a required claim is absent, hidden or malformed")]
    Envelope,
    /// A claim that must stay visible came as a disclosure.
    #[error("a claim that must always be visible was disclosed")]
    HiddenClaim,
    /// The issuer is not recognised, or not for this.
    #[error(transparent)]
    Issuer(IssuerRefusal),
    /// The issuer's JWT is refused.
    #[error("the issuer's JWT: {0}")]
    Jws(JwsError),
    /// The holder's JWT is not one.
    #[error("the holder's JWT: {0}")]
    KeyBinding(JwsError),
    /// The payload is not acceptable JSON.
    #[error("the payload: {0}")]
    Payload(JsonError),
    /// The token does not carry its signer's certificate.
    #[error("the token names no signer's certificate")]
    NoCertificate,
    /// `iss`, type, division or identifier disagree with the list, or with each other.
    #[error("the claims disagree with the issuer's entry")]
    OutOfScope,
    /// The form of the token or of a disclosure is refused.
    #[error(transparent)]
    SdJwt(SdJwtError),
}

impl ExamineError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Certificate(CertificateError::TooLarge)
            | Self::KeyBinding(JwsError::TooLarge) => Code::FormatTooLarge,
            Self::Certificate(CertificateError::Malformed)
            | Self::Envelope
            | Self::HiddenClaim
            | Self::KeyBinding(_)
            | Self::Payload(_) => Code::FormatDamaged,
            // A certificate that no list could hold belongs to nobody's issuer.
            Self::Certificate(_) => Code::IssuerNotFederated,
            Self::Issuer(refusal) => refusal.code(),
            Self::Jws(error) => jws_code(error),
            Self::NoCertificate => Code::IssuerKeyUnknown,
            Self::OutOfScope => Code::IssuerOutOfScope,
            Self::SdJwt(error) => error.code(),
        }
    }
}

/// The token in pieces, before anything is believed.
struct Parsed<'t> {
    sd_jwt: SdJwt<'t>,
    jws: Compact<'t>,
    payload: Map<String, Value>,
    disclosures: Vec<Disclosure<'t>>,
}

impl<'t> Parsed<'t> {
    fn read(token: &'t str) -> Result<Self, ExamineError> {
        let sd_jwt = SdJwt::split(token).map_err(ExamineError::SdJwt)?;
        let jws = Compact::parse(sd_jwt.issuer_jwt()).map_err(ExamineError::Jws)?;
        jws.header().demand(Typ::Licence).map_err(ExamineError::Jws)?;
        if jws.header().algorithm().is_none() {
            return Err(ExamineError::Jws(JwsError::AlgorithmNotAllowed));
        }
        let payload = json::from_slice(jws.unverified_payload()).map_err(ExamineError::Payload)?;
        let disclosures = sd_jwt.disclosures().map_err(ExamineError::SdJwt)?;
        if let Some(token) = sd_jwt.key_binding() {
            Compact::parse(token).map_err(ExamineError::KeyBinding)?;
        }
        Ok(Self { sd_jwt, jws, payload, disclosures })
    }

    /// Finds the issuer by the first certificate; the others were judged when the list came in.
    fn recognise(
        &self,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<TrustedIssuer, ExamineError> {
        let chain = self.jws.header().chain().map_err(ExamineError::Jws)?;
        let signer = chain.first().ok_or(ExamineError::NoCertificate)?;
        let signer = Certificate::parse(signer).map_err(ExamineError::Certificate)?;
        // Not verified yet: it is covered by the signature that decides, and lets in nobody whose
        // key is in doubt.
        let signed_at = self.payload.get("iat").and_then(Value::as_i64);
        let signed_at = signed_at.map(Timestamp::from_unix_seconds);
        snapshot.recognise_signed(&signer, signed_at, now).map_err(ExamineError::Issuer)
    }

    fn key_binding(&self) -> Option<Presented> {
        let token = self.sd_jwt.key_binding()?;
        Some(Presented { token: token.to_owned(), sd_hash: self.sd_jwt.sd_hash() })
    }
}

/// The claims of the licence, clear and disclosed, without those of the token.
fn disclosed_claims(
    payload: Map<String, Value>,
    disclosures: Vec<Disclosure<'_>>,
) -> Result<Map<String, Value>, ExamineError> {
    let clear: Vec<String> = payload.keys().filter(|name| is_always_clear(name)).cloned().collect();
    let mut claims = unfold(payload, disclosures).map_err(ExamineError::SdJwt)?;
    if claims.keys().any(|name| is_always_clear(name) && !clear.contains(name)) {
        return Err(ExamineError::HiddenClaim);
    }
    claims.retain(|name, _| !is_technical(name));
    Ok(claims)
}

/// The checks made so far, one line for each name.
#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn note<T>(
        &mut self,
        name: CheckName,
        outcome: Result<T, ExamineError>,
    ) -> Result<T, Box<Failure>> {
        let result = CheckResult::of(outcome.as_ref().err().map(ExamineError::code));
        match self.0.iter_mut().find(|check| check.name == name) {
            Some(check) => check.result = result,
            None => self.0.push(Check { name, result }),
        }
        outcome.map_err(|error| Box::new(Failure { error, checks: std::mem::take(&mut self.0) }))
    }
}

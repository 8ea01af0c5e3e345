//! A client's own signature over its request: with it a gateway cannot invent businesses.

use serde::{Deserialize, Serialize};

use super::ExchangeRefusal;
use crate::base::{MemberId, NumericDate, Timestamp, limits};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, SealError, Signer, base64url};

/// A client's statement that it asks `aud` this, made with its certificate's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRequest {
    /// The member that is to answer.
    pub aud: MemberId,
    /// When it was made.
    pub iat: NumericDate,
    /// When it ends.
    pub exp: NumericDate,
    /// Used once.
    pub jti: String,
    /// SHA-256 of the body.
    pub body_sha256: Digest,
}

impl ClientRequest {
    /// Signs a request with the key of `certificate`, which travels along so that the answering
    /// gateway can find the key; who it is comes from the registration.
    pub fn sign(
        signer: &dyn Signer,
        certificate: &Certificate,
        aud: MemberId,
        body: &[u8],
        salt: [u8; 16],
        now: Timestamp,
    ) -> Result<String, SealError> {
        let claims = Self {
            aud,
            iat: now.into(),
            exp: (now + limits::REQUEST_LIFE).into(),
            jti: base64url::encode(salt),
            body_sha256: Digest::of(body),
        };
        let header = Header::new(Typ::ClientRequest).with_chain(&[certificate.der()]);
        sign_compact(signer, header, &claims)
    }

    /// Which member a request is meant for, before it is believed: how its own gateway finds the
    /// way.
    pub fn audience(token: &str) -> Result<MemberId, ExchangeRefusal> {
        let compact = Compact::parse(token)?;
        let claims: Self = crate::crypto::json::from_slice(compact.unverified_payload())
            .map_err(|_| ExchangeRefusal::SignatureInvalid)?;
        Ok(claims.aud)
    }

    /// Verifies that the client whose key has the digest `spki` asks `aud` this `body` now.
    pub fn open(
        token: &str,
        spki: Digest,
        aud: MemberId,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Self, ExchangeRefusal> {
        let compact = Compact::parse(token)?;
        let chain = compact.header().chain()?;
        let [der] = &chain[..] else { return Err(ExchangeRefusal::SignatureInvalid) };
        let certificate = Certificate::parse(der).map_err(|_| ExchangeRefusal::SignatureInvalid)?;
        let key = certificate.public_key().map_err(|_| ExchangeRefusal::SignatureInvalid)?;
        if key.spki_digest() != spki {
            return Err(ExchangeRefusal::SignatureInvalid);
        }
        let claims: Self = compact.open(&key, Typ::ClientRequest)?;
        if claims.aud != aud || claims.body_sha256 != Digest::of(body) {
            return Err(ExchangeRefusal::SignatureInvalid);
        }
        super::request::check_life(claims.iat, claims.exp, now)?;
        Ok(claims)
    }
}

//! A question of one gateway to another: signed, for one member, over one body, used once.

use serde::{Deserialize, Serialize};

use super::ExchangeRefusal;
use super::asking::{Basis, CallerStatement, Officer};
use crate::base::{MemberId, NumericDate, Timestamp, limits};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, PublicKey, SealError, Signer, base64url};

/// A request that was verified: who asks, for whom, and on what ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    claims: Claims,
    sha256: Digest,
}

/// What an asking gateway puts into a request.
#[derive(Clone, Debug)]
pub struct RequestDraft<'a> {
    /// The asking member.
    pub iss: MemberId,
    /// The member that is to answer.
    pub aud: MemberId,
    /// HTTP method.
    pub htm: &'a str,
    /// Path of the address.
    pub htu: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The client that is asked for.
    pub caller: Option<CallerStatement>,
    /// The ground.
    pub basis: Basis,
    /// The officer behind it.
    pub officer: Option<Officer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: MemberId,
    aud: MemberId,
    iat: NumericDate,
    exp: NumericDate,
    jti: String,
    htm: String,
    htu: String,
    body_sha256: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<CallerStatement>,
    basis: Basis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    officer: Option<Officer>,
}

impl RequestDraft<'_> {
    /// Signs the request; it lives for [`limits::REQUEST_LIFE`]. `salt` makes its `jti` unique.
    pub fn sign(
        self,
        signer: &dyn Signer,
        salt: [u8; 16],
        now: Timestamp,
    ) -> Result<String, SealError> {
        let claims = Claims {
            iss: self.iss,
            aud: self.aud,
            iat: now.into(),
            exp: (now + limits::REQUEST_LIFE).into(),
            jti: base64url::encode(salt),
            htm: self.htm.to_owned(),
            htu: self.htu.to_owned(),
            body_sha256: Digest::of(self.body),
            caller: self.caller,
            basis: self.basis,
            officer: self.officer,
        };
        sign_compact(signer, Header::new(Typ::Request), &claims)
    }
}

/// Where a request arrived, against which it is held.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The member at the other end of the TLS connection.
    pub peer: MemberId,
    /// The member that is asked.
    pub own: MemberId,
    /// HTTP method.
    pub method: &'a str,
    /// Path of the address.
    pub path: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Request {
    /// Verifies `token` under one of the `keys` of the peer, against how it arrived. That its
    /// `jti` is new is decided by the store.
    pub fn open<'k>(
        token: &str,
        arrival: Arrival<'_>,
        keys: impl Iterator<Item = &'k PublicKey>,
        now: Timestamp,
    ) -> Result<Self, ExchangeRefusal> {
        let compact = Compact::parse(token)?;
        let mut opened = keys.filter_map(|key| compact.open::<Claims>(key, Typ::Request).ok());
        let claims = opened.next().ok_or(ExchangeRefusal::SignatureInvalid)?;
        let bound = claims.iss == arrival.peer
            && claims.aud == arrival.own
            && claims.htm == arrival.method
            && claims.htu == arrival.path
            && claims.body_sha256 == Digest::of(arrival.body);
        if !bound {
            return Err(ExchangeRefusal::SignatureInvalid);
        }
        check_life(claims.iat, claims.exp, now)?;
        Ok(Self { sha256: compact.digest(), claims })
    }

    /// The asking member.
    #[must_use]
    pub const fn issuer(&self) -> MemberId {
        self.claims.iss
    }

    /// Its name, used once.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.claims.jti
    }

    /// When it ends.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.claims.exp.instant()
    }

    /// The client that is asked for.
    #[must_use]
    pub const fn caller(&self) -> Option<&CallerStatement> {
        self.claims.caller.as_ref()
    }

    /// The ground.
    #[must_use]
    pub const fn basis(&self) -> &Basis {
        &self.claims.basis
    }

    /// The officer behind it.
    #[must_use]
    pub const fn officer(&self) -> Option<&Officer> {
        self.claims.officer.as_ref()
    }

    /// SHA-256 of the token, to which the answer is bound.
    #[must_use]
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }
}

/// A request lives a minute at most, and may be ahead of our clock by the allowed skew.
pub(super) fn check_life(
    issued: NumericDate,
    expires: NumericDate,
    now: Timestamp,
) -> Result<(), ExchangeRefusal> {
    let (issued, expires) = (issued.instant(), expires.instant());
    let lives = issued <= now + limits::CLOCK_SKEW
        && expires > issued
        && expires <= issued + limits::REQUEST_LIFE
        && now < expires;
    if lives { Ok(()) } else { Err(ExchangeRefusal::Replayed) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::client_request::ClientRequest;
    use super::*;
    use crate::crypto::Algorithm;
    use crate::crypto::seal::SoftwareKey;

    const BODY: &[u8] = br#"{"plate":"x"}"#;

    fn member(digits: &str) -> MemberId {
        digits.parse::<crate::base::Division>().unwrap().member()
    }

    fn now() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn signed(key: &SoftwareKey) -> String {
        let draft = RequestDraft {
            iss: member("130000"),
            aud: member("120000"),
            htm: "POST",
            htu: "/v1/licences:query",
            body: BODY,
            caller: None,
            basis: Basis::Presented,
            officer: None,
        };
        draft.sign(key, [7; 16], now()).unwrap()
    }

    fn arrival() -> Arrival<'static> {
        Arrival {
            peer: member("130000"),
            own: member("120000"),
            method: "POST",
            path: "/v1/licences:query",
            body: BODY,
        }
    }

    fn open(
        key: &SoftwareKey,
        token: &str,
        arrival: Arrival<'_>,
        at: Timestamp,
    ) -> Result<Request, ExchangeRefusal> {
        Request::open(token, arrival, std::iter::once(key.public_key()), at)
    }

    #[test]
    fn fd_09_17_a_request_is_bound_to_asker_member_route_body_and_minute() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let token = signed(&key);
        assert!(open(&key, &token, arrival(), now()).is_ok());
        for wrong in [
            Arrival { peer: member("440000"), ..arrival() },
            Arrival { own: member("440000"), ..arrival() },
            Arrival { method: "PUT", ..arrival() },
            Arrival { path: "/v1/disclosures", ..arrival() },
            Arrival { body: b"{}", ..arrival() },
        ] {
            assert_eq!(open(&key, &token, wrong, now()), Err(ExchangeRefusal::SignatureInvalid));
        }
        let later = now() + limits::REQUEST_LIFE;
        assert_eq!(open(&key, &token, arrival(), later), Err(ExchangeRefusal::Replayed));
        let earlier = now() - limits::CLOCK_SKEW - Duration::from_secs(1);
        assert_eq!(open(&key, &token, arrival(), earlier), Err(ExchangeRefusal::Replayed));
        let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
        assert_eq!(
            open(&stranger, &token, arrival(), now()),
            Err(ExchangeRefusal::SignatureInvalid)
        );
    }

    #[test]
    fn fd_16_a_client_request_is_bound_to_its_certificate_member_and_body() {
        let pair = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
        let certificate =
            crate::crypto::x509::Certificate::parse(params.self_signed(&pair).unwrap().der())
                .unwrap();
        let key = SoftwareKey::from_pkcs8(&pair.serialize_der()).unwrap();
        let aud = member("120000");
        let spki = certificate.spki_digest();
        let token = ClientRequest::sign(&key, &certificate, aud, BODY, [1; 16], now()).unwrap();
        assert_eq!(ClientRequest::audience(&token), Ok(aud));
        assert!(ClientRequest::open(&token, spki, aud, BODY, now()).is_ok());
        let other = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let other_spki = other.public_key().spki_digest();
        let invalid = Err(ExchangeRefusal::SignatureInvalid);
        assert_eq!(ClientRequest::open(&token, other_spki, aud, BODY, now()), invalid);
        assert_eq!(ClientRequest::open(&token, spki, member("130000"), BODY, now()), invalid);
        assert_eq!(ClientRequest::open(&token, spki, aud, b"{}", now()), invalid);
        let forged = ClientRequest::sign(&other, &certificate, aud, BODY, [1; 16], now()).unwrap();
        assert_eq!(ClientRequest::open(&forged, spki, aud, BODY, now()), invalid);
    }
}

//! The compact serialisation (RFC 7515 §3.1), and its detached form (RFC 7515 appendix F).

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::key::PublicKey;
use super::super::signer::{SealError, Signer};
use super::super::{Digest, base64url, json};
use super::{Header, JwsError, Typ};
use crate::base::limits;

/// A compact JWS that was split and decoded, and not yet believed.
#[derive(Clone, Debug)]
pub struct Compact<'t> {
    token: &'t str,
    header: Header,
    payload: Vec<u8>,
    signing_input: &'t str,
    signature: Vec<u8>,
}

impl<'t> Compact<'t> {
    /// Splits and decodes `token`: exactly three non-empty parts, canonical base64url, a header
    /// without forbidden members, within [`limits::TOKEN_BYTES`].
    pub fn parse(token: &'t str) -> Result<Self, JwsError> {
        Self::parse_within(token, limits::TOKEN_BYTES)
    }

    /// As [`Self::parse`], for a kind of document that has a bound of its own.
    pub fn parse_within(token: &'t str, most_bytes: usize) -> Result<Self, JwsError> {
        if token.len() > most_bytes {
            return Err(JwsError::TooLarge);
        }
        let parts: Vec<&str> = token.splitn(6, '.').collect();
        let [header, payload, signature] = parts[..] else { return Err(JwsError::NotCompact) };
        let signing_input = &token[..header.len() + 1 + payload.len()];
        let header = Header::parse(header)?;
        let payload = base64url::decode(payload).map_err(|_| JwsError::Malformed)?;
        let signature = base64url::decode(signature).map_err(|_| JwsError::Malformed)?;
        Ok(Self { token, header, payload, signing_input, signature })
    }

    /// The protected header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The payload before its signature was checked: good for finding a key, for nothing else.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The digest of the token's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.token)
    }

    /// Verifies kind, algorithm and signature under `key`, and yields the payload.
    pub fn verify(&self, key: &PublicKey, typ: Typ) -> Result<&[u8], JwsError> {
        self.header.demand(typ)?;
        self.verify_signature(key)?;
        Ok(&self.payload)
    }

    /// As [`Self::verify`], then reads the payload as a document of type `T`.
    pub fn open<T: DeserializeOwned>(&self, key: &PublicKey, typ: Typ) -> Result<T, JwsError> {
        Ok(json::from_slice(self.verify(key, typ)?)?)
    }

    fn verify_signature(&self, key: &PublicKey) -> Result<(), JwsError> {
        if self.header.algorithm() != Some(key.algorithm()) {
            return Err(JwsError::AlgorithmNotAllowed);
        }
        key.verify(self.signing_input.as_bytes(), &self.signature).map_err(|_| JwsError::Signature)
    }
}

/// Signs `document` as a compact JWS under `header`.
pub fn sign_compact(
    signer: &dyn Signer,
    header: Header,
    document: &impl Serialize,
) -> Result<String, SealError> {
    let payload = serde_json::to_vec(document).map_err(|_| SealError::Document)?;
    sign_bytes(signer, header, &payload)
}

/// Signs the canonical form (RFC 8785) of `document` and leaves it out of the result:
/// `header..signature`.
pub fn sign_detached(
    signer: &dyn Signer,
    header: Header,
    document: &impl Serialize,
) -> Result<String, SealError> {
    let payload = json::canonical(document).map_err(|_| SealError::Document)?;
    let token = sign_bytes(signer, header, &payload)?;
    let mut parts = token.split('.');
    let (header, signature) = (parts.next().unwrap_or_default(), parts.next_back());
    Ok(format!("{header}..{}", signature.unwrap_or_default()))
}

/// Verifies a detached signature over the canonical form of `document`.
pub fn verify_detached(
    token: &str,
    document: &impl Serialize,
    key: &PublicKey,
    typ: Typ,
) -> Result<(), JwsError> {
    let (header, signature) = token.split_once("..").ok_or(JwsError::NotCompact)?;
    let payload = base64url::encode(json::canonical(document)?);
    Compact::parse_unbounded(&format!("{header}.{payload}.{signature}"), key, typ)
}

impl Compact<'_> {
    /// Verifies a token whose payload is our own document, which may be larger than a token that
    /// came from outside may be.
    fn parse_unbounded(token: &str, key: &PublicKey, typ: Typ) -> Result<(), JwsError> {
        let parts: Vec<&str> = token.splitn(4, '.').collect();
        let [header, payload, signature] = parts[..] else { return Err(JwsError::NotCompact) };
        let signing_input = &token[..header.len() + 1 + payload.len()];
        let header = Header::parse(header)?;
        header.demand(typ)?;
        let signature = base64url::decode(signature).map_err(|_| JwsError::Malformed)?;
        Compact { token, header, payload: Vec::new(), signing_input, signature }
            .verify_signature(key)
    }
}

fn sign_bytes(signer: &dyn Signer, header: Header, payload: &[u8]) -> Result<String, SealError> {
    let header = header.encode(signer.algorithm()).map_err(|_| SealError::Document)?;
    let mut token = format!("{header}.{}", base64url::encode(payload));
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url::encode(signature));
    Ok(token)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::key::Algorithm;
    use super::super::super::seal::SoftwareKey;
    use super::*;

    fn key() -> SoftwareKey {
        SoftwareKey::generate(Algorithm::Es256).unwrap()
    }

    fn token_with_header(key: &SoftwareKey, header: &Value) -> String {
        let input =
            format!("{}.{}", base64url::encode(header.to_string()), base64url::encode("{}"));
        let signature = key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url::encode(signature))
    }

    fn refusal(key: &SoftwareKey, token: &str) -> JwsError {
        Compact::parse(token)
            .and_then(|compact| compact.open::<Value>(key.public_key(), Typ::Request))
            .unwrap_err()
    }

    #[test]
    fn a_signed_document_opens_under_its_key_and_kind_only() {
        let key = key();
        let token = sign_compact(&key, Header::new(Typ::Request), &json!({"a": 1})).unwrap();
        let compact = Compact::parse(&token).unwrap();
        assert_eq!(compact.open::<Value>(key.public_key(), Typ::Request).unwrap()["a"], 1);
        assert_eq!(compact.verify(key.public_key(), Typ::Answer).unwrap_err(), JwsError::WrongTyp);
        let other = SoftwareKey::generate(Algorithm::Es256).unwrap();
        assert_eq!(
            compact.verify(other.public_key(), Typ::Request).unwrap_err(),
            JwsError::Signature
        );
    }

    #[test]
    fn jw_01_to_03_the_token_does_not_choose_its_algorithm() {
        let key = key();
        for alg in ["none", "None", "nOnE", "HS256", "ES384", "RS256", "es256", ""] {
            let token =
                token_with_header(&key, &json!({"alg": alg, "typ": "elicence-request+jwt"}));
            assert_eq!(refusal(&key, &token), JwsError::AlgorithmNotAllowed, "{alg}");
        }
        let token = sign_compact(&key, Header::new(Typ::Request), &json!({})).unwrap();
        let unsigned = &token[..=token.rfind('.').unwrap()];
        assert_eq!(refusal(&key, unsigned), JwsError::Signature);
    }

    #[test]
    fn jw_04_alg_must_be_a_string() {
        let key = key();
        for header in [
            json!({"typ": "elicence-request+jwt"}),
            json!({"alg": 7, "typ": "elicence-request+jwt"}),
            json!({"alg": ["ES256"], "typ": "elicence-request+jwt"}),
        ] {
            assert!(matches!(refusal(&key, &token_with_header(&key, &header)), JwsError::Json(_)));
        }
    }

    #[test]
    fn jw_07_10_11_12_headers_that_redirect_trust_are_refused() {
        let key = key();
        for (member, value) in [
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("crit", Value::Null),
            ("b64", json!(true)),
            ("b64", json!(false)),
            ("jwk", json!({})),
            ("jku", json!("https://127.0.0.1/")),
            ("x5u", json!("https://127.0.0.1/")),
        ] {
            let mut header = json!({"alg": "ES256", "typ": "elicence-request+jwt"});
            header[member] = value;
            assert_eq!(
                refusal(&key, &token_with_header(&key, &header)),
                JwsError::ForbiddenHeader,
                "{member}"
            );
        }
    }

    #[test]
    fn jw_22_23_31_only_three_canonical_parts_within_limits() {
        let key = key();
        let token = sign_compact(&key, Header::new(Typ::Request), &json!({"a": 1})).unwrap();
        let (head, tail) = token.split_once('.').unwrap();
        assert_eq!(refusal(&key, head), JwsError::NotCompact);
        assert_eq!(refusal(&key, &format!("{token}.AAAA.AAAA")), JwsError::NotCompact);
        for bad in [
            format!(" {token}"),
            format!("{token}\n"),
            format!("{token}=="),
            format!("{head}=.{tail}"),
        ] {
            assert_eq!(refusal(&key, &bad), JwsError::Malformed, "{bad:?}");
        }
        let long = "A".repeat(limits::TOKEN_BYTES + 1);
        assert_eq!(Compact::parse(&long).unwrap_err(), JwsError::TooLarge);
        let header = "A".repeat(limits::JWS_HEADER_BYTES + 1);
        assert_eq!(Compact::parse(&format!("{header}.AA.AA")).unwrap_err(), JwsError::TooLarge);
    }

    #[test]
    fn detached_signatures_cover_the_canonical_document() {
        let key = key();
        let document = json!({"b": 2, "a": 1});
        let token = sign_detached(&key, Header::new(Typ::Report), &document).unwrap();
        let reordered = json!({"a": 1, "b": 2});
        verify_detached(&token, &reordered, key.public_key(), Typ::Report).unwrap();
        let changed = json!({"a": 1, "b": 3});
        assert_eq!(
            verify_detached(&token, &changed, key.public_key(), Typ::Report),
            Err(JwsError::Signature)
        );
    }

    #[test]
    fn josekit_as_a_second_reader_accepts_what_we_sign() {
        let key = key();
        let token = sign_compact(&key, Header::new(Typ::Answer), &json!({"x": "é"})).unwrap();
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        pem.push_str(&base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            key.public_key().spki(),
        ));
        pem.push_str("\n-----END PUBLIC KEY-----\n");
        let verifier = josekit::jws::ES256.verifier_from_pem(&pem).unwrap();
        let (payload, _) = josekit::jws::deserialize_compact(&token, &verifier).unwrap();
        assert_eq!(payload, "{\"x\":\"é\"}".as_bytes());
    }
}

//! JSON Web Keys (RFC 7517), public ones only, as they stand in `cnf` and in the lists.

use serde::{Deserialize, Serialize};

use super::base64url;
use super::key::{Algorithm, KeyError, PublicKey};

/// A public key in JSON; a private member (`d`) makes it unreadable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwk {
    kty: KeyType,
    crv: Curve,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    y: Option<String>,
}

impl Jwk {
    /// The JSON form of `key`.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let raw = key.raw();
        let point = |curve, width: usize| Self {
            kty: KeyType::Ec,
            crv: curve,
            x: base64url::encode(&raw[1..=width]),
            y: Some(base64url::encode(&raw[1 + width..])),
        };
        match key.algorithm() {
            Algorithm::Es256 => point(Curve::P256, 32),
            Algorithm::Es384 => point(Curve::P384, 48),
            Algorithm::EdDsa => {
                Self { kty: KeyType::Okp, crv: Curve::Ed25519, x: base64url::encode(raw), y: None }
            }
        }
    }

    /// The key, checked to lie on its curve.
    pub fn public_key(&self) -> Result<PublicKey, JwkError> {
        let x = base64url::decode(&self.x).map_err(|_| JwkError::Coordinate)?;
        match (self.kty, self.crv, &self.y) {
            (KeyType::Okp, Curve::Ed25519, None) => Ok(PublicKey::from_raw(Algorithm::EdDsa, &x)?),
            (KeyType::Ec, Curve::P256 | Curve::P384, Some(y)) => {
                let y = base64url::decode(y).map_err(|_| JwkError::Coordinate)?;
                let (algorithm, width) = match self.crv {
                    Curve::P384 => (Algorithm::Es384, 48),
                    _ => (Algorithm::Es256, 32),
                };
                if x.len() != width || y.len() != width {
                    return Err(JwkError::Coordinate);
                }
                Ok(PublicKey::from_raw(algorithm, &[&[4][..], &x, &y].concat())?)
            }
            _ => Err(JwkError::Mismatch),
        }
    }
}

/// Why a JSON Web Key is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// A coordinate is not base64url of the curve's width.
    #[error("a coordinate is not base64url of the curve's width")]
    Coordinate,
    /// The key itself is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// `kty`, `crv` and coordinates do not go together.
    #[error("kty, crv and coordinates do not go together")]
    Mismatch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum KeyType {
    #[serde(rename = "EC")]
    Ec,
    #[serde(rename = "OKP")]
    Okp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Curve {
    Ed25519,
    #[serde(rename = "P-256")]
    P256,
    #[serde(rename = "P-384")]
    P384,
}

#[cfg(test)]
mod tests {
    use super::super::seal::SoftwareKey;
    use super::super::signer::Signer;
    use super::*;

    #[test]
    fn every_kind_of_key_round_trips() {
        for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
            let key = SoftwareKey::generate(algorithm).unwrap();
            let json = serde_json::to_string(&Jwk::of(key.public_key())).unwrap();
            let read: Jwk = serde_json::from_str(&json).unwrap();
            assert_eq!(&read.public_key().unwrap(), key.public_key());
        }
    }

    #[test]
    fn private_members_wrong_widths_and_mismatches_are_refused() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let mut json = serde_json::to_value(Jwk::of(key.public_key())).unwrap();
        json["d"] = "AAAA".into();
        assert!(serde_json::from_value::<Jwk>(json.clone()).is_err());
        json.as_object_mut().unwrap().remove("d");
        json["x"] = "AAAA".into();
        let narrow: Jwk = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(narrow.public_key(), Err(JwkError::Coordinate));
        json["kty"] = "OKP".into();
        let mixed: Jwk = serde_json::from_value(json).unwrap();
        assert_eq!(mixed.public_key(), Err(JwkError::Mismatch));
    }
}

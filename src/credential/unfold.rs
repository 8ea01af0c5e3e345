//! Putting disclosures back where their digests stand (RFC 9901 §7.1).
//!
//! Every digest stands once, every disclosure is used once, and none takes the place of a claim.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::disclosure::{DIGEST_ALGORITHM, DIGESTS, Disclosure, ELEMENT, SHA_256};
use super::sd_jwt::SdJwtError;
use crate::base::limits;

/// The payload with every disclosure in its place, and without a trace of what stays hidden.
pub(super) fn unfold(
    mut payload: Map<String, Value>,
    disclosures: Vec<Disclosure<'_>>,
) -> Result<Map<String, Value>, SdJwtError> {
    match payload.remove(DIGEST_ALGORITHM) {
        None => {}
        Some(Value::String(algorithm)) if algorithm == SHA_256 => {}
        Some(_) => return Err(SdJwtError::HashAlgorithm),
    }
    let mut unfolding = Unfolding::new(disclosures)?;
    let claims = unfolding.object(payload, 0)?;
    if unfolding.unused.is_empty() { Ok(claims) } else { Err(SdJwtError::Unreferenced) }
}

struct Unfolding<'t> {
    /// By the text of the digest, which is how the payload names them.
    unused: HashMap<String, Disclosure<'t>>,
    seen: HashSet<String>,
}

impl<'t> Unfolding<'t> {
    fn new(disclosures: Vec<Disclosure<'t>>) -> Result<Self, SdJwtError> {
        let mut unused = HashMap::with_capacity(disclosures.len());
        for disclosure in disclosures {
            if unused.insert(disclosure.digest().to_string(), disclosure).is_some() {
                return Err(SdJwtError::DuplicateDigest);
            }
        }
        Ok(Self { unused, seen: HashSet::new() })
    }

    fn object(
        &mut self,
        mut object: Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, SdJwtError> {
        let digests = object.remove(DIGESTS);
        let mut claims = Map::new();
        for (name, value) in object {
            if name == ELEMENT || name == DIGEST_ALGORITHM {
                return Err(SdJwtError::ReservedName);
            }
            claims.insert(name, self.value(value, depth)?);
        }
        for digest in digests.map(digest_list).transpose()?.unwrap_or_default() {
            let Some(disclosure) = self.take(digest)? else { continue };
            let (name, value) = disclosure.into_member()?;
            if claims.contains_key(&name) {
                return Err(SdJwtError::Collision);
            }
            let value = self.value(value, deeper(depth)?)?;
            claims.insert(name, value);
        }
        Ok(claims)
    }

    fn value(&mut self, value: Value, depth: usize) -> Result<Value, SdJwtError> {
        match value {
            Value::Object(object) => self.object(object, depth).map(Value::Object),
            Value::Array(elements) => {
                let mut shown = Vec::with_capacity(elements.len());
                for element in elements {
                    shown.extend(self.element(element, depth)?);
                }
                Ok(Value::Array(shown))
            }
            plain => Ok(plain),
        }
    }

    fn element(&mut self, element: Value, depth: usize) -> Result<Option<Value>, SdJwtError> {
        let Value::Object(mut object) = element else {
            return self.value(element, depth).map(Some);
        };
        let Some(digest) = object.remove(ELEMENT) else {
            return self.object(object, depth).map(Value::Object).map(Some);
        };
        let (Value::String(digest), true) = (digest, object.is_empty()) else {
            return Err(SdJwtError::Malformed);
        };
        let Some(disclosure) = self.take(digest)? else { return Ok(None) };
        self.value(disclosure.into_element()?, deeper(depth)?).map(Some)
    }

    /// The disclosure of `digest`, if it was sent; decoys and hidden claims have none.
    fn take(&mut self, digest: String) -> Result<Option<Disclosure<'t>>, SdJwtError> {
        let disclosure = self.unused.remove(&digest);
        if self.seen.insert(digest) { Ok(disclosure) } else { Err(SdJwtError::DuplicateDigest) }
    }
}

fn digest_list(digests: Value) -> Result<Vec<String>, SdJwtError> {
    let Value::Array(digests) = digests else { return Err(SdJwtError::Malformed) };
    let text = |digest| match digest {
        Value::String(text) => Ok(text),
        _ => Err(SdJwtError::Malformed),
    };
    digests.into_iter().map(text).collect()
}

fn deeper(depth: usize) -> Result<usize, SdJwtError> {
    if depth < limits::DISCLOSURE_DEPTH { Ok(depth + 1) } else { Err(SdJwtError::TooLarge) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::{Digest, base64url};

    /// Unfolds `payload`, in which `"#n"` stands for the digest of the `n`-th disclosure.
    fn run(payload: &Value, disclosures: &[Value]) -> Result<Value, SdJwtError> {
        let mut encoded: Vec<String> = Vec::new();
        let place = |text: String, encoded: &[String]| {
            encoded.iter().enumerate().fold(text, |text, (index, disclosure)| {
                text.replace(&format!("#{index}"), &Digest::of(disclosure).to_string())
            })
        };
        for disclosure in disclosures {
            encoded.push(base64url::encode(place(disclosure.to_string(), &encoded)));
        }
        let payload = serde_json::from_str(&place(payload.to_string(), &encoded)).unwrap();
        let read = encoded.iter().map(|text| Disclosure::parse(text)).collect::<Result<_, _>>()?;
        unfold(payload, read).map(Value::Object)
    }

    fn refusal(payload: &Value, disclosures: &[Value]) -> SdJwtError {
        run(payload, disclosures).unwrap_err()
    }

    #[test]
    fn nested_claims_and_elements_find_their_places() {
        let payload = json!({
            "_sd_alg": "sha-256", "_sd": ["#1", "decoy"], "open": 1,
            "list": ["a", {"...": "#2"}, {"...": "hidden"}],
        });
        let disclosures =
            [json!(["s", "inner", 2]), json!(["s", "outer", {"_sd": ["#0"]}]), json!(["s", "b"])];
        assert_eq!(
            run(&payload, &disclosures).unwrap(),
            json!({"open": 1, "outer": {"inner": 2}, "list": ["a", "b"]})
        );
    }

    #[test]
    fn sd_01_every_disclosure_is_referenced() {
        let unreferenced = refusal(&json!({"_sd": []}), &[json!(["s", "a", 1])]);
        assert_eq!(unreferenced, SdJwtError::Unreferenced);
        assert_eq!(unreferenced.code().as_str(), "tampered.disclosure");
        // A disclosure inside another that is itself withheld.
        let orphan = json!(["s", "a", 1]);
        assert_eq!(refusal(&json!({"_sd": ["parent"]}), &[orphan]), SdJwtError::Unreferenced);
    }

    #[test]
    fn sd_02_sd_04_a_digest_stands_once() {
        let claim = [json!(["s", "a", 1])];
        let object = json!({"_sd": ["#0"], "x": {"_sd": ["#0"]}});
        assert_eq!(refusal(&object, &claim), SdJwtError::DuplicateDigest);
        for decoy in [json!({"_sd": ["d", "d"]}), json!({"_sd": ["d"], "x": [{"...": "d"}]})] {
            assert_eq!(refusal(&decoy, &[]), SdJwtError::DuplicateDigest, "{decoy}");
        }
        let twice = [claim[0].clone(), claim[0].clone()];
        assert_eq!(refusal(&json!({"_sd": ["#0"]}), &twice), SdJwtError::DuplicateDigest);
    }

    #[test]
    fn sd_05_reserved_names_and_collisions() {
        for payload in [json!({"...": "x"}), json!({"a": {"_sd_alg": "sha-256"}})] {
            assert_eq!(refusal(&payload, &[]), SdJwtError::ReservedName, "{payload}");
        }
        let claim = [json!(["s", "a", 1])];
        assert_eq!(refusal(&json!({"_sd": ["#0"], "a": 2}), &claim), SdJwtError::Collision);
        let both = [json!(["s", "a", 1]), json!(["t", "a", 2])];
        assert_eq!(refusal(&json!({"_sd": ["#0", "#1"]}), &both), SdJwtError::Collision);
    }

    #[test]
    fn sd_07_claims_and_elements_are_not_interchangeable() {
        let element = [json!(["s", 1])];
        assert_eq!(refusal(&json!({"_sd": ["#0"]}), &element), SdJwtError::Malformed);
        let claim = [json!(["s", "a", 1])];
        assert_eq!(refusal(&json!({"x": [{"...": "#0"}]}), &claim), SdJwtError::Malformed);
        assert_eq!(refusal(&json!({"x": [{"...": "d", "y": 1}]}), &[]), SdJwtError::Malformed);
        assert_eq!(refusal(&json!({"x": [{"...": 7}]}), &[]), SdJwtError::Malformed);
    }

    #[test]
    fn sd_09_only_sha_256() {
        for algorithm in [json!("md5"), json!("sha-512"), json!("SHA-256"), json!(256), json!(null)]
        {
            assert_eq!(refusal(&json!({"_sd_alg": algorithm}), &[]), SdJwtError::HashAlgorithm);
        }
    }

    #[test]
    fn sd_10_digests_are_an_array_of_strings() {
        for digests in [json!("d"), json!({}), json!([1]), json!([null]), json!([["d"]])] {
            assert_eq!(refusal(&json!({"_sd": digests}), &[]), SdJwtError::Malformed);
        }
    }

    #[test]
    fn sd_14_disclosures_within_disclosures_are_bounded() {
        let mut chain = vec![json!(["s", "a", 1])];
        for level in 0..limits::DISCLOSURE_DEPTH {
            chain.push(json!(["s", "a", {"_sd": [format!("#{level}")]}]));
        }
        let payload = |top: usize| json!({"_sd": [format!("#{top}")]});
        assert!(run(&payload(7), &chain[..8]).is_ok());
        assert_eq!(refusal(&payload(8), &chain), SdJwtError::TooLarge);
    }
}

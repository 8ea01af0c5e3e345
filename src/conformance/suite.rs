//! A file of vectors with the trust they rest on, and running it.

use serde::Deserialize;
use serde_json::Value;

use super::vector::{Expectation, Vector};
use crate::base::{Code, Division, ListId, Timestamp};
use crate::credential::examine;
use crate::crypto::Jwk;
use crate::crypto::json::{self, JsonError};
use crate::crypto::jws::{Compact, JwsError, Typ};
use crate::trust::{Root, Snapshot, TrustState, Update, UpdateRefusal};

/// A file of vectors, read, with its trust accepted by the rules of every node.
#[derive(Debug)]
pub struct Suite {
    vectors: Vec<Vector>,
    trust: Option<Trust>,
}

/// What came out of one vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Name of the vector.
    pub id: String,
    /// The right answer.
    pub expected: Expectation,
    /// The answer given.
    pub got: Expectation,
}

impl Outcome {
    /// Whether the answer given is the right one.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.expected == self.got
    }
}

impl Suite {
    /// Reads a file of vectors; unknown members are refused, so that nothing in a vector is
    /// silently left unchecked.
    pub fn parse(bytes: &[u8]) -> Result<Self, SuiteError> {
        let file: File = json::from_slice(bytes)?;
        if file.format != FORMAT {
            return Err(SuiteError::OtherFormat);
        }
        let trust = file.trust.as_ref().map(Trust::accept).transpose()?;
        let rests_on_trust = |vector: &Vector| matches!(vector, Vector::SdJwt { .. });
        if trust.is_none() && file.vectors.iter().any(rests_on_trust) {
            return Err(SuiteError::NoTrust);
        }
        Ok(Self { vectors: file.vectors, trust })
    }

    /// The vectors.
    #[must_use]
    pub fn vectors(&self) -> &[Vector] {
        &self.vectors
    }
}

/// Puts every vector of `suite` to this program's verifier.
#[must_use]
pub fn run(suite: &Suite) -> Vec<Outcome> {
    let answer = |vector: &Vector| match (vector, &suite.trust) {
        (Vector::Jws { jwk, typ, token, .. }, _) => judge_jws(jwk, *typ, token),
        (Vector::SdJwt { token, .. }, Some(trust)) => trust.judge(token),
        // A suite without trust holds no such vector; were it otherwise, unknown is never accepted.
        (Vector::SdJwt { .. }, None) => Expectation::Refuse(Code::IssuerNotFederated),
    };
    let outcome = |vector: &Vector| Outcome {
        id: vector.id().to_owned(),
        expected: vector.expected(),
        got: answer(vector),
    };
    suite.vectors.iter().map(outcome).collect()
}

/// Why a file of vectors cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuiteError {
    /// Not the JSON of a suite.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Vectors that rest on trust, and none in the file.
    #[error("the vectors rest on trust that the file does not hold")]
    NoTrust,
    /// Another format, or another version of it.
    #[error("not a suite of a format known here")]
    OtherFormat,
    /// The trust in the file is refused.
    #[error("the trust in the file: {0}")]
    Trust(#[from] UpdateRefusal),
}

/// The world that credentials are judged in: a snapshot, and the instant of judging.
#[derive(Debug)]
struct Trust {
    snapshot: Snapshot,
    at: Timestamp,
}

impl Trust {
    fn accept(wire: &WireTrust) -> Result<Self, UpdateRefusal> {
        let root = Root::pinned(wire.root.as_bytes())?;
        let freshness = Update::Freshness(&wire.freshness);
        let mut state = TrustState::pinned(root).accept(freshness, wire.at)?.state;
        let federation = (ListId::Federation, &wire.federation);
        let provinces =
            wire.provinces.iter().map(|list| (ListId::Province(list.division), &list.list));
        for (id, list) in std::iter::once(federation).chain(provinces) {
            state = state.accept(Update::List { id, bytes: list.as_bytes() }, wire.at)?.state;
        }
        Ok(Self { snapshot: Snapshot::build(state, 1, wire.at), at: wire.at })
    }

    fn judge(&self, token: &str) -> Expectation {
        match examine(token, &self.snapshot, self.at) {
            Ok(_) => Expectation::Accept,
            Err(failure) => Expectation::Refuse(failure.code()),
        }
    }
}

fn judge_jws(jwk: &Jwk, typ: Typ, token: &str) -> Expectation {
    let Ok(key) = jwk.public_key() else { return Expectation::Refuse(Code::CryptoNotAllowed) };
    match Compact::parse(token).and_then(|jws| jws.open::<Value>(&key, typ)) {
        Ok(_) => Expectation::Accept,
        Err(error) => Expectation::Refuse(jws_code(&error)),
    }
}

/// The published code of a refused JWS.
const fn jws_code(error: &JwsError) -> Code {
    match error {
        JwsError::AlgorithmNotAllowed => Code::CryptoNotAllowed,
        JwsError::ForbiddenHeader
        | JwsError::Json(_)
        | JwsError::Malformed
        | JwsError::WrongTyp => Code::FormatDamaged,
        JwsError::NotCompact => Code::FormatUnsupported,
        JwsError::Signature => Code::TamperedSignature,
        JwsError::TooLarge => Code::FormatTooLarge,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    #[serde(default)]
    trust: Option<WireTrust>,
    vectors: Vec<Vector>,
}

/// Signed documents, each as the text in which it is served.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTrust {
    at: Timestamp,
    root: String,
    freshness: String,
    federation: String,
    provinces: Vec<WireList>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireList {
    division: Division,
    list: String,
}

const FORMAT: &str = "urn:elicence:conformance:1";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn files() -> Vec<(String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/vectors");
        let read = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.unwrap().path();
            (path.display().to_string(), std::fs::read(&path).unwrap())
        };
        std::fs::read_dir(folder).unwrap().map(read).collect()
    }

    #[test]
    fn this_program_conforms_to_every_published_vector() {
        let mut names = BTreeSet::new();
        let mut accepted = 0;
        for (path, bytes) in files() {
            let suite = Suite::parse(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
            for outcome in run(&suite) {
                assert!(outcome.conforms(), "{path}: {outcome:?}");
                accepted += usize::from(outcome.got == Expectation::Accept);
                assert!(names.insert(outcome.id.clone()), "{} stands twice", outcome.id);
            }
        }
        assert!(names.len() >= 10, "only {} vectors", names.len());
        assert!(accepted > 0 && accepted < names.len() / 2, "refusals must outnumber");
    }

    #[test]
    fn a_wrong_expectation_is_noticed() {
        let (_, bytes) = files().into_iter().find(|(path, _)| path.ends_with("jws.json")).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let turned = text.replacen("\"accept\"", "\"tampered.signature\"", 1);
        let suite = Suite::parse(turned.as_bytes()).unwrap();
        assert_eq!(run(&suite).iter().filter(|outcome| !outcome.conforms()).count(), 1);
    }

    #[test]
    fn files_that_are_no_suite_are_refused() {
        let suite = |members: &str| Suite::parse(format!("{{{members}}}").as_bytes()).unwrap_err();
        let format = format!("\"format\":\"{FORMAT}\"");
        assert_eq!(
            suite("\"format\":\"urn:elicence:conformance:9\",\"vectors\":[]"),
            SuiteError::OtherFormat
        );
        let vector =
            "\"vectors\":[{\"kind\":\"sd-jwt\",\"id\":\"a\",\"what\":\"b\",\"token\":\"c\"";
        let accept = "\"expect\":\"accept\"";
        assert_eq!(suite(&format!("{format},{vector},{accept}}}]")), SuiteError::NoTrust);
        for unreadable in [
            String::new(),
            format!("{format},\"vectors\":[],\"surprise\":1"),
            format!("{format},{vector},{accept},\"surprise\":1}}]"),
            format!("{format},{vector},\"expect\":\"no.such_code\"}}]"),
            format!("{format},{vector}}}]"),
            format!("{format},\"vectors\":[{{\"kind\":\"other\"}}]"),
        ] {
            assert!(matches!(suite(&unreadable), SuiteError::Json(_)), "{unreadable}");
        }
    }

    #[test]
    fn trust_that_does_not_verify_is_refused_with_the_file() {
        let (_, bytes) =
            files().into_iter().find(|(path, _)| path.ends_with("sd-jwt.json")).unwrap();
        let mut file: Value = serde_json::from_slice(&bytes).unwrap();
        file["trust"]["at"] = "2036-01-01T00:00:00Z".into();
        let refusal = Suite::parse(&serde_json::to_vec(&file).unwrap()).unwrap_err();
        assert!(matches!(refusal, SuiteError::Trust(_)), "{refusal:?}");
    }
}

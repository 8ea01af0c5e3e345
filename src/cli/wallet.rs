//! A holder's wallet as a folder: the holder's key, and credentials as `*.sdjwt`. What a credential
//! says is read without judging it: it is the holder's own.

use std::path::Path;

use serde_json::{Map, Value};

use super::fail::Failure;
use super::papers;
use crate::base::Code;
use crate::crypto::jws::Compact;
use crate::crypto::seal::OfflineKey;
use crate::crypto::{base64url, json};

/// What a credential says, unverified.
#[derive(Debug)]
pub(super) struct Contents {
    /// What everybody sees.
    pub(super) visible: Map<String, Value>,
    /// What its disclosures say.
    pub(super) disclosed: Map<String, Value>,
    /// Whether a key binding stands at its end.
    pub(super) is_bound: bool,
}

impl Contents {
    /// Reads a token: issuer's JWT, disclosures, key binding (RFC 9901 §4).
    pub(super) fn read(token: &str) -> Result<Self, Failure> {
        let mut parts = token.split('~');
        let jwt = parts.next().unwrap_or_default();
        let compact = Compact::parse(jwt).map_err(|error| no_credential(&error))?;
        let visible = json::from_slice(compact.unverified_payload())
            .map_err(|error| no_credential(&error))?;
        let mut rest: Vec<&str> = parts.collect();
        let is_bound = rest.pop().is_some_and(|last| !last.is_empty());
        let mut disclosed = Map::new();
        for encoded in rest {
            let bytes = base64url::decode(encoded).map_err(|error| no_credential(&error))?;
            let (_, name, value): (String, String, Value) =
                json::from_slice(&bytes).map_err(|error| no_credential(&error))?;
            disclosed.insert(name, value);
        }
        Ok(Self { visible, disclosed, is_bound })
    }

    /// The licence it is about.
    pub(super) fn identifier(&self) -> Option<&str> {
        let name = "certificateIdentifier";
        self.visible.get(name).or_else(|| self.disclosed.get(name)).and_then(Value::as_str)
    }
}

/// The credential of a wallet, with every disclosure: the one about `licence`, or the only one.
pub(super) fn find(wallet: &Path, licence: Option<&str>) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::input(format!("{} is no wallet", wallet.display()), &error, "check the path")
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(wallet).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "sdjwt") {
            let token = papers::read_text(&path)?;
            let contents = Contents::read(&token)?;
            if licence.is_none_or(|licence| contents.identifier() == Some(licence)) {
                found.push(token);
            }
        }
    }
    match (found.len(), found.pop()) {
        (1, Some(token)) => Ok(token),
        (0, _) => Err(Failure::input(
            "the wallet holds no such credential",
            &licence.map_or_else(
                || "no *.sdjwt is in it".to_owned(),
                |licence| format!("none is about {licence}"),
            ),
            "put the credential into the folder as NAME.sdjwt",
        )),
        (count, _) => Err(Failure::input(
            "which credential?",
            &format!("the wallet holds {count} of them"),
            "name one with --licence",
        )),
    }
}

/// The holder's key.
pub(super) fn holder_key(wallet: &Path) -> Result<OfflineKey, Failure> {
    let path = wallet.join("holder.key.pem");
    let pem = papers::read_secret(&path)?;
    OfflineKey::from_pem(&pem).map_err(|error| {
        Failure::of(Code::ConfigInvalid, format!("{} cannot be used", path.display()), &error)
            .advising("the wallet needs a P-256 key in PKCS#8 PEM")
    })
}

fn no_credential(error: &impl std::fmt::Display) -> Failure {
    Failure::input(
        "this is no credential",
        error,
        "give the SD-JWT as it was issued: header.payload.signature~disclosure~…~",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str, disclosures: &[&str]) -> String {
        let header = base64url::encode(r#"{"alg":"ES256","typ":"dc+sd-jwt"}"#);
        let signature = base64url::encode([0; 64]);
        let mut token = format!("{header}.{}.{signature}~", base64url::encode(payload));
        for disclosure in disclosures {
            token.push_str(&base64url::encode(disclosure));
            token.push('~');
        }
        token
    }

    #[test]
    fn contents_are_read_and_nothing_is_believed() {
        let token = token(r#"{"certificateIdentifier":"a"}"#, &[r#"["s","name","张示例"]"#]);
        let contents = Contents::read(&token).unwrap();
        assert_eq!(contents.identifier(), Some("a"));
        assert_eq!(contents.disclosed["name"], "张示例");
        assert!(!contents.is_bound);
        assert!(Contents::read(&format!("{token}a.b.c")).unwrap().is_bound);
    }

    #[test]
    fn what_is_no_credential_is_refused() {
        for text in ["", "~", "a.b.c~", "not a token", &token("[]", &[]), &token("{}", &["[1]"])] {
            assert!(Contents::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wallet_without_the_licence_or_with_two_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(folder.path(), None).is_err());
        for name in ["a", "b"] {
            let text = token(&format!(r#"{{"certificateIdentifier":"{name}"}}"#), &[]);
            std::fs::write(folder.path().join(format!("{name}.sdjwt")), text).unwrap();
        }
        assert!(find(folder.path(), None).is_err());
        assert!(find(folder.path(), Some("c")).is_err());
        let found = find(folder.path(), Some("a")).unwrap();
        assert_eq!(Contents::read(&found).unwrap().identifier(), Some("a"));
        assert!(find(&folder.path().join("absent"), None).is_err());
    }
}

//! Taking a grant back by the holder's key.

use serde::{Deserialize, Serialize};

use super::approval::is_recent;
use super::refusal::ConsentRefusal;
use crate::base::{GrantId, NumericDate, Timestamp};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{PublicKey, SealError, Signer};

/// What a holder's wallet signs to take a grant back.
#[derive(Clone, Copy, Debug)]
pub struct RevocationDraft<'a> {
    /// The issuing gateway's public origin.
    pub audience: &'a str,
    /// The grant.
    pub grant: &'a GrantId,
}

impl RevocationDraft<'_> {
    /// Signs it with the key that the licence is bound to.
    pub fn sign(self, holder: &dyn Signer, now: Timestamp) -> Result<String, SealError> {
        let claims = RevocationClaims {
            action: RevocationAction::Revoke,
            grant: self.grant.clone(),
            aud: self.audience.to_owned(),
            iat: now.into(),
        };
        sign_compact(holder, Header::new(Typ::KeyBinding), &claims)
    }
}

/// What a revocation must fit.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedRevocation<'a> {
    /// The issuing gateway's public origin.
    pub audience: &'a str,
    /// The grant.
    pub grant: &'a GrantId,
    /// The key that the licence is bound to.
    pub holder_key: &'a PublicKey,
}

/// Verifies a key-binding token `{action:"revoke", grant, aud, iat}` by the holder's key.
///
/// It needs no nonce: to revoke twice is to revoke once.
pub fn verify_revocation(
    token: &str,
    expected: &ExpectedRevocation<'_>,
    now: Timestamp,
) -> Result<(), ConsentRefusal> {
    let claims: RevocationClaims = Compact::parse(token)
        .and_then(|token| token.open(expected.holder_key, Typ::KeyBinding))
        .map_err(|_| ConsentRefusal::HolderSignature)?;
    let RevocationAction::Revoke = claims.action;
    let fits = claims.grant == *expected.grant
        && claims.aud == expected.audience
        && is_recent(claims.iat.instant(), now);
    if fits { Ok(()) } else { Err(ConsentRefusal::HolderSignature) }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevocationClaims {
    action: RevocationAction,
    grant: GrantId,
    aud: String,
    iat: NumericDate,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RevocationAction {
    Revoke,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::request::tests::NOW;
    use super::*;
    use crate::base::{SystemEntropy, limits};
    use crate::crypto::Algorithm;
    use crate::crypto::seal::SoftwareKey;

    #[test]
    fn only_the_holders_own_word_about_this_grant_revokes_it() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let grant = GrantId::generate(NOW, &SystemEntropy);
        let audience = "https://127.0.0.1:7443";
        let expected = ExpectedRevocation { audience, grant: &grant, holder_key: key.public_key() };
        let good = json!({
            "action": "revoke", "grant": grant, "aud": audience, "iat": NOW.unix_seconds(),
        });
        let judge = |signer: &SoftwareKey, typ, claims: &Value| {
            let token = sign_compact(signer, Header::new(typ), claims).unwrap();
            verify_revocation(&token, &expected, NOW)
        };
        assert_eq!(judge(&key, Typ::KeyBinding, &good), Ok(()));
        let refused = Err(ConsentRefusal::HolderSignature);
        let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
        assert_eq!(judge(&stranger, Typ::KeyBinding, &good), refused);
        assert_eq!(judge(&key, Typ::Request, &good), refused);
        let old = (NOW - limits::KEY_BINDING_AGE).unix_seconds() - 1;
        for (member, value) in [
            ("action", json!("pause")),
            ("grant", json!(GrantId::generate(NOW, &SystemEntropy))),
            ("aud", json!("https://127.0.0.1:7444")),
            ("iat", json!(old)),
            ("sd_hash", json!("x")),
            ("transaction_data_hashes", json!([])),
        ] {
            let mut claims = good.clone();
            claims[member] = value;
            assert_eq!(judge(&key, Typ::KeyBinding, &claims), refused, "{member}");
        }
    }
}

//! Sections D and E of the catalogue: forged, damaged and misused tokens.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{ROADSIDE, WORLD, hide, jwt};
use super::super::*;
use crate::base::{Code, MainIndication};
use crate::crypto::Algorithm;
use crate::crypto::base64url;
use crate::crypto::seal::SoftwareKey;
use crate::licence::LicenceType;
use crate::trust::testing::Identity;

fn code(token: &str) -> Code {
    WORLD.code(token, &ROADSIDE)
}

fn with_header(change: impl FnOnce(&mut Value)) -> String {
    let mut header = WORLD.header();
    change(&mut header);
    WORLD.sign_bytes(&header, WORLD.payload().to_string().as_bytes())
}

fn refusal_shows_nothing(token: &str) {
    let failure = examine(token, &WORLD.snapshot, WORLD.now).unwrap_err();
    let shown = format!("{failure:?}{}", serde_json::to_string(&failure.signature()).unwrap());
    for secret in ["津A12345", "示例", "20291231", "111120", "Tianjin"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_ne!(failure.decision(), Decision::Accept);
}

#[test]
fn jw_01_to_04_the_algorithm_is_the_listed_keys() {
    for alg in ["none", "None", "nOnE", "HS256", "RS256", "ES384", "EdDSA"] {
        assert_eq!(code(&with_header(|header| header["alg"] = json!(alg))), Code::CryptoNotAllowed);
    }
    for alg in [json!(null), json!(7), json!(["ES256"])] {
        assert_eq!(code(&with_header(|header| header["alg"] = alg)), Code::FormatDamaged);
    }
    let unsigned =
        format!("{}~", WORLD.presentation().rsplit_once('.').unwrap().0.to_owned() + ".");
    assert_eq!(code(&unsigned), Code::TamperedSignature);
}

#[test]
fn jw_07_to_12_no_header_brings_its_own_trust() {
    for name in ["crit", "b64", "jwk", "jku", "x5u"] {
        assert_eq!(code(&with_header(|header| header[name] = json!([]))), Code::FormatDamaged);
    }
}

#[test]
fn jw_13_a_chain_to_ones_own_root_is_not_federated() {
    let root = Identity::authority("own root", WORLD.now);
    let signer = root.issue_signer("own licences", WORLD.now);
    let encode = |identity: &Identity| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(identity.certificate.der())
    };
    let mut header = WORLD.header();
    header["x5c"] = json!([encode(&signer), encode(&root)]);
    let payload = WORLD.payload().to_string();
    let forged = |header: &Value| format!("{}~", jwt(header, payload.as_bytes(), &signer.key));
    assert_eq!(code(&forged(&header)), Code::IssuerNotFederated);
    // The genuine certificate over a foreign signature, first or behind.
    assert_eq!(code(&forged(&WORLD.header())), Code::TamperedSignature);
    header["x5c"] = json!([encode(&signer), WORLD.header()["x5c"][0]]);
    assert_eq!(code(&forged(&header)), Code::IssuerNotFederated);
    // The listed key in a certificate that is not the listed one.
    let twin = WORLD.province().issuer.recertified("twin", WORLD.now);
    header["x5c"] = json!([encode(&twin)]);
    let twin = format!("{}~", jwt(&header, payload.as_bytes(), &twin.key));
    assert_eq!(code(&twin), Code::IssuerOutOfScope);
}

#[test]
fn jw_13_without_a_certificate_the_key_is_unknown() {
    let bare = with_header(|header| {
        header.as_object_mut().unwrap().remove("x5c");
    });
    assert_eq!(code(&bare), Code::IssuerKeyUnknown);
    for x5c in [json!([]), json!(["AAAA"]), json!(["?"]), json!("AAAA")] {
        assert_eq!(code(&with_header(|header| header["x5c"] = x5c)), Code::FormatDamaged);
    }
}

#[test]
fn jw_25_only_a_licence_is_a_licence() {
    for typ in
        [json!("JWT"), json!("lote+jose"), json!("vc+sd-jwt"), json!("DC+SD-JWT"), json!(null)]
    {
        assert_eq!(code(&with_header(|header| header["typ"] = typ)), Code::FormatDamaged);
    }
}

#[test]
fn jw_27_dates_are_integers() {
    for claim in ["exp", "nbf", "iat"] {
        for value in
            [json!(null), json!("1893427200"), json!(1e308), json!(-1), json!(1.5), json!([])]
        {
            let token = WORLD.with(claim, value.clone());
            assert_eq!(code(&token), Code::FormatDamaged, "{claim} {value}");
        }
    }
}

#[test]
fn jw_29_nothing_from_the_future() {
    let now = WORLD.now.unix_seconds();
    for claim in ["iat", "nbf"] {
        assert_eq!(code(&WORLD.with(claim, json!(now + 61))), Code::LicenceNotYetValid);
        assert_eq!(code(&WORLD.with(claim, json!(now + 60))), Code::Ok, "skew is forgiven");
    }
    assert_eq!(code(&WORLD.with("exp", json!(now - 60))), Code::LicenceExpired);
    assert_eq!(code(&WORLD.with("exp", json!(now - 59))), Code::Ok);
}

#[test]
fn jw_30_the_issuer_is_compared_byte_for_byte() {
    for iss in [
        "urn:elicence:svc:120000:issuance:1/",
        "URN:elicence:svc:120000:issuance:1",
        "urn:elicence:svc:120000:issuance:01",
        "urn:elicence:svc:130000:issuance:1",
        "urn:elicence:svc:１20000:issuance:1",
        "",
    ] {
        assert_eq!(code(&WORLD.with("iss", json!(iss))), Code::IssuerOutOfScope, "{iss}");
    }
}

#[test]
fn jw_31_sizes_are_bounded() {
    let large = format!("{}~", WORLD.presentation().replace('~', &"A".repeat(65_536)));
    assert_eq!(code(&large), Code::FormatTooLarge);
    let header = with_header(|header| header["kid"] = json!("k".repeat(8_192)));
    assert_eq!(code(&header), Code::FormatTooLarge);
}

#[test]
fn jw_19_jw_32_the_payload_is_strict_json() {
    let payload = WORLD.payload().to_string();
    let open = payload.strip_suffix('}').unwrap();
    let members: String = (0..600).fold(String::new(), |text, n| text + &format!(",\"m{n}\":1"));
    for damaged in [
        format!("{open},\"is\\u0073\":\"x\"}}"),
        format!("{open},\"a\":{}1{}}}", "[".repeat(17), "]".repeat(17)),
        format!("{open}{members}}}"),
        format!("{open},\"a\":1e400}}"),
        format!("{open},\"a\":\"\\ud800\"}}"),
        format!("\u{feff}{payload}"),
        format!("{payload} {{}}"),
        "[]".to_owned(),
        "null".to_owned(),
    ] {
        let token = WORLD.sign_bytes(&WORLD.header(), damaged.as_bytes());
        assert_eq!(code(&token), Code::FormatDamaged, "{damaged}");
    }
    let mut invalid = open.as_bytes().to_vec();
    invalid.extend(b",\"a\":\"\xff\"}");
    assert_eq!(code(&WORLD.sign_bytes(&WORLD.header(), &invalid)), Code::FormatDamaged);
}

#[test]
fn a_changed_signature_or_payload_is_tampering_and_shows_nothing() {
    let token = WORLD.issue(LicenceType::VehicleCertificate);
    let (jwt, rest) = token.split_once('~').unwrap();
    let parts: Vec<&str> = jwt.split('.').collect();
    let mut signature = base64url::decode(parts[2]).unwrap();
    signature[9] ^= 1;
    let resigned = base64url::encode(signature);
    let forged = format!("{}.{}.{resigned}~{rest}", parts[0], parts[1]);
    assert_eq!(code(&forged), Code::TamperedSignature);
    refusal_shows_nothing(&forged);
    let payload = String::from_utf8(base64url::decode(parts[1]).unwrap()).unwrap();
    let longer = base64url::encode(payload.replace("20291231", "20391231"));
    let forged = format!("{}.{longer}.{}~{rest}", parts[0], parts[2]);
    assert_eq!(code(&forged), Code::TamperedSignature);
    refusal_shows_nothing(&forged);
    let failure = examine(&forged, &WORLD.snapshot, WORLD.now).unwrap_err();
    assert_eq!(failure.signature().indication, MainIndication::TotalFailed);
    assert_eq!(failure.signature().checks.len(), 3, "format, issuer, signature");
}

#[test]
fn sd_01_a_changed_or_foreign_disclosure_is_tampering() {
    let token = WORLD.presentation();
    let (foreign, _) = hide("ownerName", &json!("x"));
    assert_eq!(code(&format!("{token}{foreign}~")), Code::TamperedDisclosure);
    let other = WORLD.issue(LicenceType::VehicleCertificate);
    let other = other.split('~').nth(1).unwrap();
    assert_eq!(code(&format!("{token}{other}~")), Code::TamperedDisclosure);
    let (jwt, disclosure) = token.split_once('~').unwrap();
    let text = base64url::decode(disclosure.trim_end_matches('~')).unwrap();
    let text = String::from_utf8(text).unwrap();
    for changed in [text.replace("津A12345", "津A12346"), text.replace(',', ", ")] {
        let forged = format!("{jwt}~{}~", base64url::encode(changed));
        assert_eq!(code(&forged), Code::TamperedDisclosure);
        refusal_shows_nothing(&forged);
    }
}

#[test]
fn sd_02_to_sd_10_what_the_issuer_itself_signed_wrongly_is_damaged() {
    let (claim, digest) = hide("ownerName", &json!("x"));
    let (collision, colliding) = hide("validTo", &json!("20991231"));
    let element = base64url::encode("[\"s\",\"x\"]");
    let element_digest = crate::crypto::Digest::of(&element).to_string();
    for (name, value, sent) in [
        ("_sd", json!([digest, digest]), &claim),
        ("_sd", json!([colliding]), &collision),
        ("_sd", json!([element_digest]), &element),
        ("_sd", json!("x"), &String::new()),
        ("_sd", json!([7]), &String::new()),
        ("_sd_alg", json!("md5"), &String::new()),
        ("_sd_alg", json!(7), &String::new()),
        ("...", json!("x"), &String::new()),
    ] {
        let mut token = WORLD.with(name, value.clone());
        if !sent.is_empty() {
            token = format!("{token}{sent}~");
        }
        assert_eq!(code(&token), Code::FormatDamaged, "{name} {value}");
    }
    let twice = format!("{}{claim}~{claim}~", WORLD.with("_sd", json!([digest])));
    assert_eq!(code(&twice), Code::FormatDamaged);
}

#[test]
fn sd_11_tildes_and_spaces() {
    let token = WORLD.presentation();
    for damaged in [
        token.strip_suffix('~').unwrap().to_owned(),
        token.replacen('~', "~~", 1),
        format!("{token}~"),
        token.replacen('~', "~ ", 1),
        format!(" {token}"),
        format!("{token}\n"),
    ] {
        assert_eq!(code(&damaged), Code::FormatDamaged, "{damaged}");
    }
}

#[test]
fn sd_13_no_claim_that_decides_can_be_hidden() {
    let payload = WORLD.payload();
    for claim in [
        "iss",
        "vct",
        "iat",
        "nbf",
        "exp",
        "certificateIdentifier",
        "certificateTypeCode",
        "issuingDivision",
        "issuingAuthorityCode",
    ] {
        assert_eq!(code(&WORLD.with(claim, json!(null))), Code::FormatDamaged, "{claim} withheld");
    }
    for claim in ["iss", "exp", "status", "cnf", "vct"] {
        let (disclosure, digest) = hide(claim, &payload[claim]);
        let mut hidden = payload.clone();
        hidden.as_object_mut().unwrap().remove(claim);
        hidden["_sd"] = json!([digest]);
        let token = format!("{}{disclosure}~", WORLD.sign(&hidden));
        assert_eq!(code(&token), Code::FormatDamaged, "{claim} disclosed");
    }
}

#[test]
fn sd_14_too_many_disclosures() {
    let token = format!("{}{}", WORLD.presentation(), "d~".repeat(10_000));
    assert_eq!(code(&token), Code::FormatTooLarge);
}

#[test]
fn sd_23_type_division_and_authority_agree_with_the_list_and_each_other() {
    let permit = LicenceType::OperatingPermit;
    for (claim, value) in [
        ("vct", json!(permit.vct())),
        ("vct", json!("urn:elicence:vct:11100000000019713D999:1")),
        ("vct", json!("https://example.org/pid")),
        ("certificateTypeCode", json!(permit.code())),
        ("issuingDivision", json!("130000")),
        ("issuingAuthorityCode", json!("111200000001234561")),
    ] {
        assert_eq!(code(&WORLD.with(claim, value.clone())), Code::IssuerOutOfScope, "{value}");
    }
    for (claim, value) in [("issuingDivision", json!("12")), ("certificateIdentifier", json!("x"))]
    {
        assert_eq!(code(&WORLD.with(claim, value)), Code::FormatDamaged);
    }
}

#[test]
fn another_province_cannot_issue_in_this_ones_name() {
    let neighbour = WORLD.federation.province("130000");
    let jwk = crate::crypto::Jwk::of(crate::crypto::Signer::public_key(&WORLD.holder));
    let terms = IssueTerms {
        issuer: &neighbour.issuer_id(),
        chain: &neighbour.issuer_chain(),
        status: StatusReference { idx: 0, uri: WORLD.status_uri() },
        holder: Some(&jwk),
        now: WORLD.now,
    };
    let document = WORLD.document(LicenceType::VehicleCertificate);
    let entropy = crate::base::SystemEntropy;
    let issued = issue(&document, &terms, &neighbour.issuer.key, &entropy).unwrap();
    assert_eq!(code(&issued.token), Code::IssuerOutOfScope);
}

#[test]
fn a_holders_key_that_is_no_key_damages_the_credential() {
    let private = json!({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}});
    let off_curve = json!({"jwk": {"kty": "EC", "crv": "P-256",
        "x": base64url::encode([1; 32]), "y": base64url::encode([1; 32])}});
    for cnf in [private, off_curve, json!({"kid": "x"}), json!("x")] {
        assert_eq!(code(&WORLD.with("cnf", cnf)), Code::FormatDamaged);
    }
    let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
    let forged = format!("{}~", jwt(&WORLD.header(), b"{}", &stranger));
    assert_eq!(code(&forged), Code::TamperedSignature);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_changed_byte_is_accepted(position in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let token = WORLD.presentation();
        let mut bytes = token.clone().into_bytes();
        let index = position.index(bytes.len());
        prop_assume!(bytes[index] != byte);
        bytes[index] = byte;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert_ne!(code(&changed), Code::Ok);
        }
    }
}

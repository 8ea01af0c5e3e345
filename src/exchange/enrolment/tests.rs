//! What an application may not say: each rule with one that breaks it. Fixtures are synthetic.

mod certificates;

use std::time::Duration;

use rcgen::{CertificateParams, IsCa, KeyUsagePurpose};

use super::*;
use crate::base::{ListId, Timestamp, limits};
use crate::crypto::Algorithm;
use crate::crypto::note::WitnessKey;
use crate::crypto::seal::SoftwareKey;
use crate::trust::ServiceScope;
use crate::trust::lote::SignedList;
use crate::trust::testing::{Federation, Identity, Listed, Province, list_id, seal_with};

/// A province that applies: Guangdong of a fixture, with a witness key.
struct Applicant {
    federation: Federation,
    witness: SoftwareKey,
    addressee: Addressee,
    /// Further keys that prove themselves, of entries that a test adds.
    others: Vec<(&'static str, SoftwareKey)>,
}

impl Applicant {
    fn new() -> Self {
        Self {
            federation: Federation::new(now()),
            witness: SoftwareKey::generate(Algorithm::EdDsa).unwrap(),
            addressee: Addressee { hub: HUB.to_owned(), nonce: "bm9uY2U".to_owned() },
            others: Vec::new(),
        }
    }

    fn province(&self) -> &Province {
        self.federation.province(CODE)
    }

    fn province_mut(&mut self) -> &mut Province {
        self.federation.province_mut(CODE)
    }

    /// The list as it is after what a test did to the entries.
    fn list(&self) -> Vec<u8> {
        let mut draft = self.federation.draft(list_id(CODE));
        draft.sequence = 1;
        self.federation.seal(draft)
    }

    fn enrolment(&self) -> Enrolment {
        let province = self.province();
        let name = format!("elicence/{CODE}/witness");
        Enrolment {
            member: province.division.member(),
            names: ["广东".to_owned(), "Guangdong".to_owned()],
            hosts: province.hosts.clone(),
            witness_vkey: vkey(&name, &self.witness),
            contacts: vec!["mailto:operators@440000.example".to_owned()],
            scope: province.scope.clone(),
            list: String::from_utf8(self.list()).unwrap(),
        }
    }

    fn proving(&self) -> Vec<ProvingKey<'_>> {
        let province = self.province();
        let mut keys: Vec<ProvingKey<'_>> = vec![
            ProvingKey { role: "gateway-tls", signer: &province.tls.key },
            ProvingKey { role: "gateway-signing", signer: &province.gateway.key },
            ProvingKey { role: "status", signer: &province.status_signer.key },
            ProvingKey { role: "registrar", signer: &province.registrar.key },
            ProvingKey { role: "issuance", signer: &province.issuer.key },
            ProvingKey { role: WITNESS_ROLE, signer: &self.witness },
        ];
        let authorities = province.client_authorities.values();
        keys.extend(authorities.map(|each| ProvingKey { role: "client-ca", signer: &each.key }));
        // What a test took out of the list proves nothing.
        let listed = |key: &ProvingKey<'_>| {
            let spki = key.signer.public_key().spki_digest();
            let is_own = |certificate: &Certificate| certificate.spki_digest() == spki;
            key.role == WITNESS_ROLE
                || province.entries.iter().any(|entry| entry.certificates.iter().any(is_own))
        };
        keys.retain(listed);
        keys.extend(self.others.iter().map(|(role, signer)| ProvingKey { role, signer }));
        keys
    }

    fn seal(&self, enrolment: Enrolment) -> String {
        let list = &self.province().list;
        enrolment
            .seal(&list.key, &list.certificate, &self.proving(), self.addressee.clone())
            .unwrap()
    }

    fn findings(&self) -> Vec<Finding> {
        examine(&self.seal(self.enrolment())).findings
    }

    /// The findings on an application that says something else.
    fn saying(&self, change: impl FnOnce(&mut Enrolment)) -> Vec<Finding> {
        let mut enrolment = self.enrolment();
        change(&mut enrolment);
        examine(&self.seal(enrolment)).findings
    }

    /// Puts another certificate of its own making into the entry of `kind`.
    fn recertify(
        &mut self,
        kind: ServiceKind,
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> Vec<Finding> {
        let made = Identity::make("changed", now(), None, adjust);
        self.list_instead(kind, made);
        self.findings()
    }

    fn list_instead(&mut self, kind: ServiceKind, made: Identity) {
        let fresh = self.province().entry(kind, 1, &made);
        let entry = self.province_mut().entry_mut(kind);
        let scope = entry.scope.take();
        let client_role = entry.client_role;
        *entry = Listed { scope, client_role, ..fresh };
        self.others.push((kind.word(), made.key));
    }
}

fn vkey(name: &str, key: &SoftwareKey) -> String {
    WitnessKey::new(name, key.public_key()).unwrap().to_string()
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000)
}

fn examine(token: &str) -> Examination {
    let known = KnownKeys::default();
    Examination::of(token, EnrolmentContext { now: now(), known: Some(&known), hub: Some(HUB) })
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

/// Among the findings, which may have companions, is this one about that subject.
fn assert_found(findings: &[Finding], code: Code, subject: &str) {
    let found = |finding: &Finding| finding.code == code && finding.subject.contains(subject);
    assert!(findings.iter().any(found), "{code} about {subject}: {findings:#?}");
}

fn signer(params: &mut CertificateParams) {
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
}

#[test]
fn a_sound_application_has_nothing_against_it() {
    let applicant = Applicant::new();
    let examination = examine(&applicant.seal(applicant.enrolment()));
    assert_eq!(examination.findings, []);
    assert!(examination.unchecked.is_empty());
    let opened = examination.sound().unwrap();
    assert!(!opened.is_draft());
    assert_eq!(opened.fingerprint(), applicant.province().list.key.public_key().spki_digest());
}

#[test]
fn a_check_without_the_federation_says_what_it_left_out() {
    let applicant = Applicant::new();
    let token = applicant.seal(applicant.enrolment());
    let context = EnrolmentContext { now: now(), known: None, hub: None };
    let examination = Examination::of(&token, context);
    assert!(examination.sound().is_some());
    assert_eq!(examination.unchecked.len(), 2);
}

#[test]
fn a_bundle_of_another_signer_or_kind_is_not_read() {
    let applicant = Applicant::new();
    let (list, stranger) = (&applicant.province().list, &applicant.province().gateway);
    let bundle = Bundle {
        enrolment: applicant.enrolment(),
        addressee: applicant.addressee.clone(),
        proofs: Vec::new(),
    };
    let sealed = |typ, key: &SoftwareKey, chain: &[&[u8]]| {
        sign_compact(key, Header::new(typ).with_chain(chain), &bundle).unwrap()
    };
    let own = list.certificate.der();
    for (bad, code) in [
        (sealed(Typ::Enrolment, &stranger.key, &[own]), Code::WrongSigner),
        (sealed(Typ::Possession, &list.key, &[own]), Code::WrongSigner),
        (sealed(Typ::Enrolment, &list.key, &[own, own]), Code::WrongKeyUsage),
        (
            sign_compact(&list.key, Header::new(Typ::Enrolment), &bundle).unwrap(),
            Code::WrongKeyUsage,
        ),
        ("a.b".to_owned(), Code::WrongSigner),
        ("A".repeat(limits::ENROLMENT_BYTES + 1), Code::WrongSigner),
    ] {
        let examination = examine(&bad);
        assert!(examination.opened.is_none());
        assert_eq!(codes(&examination.findings), [code]);
    }
}

#[test]
fn every_finding_is_told_and_not_only_the_first() {
    let applicant = Applicant::new();
    let findings = applicant.saying(|enrolment| {
        enrolment.hosts[0] = "http://gateway.example".to_owned();
        enrolment.scope.territories = vec!["44".to_owned(), "12".to_owned()];
        enrolment.witness_vkey = "nobody".to_owned();
    });
    assert_found(&findings, Code::IdNotCanonical, "hosts/0");
    assert_found(&findings, Code::OutOfScope, "scope/territories");
    assert_found(&findings, Code::Malformed, "witness");
}

#[test]
fn origins_are_https_in_one_form() {
    let applicant = Applicant::new();
    for bad in [
        "http://gateway.example",
        "https://Gateway.example",
        "https://gateway.example/",
        "https://user@gateway.example",
        "https://gateway.example:0",
        "https://gateway.example:443",
        "https://gateway.example:08443",
        "https://gateway.example:65536",
        "https://gateway..example",
        "https://-gateway.example",
        "https://",
        "https://:8443",
        "",
    ] {
        let findings = applicant.saying(|enrolment| enrolment.hosts[1] = bad.to_owned());
        assert_found(&findings, Code::IdNotCanonical, "hosts/1");
    }
    for hosts in [Vec::new(), vec!["https://gateway.example".to_owned()]] {
        let findings = applicant.saying(|enrolment| enrolment.hosts = hosts);
        assert_found(&findings, Code::ValidationFailed, "hosts");
    }
}

#[test]
fn names_and_contacts_are_plain_and_few() {
    let applicant = Applicant::new();
    for bad in ["", " ", "a\u{1b}[2J", &"x".repeat(255)] {
        let findings = applicant.saying(|enrolment| enrolment.names[1] = bad.to_owned());
        assert_found(&findings, Code::ValidationFailed, "names");
    }
    let nine = vec!["tel:+86-10-0000".to_owned(); 9];
    for bad in [nine, vec!["operators".to_owned()], vec!["https://a.example".to_owned()]] {
        let findings = applicant.saying(|enrolment| enrolment.contacts = bad);
        assert_found(&findings, Code::ValidationFailed, "contacts");
    }
}

#[test]
fn the_scope_lies_within_the_division_and_names_what_exists() {
    let applicant = Applicant::new();
    for bad in [&["12"][..], &["4"], &["440"], &["44", "45"], &["4a"], &[]] {
        let findings = applicant.saying(|enrolment| {
            enrolment.scope.territories = bad.iter().map(|each| (*each).to_owned()).collect();
        });
        assert_found(&findings, Code::OutOfScope, "scope/territories");
    }
    let findings = applicant.saying(|enrolment| enrolment.scope.licence_types.push("99".into()));
    assert_found(&findings, Code::OutOfScope, "scope/licenceTypes");
    for word in ["list-signing", "root", ""] {
        let findings =
            applicant.saying(|enrolment| enrolment.scope.may_vouch_for.push(word.to_owned()));
        assert_found(&findings, Code::OutOfScope, "scope/mayVouchFor");
    }
    let findings = applicant.saying(|enrolment| enrolment.scope.max_list_entries = 10_001);
    assert_found(&findings, Code::OutOfScope, "scope/maxListEntries");
    let findings = applicant.saying(|enrolment| enrolment.scope.max_list_entries = 3);
    assert_found(&findings, Code::OutOfScope, "list");
}

#[test]
fn the_digits_of_a_division_that_count() {
    for (division, prefix) in [("440000", "44"), ("440300", "4403"), ("440305", "440305")] {
        assert_eq!(check::own_prefix(division), prefix);
    }
}

#[test]
fn tl_34_a_witness_key_has_the_hash_that_belongs_to_it_and_its_provinces_name() {
    let applicant = Applicant::new();
    let sound = applicant.enrolment().witness_vkey;
    let (name, rest) = sound.split_once('+').unwrap();
    let (_, key) = rest.split_once('+').unwrap();
    for bad in [format!("{name}+00000000+{key}"), sound.to_uppercase(), String::new()] {
        let findings = applicant.saying(|enrolment| enrolment.witness_vkey = bad);
        assert_found(&findings, Code::Malformed, "witness");
    }
    let other = vkey("elicence/120000/witness", &applicant.witness);
    let findings = applicant.saying(|enrolment| enrolment.witness_vkey = other);
    assert_found(&findings, Code::IdNotCanonical, "witness");
}

#[test]
fn the_list_is_the_applicants_own_signed_by_its_list_key_and_in_force() {
    let applicant = Applicant::new();
    let federation = &applicant.federation;
    let other = String::from_utf8(federation.served(list_id("120000")).to_vec()).unwrap();
    let findings = applicant.saying(|enrolment| enrolment.list = other);
    assert_found(&findings, Code::IdNotCanonical, "list");
    assert_found(&findings, Code::WrongSigner, "list");
    let payload = federation.draft(list_id(CODE)).to_payload().unwrap();
    let foreign = seal_with(&payload, &[&federation.province("120000").list], now());
    let findings =
        applicant.saying(|enrolment| enrolment.list = String::from_utf8(foreign).unwrap());
    assert_eq!(codes(&findings), [Code::WrongSigner]);
    let mut ended = federation.draft(list_id(CODE));
    ended.issued = now() - Duration::from_hours(48);
    ended.next_update = now();
    let ended = String::from_utf8(federation.seal(ended)).unwrap();
    let findings = applicant.saying(|enrolment| enrolment.list = ended);
    assert_eq!(codes(&findings), [Code::ListExpired]);
    let findings = applicant.saying(|enrolment| enrolment.list = "{}".to_owned());
    assert_found(&findings, Code::Malformed, "list");
}

#[test]
fn a_gateway_needs_the_keys_by_which_it_is_reached_and_answers() {
    for kind in [ServiceKind::GatewayTls, ServiceKind::GatewaySigning] {
        let mut applicant = Applicant::new();
        applicant.province_mut().entries.retain(|entry| entry.kind != kind);
        assert_found(&applicant.findings(), Code::ValidationFailed, "list");
    }
}

#[test]
fn one_key_serves_one_role() {
    let mut applicant = Applicant::new();
    let again = applicant.province().registrar.recertified("again", now());
    let entry = applicant.province().entry(ServiceKind::Status, 2, &again);
    applicant.province_mut().entries.push(entry);
    assert_found(&applicant.findings(), Code::DuplicateKey, ":status:2");
    let mut applicant = Applicant::new();
    let list = applicant.province().list.recertified("as a registrar", now());
    let entry = applicant.province().entry(ServiceKind::Registrar, 2, &list);
    applicant.province_mut().entries.push(entry);
    assert_found(&applicant.findings(), Code::DuplicateKey, ":registrar:2");
}

#[test]
fn fd_19_a_copied_key_is_found_by_its_owner_and_by_its_silence() {
    let mut applicant = Applicant::new();
    let tianjin = applicant.federation.served(list_id("120000")).to_vec();
    let known = KnownKeys::of_list(&SignedList::parse(&tianjin).unwrap());
    let copied = applicant.federation.province("120000").tls.certificate.clone();
    let entry = applicant.province_mut().entry_mut(ServiceKind::GatewayTls);
    entry.certificates = vec![copied];
    let token = applicant.seal(applicant.enrolment());
    let context = EnrolmentContext { now: now(), known: Some(&known), hub: Some(HUB) };
    let findings = Examination::of(&token, context).findings;
    assert_found(&findings, Code::DuplicateKey, ":gateway-tls:1");
    let silent = |finding: &&Finding| finding.code == Code::NoPossessionProof;
    assert_eq!(findings.iter().filter(silent).count(), 2, "in the list and in the bundle");
}

#[test]
fn an_authority_of_another_member_is_not_brought_along() {
    let mut applicant = Applicant::new();
    let tianjin = applicant.federation.served(list_id("120000")).to_vec();
    let known = KnownKeys::of_list(&SignedList::parse(&tianjin).unwrap());
    let foreign = &applicant.federation.province("120000").issuing_authority;
    let issued = foreign.issue_signer("licences", now());
    let chain = vec![issued.certificate.clone(), foreign.certificate.clone()];
    applicant.list_instead(ServiceKind::Issuance, issued);
    applicant.province_mut().entry_mut(ServiceKind::Issuance).certificates = chain;
    let token = applicant.seal(applicant.enrolment());
    let context = EnrolmentContext { now: now(), known: Some(&known), hub: Some(HUB) };
    assert_found(&Examination::of(&token, context).findings, Code::DuplicateKey, "authority");
}

#[test]
fn an_entry_belongs_to_its_division_its_kind_and_what_is_asked_for() {
    let mut applicant = Applicant::new();
    let made = Identity::leaf("registrar", now());
    let mut entry = applicant.federation.province("120000").entry(ServiceKind::Registrar, 2, &made);
    let member = applicant.province().division.member();
    entry.possession =
        crate::trust::prove(&made.key, member, &entry.id, ServiceKind::Registrar).unwrap();
    applicant.province_mut().entries.push(entry);
    applicant.others.push(("registrar", made.key));
    assert_eq!(codes(&applicant.findings()), [Code::OutOfScope]);
    let applicant = Applicant::new();
    let findings = applicant
        .saying(|enrolment| enrolment.scope.may_vouch_for.retain(|word| word != "registrar"));
    assert_eq!(codes(&findings), [Code::OutOfScope]);
    let mut applicant = Applicant::new();
    let scope = applicant.province_mut().entry_mut(ServiceKind::Issuance).scope.as_mut().unwrap();
    scope.territories = vec!["12".to_owned()];
    assert_found(&applicant.findings(), Code::OutOfScope, ":issuance:1");
    let mut applicant = Applicant::new();
    let entry = applicant.province_mut().entry_mut(ServiceKind::Issuance);
    let _: Option<ServiceScope> = entry.scope.take();
    assert_found(&applicant.findings(), Code::OutOfScope, ":issuance:1");
}

#[test]
fn every_key_proves_itself_for_this_application_hub_and_nonce() {
    let applicant = Applicant::new();
    let list = &applicant.province().list;
    let enrolment = applicant.enrolment();
    let seal = |keys: &[ProvingKey<'_>], addressee: &Addressee| {
        let enrolment = enrolment.clone();
        enrolment.seal(&list.key, &list.certificate, keys, addressee.clone()).unwrap()
    };
    let reproved = |proofs: Vec<String>| {
        let enrolment = enrolment.clone();
        let bundle = Bundle { enrolment, addressee: applicant.addressee.clone(), proofs };
        let header = Header::new(Typ::Enrolment).with_chain(&[list.certificate.der()]);
        examine(&sign_compact(&list.key, header, &bundle).unwrap()).findings
    };
    let all = applicant.proving();
    for missing in 0..all.len() {
        let mut keys = all.clone();
        keys.remove(missing);
        let findings = examine(&seal(&keys, &applicant.addressee)).findings;
        assert_eq!(codes(&findings), [Code::NoPossessionProof], "{missing}");
    }
    let proofs_for =
        |addressee: &Addressee| OpenedBundle::open(&seal(&all, addressee)).unwrap().bundle.proofs;
    assert_eq!(reproved(proofs_for(&applicant.addressee)), []);
    let elsewhere = [
        Addressee { hub: "https://other.example".to_owned(), ..applicant.addressee.clone() },
        Addressee { nonce: "b3RoZXI".to_owned(), ..applicant.addressee.clone() },
        Addressee { nonce: String::new(), ..applicant.addressee.clone() },
    ];
    for addressee in &elsewhere {
        let findings = reproved(proofs_for(addressee));
        assert_eq!(findings.len(), all.len() + 1, "every key: {findings:#?}");
    }
    let another = Applicant::new();
    let foreign = another.seal(another.enrolment());
    let foreign = OpenedBundle::open(&foreign).unwrap().bundle.proofs;
    assert_found(&reproved(foreign), Code::NoPossessionProof, "list-signing");
    let mut one_more = all.clone();
    let idle = SoftwareKey::generate(Algorithm::Es256).unwrap();
    one_more.push(ProvingKey { role: "status", signer: &idle });
    let findings = examine(&seal(&one_more, &applicant.addressee)).findings;
    assert_found(&findings, Code::Conflict, "proofs");
}

#[test]
fn a_key_proves_itself_in_its_own_role() {
    let applicant = Applicant::new();
    let list = &applicant.province().list;
    let mut keys = applicant.proving();
    keys[3].role = "status";
    let enrolment = applicant.enrolment();
    let token =
        enrolment.seal(&list.key, &list.certificate, &keys, applicant.addressee.clone()).unwrap();
    assert_eq!(codes(&examine(&token).findings), [Code::NoPossessionProof]);
}

#[test]
fn an_application_is_made_for_one_hub() {
    let mut applicant = Applicant::new();
    applicant.addressee.hub = "https://other.example".to_owned();
    assert_eq!(codes(&applicant.findings()), [Code::Misdirected]);
}

#[test]
fn a_draft_is_sound_and_says_that_it_is_one() {
    let mut applicant = Applicant::new();
    applicant.addressee.nonce = String::new();
    let examination = examine(&applicant.seal(applicant.enrolment()));
    assert!(examination.sound().unwrap().is_draft());
}

#[test]
fn fd_08_no_member_is_replaced_and_no_territory_taken() {
    let applicant = Applicant::new();
    let token = applicant.seal(applicant.enrolment());
    let mut other = Federation::new(now());
    let against = |federation: &mut Federation| {
        let known = KnownKeys::of(&federation.state());
        let context = EnrolmentContext { now: now(), known: Some(&known), hub: Some(HUB) };
        Examination::of(&token, context).findings
    };
    assert_eq!(codes(&against(&mut other)), [Code::MemberKeyUnproven]);
    let mut suspended = Federation::new(now());
    suspended.province_mut(CODE).status = crate::trust::ServiceStatus::Suspended;
    suspended.publish(ListId::Federation);
    assert_eq!(against(&mut suspended), [], "the key is lost, and it enrols anew");
    let mut withdrawn = Federation::new(now());
    withdrawn.province_mut(CODE).status = crate::trust::ServiceStatus::Withdrawn;
    withdrawn.publish(ListId::Federation);
    assert_eq!(codes(&against(&mut withdrawn)), [Code::MemberWithdrawn]);
    let mut taken = Federation::new(now());
    taken.province_mut("120000").scope.territories = vec!["12".to_owned(), "44".to_owned()];
    taken.publish(ListId::Federation);
    assert_found(&against(&mut taken), Code::OutOfScope, "scope/territories");
}

#[test]
fn the_keys_of_the_root_are_nobody_elses() {
    let applicant = Applicant::new();
    let mut federation = Federation::new(now());
    let operator = &federation.operators[0];
    let known = KnownKeys::of(&{
        let key = crate::trust::PinnedKey::of(&applicant.province().registrar.certificate);
        assert_ne!(key.spki_sha256, operator.certificate.spki_digest());
        federation.root.operators.keys[4] = key;
        federation.state()
    });
    let token = applicant.seal(applicant.enrolment());
    let context = EnrolmentContext { now: now(), known: Some(&known), hub: Some(HUB) };
    assert_found(&Examination::of(&token, context).findings, Code::DuplicateKey, ":registrar:1");
}

const CODE: &str = "440000";
const HUB: &str = "https://hub.example:8443";

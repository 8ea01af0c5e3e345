//! Checks an application, as the hub does and as anybody can: every finding is told, not the first.
//!
//! What needs more than the bundle (the keys that the federation knows, the hub it was made for)
//! is an argument; where it is not given, the examination says what was not checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde::Serialize;

use super::keys::{judge_identity, judge_list_key};
use super::known::{KnownKeys, Owner};
use super::{Enrolment, KeyClaims, OpenedBundle, WITNESS_ROLE};
use crate::base::{Code, Division, ListId, ServiceId, Timestamp, limits};
use crate::crypto::jws::{Compact, Typ};
use crate::crypto::note::WitnessKey;
use crate::crypto::{Digest, PublicKey, json};
use crate::licence::{LicenceType, province_of};
use crate::trust::lote::{EntityService, SignedList, optional};
use crate::trust::{
    MembershipScope, PossessionClaims, ProvincialList, ServiceKind, ServiceScope, ServiceStatus,
    is_origin, is_proven,
};

/// What an application is held against besides itself.
#[derive(Clone, Copy, Debug)]
pub struct EnrolmentContext<'a> {
    /// The instant of the check.
    pub now: Timestamp,
    /// The keys that the federation knows.
    pub known: Option<&'a KnownKeys>,
    /// The hub's origin as the root names it.
    pub hub: Option<&'a str>,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The application, when its signature verified.
    pub opened: Option<OpenedBundle>,
    /// What is wrong with it; empty when it is sound.
    pub findings: Vec<Finding>,
    /// What could not be checked here.
    pub unchecked: Vec<&'static str>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The published code.
    pub code: Code,
    /// Where: a service by its identifier, or a part of the application.
    pub subject: String,
    /// In words.
    pub text: String,
}

impl Examination {
    /// Checks the application in `token`.
    #[must_use]
    pub fn of(token: &str, context: EnrolmentContext<'_>) -> Self {
        let mut unchecked = Vec::new();
        if context.known.is_none() {
            unchecked.push("whether another member or the federation holds one of the keys");
        }
        if context.hub.is_none() {
            unchecked.push("whether it was made for this federation's hub");
        }
        let opened = match OpenedBundle::open(token) {
            Ok(opened) => opened,
            Err(refusal) => {
                let text = refusal.to_string();
                let findings =
                    vec![Finding { code: refusal.code(), subject: "bundle".to_owned(), text }];
                return Self { opened: None, findings, unchecked };
            }
        };
        let findings = Check::new(&opened, context).run();
        Self { opened: Some(opened), findings, unchecked }
    }

    /// The application, when nothing was found against it.
    #[must_use]
    pub fn sound(&self) -> Option<&OpenedBundle> {
        self.opened.as_ref().filter(|_| self.findings.is_empty())
    }
}

/// Gathers findings about one subject.
pub(super) struct Findings<'a> {
    subject: String,
    all: &'a mut Vec<Finding>,
}

impl Findings<'_> {
    pub(super) fn add(&mut self, code: Code, text: impl Display) {
        let (subject, text) = (self.subject.clone(), text.to_string());
        self.all.push(Finding { code, subject, text });
    }

    /// Adds it unless the same code was found here before.
    pub(super) fn add_once(&mut self, code: Code, text: impl Display) {
        let told = |finding: &Finding| finding.code == code && finding.subject == self.subject;
        if !self.all.iter().any(told) {
            self.add(code, text);
        }
    }
}

/// A key of the application, by what it is for.
struct ListedKey {
    subject: String,
    /// The role in which it must prove itself; none for authorities above a signer.
    role: Option<&'static str>,
    spki: Digest,
    key: Option<PublicKey>,
}

struct Check<'a> {
    opened: &'a OpenedBundle,
    context: EnrolmentContext<'a>,
    keys: Vec<ListedKey>,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    const fn new(opened: &'a OpenedBundle, context: EnrolmentContext<'a>) -> Self {
        Self { opened, context, keys: Vec::new(), findings: Vec::new() }
    }

    fn run(mut self) -> Vec<Finding> {
        self.check_applicant();
        self.check_scope();
        self.check_list_key();
        self.check_witness();
        self.check_list();
        self.check_distinct();
        self.check_proofs();
        self.check_addressee();
        self.check_standing();
        self.findings
    }

    const fn enrolment(&self) -> &'a Enrolment {
        &self.opened.bundle.enrolment
    }

    fn about(&mut self, subject: impl Into<String>) -> Findings<'_> {
        Findings { subject: subject.into(), all: &mut self.findings }
    }

    /// Who applies, and where it is.
    fn check_applicant(&mut self) {
        let enrolment = self.enrolment();
        if province_of(enrolment.member.division()).is_none() {
            self.about("member").add(Code::IdNotCanonical, "the division lies in no province");
        }
        if enrolment.names.iter().any(|name| !is_plain(name, MOST_NAME)) {
            self.about("names").add(Code::ValidationFailed, "a name is empty, long or unprintable");
        }
        let [_, _] = &enrolment.hosts[..] else {
            return self.about("hosts").add(
                Code::ValidationFailed,
                "two origins are needed: federation listener, public listener",
            );
        };
        for (index, host) in enrolment.hosts.iter().enumerate() {
            if !is_canonical_origin(host) {
                self.about(format!("hosts/{index}")).add(
                    Code::IdNotCanonical,
                    "not an https origin in its one form, https://host[:port]",
                );
            }
        }
        let is_contact = |text: &String| {
            is_plain(text, MOST_NAME) && (text.starts_with("mailto:") || text.starts_with("tel:"))
        };
        if enrolment.contacts.len() > MOST_CONTACTS || !enrolment.contacts.iter().all(is_contact) {
            self.about("contacts")
                .add(Code::ValidationFailed, "contacts are up to eight mailto: or tel: addresses");
        }
    }

    /// What it asks lies within its division, and is something that exists.
    fn check_scope(&mut self) {
        let enrolment = self.enrolment();
        for (part, fault) in scope_faults(enrolment.member.division(), &enrolment.scope) {
            self.about(format!("scope/{part}")).add(Code::OutOfScope, fault);
        }
    }

    fn check_list_key(&mut self) {
        let (opened, now) = (self.opened, self.context.now);
        judge_list_key(&opened.certificate, now, &mut self.about(LIST_KEY));
        self.keys.push(ListedKey {
            subject: LIST_KEY.to_owned(),
            role: Some(ServiceKind::ListSigning.word()),
            spki: opened.fingerprint(),
            key: Some(opened.key.clone()),
        });
    }

    /// The witness key has its one text, with the hash that belongs to it, and the province's name.
    fn check_witness(&mut self) {
        let enrolment = self.enrolment();
        let Ok(key) = enrolment.witness_vkey.parse::<WitnessKey>() else {
            return self
                .about(WITNESS_ROLE)
                .add(Code::Malformed, "not the verifier key of a witness, or its hash is another");
        };
        if key.name() != format!("elicence/{}/witness", enrolment.member.division()) {
            self.about(WITNESS_ROLE)
                .add(Code::IdNotCanonical, "the witness goes by another name than its province's");
        }
        self.keys.push(ListedKey {
            subject: WITNESS_ROLE.to_owned(),
            role: Some(WITNESS_ROLE),
            spki: key.spki_digest(),
            key: Some(key.public_key().clone()),
        });
    }

    fn check_list(&mut self) {
        let enrolment = self.enrolment();
        let list = match SignedList::parse(enrolment.list.as_bytes()) {
            Ok(list) => list,
            Err(refusal) => return self.about("list").add(refusal.code(), refusal),
        };
        if list.id() != ListId::Province(enrolment.member.division()) {
            self.about("list").add(Code::IdNotCanonical, "it is another member's list");
        }
        let signed = list.signatures().signers(&[&self.opened.key], Typ::List);
        if !signed.is_ok_and(|signers| !signers.is_empty()) {
            self.about("list").add(Code::WrongSigner, "it is not signed by the list key");
        }
        let scheme = &list.document().lote.scheme;
        if scheme.next_update <= self.context.now {
            self.about("list").add(Code::ListExpired, "it is past its NextUpdate");
        }
        let services: Vec<&EntityService> =
            list.document().lote.entities.iter().flat_map(|entity| &entity.services).collect();
        if services.len() > enrolment.scope.max_list_entries as usize {
            self.about("list").add(Code::OutOfScope, "it has more entries than are asked for");
        }
        for service in &services {
            self.check_service(service);
        }
        self.check_complete(&services);
        // The reader of every node has the last word on what is readable.
        if self.findings.is_empty()
            && let Err(refusal) = ProvincialList::read(&list)
        {
            self.about("list").add(refusal.code(), refusal);
        }
    }

    /// Without these a gateway can neither be reached nor answer.
    fn check_complete(&mut self, services: &[&EntityService]) {
        for needed in [ServiceKind::GatewayTls, ServiceKind::GatewaySigning] {
            let is_there = |service: &&EntityService| {
                service.information.service_type_identifier == needed.to_string()
            };
            if !services.iter().any(is_there) {
                let text = format!("it has no {} entry", needed.word());
                self.about("list").add(Code::ValidationFailed, text);
            }
        }
    }

    fn check_service(&mut self, service: &EntityService) {
        let enrolment = self.enrolment();
        let information = &service.information;
        let extensions = &information.service_information_extensions;
        let id = optional::<ServiceId>(extensions, "ServiceId").ok().flatten();
        let kind = information.service_type_identifier.parse::<ServiceKind>().ok();
        let (Some(id), Some(kind)) = (id, kind) else {
            return self.about("list").add(
                Code::Malformed,
                format!(
                    "an entry has no ServiceId or no known type: {}",
                    information.service_type_identifier
                ),
            );
        };
        let subject = id.as_str().to_owned();
        let division = enrolment.member.division();
        if !id.as_str().starts_with(&format!("urn:elicence:svc:{division}:{}:", kind.word())) {
            self.about(&subject)
                .add(Code::OutOfScope, "the identifier names another division or another kind");
        }
        if kind == ServiceKind::ListSigning {
            self.about(&subject)
                .add(Code::WrongKeyUsage, "the list key is the federation's to name");
        }
        if !enrolment.scope.may_vouch_for.iter().any(|word| word == kind.word()) {
            self.about(&subject).add(Code::OutOfScope, "its kind is not among those asked for");
        }
        self.check_service_scope(&subject, service, kind);
        let now = self.context.now;
        let chain = judge_identity(
            kind,
            &information.service_digital_identity,
            now,
            &mut self.about(&subject),
        );
        let mut chain = chain.into_iter();
        let Some(own) = chain.next() else { return };
        let key = own.public_key().ok();
        self.check_possession(&subject, service, &id, kind, key.as_ref());
        let role = Some(kind.word());
        self.keys.push(ListedKey { subject: subject.clone(), role, spki: own.spki_digest(), key });
        // One issuing authority stands above many signers.
        let above = chain.map(|authority| authority.spki_digest());
        for spki in above {
            let subject = AUTHORITY.to_owned();
            if !self.keys.iter().any(|known| known.spki == spki && known.subject == AUTHORITY) {
                self.keys.push(ListedKey { subject, role: None, spki, key: None });
            }
        }
    }

    fn check_service_scope(&mut self, subject: &str, service: &EntityService, kind: ServiceKind) {
        let extensions = &service.information.service_information_extensions;
        let asked = &self.enrolment().scope;
        match optional::<ServiceScope>(extensions, "ServiceScope") {
            Err(_) => self.about(subject).add(Code::Malformed, "its ServiceScope cannot be read"),
            Ok(None) if kind == ServiceKind::Issuance => {
                self.about(subject).add(Code::OutOfScope, "an issuer needs a ServiceScope");
            }
            Ok(None) => {}
            Ok(Some(scope)) => {
                let within = |territory: &String| {
                    asked.territories.iter().any(|prefix| territory.starts_with(prefix.as_str()))
                };
                let of_type = |code: &String| asked.licence_types.contains(code);
                if !scope.territories.iter().all(within) || !scope.licence_types.iter().all(of_type)
                {
                    self.about(subject)
                        .add(Code::OutOfScope, "its scope is wider than what is asked for");
                }
            }
        }
    }

    fn check_possession(
        &mut self,
        subject: &str,
        service: &EntityService,
        id: &ServiceId,
        kind: ServiceKind,
        key: Option<&PublicKey>,
    ) {
        let extensions = &service.information.service_information_extensions;
        let proof = optional::<String>(extensions, "PossessionProof").ok().flatten();
        let member = self.enrolment().member;
        let proven = key.zip(proof).is_some_and(|(key, proof)| {
            let expected = PossessionClaims::new(member, id, kind, key.spki_digest());
            is_proven(&proof, key, &expected)
        });
        if !proven {
            self.about(subject).add(
                Code::NoPossessionProof,
                "the key does not state that it stands for this entry",
            );
        }
    }

    /// One key, one purpose, one owner.
    fn check_distinct(&mut self) {
        let mut seen: BTreeMap<Digest, String> = BTreeMap::new();
        let mut found = Vec::new();
        for key in &self.keys {
            if let Some(first) = seen.get(&key.spki) {
                found.push((key.subject.clone(), format!("it has the same key as {first}")));
            } else {
                seen.insert(key.spki, key.subject.clone());
            }
            let owner = self.context.known.and_then(|known| known.owner(key.spki));
            match owner {
                Some(Owner::Federation) => {
                    found.push((key.subject.clone(), "the root names its key".to_owned()));
                }
                Some(Owner::Member(other)) if other != self.enrolment().member => {
                    found.push((key.subject.clone(), format!("its key is known as {other}'s")));
                }
                Some(Owner::Member(_)) | None => {}
            }
        }
        for (subject, text) in found {
            self.about(subject).add(Code::DuplicateKey, text);
        }
    }

    /// Every key states itself, for this application, this hub and this nonce.
    fn check_proofs(&mut self) {
        let bundle = &self.opened.bundle;
        let Ok(digest) = bundle.enrolment.digest() else {
            return self.about("bundle").add(Code::Malformed, "it has no canonical form");
        };
        let mut proofs: BTreeMap<Digest, Compact<'_>> = BTreeMap::new();
        for token in bundle.proofs.iter().take(self.keys.len()) {
            let parsed = Compact::parse(token).ok();
            let claims = parsed
                .as_ref()
                .and_then(|token| json::from_slice::<KeyClaims>(token.unverified_payload()).ok());
            if let Some((token, claims)) = parsed.zip(claims) {
                proofs.insert(claims.spki, token);
            }
        }
        let proves = |listed: &ListedKey| {
            let (Some(role), Some(key)) = (listed.role, &listed.key) else { return true };
            let expected = KeyClaims::new(
                digest,
                bundle.enrolment.member,
                role,
                listed.spki,
                &bundle.addressee,
            );
            proofs.get(&listed.spki).is_some_and(|token| {
                token.open::<KeyClaims>(key, Typ::Possession).is_ok_and(|claims| claims == expected)
            })
        };
        let unproven: Vec<String> = self
            .keys
            .iter()
            .filter(|listed| !proves(listed))
            .map(|listed| listed.subject.clone())
            .collect();
        for subject in unproven {
            self.about(subject)
                .add(Code::NoPossessionProof, "the key does not prove itself in this application");
        }
        let known: BTreeSet<Digest> = self.keys.iter().map(|listed| listed.spki).collect();
        if bundle.proofs.len() > self.keys.len() || proofs.keys().any(|spki| !known.contains(spki))
        {
            self.about("proofs").add(Code::Conflict, "a proof is of no key in the application");
        }
    }

    fn check_addressee(&mut self) {
        let made_for = &self.opened.bundle.addressee.hub;
        if self.context.hub.is_some_and(|hub| hub != made_for) {
            let text = format!("it was made for the hub {made_for:?}");
            self.about("addressee/hub").add(Code::Misdirected, text);
        }
    }

    /// Nobody who is a member already is replaced, and nobody's territory is taken.
    fn check_standing(&mut self) {
        let Some(known) = self.context.known else { return };
        let enrolment = self.enrolment();
        let fingerprint = self.opened.fingerprint();
        if let Some(held) = known.member(enrolment.member) {
            match held.status {
                Some(ServiceStatus::Withdrawn) => self
                    .about("member")
                    .add(Code::MemberWithdrawn, "it left the federation for good"),
                Some(ServiceStatus::Suspended) => {}
                _ if held.list_key == Some(fingerprint) => {}
                _ => self.about("member").add(
                    Code::MemberKeyUnproven,
                    "it is a member with another list key: that changes by KeyChange, \
                     or after a suspension",
                ),
            }
        }
        let territories = &enrolment.scope.territories;
        let taken = known
            .members()
            .filter(|(id, _)| *id != enrolment.member)
            .find(|(_, held)| held.territories.iter().any(|other| territories.contains(other)))
            .map(|(id, _)| id);
        if let Some(other) = taken {
            self.about("scope/territories")
                .add(Code::OutOfScope, format!("{other} speaks for the same territory"));
        }
    }
}

/// What is wrong with a member's scope, each with the member of the document that it is about.
pub(in crate::exchange) fn scope_faults(
    division: Division,
    scope: &MembershipScope,
) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let own = own_prefix(division.as_str());
    if scope.territories.is_empty() {
        faults.push(("territories", "no territory is asked for".to_owned()));
    }
    for territory in &scope.territories {
        let is_prefix = matches!(territory.len(), 2 | 4 | 6)
            && territory.bytes().all(|byte| byte.is_ascii_digit());
        if !is_prefix || !territory.starts_with(own) {
            let fault = format!("{territory:?} lies outside the applicant's division");
            faults.push(("territories", fault));
        }
    }
    let is_type = |code: &String| LicenceType::ALL.iter().any(|kind| kind.code() == code);
    if let Some(unknown) = scope.licence_types.iter().find(|code| !is_type(code)) {
        faults.push(("licenceTypes", format!("{unknown:?} is no licence type")));
    }
    let may_list =
        |word: &String| service_kind(word).is_some_and(|kind| kind != ServiceKind::ListSigning);
    if let Some(word) = scope.may_vouch_for.iter().find(|word| !may_list(word)) {
        faults.push(("mayVouchFor", format!("a province cannot list {word:?}")));
    }
    if scope.max_list_entries as usize > limits::ISSUERS_PER_PROVINCE {
        let fault = format!("a province lists at most {} entries", limits::ISSUERS_PER_PROVINCE);
        faults.push(("maxListEntries", fault));
    }
    faults
}

fn service_kind(word: &str) -> Option<ServiceKind> {
    format!("urn:elicence:service:{word}").parse().ok()
}

/// The digits of a division that say something: 44 of 440000, 4403 of 440300.
pub(super) fn own_prefix(division: &str) -> &str {
    let mut prefix = division;
    while prefix.len() > 2
        && let Some(shorter) = prefix.strip_suffix("00")
    {
        prefix = shorter;
    }
    prefix
}

/// An https origin in its one form: a name or an address, and a port that is not the default.
pub(in crate::exchange) fn is_canonical_origin(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("https://") else { return false };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let port_is_sound = port.is_none_or(|port| {
        port.parse::<u16>()
            .is_ok_and(|number| number != 0 && number != HTTPS && number.to_string() == port)
    });
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    is_origin(text) && port_is_sound && !host.contains(':') && host.split('.').all(is_label)
}

/// Neither empty nor over long, and nothing that steers a terminal.
fn is_plain(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.len() <= most && !text.chars().any(char::is_control)
}

const HTTPS: u16 = 443;
const LIST_KEY: &str = "list-signing";
const AUTHORITY: &str = "issuing authority";
/// More than any province's name or address of contact.
const MOST_NAME: usize = 254;
const MOST_CONTACTS: usize = 8;

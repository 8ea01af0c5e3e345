//! One province: its keys, its membership and the entries of its list.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Identity;
use crate::base::{Division, ServiceId, Timestamp};
use crate::crypto::note::WitnessKey;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, Signer as _};
use crate::licence::{CheckDigit, LicenceType, SocialCreditCode};
use crate::trust::lote::{self, compose};
use crate::trust::{
    MemberExtension, MembershipScope, ServiceKind, ServiceScope, ServiceStatus, member_extensions,
    prove, service_extensions,
};

/// A province with every key it has.
pub(crate) struct Province {
    /// Its six digits.
    pub(crate) division: Division,
    /// Code of its transport authority, which issues its licences.
    pub(crate) authority_code: String,
    /// Signs its list.
    pub(crate) list: Identity,
    /// Its gateway in TLS.
    pub(crate) tls: Identity,
    /// Signs requests, answers, grants and reports.
    pub(crate) gateway: Identity,
    /// Signs status lists.
    pub(crate) status_signer: Identity,
    /// States who a client is.
    pub(crate) registrar: Identity,
    /// Issuing authority, above the signer of licences.
    pub(crate) issuing_authority: Identity,
    /// Signs licences.
    pub(crate) issuer: Identity,
    /// Cosigns the list log.
    pub(crate) witness: SoftwareKey,
    /// Authority of clients, by role: `business`, `enforcement`.
    pub(crate) client_authorities: BTreeMap<&'static str, Identity>,
    /// Its origins: federation listener, public listener.
    pub(crate) hosts: Vec<String>,
    /// What the federation lets it do.
    pub(crate) scope: MembershipScope,
    /// Its status in the federation list.
    pub(crate) status: ServiceStatus,
    /// Since when.
    pub(crate) since: Timestamp,
    /// The entries of its list; tests change them before they publish.
    pub(crate) entries: Vec<Listed>,
    name: &'static str,
}

/// An entry of a provincial list.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Its identifier.
    pub(crate) id: ServiceId,
    /// What it is for.
    pub(crate) kind: ServiceKind,
    /// Whether it may be used.
    pub(crate) status: ServiceStatus,
    /// The key's certificate and its chain.
    pub(crate) certificates: Vec<Certificate>,
    /// The key's own statement.
    pub(crate) possession: String,
    /// For issuers.
    pub(crate) scope: Option<ServiceScope>,
    /// For authorities of clients.
    pub(crate) client_role: Option<&'static str>,
}

impl Province {
    pub(super) fn new(code: &str, name: &'static str, port: u16, now: Timestamp) -> Self {
        let division: Division = code.parse().unwrap();
        let issuing_authority = Identity::authority(&format!("{name} issuing CA"), now);
        let role_authority = |role| Identity::authority(&format!("{name} {role} CA"), now);
        let mut province = Self {
            division,
            authority_code: authority_code(division),
            list: Identity::leaf(&format!("{name} list"), now),
            tls: Identity::tls(&format!("{name} gateway"), now),
            gateway: Identity::leaf(&format!("{name} signing"), now),
            status_signer: Identity::leaf(&format!("{name} status"), now),
            registrar: Identity::leaf(&format!("{name} registrar"), now),
            issuer: issuing_authority.issue_signer(&format!("{name} licences"), now),
            witness: SoftwareKey::generate(Algorithm::EdDsa).unwrap(),
            issuing_authority,
            client_authorities: ["business", "enforcement"]
                .map(|role| (role, role_authority(role)))
                .into(),
            hosts: vec![
                format!("https://127.0.0.1:{port}"),
                format!("https://127.0.0.1:{}", port + 1),
            ],
            scope: membership_scope(&code[..2]),
            status: ServiceStatus::Granted,
            since: (now - Duration::from_hours(24)).whole_seconds(),
            entries: Vec::new(),
            name,
        };
        province.entries = province.every_entry();
        province
    }

    /// The signer of licences and its chain.
    pub(crate) fn issuer_chain(&self) -> Vec<Certificate> {
        vec![self.issuer.certificate.clone(), self.issuing_authority.certificate.clone()]
    }

    /// Identifier of the issuer of licences, a credential's `iss`.
    pub(crate) fn issuer_id(&self) -> ServiceId {
        ServiceId::new(self.division, ServiceKind::Issuance.word(), 1)
    }

    /// What its issuer may sign.
    pub(crate) fn issuer_scope(&self) -> ServiceScope {
        ServiceScope {
            territories: vec![self.division.as_str()[..2].to_owned()],
            licence_types: licence_types(),
            authority_codes: vec![self.authority_code.clone()],
        }
    }

    /// A client of `role` with a certificate of this province.
    pub(crate) fn client(&self, role: &str, client: &str, now: Timestamp) -> Identity {
        let uri = format!("urn:elicence:client:{}:{role}:{client}", self.division);
        self.client_authorities[role].issue_client(&uri, now)
    }

    /// The entry of `kind`; of the first such when there are several.
    pub(crate) fn entry_mut(&mut self, kind: ServiceKind) -> &mut Listed {
        self.entries.iter_mut().find(|entry| entry.kind == kind).expect("an entry of this kind")
    }

    /// An entry for `holder`, with the proof that it holds its key.
    pub(crate) fn entry(&self, kind: ServiceKind, number: u32, holder: &Identity) -> Listed {
        let id = ServiceId::new(self.division, kind.word(), number);
        Listed {
            possession: prove(&holder.key, self.division.member(), &id, kind).unwrap(),
            certificates: vec![holder.certificate.clone()],
            status: ServiceStatus::Granted,
            scope: None,
            client_role: None,
            id,
            kind,
        }
    }

    /// Its entity in its own list.
    pub(super) fn entity(&self) -> lote::Entity {
        let service = |entry: &Listed| {
            let extensions = service_extensions(
                &entry.id,
                &entry.possession,
                entry.scope.as_ref(),
                entry.client_role,
            );
            let (kind, chain) = (entry.kind, &entry.certificates);
            compose::service(kind, chain, entry.status, self.since, &[], extensions.unwrap())
        };
        let services = self.entries.iter().map(service).collect();
        compose::entity([self.name, self.name], &self.hosts, Vec::new(), services)
    }

    /// What it is called as a witness.
    pub(crate) fn witness_name(&self) -> String {
        format!("elicence/{}/witness", self.division)
    }

    /// Its key as a witness.
    pub(crate) fn witness_vkey(&self) -> String {
        WitnessKey::new(&self.witness_name(), self.witness.public_key()).unwrap().to_string()
    }

    /// Its entity in the federation list.
    pub(super) fn member_entity(&self) -> lote::Entity {
        let member = MemberExtension {
            id: self.division.member(),
            hosts: self.hosts.clone(),
            witness_vkey: self.witness_vkey(),
        };
        let extensions = member_extensions(&member, &self.scope).unwrap();
        let services = vec![super::list_key_service(self)];
        compose::entity([self.name, self.name], &self.hosts, extensions, services)
    }

    fn every_entry(&self) -> Vec<Listed> {
        let mut issuer = self.entry(ServiceKind::Issuance, 1, &self.issuer);
        issuer.certificates = self.issuer_chain();
        issuer.scope = Some(self.issuer_scope());
        let mut entries = vec![
            self.entry(ServiceKind::GatewayTls, 1, &self.tls),
            self.entry(ServiceKind::GatewaySigning, 1, &self.gateway),
            self.entry(ServiceKind::Status, 1, &self.status_signer),
            self.entry(ServiceKind::Registrar, 1, &self.registrar),
            issuer,
        ];
        for (number, (role, authority)) in (1..).zip(&self.client_authorities) {
            let mut entry = self.entry(ServiceKind::ClientCa, number, authority);
            entry.client_role = Some(role);
            entries.push(entry);
        }
        entries
    }
}

/// Tokens of all licence types.
pub(crate) fn licence_types() -> Vec<String> {
    LicenceType::ALL.iter().map(|kind| kind.code().to_owned()).collect()
}

fn membership_scope(prefix: &str) -> MembershipScope {
    let kinds = [
        ServiceKind::ClientCa,
        ServiceKind::GatewaySigning,
        ServiceKind::GatewayTls,
        ServiceKind::Issuance,
        ServiceKind::Registrar,
        ServiceKind::Status,
    ];
    MembershipScope {
        territories: vec![prefix.to_owned()],
        licence_types: licence_types(),
        may_vouch_for: kinds.map(|kind| kind.word().to_owned()).into(),
        max_list_entries: 64,
    }
}

/// A code of no real authority, with the check character that belongs to it.
fn authority_code(division: Division) -> String {
    let candidates =
        ('0'..='9').chain('A'..='Y').map(|check| format!("11{division}999999990{check}"));
    let sound = |code: &String| {
        code.parse::<SocialCreditCode>().is_ok_and(|code| code.check() == CheckDigit::Matches)
    };
    candidates.into_iter().find(sound).expect("one check character is right")
}

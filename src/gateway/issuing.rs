//! Issuing and changing licences in this province's register: the row, the credential and the
//! audit entry are one transaction.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::node::{Node, unavailable};
use super::status::OWN_LIST;
use crate::audit::{Actor, Entry, EntryKind};
use crate::base::{Code, Timestamp};
use crate::credential::{IssueTerms, StatusReference, examine, issue};
use crate::crypto::{Digest, Jwk};
use crate::http::Problem;
use crate::licence::{Carrier, Identifier, LicenceDocument, LicenceStatus, LicenceType, Plate};
use crate::register::check_transition;
use crate::store::{Effect, LicenceRow};

/// A licence to be put into the register.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueOrder {
    /// The type's code.
    #[serde(rename = "type")]
    pub licence_type: LicenceType,
    /// What it says.
    pub claims: Map<String, Value>,
    /// What it is written on; only `electronic` gets a credential.
    pub carrier: Carrier,
    /// The holder's public key, where the holder has one.
    #[serde(default)]
    pub holder_key: Option<Jwk>,
}

/// What issuing gives back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IssuedLicence {
    /// The licence.
    pub identifier: Identifier,
    /// Its credential with every disclosure, for the holder alone.
    pub credential: Option<String>,
    /// Where the issue stands in the audit log.
    pub audit_index: u64,
}

/// A change of status.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusOrder {
    /// The licence.
    pub identifier: Identifier,
    /// Its new status.
    pub status: LicenceStatus,
}

impl Node {
    /// Puts a licence into the register and issues its credential.
    pub(super) async fn issue_licence(
        &self,
        order: IssueOrder,
        actor: Actor,
    ) -> Result<IssuedLicence, Problem> {
        self.demand_clock()?;
        let now = self.now();
        let document = LicenceDocument::new(order.licence_type, order.claims)
            .map_err(|error| validation("/claims", &error))?;
        let identifier = document.identifier().clone();
        self.check_own_division(&document)?;
        self.check_not_issued(&identifier).await?;
        let status_index = self
            .store
            .free_status_index(OWN_LIST, &self.entropy)
            .await
            .map_err(|error| unavailable(&error))?;
        let credential = match order.carrier {
            Carrier::Electronic => Some(self.make_credential(
                &document,
                status_index,
                order.holder_key.as_ref(),
                now,
            )?),
            Carrier::IcCard | Carrier::Paper => None,
        };
        let digest = credential.as_ref().map(|(_, digest)| *digest);
        let row = self.licence_row(&document, status_index, order.carrier, credential, now)?;
        let mut entry = Entry::new(EntryKind::CredentialIssued, now, actor);
        entry.subject = Some(subject_of(&identifier));
        entry.document_sha256 = digest;
        let credential = row.credential.clone();
        let receipt = self.commit(vec![Effect::PutLicence(row)], entry).await?;
        Ok(IssuedLicence { identifier, credential, audit_index: receipt.index() })
    }

    /// A licence is issued once: a change is a new version with an identifier of its own, and what
    /// has ended does not come back by being issued again.
    async fn check_not_issued(&self, identifier: &Identifier) -> Result<(), Problem> {
        let row = self.store.licence(identifier).await.map_err(|error| unavailable(&error))?;
        if row.is_some() {
            return Err(Problem::new(Code::StateConflict)
                .with_detail("this identifier has been issued: a change is a new version"));
        }
        Ok(())
    }

    fn make_credential(
        &self,
        document: &LicenceDocument,
        status_index: u32,
        holder_key: Option<&Jwk>,
        now: Timestamp,
    ) -> Result<(String, Digest), Problem> {
        if holder_key.is_some_and(|key| key.public_key().is_err()) {
            return Err(Problem::new(Code::ValidationFailed)
                .with_error("/holder_key", "is no point of its curve"));
        }
        let issuer = &self.keys.issuer;
        let terms = IssueTerms {
            issuer: &issuer.id,
            chain: &issuer.chain,
            status: StatusReference { idx: u64::from(status_index), uri: self.own_status_uri() },
            holder: holder_key,
            now,
        };
        let issued = issue(document, &terms, issuer.signer.as_ref(), &self.entropy)
            .map_err(|error| validation("/claims", &error))?;
        // Judged as any other province will: what nobody would recognise is not issued.
        examine(&issued.token, &self.trust.snapshot(), now).map_err(|failure| {
            Problem::new(Code::ValidationFailed)
                .with_error("/claims", format!("{}: {}", failure.code(), failure.error()))
        })?;
        Ok((issued.token, issued.digest))
    }

    /// A register speaks for the divisions that the federation gives to its province.
    fn check_own_division(&self, document: &LicenceDocument) -> Result<(), Problem> {
        let owner = self.trust.snapshot().owner_of(document.issuing_division());
        if owner == Some(self.settings.member) {
            return Ok(());
        }
        Err(Problem::new(Code::ValidationFailed)
            .with_error("/claims/issuingDivision", "not a division of this province"))
    }

    fn licence_row(
        &self,
        document: &LicenceDocument,
        status_index: u32,
        carrier: Carrier,
        credential: Option<(String, Digest)>,
        now: Timestamp,
    ) -> Result<LicenceRow, Problem> {
        let record = serde_json::to_string(document).map_err(|_| Problem::new(Code::Internal))?;
        let (token, digest) = credential.unzip();
        let text = |name: &str| document.text(name).map(str::to_owned);
        Ok(LicenceRow {
            identifier: document.identifier().clone(),
            licence_type: document.licence_type(),
            issuing_division: document.issuing_division(),
            number: number_of(document),
            plate: document.plate().map(|plate: &Plate| plate.as_str().to_owned()),
            plate_colour: text("plateColourCode"),
            holder_code_digest: text("holderCode").map(|code| self.holder_digest(&code)),
            status: LicenceStatus::Valid,
            status_list: OWN_LIST.to_owned(),
            status_index,
            version: document.version(),
            carrier,
            record,
            credential: token,
            credential_digest: digest,
            updated: now,
        })
    }

    /// The name under which a holder's code is found: keyed, so that the database alone does not
    /// tell it.
    pub(super) fn holder_digest(&self, code: &str) -> Digest {
        Digest::of_parts(&[b"holder code\0", self.keys.nonce_secret.as_slice(), code.as_bytes()])
    }

    /// Changes the status of a licence; what has ended does not come back this way.
    pub(super) async fn change_status(
        &self,
        order: &StatusOrder,
        actor: Actor,
    ) -> Result<u64, Problem> {
        self.demand_clock()?;
        let now = self.now();
        let row = self
            .store
            .licence(&order.identifier)
            .await
            .map_err(|error| unavailable(&error))?
            .ok_or_else(|| Problem::new(Code::NotFound))?;
        check_transition(row.status, order.status)
            .map_err(|refusal| Problem::new(refusal.code()).with_detail(refusal.to_string()))?;
        let mut effects = vec![Effect::SetLicenceStatus {
            identifier: order.identifier.clone(),
            from: row.status,
            status: order.status,
            now,
        }];
        if order.status != LicenceStatus::Valid {
            // A licence that ended takes its grants with it, in the same transaction.
            let licence = order.identifier.clone();
            effects.push(Effect::EndGrantsOf { licence, now });
        }
        let mut entry = Entry::new(EntryKind::RegisterChanged, now, actor);
        entry.subject = Some(subject_of(&order.identifier));
        entry.reference = Some(order.status.token().to_owned());
        let receipt = self.commit(effects, entry).await?;
        Ok(receipt.index())
    }
}

/// The pseudonym of a licence in the audit log.
pub(super) fn subject_of(identifier: &Identifier) -> Digest {
    Digest::of_parts(&[b"licence\0", identifier.as_str().as_bytes()])
}

/// The number by which a licence is looked up when it is shown on paper.
fn number_of(document: &LicenceDocument) -> String {
    NUMBER_CLAIMS
        .iter()
        .find_map(|name| document.text(name))
        .unwrap_or_else(|| document.identifier().as_str())
        .to_owned()
}

/// A member of an order that does not do.
pub(super) fn validation(pointer: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(Code::ValidationFailed).with_error(pointer, error.to_string())
}

/// Claims that carry the printed number, in the order of preference.
const NUMBER_CLAIMS: [&str; 4] =
    ["certificateNumber", "transCertificateCode", "licenseCode", "qualificationNumber"];

//! The answering side of a look-up: this province's register, asked by an officer of any province
//! under the national catalogue, gives the least that the function calls for.

use std::collections::BTreeSet;

use super::issuing::subject_of;
use super::node::{Node, known_claims, problem_of, unavailable};
use super::party::Party;
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, Timestamp, limits};
use crate::disclosure::{Source, disclose};
use crate::exchange::{Basis as StatedBasis, QueryBody, RegisterAnswer, answer, pledge};
use crate::http::Problem;
use crate::identity::Role;
use crate::licence::{LicenceDocument, LicenceType};
use crate::policy::{
    Basis, Inspection, Mandate, MandateQuestion, RegisteredStatutoryUse, Requested, Subject, decide,
};
use crate::register::{Query, Record, Recorded, recall};
use crate::store::LicenceRow;

impl Node {
    /// Answers from this province's register, for an officer of any province.
    pub(super) async fn answer_query(
        &self,
        party: &Party,
        question: &Query,
        body: &QueryBody,
        now: Timestamp,
    ) -> Result<String, Problem> {
        let mut entry =
            Entry::new(EntryKind::StatutoryView, now, party.actor(self.settings.member));
        entry.basis = Some("statutory".to_owned());
        entry.request_sha256 = Some(party.request_sha256);
        entry.claims_asked = known_claims(body.claims.as_deref().unwrap_or_default());
        if let Some(officer) = &party.officer {
            entry.reference = Some(officer.inspection_ref.to_string());
        }
        let mandate = match self.mandate_of(party, question, now) {
            Ok(mandate) => mandate,
            Err(problem) => return Err(self.refuse(entry, party.spends.clone(), problem).await),
        };
        entry.purpose = Some(mandate.purpose().code().to_owned());
        self.telemetry.statutory_read(mandate.purpose().code());
        let covered = covered_types(party);
        let found = self.find(question).await?;
        // A type that the use does not cover is answered like none at all.
        let covers = |row: &LicenceRow| covered.is_empty() || covered.contains(&row.licence_type);
        let Some(row) = found.filter(covers) else {
            let receipt = self.commit(party.spends.clone(), entry).await?;
            return self.sign_answer(
                party.draft(self.settings.member),
                RegisterAnswer::not_found(),
                &receipt,
                now,
            );
        };
        entry.subject = Some(subject_of(&row.identifier));
        let recorded = recalled(&row, now)?;
        let requested = body.claims.as_ref().map_or(Requested::Minimum, |claims| {
            Requested::Claims(claims.iter().cloned().collect())
        });
        let permit = decide(
            party.role,
            mandate.purpose(),
            Some(Basis::Statutory(mandate)),
            &Subject::from(&recorded),
            &requested,
        );
        let permit = match permit {
            Ok(permit) => permit,
            Err(refusal) => {
                let problem = problem_of(refusal.code());
                return Err(self.refuse(entry, party.spends.clone(), problem).await);
            }
        };
        let disclosed = disclose(permit, Source::Register(&recorded))
            .map_err(|refusal| Problem::new(refusal.code()))?;
        let (pledged, pending) = pledge(disclosed, entry, &self.entropy);
        let receipt = self.commit_pending(party.spends.clone(), pending).await?;
        let given = answer(pledged, &receipt).map_err(|error| Problem::new(error.code()))?;
        let mut result = RegisterAnswer::about(&recorded);
        result.claims.clone_from(given.claims());
        self.sign_answer(party.draft(self.settings.member), result, &receipt, now)
    }

    /// The mandate of an officer's question: catalogue ∩ registration, under the inspection that
    /// the asking province states and answers for.
    fn mandate_of(
        &self,
        party: &Party,
        question: &Query,
        now: Timestamp,
    ) -> Result<Mandate, Problem> {
        if party.role != Role::Enforcement {
            return Err(Problem::new(Code::RoleNotAllowed));
        }
        let StatedBasis::Statutory { use_id, law_ref, reason_code } = &party.basis else {
            return Err(Problem::new(Code::LegalBasisRequired));
        };
        let snapshot = self.trust.snapshot();
        let catalogue = snapshot.statutory_use(use_id);
        let registered = party.registration.registered_use(use_id).ok();
        let officer = party.officer.as_ref();
        let unit = officer.map_or("", |officer| officer.unit.as_str());
        let registered = registered.map(|registered| RegisteredStatutoryUse {
            use_id: registered.id.clone(),
            unit: party.id.clone(),
            claims: registered.claims.iter().cloned().collect(),
            queries: registered.queries.iter().cloned().collect(),
        });
        let inspection = officer.map(|officer| Inspection {
            id: officer.inspection_ref.clone(),
            unit: officer.unit.clone(),
            officers: BTreeSet::from([officer.pseudonym.clone()]),
            place: String::new(),
            law_ref: law_ref.clone(),
            reason_code: reason_code.clone(),
            opened: now,
            expires: now + limits::STATUTORY_VIEW_LIFE,
            closed: None,
        });
        let question = MandateQuestion {
            catalogue,
            registered: registered.as_ref(),
            inspection: inspection.as_ref(),
            officer: officer.map_or("", |officer| officer.pseudonym.as_str()),
            unit,
            query: question.kind(),
        };
        Mandate::establish(&question, now)
            .map_err(|refusal| Problem::new(refusal.code()).with_detail(refusal.to_string()))
    }

    /// Exactly one licence, or none; two vehicles of one plate need a colour to be told apart.
    async fn find(&self, question: &Query) -> Result<Option<LicenceRow>, Problem> {
        let store = &self.store;
        let mut rows = match question {
            Query::Identifier(identifier) => {
                store.licence(identifier).await.map(|row| row.into_iter().collect())
            }
            Query::Number(number) => store.licences_by_number(number.as_str()).await,
            Query::Plate { plate, colour } => {
                let colour = colour.map(crate::licence::PlateColour::code);
                store.licences_by_plate(plate.as_str(), colour).await
            }
            Query::HolderCode(code) => {
                store.licences_by_holder(self.holder_digest(code.as_str()), None).await
            }
        }
        .map_err(|error| unavailable(&error))?;
        // A road pass names no colour; it goes with whichever vehicle it was given to.
        let colours: BTreeSet<_> = rows.iter().filter_map(|row| row.plate_colour.clone()).collect();
        if matches!(question, Query::Plate { colour: None, .. }) && colours.len() > 1 {
            return Err(Problem::new(Code::ValidationFailed)
                .with_error("/plate_colour", "two vehicles have this plate: name the colour"));
        }
        // Of a pass and a certificate for one vehicle, the certificate answers "may it operate".
        rows.sort_by_key(|row| (row.licence_type.code() == "TP", !row.status.recognised()));
        Ok(rows.into_iter().next())
    }
}

/// The types of licence that the unit registered its use for; none means every type.
fn covered_types(party: &Party) -> &[LicenceType] {
    let StatedBasis::Statutory { use_id, .. } = &party.basis else { return &[] };
    party.registration.registered_use(use_id).map_or(&[], |registered| &registered.licence_types)
}

fn recalled(row: &LicenceRow, now: Timestamp) -> Result<Recorded, Problem> {
    let document: LicenceDocument =
        serde_json::from_str(&row.record).map_err(|_| Problem::new(Code::Internal))?;
    let record = Record {
        document,
        status: row.status,
        carrier: row.carrier,
        status_index: Some(u64::from(row.status_index)),
        updated: row.updated,
    };
    Ok(recall(record, now))
}

//! The decision: claims disclosed = requested ∩ granted ∩ intended use ∩ policy. What is asked for
//! by name and lies outside is refused, not silently dropped.

use std::collections::{BTreeMap, BTreeSet};

use super::mandate::Mandate;
use super::permit::{BasisReference, Masking, Permit};
use super::purpose::Purpose;
use super::refusal::PolicyRefusal;
use super::rule::{BasisKind, Rule, Singled, rule};
use crate::base::Division;
use crate::consent::Authorized;
use crate::identity::Role;
use crate::licence::{
    DisclosureClass, Field, HolderKind, Identifier, LicenceSubject, LicenceType, field, fields_of,
};
use crate::register::Recorded;

/// What a disclosure rests on.
#[derive(Debug)]
pub enum Basis {
    /// The holder's grant covers it.
    Holder(Authorized),
    /// An officer's function covers it.
    Statutory(Mandate),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// These claims, by name.
    Claims(BTreeSet<String>),
    /// The least that the function calls for, as a roadside view does. A grant is never used so.
    Minimum,
}

/// The licence a decision is about, told apart from where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its type.
    pub licence_type: LicenceType,
    /// Its identifier.
    pub identifier: Identifier,
    /// The division that issued it.
    pub division: Division,
    /// Who holds it.
    pub holder_kind: HolderKind,
    /// The claims it has.
    pub available: BTreeSet<String>,
}

impl From<&Recorded> for Subject {
    fn from(recorded: &Recorded) -> Self {
        let document = &recorded.record().document;
        Self {
            licence_type: document.licence_type(),
            identifier: document.identifier().clone(),
            division: document.issuing_division(),
            holder_kind: document.holder_kind(),
            available: document.claims().map(|(row, _)| row.json_name().to_owned()).collect(),
        }
    }
}

/// Decides on a disclosure of `subject` to `role` for `purpose`; without a basis, of public claims.
pub fn decide(
    role: Role,
    purpose: Purpose,
    basis: Option<Basis>,
    subject: &Subject,
    requested: &Requested,
) -> Result<Permit, PolicyRefusal> {
    check_basis(purpose, basis.as_ref(), subject)?;
    let question = Question { role, purpose, basis: basis.as_ref(), subject };
    if !question.role_has_a_use() {
        return Err(PolicyRefusal::RoleNotAllowed);
    }
    let claims = match requested {
        Requested::Claims(names) => question.named(names)?,
        Requested::Minimum if matches!(basis, Some(Basis::Holder(_))) => {
            return Err(PolicyRefusal::ClaimsNotGranted { claims: Vec::new() });
        }
        Requested::Minimum => question.minimum(),
    };
    let identifier = subject.identifier.clone();
    Ok(Permit { role, purpose, basis: reference(basis), identifier, claims })
}

/// The basis is for this purpose and, when it is a grant, for this licence.
fn check_basis(
    purpose: Purpose,
    basis: Option<&Basis>,
    subject: &Subject,
) -> Result<(), PolicyRefusal> {
    match basis {
        Some(Basis::Holder(authorized)) => {
            let same_licence = *authorized.identifier() == subject.identifier
                && authorized.licence_type() == subject.licence_type;
            if !same_licence {
                return Err(PolicyRefusal::OtherLicence);
            }
            if Purpose::try_from(authorized.purpose())? != purpose {
                return Err(PolicyRefusal::PurposeMismatch);
            }
            if purpose.needs_service_item() && authorized.service_item().is_none() {
                return Err(PolicyRefusal::ServiceItemMissing);
            }
            Ok(())
        }
        Some(Basis::Statutory(mandate)) if mandate.purpose() != purpose => {
            Err(PolicyRefusal::PurposeMismatch)
        }
        Some(Basis::Statutory(_)) | None => Ok(()),
    }
}

/// What is decided upon, claim by claim.
struct Question<'a> {
    role: Role,
    purpose: Purpose,
    basis: Option<&'a Basis>,
    subject: &'a Subject,
}

impl Question<'_> {
    fn kind(&self) -> BasisKind {
        match self.basis {
            Some(Basis::Holder(_)) => BasisKind::Holder,
            Some(Basis::Statutory(_)) => BasisKind::Statutory,
            None => BasisKind::None,
        }
    }

    fn rule_for(&self, class: DisclosureClass) -> Rule {
        rule(self.role, self.purpose, class, self.kind())
    }

    fn role_has_a_use(&self) -> bool {
        DisclosureClass::ALL.into_iter().any(|class| self.rule_for(class) != Rule::Deny)
    }

    /// The claims named, when every one of them may be shown. One the licence does not have is
    /// allowed and yields nothing.
    fn named(
        &self,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<&'static str, Masking>, PolicyRefusal> {
        let mut claims = BTreeMap::new();
        let mut beyond = Vec::new();
        for name in names {
            let row = field(self.subject.licence_type, name);
            match row.and_then(|row| Some((row.json_name(), self.masking(row, Named::Yes)?))) {
                Some((claim, masking)) => {
                    claims.insert(claim, masking);
                }
                None => beyond.push(name.clone()),
            }
        }
        if !beyond.is_empty() {
            return Err(self.refusal(beyond));
        }
        Ok(self.present(claims))
    }

    /// All that may be shown without naming it.
    fn minimum(&self) -> BTreeMap<&'static str, Masking> {
        let shown = |row: &'static Field| Some((row.json_name(), self.masking(row, Named::No)?));
        self.present(fields_of(self.subject.licence_type).filter_map(shown).collect())
    }

    fn present(
        &self,
        mut claims: BTreeMap<&'static str, Masking>,
    ) -> BTreeMap<&'static str, Masking> {
        claims.retain(|name, _| self.subject.available.contains(*name));
        claims
    }

    /// The form in which a claim may be shown: it lies within the basis, and the rule lets it.
    fn masking(&self, row: &Field, named: Named) -> Option<Masking> {
        let name = row.json_name();
        let (within, singled) = match self.basis {
            Some(Basis::Holder(authorized)) => {
                let alone = authorized.claims().len() == 1;
                (authorized.claims().contains(name), Singled::out_if(alone))
            }
            Some(Basis::Statutory(mandate)) => {
                let person = self.subject.licence_type.subject() == LicenceSubject::Person;
                let person_check = person && named == Named::Yes;
                (mandate.claims().contains(name), Singled::out_if(person_check))
            }
            None => (true, Singled::Together),
        };
        if !within || !row.is_claim() {
            return None;
        }
        self.rule_for(row.disclosure_class(self.subject.holder_kind)).masking(row, singled)
    }

    /// Why these claims stay: for want of a basis, or in spite of one.
    fn refusal(&self, claims: Vec<String>) -> PolicyRefusal {
        let exist = claims
            .iter()
            .all(|name| field(self.subject.licence_type, name).is_some_and(Field::is_claim));
        match (self.basis, self.role) {
            (None, Role::Enforcement | Role::Channel) if exist => PolicyRefusal::LegalBasisRequired,
            (None, _) if exist => PolicyRefusal::GrantRequired,
            _ => PolicyRefusal::ClaimsNotGranted { claims },
        }
    }
}

/// Whether a claim was asked for by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    No,
    Yes,
}

impl Singled {
    const fn out_if(alone: bool) -> Self {
        if alone { Self::Out } else { Self::Together }
    }
}

fn reference(basis: Option<Basis>) -> BasisReference {
    match basis {
        Some(Basis::Holder(authorized)) => {
            BasisReference::Grant { grant: authorized.grant().clone(), mode: authorized.mode() }
        }
        Some(Basis::Statutory(mandate)) => BasisReference::Statutory {
            use_id: mandate.use_id().to_owned(),
            law_ref: mandate.law_ref().to_owned(),
            inspection: mandate.inspection().clone(),
            unit: mandate.unit().to_owned(),
            officer: mandate.officer().to_owned(),
            view_ends: mandate.view_ends(),
        },
        None => BasisReference::None,
    }
}

#[cfg(test)]
mod tests;

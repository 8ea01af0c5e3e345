//! The script: the sixteen steps in their order, each with what it is for and what should come
//! out, and the scene that they are played on.

use std::time::Duration;

use serde_json::{Value, json};

use super::cast::{Cast, Issued};
use super::stage::Stage;
use super::story::DemoError;
use super::teller::{Heading, Outcome};
use super::{authorisation, evidence, recognition};

/// Everything that the steps share.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) cast: Option<Cast>,
    pub(super) issued: Option<Issued>,
    /// The officer's open inspection.
    pub(super) inspection: Option<String>,
    /// The driver's licence.
    pub(super) driver: Option<String>,
    /// The grants of the story.
    pub(super) grant: Option<String>,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    act: Act,
    title: &'static str,
    why: &'static str,
    expected: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Found,
    Issue,
    CheckPresented,
    LookUpPlate,
    LookUpPaper,
    AskWithoutGrant,
    Consent,
    MakeRecord,
    TamperRecord,
    RevokeGrant,
    RevokeLicence,
    ForeignIssuer,
    Strangers,
    HubSilent,
    TamperCredential,
    VerifyLog,
}

impl Step {
    pub(super) const fn heading(&self, number: u32) -> Heading {
        Heading { number, title: self.title, why: self.why, expected: self.expected }
    }
}

impl Scene {
    pub(super) const fn new(stage: Stage) -> Self {
        Self { stage, cast: None, issued: None, inspection: None, driver: None, grant: None }
    }

    /// Plays one step for real.
    pub(super) async fn play(&mut self, step: &Step) -> Result<Outcome, DemoError> {
        match step.act {
            Act::Found => recognition::found(self).await,
            Act::Issue => recognition::issue(self).await,
            Act::CheckPresented => recognition::check_presented(self).await,
            Act::LookUpPlate => recognition::look_up_plate(self).await,
            Act::LookUpPaper => recognition::look_up_paper(self).await,
            Act::AskWithoutGrant => authorisation::ask_without_grant(self).await,
            Act::Consent => authorisation::consent(self).await,
            Act::MakeRecord => evidence::make_record(self).await,
            Act::TamperRecord => evidence::tamper_record(self).await,
            Act::RevokeGrant => authorisation::revoke_grant(self).await,
            Act::RevokeLicence => recognition::revoke_licence(self).await,
            Act::ForeignIssuer => recognition::foreign_issuer(self).await,
            Act::Strangers => authorisation::strangers(self).await,
            Act::HubSilent => evidence::hub_silent(self).await,
            Act::TamperCredential => recognition::tamper_credential(self).await,
            Act::VerifyLog => evidence::verify_log(self).await,
        }
    }

    pub(super) fn cast(&self) -> Result<&Cast, DemoError> {
        self.cast.as_ref().ok_or(DemoError::Script("step 1 did not set the cast"))
    }

    pub(super) fn issued(&self) -> Result<&Issued, DemoError> {
        self.issued.as_ref().ok_or(DemoError::Script("step 2 issued nothing"))
    }
}

/// An outcome that is as expected when `got` equals `wanted`.
pub(super) fn compare(got: Value, wanted: &[(&str, Value)]) -> Outcome {
    let ok = wanted.iter().all(|(pointer, value)| got.pointer(pointer) == Some(value));
    Outcome { got, ok }
}

/// Tries until `attempt` says yes; a step that waits for the next refresh waits here.
pub(super) async fn until<F>(mut attempt: impl FnMut() -> F) -> Result<Value, DemoError>
where
    F: Future<Output = Result<(bool, Value), DemoError>>,
{
    let mut last = json!(null);
    for _ in 0..ATTEMPTS {
        let (settled, value) = attempt().await?;
        if settled {
            return Ok(value);
        }
        last = value;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(last)
}

/// Five refreshes of a second each.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// The story.
pub(super) const SCRIPT: [Step; 16] = [
    Step {
        act: Act::Found,
        title: "A federation of three provinces",
        why: "Three of five operators sign root and federation list on files; every province \
              applies with proofs of possession; lists are fetched over mutual TLS.",
        expected: "each gateway trusts the keys of all three provinces, none refused",
    },
    Step {
        act: Act::Issue,
        title: "Tianjin issues a vehicle certificate, a driver qualification, a road pass",
        why: "Signed SD-JWT credentials; the register row, the credential and the audit entry are \
              one transaction. A fourth licence exists on paper only.",
        expected: "three credentials and one licence on paper",
    },
    Step {
        act: Act::CheckPresented,
        title: "A Hebei officer is shown the Tianjin vehicle certificate",
        why: "The Hebei gateway judges it by the lists alone: issuer, scope, signature, status.",
        expected: "ACCEPT, code ok, issuer Tianjin",
    },
    Step {
        act: Act::LookUpPlate,
        title: "The same vehicle by its plate alone, under an inspection",
        why: "The driver shows nothing. The Tianjin gateway answers a signed request under the \
              national catalogue, with the least that the function calls for.",
        expected: "ACCEPT, code register.valid, no holder code, no VIN",
    },
    Step {
        act: Act::LookUpPaper,
        title: "A driver with paper only",
        why: "Unexpired paper stays recognised (notice 39/2024); the register says the same of it.",
        expected: "ACCEPT, code register.valid, carrier paper",
    },
    Step {
        act: Act::AskWithoutGrant,
        title: "A Guangdong business asks without a grant",
        why: "Article 12: no use without authorisation. Not one personal byte leaves.",
        expected: "403 grant-required",
    },
    Step {
        act: Act::Consent,
        title: "The driver consents from a wallet folder; exactly that is disclosed",
        why: "The driver's key signs what is asked, by whom, what for, until when. The issuing \
              gateway discloses those claims, once, and no other.",
        expected: "the two granted claims; a third is refused with claims-not-granted",
    },
    Step {
        act: Act::MakeRecord,
        title: "An e-record is made, and verified without any network",
        why: "The business files it. A separate process without network verifies it from the \
              pinned root alone.",
        expected: "ACCEPT by a child process without network",
    },
    Step {
        act: Act::TamperRecord,
        title: "One byte of the record's credential is changed",
        why: "Every part is under the manifest.",
        expected: "REFUSE, code record.manifest",
    },
    Step {
        act: Act::RevokeGrant,
        title: "The driver takes the grant back",
        why: "From the moment the revocation is acknowledged nothing more is disclosed under it.",
        expected: "403 grant-revoked",
    },
    Step {
        act: Act::RevokeLicence,
        title: "Tianjin revokes the vehicle certificate",
        why: "The status list changes in the transaction of the act; Hebei sees it with its next \
              refresh, and asks which act it was.",
        expected: "REFUSE, code licence.revoked",
    },
    Step {
        act: Act::ForeignIssuer,
        title: "Hebei lists an issuer for a Tianjin division",
        why: "No province can vouch for another's territory: the entry is refused, the rest of \
              the list stands.",
        expected: "entry refused out-of-scope; its credential REFUSE issuer.out_of_scope",
    },
    Step {
        act: Act::Strangers,
        title: "Four who should not get in",
        why: "No certificate, an unknown one, the wrong role, and a member's TLS key without its \
              signing key: each is refused in its own way.",
        expected: "two refused in the handshake; 403 role-not-allowed; 403 request-signature-invalid",
    },
    Step {
        act: Act::HubSilent,
        title: "The hub is stopped",
        why: "Provinces go on without it, and say so.",
        expected: "ACCEPT, hub_reachable false",
    },
    Step {
        act: Act::TamperCredential,
        title: "One character of a Tianjin credential is changed",
        why: "Under a broken signature nothing that it says is shown.",
        expected: "REFUSE, code tampered.signature, nothing disclosed",
    },
    Step {
        act: Act::VerifyLog,
        title: "The audit logs are verified from end to end",
        why: "Every act of this story is an entry; recomputing the tree finds any change.",
        expected: "three logs whole, each under its signed checkpoint",
    },
];

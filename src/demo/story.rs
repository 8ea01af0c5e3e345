//! Running the story: the order of the steps, what becomes of one that fails, and the end.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::closing;
use super::script::{SCRIPT, Scene};
use super::stage::{Stage, make_folder};
use super::teller::{Audience, Outcome, Teller};
use crate::base::Code;
use crate::crypto::SealError;
use crate::exchange::{EnrolmentRefusal, MembershipError};
use crate::peer::DeskError;
use crate::pki::PkiError;
use crate::{gateway, hub};

/// How the demonstration is run.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// End after the story instead of staying up.
    pub once: bool,
    /// One JSON object per step.
    pub json: bool,
    /// Where everything is kept; must not exist yet.
    pub dir: PathBuf,
    /// The hub's first port; the provinces follow.
    pub port_base: u16,
}

/// Tells the story; true when every step came out as expected.
pub async fn run(options: DemoOptions) -> Result<bool, DemoError> {
    if options.dir.exists() {
        return Err(DemoError::FolderExists { path: options.dir });
    }
    make_folder(&options.dir)?;
    let audience = if options.json { Audience::Programs } else { Audience::People };
    let mut teller = Teller::new(audience);
    teller.say("hutong — three provinces recognise each other's licences over mutual TLS");
    teller.say(&format!("everything is kept in {}", options.dir.display()));
    let mut scene = Scene::new(Stage::new(options.dir, options.port_base));
    let told = tokio::select! {
        // Ctrl-C comes first: until it is waited for, it would end the process on the spot.
        biased;
        _ = tokio::signal::ctrl_c() => Err(DemoError::Interrupted),
        told = tell_all(&mut scene, &mut teller) => told,
    };
    let all_ok = match told {
        Ok(()) => teller.finish(u32::try_from(SCRIPT.len()).unwrap_or(u32::MAX)),
        Err(error) => {
            scene.stage.strike().await;
            return Err(error);
        }
    };
    if !options.once {
        closing::say(&teller, &scene);
        // An error here means that no signal can be waited for: then there is nothing to stay for.
        let _ = tokio::signal::ctrl_c().await;
        teller.say("\nstopping");
    }
    scene.stage.strike().await;
    Ok(all_ok)
}

async fn tell_all(scene: &mut Scene, teller: &mut Teller) -> Result<(), DemoError> {
    for (index, step) in SCRIPT.iter().enumerate() {
        let heading = step.heading(u32::try_from(index + 1).unwrap_or(u32::MAX));
        teller.announce(&heading);
        let began = Instant::now();
        let outcome = tokio::time::timeout(STEP_DEADLINE, scene.play(step)).await;
        let (outcome, end) = match outcome {
            Ok(Ok(outcome)) => (outcome, None),
            Ok(Err(error)) => (failed(&error), error.is_fatal().then_some(error)),
            Err(_) => (failed(&DemoError::Script("the step took too long")), None),
        };
        teller.tell(&heading, &outcome, began.elapsed());
        if let Some(error) = end {
            return Err(error);
        }
    }
    Ok(())
}

fn failed(error: &DemoError) -> Outcome {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    let causes: Vec<Value> = causes.map(|cause| json!(cause.to_string())).collect();
    Outcome { got: json!({ "error": causes }), ok: false }
}

/// Why the story cannot be told, or a step of it.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A client got no answer.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// An application is refused.
    #[error("an application is refused: {refusal}")]
    Enrolment {
        /// Why.
        refusal: EnrolmentRefusal,
    },
    /// A file.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The folder is there already.
    #[error("{} exists already; the demonstration wants a fresh folder", path.display())]
    FolderExists {
        /// The folder.
        path: PathBuf,
    },
    /// A gateway cannot be founded.
    #[error(transparent)]
    Founding(#[from] gateway::FoundingError),
    /// A gateway does not start.
    #[error(transparent)]
    Gateway(#[from] gateway::StartError),
    /// The hub does not start.
    #[error(transparent)]
    Hub(#[from] hub::StartError),
    /// The hub cannot be founded.
    #[error(transparent)]
    HubFounding(#[from] hub::HubFoundingError),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The federation list cannot be made.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// A key or certificate.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A node refused what it should take.
    #[error("{what} is refused: {body}")]
    Refused {
        /// What was offered.
        what: &'static str,
        /// What came back.
        body: Value,
    },
    /// The story's own mistake.
    #[error("{0}")]
    Script(&'static str),
    /// A signature.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl DemoError {
    /// Whether there is no sense in going on.
    const fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::File { .. }
                | Self::Founding(_)
                | Self::Gateway(_)
                | Self::Hub(_)
                | Self::HubFounding(_)
                | Self::Membership(_)
                | Self::Interrupted
                | Self::Pki(_)
        )
    }

    /// The published code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::File { error, .. } if is_full(error) => Code::DiskFull,
            Self::File { .. } | Self::FolderExists { .. } => Code::ConfigInvalid,
            Self::Gateway(error) => error.code(),
            Self::Hub(error) => error.code(),
            Self::Interrupted => Code::Interrupted,
            Self::Pki(error) | Self::Founding(gateway::FoundingError::Pki(error)) => error.code(),
            _ => Code::Internal,
        }
    }
}

fn is_full(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::StorageFull
}

/// Longer than any step takes on a slow machine.
const STEP_DEADLINE: Duration = Duration::from_mins(1);

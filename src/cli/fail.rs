//! How a command fails: three short parts on standard error, and the exit code of the registry.

use std::fmt::Display;
use std::process::ExitCode;

use serde_json::json;

use crate::base::{Answer, Code, Language};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    exit: u8,
    what: String,
    why: String,
    advice: String,
}

impl Failure {
    /// A failure with a published code: its exit code, its next step.
    pub(super) fn of(code: Code, what: impl Into<String>, why: &impl Display) -> Self {
        let exit = match code.answer() {
            Answer::Exit(exit) => exit,
            Answer::Problem => UNREACHABLE,
            Answer::Refuse | Answer::Check => DATA,
            _ => INTERNAL,
        };
        Self {
            code,
            exit,
            what: what.into(),
            why: why.to_string(),
            advice: code.next_step(Language::En).to_owned(),
        }
    }

    /// An input that cannot be read or does not make sense.
    pub(super) fn input(what: impl Into<String>, why: &impl Display, advice: &str) -> Self {
        Self {
            code: Code::ValidationFailed,
            exit: DATA,
            what: what.into(),
            why: why.to_string(),
            advice: advice.to_owned(),
        }
    }

    /// The runtime itself.
    pub(super) fn runtime(error: &std::io::Error) -> Self {
        Self::of(Code::Internal, "the program cannot start", error)
    }

    /// The same with advice that knows more than the registry.
    pub(super) fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// The same with another exit code.
    pub(super) const fn exiting(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }

    /// Tells it and gives the exit code.
    #[must_use]
    pub fn exit(&self, as_json: bool) -> ExitCode {
        if as_json {
            eprintln!(
                "{}",
                json!({ "error": {
                    "code": self.code, "what": self.what, "why": self.why, "try": self.advice,
                }})
            );
        } else {
            eprintln!("error: {}", self.what);
            eprintln!("  why: {}", self.why);
            eprintln!("  try: {} ({})", self.advice, self.code);
        }
        ExitCode::from(self.exit)
    }
}

/// A mistake in the arguments, or a wish for help.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // Help and version go to standard output and are no failure.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// A completed check: 0 accept, 1 refuse, 2 check.
pub(super) const REFUSE: u8 = 1;
/// See above.
pub(super) const CHECK: u8 = 2;
const USAGE: u8 = 64;
const DATA: u8 = 65;
const UNREACHABLE: u8 = 69;
const INTERNAL: u8 = 70;

//! How a command fails: three short parts on standard error, and the exit code of the registry.

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::base::{Answer, Code, Language};
use crate::peer::{DeskError, PeerError, Reply};

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

    /// Nothing came back from a node.
    pub(super) fn desk(what: impl Into<String>, error: &DeskError) -> Self {
        let (code, exit, advice) = match error {
            DeskError::NoIdentity => (
                Code::ClientSignatureRequired,
                USAGE,
                "give --cert and --key of a registered client",
            ),
            DeskError::Seal(_) => (
                Code::ConfigInvalid,
                CONFIG,
                "check that --key is a PKCS#8 key of an admitted kind",
            ),
            DeskError::Peer(PeerError::Handshake(rustls::Error::AlertReceived(_))) => {
                (Code::RoleNotAllowed, NOT_AUTHORISED, TURNED_AWAY)
            }
            DeskError::Peer(PeerError::Handshake(_)) => (
                Code::IssuerProvinceUnreachable,
                UNREACHABLE,
                "another certificate than --server-cert was shown: compare with the node's operator",
            ),
            DeskError::Peer(PeerError::Tls(_)) => {
                (Code::ConfigInvalid, CONFIG, "check that --key belongs to --cert")
            }
            DeskError::Peer(PeerError::Origin(_)) => (
                Code::ValidationFailed,
                USAGE,
                "write the origin as https://host:port, without a path",
            ),
            DeskError::Peer(error) => {
                (error.code(), UNREACHABLE, "check that the node is up and the address is right")
            }
        };
        Self::of(code, what, error).exiting(exit).advising(advice)
    }

    /// A node refused the client's certificate in the handshake.
    pub(super) fn turned_away(origin: &str, alert: &str) -> Self {
        Self::of(Code::RoleNotAllowed, format!("{origin} turned this client away"), &alert)
            .exiting(NOT_AUTHORISED)
            .advising(TURNED_AWAY)
    }

    /// A node answered, and refused.
    pub(super) fn reply(what: impl Into<String>, reply: &Reply) -> Self {
        let code = reply.code().parse().unwrap_or(Code::Internal);
        let exit = match reply.status {
            401 | 403 => NOT_AUTHORISED,
            429 | 500.. => UNREACHABLE,
            _ => DATA,
        };
        Self::of(code, what, &reason_of(reply, code)).exiting(exit)
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
            say(&json!({ "error": {
                "code": self.code, "what": self.what, "why": self.why, "try": self.advice,
            }}));
        } else {
            say(&format_args!("error: {}", self.what));
            say(&format_args!("  why: {}", self.why));
            say(&format_args!("  try: {} ({})", self.advice, self.code));
        }
        ExitCode::from(self.exit)
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.what, self.why)
    }
}

/// A mistake in the arguments, or a wish for help.
pub(super) fn usage(error: &clap::Error, as_json: bool) -> ExitCode {
    if as_json && error.use_stderr() {
        let text = error.to_string();
        let told = |line: &&str| !line.is_empty() && !line.starts_with("For more information");
        let mut lines = text.lines().map(str::trim).filter(told);
        let what = lines.next().unwrap_or_default().trim_start_matches("error: ");
        let what = what.trim_end_matches(':').to_owned();
        let why = lines.collect::<Vec<_>>().join("; ");
        return Failure::input(what, &why, "--help shows an example").exiting(USAGE).exit(true);
    }
    // Help and version go to standard output and are no failure.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// A standard error that is gone is no reason to lose the exit code.
fn say(line: &impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What a problem document says, with the members it complains of.
fn reason_of(reply: &Reply, code: Code) -> String {
    let text = |name: &str| reply.body.get(name).and_then(Value::as_str);
    let status = || format!("the answer has status {}", reply.status);
    let mut reason = text("title").map_or_else(status, str::to_owned);
    // Without a detail of its own a problem repeats its next step, which is told anyway.
    let own = text("detail").filter(|detail| *detail != code.next_step(Language::En));
    if let Some(detail) = own {
        reason.push_str(": ");
        reason.push_str(detail);
    }
    for error in reply.body.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        reason.extend(["; ", part("pointer"), " ", part("detail")]);
    }
    reason
}

/// A completed check: 0 accept, 1 refuse, 2 check.
pub(super) const REFUSE: u8 = 1;
/// See above.
pub(super) const CHECK: u8 = 2;
pub(super) const USAGE: u8 = 64;
pub(super) const DATA: u8 = 65;
pub(super) const UNREACHABLE: u8 = 69;
const INTERNAL: u8 = 70;
const NOT_AUTHORISED: u8 = 77;
const CONFIG: u8 = 78;
const TURNED_AWAY: &str = "check --cert: its issuer, its role, and that it has not ended";

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: Value) -> Reply {
        Reply { status, body }
    }

    #[test]
    fn a_refusal_of_a_node_has_the_exit_code_of_its_kind() {
        for (status, exit) in [(400, 65), (401, 77), (403, 77), (404, 65), (409, 65), (422, 65)] {
            assert_eq!(Failure::reply("x", &reply(status, Value::Null)).exit, exit, "{status}");
        }
        for status in [429, 500, 503] {
            assert_eq!(Failure::reply("x", &reply(status, Value::Null)).exit, 69, "{status}");
        }
    }

    #[test]
    fn a_refusal_of_a_node_says_which_member_is_wrong() {
        let errors = json!([{ "pointer": "/claims/0", "detail": "no such claim" }]);
        let body = json!({ "code": "over-asking", "title": "asks too much", "errors": errors });
        let failure = Failure::reply("x", &reply(422, body));
        assert_eq!(failure.why, "asks too much; /claims/0 no such claim");
        assert_eq!(failure.code, Code::OverAsking);
    }

    #[test]
    fn codes_of_the_command_line_bring_their_own_exit_code() {
        for (code, exit) in [
            (Code::ConfigMissing, 78),
            (Code::DatabaseDamaged, 65),
            (Code::DiskFull, 74),
            (Code::FolderInUse, 75),
            (Code::KeyPermissions, 78),
            (Code::PortInUse, 69),
            (Code::RootMismatch, 78),
        ] {
            assert_eq!(Failure::of(code, "x", &"y").exit, exit, "{code}");
        }
    }
}

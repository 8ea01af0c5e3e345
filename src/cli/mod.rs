//! The command line: noun, then verb; one JSON object or a few plain lines out; errors that say
//! what failed, why, and what to try. One file per command.

mod audit;
mod client;
mod client_life;
mod completion;
mod config;
mod consent;
mod credential;
mod demo;
mod desk;
mod disclosure;
mod doctor;
mod fail;
mod follow;
mod init;
mod lists;
mod member;
mod membership;
mod own_list;
mod papers;
mod plain;
mod record;
mod root;
mod rotate;
mod screen;
mod serve;
mod signing;
mod state;
mod suspend;
mod trust;
mod verify;
mod wallet;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

pub use fail::Failure;
use screen::{Form, Screen};

/// hutong (互通): provinces recognise each other's electronic road-transport licences.
///
/// Start with `hutong demo`: a hub and three gateways on this machine tell the whole story.
///
/// Exit codes: 0 accept or done, 1 refuse, 2 check; 64 usage, 65 bad input, 69 unreachable,
/// 70 internal, 74 disk, 75 folder in use, 77 not authorised, 78 configuration, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "hutong", version, max_term_width = 100, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Write one JSON object instead of text: the same as --output json.
    #[arg(long, global = true, conflicts_with = "output")]
    json: bool,
    /// The form of the result [default: text].
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    output: Option<Form>,
    /// Say nothing beside the result.
    #[arg(long, short, global = true)]
    quiet: bool,
}

impl Arguments {
    fn screen(&self) -> Screen {
        let form = if self.json { Form::Json } else { self.output.unwrap_or(Form::Text) };
        Screen::new(form, self.quiet)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify the audit log, and keep its checkpoints.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Make, certify and register the clients of a node.
    #[command(subcommand)]
    Client(client::Command),
    Completion(completion::Completion),
    /// Check and show the configuration of a node.
    #[command(subcommand)]
    Config(config::Command),
    /// Ask for a holder's consent, give it, refuse it, take it back.
    #[command(subcommand)]
    Consent(consent::Command),
    /// Issue, show, present and end licences.
    #[command(subcommand)]
    Credential(credential::Command),
    Demo(demo::Demo),
    /// Use a holder's grant.
    #[command(subcommand)]
    Disclosure(disclosure::Command),
    Doctor(doctor::Doctor),
    /// Found a gateway, a hub, or an operator's desk.
    #[command(subcommand)]
    Init(init::Command),
    /// Apply to the federation; check, take in, list, change and end members.
    #[command(subcommand)]
    Member(member::Command),
    /// Make, verify and show e-records.
    #[command(subcommand)]
    Record(record::Command),
    Serve(serve::Serve),
    /// Make, sign, compare, verify, publish and show what trust rests on.
    #[command(subcommand)]
    Trust(trust::Command),
    Verify(Box<verify::Verify>),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return fail::usage(&error, asks_for_json()),
    };
    let screen = arguments.screen();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::runtime(&error).exit(screen.is_json()),
    };
    let outcome = runtime.block_on(obey(arguments.command, screen));
    outcome.unwrap_or_else(|failure| failure.exit(screen.is_json()))
}

/// Reads a command line, the program's name first, and obeys nothing: for documents that show one.
///
/// # Errors
///
/// What a user who typed it would be told.
pub fn read(line: &[String]) -> Result<(), String> {
    Arguments::try_parse_from(line).map(drop).map_err(|error| error.to_string())
}

/// Whether the arguments ask for JSON, also when nothing else of them makes sense.
fn asks_for_json() -> bool {
    let arguments: Vec<_> = std::env::args_os().collect();
    arguments.iter().any(|argument| argument == "--json" || argument == "--output=json")
        || arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}

async fn obey(command: Command, screen: Screen) -> Result<ExitCode, Failure> {
    match command {
        Command::Audit(command) => command.run(screen).await,
        Command::Client(command) => command.run(screen).await,
        Command::Completion(command) => Ok(command.run(Arguments::command())),
        Command::Config(command) => command.run(screen),
        Command::Consent(command) => command.run(screen).await,
        Command::Credential(command) => command.run(screen).await,
        Command::Demo(command) => command.run(screen.is_json()).await,
        Command::Disclosure(command) => command.run(screen).await,
        Command::Doctor(command) => command.run(screen).await,
        Command::Init(command) => command.run(screen),
        Command::Member(command) => command.run(screen).await,
        Command::Record(command) => command.run(screen).await,
        Command::Serve(command) => command.run(screen.is_json()).await,
        Command::Trust(command) => command.run(screen).await,
        Command::Verify(command) => command.run(screen).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(), String> {
        super::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_texts_of_codes_tell_of_commands_that_exist() {
        use crate::base::{Code, Language};
        let mut told = 0;
        for (code, language) in
            Code::ALL.iter().flat_map(|code| Language::ALL.map(|language| (code, language)))
        {
            let text = format!("{} {}", code.reason(language), code.next_step(language));
            assert!(!text.contains("conformance") && !text.contains("一致性"), "{code}: {text}");
            for (at, _) in text.match_indices("hutong ") {
                let named = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
                let noun = text[at..].split([' ', '.', ',', ';', '。']).nth(1).filter(named);
                let commands = Arguments::command();
                let found = noun.and_then(|noun| commands.find_subcommand(noun));
                assert!(found.is_some(), "{code}: {text}");
                told += 1;
            }
        }
        assert!(told >= 9, "{told}");
        let grant = "hutong member approve --status granted --list l --bundle b --fingerprint \
                     4f2e35d395775ab28abb3ad10d16e5a4e53ec9b460842cdad79317eda968361b --out o";
        assert_eq!(read(&grant.split_whitespace().collect::<Vec<_>>().join(" ")), Ok(()));
        let staged = Code::MemberStaged.next_step(Language::En);
        assert!(staged.contains("member approve --status granted"), "{staged}");
    }

    #[test]
    fn every_command_says_what_it_does() {
        fn walk(command: &clap::Command) {
            for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
                assert!(part.get_about().is_some(), "{}", part.get_name());
                walk(part);
            }
        }
        walk(&Arguments::command());
    }

    #[test]
    fn no_secret_is_taken_as_an_argument() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let is_secret = ["password", "token", "secret", "pin"].contains(&name);
                assert!(!is_secret, "{} --{name}", command.get_name());
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&Arguments::command());
    }

    #[test]
    fn incomplete_and_contradictory_lines_are_refused() {
        for line in [
            "hutong",
            "hutong verify",
            "hutong verify x",
            "hutong verify x --root r",
            "hutong verify x --gateway g",
            "hutong verify x --root r --state s --cert c",
            "hutong verify x --gateway g --server-cert s --cert c --key k --root r --state s",
            "hutong audit verify",
            "hutong audit verify --state s --gateway g --server-cert s --cert c --key k",
            "hutong credential present --wallet w --aud https://a",
            "hutong consent request --issuer 12",
            "hutong consent approve --wallet w r.json",
            "hutong record make --out o",
            "hutong demo --json --output json",
            "hutong completion powershell",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
        for line in [
            "hutong verify x --root r --state s",
            "hutong verify x --gateway g --server-cert s --cert c --key k",
            "hutong audit verify --state s",
            "hutong audit checkpoint --gateway g --server-cert s --cert c --key k --json",
            "hutong member list --state s --output table",
        ] {
            assert!(read(line).is_ok(), "{line}");
        }
    }
}

//! The command line: noun, then verb; one JSON object or a few plain lines out; errors that say
//! what failed, why, and what to try. One file per command.

mod demo;
mod fail;
mod record;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use fail::Failure;

/// hutong (互通): provinces recognise each other's electronic road-transport licences.
///
/// Start with `hutong demo`: a hub and three gateways on this machine tell the whole story.
#[derive(Debug, Parser)]
#[command(name = "hutong", version, max_term_width = 100, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Write one JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a whole federation on this machine and tell its story.
    Demo(demo::Demo),
    /// Make, verify and show e-records.
    #[command(subcommand)]
    Record(record::Command),
    /// Run a gateway or a hub.
    Serve(serve::Serve),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return fail::usage(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::runtime(&error).exit(arguments.json),
    };
    let json = arguments.json;
    let outcome = runtime.block_on(async {
        match arguments.command {
            Command::Demo(command) => command.run(json).await,
            Command::Record(command) => command.run(json).await,
            Command::Serve(command) => command.run(json).await,
        }
    });
    outcome.unwrap_or_else(|failure| failure.exit(json))
}

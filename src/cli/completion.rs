//! `hutong completion`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

/// Prints a script that completes commands and flags in a shell.
///
/// Example:
///   hutong completion bash > /etc/bash_completion.d/hutong
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Completion {
    /// The shell.
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Fish,
    Zsh,
}

impl Completion {
    pub(super) fn run(&self, mut command: clap::Command) -> ExitCode {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Fish => clap_complete::Shell::Fish,
            Shell::Zsh => clap_complete::Shell::Zsh,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, "hutong", &mut script);
        // A reader that went away (`| head`) is no failure.
        let _ = std::io::stdout().write_all(&script);
        ExitCode::SUCCESS
    }
}

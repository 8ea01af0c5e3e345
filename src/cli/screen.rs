//! What a command shows: its result on standard output in the form that was asked for, notes and
//! progress on standard error. It decides nothing.

use std::future::Future;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::ValueEnum;
use comfy_table::{Table, presets};
use indicatif::ProgressBar;
use serde::Serialize;

use super::fail::{Failure, USAGE};

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// One JSON object.
    Json,
    /// Text, with lists as tables.
    Table,
    /// Text.
    Text,
}

/// Where a command shows what it has to show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    form: Form,
    quiet: bool,
}

impl Screen {
    pub(super) const fn new(form: Form, quiet: bool) -> Self {
        Self { form, quiet }
    }

    /// Whether results are JSON.
    pub(super) fn is_json(self) -> bool {
        self.form == Form::Json
    }

    /// Shows the result: the document for programs, the lines for people.
    pub(super) fn result<L: AsRef<str>>(self, document: &impl Serialize, lines: &[L]) {
        if self.is_json() {
            print_document(document);
        } else {
            for line in lines {
                print_line(line.as_ref());
            }
        }
    }

    /// Rows under headings, as a table or as aligned text.
    pub(super) fn rows(self, headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
        let mut table = Table::new();
        table.load_preset(match self.form {
            Form::Table => presets::UTF8_FULL_CONDENSED,
            Form::Json | Form::Text => presets::NOTHING,
        });
        table.set_header(headings);
        for row in rows {
            table.add_row(row);
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Says something beside the result, on standard error.
    pub(super) fn note(self, line: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    /// Waits for `work`, and shows that it goes on when it takes longer than a second.
    pub(super) async fn waiting<T>(self, what: &str, work: impl Future<Output = T>) -> T {
        if self.quiet || self.is_json() || !std::io::stderr().is_terminal() {
            return work.await;
        }
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(PATIENCE) => {}
        }
        let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
        spinner.enable_steady_tick(TICK);
        let done = work.await;
        spinner.finish_and_clear();
        done
    }
}

/// Shows a document that is meant for a file, whatever the form.
pub(super) fn print_document(document: &impl Serialize) {
    print_line(&serde_json::to_string(document).unwrap_or_default());
}

/// Asks the person at the terminal; without one only `--yes` agrees.
pub(super) fn agree(question: &str, yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::input(
            "nobody is there to agree",
            &"standard input is no terminal",
            "read what is asked, then give --yes",
        )
        .exiting(USAGE));
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|error| {
        Failure::input("the answer cannot be read", &error, "give --yes instead")
    })?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "是"))
}

/// A reader that went away (`| head`) is no failure.
fn print_line(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Nobody asks what is going on before this.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(120);

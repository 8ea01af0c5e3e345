//! How the story is told: for people as text, for programs as one JSON object per step.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

/// For whom the story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// People at a terminal.
    People,
    /// Programs.
    Programs,
}

/// What a step is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heading {
    /// Its number, from 1.
    pub(super) number: u32,
    /// What happens.
    pub(super) title: &'static str,
    /// Why it matters.
    pub(super) why: &'static str,
    /// What should come out.
    pub(super) expected: &'static str,
}

/// What came out of a step.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The real output.
    pub(super) got: Value,
    /// Whether it is what should come out.
    pub(super) ok: bool,
}

/// Tells the steps and keeps count.
pub(super) struct Teller {
    audience: Audience,
    began: Instant,
    told: u32,
    ok: u32,
}

#[derive(Serialize)]
struct StepLine<'a> {
    step: u32,
    title: &'a str,
    expected: &'a str,
    got: &'a Value,
    ok: bool,
    ms: u128,
}

#[derive(Serialize)]
struct LastLine {
    steps: u32,
    ok: u32,
    seconds: f64,
}

impl Teller {
    pub(super) fn new(audience: Audience) -> Self {
        Self { audience, began: Instant::now(), told: 0, ok: 0 }
    }

    /// Says a line to people; programs do not hear it.
    pub(super) fn say(&self, line: &str) {
        if self.audience == Audience::People {
            print_line(line);
        }
    }

    /// Announces a step before it runs, so that a wait is not mistaken for silence.
    pub(super) fn announce(&self, heading: &Heading) {
        self.say(&format!("\n── {:>2} ── {}", heading.number, heading.title));
        self.say(&format!("   {}", heading.why));
    }

    /// Tells how a step ended.
    pub(super) fn tell(&mut self, heading: &Heading, outcome: &Outcome, took: Duration) {
        self.told += 1;
        self.ok += u32::from(outcome.ok);
        match self.audience {
            Audience::People => {
                print_line(&format!("   expected  {}", heading.expected));
                for (index, line) in lines_of(&outcome.got).iter().enumerate() {
                    let label = if index == 0 { "got      " } else { "         " };
                    print_line(&format!("   {label} {line}"));
                }
                let verdict = if outcome.ok { "✓ as expected" } else { "✗ NOT as expected" };
                print_line(&format!("   {verdict}  ({} ms)", took.as_millis()));
            }
            Audience::Programs => print_json(&StepLine {
                step: heading.number,
                title: heading.title,
                expected: heading.expected,
                got: &outcome.got,
                ok: outcome.ok,
                ms: took.as_millis(),
            }),
        }
    }

    /// Tells the sum, and whether all was as expected.
    pub(super) fn finish(&self, steps: u32) -> bool {
        let seconds = self.began.elapsed().as_secs_f64();
        match self.audience {
            Audience::People => print_line(&format!(
                "\n{} of {steps} steps as expected, in {seconds:.1} s",
                self.ok
            )),
            Audience::Programs => print_json(&LastLine { steps, ok: self.ok, seconds }),
        }
        self.ok == steps && self.told == steps
    }
}

/// A document as people read it: a line for each member, long values folded under it.
fn lines_of(value: &Value) -> Vec<String> {
    let Value::Object(members) = value else { return vec![plain(value)] };
    let mut lines = Vec::new();
    for (name, member) in members {
        let text = format!("{name}: {}", plain(member));
        let mut rest = text.as_str();
        while let Some((cut, _)) = rest.char_indices().nth(WIDTH) {
            let (line, after) = rest.split_at(cut);
            lines.push(line.to_owned());
            rest = after;
        }
        lines.push(rest.to_owned());
    }
    lines
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('\n', " ⏎ "),
        other => other.to_string(),
    }
}

fn print_json(line: &impl Serialize) {
    print_line(&serde_json::to_string(line).unwrap_or_default());
}

/// A reader that went away (`| head`) is no reason to stop the story.
fn print_line(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Characters of a line, beside the label.
const WIDTH: usize = 100;

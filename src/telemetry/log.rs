//! The log: one line for each event, to standard error. No text that a peer sent can begin a line,
//! move a cursor or end a JSON string in it.

use std::fmt::Write as _;
use std::io::{self, Write};

use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object.
    Json,
    /// Words for people.
    #[default]
    Text,
}

/// Starts the log of the process, which takes over the messages of panics. `filter` is a list of directives such as `info,hutong=debug`.
pub fn start_log(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(StandardError);
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_ansi(false).try_init(),
    };
    started.map_err(|_| LogError::AlreadyStarted)?;
    // A panic is told through the log as well: its message may quote what a peer sent.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task panicked")));
    Ok(())
}

/// Why the log does not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The process has one already.
    #[error("the log has been started before")]
    AlreadyStarted,
    /// The filter is not a list of directives.
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] ParseError),
}

struct StandardError;

impl<'a> MakeWriter<'a> for StandardError {
    type Writer = OneLine<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine(io::stderr())
    }
}

/// Writes each event, which comes in one call, as one line.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(one_line(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The event with all that could steer a terminal or a reader escaped, except the end of the line.
/// The escapes are those of JSON, so that a JSON line stays one.
fn one_line(event: &str) -> String {
    let (content, end) = event.strip_suffix('\n').map_or((event, ""), |content| (content, "\n"));
    let mut line = String::with_capacity(event.len());
    for letter in content.chars() {
        if is_steering(letter) {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(letter));
        } else {
            line.push(letter);
        }
    }
    line.push_str(end);
    line
}

/// Controls, line and paragraph separators, and marks that turn the direction of writing.
fn is_steering(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const INJECTION: &str = "id\r\nERROR \u{1b}[31mforged\u{7f}\u{9b}2J\u{2028}\u{202e}\",\"x\":1}";

    fn logged(format: LogFormat) -> String {
        let paper = Paper::default();
        let written = paper.clone();
        let lines = tracing_subscriber::fmt().with_writer(move || OneLine(written.clone()));
        let event = || tracing::info!(id = INJECTION, id_shown = %INJECTION, "{INJECTION}");
        match format {
            LogFormat::Json => {
                tracing::subscriber::with_default(lines.json().flatten_event(true).finish(), event);
            }
            LogFormat::Text => {
                tracing::subscriber::with_default(lines.with_ansi(false).finish(), event);
            }
        }
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn au_09_an_event_is_one_line_without_steering_characters() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let text = logged(format);
            assert_eq!(text.lines().count(), 1, "{text}");
            let content = text.strip_suffix('\n').unwrap();
            assert!(!content.chars().any(is_steering), "{text:?}");
        }
    }

    #[test]
    fn au_09_a_json_line_holds_the_text_as_one_value() {
        let line: serde_json::Value = serde_json::from_str(&logged(LogFormat::Json)).unwrap();
        assert_eq!(line["id"], INJECTION);
        assert!(line.get("x").is_none());
    }
}

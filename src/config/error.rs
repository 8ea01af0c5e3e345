//! What is wrong with a configuration file, in one line that names the key.

use std::path::{Path, PathBuf};

use crate::base::Code;

/// Why a node cannot be configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no file.
    #[error("there is no configuration at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Not TOML, an unknown key, or a value of another kind.
    #[error("{}line {line}: {message}", place(file.as_deref()))]
    Syntax {
        /// The file.
        file: Option<PathBuf>,
        /// Its line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A value that does not do.
    #[error("{}{key} must be {wanted}", place(file.as_deref()))]
    Value {
        /// The file.
        file: Option<PathBuf>,
        /// The key.
        key: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
}

impl ConfigError {
    pub(super) const fn value(key: &'static str, wanted: &'static str) -> Self {
        Self::Value { file: None, key, wanted }
    }

    pub(super) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text[..offset].matches('\n').count();
        Self::Syntax { file: None, line, message: error.message().to_owned() }
    }

    pub(super) fn in_file(self, path: &Path) -> Self {
        let file = Some(path.to_owned());
        match self {
            Self::Syntax { line, message, .. } => Self::Syntax { file, line, message },
            Self::Value { key, wanted, .. } => Self::Value { file, key, wanted },
            other => other,
        }
    }

    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::ConfigMissing,
            Self::Syntax { .. } | Self::Unreadable { .. } | Self::Value { .. } => {
                Code::ConfigInvalid
            }
        }
    }
}

fn place(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |path| format!("{}: ", path.display()))
}

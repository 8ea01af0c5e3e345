//! `hutong config`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::fail::Failure;
use super::screen::Screen;
use crate::config::{Config, NodeRole};

/// The configuration file.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Says whether the file is sound; unknown keys and bad values are named with their line.
    ///
    /// Example:
    ///   hutong config check --config /etc/hutong/config.toml
    #[command(verbatim_doc_comment)]
    Check {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Shows every setting that is in force, defaults included; there are no secrets in it.
    ///
    /// Example:
    ///   hutong config show --config /etc/hutong/config.toml
    #[command(verbatim_doc_comment)]
    Show {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

impl Command {
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        match self {
            Self::Check { config } => {
                load(&config)?;
                screen.result(&json!({ "sound": true }), &["the configuration is sound"]);
            }
            Self::Show { config } => {
                let document = document(&load(&config)?);
                screen.result(&document, &lines(&document));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The file, read and checked.
pub(super) fn load(path: &Path) -> Result<Config, Failure> {
    Config::load(path)
        .and_then(|config| config.settings().map(|_| config))
        .map_err(|error| Failure::of(error.code(), "the configuration is not usable", &error))
}

fn document(config: &Config) -> Value {
    let mut document = json!({
        "role": role_word(config.role), "data_dir": config.data_dir,
        "listen": {
            "federation": config.listen.federation.to_string(),
            "public": config.listen.public.to_string(),
            "operator": config.listen.operator.to_string(),
        },
        "addresses": {
            "federation": config.addresses.federation, "public": config.addresses.public,
        },
    });
    if config.role == NodeRole::Gateway {
        document["division"] = json!(config.division);
        document["hub"] = json!({ "url": config.hub.as_ref().map(|hub| hub.url.as_str()) });
        let trust = &config.trust;
        document["trust"] = json!({ "refresh_seconds": trust.refresh_seconds, "push": trust.push });
        let private = config.outbound.allow_private_addresses;
        document["outbound"] = json!({ "allow_private_addresses": private });
    }
    document
}

const fn role_word(role: NodeRole) -> &'static str {
    match role {
        NodeRole::Gateway => "gateway",
        NodeRole::Hub => "hub",
    }
}

/// `key = value`, sections by dots.
fn lines(document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in document.as_object().into_iter().flatten() {
        match value.as_object() {
            None => lines.push(format!("{key} = {value}")),
            Some(section) => {
                lines.extend(section.iter().map(|(name, value)| format!("{key}.{name} = {value}")));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_samples_is_shown() {
        let sample = include_str!("../../deploy/gateway.toml");
        let config = Config::parse(sample, Path::new("/")).unwrap();
        let lines = lines(&document(&config)).join("\n");
        let trust = ["trust.refresh_seconds", "trust.push"];
        for key in ["role", "division", "listen.operator", "hub.url"].into_iter().chain(trust) {
            assert!(lines.contains(&format!("{key} = ")), "{key}");
        }
    }
}

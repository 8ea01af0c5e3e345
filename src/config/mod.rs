//! The one configuration file: typed TOML, unknown keys refused, units in the names. It is read
//! once; from it the settings of the role are built.

mod error;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use error::ConfigError;

use crate::base::{Division, MemberId};
use crate::{gateway, hub};

/// What the file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What this node is.
    pub role: NodeRole,
    /// For a gateway: the division it speaks for.
    #[serde(default)]
    pub division: Option<Division>,
    /// Where keys, database and trust are kept.
    pub data_dir: PathBuf,
    /// Where it listens.
    pub listen: Listen,
    /// How others reach it.
    pub addresses: Addresses,
    /// For a gateway: the hub.
    #[serde(default)]
    pub hub: Option<HubAddress>,
    /// How trust is kept up to date.
    #[serde(default)]
    pub trust: Trust,
    /// Where it may connect to.
    #[serde(default)]
    pub outbound: Outbound,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// A province's gateway.
    Gateway,
    /// The federation's hub.
    Hub,
}

/// The three listeners.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// TLS with client certificates: members and clients.
    pub federation: SocketAddr,
    /// TLS without: holders.
    pub public: SocketAddr,
    /// Role `operator`; loopback unless there is a reason.
    pub operator: SocketAddr,
}

/// Origins under which others reach this node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Of the federation listener.
    pub federation: String,
    /// Of the public listener.
    pub public: String,
}

/// Where the hub is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubAddress {
    /// Origin of its federation listener; must be the one that the root names.
    pub url: String,
}

/// How trust is kept up to date.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trust {
    /// Seconds between two refreshes.
    pub refresh_seconds: u64,
    /// Whether streams of news are followed and orders carried on at once. Without it news comes
    /// by polling alone: for networks that cut long-lived connections.
    pub push: bool,
}

impl Default for Trust {
    fn default() -> Self {
        Self { refresh_seconds: 30, push: true }
    }
}

/// Where the node may connect to.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// Whether members may have loopback and private addresses; for demonstration and tests.
    pub allow_private_addresses: bool,
}

/// The settings of whichever role the file describes.
#[derive(Clone, Debug)]
pub enum Settings {
    /// A gateway.
    Gateway(gateway::Settings),
    /// A hub.
    Hub(hub::Settings),
}

impl Config {
    /// Reads and checks the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConfigError::Missing { path: path.to_owned() });
            }
            Err(error) => return Err(ConfigError::Unreadable { path: path.to_owned(), error }),
        };
        let base = path.parent().unwrap_or_else(|| Path::new("."));
        Self::parse(&text, base).map_err(|error| error.in_file(path))
    }

    /// Reads the text of a file; a relative `data_dir` is taken from `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, ConfigError> {
        let mut config: Self =
            toml::from_str(text).map_err(|error| ConfigError::syntax(text, &error))?;
        config.data_dir = base.join(&config.data_dir);
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        for (key, address) in [
            ("addresses.federation", &self.addresses.federation),
            ("addresses.public", &self.addresses.public),
        ] {
            if !address.starts_with("https://") || address.ends_with('/') {
                return Err(ConfigError::value(key, "an origin such as https://host:8443"));
            }
        }
        if !(1..=300).contains(&self.trust.refresh_seconds) {
            return Err(ConfigError::value("trust.refresh_seconds", "1 to 300"));
        }
        if self.role == NodeRole::Gateway {
            self.division.ok_or_else(|| ConfigError::value("division", "six digits"))?;
            self.hub.as_ref().ok_or_else(|| ConfigError::value("hub.url", "the hub's origin"))?;
        }
        Ok(())
    }

    /// The settings of the role.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        match self.role {
            NodeRole::Hub => Ok(Settings::Hub(hub::Settings {
                data_dir: self.data_dir.clone(),
                listen: [self.listen.federation, self.listen.public, self.listen.operator],
                federation_origin: self.addresses.federation.clone(),
                public_origin: self.addresses.public.clone(),
                allow_private_addresses: self.outbound.allow_private_addresses,
            })),
            NodeRole::Gateway => {
                let division =
                    self.division.ok_or_else(|| ConfigError::value("division", "six digits"))?;
                let hub = self
                    .hub
                    .as_ref()
                    .ok_or_else(|| ConfigError::value("hub.url", "the hub's origin"))?;
                let member: MemberId = division.member();
                Ok(Settings::Gateway(gateway::Settings {
                    member,
                    data_dir: self.data_dir.clone(),
                    listen: [self.listen.federation, self.listen.public, self.listen.operator],
                    federation_origin: self.addresses.federation.clone(),
                    public_origin: self.addresses.public.clone(),
                    hub_origin: hub.url.clone(),
                    refresh: Duration::from_secs(self.trust.refresh_seconds),
                    push: self.trust.push,
                    allow_private_addresses: self.outbound.allow_private_addresses,
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_in_deploy_are_sound() {
        for sample in
            [include_str!("../../deploy/gateway.toml"), include_str!("../../deploy/hub.toml")]
        {
            let config = Config::parse(sample, Path::new("/")).unwrap();
            config.settings().unwrap();
        }
    }

    #[test]
    fn op_07_unknown_keys_and_bad_values_are_refused_by_name_and_line() {
        let sample = include_str!("../../deploy/gateway.toml");
        let unknown = format!("{sample}\n[surprise]\nkey = 1\n");
        let message = Config::parse(&unknown, Path::new("/")).unwrap_err().to_string();
        assert!(message.contains("surprise") && message.contains("line"), "{message}");
        for (from, to) in [
            ("role = \"gateway\"", "role = \"province\""),
            ("division = \"120000\"", "division = \"12\""),
            ("division = \"120000\"", ""),
            ("refresh_seconds = 30", "refresh_seconds = 0"),
            ("refresh_seconds = 30", "refresh_seconds = \"30\""),
            ("federation = \"0.0.0.0:8443\"", "federation = \"0.0.0.0\""),
            ("federation = \"https://", "federation = \"http://"),
        ] {
            assert!(sample.contains(from), "{from}");
            let changed = sample.replacen(from, to, 1);
            assert!(Config::parse(&changed, Path::new("/")).is_err(), "{to}");
        }
    }
}

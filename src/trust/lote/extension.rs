//! Extensions of our profile: `{"Critical":false,"Name":"urn:elicence:ext:<Name>","Value":…}`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::refusal::UpdateRefusal;

/// One extension. Ours are never critical for other readers; our own profile requires them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    #[serde(rename = "Critical")]
    critical: bool,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Value")]
    value: Value,
}

impl Extension {
    /// The extension `urn:elicence:ext:<name>` with `value`; `None` if it cannot be written.
    #[must_use]
    pub fn new(name: &str, value: &impl Serialize) -> Option<Self> {
        let value = serde_json::to_value(value).ok()?;
        Some(Self { critical: false, name: format!("{PREFIX}{name}"), value })
    }

    /// Whether it is the extension `urn:elicence:ext:<name>`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.strip_prefix(PREFIX) == Some(name)
    }
}

/// The value of the extension `name`, when it is there. Twice, critical, or of another shape, it
/// makes the list unreadable.
pub fn optional<T: DeserializeOwned>(
    extensions: &[Extension],
    name: &str,
) -> Result<Option<T>, UpdateRefusal> {
    let named = |extension: &&Extension| extension.name.strip_prefix(PREFIX) == Some(name);
    let mut found = extensions.iter().filter(named);
    let Some(extension) = found.next() else { return Ok(None) };
    if extension.critical || found.next().is_some() {
        return Err(UpdateRefusal::Malformed);
    }
    serde_json::from_value(extension.value.clone()).map(Some).map_err(|_| UpdateRefusal::Malformed)
}

/// The value of the extension `name`, which our profile requires.
pub fn required<T: DeserializeOwned>(
    extensions: &[Extension],
    name: &str,
) -> Result<T, UpdateRefusal> {
    optional(extensions, name)?.ok_or(UpdateRefusal::Malformed)
}

const PREFIX: &str = "urn:elicence:ext:";

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

    /// Whether it is the extension `name` of ours.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.strip_prefix(PREFIX) == Some(name)
    }

    /// Whether `other` is the extension of the same name.
    #[must_use]
    pub fn is_same_kind(&self, other: &Self) -> bool {
        self.name == other.name
    }

    /// Whether it may stand in the history of a key.
    pub(super) fn is_kept_in_history(&self) -> bool {
        Place::History.known().iter().any(|name| self.is_named(name))
    }
}

/// Where in a list an extension stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The federation list as a whole.
    FederationScheme,
    /// A provincial list as a whole.
    ProvinceScheme,
    /// A member.
    Member,
    /// A province in its own list.
    Province,
    /// A member's list key.
    MemberService,
    /// A key of a province.
    ProvinceService,
    /// How a key of either stood before.
    History,
}

impl Place {
    /// The names of ours that may stand here.
    const fn known(self) -> &'static [&'static str] {
        match self {
            Self::FederationScheme => {
                &["PreviousList", "LiftedOrders", "Collector", "StatutoryUses"]
            }
            Self::ProvinceScheme => &["PreviousList"],
            Self::Member => &["Member", "MembershipScope", "KeyChange"],
            Self::Province => &[],
            Self::MemberService => &["ServiceId", "KeyAlgorithm", "StatusReason"],
            Self::ProvinceService => &[
                "ServiceId",
                "PossessionProof",
                "ServiceScope",
                "KeyAlgorithm",
                "ClientRole",
                "StatusReason",
            ],
            Self::History => {
                // `KeyChange` moves here from the member when its list key changes once more.
                &[
                    "ServiceId",
                    "ServiceScope",
                    "KeyAlgorithm",
                    "ClientRole",
                    "StatusReason",
                    "KeyChange",
                ]
            }
        }
    }
}

/// Refuses extensions that may not stand at `place`: ours that are unknown there, stand twice or
/// are critical, and critical ones of others, which we could not obey.
pub(super) fn check(extensions: &[Extension], place: Place) -> Result<(), UpdateRefusal> {
    let mut names: Vec<&str> = Vec::new();
    for extension in extensions {
        let known = match extension.name.strip_prefix(PREFIX) {
            Some(name) => place.known().contains(&name) && !names.contains(&name),
            None => !is_in_our_namespace(&extension.name),
        };
        if extension.critical || !known {
            return Err(UpdateRefusal::Malformed);
        }
        names.extend(extension.name.strip_prefix(PREFIX));
    }
    Ok(())
}

/// URN namespaces are compared without regard to case (RFC 8141 §3.1), so that `URN:ELICENCE:…`
/// is no way to bring in an extension of ours that we do not read.
fn is_in_our_namespace(name: &str) -> bool {
    let start = name.as_bytes().get(..NAMESPACE.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(NAMESPACE.as_bytes()))
}

/// The value of the extension `name`, when it is there. Twice, critical, or of another shape, it
/// makes the list unreadable.
pub fn optional<T: DeserializeOwned>(
    extensions: &[Extension],
    name: &str,
) -> Result<Option<T>, UpdateRefusal> {
    let named = |extension: &&Extension| extension.is_named(name);
    let mut found = extensions.iter().filter(named);
    let Some(extension) = found.next() else { return Ok(None) };
    if extension.critical || found.next().is_some() {
        return Err(UpdateRefusal::Malformed);
    }
    T::deserialize(&extension.value).map(Some).map_err(|_| UpdateRefusal::Malformed)
}

/// The value of the extension `name`, which our profile requires.
pub fn required<T: DeserializeOwned>(
    extensions: &[Extension],
    name: &str,
) -> Result<T, UpdateRefusal> {
    optional(extensions, name)?.ok_or(UpdateRefusal::Malformed)
}

const PREFIX: &str = "urn:elicence:ext:";
const NAMESPACE: &str = "urn:elicence:";

//! The ends of what a node holds: told ahead of time in the log, once for each threshold, and
//! always in the metrics.

use std::fmt;

use super::labels::KeyName;
use crate::base::Timestamp;

/// The end of a certificate, of a list or of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEnd {
    /// Whose end, for the label.
    pub key: KeyName,
    /// Which one of them, for the log.
    pub name: String,
    /// When.
    pub end: Timestamp,
}

impl KeyEnd {
    /// The end of the certificate in the file `<stem>.cert.pem`.
    #[must_use]
    pub fn of_file(stem: &str, end: Timestamp) -> Self {
        Self { key: key_of(stem), name: stem.to_owned(), end }
    }
}

impl fmt::Display for KeyEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ends {}", self.name, self.end)
    }
}

/// What a key is for, by the name of its file.
fn key_of(stem: &str) -> KeyName {
    match stem.strip_suffix("-next").unwrap_or(stem) {
        "gateway-tls" | "hub-tls" => KeyName::Tls,
        "gateway-signing" => KeyName::Gateway,
        "status" => KeyName::Status,
        "registrar" => KeyName::Registrar,
        "log-signing" => KeyName::Log,
        "list-signing" => KeyName::List,
        "list-log" => KeyName::ListLog,
        "freshness" => KeyName::Freshness,
        "issuing-ca" => KeyName::IssuingCa,
        _ if stem.starts_with("client-ca-") => KeyName::ClientCa,
        _ if stem.starts_with("issuance") => KeyName::Issuer,
        _ => KeyName::Other,
    }
}

//! The ends of what a node holds: told ahead of time in the log, once for each threshold, and
//! always in the metrics.

use std::fmt;
use std::time::Duration;

use super::labels::KeyName;
use crate::base::{Timestamp, limits};
use crate::crypto::x509::Certificate;
use crate::trust::ListHeader;

/// The end of a certificate, of a list or of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEnd {
    /// Whose end, for the label.
    pub key: KeyName,
    /// Which one of them, for the log.
    pub name: String,
    /// When.
    pub end: Timestamp,
    /// How long it lives in all: an alarm that comes earlier than its beginning would always sound.
    pub life: Duration,
}

impl KeyEnd {
    /// The end of a certificate in the file `<stem>.cert.pem`, valid from `begin` to `end`.
    #[must_use]
    pub fn of_file(stem: &str, begin: Timestamp, end: Timestamp) -> Self {
        Self { key: key_of(stem), name: stem.to_owned(), end, life: end.since(begin) }
    }

    /// The first end among the certificates of the file `<stem>.cert.pem`, when it has any.
    #[must_use]
    pub fn of_chain(stem: &str, chain: &[Certificate]) -> Option<Self> {
        let first = chain.iter().min_by_key(|certificate| certificate.not_after())?;
        Some(Self::of_file(stem, first.not_before(), first.not_after()))
    }

    /// The end of a list.
    #[must_use]
    pub fn of_list(key: KeyName, name: &str, header: &ListHeader) -> Self {
        let life = header.next_update.since(header.issued);
        Self { key, name: name.to_owned(), end: header.next_update, life }
    }

    /// The end of the root, which does not say when it was made.
    #[must_use]
    pub fn of_root(expires: Timestamp) -> Self {
        let life = limits::ROOT_LIFE;
        Self { key: KeyName::Root, name: "root".to_owned(), end: expires, life }
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

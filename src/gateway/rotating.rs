//! Rotating a gateway's keys, but for the list key: a new one beside the old, and the old one
//! withdrawn when the new one has served. Each step is a list for two operators to publish.

use std::path::Path;
use std::time::Duration;

use super::founding::{FoundingError, host_of, list_payload_signed};
use super::keys::KeyFolder;
use crate::base::{Code, Division, ServiceId, Timestamp, limits};
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, Digest, SealError, json};
use crate::pki::{LEAF_LIFE, Made, Period, files};
use crate::trust::lote::{DigitalIdentity, EntityService, Extension, SignedList, optional};
use crate::trust::{PreviousList, Reason, ServiceKind, ServiceStatus, StatusReason, prove};

/// Which key, whose, and where it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    /// The gateway's data directory.
    pub folder: &'a Path,
    /// The province.
    pub division: Division,
    /// Origin of the federation listener: the host in a TLS certificate.
    pub federation_origin: &'a str,
    /// What the key is for.
    pub kind: ServiceKind,
}

impl Rotation<'_> {
    /// Makes a new key beside the present one, and the list that follows `held` with both granted.
    /// The gateway goes over to it at its first start after the list is in force. Asked again
    /// before that, it lists the same new key: the list of a run that was cut off may be lost.
    pub fn begin(&self, held: &[u8], now: Timestamp) -> Result<Vec<u8>, RotationError> {
        let file = self.file()?;
        let keys = KeyFolder::of(self.folder);
        let next = next_file(file);
        let present = present_key(&keys, file)?;
        change(held, &keys, now, |services| {
            let old = entry_of(services, present).ok_or(RotationError::NotListed)?.clone();
            let number = next_number(services, self.kind);
            let id = ServiceId::new(self.division, self.kind.word(), number);
            if keys.key(&next).exists() {
                let new = present_key(&keys, &next)?;
                if services.iter().any(|service| spki_of(service) == Some(new)) {
                    return Err(RotationError::UnderWay);
                }
            } else {
                let (made, chain) = self.make(&keys, number, now)?;
                files::write_certificates(&keys.certificate(&next), &chain)
                    .map_err(FoundingError::from)?;
                files::write_key(&keys.key(&next), &made.pkcs8).map_err(FoundingError::from)?;
            }
            services.push(self.entry(&old, &id, &keys, now)?);
            Ok(())
        })
    }

    /// Makes the list that follows `held` with the old key withdrawn as superseded, and puts the
    /// new one's files in the old one's place. `was_used` tells whether the gateway has run with
    /// a key. Asked again before that list is in force, it makes it again.
    pub fn finish(
        &self,
        held: &[u8],
        was_used: impl Fn(Digest) -> bool,
        now: Timestamp,
    ) -> Result<Vec<u8>, RotationError> {
        let file = self.file()?;
        let keys = KeyFolder::of(self.folder);
        let is_moved = !keys.key(&next_file(file)).exists();
        let (old, new) = places(&keys, file).ok_or(RotationError::NotBegun)?;
        let (old, new) = (present_key(&keys, &old)?, present_key(&keys, &new)?);
        let list = change(held, &keys, now, |services| {
            let successor = entry_of(services, new).ok_or(RotationError::NotListed)?;
            let since = successor.information.status_starting_time;
            if now.since(since) < SIDE_BY_SIDE {
                return Err(RotationError::TooEarly { until: since + SIDE_BY_SIDE });
            }
            if !was_used(new) {
                return Err(RotationError::Unused);
            }
            if entry_of(services, old).is_none() {
                return Err(if is_moved {
                    RotationError::NotBegun
                } else {
                    RotationError::NotListed
                });
            }
            let place = services.iter_mut().find(|service| spki_of(service) == Some(old));
            supersede(place.ok_or(RotationError::NotListed)?, now)
        })?;
        move_files(&keys, file)?;
        Ok(list)
    }

    /// The names of the files; the audit log's key is not one to be exchanged by the list alone,
    /// since the log is known by it.
    fn file(&self) -> Result<&'static str, RotationError> {
        match self.kind {
            ServiceKind::GatewayTls
            | ServiceKind::GatewaySigning
            | ServiceKind::Status
            | ServiceKind::Registrar
            | ServiceKind::Issuance => Ok(self.kind.word()),
            _ => Err(RotationError::NotThisKind),
        }
    }

    fn make(
        &self,
        keys: &KeyFolder,
        number: u32,
        now: Timestamp,
    ) -> Result<(Made, Vec<Certificate>), FoundingError> {
        let name = format!("{} {} {number}", self.division, self.kind.word());
        let period = Period::from_now(now, LEAF_LIFE);
        if self.kind == ServiceKind::Issuance {
            let authority = keys.authority("issuing-ca")?;
            let made = authority.issue_signer(&name, period)?;
            let chain = vec![made.certificate.clone(), authority.certificate().clone()];
            return Ok((made, chain));
        }
        let made = match self.kind {
            ServiceKind::GatewayTls => {
                Made::tls(&name, &[host_of(self.federation_origin)], period)?
            }
            _ => Made::signing(&name, Algorithm::Es256, period)?,
        };
        let chain = vec![made.certificate.clone()];
        Ok((made, chain))
    }

    /// The new entry: the old one's scope and addresses with another key.
    fn entry(
        &self,
        old: &EntityService,
        id: &ServiceId,
        keys: &KeyFolder,
        now: Timestamp,
    ) -> Result<EntityService, FoundingError> {
        let next = next_file(self.kind.word());
        let chain = files::read_certificates(&keys.certificate(&next))?;
        let signer = keys.signer(&next)?;
        let proof = prove(signer.as_ref(), self.division.member(), id, self.kind)?;
        let mut entry = EntityService { information: old.information.clone(), history: Vec::new() };
        let information = &mut entry.information;
        information.service_digital_identity = DigitalIdentity::of(&chain);
        information.service_status = ServiceStatus::Granted.to_string();
        information.status_starting_time = now.whole_seconds();
        let extensions = &mut information.service_information_extensions;
        put(extensions, Extension::new("ServiceId", id).ok_or(SealError::Document)?);
        put(extensions, Extension::new("PossessionProof", &proof).ok_or(SealError::Document)?);
        Ok(entry)
    }
}

/// The signed list that follows `held` with `change` made in its entries.
fn change(
    held: &[u8],
    keys: &KeyFolder,
    now: Timestamp,
    change: impl FnOnce(&mut Vec<EntityService>) -> Result<(), RotationError>,
) -> Result<Vec<u8>, RotationError> {
    let signed = SignedList::parse(held).map_err(FoundingError::HeldList)?;
    let mut document = signed.document().clone();
    let entity = document.lote.entities.first_mut().ok_or(RotationError::NotListed)?;
    change(&mut entity.services)?;
    let scheme = &mut document.lote.scheme;
    let previous = PreviousList { sequence: scheme.sequence, sha256: signed.sha256() };
    let previous = Extension::new("PreviousList", &previous).ok_or(SealError::Document);
    put(&mut scheme.scheme_extensions, previous.map_err(FoundingError::from)?);
    scheme.sequence += 1;
    scheme.list_issue_date_time = now.whole_seconds();
    scheme.next_update = (now + limits::PROVINCIAL_LIST_LIFE).whole_seconds();
    let payload =
        json::canonical(&document).map_err(|_| FoundingError::from(SealError::Document))?;
    Ok(list_payload_signed(&payload, keys, now)?)
}

/// The key that lies in `file`.
fn present_key(keys: &KeyFolder, file: &str) -> Result<Digest, RotationError> {
    let chain = files::read_certificates(&keys.certificate(file)).map_err(FoundingError::from)?;
    let own = chain.first().ok_or(RotationError::NotListed)?;
    Ok(own.spki_digest())
}

/// Where the old key's certificate and the new one's lie, also after a run that was cut off while
/// it moved them, or before its list was kept; `None` when no new key was made.
fn places(keys: &KeyFolder, file: &str) -> Option<(String, String)> {
    let (next, superseded) = (next_file(file), superseded_file(file));
    if keys.key(&next).exists() {
        return Some((file.to_owned(), next));
    }
    if !keys.certificate(&superseded).exists() {
        return None;
    }
    let new = if keys.certificate(&next).exists() { next } else { file.to_owned() };
    Some((superseded, new))
}

/// Keeps the old key beside the new one, and puts the new one in its place; goes on where a run
/// was cut off.
fn move_files(keys: &KeyFolder, file: &str) -> Result<(), FoundingError> {
    let (next, superseded) = (next_file(file), superseded_file(file));
    if keys.key(&next).exists() {
        files::write_key(&keys.key(&superseded), &files::read_key(&keys.key(file))?)?;
        let chain = files::read_certificates(&keys.certificate(file))?;
        files::write_certificates(&keys.certificate(&superseded), &chain)?;
        rename(&keys.key(&next), &keys.key(file))?;
    }
    if keys.certificate(&next).exists() {
        rename(&keys.certificate(&next), &keys.certificate(file))?;
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<(), FoundingError> {
    std::fs::rename(from, to).map_err(|error| FoundingError::File { path: from.to_owned(), error })
}

/// Withdraws an entry for the one reason that leaves what it signed before valid.
fn supersede(service: &mut EntityService, now: Timestamp) -> Result<(), RotationError> {
    let reason = StatusReason { reason: Reason::Superseded, invalidity_date: None };
    let changed = service.change_status(ServiceStatus::Withdrawn, Some(reason), now);
    Ok(changed.map_err(|_| FoundingError::StatusChange)?)
}

fn put(extensions: &mut Vec<Extension>, extension: Extension) {
    extensions.retain(|other| !other.is_same_kind(&extension));
    extensions.push(extension);
}

fn entry_of(services: &[EntityService], spki: Digest) -> Option<&EntityService> {
    services.iter().find(|service| {
        spki_of(service) == Some(spki)
            && service.information.service_status == ServiceStatus::Granted.to_string()
    })
}

fn spki_of(service: &EntityService) -> Option<Digest> {
    let chain = service.information.service_digital_identity.parse().ok()?;
    chain.first().map(Certificate::spki_digest)
}

/// One above every number that an entry of this kind has: identifiers are not used again.
fn next_number(services: &[EntityService], kind: ServiceKind) -> u32 {
    let number = |service: &EntityService| {
        let extensions = &service.information.service_information_extensions;
        let id: ServiceId = optional(extensions, "ServiceId").ok()??;
        let mut parts = id.as_str().rsplit(':');
        let number: u32 = parts.next()?.parse().ok()?;
        (parts.next() == Some(kind.word())).then_some(number)
    };
    services.iter().filter_map(number).max().unwrap_or(0).saturating_add(1)
}

/// Where a key lies that is to follow the one in `file`.
pub(crate) fn next_file(file: &str) -> String {
    format!("{file}-next")
}

fn superseded_file(file: &str) -> String {
    format!("{file}-superseded")
}

/// Why a key is not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A key, a certificate or the list cannot be read, made or written.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// There is no new key yet.
    #[error("no new key was made: begin first")]
    NotBegun,
    /// The list in force does not name the key as granted.
    #[error("the list in force does not name the key")]
    NotListed,
    /// This kind of key is not rotated in this way.
    #[error("keys of this kind are not rotated by the province's list alone")]
    NotThisKind,
    /// The new key has not been side by side with the old one for a week.
    #[error("both keys must stand side by side until {until}")]
    TooEarly {
        /// The end of the week.
        until: Timestamp,
    },
    /// A new key is in the list, and not in the old one's place yet.
    #[error("a rotation of this key is under way: finish it first")]
    UnderWay,
    /// The gateway has never run with the new key.
    #[error("the gateway has not used the new key yet: restart it, and let it serve")]
    Unused,
}

impl RotationError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Founding(_) => Code::ConfigInvalid,
            Self::NotThisKind => Code::ValidationFailed,
            Self::NotBegun
            | Self::NotListed
            | Self::TooEarly { .. }
            | Self::UnderWay
            | Self::Unused => Code::StateConflict,
        }
    }
}

/// Everybody who holds an older list, or an answer of the old key, has caught up by then.
const SIDE_BY_SIDE: Duration = Duration::from_hours(7 * 24);

#[cfg(test)]
mod tests {
    use super::super::founding::{Charter, found};
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn now() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn founded() -> (tempfile::TempDir, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let charter = Charter {
            division: division(),
            authority_code: "111200000001234561".to_owned(),
            listen: ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"].map(|at| at.parse().unwrap()),
            federation_origin: "https://127.0.0.1:1".to_owned(),
            public_origin: "https://127.0.0.1:2".to_owned(),
            hub_origin: "https://127.0.0.1:4".to_owned(),
            refresh_seconds: 30,
            allow_private_addresses: true,
            contacts: vec!["operator@tianjin.example".to_owned()],
        };
        found(folder.path(), &charter, b"{}", now()).unwrap();
        let list = std::fs::read(folder.path().join("outbox/list.json")).unwrap();
        (folder, list)
    }

    fn division() -> Division {
        "120000".parse().unwrap()
    }

    fn rotation(folder: &Path, kind: ServiceKind) -> Rotation<'_> {
        let federation_origin = "https://127.0.0.1:1";
        Rotation { folder, division: division(), federation_origin, kind }
    }

    fn entries(list: &[u8], kind: ServiceKind) -> Vec<(String, usize)> {
        let signed = SignedList::parse(list).unwrap();
        let services = &signed.document().lote.entities[0].services;
        let of_kind = services
            .iter()
            .filter(|service| service.information.service_type_identifier == kind.to_string());
        of_kind.map(|one| (one.information.service_status.clone(), one.history.len())).collect()
    }

    #[test]
    fn both_keys_stand_side_by_side_and_then_the_old_one_is_superseded() {
        let granted = || (ServiceStatus::Granted.to_string(), 0);
        for kind in [
            ServiceKind::GatewayTls,
            ServiceKind::GatewaySigning,
            ServiceKind::Status,
            ServiceKind::Registrar,
            ServiceKind::Issuance,
        ] {
            let (folder, first) = founded();
            let rotation = rotation(folder.path(), kind);
            let keys = KeyFolder::of(folder.path());
            let old = present_key(&keys, kind.word()).unwrap();
            let both = rotation.begin(&first, now()).unwrap();
            assert_eq!(entries(&both, kind), [granted(), granted()], "{kind:?}");
            let new = present_key(&keys, &next_file(kind.word())).unwrap();
            let used = |spki| spki == new;
            let last = rotation.finish(&both, used, now() + 7 * DAY).unwrap();
            let withdrawn = (ServiceStatus::Withdrawn.to_string(), 1);
            assert_eq!(entries(&last, kind), [withdrawn, granted()], "{kind:?}");
            let text = String::from_utf8(
                crate::crypto::jws::GeneralJws::parse(&last).unwrap().payload().to_vec(),
            );
            assert!(text.unwrap().contains(r#""reason":"superseded""#));
            assert_eq!(present_key(&keys, kind.word()).unwrap(), new, "in its place");
            let kept = present_key(&keys, &superseded_file(kind.word())).unwrap();
            assert_eq!(kept, old);
        }
    }

    #[test]
    fn a_rotation_is_not_finished_early_nor_unused_nor_unpublished() {
        let (folder, first) = founded();
        let rotation = rotation(folder.path(), ServiceKind::Status);
        let finish = |list: &[u8], used: bool, at| rotation.finish(list, |_| used, at);
        let week = now() + 7 * DAY;
        assert!(matches!(finish(&first, true, week), Err(RotationError::NotBegun)));
        let both = rotation.begin(&first, now()).unwrap();
        assert!(matches!(rotation.begin(&both, now()), Err(RotationError::UnderWay)));
        assert!(matches!(finish(&first, true, week), Err(RotationError::NotListed)));
        let early = finish(&both, true, week - Duration::from_secs(1));
        assert!(matches!(early, Err(RotationError::TooEarly { until }) if until == week));
        assert!(matches!(finish(&both, false, week), Err(RotationError::Unused)));
        assert!(KeyFolder::of(folder.path()).key("status-next").exists(), "nothing was moved");
        assert!(finish(&both, true, week).is_ok());
    }

    #[test]
    fn a_rotation_whose_list_was_lost_is_begun_and_finished_again() {
        let (folder, first) = founded();
        let rotation = rotation(folder.path(), ServiceKind::Status);
        let keys = KeyFolder::of(folder.path());
        let key = |file: &str| present_key(&keys, file).unwrap();
        rotation.begin(&first, now()).unwrap();
        let (old, new) = (key("status"), key("status-next"));
        let both = rotation.begin(&first, now() + DAY).unwrap();
        assert_eq!(key("status-next"), new, "the same new key");
        assert_eq!(entries(&both, ServiceKind::Status).len(), 2);
        assert!(matches!(rotation.begin(&both, now()), Err(RotationError::UnderWay)));
        let finish = || rotation.finish(&both, |spki| spki == new, now() + 8 * DAY);
        let superseded = |list: &[u8]| {
            let [withdrawn, granted] = &entries(list, ServiceKind::Status)[..] else {
                panic!("two entries");
            };
            withdrawn.0.ends_with("withdrawn") && granted.0.ends_with("granted")
        };
        assert!(superseded(&finish().unwrap()));
        // Once more, as when the file for it could not be written; then with one move left to do.
        let last = finish().unwrap();
        assert!(superseded(&last));
        std::fs::rename(keys.certificate("status"), keys.certificate("status-next")).unwrap();
        assert!(superseded(&finish().unwrap()));
        assert_eq!((key("status"), key("status-superseded")), (new, old));
        assert_eq!(keys.signer("status").unwrap().public_key().spki_digest(), new);
        let after = rotation.finish(&last, |_| true, now() + 9 * DAY);
        assert!(matches!(after, Err(RotationError::NotBegun)), "{after:?}");
    }

    #[test]
    fn list_keys_log_keys_and_authorities_are_not_rotated_like_this() {
        let (folder, first) = founded();
        for kind in [ServiceKind::LogSigning, ServiceKind::ClientCa, ServiceKind::ListSigning] {
            let refused = rotation(folder.path(), kind).begin(&first, now());
            assert!(matches!(refused, Err(RotationError::NotThisKind)), "{kind:?}");
        }
    }
}

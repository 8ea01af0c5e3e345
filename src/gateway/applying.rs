//! Applying to the federation: the draft that founding left, addressed to a hub and proven anew by
//! every key of the gateway. Works on files, beside a gateway that runs or does not.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::founding::FoundingError;
use super::keys::KeyFolder;
use crate::crypto::{Digest, SealError, Signer};
use crate::exchange::{Addressee, Enrolment, OpenedBundle, ProvingKey, WITNESS_ROLE};
use crate::pki::files;
use crate::trust::ServiceKind;
use crate::trust::lote::SignedList;

/// Makes the application of the gateway in `folder` to the hub that `addressee` names, out of the
/// draft in its outbox.
pub fn apply(folder: &Path, addressee: Addressee) -> Result<String, FoundingError> {
    let path = folder.join("outbox/enrolment.jwt");
    let draft = std::fs::read_to_string(&path)
        .map_err(|error| FoundingError::File { path: path.clone(), error })?;
    let opened = OpenedBundle::open(draft.trim()).map_err(FoundingError::Application)?;
    seal(&KeyFolder::of(folder), opened.bundle.enrolment, addressee)
}

/// Seals an application with the list key, and a proof by every key of its list and the witness.
pub(super) fn seal(
    keys: &KeyFolder,
    enrolment: Enrolment,
    addressee: Addressee,
) -> Result<String, FoundingError> {
    let signers = all_signers(keys)?;
    let list = SignedList::parse(enrolment.list.as_bytes()).map_err(FoundingError::HeldList)?;
    let witness = keys.signer(WITNESS_KEY)?;
    let mut proving = vec![ProvingKey { role: WITNESS_ROLE, signer: witness.as_ref() }];
    for service in list.document().lote.entities.iter().flat_map(|entity| &entity.services) {
        let information = &service.information;
        let kind: ServiceKind =
            information.service_type_identifier.parse().map_err(FoundingError::HeldList)?;
        let chain =
            information.service_digital_identity.parse().map_err(FoundingError::HeldList)?;
        let signer = chain.first().and_then(|own| signers.get(&own.spki_digest()));
        let absent = || FoundingError::KeyAbsent { service: kind.word().to_owned() };
        let signer = signer.ok_or_else(absent)?;
        proving.push(ProvingKey { role: kind.word(), signer: signer.as_ref() });
    }
    let certificates = files::read_certificates(&keys.certificate(LIST_KEY))?;
    let certificate = certificates.first().ok_or(SealError::BadKey)?;
    let list_key = keys.signer(LIST_KEY)?;
    Ok(enrolment.seal(list_key.as_ref(), certificate, &proving, addressee)?)
}

/// Every key of the folder by the digest of its SubjectPublicKeyInfo.
fn all_signers(keys: &KeyFolder) -> Result<BTreeMap<Digest, Arc<dyn Signer>>, FoundingError> {
    let unreadable = |error| FoundingError::File { path: keys.path().to_owned(), error };
    let mut signers: BTreeMap<Digest, Arc<dyn Signer>> = BTreeMap::new();
    for entry in std::fs::read_dir(keys.path()).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".key.pem")) {
            let signer = keys.signer(name)?;
            signers.insert(signer.public_key().spki_digest(), signer);
        }
    }
    Ok(signers)
}

/// Name of the list key's files.
pub(super) const LIST_KEY: &str = "list-signing";
/// Name of the file of the key by which the gateway witnesses logs; no certificate goes with it.
pub(super) const WITNESS_KEY: &str = "witness";

//! A list without its services: they are left as they stand, each to be read when nobody has read
//! the very same bytes before.

use serde_json::value::RawValue;

use super::super::refusal::UpdateRefusal;
use super::{Document, EntityService, SchemeInformation};
use crate::base::ListId;
use crate::crypto::json::{self, Seam};

/// A list read around its services.
#[derive(Debug)]
pub(in crate::trust) struct Frame<'p> {
    document: Document<&'p RawValue>,
    id: ListId,
}

impl<'p> Frame<'p> {
    /// Reads the payload of a list as strictly as the whole of it, but for its services.
    pub(in crate::trust) fn parse(payload: &'p [u8]) -> Result<Self, UpdateRefusal> {
        let document: Document<&RawValue> = json::from_frame(payload, SERVICES)?;
        let id = document.check_frame()?;
        Ok(Self { document, id })
    }

    /// Which list it says it is.
    pub(in crate::trust) const fn id(&self) -> ListId {
        self.id
    }

    /// What it says of itself.
    pub(in crate::trust) const fn scheme(&self) -> &SchemeInformation {
        &self.document.lote.scheme
    }

    /// The services of each entity, in the bytes of the payload.
    pub(in crate::trust) fn entities(&self) -> impl Iterator<Item = &[&'p RawValue]> {
        self.document.lote.entities.iter().map(|entity| &entity.services[..])
    }

    /// Reads one service.
    pub(in crate::trust) fn service(
        &self,
        bytes: &RawValue,
    ) -> Result<EntityService, UpdateRefusal> {
        let service: EntityService = json::from_piece(bytes.get().as_bytes(), SERVICES)?;
        service.check_profile(self.id)?;
        Ok(service)
    }
}

/// Document, list, entities, entity.
const SERVICES: Seam = Seam { level: 4, member: "TrustedEntityServices" };

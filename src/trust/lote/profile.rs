//! Our profile of the format: what every list of ours says of itself, and which extensions stand
//! where. What the types admit and the profile does not makes a list unreadable.

use super::super::refusal::UpdateRefusal;
use super::extension::{self, Place};
use super::model::{Document, Notice, SchemeInformation};
use super::{EntityService, FEDERATION_TYPE, PROVINCE_TYPE, Pointer};
use crate::base::ListId;

impl Document {
    /// Holds the document against our profile and tells which list it is.
    pub(super) fn check_profile(&self) -> Result<ListId, UpdateRefusal> {
        let id = self.check_frame()?;
        let services = self.lote.entities.iter().flat_map(|entity| &entity.services);
        services.into_iter().try_for_each(|service| service.check_profile(id))?;
        Ok(id)
    }
}

impl<S> Document<S> {
    /// The same of everything but its services.
    pub(super) fn check_frame(&self) -> Result<ListId, UpdateRefusal> {
        let scheme = &self.lote.scheme;
        let [uri] = &scheme.scheme_information_uri[..] else {
            return Err(UpdateRefusal::Malformed);
        };
        let id: ListId = uri.uri.parse().map_err(|_| UpdateRefusal::IdNotCanonical)?;
        let (expected_type, place) = match id {
            ListId::Federation => (FEDERATION_TYPE, Place::FederationScheme),
            ListId::Province(_) => (PROVINCE_TYPE, Place::ProvinceScheme),
        };
        if scheme.list_type != expected_type {
            return Err(UpdateRefusal::WrongTyp);
        }
        if !scheme.is_sound() {
            return Err(UpdateRefusal::Malformed);
        }
        extension::check(&scheme.scheme_extensions, place)?;
        let place = match id {
            ListId::Federation => Place::Member,
            ListId::Province(_) => Place::Province,
        };
        let extensions = self.lote.entities.iter().map(|entity| &entity.information.extensions);
        extensions.into_iter().try_for_each(|extensions| extension::check(extensions, place))?;
        Ok(id)
    }
}

impl SchemeInformation {
    fn is_sound(&self) -> bool {
        let policies = |notice: &&Notice| matches!(notice, Notice::Policy(_));
        let policies = self.policy_or_legal_notice.iter().filter(policies).count();
        self.version == 1
            && self.sequence >= 1
            && self.sequence < MOST_SEQUENCE
            && self.list_issue_date_time < self.next_update
            && self.historical_information_period == WHOLE_HISTORY
            && is_territory(&self.scheme_territory)
            && (policies == 0 || policies == self.policy_or_legal_notice.len())
            && self.pointers.iter().all(is_pointer)
            && self.distribution_points.iter().all(|point| is_address(point))
    }
}

impl EntityService {
    /// Holds one service of the list `id` against our profile.
    pub(super) fn check_profile(&self, id: ListId) -> Result<(), UpdateRefusal> {
        let place = match id {
            ListId::Federation => Place::MemberService,
            ListId::Province(_) => Place::ProvinceService,
        };
        extension::check(&self.information.service_information_extensions, place)?;
        self.history.iter().try_for_each(|instance| {
            extension::check(&instance.service_information_extensions, Place::History)
        })
    }
}

/// Two capital letters (ISO 3166-1).
fn is_territory(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_pointer(pointer: &Pointer) -> bool {
    let territories = pointer.qualifiers.iter().filter_map(|known| known.territory.as_deref());
    is_address(&pointer.location)
        && pointer.identities.iter().all(|identity| identity.key().is_ok())
        && territories.into_iter().all(is_territory)
}

/// Whether `text` is an address that a reader may be sent to: over TLS, and printable.
fn is_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic())
}

/// 2⁵³: the largest range of whole numbers that every JSON reader keeps exactly.
const MOST_SEQUENCE: u64 = 1 << 53;
/// `HistoricalInformationPeriod` of a scheme that never drops history (ETSI TS 119 612 §5.3.12).
const WHOLE_HISTORY: u32 = 65_535;

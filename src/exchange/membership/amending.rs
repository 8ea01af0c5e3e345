//! What a member may do and where it is reached, changed without a new application: the list key
//! stays, and what is not named is carried over.

use super::{MembershipError, NextList, describe_hosts, put, status_of};
use crate::base::MemberId;
use crate::exchange::enrolment::{is_canonical_origin, scope_faults};
use crate::trust::lote::required;
use crate::trust::{MemberExtension, MembershipScope, ServiceStatus};

/// What changes of a member; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// Origins of the federation listener and of the public one.
    pub hosts: Option<[String; 2]>,
    /// Prefixes of the divisions that it vouches for.
    pub territories: Option<Vec<String>>,
    /// Codes of the licence types that it may issue.
    pub licence_types: Option<Vec<String>>,
    /// Words of the kinds of service that it may list.
    pub may_vouch_for: Option<Vec<String>>,
    /// Most entries of its list.
    pub max_list_entries: Option<u32>,
}

impl NextList {
    /// Changes a member's hosts and scope, within its division.
    pub fn amend(
        mut self,
        member: MemberId,
        amendment: &Amendment,
    ) -> Result<Self, MembershipError> {
        let entity = self.entity_mut(member).ok_or(MembershipError::NoMember)?;
        if status_of(entity)? == ServiceStatus::Withdrawn {
            return Err(MembershipError::Withdrawn);
        }
        let extensions = &mut entity.information.extensions;
        let mut membership: MemberExtension =
            required(extensions, "Member").map_err(|_| MembershipError::Unreadable)?;
        let held: MembershipScope =
            required(extensions, "MembershipScope").map_err(|_| MembershipError::Unreadable)?;
        let scope = amendment.scope(&held);
        let hosts =
            amendment.hosts.as_ref().map_or_else(|| membership.hosts.clone(), |new| new.to_vec());
        if scope == held && hosts == membership.hosts {
            return Err(MembershipError::NothingChanges);
        }
        if !scope_faults(member.division(), &scope).is_empty() {
            return Err(MembershipError::Scope);
        }
        if !hosts.iter().all(|host| is_canonical_origin(host)) {
            return Err(MembershipError::Host);
        }
        membership.hosts.clone_from(&hosts);
        put(extensions, "Member", &membership)?;
        put(extensions, "MembershipScope", &scope)?;
        describe_hosts(entity, &hosts);
        Ok(self)
    }
}

impl Amendment {
    fn scope(&self, held: &MembershipScope) -> MembershipScope {
        let or = |new: &Option<Vec<String>>, held: &Vec<String>| {
            new.clone().unwrap_or_else(|| held.clone())
        };
        MembershipScope {
            territories: or(&self.territories, &held.territories),
            licence_types: or(&self.licence_types, &held.licence_types),
            may_vouch_for: or(&self.may_vouch_for, &held.may_vouch_for),
            max_list_entries: self.max_list_entries.unwrap_or(held.max_list_entries),
        }
    }
}

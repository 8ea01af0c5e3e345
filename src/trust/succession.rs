//! How members and their list keys go from one federation list to the next: nobody is left out,
//! nobody comes back, and no list key changes behind its holder's back.

use super::federation::{FederationList, Member};
use super::key_change::KeyChangeExtension;
use super::refusal::UpdateRefusal;
use super::service::ServiceStatus;
use super::state::TrustState;
use crate::base::{MemberId, limits};
use crate::crypto::{Digest, PublicKey};

impl TrustState {
    /// A member's list key may not change by the federation list alone: without proof by the
    /// previous key the whole list is kept out, which keeps the old key in force. Leaving a member
    /// out would be half of such a change; one that leaves is listed as withdrawn, for ever.
    pub(super) fn check_members_kept(&self, next: &FederationList) -> Result<(), UpdateRefusal> {
        let ended = |member: &Member| member.status == ServiceStatus::Withdrawn;
        // A list key in force is the federation list's alone to end: whatever a province withdraws
        // in its own list, the operators' next word on others must not wait for it.
        let is_brought_back = |member: &Member| {
            let held = self.federation().and_then(|list| list.member(member.id));
            self.burned.contains(&member.list_key.spki_digest())
                && held.is_none_or(|held| held.list_key != member.list_key)
        };
        if next.members().any(|member| is_brought_back(member) && !ended(member)) {
            return Err(UpdateRefusal::Conflict);
        }
        for old in self.federation().into_iter().flat_map(FederationList::members) {
            let new = next.member(old.id).ok_or(UpdateRefusal::MemberKeyUnproven)?;
            if ended(old) && !ended(new) {
                return Err(UpdateRefusal::Conflict);
            }
            if new.list_key != old.list_key && !self.is_succession_proven(old, new, next) {
                return Err(UpdateRefusal::MemberKeyUnproven);
            }
        }
        Ok(())
    }

    /// Whether the list key of `new` follows from that of `old`, step by step from the newest back:
    /// each by the word of the key before it and with the next turn, so that no statement of the
    /// past serves twice; or by an enrolment anew, from which the turns count again.
    fn is_succession_proven(&self, old: &Member, new: &Member, next: &FederationList) -> bool {
        if old.earlier_keys.contains(&new.list_key) {
            return false;
        }
        let (mut key, mut later) = (&new.list_key, None);
        let mut earlier_keys = new.earlier_keys.iter();
        for step in new.key_changes() {
            match step {
                None => return false,
                Some(KeyChangeExtension::Reenrolled(_)) => {
                    let is_first_turn = later.is_none_or(|later| later == 1);
                    return is_first_turn && self.is_enrolled_anew(old, key, next);
                }
                Some(KeyChangeExtension::Signed(change)) => {
                    let turn = change.sequence;
                    let is_next = later.is_none_or(|later| turn.checked_add(1) == Some(later));
                    if !is_next || change.new_spki != key.spki_digest() {
                        return false;
                    }
                    if change.verify(new.id, &old.list_key).is_ok() {
                        return turn == old.next_turn();
                    }
                    let Some(previous) = earlier_keys.next() else { return false };
                    if change.verify(new.id, previous).is_err() {
                        return false;
                    }
                    (key, later) = (previous, Some(turn));
                }
            }
        }
        false
    }

    /// Whether the member of `old`, whose key was lost, may go on with `key`: it must have been
    /// stopped meanwhile, and its new application have stood in the log for all to see.
    fn is_enrolled_anew(&self, old: &Member, key: &PublicKey, next: &FederationList) -> bool {
        let stopped = old.status == ServiceStatus::Suspended
            || self.orders.stop_member(old.id)
            || self.was_stopped_until(next, old.id);
        let logged = self.log.enrolled_at(old.id, key.spki_digest());
        let shown = logged.is_some_and(|at| {
            let age = next.header().issued.unix_seconds().saturating_sub(at);
            u64::try_from(age).is_ok_and(|age| age >= limits::REENROLMENT_WAIT.as_secs())
        });
        stopped && shown
    }

    /// Whether `next` lifts an order against `member` that the log carries: a node that was away
    /// meanwhile hears of the suspension and of its end at once.
    fn was_stopped_until(&self, next: &FederationList, member: MemberId) -> bool {
        let is_logged = |order: &Digest| self.log.index_of_order(member, *order).is_some();
        next.lifted_orders().iter().any(is_logged)
    }
}

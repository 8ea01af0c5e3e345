//! Whose word counts for a suspension order: those who may speak now, and for an order that stands
//! in the list log also those who could when it was logged.
//!
//! A node that comes late must stop whom the others stopped: it hears of the order and of the new
//! keys at once, and the old keys that signed are gone from the lists in force.

use std::sync::Arc;

use super::federation::FederationList;
use super::log_view::LogView;
use super::order::SignedOrder;
use super::refusal::UpdateRefusal;
use super::root::Root;
use crate::crypto::PublicKey;
use crate::crypto::jws::Typ;

/// The lists in force and what came before them.
pub(super) struct Voices<'s> {
    pub(super) root: &'s Root,
    /// Oldest first; the root in force follows from the last.
    pub(super) earlier_roots: &'s [Arc<Root>],
    pub(super) federation: &'s FederationList,
    pub(super) log: &'s LogView,
}

/// What the signatures of an order amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// As many operators as may stop a tenth of the members.
    Emergency,
    /// The member itself, or as many operators as sign a federation list.
    Full,
}

impl Voices<'_> {
    /// The order with the signatures of those alone who have a say in it.
    pub(super) fn heard_in(&self, order: &SignedOrder) -> Result<SignedOrder, UpdateRefusal> {
        let operators = self.roots(order).flat_map(Root::operator_keys);
        let keys: Vec<&PublicKey> = self.list_keys(order)?.chain(operators).collect();
        order.kept_to(&keys)
    }

    /// What the order's signatures amount to. Operators of two roots do not add up.
    pub(super) fn word_of(&self, order: &SignedOrder) -> Result<Word, UpdateRefusal> {
        let own: Vec<&PublicKey> = self.list_keys(order)?.collect();
        if !order.signatures().signers(&own, Typ::Suspension)?.is_empty() {
            return Ok(Word::Full);
        }
        let (mut word, mut most) = (None, 0);
        for root in self.roots(order) {
            let (votes, rules) =
                (root.votes(order.signatures(), Typ::Suspension)?, root.document());
            most = most.max(votes);
            if votes >= rules.operators.threshold as usize {
                return Ok(Word::Full);
            }
            if votes >= rules.emergency.threshold as usize {
                word = Some(Word::Emergency);
            }
        }
        word.ok_or(match most {
            0 => UpdateRefusal::WrongSigner,
            _ => UpdateRefusal::ThresholdNotMet,
        })
    }

    /// The member's list key, and those before it for an order that was logged: the log takes none
    /// that did not count when it came.
    fn list_keys(
        &self,
        order: &SignedOrder,
    ) -> Result<impl Iterator<Item = &PublicKey>, UpdateRefusal> {
        let id = order.claims().member;
        let member = self.federation.member(id).ok_or(UpdateRefusal::IdNotCanonical)?;
        let is_logged = self.log.index_of_order(id, order.sha256()).is_some();
        let earlier = is_logged.then_some(&member.earlier_keys);
        Ok(std::iter::once(&member.list_key).chain(earlier.into_iter().flatten()))
    }

    /// The root in force, and each before it that had not been followed by the next one in the log
    /// when the order was logged.
    fn roots(&self, order: &SignedOrder) -> impl Iterator<Item = &Root> {
        let logged = self.log.index_of_order(order.claims().member, order.sha256());
        let all = self.earlier_roots.iter().map(Arc::as_ref).chain(std::iter::once(self.root));
        let next = all.clone().skip(1);
        let earlier = all.zip(next).filter(move |(_, next)| {
            logged.zip(self.log.index_of_root(next)).is_some_and(|(order, root)| order < root)
        });
        std::iter::once(self.root).chain(earlier.map(|(root, _)| root))
    }
}

//! What nodes make of a changed list key: with the statements they follow it, however long they
//! were away, and what the old key signed last counts no more.

use super::*;
use crate::trust::{
    DocumentKind, IssuerRefusal, LogLeaf, Root, Snapshot, SuspensionClaims, TrustState, Update,
    UpdateRefusal, order_vote,
};

/// The federation, and a node that holds all of it.
struct World {
    desk: Desk,
    node: TrustState,
}

impl World {
    fn new() -> Self {
        let mut desk = Desk::new();
        let node = desk.federation.state();
        Self { desk, node }
    }

    /// Announces what operators signed; nobody heard of it yet.
    fn announce(&mut self, next: NextList) {
        let desk = &mut self.desk;
        desk.hold(next);
        desk.federation.now = desk.now;
        let bytes = desk.held.signatures().to_bytes().unwrap();
        desk.federation.announce(ListId::Federation, &bytes);
    }

    /// What becomes of the list that was announced last, at `node`.
    fn outcome(&mut self, node: &TrustState) -> Result<TrustState, UpdateRefusal> {
        let federation = &mut self.desk.federation;
        let token = federation.freshness();
        let node = node.accept(Update::Freshness(&token), federation.now).unwrap().state;
        let node = federation.read_log(&node, &[]);
        let bytes = federation.served(ListId::Federation).to_vec();
        let update = Update::List { id: ListId::Federation, bytes: &bytes };
        node.accept(update, federation.now).map(|accepted| accepted.state)
    }

    /// Gives Tianjin `next` as its list key by the word of the one it has.
    fn rotate(&mut self, next: Identity, turn: u64) -> Identity {
        let desk = &self.desk;
        let spki = next.certificate.spki_digest();
        let held = &desk.list_key("120000").key;
        let change = KeyChange::sign(held, member("120000"), spki, turn).unwrap();
        let request = KeyChangeRequest::new(member("120000"), &next.certificate, change);
        self.announce(self.desk.next().change_key(&request).unwrap());
        std::mem::replace(&mut self.desk.federation.province_mut("120000").list, next)
    }

    fn tianjin(&self, node: &TrustState) -> Option<IssuerRefusal> {
        let federation = &self.desk.federation;
        let snapshot = Snapshot::build(node.clone(), 1, federation.now);
        let signer = &federation.province("120000").issuer.certificate;
        snapshot.recognise(signer, federation.now).err()
    }

    fn suspend_tianjin(&self) -> Vec<u8> {
        let federation = &self.desk.federation;
        let claims = SuspensionClaims {
            iat: federation.now.into(),
            jti: "1".to_owned(),
            member: member("120000"),
            target: None,
            reason: String::new(),
        };
        let payload = claims.to_payload().unwrap();
        let list = &federation.province("120000").list;
        let mut order = GeneralJws::unsigned(payload.clone());
        order.add(order_vote(&list.key, &list.certificate, &payload, federation.now).unwrap());
        order.to_bytes().unwrap()
    }
}

#[test]
fn tl_44_a_node_that_missed_two_changes_follows_the_statements() {
    let mut world = World::new();
    let away = world.node.clone();
    let (second, third) =
        (Identity::leaf("list 2", world.desk.now), Identity::leaf("list 3", world.desk.now));
    world.rotate(second, 1);
    let present = world.outcome(&away).unwrap();
    world.rotate(third, 2);
    for node in [&away, &present] {
        let taken = world.outcome(node).unwrap();
        let key = &taken.federation().unwrap().member(member("120000")).unwrap().list_key;
        let expected = world.desk.list_key("120000").certificate.spki_digest();
        assert_eq!(key.spki_digest(), expected);
        assert!(taken.held(list_id("120000")).is_none(), "what the old key signed is gone");
        assert!(taken.held(list_id("130000")).is_some());
        let bytes = world.desk.federation.publish(list_id("120000"));
        let refreshed = world.desk.federation.refresh(&taken);
        assert_eq!(world.tianjin(&refreshed), None);
        assert!(!bytes.is_empty());
    }
}

#[test]
fn tl_44_a_chain_of_statements_with_a_gap_is_no_chain() {
    let mut world = World::new();
    let away = world.node.clone();
    let (second, third) =
        (Identity::leaf("list 2", world.desk.now), Identity::leaf("list 3", world.desk.now));
    world.rotate(second, 1);
    world.rotate(third, 2);
    // Three operators take the middle statement out of history.
    let next = world.desk.next();
    let payload = String::from_utf8(next.to_payload().unwrap()).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&payload).unwrap();
    let entities = document["LoTE"]["TrustedEntitiesList"].as_array_mut().unwrap();
    let history = entities
        .iter_mut()
        .find_map(|entity| entity["TrustedEntityServices"][0]["ServiceHistory"].as_array_mut())
        .unwrap();
    for instance in history {
        let extensions = instance["ServiceInformationExtensions"].as_array_mut().unwrap();
        extensions.retain(|one| !one["Name"].as_str().unwrap().ends_with("KeyChange"));
    }
    let payload = serde_json::to_vec(&document).unwrap();
    let signers: Vec<&Identity> = world.desk.federation.operators.iter().take(3).collect();
    let now = world.desk.now;
    let bytes = crate::trust::testing::seal_with(&payload, &signers, now);
    world.desk.federation.now = now;
    world.desk.federation.announce(ListId::Federation, &bytes);
    assert_eq!(world.outcome(&away).unwrap_err(), UpdateRefusal::MemberKeyUnproven);
}

#[test]
fn tl_44_recovery_from_a_stolen_list_key() {
    let mut world = World::new();
    // The thief runs ahead with the number, as far as nodes let it, and the member stops itself.
    let mut stolen = world.desk.federation.draft(list_id("120000"));
    stolen.sequence = 900;
    let stolen = world.desk.federation.seal(stolen);
    world.desk.federation.announce(list_id("120000"), &stolen);
    let jammed = world.desk.federation.refresh(&world.node);
    assert_eq!(jammed.held(list_id("120000")).unwrap().sequence, 900);
    let order = world.suspend_tianjin();
    let stopped = jammed.accept(Update::Order(&order), world.desk.federation.now).unwrap().state;
    assert_eq!(world.tianjin(&stopped), Some(IssuerRefusal::Suspended));
    // The old key names a new one, and the operators, told by a second channel, sign.
    let fresh = Identity::leaf("list 2", world.desk.now);
    world.rotate(fresh, 1);
    let changed = world.outcome(&stopped).unwrap();
    assert_eq!(world.tianjin(&changed), Some(IssuerRefusal::NotFederated), "no list is held");
    // The first list under the new key counts from its own beginning.
    let mut first = world.desk.federation.draft(list_id("120000"));
    first.sequence = 2;
    let first = world.desk.federation.seal(first);
    world.desk.federation.announce(list_id("120000"), &first);
    let recovered = world.desk.federation.refresh(&changed);
    assert_eq!(recovered.held(list_id("120000")).unwrap().sequence, 2);
    // The suspension stays until a list cites it.
    assert_eq!(world.tianjin(&recovered), Some(IssuerRefusal::Suspended));
    let cited = Digest::of(GeneralJws::parse(&order).unwrap().payload());
    let lifting = world.desk.next().restore(member("120000"), &[cited]).unwrap();
    world.announce(lifting);
    let restored = world.outcome(&recovered).unwrap();
    assert_eq!(world.tianjin(&restored), None);
    // What the thief holds signs nothing any more, not even an order.
    world.desk.federation.announce(list_id("120000"), &stolen);
    let federation = &mut world.desk.federation;
    let token = federation.freshness();
    let named = restored.accept(Update::Freshness(&token), federation.now).unwrap().state;
    let update = Update::List { id: list_id("120000"), bytes: &stolen };
    let refused = named.accept(update, federation.now).unwrap_err();
    assert_eq!(refused, UpdateRefusal::WrongSigner);
    let root = Root::pinned(&federation.signed_root()).unwrap();
    let read = usize::try_from(restored.log().size()).unwrap();
    let again = TrustState::restore(root, &restored.documents(), &federation.log[..read]).unwrap();
    assert_eq!(again.held(list_id("120000")).unwrap().sequence, 2);
    assert!(restored.documents().iter().all(|one| one.kind != DocumentKind::Order));
}

#[test]
fn tl_44_a_lost_key_is_replaced_after_three_days_in_sight_of_all() {
    let hour = Duration::from_hours(1);
    for (suspended, hours, taken) in
        [(true, 72, true), (true, 71, false), (false, 720, false), (true, 0, false)]
    {
        let mut world = World::new();
        let fresh = Identity::leaf("list 2", world.desk.now);
        let applied = application("120000", &fresh);
        if hours > 0 {
            let leaf = LogLeaf::Enrolment {
                at: world.desk.now.into(),
                member: member("120000"),
                sha256: Digest::of("bundle"),
                spki: applied.fingerprint(),
            };
            world.desk.federation.log.push(leaf.to_line().unwrap());
        }
        let mut node = world.node.clone();
        if suspended {
            let order = world.suspend_tianjin();
            node = node.accept(Update::Order(&order), world.desk.federation.now).unwrap().state;
        }
        world.desk.now = world.desk.now + hours * hour;
        let next = world.desk.next().reenrol(&applied, applied.fingerprint()).unwrap();
        world.announce(next);
        let outcome = world.outcome(&node).map(|_| ());
        let expected = if taken { Ok(()) } else { Err(UpdateRefusal::MemberKeyUnproven) };
        assert_eq!(outcome, expected, "suspended {suspended}, {hours} h");
    }
}

/// The list in which three operators, who do not use the desk, give Tianjin `next` as its list key
/// by the word of the one it has, as the change of number `turn`.
fn sealed_change(world: &World, next: &Identity, turn: u64) -> NextList {
    let spki = next.certificate.spki_digest();
    let held = &world.desk.list_key("120000").key;
    let change = KeyChange::sign(held, member("120000"), spki, turn).unwrap();
    let mut list = world.desk.next();
    let entity = list.entity_mut(member("120000")).unwrap();
    let change = KeyChangeExtension::Signed(change);
    replace_key(entity, &next.certificate, &change, world.desk.now).unwrap();
    list
}

#[test]
fn tl_44_a_statement_counts_in_its_turn_only() {
    for (turn, expected) in [
        (0, Err(UpdateRefusal::MemberKeyUnproven)),
        (1, Ok(())),
        (2, Err(UpdateRefusal::MemberKeyUnproven)),
        ((1 << 53) - 1, Err(UpdateRefusal::MemberKeyUnproven)),
    ] {
        let mut world = World::new();
        let node = world.node.clone();
        let next = Identity::leaf("list 2", world.desk.now);
        world.announce(sealed_change(&world, &next, turn));
        assert_eq!(world.outcome(&node).map(|_| ()), expected, "{turn}");
    }
}

#[test]
fn tl_44_a_list_key_that_was_given_up_does_not_come_back() {
    let mut world = World::new();
    let node = world.node.clone();
    let first = world.rotate(Identity::leaf("list 2", world.desk.now), 1);
    let node = world.outcome(&node).unwrap();
    world.announce(sealed_change(&world, &first, 2));
    assert_eq!(world.outcome(&node).unwrap_err(), UpdateRefusal::MemberKeyUnproven);
}

#[test]
fn tl_44_a_member_that_enrolled_anew_goes_on_changing_its_key() {
    let mut world = World::new();
    let away = world.node.clone();
    let fresh = Identity::leaf("list 2", world.desk.now);
    let applied = application("120000", &fresh);
    let at = world.desk.now.into();
    let order = world.suspend_tianjin();
    let sha256 = Digest::of(GeneralJws::parse(&order).unwrap().payload());
    let enrolment = LogLeaf::Enrolment {
        at,
        member: member("120000"),
        sha256: Digest::of("bundle"),
        spki: applied.fingerprint(),
    };
    let stop = LogLeaf::Suspension { at, member: member("120000"), sha256 };
    for leaf in [enrolment, stop] {
        world.desk.federation.log.push(leaf.to_line().unwrap());
    }
    let stopped = away.accept(Update::Order(&order), world.desk.federation.now).unwrap().state;
    world.desk.now = world.desk.now + Duration::from_hours(72);
    let next = world.desk.next().reenrol(&applied, applied.fingerprint()).unwrap();
    world.announce(next);
    world.desk.federation.province_mut("120000").list = fresh;
    let present = world.outcome(&stopped).unwrap();
    let lifting = world.desk.next().restore(member("120000"), &[sha256]).unwrap();
    world.announce(lifting);
    let present = world.outcome(&present).unwrap();
    world.rotate(Identity::leaf("list 3", world.desk.now), 1);
    // Whoever followed step by step takes it, and whoever was away all the time.
    for node in [&present, &away] {
        let taken = world.outcome(node).unwrap();
        let key = &taken.federation().unwrap().member(member("120000")).unwrap().list_key;
        let expected = world.desk.list_key("120000").certificate.spki_digest();
        assert_eq!(key.spki_digest(), expected);
    }
}

#[test]
fn tl_44_a_node_that_missed_a_change_and_the_first_list_under_it_catches_up() {
    // A lower number, and the same one with other bytes.
    for sequence in [1, 4] {
        let mut world = World::new();
        for _ in 0..3 {
            world.desk.federation.publish(list_id("120000"));
        }
        let node = world.desk.federation.refresh(&world.node);
        assert_eq!(node.held(list_id("120000")).unwrap().sequence, 4);
        world.rotate(Identity::leaf("list 2", world.desk.now), 1);
        let mut first = world.desk.federation.draft(list_id("120000"));
        first.sequence = sequence;
        let first = world.desk.federation.seal(first);
        world.desk.federation.announce(list_id("120000"), &first);
        let caught_up = world.desk.federation.refresh(&node);
        assert_eq!(caught_up.held(list_id("120000")).unwrap().sequence, sequence);
        assert_eq!(world.tianjin(&caught_up), None);
    }
}

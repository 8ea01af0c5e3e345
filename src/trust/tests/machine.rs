//! Any order of honest, repeated, replayed and hostile updates: no number ever falls, what was
//! revoked stays revoked, nobody is recognised whom no list in force names, and a refusal changes
//! nothing (invariants 1, 2 and 5).

use std::sync::Arc;

use proptest::prelude::*;

use super::super::testing::{Identity, seal_with};
use super::super::{
    Freshness, IssuerRefusal, PinnedKey, PreviousList, Root, ServiceKind, ServiceStatus, Snapshot,
};
use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The node takes all that is honest and new.
    Refresh,
    /// A province, or the operators, publish; the node does not hear of it yet.
    Publish(usize),
    /// The operators change the root, perhaps with its freshness key.
    NewRoot { rekey: bool },
    /// A province stops itself, or two operators stop it.
    Stop { province: usize, by_operators: bool },
    /// Three operators lift an order in a new federation list, which the node takes.
    Lift(prop::sample::Index),
    /// A province withdraws its issuer for good, and the node takes the list.
    Withdraw(usize),
    /// Something that was once honest is offered again.
    Replay(prop::sample::Index),
    /// Something forged is offered.
    Hostile(usize, Forgery),
}

#[derive(Clone, Copy, Debug)]
enum Forgery {
    WrongSigner,
    Jump,
    OtherHistory,
    SameNumber,
    Truncated,
    Statement,
    Root,
}

#[derive(Clone)]
enum Offered {
    Freshness(String),
    List(ListId, Vec<u8>),
    Order(Vec<u8>),
    Root(Vec<u8>),
}

impl Offered {
    fn update(&self) -> Update<'_> {
        match self {
            Self::Freshness(token) => Update::Freshness(token),
            Self::List(id, bytes) => Update::List { id: *id, bytes },
            Self::Order(bytes) => Update::Order(bytes),
            Self::Root(bytes) => Update::Root(bytes),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let forgery = prop::sample::select(vec![
        Forgery::WrongSigner,
        Forgery::Jump,
        Forgery::OtherHistory,
        Forgery::SameNumber,
        Forgery::Truncated,
        Forgery::Statement,
        Forgery::Root,
    ]);
    prop_oneof![
        3 => Just(Step::Refresh),
        3 => (0..LISTS).prop_map(Step::Publish),
        1 => any::<bool>().prop_map(|rekey| Step::NewRoot { rekey }),
        2 => (0..PROVINCES.len(), any::<bool>())
            .prop_map(|(province, by_operators)| Step::Stop { province, by_operators }),
        1 => any::<prop::sample::Index>().prop_map(Step::Lift),
        1 => (0..PROVINCES.len()).prop_map(Step::Withdraw),
        5 => any::<prop::sample::Index>().prop_map(Step::Replay),
        4 => (0..LISTS, forgery).prop_map(|(list, forgery)| Step::Hostile(list, forgery)),
    ]
}

fn list(index: usize) -> ListId {
    [ListId::Federation, tianjin(), list_id(HEBEI)][index]
}

fn forge(federation: &mut Federation, state: &TrustState, id: ListId, forgery: Forgery) -> Offered {
    let held = state.held(id).unwrap();
    let mut draft = federation.draft(id);
    draft.sequence = held.sequence + 1;
    draft.previous = PreviousList { sequence: held.sequence, sha256: held.sha256 };
    let list = match forgery {
        Forgery::WrongSigner => {
            let thief = Identity::leaf("thief", federation.now);
            seal_with(&draft.to_payload().unwrap(), &[&thief], federation.now)
        }
        Forgery::Jump => {
            draft.sequence = held.sequence + 5_000;
            federation.seal(draft)
        }
        Forgery::OtherHistory => {
            draft.previous = PreviousList::none();
            federation.seal(draft)
        }
        Forgery::SameNumber => {
            draft.sequence = held.sequence;
            federation.seal(draft)
        }
        Forgery::Truncated => federation.seal(draft)[1..].to_vec(),
        Forgery::Statement => {
            let draft = federation.freshness_draft();
            let signed = draft.sign(&federation.operators[0].key, federation.now);
            return Offered::Freshness(signed.unwrap());
        }
        Forgery::Root => {
            federation.root.sequence += 1;
            let two: Vec<&Identity> = federation.operators.iter().take(2).collect();
            let root = federation.root_signed_by(&two);
            federation.root.sequence -= 1;
            return Offered::Root(root);
        }
    };
    Offered::List(id, list)
}

/// Every number that may only rise, those of one freshness key together.
fn numbers(state: &TrustState) -> Vec<u64> {
    let lists = (0..LISTS).map(|index| state.held(list(index)).map_or(0, |held| held.sequence));
    std::iter::once(state.root().document().sequence).chain(lists).collect()
}

/// A federation, one node of it, and all that was ever honest.
struct World {
    federation: Federation,
    state: TrustState,
    past: Vec<Offered>,
    pinned: Root,
    /// Orders that were brought, and those of them that a list lifted.
    orders: Vec<Vec<u8>>,
    lifted: Vec<Digest>,
    withdrawn: Vec<usize>,
}

impl World {
    fn new() -> Self {
        let mut federation = federation();
        let state = federation.state();
        let root = federation.signed_root();
        let pinned = Root::pinned(&root).unwrap();
        let mut past = vec![Offered::Root(root)];
        let served = |id| Offered::List(id, federation.served(id).to_vec());
        past.extend((0..LISTS).map(|index| served(list(index))));
        Self {
            federation,
            state,
            past,
            pinned,
            orders: Vec::new(),
            lifted: Vec::new(),
            withdrawn: Vec::new(),
        }
    }

    /// The lines of the log that the node has read.
    fn lines(&self) -> Vec<String> {
        let read = usize::try_from(self.state.log().size()).unwrap();
        self.federation.log[..read].to_vec()
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Refresh => {
                self.state = self.federation.refresh(&self.state);
                let token = self.state.freshness().unwrap().token().to_owned();
                self.past.push(Offered::Freshness(token));
            }
            Step::Publish(index) => {
                let bytes = self.federation.publish(list(index));
                self.past.push(Offered::List(list(index), bytes));
            }
            Step::NewRoot { rekey } => self.change_root(rekey),
            Step::Stop { province, by_operators } => self.stop(province, by_operators),
            Step::Lift(index) => self.lift(index),
            Step::Withdraw(province) => self.withdraw(province),
            Step::Replay(index) => {
                let offered = index.get(&self.past);
                if let Ok(accepted) = self.state.accept(offered.update(), self.federation.now) {
                    self.state = accepted.state;
                }
            }
            Step::Hostile(index, forgery) => {
                let before = contents(&self.state);
                let offered = forge(&mut self.federation, &self.state, list(index), forgery);
                let outcome = self.state.accept(offered.update(), self.federation.now);
                assert!(outcome.is_err(), "{forgery:?}");
                assert_eq!(contents(&self.state), before);
            }
        }
    }

    fn stop(&mut self, province: usize, by_operators: bool) {
        let federation = &self.federation;
        let own = [&federation.province(PROVINCES[province]).list];
        let two = [&federation.operators[0], &federation.operators[3]];
        let signers: &[&Identity] = if by_operators { &two } else { &own };
        let name = format!("{}", self.orders.len());
        let order = orders::named_order(federation, PROVINCES[province], None, &name, signers);
        let update = Update::Order(&order);
        self.state = self.state.accept(update, federation.now).unwrap().state;
        self.past.push(Offered::Order(order.clone()));
        self.orders.push(order);
    }

    fn lift(&mut self, index: prop::sample::Index) {
        if self.orders.is_empty() {
            return;
        }
        let order = index.get(&self.orders);
        self.lifted.push(Digest::of(payload_of(order)));
        self.lifted.sort_unstable();
        self.lifted.dedup();
        self.federation.lifted.clone_from(&self.lifted);
        let list = self.federation.publish(ListId::Federation);
        self.past.push(Offered::List(ListId::Federation, list));
        self.state = self.federation.refresh(&self.state);
    }

    fn withdraw(&mut self, province: usize) {
        let code = PROVINCES[province];
        self.federation.province_mut(code).entry_mut(ServiceKind::Issuance).status =
            ServiceStatus::Withdrawn;
        let list = self.federation.publish(list_id(code));
        self.past.push(Offered::List(list_id(code), list));
        self.state = self.federation.refresh(&self.state);
        self.withdrawn.push(province);
        // Whoever holds the list key then tries to bring the issuer back.
        self.federation.province_mut(code).entry_mut(ServiceKind::Issuance).status =
            ServiceStatus::Granted;
    }

    /// Nobody is recognised who was taken away, or whom no list in force names as granted.
    fn assert_revoked_stays_revoked(&self) {
        let snapshot = Snapshot::build(self.state.clone(), 1, self.federation.now);
        for (place, code) in PROVINCES.iter().enumerate() {
            let province = self.federation.province(code);
            let signer = &province.issuer.certificate;
            let outcome = snapshot.recognise(signer, self.federation.now);
            let member = province.division.member();
            let orders = self.state.orders().iter();
            let mut against = orders.filter(|held| held.order().claims().member == member);
            let is_stopped =
                against.any(|held| held.is_in_force() && !self.lifted.contains(&held.sha256()));
            if self.withdrawn.contains(&place) {
                assert_eq!(outcome.as_ref().err(), Some(&IssuerRefusal::Withdrawn), "{code}");
            } else if is_stopped {
                assert_eq!(outcome.as_ref().err(), Some(&IssuerRefusal::Suspended), "{code}");
            }
            if outcome.is_ok() {
                let services = self.state.province(province.division).unwrap().services();
                let names = |service: &Arc<crate::trust::Service>| {
                    service.certificate() == signer && service.status == ServiceStatus::Granted
                };
                assert!(services.iter().any(names), "{code} is named by a list in force");
            }
        }
        // An order once in force is in force until it is lifted.
        for order in &self.orders {
            let sha256 = Digest::of(payload_of(order));
            let held = self.state.orders().get(sha256).is_some();
            let cited = self.state.federation().unwrap().lifts(sha256);
            assert!(held != cited, "an order is held, or a list in force cites it");
        }
    }

    fn change_root(&mut self, rekey: bool) {
        let federation = &mut self.federation;
        if rekey {
            federation.freshness_key = Identity::leaf("freshness", federation.now);
            federation.root.freshness = PinnedKey::of(&federation.freshness_key.certificate);
        }
        federation.root.sequence += 1;
        let root = federation.signed_root();
        self.state = take_root(&self.state, &root, federation.now).unwrap();
        self.past.push(Offered::Root(root));
    }
}

fn run(steps: &[Step]) {
    let mut world = World::new();
    for step in steps {
        let before = world.state.clone();
        world.take(*step);
        let pairs = numbers(&world.state).into_iter().zip(numbers(&before));
        assert!(pairs.into_iter().all(|(now, then)| now >= then), "{step:?}");
        world.assert_revoked_stays_revoked();
        if world.state.root().freshness_key() == before.root().freshness_key() {
            let number = |state: &TrustState| state.freshness().map(Freshness::sequence);
            assert!(number(&world.state) >= number(&before), "{step:?}");
        }
    }
    let lines = world.lines();
    let restored = TrustState::restore(world.pinned, &world.state.documents(), &lines).unwrap();
    assert_eq!(contents(&restored), contents(&world.state));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tl_38_no_order_of_updates_goes_back(steps in prop::collection::vec(step(), 1..40)) {
        run(&steps);
    }
}

const LISTS: usize = 3;
const PROVINCES: [&str; 3] = [TIANJIN, HEBEI, "440000"];

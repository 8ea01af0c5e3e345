//! A hub in the hands of an attacker: it has every key of a hub and none of an operator's or a
//! province's. What it serves honestly unless a test says otherwise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hutong::base::{Clock, ListId};
use hutong::crypto::jws::{GeneralJws, Header, Typ, sign_compact};
use hutong::crypto::merkle::{TileTree, encode_bundle};
use hutong::crypto::note::Checkpoint;
use hutong::crypto::{Digest, Signer};
use hutong::pki::Made;
use hutong::trust::{FreshnessDraft, LogHead, LogLeaf, Named, RootDocument};
use serde_json::{Value, json};

use super::wire::{Answer, Ask, Script};

/// The hub's keys and all that it has to say.
pub(crate) struct Hub {
    pub(crate) tls: Made,
    pub(crate) log: Made,
    clock: Arc<dyn Clock>,
    shelf: Mutex<Shelf>,
}

/// What the hub serves.
#[derive(Clone)]
struct Shelf {
    freshness: Arc<dyn Signer>,
    roots: Vec<Vec<u8>>,
    lists: BTreeMap<(ListId, u64), Vec<u8>>,
    named: BTreeMap<ListId, Named>,
    orders: Vec<Vec<u8>>,
    cited: Vec<Digest>,
    lines: Vec<String>,
    note: String,
    statement: String,
    sequence: u64,
    scripts: BTreeMap<String, Script>,
    hits: BTreeMap<String, usize>,
}

impl Hub {
    pub(crate) fn new(tls: Made, freshness: &Made, log: Made, clock: Arc<dyn Clock>) -> Self {
        let shelf = Shelf {
            freshness: Arc::new(freshness.signer().expect("a key")),
            roots: Vec::new(),
            lists: BTreeMap::new(),
            named: BTreeMap::new(),
            orders: Vec::new(),
            cited: Vec::new(),
            lines: Vec::new(),
            note: String::new(),
            statement: String::new(),
            sequence: 0,
            scripts: BTreeMap::new(),
            hits: BTreeMap::new(),
        };
        Self { tls, log, clock, shelf: Mutex::new(shelf) }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one more root, and says so.
    pub(crate) fn publish_root(&self, root: &[u8]) {
        self.shelf().roots.push(root.to_vec());
        self.restate();
    }

    /// The document of the newest root.
    pub(crate) fn root(&self) -> RootDocument {
        let shelf = self.shelf();
        let newest = GeneralJws::parse(shelf.roots.last().expect("a root")).expect("a root");
        serde_json::from_slice(newest.payload()).expect("a root")
    }

    /// Signs statements with another key from now on.
    pub(crate) fn state_with(&self, key: &Made) {
        self.shelf().freshness = Arc::new(key.signer().expect("a key"));
    }

    /// Logs a list, serves it under its number and names it as the newest.
    pub(crate) fn publish(&self, id: ListId, list: &[u8]) {
        let named = name_of(list);
        self.log_list(id, named);
        self.serve(id, named.sequence, list);
        self.name(id, named);
    }

    /// Serves these bytes as that version of a list.
    pub(crate) fn serve(&self, id: ListId, sequence: u64, list: &[u8]) {
        self.shelf().lists.insert((id, sequence), list.to_vec());
    }

    /// Names a version of a list as the newest, whether there is one or not.
    pub(crate) fn name(&self, id: ListId, named: Named) {
        self.shelf().named.insert(id, named);
        self.restate();
    }

    fn log_list(&self, id: ListId, named: Named) {
        let Named { sequence, sha256, .. } = named;
        let leaf = LogLeaf::List { at: self.clock.now().into(), id, sequence, sha256 };
        let mut shelf = self.shelf();
        shelf.lines.push(leaf.to_line().expect("a line"));
        shelf.note = head(&shelf).sign(&self.log.signer().expect("a key")).expect("a note");
    }

    /// Adds cosignatures to the head of the log.
    pub(crate) fn add_to_note(&self, lines: &str) {
        self.shelf().note.push_str(lines);
    }

    /// The signed head of the log.
    pub(crate) fn note(&self) -> String {
        self.shelf().note.clone()
    }

    /// Serves an order, and names it in its statements.
    pub(crate) fn publish_order(&self, sha256: Digest, order: Option<&[u8]>) {
        let mut shelf = self.shelf();
        shelf.cited.push(sha256);
        shelf.orders.extend(order.map(<[u8]>::to_vec));
        drop(shelf);
        self.restate();
    }

    /// Signs what is served now.
    pub(crate) fn restate(&self) {
        let statement = self.statement(|_| {});
        self.say(statement);
    }

    /// Serves this statement, whatever it says.
    pub(crate) fn say(&self, statement: String) {
        self.shelf().statement = statement;
    }

    /// The statement served now.
    pub(crate) fn said(&self) -> String {
        self.shelf().statement.clone()
    }

    /// The next statement, changed before it is signed; it is not served yet.
    pub(crate) fn statement(&self, change: impl FnOnce(&mut FreshnessDraft)) -> String {
        let mut shelf = self.shelf();
        shelf.sequence += 1;
        let root = GeneralJws::parse(shelf.roots.last().expect("a root")).expect("a root");
        let mut named = name_of_payload(root.payload());
        named.sequence = shelf.roots.len() as u64;
        let head = head(&shelf);
        let mut draft = FreshnessDraft {
            sequence: shelf.sequence,
            root: named,
            lists: shelf.named.iter().map(|(id, named)| (*id, *named)).collect(),
            log: LogHead { size: head.size, root: head.root },
            orders: shelf.cited.clone(),
        };
        change(&mut draft);
        draft.sign(shelf.freshness.as_ref(), self.clock.now()).expect("a statement")
    }

    /// Signs claims that no draft can hold.
    pub(crate) fn sign_statement(&self, claims: &Value) -> String {
        let freshness = Arc::clone(&self.shelf().freshness);
        sign_compact(freshness.as_ref(), Header::new(Typ::Freshness), claims).expect("a token")
    }

    /// Answers requests for `path` as `script` says.
    pub(crate) fn script(
        &self,
        path: &str,
        script: impl Fn(&Ask) -> Answer + Send + Sync + 'static,
    ) {
        self.shelf().scripts.insert(path.to_owned(), Arc::new(script));
    }

    /// How often `path` was asked for.
    pub(crate) fn hits(&self, path: &str) -> usize {
        self.shelf().hits.get(path).copied().unwrap_or_default()
    }

    /// Leads an attack, after which the hub serves again what it served before; its log and its
    /// numbers go on.
    pub(crate) fn mischief<T>(&self, attack: impl FnOnce() -> T) -> T {
        let before = self.shelf().clone();
        let outcome = attack();
        let mut shelf = self.shelf();
        let after = shelf.clone();
        let Shelf { lines, note, sequence, hits, .. } = after;
        *shelf = Shelf { lines, note, sequence, hits, ..before };
        drop(shelf);
        self.restate();
        outcome
    }

    /// The newest list as it was named.
    pub(crate) fn newest(&self, id: ListId) -> (Named, Vec<u8>) {
        let shelf = self.shelf();
        let named = shelf.named[&id];
        (named, shelf.lists[&(id, named.sequence)].clone())
    }

    /// What is answered to `ask`.
    pub(crate) fn answer(&self, ask: &Ask) -> Answer {
        let mut shelf = self.shelf();
        *shelf.hits.entry(ask.path.clone()).or_default() += 1;
        if let Some(script) = shelf.scripts.get(&ask.path).cloned() {
            drop(shelf);
            return script(ask);
        }
        let path = ask.path.strip_prefix("/v1/").unwrap_or_default();
        match path.split('/').collect::<Vec<_>>()[..] {
            ["root", number] => numbered(&shelf.roots, number),
            ["freshness"] => Answer::found(shelf.statement.clone()),
            ["suspensions"] => Answer::found(order_list(&shelf.orders)),
            ["suspensions", sha256] => {
                let is_named = |order: &&Vec<u8>| {
                    let read = GeneralJws::parse(order);
                    read.is_ok_and(|read| Digest::of(read.payload()).to_string() == sha256)
                };
                shelf.orders.iter().find(is_named).map_or(Answer::missing(), found)
            }
            ["log", "checkpoint"] if shelf.note.is_empty() => Answer::missing(),
            ["log", "checkpoint"] => Answer::found(shelf.note.clone()),
            ["log", "tile", "entries", .., width] => {
                let width = width.parse().unwrap_or(shelf.lines.len());
                Answer::found(encode_bundle(&shelf.lines[..width]).expect("a bundle"))
            }
            ["lists", id, number] => {
                let list = shelf.lists.iter().find(|((known, sequence), _)| {
                    known.short() == id && sequence.to_string() == number
                });
                list.map_or(Answer::missing(), |(_, list)| found(list))
            }
            _ => Answer::missing(),
        }
    }

    /// The tree of the log.
    pub(crate) fn tree(&self) -> TileTree {
        tree(&self.shelf())
    }
}

fn tree(shelf: &Shelf) -> TileTree {
    TileTree::over(&shelf.lines.iter().map(|line| LogLeaf::hash(line)).collect::<Vec<_>>())
}

fn head(shelf: &Shelf) -> Checkpoint {
    let tree = tree(shelf);
    Checkpoint { origin: LOG.to_owned(), size: tree.size(), root: tree.root() }
}

fn numbered(documents: &[Vec<u8>], number: &str) -> Answer {
    let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    place.and_then(|place| documents.get(place)).map_or(Answer::missing(), found)
}

fn found(document: impl AsRef<[u8]>) -> Answer {
    Answer::found(document.as_ref())
}

fn order_list(orders: &[Vec<u8>]) -> Vec<u8> {
    let orders: Vec<Value> =
        orders.iter().map(|order| serde_json::from_slice(order).expect("JSON")).collect();
    serde_json::to_vec(&json!({ "orders": orders })).expect("JSON")
}

/// How a statement names these bytes, a list or anything else in a signature.
pub(crate) fn name_of(document: &[u8]) -> Named {
    name_of_payload(GeneralJws::parse(document).expect("a signed document").payload())
}

fn name_of_payload(payload: &[u8]) -> Named {
    let list: Value = serde_json::from_slice(payload).unwrap_or_default();
    let sequence = &list["LoTE"]["ListAndSchemeInformation"]["LoTESequenceNumber"];
    Named {
        sequence: sequence.as_u64().unwrap_or_default(),
        sha256: Digest::of(payload),
        bytes: payload.len() as u64,
    }
}

/// Origin of the list log.
pub(crate) const LOG: &str = "elicence/federation/lists";
